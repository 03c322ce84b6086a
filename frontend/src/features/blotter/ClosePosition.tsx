import { useRef } from "react";
import type { Schemas } from "@/api/client";
import { useClosePositions } from "@/api/queries/orders";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ItemResults } from "@/ui/ItemResults";
import { ProblemText } from "@/ui/ProblemText";

type Props = { readonly position: Schemas["PositionAnswer"]; readonly onEnd: () => void };

/** Asks once, closes one position at the market, and shows what came of it. */
export function ClosePosition({ position, onEnd }: Props) {
  const wayOut = useRef<HTMLButtonElement>(null);
  const close = useClosePositions();
  const { connection_id, account_id, instrument_id, position_id } = position;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onEnd()}
      title={`Close ${position.side} ${position.quantity} ${instrument_id}?`}
      description={`A market order for all of it, in account ${account_id} at ${connection_id}.`}
      firstFocus={wayOut}
    >
      {close.data !== undefined && <ItemResults results={close.data} />}
      {close.error !== null && <ProblemText error={close.error} />}
      <div className="mt-3 flex justify-end gap-2">
        <Button ref={wayOut} onClick={onEnd}>
          {close.data === undefined ? "Keep it" : "Done"}
        </Button>
        {close.data === undefined && (
          <Button
            look="danger"
            disabled={close.isPending}
            onClick={() => close.mutate({ connection_id, account_id, instrument_id, position_id })}
          >
            {close.isPending ? "Closing" : "Close at market"}
          </Button>
        )}
      </div>
    </Dialog>
  );
}
