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

/** Cancels every working order of a selection, after asking. */
export function CancelAll(props: Props) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button className="px-2! text-xs!" disabled={props.count === 0} onClick={() => setOpen(true)}>
        Cancel all
      </Button>
      {isOpen && <CancelAllDialog {...props} onEnd={() => setOpen(false)} />}
    </>
  );
}

/** Asks once, cancels, and shows a result per order. */
export function CancelAllDialog({ count, scope, scopeWords, onEnd }: Props & { readonly onEnd: () => void }) {
  const wayOut = useRef<HTMLButtonElement>(null);
  const cancel = useCancelAll();
  const isAsking = cancel.data === undefined;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onEnd()}
      title={`Cancel all orders ${scopeWords}?`}
      description={
        isAsking
          ? `${count} working now. Exits that protect positions are among them; an order may still fill before its end.`
          : "This is what came of each."
      }
      firstFocus={wayOut}
    >
      {cancel.data !== undefined && <ItemResults results={cancel.data} />}
      {cancel.error !== null && <ProblemText error={cancel.error} />}
      <div className="mt-3 flex justify-end gap-2">
        <Button ref={wayOut} onClick={onEnd}>
          {isAsking ? "Keep them" : "Done"}
        </Button>
        {isAsking && (
          <Button
            look="danger"
            disabled={count === 0 || cancel.isPending}
            onClick={() => cancel.mutate(scope)}
          >
            {cancel.isPending ? "Canceling" : "Cancel all"}
          </Button>
        )}
      </div>
    </Dialog>
  );
}
