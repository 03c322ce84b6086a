import { expect, it } from "vitest";
import { linkWords, moneyWords } from "./connection-words";

it("local execution says where its prices come from", () => {
  expect(moneyWords({ execution: "local", environment: "live" }, "local")).toContain("real prices");
  expect(moneyWords({ execution: "local", environment: "simulated" }, "local")).toContain("simulated prices");
  expect(moneyWords({ execution: "broker", environment: "live" }, "live")).toBe("real money");
});

it("a link tells how it stands, how quick it is and how old that is", () => {
  const link = { status: "up" as const, since: "2026-11-23T17:00:00.000000Z", latency_ms: 0.499742 };
  const nowMs = Date.parse(link.since) + 5_000;
  expect(linkWords(link, nowMs)).toBe("up, 0.5\u2009ms, told 5\u2009s ago");
  expect(linkWords({ ...link, latency_ms: 340.4 }, nowMs)).toBe("up, 340\u2009ms, told 5\u2009s ago");
  expect(linkWords({ ...link, latency_ms: null }, nowMs)).toBe("up, told 5\u2009s ago");
});
