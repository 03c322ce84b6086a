import { useRef } from "react";
import type { Schemas } from "@/api/client";
import { useDisconnect } from "@/api/queries/connections";
import { isClosed } from "@/domain/orders";
import { useRows } from "@/stream/hooks";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ProblemNote } from "@/ui/ProblemNote";

type Props = { readonly connectionId: string; readonly onClose: () => void };

/** Asks before a connection is removed, and says what goes on at the broker without us. */
export function DisconnectDialog({ connectionId, onClose }: Props) {
  const wayOut = useRef<HTMLButtonElement>(null);
  const remove = useDisconnect();
  const isHere = (row: { readonly connection_id: string }) => row.connection_id === connectionId;
  const working = useRows<Schemas["OrderAnswer"]>("orders").filter(
    (order) => isHere(order) && !isClosed(order),
  );
  const held = useRows<Schemas["PositionAnswer"]>("positions").filter(
    (position) => isHere(position) && position.side !== "flat",
  );
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Disconnect ${connectionId}?`}
      description="Its credentials are forgotten; to come back you enter them again. Orders and fills stay in the journal."
      firstFocus={wayOut}
    >
      <p className={`mt-0 text-sm ${working.length + held.length > 0 ? "text-warn" : ""}`}>
        It has {working.length} working {working.length === 1 ? "order" : "orders"} and {held.length}{" "}
        {held.length === 1 ? "position" : "positions"}. Nothing is canceled or closed: they go on at the
        broker, and nobody here watches them.
      </p>
      <ProblemNote error={remove.error} />
      <div className="flex justify-end gap-2">
        <Button ref={wayOut} onClick={onClose}>
          Go back
        </Button>
        <Button
          look="danger"
          disabled={remove.isPending}
          onClick={() => remove.mutate(connectionId, { onSuccess: onClose })}
        >
          {remove.isPending ? "Disconnecting" : "Disconnect"}
        </Button>
      </div>
    </Dialog>
  );
}
