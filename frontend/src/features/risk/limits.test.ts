import { describe, expect, it } from "vitest";
import type { Limits, Use } from "@/api/queries/risk";
import { draftOf, LIMITS, limitErrors, limitsOf, limitWords, usesOf } from "./limits";
import { limitsOfScope, scopeRows, scopeWords } from "./scopes";

const NONE: Limits = limitsOfScope({ scope: "all", words: "", set: null });

function use(limits: Partial<Limits>, rest: Partial<Use> = {}): Use {
  return {
    connection_id: "bybit-sim",
    account_id: "1",
    currency: "USD",
    state: "active",
    open_orders: 0,
    orders_last_second: 0,
    exposure: null,
    equity: "1000",
    daily_loss: "0",
    drawdown: "0",
    ...rest,
    limits: { ...NONE, ...limits },
  };
}

describe("the use of limits", () => {
  it("only limits that are set are shown", () => {
    expect(usesOf(use({}))).toEqual([]);
    expect(usesOf(use({ price_collar: "0.1" }))).toEqual([]);
  });

  it("is exact where floats are not: 0.1 + 0.2 of 0.3 is reached", () => {
    const [bar] = usesOf(use({ max_drawdown: "0.3" }, { drawdown: "0.3" }));
    expect(bar).toMatchObject({
      perMille: 1000,
      level: "reached",
      used: "30.00\u2009%",
      allowed: "30.00\u2009%",
    });
    const [below] = usesOf(use({ max_drawdown: "0.3" }, { drawdown: "0.299999999999999999" }));
    expect(below).toMatchObject({ perMille: 999, level: "near" });
  });

  it("is near from four fifths on", () => {
    expect(usesOf(use({ max_open_orders: 5 }, { open_orders: 4 }))[0]).toMatchObject({
      level: "near",
      perMille: 800,
      used: "4",
      allowed: "5",
    });
    expect(usesOf(use({ max_open_orders: 5 }, { open_orders: 3 }))[0]?.level).toBe("fine");
  });

  it("a gain uses nothing of a loss limit", () => {
    expect(usesOf(use({ max_daily_loss: "1000" }, { daily_loss: "-40.81" }))[0]).toMatchObject({
      perMille: 0,
      used: "0.00 USD",
    });
  });

  it("what is not known is said, never drawn as nothing", () => {
    expect(usesOf(use({ max_account_exposure: "10" }, { exposure: null }))[0]).toMatchObject({
      perMille: null,
      level: "unknown",
      used: "not known",
    });
  });
});

describe("the form of limits", () => {
  it("sends what it was given back unchanged", () => {
    const limits: Limits = {
      ...NONE,
      max_daily_loss: "1000.50",
      max_open_orders: 5,
      session_hours: true,
      reduce_only: false,
    };
    expect(limitsOf(draftOf(limits))).toEqual({
      max_daily_loss: "1000.50",
      max_open_orders: 5,
      session_hours: true,
    });
  });

  it("an emptied field limits nothing, and money never becomes a number", () => {
    const draft = { ...draftOf(NONE), max_order_notional: " 25000 ", max_daily_loss: "  " };
    expect(limitsOf(draft)).toEqual({ max_order_notional: "25000" });
  });

  it("a count that is none is sent as typed, so that the server names the field", () => {
    expect(limitsOf({ ...draftOf(NONE), max_open_orders: "five" })).toEqual({ max_open_orders: "five" });
  });

  it("the server's words stand at the limit they are about", () => {
    const problems = [{ field: "limits.max_open_orders", code: "x", message: "must be 1 or more" }];
    expect(limitErrors(problems)).toEqual({ max_open_orders: "must be 1 or more" });
  });

  it("has a field for every limit of the server", () => {
    expect(LIMITS.map((terms) => terms.name).sort()).toEqual(Object.keys(NONE).sort());
  });
});

it("a limit is told in its own unit", () => {
  const words = (name: keyof Limits, value: string) => {
    const terms = LIMITS.find((each) => each.name === name);
    return terms === undefined ? null : limitWords(terms, value, "USD");
  };
  expect(words("max_daily_loss", "1000")).toBe("1\u2009000.00 USD");
  expect(words("price_collar", "0.05")).toBe("5.00\u2009%");
  expect(words("max_quote_age_s", "10")).toBe("10\u2009s");
});

describe("scopes", () => {
  it("lists what exists and what was set, each once", () => {
    const own = { reason: null, actor: "api-key", changed_at: null, limits: NONE };
    const set = [
      { ...own, scope: "strategy:old", state: "halted" as const },
      { ...own, scope: "all", state: "active" as const },
    ];
    const account = { account_id: "1", mode: "netting", currency: "USD", live: false } as const;
    const connections = [{ connection_id: "a", accounts: [account] }];
    expect(scopeRows(set, connections, ["s"]).map((row) => row.scope)).toEqual([
      "all",
      "connection:a",
      "account:a:1",
      "strategy:s",
      "strategy:old",
    ]);
  });

  it("are told in words", () => {
    expect(scopeWords("account:ibkr-sim:DU1")).toBe("Account DU1 at ibkr-sim");
    expect(scopeWords("all")).toBe("Everything");
  });
});
