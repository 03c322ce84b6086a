import type { Schemas } from "@/api/client";
import { age } from "@/domain/format";

/** How one link stands, how old that report is, and how quick the link is. */
export function linkWords(link: Schemas["LinkAnswer"], nowMs: number): string {
  const latency = link.latency_ms === null ? "" : `, ${latencyWords(link.latency_ms)}`;
  return `${link.status}${latency}, told ${age(link.since, nowMs)} ago`;
}

/** Milliseconds as precise as they matter: 0.5, 12, 340. */
function latencyWords(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)}\u2009ms`;
}
