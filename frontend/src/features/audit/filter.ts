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
