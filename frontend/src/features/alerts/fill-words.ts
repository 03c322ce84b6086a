import type { Schemas } from "@/api/client";
import { parseDecimal } from "@/domain/decimal";
import { ABSENT, grouped } from "@/domain/format";

export type Fill = Schemas["FillAnswer"];

/** More fills at once than this become one toast. */
export const MOST_TOASTS = 3;

function plainly(text: string): string {
  const value = parseDecimal(text);
  return value === null ? ABSENT : grouped(value);
}

/** One fill in a sentence. */
export function fillSentence(fill: Fill): string {
  const verb = fill.side === "buy" ? "Bought" : "Sold";
  return `${verb} ${plainly(fill.quantity)} ${fill.instrument_id} at ${plainly(fill.price)}`;
}

/** What to say of fills that came together: each one, or their number. */
export function fillNotes(
  fills: readonly Fill[],
): readonly { readonly title: string; readonly where: string }[] {
  if (fills.length <= MOST_TOASTS)
    return fills.map((fill) => ({ title: fillSentence(fill), where: fill.connection_id }));
  const places = [...new Set(fills.map((fill) => fill.connection_id))].sort().join(", ");
  return [{ title: `${fills.length} fills`, where: places }];
}
