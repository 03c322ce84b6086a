import type { OrderEvent } from "@/api/queries/orders";

const WORDS: Readonly<Record<string, string>> = {
  order_initialized: "written here",
  order_denied: "denied here",
  order_submitted: "sent",
  order_acknowledged: "the broker has it",
  order_outcome_unknown: "outcome unknown",
  order_adopted: "found at the broker",
  order_accepted: "accepted",
  order_triggered: "triggered",
  order_rejected: "rejected by the broker",
  order_pending_update: "change asked",
  order_updated: "changed",
  order_modify_rejected: "change refused",
  order_pending_cancel: "cancel asked",
  order_cancel_rejected: "cancel refused",
  order_canceled: "canceled",
  order_expired: "expired",
  order_reopened: "reopened by the broker",
  order_flagged: "needs a person",
  order_filled: "filled",
};

/** What happened in words; a kind of event that is not known here is told by its own name. */
export function eventWord(type: string): string {
  return WORDS[type] ?? type.replaceAll("_", " ");
}

export type Detail = { readonly name: string; readonly value: string };

/** The facts of an event that are there, flattened to one level: "terms.price" and its value. */
export function detailsOf(data: OrderEvent["data"], prefix = ""): readonly Detail[] {
  return Object.entries(data ?? {}).flatMap(([key, value]): readonly Detail[] => {
    const name = prefix + key;
    if (value === null || value === undefined || value === "") return [];
    if (typeof value === "object" && !Array.isArray(value))
      return detailsOf(value as OrderEvent["data"], `${name}.`);
    return [{ name, value: Array.isArray(value) ? JSON.stringify(value) : String(value) }];
  });
}
