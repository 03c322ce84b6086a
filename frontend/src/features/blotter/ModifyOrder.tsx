import { type FormEvent, type KeyboardEvent, useState } from "react";
import type { Schemas } from "@/api/client";
import { useInstrument } from "@/api/queries/instruments";
import { useModifyOrder } from "@/api/queries/orders";
import type { Order } from "@/domain/orders";
import { productOf } from "@/domain/products";
import { useRow } from "@/stream/hooks";
import { Button } from "@/ui/Button";
import { NumberField } from "@/ui/NumberField";
import { ProblemText } from "@/ui/ProblemText";
import { bodyOf, type Change, changeError, termsOf } from "./change";

type Props = {
  readonly order: Order;
  /** What stands in the fields at first, where it is not what the order has. */
  readonly first?: Change;
  readonly onEnd: () => void;
};

const NO_CHANGE: Change = {};

/** New terms of a working order, in its row; what the broker does not change stays and says why. */
export function ModifyOrder({ order, first = NO_CHANGE, onEnd }: Props) {
  const connection = useRow<Schemas["ConnectionAnswer"]>("connections", order.connection_id);
  const { data: terms, error: termsError } = useInstrument(order.connection_id, order.instrument_id);
  const modify = useModifyOrder();
  const [change, setChange] = useState<Change>(first);
  if (terms == null) return termsError === null ? "Loading" : <ProblemText error={termsError} />;
  const product = productOf(connection, terms);
  if (product === null) return `${order.connection_id} has not told what it can change.`;

  const fields = termsOf(order, product);
  const errors = Object.entries(change).map(([term, text]) =>
    changeError(order, term as keyof Change, text, terms),
  );
  const body = errors.every((error) => error === null) ? bodyOf(order, change) : null;

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (body === null || modify.isPending) return;
    modify.mutate({ clientOrderId: order.client_order_id, body }, { onSuccess: onEnd });
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === "Escape") onEnd();
  }

  return (
    <form
      aria-label={`Change order ${order.client_order_id}`}
      onSubmit={submit}
      onKeyDown={onKeyDown}
      className="flex flex-wrap items-end gap-2"
    >
      {fields.map(({ term, label, reason }) => {
        const text = change[term] ?? order[term] ?? "";
        const error = change[term] === undefined ? null : changeError(order, term, text, terms);
        return (
          <NumberField
            key={term}
            label={label}
            value={text}
            step={term === "quantity" ? terms.lot_step : terms.tick_size}
            disabled={reason !== null || modify.isPending}
            hint={reason ?? undefined}
            error={error ?? undefined}
            className="w-36"
            onChange={(value) => setChange({ ...change, [term]: value })}
          />
        );
      })}
      <Button type="submit" look="accent" disabled={body === null || modify.isPending}>
        {modify.isPending ? "Asking" : "Change it"}
      </Button>
      <Button onClick={onEnd}>Leave it</Button>
      {modify.error !== null && <ProblemText error={modify.error} className="basis-full" />}
    </form>
  );
}
