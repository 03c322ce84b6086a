import type { Schemas } from "@/api/client";
import { age } from "@/domain/format";
import { MODE_WORDS, type Mode } from "@/domain/mode";

type Connection = Pick<Schemas["ConnectionAnswer"], "environment" | "execution">;

/** How one link stands, how old that report is, and how quick the link is. */
export function linkWords(link: Schemas["LinkAnswer"], nowMs: number): string {
  const latency = link.latency_ms === null ? "" : `, ${latencyWords(link.latency_ms)}`;
  return `${link.status}${latency}, told ${age(link.since, nowMs)} ago`;
}

/** Whose prices and whose fills they are, and whether money is at stake. */
export function moneyWords(connection: Connection, mode: Mode): string {
  const isInvented = connection.execution === "local" && connection.environment === "simulated";
  return isInvented ? "simulated prices, fills simulated here, no money" : MODE_WORDS[mode].sentence;
}

/** Milliseconds as precise as they matter: 0.5, 12, 340. */
function latencyWords(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)}\u2009ms`;
}
