import { expect, it } from "vitest";
import { liveAccounts, minutesLeft } from "./arming-rules";

const LIVE = { account_id: "U1", mode: "netting", currency: "USD", live: true } as const;

it("only accounts that a broker reports as live can be armed, and never on local execution", () => {
  const connections = [
    {
      connection_id: "ibkr-live",
      execution: "broker",
      accounts: [LIVE, { ...LIVE, account_id: "DU1", live: false }],
    },
    { connection_id: "bybit-local", execution: "local", accounts: [LIVE] },
  ];
  expect(liveAccounts(connections)).toEqual([{ connectionId: "ibkr-live", accountId: "U1" }]);
});

it("a begun minute is a minute, and what is over is 0", () => {
  const until = "2026-11-23T17:00:00.000000Z";
  const at = Date.parse(until);
  expect(minutesLeft(until, at - 60_001)).toBe(2);
  expect(minutesLeft(until, at - 1)).toBe(1);
  expect(minutesLeft(until, at + 5_000)).toBe(0);
});
