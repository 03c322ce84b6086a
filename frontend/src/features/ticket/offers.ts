import type { ProductCapabilities } from "@/domain/products";
import { type Draft, defaultTimeInForce, type OrderType, type TimeInForce } from "./draft";

/** A choice that the broker has, or the reason why not. */
export type Offer<Name extends string> = { readonly name: Name; readonly reason: string | null };

export type Offers = {
  readonly types: readonly Offer<OrderType>[];
  readonly timesInForce: readonly Offer<TimeInForce>[];
  /** null = offered; otherwise why not. */
  readonly postOnly: string | null;
  readonly reduceOnly: string | null;
  readonly exits: string | null;
  readonly limitExits: string | null;
  readonly positionId: string | null;
};

const TYPES: readonly OrderType[] = [
  "market",
  "limit",
  "stop_market",
  "stop_limit",
  "market_if_touched",
  "limit_if_touched",
  "trailing_stop_market",
];
const TIMES: readonly TimeInForce[] = ["gtc", "day", "gtd", "ioc", "fok"];
const NO_REASON = "this broker does not offer it";

/** What the ticket offers for an instrument: the server's capabilities, each missing one with its reason. */
export function offersOf(product: ProductCapabilities): Offers {
  const why = (capability: string) => product.unsupported[capability] ?? NO_REASON;
  return {
    types: TYPES.map((name) => ({ name, reason: product.order_types.includes(name) ? null : why(name) })),
    timesInForce: TIMES.map((name) => ({
      name,
      reason: product.time_in_force.includes(name) ? null : why(name),
    })),
    postOnly: product.post_only ? null : why("post_only"),
    reduceOnly: product.reduce_only ? null : why("reduce_only"),
    exits: product.brackets === "none" ? why("brackets") : null,
    limitExits: product.unsupported.limit_exits ?? null,
    positionId: product.hedging ? null : why("position_id"),
  };
}

/** Why a limit order of this draft cannot be post-only; null = it can. */
export function postOnlyObstacle(draft: Pick<Draft, "type" | "timeInForce">, offers: Offers): string | null {
  if (offers.postOnly !== null) return offers.postOnly;
  const isResting = draft.type === "limit" && draft.timeInForce !== "ioc" && draft.timeInForce !== "fok";
  return isResting ? null : "only a limit order that may rest in the book can be post-only";
}

/**
 * The draft without what this broker does not have, or what its type does not take: as it would be sent.
 *
 * A time in force is sent only when it is not the type's own; market orders have none to choose.
 */
export function fitted(draft: Draft, offers: Offers): Draft {
  const isOffered = (list: readonly Offer<string>[], name: string) =>
    list.some((offer) => offer.name === name && offer.reason === null);
  const type = isOffered(offers.types, draft.type) ? draft.type : "market";
  const wanted = draft.timeInForce;
  const isKept = wanted !== null && type !== "market" && isOffered(offers.timesInForce, wanted);
  const timeInForce = isKept && wanted !== defaultTimeInForce(type) ? wanted : null;
  const hasExits = offers.exits === null;
  return {
    ...draft,
    type,
    timeInForce,
    expiresAt: timeInForce === "gtd" ? draft.expiresAt : "",
    isPostOnly: draft.isPostOnly && postOnlyObstacle({ type, timeInForce }, offers) === null,
    isReduceOnly: draft.isReduceOnly && offers.reduceOnly === null,
    positionId: offers.positionId === null ? draft.positionId : null,
    takeProfit: hasExits ? draft.takeProfit : "",
    stopLoss: hasExits ? draft.stopLoss : "",
    stopLossLimit: hasExits && offers.limitExits === null && draft.stopLoss !== "" ? draft.stopLossLimit : "",
  };
}
