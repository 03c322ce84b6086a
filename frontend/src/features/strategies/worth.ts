import type { Performance } from "@/api/queries/strategies";
import { add, type Decimal, decimal, subtract, toPlain, ZERO } from "@/domain/decimal";

/** What a strategy won or lost in one currency; null = a price is missing. */
export type Worth = {
  readonly currency: string;
  readonly realized: string;
  readonly unrealized: string | null;
  readonly fees: string;
  /** Realized and unrealized, less fees. */
  readonly net: string | null;
};

type Sums = ReadonlyMap<string, Decimal>;

/** Profit by currency, never added across currencies; in the order in which the server names them. */
export function worthOf(
  performance: Pick<Performance, "realized_pnl" | "unrealized_pnl" | "fees">,
): readonly Worth[] {
  const { realized_pnl, unrealized_pnl, fees } = performance;
  const realized = sumsOf(realized_pnl);
  const open = unrealized_pnl === null ? null : sumsOf(unrealized_pnl);
  const paid = sumsOf(fees);
  const currencies = new Set([...realized.keys(), ...(open?.keys() ?? []), ...paid.keys()]);
  return [...currencies].map((currency) => {
    const won = realized.get(currency) ?? ZERO;
    const fee = paid.get(currency) ?? ZERO;
    const held = open === null ? null : (open.get(currency) ?? ZERO);
    return {
      currency,
      realized: toPlain(won),
      unrealized: held === null ? null : toPlain(held),
      fees: toPlain(fee),
      net: held === null ? null : toPlain(subtract(add(won, held), fee)),
    };
  });
}

function sumsOf(amounts: Performance["fees"]): Sums {
  const sums = new Map<string, Decimal>();
  for (const { currency, amount } of amounts)
    sums.set(currency, add(sums.get(currency) ?? ZERO, decimal(amount)));
  return sums;
}
