import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { curveOf, drawdownOf, timeTick } from "./curve";

describe("curve", () => {
  it("leaves a hole where the broker told no equity", () => {
    const points = [
      { time: "2026-11-23T04:00:00.000000Z", equity: "100.5" },
      { time: "2026-11-23T04:01:00.000000Z", equity: null },
    ];
    expect(curveOf(points)).toEqual({ times: [1795406400, 1795406460], values: [100.5, null] });
  });

  it("measures the fall from the highest value so far", () => {
    expect(drawdownOf([100, 120, 90, null, 130, 65])).toEqual([0, 0, -0.25, null, 0, -0.5]);
  });

  it("is never above zero and zero at every new high", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1_000 })), (values) => {
        const falls = drawdownOf(values);
        return falls.every(
          (fall, index) =>
            fall !== null &&
            fall <= 0 &&
            (values[index] !== Math.max(...values.slice(0, index + 1)) || fall === 0),
        );
      }),
    );
  });
});

const AT = Date.parse("2026-11-23T16:05:30Z") / 1000;

describe("a time at an axis", () => {
  it("is UTC: the day for ticks that are days apart, else the time of day", () => {
    expect(timeTick(AT, 86_400)).toBe("11-23");
    expect(timeTick(AT, 3_600)).toBe("16:05");
    expect(timeTick(AT, 5)).toBe("16:05:30");
  });

  it("is the day at midnight, so that a curve over several days can be read", () => {
    expect(timeTick(Date.parse("2026-11-23T00:00:00Z") / 1000, 3_600)).toBe("11-23");
  });
});
