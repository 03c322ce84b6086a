import { useRef, useState } from "react";
import type { Mode } from "@/domain/mode";
import { MODE_WORDS } from "@/domain/mode";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ModeBadge } from "@/ui/ModeBadge";
import { useNow } from "@/ui/useNow";
import { HoldButton } from "./HoldButton";
import { ARMED_MINUTES, isArmed, useOneClick } from "./oneClick";
import { useOneClickEnd } from "./useOneClickEnd";

type Props = { readonly market: string; readonly accountId: string; readonly mode: Mode };

/** Lets a click in the book send for some minutes; not on phones, where a thumb slips. */
export function ArmOneClick({ market, accountId, mode }: Props) {
  const { arming, disarm } = useOneClick();
  const [isAsking, setAsking] = useState(false);
  useOneClickEnd(market, accountId);
  const nowMs = useNow(arming === null ? null : 1_000);

  if (arming !== null && isArmed(arming, market, accountId, nowMs))
    return (
      <div
        role="status"
        className="flex items-center gap-2 rounded-sm border border-warn p-2 text-xs text-warn max-md:hidden"
      >
        <span>
          <strong>One click sends.</strong> A price of the book is sent with this ticket at once, for{" "}
          {timeLeft(arming.untilMs - nowMs)}.
        </span>
        <Button className="ml-auto px-2! text-xs!" onClick={disarm}>
          Disarm
        </Button>
      </div>
    );
  return (
    <div className="max-md:hidden">
      <Button
        look="quiet"
        className="w-full text-xs!"
        onClick={() => setAsking(true)}
        aria-label="Arm one-click trading from the book"
      >
        Arm one-click trading
      </Button>
      <ArmDialog
        isOpen={isAsking}
        mode={mode}
        accountId={accountId}
        onArm={() => {
          useOneClick.getState().arm(market, accountId, Date.now());
          setAsking(false);
        }}
        onBack={() => setAsking(false)}
      />
    </div>
  );
}

/** "4:09". */
function timeLeft(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

type DialogProps = {
  readonly isOpen: boolean;
  readonly mode: Mode;
  readonly accountId: string;
  readonly onArm: () => void;
  readonly onBack: () => void;
};

function ArmDialog({ isOpen, mode, accountId, onArm, onBack }: DialogProps) {
  const wayOut = useRef<HTMLButtonElement>(null);
  return (
    <Dialog
      open={isOpen}
      onOpenChange={(open) => !open && onBack()}
      title={`Arm one-click trading for ${ARMED_MINUTES} minutes?`}
      description={
        <span className="flex items-center gap-2">
          <ModeBadge mode={mode} /> {MODE_WORDS[mode].sentence}, account {accountId}
        </span>
      }
      firstFocus={wayOut}
    >
      <p className="mt-0 text-sm">
        A click on a price of the book then sends the ticket's order at that price, without this question. A
        second order of the same terms and a price far from the market still ask. It ends with the time, when
        you leave the window, when the link breaks, and with another market or account.
      </p>
      <div className="flex items-center justify-end gap-2">
        <Button ref={wayOut} onClick={onBack}>
          Cancel
        </Button>
        {mode === "live" ? (
          <HoldButton label="Hold to arm" onDone={onArm} />
        ) : (
          <Button look="accent" onClick={onArm}>
            Arm
          </Button>
        )}
      </div>
    </Dialog>
  );
}
