import { useRef, useState } from "react";
import { type Strategy, useActOnStrategy } from "@/api/queries/strategies";
import type { Mode } from "@/domain/mode";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ModeBadge } from "@/ui/ModeBadge";
import { ProblemNote } from "@/ui/ProblemNote";
import { confirmationOf, type Offer, offersOf } from "./acts";

type Props = { readonly strategy: Strategy; readonly mode: Mode | null };

/** Start, pause, resume and stop, as far as the state offers them. */
export function StrategyActs({ strategy, mode }: Props) {
  const act = useActOnStrategy();
  const [asked, setAsked] = useState<Offer | null>(null);

  function choose(offer: Offer): void {
    if (confirmationOf(strategy, offer, mode) !== null) setAsked(offer);
    else act.mutate({ strategyId: strategy.strategy_id, act: offer.act });
  }

  return (
    <>
      <div className="flex flex-wrap items-center gap-1">
        {offersOf(strategy.state).map((offer) => (
          <Button
            key={offer.act}
            needs="strategies"
            disabled={act.isPending}
            aria-label={`${offer.word} ${strategy.strategy_id}`}
            onClick={() => choose(offer)}
          >
            {offer.word}
          </Button>
        ))}
        {asked === null && <ProblemNote error={act.error} />}
      </div>
      {asked !== null && (
        <ConfirmAct
          strategy={strategy}
          offer={asked}
          mode={mode}
          isPending={act.isPending}
          error={act.error}
          onClose={() => {
            act.reset();
            setAsked(null);
          }}
          onConfirm={() =>
            act.mutate(
              { strategyId: strategy.strategy_id, act: asked.act },
              { onSuccess: () => setAsked(null) },
            )
          }
        />
      )}
    </>
  );
}

type ConfirmProps = Props & {
  readonly offer: Offer;
  readonly isPending: boolean;
  readonly error: Error | null;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
};

function ConfirmAct({ strategy, offer, mode, isPending, error, onClose, onConfirm }: ConfirmProps) {
  const wayOut = useRef<HTMLButtonElement>(null);
  const confirmation = confirmationOf(strategy, offer, mode);
  if (confirmation === null) return null;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={confirmation.title}
      description={
        <>
          {mode !== null && <ModeBadge mode={mode} />}
          {confirmation.sentences.map((sentence) => (
            <p key={sentence} className="mt-2 mb-0">
              {sentence}
            </p>
          ))}
        </>
      }
      firstFocus={wayOut}
    >
      <ProblemNote error={error} />
      <div className="mt-2 flex justify-end gap-2">
        <Button ref={wayOut} onClick={onClose}>
          Go back
        </Button>
        <Button
          look={mode === "live" || offer.act === "stop" ? "danger" : "accent"}
          disabled={isPending}
          onClick={onConfirm}
        >
          {confirmation.button}
        </Button>
      </div>
    </Dialog>
  );
}
