import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { METRICS, metricWords } from "./metrics";

const PAGE = readFileSync(new URL("../../../../docs/metrics.md", import.meta.url), "utf8");

describe("figures of a run", () => {
  it("are defined word for word as on the page of metrics", () => {
    const told = [...PAGE.matchAll(/^\| `(\w+)` \| (.+?) \| (.+?) \| (.+) \|$/gm)].map(
      ([, name, title, , definition]) => ({ name, title, definition }),
    );
    expect(told.length).toBeGreaterThan(40);
    expect(METRICS.map(({ name, title, definition }) => ({ name, title, definition }))).toEqual(told);
  });

  it.each([
    ["fraction", -0.008290533, "\u22120.83\u2009%"],
    ["money", 12345.678, "12\u2009345.68"],
    ["money", -0.001, "0.00"],
    ["count", 92, "92"],
    ["ratio", 1.23456, "1.235"],
    ["seconds", 1448100, "16\u2009d 18\u2009h"],
    ["seconds", 60, "1\u2009min"],
    ["seconds", 0, "0\u2009s"],
    ["time", "2026-11-06T22:30:00.000000Z", "2026-11-06 22:30:00"],
    ["ratio", null, "\u2014"],
  ])("of the unit %s are written for people: %s", (unit, value, words) => {
    expect(metricWords({ unit }, value)).toBe(words);
  });
});
