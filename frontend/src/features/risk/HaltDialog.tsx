import { useRef, useState } from "react";
import { useHalt } from "@/api/queries/risk";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { FIELD_LOOK, Field } from "@/ui/Field";
import { ProblemNote } from "@/ui/ProblemNote";
import { HaltSteps } from "./HaltSteps";
import { scopeWords } from "./scopes";

type Props = { readonly scope: string; readonly onClose: () => void };

/** Asks what halting a scope shall do, then shows what each step came to. */
export function HaltDialog({ scope, onClose }: Props) {
  const [cancels, setCancels] = useState(true);
  const [flattens, setFlattens] = useState(false);
  const [reason, setReason] = useState("");
  const wayOut = useRef<HTMLButtonElement>(null);
  const halt = useHalt();
  const words = scopeWords(scope);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Halt: ${words}`}
      description="New orders are denied until somebody resumes it. Cancels and closing positions always pass."
      firstFocus={wayOut}
    >
      {halt.data !== undefined ? (
        <HaltSteps answer={halt.data} onClose={onClose} />
      ) : (
        <div className="flex flex-col gap-3">
          <Check label="Cancel its working orders" isOn={cancels} onChange={setCancels} />
          <Check label="Close its positions with market orders" isOn={flattens} onChange={setFlattens} />
          <Field label="Reason (kept with the halt)">
            {({ id, describedBy }) => (
              <input
                id={id}
                aria-describedby={describedBy}
                maxLength={128}
                value={reason}
                onChange={(event) => setReason(event.target.value)}
                className={`border-line ${FIELD_LOOK}`}
              />
            )}
          </Field>
          <ProblemNote error={halt.error} />
          <div className="flex justify-end gap-2">
            <Button ref={wayOut} onClick={onClose}>
              Go back
            </Button>
            <Button
              look="danger"
              disabled={halt.isPending}
              onClick={() =>
                halt.mutate({
                  scope,
                  cancel_orders: cancels,
                  flatten: flattens,
                  reason: reason.trim() === "" ? null : reason.trim(),
                })
              }
            >
              {halt.isPending ? "Halting" : buttonWords(cancels, flattens)}
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}

function buttonWords(cancels: boolean, flattens: boolean): string {
  return ["Halt", ...(cancels ? ["cancel orders"] : []), ...(flattens ? ["close positions"] : [])].join(", ");
}

type CheckProps = {
  readonly label: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
};

function Check({ label, isOn, onChange }: CheckProps) {
  return (
    <label className="flex min-h-6 items-center gap-2 text-sm max-md:min-h-11">
      <input type="checkbox" checked={isOn} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  );
}
