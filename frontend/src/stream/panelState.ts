import { timeOfDay } from "@/domain/format";
import type { PanelState } from "@/ui/Panel";
import type { Trust } from "./hooks";
import type { LinkStatus } from "./link";

/** What a panel that shows one channel says of itself; `empty` = what to say when there is nothing in it. */
export function panelState(
  link: LinkStatus,
  trust: Trust,
  empty: { readonly isEmpty: boolean; readonly title: string; readonly hint: string },
): PanelState {
  if (trust.phase === "refused")
    return { kind: "denied", reason: trust.detail ?? "the server does not offer it" };
  const isUp = link.phase === "open";
  if (trust.phase === "waiting")
    return isUp || link.phase === "connecting" ? { kind: "loading" } : disconnected(link);
  if (!isUp) return disconnected(link);
  if (trust.phase === "gap")
    return { kind: "stale", since: trust.asOf === null ? "the start" : timeOfDay(trust.asOf) };
  return empty.isEmpty ? { kind: "empty", title: empty.title, hint: empty.hint } : { kind: "live" };
}

function disconnected(link: LinkStatus): PanelState {
  const hint =
    link.phase === "waiting"
      ? `No link to Edgerunner (${link.reason}). Trying again; what you see is old.`
      : "No link to Edgerunner. What you see is old.";
  return { kind: "disconnected", hint };
}
