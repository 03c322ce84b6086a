import type { Schemas } from "@/api/client";

export type Side = Schemas["Side"];
export type OrderType = Schemas["OrderType"];
export type TimeInForce = Schemas["TimeInForce"];

/** What stands in the ticket's fields, as typed. What a field's type does not use stays in it and is not sent. */
export type Draft = {
  readonly accountId: string | null;
  readonly side: Side;
  readonly type: OrderType;
  readonly quantity: string;
  readonly price: string;
  readonly trigger: string;
  readonly offset: string;
  readonly timeInForce: TimeInForce | null;
  /** Local date and time as the browser's field writes it, to the minute. */
  readonly expiresAt: string;
  readonly isPostOnly: boolean;
  readonly isReduceOnly: boolean;
  readonly positionId: string | null;
  readonly takeProfit: string;
  readonly stopLoss: string;
  readonly stopLossLimit: string;
};

export const EMPTY_DRAFT: Draft = {
  accountId: null,
  side: "buy",
  type: "limit",
  quantity: "",
  price: "",
  trigger: "",
  offset: "",
  timeInForce: null,
  expiresAt: "",
  isPostOnly: false,
  isReduceOnly: false,
  positionId: null,
  takeProfit: "",
  stopLoss: "",
  stopLossLimit: "",
};

const PRICED: ReadonlySet<OrderType> = new Set(["limit", "stop_limit", "limit_if_touched"]);
const TRIGGERED: ReadonlySet<OrderType> = new Set([
  "stop_market",
  "stop_limit",
  "market_if_touched",
  "limit_if_touched",
]);

/** Which prices an order type needs, and which it may have. */
export function pricesOf(type: OrderType): {
  readonly hasPrice: boolean;
  readonly hasTrigger: boolean;
  readonly mayHaveTrigger: boolean;
  readonly hasOffset: boolean;
} {
  const isTrailing = type === "trailing_stop_market";
  return {
    hasPrice: PRICED.has(type),
    hasTrigger: TRIGGERED.has(type),
    mayHaveTrigger: TRIGGERED.has(type) || isTrailing,
    hasOffset: isTrailing,
  };
}

/** How long an order works that says nothing about it. */
export function defaultTimeInForce(type: OrderType): TimeInForce {
  return type === "market" ? "ioc" : "gtc";
}

/** The draft with a price that was picked from the book: into the trigger of stops, else the limit. */
export function withPickedPrice(draft: Draft, price: string): Draft {
  const { hasPrice, hasTrigger } = pricesOf(draft.type);
  if (hasTrigger && !hasPrice) return { ...draft, trigger: price };
  return hasPrice ? { ...draft, price } : { ...draft, type: "limit", price };
}
