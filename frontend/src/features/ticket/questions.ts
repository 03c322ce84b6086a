import type { TradeRequest } from "@/api/queries/trade";
import type { Terms } from "@/domain/contract";
import { absolute, compare, decimal, decimalsOf, parseDecimal, rounded, toPlain } from "@/domain/decimal";
import { distanceOf, distanceWords, type Quote, referenceOf } from "./distance";
import type { Side } from "./draft";

/** Something odd about an order that is asked about before it goes out, in every mode. */
export type Question = {
  readonly code: "duplicate" | "crosses" | "far" | "triggers_at_once" | "exit_wrong_side" | "no_quote";
  readonly text: string;
};

/** An order that this page sent lately. */
export type Sent = { readonly request: TradeRequest; readonly atMs: number };

export const DUPLICATE_MS = 10_000;
/** A limit this far beyond the touch takes liquidity at a price that nobody means. */
const CROSSING = decimal("0.005");
/** A price this far from the touch on either side is likely a slip of the hand. */
const FAR = decimal("0.05");

export function questionsOf(
  request: TradeRequest,
  terms: Terms,
  quote: Quote | null,
  sent: readonly Sent[],
  nowMs: number,
): readonly Question[] {
  return [
    ...duplicate(request, sent, nowMs),
    ...missingQuote(quote),
    ...oddPrice(request, terms, quote),
    ...oddTrigger(request, quote),
    ...oddExits(request, quote),
  ];
}

function duplicate(request: TradeRequest, sent: readonly Sent[], nowMs: number): Question[] {
  const before = sent.find(
    (each) => nowMs - each.atMs <= DUPLICATE_MS && termsText(each.request) === termsText(request),
  );
  if (before === undefined) return [];
  const seconds = Math.max(0, Math.round((nowMs - before.atMs) / 1000));
  return [{ code: "duplicate", text: `You sent the same order ${seconds} s ago.` }];
}

/** All terms in one text, exits included: "66000.0" is 66000, and what is null was left out. */
function termsText({ client_order_id: _, ...terms }: TradeRequest): string {
  return JSON.stringify(terms, (_key, value: unknown) => {
    if (typeof value === "string") return shortest(value);
    return typeof value === "object" && value !== null ? inOrder(value) : value;
  });
}

function shortest(text: string): string {
  const value = parseDecimal(text);
  return value === null ? text : toPlain(rounded(value, decimalsOf(value)));
}

function inOrder(parts: object): object {
  const told = Object.entries(parts).filter(([, part]) => part != null);
  return Object.fromEntries(told.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function missingQuote(quote: Quote | null): Question[] {
  if (quote === null)
    return [{ code: "no_quote", text: "There is no price of this instrument: nothing to compare with." }];
  return quote.stale
    ? [{ code: "no_quote", text: "The newest price is old: the market may have moved." }]
    : [];
}

function oddPrice(request: TradeRequest, terms: Terms, quote: Quote | null): Question[] {
  const distance = request.price == null ? null : distanceOf(request.price, request.side, quote, terms);
  if (distance === null) return [];
  const isBeyond = request.side === "buy" ? distance.fraction.units > 0n : distance.fraction.units < 0n;
  const size = absolute(distance.fraction);
  const words = distanceWords(distance);
  if (isBeyond && request.order_type === "limit" && compare(size, CROSSING) > 0)
    return [{ code: "crosses", text: `The limit is ${words}: it may trade at once, at worse prices.` }];
  return compare(size, FAR) > 0 ? [{ code: "far", text: `The price is ${words}.` }] : [];
}

/** Stops wait on the far side of the market, touched orders on the near side; on the other side they fire at once. */
function oddTrigger({ side, order_type, trigger_price }: TradeRequest, quote: Quote | null): Question[] {
  const trigger = trigger_price == null ? null : parseDecimal(trigger_price);
  const reference = referenceOf(side, quote);
  if (trigger === null || reference === null || order_type === "trailing_stop_market") return [];
  const isStop = order_type === "stop_market" || order_type === "stop_limit";
  const waitsAbove = (side === "buy") === isStop;
  const position = compare(trigger, reference.price);
  if (waitsAbove ? position > 0 : position < 0) return [];
  return [
    {
      code: "triggers_at_once",
      text: `The trigger is not ${waitsAbove ? "above" : "below"} the ${reference.name}: it may fire at once.`,
    },
  ];
}

function oddExits(request: TradeRequest, quote: Quote | null): Question[] {
  const entry = entryOf(request, quote);
  if (entry === null) return [];
  const isLong = request.side === "buy";
  const asked: Question[] = [];
  const check = (name: string, text: string | undefined, shouldBeAbove: boolean) => {
    const value = text === undefined ? null : parseDecimal(text);
    if (value === null) return;
    const position = compare(value, entry);
    if (shouldBeAbove ? position > 0 : position < 0) return;
    asked.push({
      code: "exit_wrong_side",
      text: `The ${name} of a ${sideWord(request.side)} belongs ${shouldBeAbove ? "above" : "below"} its price.`,
    });
  };
  check("take profit", request.take_profit?.price, isLong);
  check("stop loss", request.stop_loss?.trigger_price, !isLong);
  return asked;
}

function entryOf(request: TradeRequest, quote: Quote | null) {
  const text = request.price ?? request.trigger_price;
  return text == null ? (referenceOf(request.side, quote)?.price ?? null) : parseDecimal(text);
}

function sideWord(side: Side): string {
  return side === "buy" ? "buy" : "sell";
}
