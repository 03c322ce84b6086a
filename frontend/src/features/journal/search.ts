import type { JournalEvent } from "@/api/queries/journal";

export type JournalFilter = { readonly type: string; readonly connectionId: string };

export const EVERYTHING: JournalFilter = { type: "", connectionId: "" };

/** Every type of event, by its name in the journal. */
export const EVENT_TYPES: readonly string[] = [
  "order_initialized",
  "order_denied",
  "order_submitted",
  "order_acknowledged",
  "order_outcome_unknown",
  "order_adopted",
  "order_accepted",
  "order_triggered",
  "order_rejected",
  "order_pending_update",
  "order_updated",
  "order_modify_rejected",
  "order_pending_cancel",
  "order_cancel_rejected",
  "order_canceled",
  "order_expired",
  "order_reopened",
  "order_flagged",
  "order_filled",
  "cash_moved",
  "position_adjusted",
];

export function matching(events: readonly JournalEvent[], filter: JournalFilter): readonly JournalEvent[] {
  return events.filter(
    ({ type, connection_id }) =>
      (filter.type === "" || type === filter.type) &&
      (filter.connectionId === "" || connection_id === filter.connectionId),
  );
}

const ORDER_ID = /^[A-Za-z0-9_-]{1,27}$/;

/** An order id to ask for; null while what is typed is none. */
export function orderIdOf(text: string): string | null {
  const trimmed = text.trim();
  return ORDER_ID.test(trimmed) ? trimmed : null;
}

const SHOWN: readonly string[] = [
  "side",
  "quantity",
  "instrument_id",
  "order_type",
  "price",
  "trigger_price",
  "kind",
  "amount",
  "currency",
  "code",
  "text",
  "reason",
];

/** What an event is about, in one line. */
export function eventSummary({ data }: Pick<JournalEvent, "data">): string {
  const told = new Map(plainEntries(data));
  return SHOWN.flatMap((name) => told.get(name) ?? []).join(" ");
}

/** Texts and numbers of an object and of the objects in it, by their own names; the outer ones win. */
function plainEntries(data: object): readonly (readonly [string, string])[] {
  const inner: (readonly [string, string])[] = [];
  const own: (readonly [string, string])[] = [];
  for (const [name, value] of Object.entries(data)) {
    if (typeof value === "string" || typeof value === "number") own.push([name, String(value)]);
    else if (typeof value === "object" && value !== null) inner.push(...plainEntries(value));
  }
  return [...inner, ...own];
}
