import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  add,
  compare,
  decimal,
  decimalsOf,
  divide,
  floorToStep,
  isOnStep,
  multiply,
  parseDecimal,
  rounded,
  stepped,
  subtract,
  toPlain,
} from "./decimal";

const decimals = fc
  .record({ units: fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), scale: fc.nat(12) })
  .map(({ units, scale }) => ({ units, scale }));

describe("decimal", () => {
  it("reads what it wrote", () => {
    fc.assert(fc.property(decimals, (value) => compare(decimal(toPlain(value)), value) === 0));
  });

  it("adds and takes away without losing a digit", () => {
    fc.assert(fc.property(decimals, decimals, (a, b) => compare(subtract(add(a, b), b), a) === 0));
  });

  it.each(["", "1e5", ".5", "5.", "+1", "NaN", "1,000", " 1", "0x1"])("refuses %j", (text) => {
    expect(parseDecimal(text)).toBeNull();
  });

  it("knows that a tenth three times is three tenths", () => {
    expect(toPlain(multiply(decimal("0.1"), decimal("3")))).toBe("0.3");
  });

  it("rounds down to a step, below zero too", () => {
    fc.assert(
      fc.property(decimals, fc.bigInt({ min: 1n, max: 10n ** 6n }), fc.nat(6), (value, units, scale) => {
        const step = { units, scale };
        const floor = floorToStep(value, step);
        expect(isOnStep(floor, step)).toBe(true);
        expect(compare(floor, value)).toBeLessThanOrEqual(0);
        expect(compare(add(floor, step), value)).toBeGreaterThan(0);
      }),
    );
  });

  it("divides to a stated number of decimals", () => {
    expect(divide(decimal("1"), decimal("3"), 4)).toEqual(decimal("0.3333"));
    expect(divide(decimal("-1.00"), decimal("8"), 2)).toEqual(decimal("-0.12"));
    expect(divide(decimal("1"), decimal("0"), 2)).toBeNull();
  });

  it.each([
    ["2.345", 2, "2.35"],
    ["-2.345", 2, "-2.35"],
    ["2.344", 2, "2.34"],
    ["2", 3, "2.000"],
  ])("rounds %s to %i decimals as %s", (text, scale, wanted) => {
    expect(toPlain(rounded(decimal(text), scale))).toBe(wanted);
  });

  it.each([
    ["0.50", 1],
    ["0.00005", 5],
    ["10", 0],
    ["1.0", 0],
  ])("counts the decimals of step %s", (text, wanted) => {
    expect(decimalsOf(decimal(text))).toBe(wanted);
  });

  it.each([
    ["1.00", "0.01", 1, "1.01"],
    ["", "0.5", 1, "0.5"],
    ["0.2", "0.5", -1, "0.0"],
    ["0.7", "0.5", 1, "1.0"],
    ["0.7", "0.5", -1, "0.5"],
    ["66100", "0.1", 10, "66101.0"],
    ["words", "1", 1, "1"],
  ])("steps %s by %s %i times to %s", (text, step, steps, expected) => {
    expect(stepped(text, step, steps)).toBe(expected);
  });

  it("steps there and back on the grid", () => {
    fc.assert(
      fc.property(fc.nat(10 ** 9), fc.integer({ min: 1, max: 20 }), (units, steps) => {
        const text = toPlain({ units: BigInt(units), scale: 3 });
        return compare(decimal(stepped(stepped(text, "0.001", steps), "0.001", -steps)), decimal(text)) === 0;
      }),
    );
  });
});
