import type { Terms } from "@/domain/contract";
import { type Decimal, parseDecimal } from "@/domain/decimal";
import { quotesChannel } from "@/stream/protocol";
import { streamStore } from "@/stream/store";
import { type Quote, referenceOf } from "./distance";
import { type Draft, pricesOf } from "./draft";

/** The newest quote as it stands now, without following it: for the moment of a click. */
export function quoteNow({ connection_id, instrument_id }: Terms): Quote | null {
  const channel = quotesChannel(connection_id, instrument_id);
  return (streamStore.getState().channels[channel]?.value ?? null) as Quote | null;
}

/** Where the draft would trade now: at its limit, else at the other side's best price; null = not known. */
export function priceNow(terms: Terms, draft: Draft): Decimal | null {
  const typed = pricesOf(draft.type).hasPrice ? parseDecimal(draft.price) : null;
  if (typed !== null && typed.units > 0n) return typed;
  return referenceOf(draft.side, quoteNow(terms))?.price ?? null;
}
