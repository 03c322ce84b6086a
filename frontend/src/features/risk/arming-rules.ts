import type { Schemas } from "@/api/client";

export type LiveAccount = { readonly connectionId: string; readonly accountId: string };

type Connection = Pick<Schemas["ConnectionAnswer"], "connection_id" | "execution" | "accounts">;

/** Accounts that hold real money, as their brokers report; local execution never does. */
export function liveAccounts(connections: readonly Connection[]): readonly LiveAccount[] {
  return connections
    .filter((connection) => connection.execution !== "local")
    .flatMap(({ connection_id, accounts }) =>
      accounts
        .filter((account) => account.live)
        .map((account) => ({ connectionId: connection_id, accountId: account.account_id })),
    );
}

/** Whole minutes until a time, counted up: a begun one is one; 0 once it is over. */
export function minutesLeft(until: string, nowMs: number): number {
  return Math.max(0, Math.ceil((Date.parse(until) - nowMs) / 60_000));
}
