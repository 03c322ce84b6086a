import type { NewApiKeyRequest } from "@/api/queries/api-keys";
import type { Right } from "@/api/queries/me";

export type KeyDraft = {
  readonly name: string;
  readonly scopes: readonly Right[];
  /** Days until it ends; null = never. */
  readonly days: number | null;
  /** Addresses and networks, separated by spaces or commas; empty = from everywhere. */
  readonly allowedIps: string;
};

export const FIRST_KEY: KeyDraft = { name: "", scopes: ["read"], days: 90, allowedIps: "" };

export const LIFETIMES: readonly (readonly [string, number | null])[] = [
  ["in 1 day", 1],
  ["in 30 days", 30],
  ["in 90 days", 90],
  ["in a year", 365],
  ["never", null],
];

export const SCOPES: readonly (readonly [Right, string])[] = [
  ["read", "look at everything that is not secret"],
  ["trade", "place, change and cancel orders, close positions, halt"],
  ["strategies", "make, start, pause and stop strategies"],
  ["research", "run backtests, bring datasets in and delete them"],
  ["admin", "brokers, limits, real money, people, the journal"],
];

const DAY_MS = 86_400_000;

/** What keeps a key from being made, by the API's names of the fields. */
export function keyErrors(draft: KeyDraft): Readonly<Record<string, string>> {
  return {
    ...(draft.name.trim() === "" ? { name: "say what it is for" } : {}),
    ...(draft.scopes.length === 0 ? { scopes: "choose at least one" } : {}),
  };
}

/** The request for a draft; `nowMs` is this computer's clock. */
export function keyRequest(draft: KeyDraft, nowMs: number): NewApiKeyRequest {
  return {
    name: draft.name.trim(),
    scopes: [...draft.scopes],
    expires_at: draft.days === null ? null : new Date(nowMs + draft.days * DAY_MS).toISOString(),
    allowed_ips: draft.allowedIps.split(/[\s,;]+/).filter((each) => each !== ""),
  };
}
