import { useState } from "react";
import type { JournalEvent } from "@/api/queries/journal";
import { timeOfDay } from "@/domain/format";
import { Button } from "@/ui/Button";
import { type Column, DataTable } from "@/ui/DataTable";
import { Stamp } from "@/ui/Stamp";
import { eventSummary } from "./search";

type Props = { readonly caption: string; readonly events: readonly JournalEvent[] };

/** Events with their three times; each opens to all that was written. */
export function EventTable({ caption, events }: Props) {
  const [openSeq, setOpenSeq] = useState<number | null>(null);
  const columns: readonly Column<JournalEvent>[] = [
    {
      name: "Detail",
      cell: (event) => (
        <Button
          look="quiet"
          aria-expanded={event.seq === openSeq}
          aria-label={`${event.seq === openSeq ? "Close" : "Open"} event ${event.seq}`}
          onClick={() => setOpenSeq(event.seq === openSeq ? null : event.seq)}
        >
          {event.seq === openSeq ? "Close" : "Open"}
        </Button>
      ),
    },
    { name: "Seq", isNumber: true, cell: (event) => event.seq },
    {
      name: "Recorded UTC",
      cell: (event) => <Stamp at={event.recorded_at} />,
    },
    { name: "Broker's time", isMinor: true, cell: (event) => time(event.broker_time) },
    { name: "Arrived", isMinor: true, cell: (event) => time(event.arrived_at) },
    {
      name: "Event",
      cell: (event) => <span className="max-md:whitespace-normal">{event.type.replaceAll("_", " ")}</span>,
    },
    { name: "What", isMinor: true, cell: (event) => <Clipped text={eventSummary(event)} /> },
    { name: "Connection", isMinor: true, cell: (event) => event.connection_id },
    {
      name: "Order",
      isMinor: true,
      cell: (event) => <code className="text-xs">{event.client_order_id ?? ""}</code>,
    },
  ];
  return (
    <DataTable
      caption={caption}
      columns={columns}
      rows={events}
      keyOf={(event) => event.event_id}
      beneath={(event) => event.seq === openSeq && <Whole event={event} />}
    />
  );
}

function time(stamp: string | null): string {
  return stamp === null ? "\u2014" : timeOfDay(stamp, { milliseconds: true });
}

function Clipped({ text }: { readonly text: string }) {
  return (
    <span className="block max-w-64 truncate" title={text}>
      {text}
    </span>
  );
}

/** Everything of one event: who, whose, our data, and the broker's message as it came. */
function Whole({ event }: { readonly event: JournalEvent }) {
  const facts: readonly (readonly [string, string | null])[] = [
    ["Order", event.client_order_id],
    ["Connection", event.connection_id],
    ["Account", event.account_id],
    ["Strategy", event.strategy_id],
    ["Actor", event.actor],
    ["Source", event.source],
    ["Recorded", event.recorded_at],
    ["Broker's time", event.broker_time],
    ["Arrived", event.arrived_at],
    ["Event id", event.event_id],
  ];
  return (
    <div className="flex max-w-[92vw] flex-col gap-2">
      <dl className="m-0 grid grid-cols-[repeat(auto-fill,minmax(14rem,1fr))] gap-x-4 gap-y-1 text-xs">
        {facts.flatMap(([name, value]) =>
          value === null
            ? []
            : [
                <div key={name} className="min-w-0 break-all">
                  <dt className="inline text-muted">{name} </dt>
                  <dd className="m-0 inline">{value}</dd>
                </div>,
              ],
        )}
      </dl>
      <Text title="Data" text={JSON.stringify(event.data, null, 2)} />
      {event.raw !== null && <Text title="The broker's message" text={event.raw} />}
    </div>
  );
}

function Text({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <figure className="m-0">
      <figcaption className="text-xs text-muted">{title}</figcaption>
      <pre className="m-0 max-h-60 overflow-auto rounded-sm border border-line bg-surface p-2 font-mono text-xs break-all whitespace-pre-wrap">
        {text}
      </pre>
    </figure>
  );
}
