import type { Dataset } from "@/api/queries/datasets";

/** From when to when a dataset reaches, how many rows it has and how many bars it lacks. */
export function coverageWords({ rows, kind, start, end, checks }: Dataset): string {
  if (start === null || end === null) return "nothing stored yet";
  const count = `${rows.toLocaleString("en")} ${kind === "bars" ? "bars" : "ticks"}`;
  return `${minute(start)} to ${minute(end)} UTC, ${count}, ${gapWords(checks)}`;
}

/** What is odd about the rows in one phrase. */
export function gapWords(checks: Dataset["checks"]): string {
  if (checks === null) return "not checked yet";
  if (checks.gaps === 0) return "no gaps";
  const gaps = checks.gaps === 1 ? "1 gap" : `${checks.gaps.toLocaleString("en")} gaps`;
  return `${gaps}, ${checks.missing_bars.toLocaleString("en")} bars missing`;
}

/** Share of the bars between first and last that are there, 0 to 1; null where it cannot be told. */
export function coverageShare({
  rows,
  kind,
  checks,
}: Pick<Dataset, "rows" | "kind" | "checks">): number | null {
  if (kind !== "bars" || checks === null || rows === 0) return null;
  return rows / (rows + checks.missing_bars);
}

function minute(stamp: string): string {
  return `${stamp.slice(0, 10)} ${stamp.slice(11, 16)}`;
}
