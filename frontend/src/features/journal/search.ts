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

/** What an event is about, in one line. */
export function eventSummary({ data }: Pick<JournalEvent, "data">): string {
  const shown = [
    "instrument_id",
    "side",
    "quantity",
    "price",
    "kind",
    "amount",
    "currency",
    "code",
    "text",
    "reason",
  ];
  return shown
    .flatMap((name) => {
      const value = data[name];
      return typeof value === "string" || typeof value === "number" ? [String(value)] : [];
    })
    .join(" ");
}
