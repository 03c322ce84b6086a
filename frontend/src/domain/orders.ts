import type { Schemas } from "@/api/client";

export type Order = Schemas["OrderAnswer"];
type Status = Order["status"];

/** What an order is doing, as a trader tells states apart; each has its own icon, word and colour. */
export type Standing =
  | "unsent"
  | "sent"
  | "unknown"
  | "waiting"
  | "working"
  | "inactive"
  | "canceling"
  | "filled"
  | "ended"
  | "refused";

export type StandingWords = { readonly standing: Standing; readonly word: string };

const CLOSED: ReadonlySet<Status> = new Set(["denied", "rejected", "filled", "canceled", "expired"]);

export function isClosed(order: Pick<Order, "status">): boolean {
  return CLOSED.has(order.status);
}

/** Which price of an order counts now: the trigger while it waits for it, else the limit; null = neither. */
export function priceTerm(
  order: Pick<Order, "price" | "trigger_price" | "status">,
): "price" | "trigger_price" | null {
  if (order.trigger_price !== null && order.status !== "triggered") return "trigger_price";
  return order.price === null ? null : "price";
}

/** Whether a person must look at it first: nobody knows what became of it, or the server asks for help. */
export function isPinned(order: Pick<Order, "outcome_unknown" | "needs_operator">): boolean {
  return order.outcome_unknown !== null || order.needs_operator !== null;
}

/** Where an order stands in one word. An unknown outcome goes before every status: the status is a guess then. */
export function standingOf(order: Pick<Order, "status" | "outcome_unknown" | "held">): StandingWords {
  if (order.outcome_unknown !== null) return { standing: "unknown", word: "outcome unknown" };
  switch (order.status) {
    case "initialized":
      return { standing: "unsent", word: "not sent" };
    case "submitted":
      return { standing: "sent", word: "sent" };
    case "accepted":
      return acceptedAs(order.held);
    case "triggered":
      return { standing: "working", word: "triggered" };
    case "partially_filled":
      return { standing: "working", word: "partly filled" };
    case "pending_update":
      return { standing: "sent", word: "change sent" };
    case "pending_cancel":
      return { standing: "canceling", word: "cancel asked" };
    case "filled":
      return { standing: "filled", word: "filled" };
    case "canceled":
      return { standing: "ended", word: "canceled" };
    case "expired":
      return { standing: "ended", word: "expired" };
    case "rejected":
      return { standing: "refused", word: "rejected" };
    case "denied":
      return { standing: "refused", word: "denied" };
  }
}

/** `held` is the broker's word, or several with commas: Bybit and MT5 say "untriggered", TWS "child,trigger". */
function acceptedAs(held: string | null): StandingWords {
  const words = held?.split(",") ?? [];
  if (words.length === 0) return { standing: "working", word: "working" };
  if (words.includes("child")) return { standing: "inactive", word: "waits for parent" };
  if (words.includes("untriggered") || words.includes("trigger"))
    return { standing: "waiting", word: "waits for trigger" };
  return { standing: "inactive", word: `inactive: ${held}` };
}

const TYPE_WORDS: Readonly<Record<Order["order_type"], string>> = {
  market: "market",
  limit: "limit",
  stop_market: "stop",
  stop_limit: "stop limit",
  market_if_touched: "market if touched",
  limit_if_touched: "limit if touched",
  trailing_stop_market: "trailing stop",
};

export function typeWord(type: Order["order_type"]): string {
  return TYPE_WORDS[type];
}

/** What refused an order said, unchanged, with its code; null when nobody refused anything. */
export function refusalOf(order: Pick<Order, "denied" | "broker" | "status">): {
  readonly by: "us" | "broker";
  readonly code: string | null;
  readonly text: string;
} | null {
  if (order.denied !== null) return { by: "us", ...order.denied };
  const { code, text } = order.broker;
  if (order.status !== "rejected" && code === null && text === null) return null;
  return { by: "broker", code, text: text ?? "the broker gave no reason" };
}
