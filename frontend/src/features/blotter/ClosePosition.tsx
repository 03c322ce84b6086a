import { useRef } from "react";
import type { Schemas } from "@/api/client";
import { useClosePositions } from "@/api/queries/orders";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ItemResults } from "@/ui/ItemResults";
import { ProblemText } from "@/ui/ProblemText";

type Position = Schemas["PositionAnswer"];

type Props = { readonly position: Position; readonly onEnd: () => void };

/** Asks once, closes one position at the market, and shows what came of it. */
export function ClosePosition({ position, onEnd }: Props) {
  const { connection_id, account_id, instrument_id, position_id } = position;
  return (
    <CloseDialog
      title={`Close ${sizeWords(position)} ${instrument_id}?`}
      description={`A market order for all of it, in account ${account_id} at ${connection_id}.`}
      scope={{ connection_id, account_id, instrument_id, position_id }}
      onEnd={onEnd}
    />
  );
}

type FlattenProps = {
  readonly connectionId: string;
  readonly instrumentId: string;
  /** What is open there now. */
  readonly positions: readonly Position[];
  readonly onEnd: () => void;
};

/** The same for all that is open in one instrument of a connection. */
export function Flatten({ connectionId, instrumentId, positions, onEnd }: FlattenProps) {
  const each = positions.map((position) => `${sizeWords(position)} in account ${position.account_id}`);
  return (
    <CloseDialog
      title={`Close all in ${instrumentId}?`}
      description={`Market orders at ${connectionId} for: ${each.join(", ")}.`}
      scope={{ connection_id: connectionId, instrument_id: instrumentId }}
      onEnd={onEnd}
    />
  );
}

function sizeWords({ side, quantity }: Position): string {
  return `${side} ${quantity}`;
}

type DialogProps = {
  readonly title: string;
  readonly description: string;
  readonly scope: Schemas["ClosePositionsRequest"];
  readonly onEnd: () => void;
};

function CloseDialog({ title, description, scope, onEnd }: DialogProps) {
  const wayOut = useRef<HTMLButtonElement>(null);
  const close = useClosePositions();
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onEnd()}
      title={title}
      description={description}
      firstFocus={wayOut}
    >
      {close.data !== undefined && <ItemResults results={close.data} />}
      {close.error !== null && <ProblemText error={close.error} />}
      <div className="mt-3 flex justify-end gap-2">
        <Button ref={wayOut} onClick={onEnd}>
          {close.data === undefined ? "Keep it" : "Done"}
        </Button>
        {close.data === undefined && (
          <Button look="danger" disabled={close.isPending} onClick={() => close.mutate(scope)}>
            {close.isPending ? "Closing" : "Close at market"}
          </Button>
        )}
      </div>
    </Dialog>
  );
}
