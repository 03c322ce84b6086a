import { describe, expect, it } from "vitest";
import { decimal } from "./decimal";
import { age, money, price, quantity, signedMoney, signedPercent, signOf, signOfMoney } from "./format";

describe("format", () => {
  it("shows a price with the decimals of its tick", () => {
    expect(price("64250.5", "0.1")).toBe("64\u2009250.5");
    expect(price("1.1", "0.00005")).toBe("1.10000");
    expect(price(null, "0.1")).toBe("\u2014");
  });

  it("never hides digits of a quantity", () => {
    expect(quantity("0.001", "0.01")).toBe("0.001");
    expect(quantity("2", "0.01")).toBe("2.00");
  });

  it("shows money in the decimals of its currency with a true minus", () => {
    expect(money("-1234567.891", "USD")).toBe("\u22121\u2009234\u2009567.89");
    expect(money("0.123456789", "BTC")).toBe("0.12345679");
    expect(money("1999.5", "JPY")).toBe("2\u2009000");
  });

  it("gives gains a sign and zero none", () => {
    expect(signedMoney("5", "USD")).toBe("+5.00");
    expect(signedMoney("-5", "USD")).toBe("\u22125.00");
    expect(signedMoney("0", "USD")).toBe("0.00");
    expect(signedPercent(decimal("0.1234"))).toBe("+12.34\u2009%");
  });

  it("tells which way a number points", () => {
    expect(["1", "-0.1", "0.00", null].map(signOf)).toEqual(["up", "down", "flat", "flat"]);
  });

  it("points nowhere with money that is shown as zero", () => {
    expect(signOfMoney("-0.004", "USD")).toBe("flat");
    expect(signOfMoney("-0.004", "BTC")).toBe("down");
    expect(signedMoney("0.004", "USD")).toBe("0.00");
    expect(signOfMoney(null, "USD")).toBe("flat");
  });

  it("tells an age in one unit", () => {
    const now = Date.parse("2026-11-23T04:01:00Z");
    expect(age("2026-11-23T04:00:59.500000Z", now)).toBe("0\u2009s");
    expect(age("2026-11-23T03:50:00.000000Z", now)).toBe("11\u2009min");
    expect(age("2026-11-20T03:50:00.000000Z", now)).toBe("3\u2009d");
  });
});
