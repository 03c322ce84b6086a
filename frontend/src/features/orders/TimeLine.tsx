import { X } from "lucide-react";
import type { ReactNode } from "react";
import { type OrderEvent, useOrderEvents } from "@/api/queries/orders";
import { timeOfDay } from "@/domain/format";
import { type Order, typeWord } from "@/domain/orders";
import { Button } from "@/ui/Button";
import { OrderStatus } from "@/ui/OrderStatus";
import { LIVE, LOADING, Panel } from "@/ui/Panel";
import { ProblemText } from "@/ui/ProblemText";
import { detailsOf, eventWord } from "./events";
import { Said } from "./Said";

type Props = {
  readonly clientOrderId: string;
  /** The order as the lists have it; null when none of them does. */
  readonly order: Order | null;
  readonly onClose: () => void;
};

/** Everything that happened to one order, each event with our time, the broker's and that of its arrival. */
export function TimeLine({ clientOrderId, order, onClose }: Props) {
  const { data: events, error } = useOrderEvents(clientOrderId, order?.updated_at ?? "");
  return (
    <div data-time-line className="min-h-0 max-lg:min-h-80">
      <Panel
        title="Time line"
        state={events === undefined && error === null ? LOADING : LIVE}
        className="h-full"
        actions={
          <Button look="quiet" className="px-1" aria-label="Close the time line" onClick={onClose}>
            <X size={14} aria-hidden />
          </Button>
        }
      >
        <div className="p-2.5 text-sm">
          {order !== null && <Head order={order} />}
          <p className="mt-0 mb-2 font-mono text-xs break-all text-muted">{clientOrderId}</p>
          {error !== null && <ProblemText error={error} />}
          <ol className="m-0 list-none border-l border-line p-0 pl-3">
            {(events ?? []).map((event) => (
              <Event key={event.event_id} event={event} />
            ))}
          </ol>
        </div>
      </Panel>
    </div>
  );
}

function Head({ order }: { readonly order: Order }) {
  return (
    <p className="mt-0 mb-1 flex flex-wrap items-center gap-2">
      <OrderStatus order={order} />
      <span>
        {order.side} {order.quantity} {order.instrument_id}, {typeWord(order.order_type)}
      </span>
      <Said order={order} className="basis-full" />
    </p>
  );
}

function Event({ event }: { readonly event: OrderEvent }) {
  const details = detailsOf(event.data);
  return (
    <li className="mb-3">
      <p className="m-0 font-semibold">
        {eventWord(event.type)} <span className="text-xs font-normal text-muted">by {event.actor}</span>
      </p>
      <dl className="m-0 grid grid-cols-3 gap-x-2 text-xs">
        <Time name="Ours">{event.recorded_at}</Time>
        <Time name="Broker's">{event.broker_time}</Time>
        <Time name="Arrived">{event.arrived_at}</Time>
      </dl>
      {details.length > 0 && (
        <details className="text-xs text-muted">
          <summary className="cursor-pointer py-0.5">{headline(event)}</summary>
          <dl className="m-0 grid grid-cols-[auto_1fr] gap-x-2">
            {details.map(({ name, value }) => (
              <Fact key={name} name={name} value={value} />
            ))}
          </dl>
          {event.raw !== null && <pre className="overflow-auto whitespace-pre-wrap">{event.raw}</pre>}
        </details>
      )}
    </li>
  );
}

/** Date and zone stand in the full stamp, which the title shows. */
function Time({ name, children }: { readonly name: string; readonly children: string | null }): ReactNode {
  return (
    <div>
      <dt className="text-muted">{name}</dt>
      <dd className="num m-0 text-left" title={children ?? undefined}>
        {children === null ? "\u2014" : timeOfDay(children, { milliseconds: true })}
      </dd>
    </div>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="m-0 break-all text-ink">{value}</dd>
    </>
  );
}

/** The line that says most: what was filled, or how many facts there are. */
function headline({ type, data }: OrderEvent): string {
  const { quantity, price } = (data ?? {}) as { quantity?: unknown; price?: unknown };
  return type === "order_filled" ? `${String(quantity)} at ${String(price)}` : "details";
}
