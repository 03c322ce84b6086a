import type { Schemas } from "@/api/client";
import type { Limits, Scope } from "@/api/queries/risk";

type Connection = Pick<Schemas["ConnectionAnswer"], "connection_id" | "accounts">;

/** A scope that can be halted and limited, whether it was ever set or not. */
export type ScopeRow = {
  readonly scope: string;
  readonly words: string;
  /** What was set; null = nothing of its own. */
  readonly set: Scope | null;
};

const NO_LIMITS: Limits = {
  max_order_quantity: null,
  max_order_notional: null,
  max_instrument_exposure: null,
  max_account_exposure: null,
  max_open_orders: null,
  max_orders_per_second: null,
  price_collar: null,
  max_quote_age_s: null,
  duplicate_window_s: null,
  max_daily_loss: null,
  max_drawdown: null,
  session_hours: null,
  reduce_only: null,
};

/** All scopes there are: everything, connections with their accounts, strategies; and those that were set before. */
export function scopeRows(
  set: readonly Scope[],
  connections: readonly Connection[],
  strategyIds: readonly string[],
): readonly ScopeRow[] {
  const known = new Map(set.map((scope) => [scope.scope, scope]));
  const names = [
    "all",
    ...connections.flatMap(({ connection_id, accounts }) => [
      `connection:${connection_id}`,
      ...accounts.map(({ account_id }) => `account:${connection_id}:${account_id}`),
    ]),
    ...strategyIds.map((id) => `strategy:${id}`),
  ];
  return [...new Set([...names, ...known.keys()])].map((scope) => ({
    scope,
    words: scopeWords(scope),
    set: known.get(scope) ?? null,
  }));
}

/** A scope as a person says it. */
export function scopeWords(scope: string): string {
  const [kind = "", ...rest] = scope.split(":");
  switch (kind) {
    case "all":
      return "Everything";
    case "connection":
      return `Connection ${rest.join(":")}`;
    case "account":
      return `Account ${rest.slice(1).join(":")} at ${rest[0] ?? ""}`;
    case "strategy":
      return `Strategy ${rest.join(":")}`;
    default:
      return scope;
  }
}

/** The limits of a scope: none of its own where nothing was set. */
export function limitsOfScope(row: ScopeRow): Limits {
  return row.set?.limits ?? NO_LIMITS;
}
