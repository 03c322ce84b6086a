import { describe, expect, it } from "vitest";
import type { Bar } from "@/api/queries/bars";
import { candleOf, joined } from "./candles";

function bar(minute: number, close: string): Bar {
  const time = `2026-11-23T04:0${minute}:00.000000Z`;
  return { time, open: "1", high: "2", low: "0.5", close, volume: "10", complete: true };
}

describe("candles", () => {
  it("lets the stream overtake what was loaded and keeps the order of time", () => {
    const bars = joined([bar(1, "1.1"), bar(2, "1.2")], [bar(3, "1.3"), bar(2, "1.25")]);
    expect(bars.map((each) => each.close)).toEqual(["1.1", "1.25", "1.3"]);
  });

  it("leaves a gap a gap", () => {
    expect(joined([bar(1, "1.1")], [bar(5, "1.5")])).toHaveLength(2);
  });

  it("counts time in whole seconds since 1970", () => {
    expect(candleOf(bar(1, "1.5"))).toEqual({ time: 1795406460, open: 1, high: 2, low: 0.5, close: 1.5 });
  });
});
