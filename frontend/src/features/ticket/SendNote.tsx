import type { Terms } from "@/domain/contract";
import { quantity } from "@/domain/format";
import { Button } from "@/ui/Button";
import { OrderStatus } from "@/ui/OrderStatus";
import type { Refusal, SendEvent, SendState } from "./send";
import { fieldWord } from "./words";

type Props = {
  readonly state: SendState;
  readonly terms: Terms;
  readonly tell: (event: SendEvent) => void;
};

/** What became of the order that was sent from this ticket; refusals in the words of who refused. */
export function SendNote({ state, terms, tell }: Props) {
  switch (state.phase) {
    case "draft":
    case "confirming":
      return null;
    case "sending":
      return <p className="m-0 text-sm text-muted">Sending</p>;
    case "unknown":
      return (
        <div className="rounded-sm border border-warn p-2 text-sm text-warn">
          <p className="m-0 font-semibold">Outcome unknown, asking the broker</p>
          <p className="m-0 text-xs">{state.reason}</p>
          <p className="mt-1 mb-0 text-xs text-muted">Order {state.request.client_order_id}</p>
          {state.order?.needs_operator != null && (
            <p className="mt-1 mb-0 text-xs">{state.order.needs_operator}</p>
          )}
          {state.order !== null && (
            <Button className="mt-1 text-xs!" onClick={() => tell({ type: "leave" })}>
              Write another order meanwhile
            </Button>
          )}
        </div>
      );
    case "unsent":
      return (
        <div className="rounded-sm border border-line p-2 text-sm">
          <p className="m-0 font-semibold">The order did not arrive</p>
          <p className="m-0 text-xs text-muted">
            The server was asked three times and does not have it. While sending: {state.reason}.
          </p>
          <Button className="mt-1 text-xs!" onClick={() => tell({ type: "send_again" })}>
            Send the same order again
          </Button>
        </div>
      );
    case "accepted":
      return (
        <p className="m-0 flex flex-wrap items-center gap-2 rounded-sm border border-line p-2 text-sm">
          <OrderStatus order={state.order} />
          <span className="num">
            {quantity(state.order.filled_quantity, terms.lot_step)} of{" "}
            {quantity(state.order.quantity, terms.lot_step)} {terms.quantity_unit} filled
          </span>
        </p>
      );
    case "rejected":
      return <Refused title="The broker rejected it" refusal={state.refusal} />;
    case "denied":
      return <Refused title="Not sent" refusal={state.refusal} />;
  }
}

function Refused({ title, refusal }: { readonly title: string; readonly refusal: Refusal }) {
  return (
    <div className="rounded-sm border border-danger p-2 text-sm text-danger">
      <p className="m-0 font-semibold">
        {title}
        {refusal.code !== null && <code className="ml-1 font-normal">({refusal.code})</code>}
      </p>
      {refusal.errors.length === 0 && <p className="m-0">{refusal.text}</p>}
      {refusal.errors.map((error) => (
        <p key={error.field} className="m-0">
          {fieldWord(error.field)} {error.message}
        </p>
      ))}
    </div>
  );
}
