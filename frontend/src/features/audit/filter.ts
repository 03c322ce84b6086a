import type { AuditEntry } from "@/api/queries/audit";

export type AuditFilter = { readonly words: string; readonly result: "any" | "ok" | "refused" };

export const EVERYTHING: AuditFilter = { words: "", result: "any" };

export const WITH_RESULT: readonly (readonly [AuditFilter["result"], string])[] = [
  ["any", "anything"],
  ["ok", "done"],
  ["refused", "refused"],
];

/** Entries that have every typed word somewhere, in any case. */
export function matching(entries: readonly AuditEntry[], filter: AuditFilter): readonly AuditEntry[] {
  const words = filter.words.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter((entry) => {
    if (filter.result !== "any" && (entry.result === "ok") !== (filter.result === "ok")) return false;
    const text = cellsOf(entry).join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Equal entries in a row, as one: the newest of them and how many they are. */
export type AuditRun = AuditEntry & { readonly count: number };

/** A program that asks again and again must not push everything else out of sight. */
export function runsOf(entries: readonly AuditEntry[]): readonly AuditRun[] {
  const runs: AuditRun[] = [];
  for (const entry of entries) {
    const last = runs.at(-1);
    if (last !== undefined && sameOf(last) === sameOf(entry))
      runs.splice(-1, 1, { ...last, count: last.count + 1 });
    else runs.push({ ...entry, count: 1 });
  }
  return runs;
}

/** All but when it was. */
function sameOf(entry: AuditEntry): string {
  return cellsOf(entry).slice(1).join("\u0000");
}

const HEAD = ["time", "actor", "address", "action", "target", "result", "detail"];

function cellsOf({ time, actor, address, action, target, result, detail }: AuditEntry): readonly string[] {
  return [time, actor, address, action, target, result, JSON.stringify(detail)];
}

/** The entries as a table for a spreadsheet. */
export function csvOf(entries: readonly AuditEntry[]): string {
  return [HEAD, ...entries.map(cellsOf)].map((cells) => `${cells.map(csvCell).join(",")}\r\n`).join("");
}

/** Quoted; text that a spreadsheet would run as a formula gets an apostrophe in front. */
function csvCell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
