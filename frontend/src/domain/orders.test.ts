import { describe, expect, it } from "vitest";
import { isClosed, isPinned, type Order, refusalOf, standingOf } from "./orders";

const KNOWN = { outcome_unknown: null, held: null } as const;
const UNKNOWN = { since: "2026-11-23T16:00:00.000000Z", reason: "no answer in 5 s" };

describe("order status words", () => {
  it.each<[Order["status"], string, string]>([
    ["initialized", "unsent", "not sent"],
    ["denied", "refused", "denied"],
    ["submitted", "sent", "sent"],
    ["accepted", "working", "working"],
    ["rejected", "refused", "rejected"],
    ["triggered", "working", "triggered"],
    ["pending_update", "sent", "change sent"],
    ["pending_cancel", "canceling", "cancel asked"],
    ["partially_filled", "working", "partly filled"],
    ["filled", "filled", "filled"],
    ["canceled", "ended", "canceled"],
    ["expired", "ended", "expired"],
  ])("tells %s as %s: %s", (status, standing, word) => {
    expect(standingOf({ status, ...KNOWN })).toEqual({ standing, word });
  });

  it("puts an unknown outcome before every status", () => {
    for (const status of ["submitted", "accepted", "canceled"] as const)
      expect(standingOf({ status, held: null, outcome_unknown: UNKNOWN }).standing).toBe("unknown");
  });

  it.each([
    ["untriggered", "waiting"],
    ["trigger", "waiting"],
    ["child", "inactive"],
    ["child,trigger", "inactive"],
    ["locate", "inactive"],
  ])("tells an accepted order that is held by %s as %s", (held, standing) => {
    expect(standingOf({ status: "accepted", outcome_unknown: null, held }).standing).toBe(standing);
  });

  it("keeps the word of a broker that holds an order for a reason of its own", () => {
    expect(standingOf({ status: "accepted", outcome_unknown: null, held: "locate" }).word).toBe(
      "inactive: locate",
    );
  });

  it("pins what a person must look at, closed or not", () => {
    expect(isPinned({ outcome_unknown: UNKNOWN, needs_operator: null })).toBe(true);
    expect(isPinned({ outcome_unknown: null, needs_operator: "filled after its rejection" })).toBe(true);
    expect(isPinned({ outcome_unknown: null, needs_operator: null })).toBe(false);
    expect(isClosed({ status: "expired" })).toBe(true);
    expect(isClosed({ status: "pending_cancel" })).toBe(false);
  });

  it("tells our refusal and the broker's apart, word for word", () => {
    const broker = { status: "Rejected", code: "110007", text: "ab not enough" };
    expect(refusalOf({ status: "rejected", denied: null, broker })).toEqual({
      by: "broker",
      code: "110007",
      text: "ab not enough",
    });
    expect(
      refusalOf({ status: "denied", denied: { code: "halted", text: "trading is halted" }, broker }),
    ).toEqual({
      by: "us",
      code: "halted",
      text: "trading is halted",
    });
    expect(
      refusalOf({ status: "accepted", denied: null, broker: { status: "New", code: null, text: null } }),
    ).toBeNull();
  });
});
