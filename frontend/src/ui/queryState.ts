import { ApiProblem } from "@/api/problem";
import { LIVE, LOADING, type PanelState } from "./Panel";

type Query = { readonly data: unknown; readonly error: Error | null; readonly isPending: boolean };

/** What a panel that shows one answer of the API says of itself; old data stays, marked, when asking again failed. */
export function queryState(
  query: Query,
  empty: { readonly isEmpty: boolean; readonly title: string; readonly hint: string } | null = null,
): PanelState {
  const { data, error, isPending } = query;
  if (error !== null) {
    const isAway = error instanceof ApiProblem && (error.status === 0 || error.status >= 500);
    if (data !== undefined || isAway) return { kind: "disconnected", hint: error.message };
    return { kind: "denied", reason: error.message };
  }
  if (isPending) return LOADING;
  return empty?.isEmpty ? { kind: "empty", title: empty.title, hint: empty.hint } : LIVE;
}
