import type { Schemas } from "@/api/client";

/** What an order of an account really does; from the server's facts, never from a switch on the screen. */
export type Mode = "simulated" | "local" | "paper" | "live";

type Connection = Pick<Schemas["ConnectionAnswer"], "environment" | "execution">;

/** The mode of one account: real money wins over every other word. */
export function modeOf(connection: Connection, account: { readonly live: boolean } | null): Mode {
  if (connection.execution === "local") return "local";
  if (account?.live === true || connection.environment === "live") return "live";
  return connection.environment === "simulated" ? "simulated" : "paper";
}

const RANK: Readonly<Record<Mode, number>> = { simulated: 0, local: 1, paper: 2, live: 3 };

/** The most serious mode of several. */
export function gravest(modes: readonly Mode[]): Mode {
  return modes.reduce<Mode>((worst, mode) => (RANK[mode] > RANK[worst] ? mode : worst), "simulated");
}

export const MODE_WORDS: Readonly<Record<Mode, { readonly badge: string; readonly sentence: string }>> = {
  simulated: { badge: "SIM", sentence: "simulated broker, no money" },
  local: { badge: "LOCAL", sentence: "real prices, fills simulated here, no money" },
  paper: { badge: "PAPER", sentence: "the broker's demo account, no money" },
  live: { badge: "LIVE", sentence: "real money" },
};
