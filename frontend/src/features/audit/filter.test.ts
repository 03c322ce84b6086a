import { expect, it } from "vitest";
import type { AuditEntry } from "@/api/queries/audit";
import { csvOf, EVERYTHING, matching, runsOf } from "./filter";

function entry(change: Partial<AuditEntry>): AuditEntry {
  const time = "2026-11-23T12:00:00.000000Z";
  const base = { audit_id: "1", time, actor: "user:anna", address: "127.0.0.1", action: "sign_in" };
  return { ...base, target: "anna", result: "ok", detail: {}, ...change } as AuditEntry;
}

const ENTRIES = [
  entry({ audit_id: "2", result: "unauthorized", actor: "nobody" }),
  entry({ audit_id: "1", action: "PUT /risk/limits", detail: { scope: "all" } }),
];

const numbers = (found: readonly AuditEntry[]) => found.map(({ audit_id }) => audit_id);

it("every word must be somewhere in the entry, and the result must fit", () => {
  expect(numbers(matching(ENTRIES, EVERYTHING))).toEqual(["2", "1"]);
  expect(numbers(matching(ENTRIES, { words: "RISK anna", result: "any" }))).toEqual(["1"]);
  expect(numbers(matching(ENTRIES, { words: "", result: "refused" }))).toEqual(["2"]);
  expect(numbers(matching(ENTRIES, { words: "scope", result: "ok" }))).toEqual(["1"]);
});

it("a file of it holds no formulas, and quotes stay quotes", () => {
  const text = csvOf([entry({ target: '=cmd|"x"', detail: {} })]);
  expect(text).toBe(
    '"time","actor","address","action","target","result","detail"\r\n' +
      '"2026-11-23T12:00:00.000000Z","user:anna","127.0.0.1","sign_in","\'=cmd|""x""","ok","{}"\r\n',
  );
});

it("equal entries in a row are one line with its newest time, and others stay apart", () => {
  const again = ["5", "4", "3"].map((audit_id) =>
    entry({ audit_id, time: `2026-11-23T12:00:0${audit_id}Z` }),
  );
  const runs = runsOf([...again, entry({ audit_id: "2", actor: "user:bob" }), entry({ audit_id: "1" })]);
  expect(runs.map(({ audit_id, count }) => [audit_id, count])).toEqual([
    ["5", 3],
    ["2", 1],
    ["1", 1],
  ]);
});
