import { useRef, useState } from "react";
import { useNewSecret } from "@/api/queries/strategies";
import { Button } from "@/ui/Button";
import { Copied } from "@/ui/Copied";
import { Dialog } from "@/ui/Dialog";
import { ProblemNote } from "@/ui/ProblemNote";
import { SelectField } from "@/ui/SelectField";
import { alertMessage, isOnlyHere } from "./webhook";

type Props = { readonly strategyId: string; readonly address: string; readonly onClose: () => void };

const KEEPS: readonly (readonly [string, number])[] = [
  ["ends at once", 0],
  ["stays good for an hour", 3_600],
  ["stays good for a day", 86_400],
];

/** Makes a new secret and shows it this once. */
export function SignalSecret({ strategyId, address, onClose }: Props) {
  const [keepOldS, setKeepOldS] = useState(0);
  const renew = useNewSecret();
  const wayOut = useRef<HTMLButtonElement>(null);
  const secret = renew.data?.secret;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Secret for signals: ${strategyId}`}
      description={
        secret === undefined
          ? "A new secret takes the place of the one before; alerts must be changed over to it."
          : "Copy it now: it is shown this once, and no call shows it again."
      }
      firstFocus={wayOut}
    >
      {secret === undefined ? (
        <div className="flex flex-col gap-3">
          <SelectField
            label="The secret before, if there is one"
            value={String(keepOldS)}
            onChange={(chosen) => setKeepOldS(Number(chosen))}
          >
            {KEEPS.map(([words, seconds]) => (
              <option key={seconds} value={seconds}>
                {words}
              </option>
            ))}
          </SelectField>
          <ProblemNote error={renew.error} />
          <div className="flex justify-end gap-2">
            <Button ref={wayOut} onClick={onClose}>
              Go back
            </Button>
            <Button
              look="accent"
              disabled={renew.isPending}
              onClick={() => renew.mutate({ strategyId, keepOldS })}
            >
              Make a new secret
            </Button>
          </div>
        </div>
      ) : (
        <div className="flex flex-col gap-3">
          <Copied label="Secret" text={secret} />
          <Copied label="Address" text={address} />
          {isOnlyHere(address) && (
            <p className="m-0 text-sm text-warn">
              This address is reached from this machine only. TradingView needs a proxy or a tunnel on port 80
              or 443 in front of it.
            </p>
          )}
          <Copied label="Message of an alert on a Pine strategy" text={alertMessage(secret)} />
          <div className="flex justify-end">
            <Button onClick={onClose}>I have copied it</Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
