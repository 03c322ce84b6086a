import type { Schemas } from "@/api/client";
import { isInverse, notional, type Terms } from "@/domain/contract";
import {
  absolute,
  type Decimal,
  decimal,
  divide,
  floorToStep,
  multiply,
  parseDecimal,
} from "@/domain/decimal";
import type { Side } from "./draft";
import { plainAt } from "./grid";

type Account = Pick<Schemas["AccountAnswer"], "currency" | "equity" | "balances">;
type Position = Pick<Schemas["PositionAnswer"], "side" | "quantity">;

/** What 100 % means for a quantity, or why there is no honest answer. */
export type Basis =
  | { readonly kind: "of"; readonly name: string; readonly most: Decimal }
  | { readonly kind: "none"; readonly reason: string };

type Facts = {
  readonly terms: Terms;
  readonly side: Side;
  readonly isReduceOnly: boolean;
  readonly position: Position | null;
  readonly account: Account | null;
  /** The price that the order would trade at. */
  readonly price: Decimal | null;
};

/**
 * An order against the position is sized by it; any other by the account's equity without leverage.
 *
 * Only where the account counts in the instrument's own currency: nothing is converted here.
 */
export function basisOf({ terms, side, isReduceOnly, position, account, price }: Facts): Basis {
  const isAgainst =
    position !== null && position.side !== "flat" && (position.side === "long") === (side === "sell");
  if (isAgainst) return { kind: "of", name: "position", most: absolute(decimal(position.quantity)) };
  if (isReduceOnly) return { kind: "none", reason: "there is no position on the other side to reduce" };
  if (terms.product === "spot" && side === "sell")
    return { kind: "none", reason: `no ${terms.base} is held` };
  const money = fundsOf(terms, account);
  if (money.kind === "none") return money;
  if (price === null) return { kind: "none", reason: "there is no price to count with" };
  const one = isInverse(terms) ? null : notional(terms, price, decimal("1"));
  const most = one === null ? null : divide(money.most, one, 18);
  return most === null
    ? { kind: "none", reason: "inverse contracts are not sized by equity here" }
    : { ...money, most };
}

function fundsOf(terms: Terms, account: Account | null): Basis {
  const none = (reason: string): Basis => ({ kind: "none", reason });
  if (account === null) return none("the account's money is not known");
  if (terms.product === "spot") {
    const available = account.balances.find((balance) => balance.currency === terms.quote)?.available ?? null;
    return available === null
      ? none(`the broker does not tell how much ${terms.quote} is free`)
      : { kind: "of", name: `free ${terms.quote}`, most: decimal(available) };
  }
  if (account.currency !== terms.settle)
    return none(`the account counts in ${account.currency}, the order in ${terms.settle}`);
  const equity = account.equity === null ? null : parseDecimal(account.equity);
  return equity === null || equity.units <= 0n
    ? none("the account's equity is not known")
    : { kind: "of", name: "equity", most: equity };
}

/** A percentage of the basis on the lot's grid; null when less than one lot step. */
export function quantityOf(percent: number, most: Decimal, lotStep: string): string | null {
  const step = decimal(lotStep);
  const quantity = floorToStep(multiply(most, { units: BigInt(percent), scale: 2 }), step);
  return quantity.units <= 0n ? null : plainAt(quantity, step);
}
