import { add, type Decimal, decimal, ZERO } from "@/domain/decimal";

export type Level = { readonly price: string; readonly size: string; readonly share: number };

type Side = readonly (readonly string[])[];

/** The best rows of a book with how much lies up to each, as a share of the larger side; asks end with the best. */
export function ladderOf(
  bids: Side,
  asks: Side,
  rows: number,
): { bids: readonly Level[]; asks: readonly Level[] } {
  const shownBids = cumulated(bids.slice(0, rows));
  const shownAsks = cumulated(asks.slice(0, rows));
  const most = Math.max(totalOf(shownBids), totalOf(shownAsks));
  const share = ({ price, size, upTo }: Cumulated): Level => ({
    price,
    size,
    share: most > 0 ? upTo / most : 0,
  });
  return { bids: shownBids.map(share), asks: shownAsks.map(share).reverse() };
}

export const FEWEST_LEVELS = 3;
const MOST_LEVELS = 25;
/** Heights as drawn, px: one level, and head and spread together. */
const LEVEL_HEIGHT = 24;
const REST_HEIGHT = 44;

/** How many levels a side fit into so many pixels. */
export function levelsIn(height: number): number {
  const levels = Math.floor((height - REST_HEIGHT) / (2 * LEVEL_HEIGHT));
  return Math.max(FEWEST_LEVELS, Math.min(MOST_LEVELS, levels));
}

type Cumulated = { readonly price: string; readonly size: string; readonly upTo: number };

function cumulated(side: Side): readonly Cumulated[] {
  let sum: Decimal = ZERO;
  return side.map(([price = "", size = "0"]) => {
    sum = add(sum, decimal(size));
    return { price, size, upTo: Number(sum.units) / 10 ** sum.scale };
  });
}

function totalOf(side: readonly Cumulated[]): number {
  return side[side.length - 1]?.upTo ?? 0;
}
