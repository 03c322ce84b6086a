import { expect, it } from "vitest";
import type { AuditEntry } from "@/api/queries/audit";
import { csvOf, EVERYTHING, matching } from "./filter";

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
