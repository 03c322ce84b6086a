import { useState } from "react";
import type { Schemas } from "@/api/client";
import { useJournal } from "@/api/queries/journal";
import { useOrderEvents } from "@/api/queries/orders";
import { useRow, useRows } from "@/stream/hooks";
import { Button } from "@/ui/Button";
import { FIELD_LOOK, Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { queryState } from "@/ui/queryState";
import { EventTable } from "./EventTable";
import { ExportButtons } from "./ExportButtons";
import { EVENT_TYPES, EVERYTHING, matching, orderIdOf } from "./search";

const LOOK = `border-line ${FIELD_LOOK}`;

/** The journal, newest first: all of it, of a type or connection, or one order's time line. */
export function JournalSearch() {
  const [filter, setFilter] = useState(EVERYTHING);
  const [typed, setTyped] = useState("");
  const orderId = orderIdOf(typed);
  const connections = useRows<Schemas["ConnectionAnswer"]>("connections");
  const isOrderWrong = typed.trim() !== "" && orderId === null;
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-2">
      <search className="flex flex-wrap items-end gap-2 max-md:grid max-md:grid-cols-2">
        <Field
          label="Order id"
          className="w-72 max-md:col-span-2 max-md:w-auto"
          error={isOrderWrong ? "is no order id" : undefined}
        >
          {({ id, describedBy }) => (
            <input
              id={id}
              aria-describedby={describedBy}
              type="search"
              spellCheck={false}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              className={`font-mono ${LOOK}`}
            />
          )}
        </Field>
        <Field label="Event" className="w-52 max-md:w-auto">
          {({ id }) => (
            <select
              id={id}
              value={filter.type}
              onChange={(event) => setFilter({ ...filter, type: event.target.value })}
              className={LOOK}
            >
              <option value="">all</option>
              {EVENT_TYPES.map((type) => (
                <option key={type} value={type}>
                  {type.replaceAll("_", " ")}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Connection" className="w-44 max-md:w-auto">
          {({ id }) => (
            <select
              id={id}
              value={filter.connectionId}
              onChange={(event) => setFilter({ ...filter, connectionId: event.target.value })}
              className={LOOK}
            >
              <option value="">all</option>
              {connections.map(({ connection_id }) => (
                <option key={connection_id}>{connection_id}</option>
              ))}
            </select>
          )}
        </Field>
        <ExportButtons />
      </search>
      {orderId === null ? <Everything filter={filter} /> : <OneOrder orderId={orderId} filter={filter} />}
    </div>
  );
}

type FilterProps = { readonly filter: typeof EVERYTHING };

function Everything({ filter }: FilterProps) {
  const journal = useJournal();
  const read = journal.data?.pages.flatMap((page) => page.events) ?? [];
  const found = matching(read, filter);
  const state = queryState(journal, {
    isEmpty: read.length === 0,
    title: "Nothing is written yet",
    hint: "Orders, fills, cash and adjustments come here as they happen.",
  });
  return (
    <Panel
      title="Events"
      state={state}
      className="min-h-80 flex-1"
      actions={
        <Button disabled={journal.isFetching} onClick={() => void journal.refetch()}>
          Read the newest
        </Button>
      }
    >
      <div className="flex h-full flex-col">
        {found.length === 0 ? (
          <p className="m-0 p-4 text-center text-sm text-muted">None of these matches. Look further back.</p>
        ) : (
          <div className="min-h-0 flex-1">
            <EventTable caption="Journal, newest first" events={found} />
          </div>
        )}
        <div className="flex flex-wrap items-center gap-3 border-t border-line px-2.5 py-1 text-xs text-muted">
          <span role="status">
            {found.length === read.length
              ? `${read.length} events read`
              : `${found.length} of ${read.length} events read match`}
            {!journal.hasNextPage && ", to the beginning of the journal"}
          </span>
          {journal.hasNextPage && (
            <Button disabled={journal.isFetchingNextPage} onClick={() => void journal.fetchNextPage()}>
              {journal.isFetchingNextPage ? "Reading" : "Look further back"}
            </Button>
          )}
        </div>
      </div>
    </Panel>
  );
}

function OneOrder({ orderId, filter }: FilterProps & { readonly orderId: string }) {
  const changedAt = useRow<Schemas["OrderAnswer"]>("orders", orderId)?.updated_at ?? "";
  const timeLine = useOrderEvents(orderId, changedAt);
  const found = matching(timeLine.data ?? [], filter);
  const state = queryState(timeLine, {
    isEmpty: found.length === 0,
    title: "Nothing matches",
    hint: "No event of this order is of that type and connection.",
  });
  return (
    <Panel title={`Order ${orderId}`} state={state} className="min-h-80 flex-1">
      <EventTable caption={`Events of order ${orderId}`} events={found} />
    </Panel>
  );
}
