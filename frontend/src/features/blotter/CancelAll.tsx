import { useRef, useState } from "react";
import type { Schemas } from "@/api/client";
import { useCancelAll } from "@/api/queries/orders";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ItemResults } from "@/ui/ItemResults";
import { ProblemText } from "@/ui/ProblemText";

type Props = {
  readonly count: number;
  readonly scope: Schemas["CancelAllRequest"];
  readonly scopeWords: string;
};

/** Cancels every working order of a selection; asks once and shows a result per order. */
export function CancelAll({ count, scope, scopeWords }: Props) {
  const [isOpen, setOpen] = useState(false);
  const wayOut = useRef<HTMLButtonElement>(null);
  const cancel = useCancelAll();

  function end(): void {
    setOpen(false);
    cancel.reset();
  }

  return (
    <>
      <Button className="px-2! text-xs!" disabled={count === 0} onClick={() => setOpen(true)}>
        Cancel all
      </Button>
      <Dialog
        open={isOpen}
        onOpenChange={(open) => !open && end()}
        title={`Cancel all orders ${scopeWords}?`}
        description={
          cancel.data === undefined
            ? `${count} working now. Exits that protect positions are among them; an order may still fill before its end.`
            : "This is what came of each."
        }
        firstFocus={wayOut}
      >
        {cancel.data !== undefined && <ItemResults results={cancel.data} />}
        {cancel.error !== null && <ProblemText error={cancel.error} />}
        <div className="mt-3 flex justify-end gap-2">
          <Button ref={wayOut} onClick={end}>
            {cancel.data === undefined ? "Keep them" : "Done"}
          </Button>
          {cancel.data === undefined && (
            <Button look="danger" disabled={cancel.isPending} onClick={() => cancel.mutate(scope)}>
              {cancel.isPending ? "Canceling" : "Cancel all"}
            </Button>
          )}
        </div>
      </Dialog>
    </>
  );
}
