import { describe, expect, it } from "vitest";
import { BROKERS } from "./broker-terms";
import {
  environmentRefusal,
  errorsOf,
  FIRST_DRAFT,
  fieldsOf,
  requestOf,
  type WizardDraft,
  withBroker,
} from "./wizard-request";

const DEMO: WizardDraft = { ...FIRST_DRAFT, environment: "demo" };

describe("the request of the wizard", () => {
  it("a simulator is asked for without credentials", () => {
    const typed = { ...FIRST_DRAFT, values: { "credentials.api_key": "left over" } };
    expect(requestOf(typed)).toEqual({
      broker: "bybit",
      environment: "simulated",
      execution: "broker",
      connection_id: null,
    });
  });

  it("puts credentials and options where the server reads them, and leaves empty fields out", () => {
    const draft: WizardDraft = {
      ...DEMO,
      connectionId: " my-demo ",
      values: {
        "credentials.api_key": " key ",
        "credentials.api_secret": "secret",
        "options.account_id": "123",
        "options.recv_window_ms": "8000",
        "options.allow_withdrawal_key": false,
        "options.trigger_by": "",
      },
    };
    expect(requestOf(draft)).toEqual({
      broker: "bybit",
      environment: "demo",
      execution: "broker",
      connection_id: "my-demo",
      credentials: { api_key: "key", api_secret: "secret" },
      options: { account_id: "123", recv_window_ms: 8000 },
    });
  });

  it("local execution sends no credentials and keeps its own options together", () => {
    const draft: WizardDraft = {
      ...FIRST_DRAFT,
      environment: "live",
      execution: "local",
      values: { "options.local.balance": "5000", "credentials.api_key": "typed before" },
    };
    const request = requestOf(draft);
    expect(request.credentials).toBeUndefined();
    expect(request.options).toEqual({ local: { balance: "5000" } });
  });

  it("IBKR's port and client id stay texts, as its credentials are", () => {
    const draft = { ...withBroker(DEMO, "ibkr"), environment: "paper" as const };
    const values = {
      "credentials.port": "4002",
      "credentials.client_id": "21",
      "options.delayed_data": true,
    };
    expect(requestOf({ ...draft, values })).toMatchObject({
      credentials: { port: "4002", client_id: "21" },
      options: { delayed_data: true },
    });
  });

  it("a bridge to MetaTrader 5 is never sent a password typed for the other way", () => {
    const draft = { ...withBroker(DEMO, "mt5"), environment: "demo" as const };
    const values = { "credentials.password": "hidden", "credentials.bridge_token": "token" };
    expect(requestOf({ ...draft, way: "bridge", values }).credentials).toEqual({ bridge_token: "token" });
    expect(requestOf({ ...draft, way: "process", values }).credentials).toEqual({ password: "hidden" });
  });

  it("another broker forgets what was typed and keeps what it offers too", () => {
    const draft: WizardDraft = {
      ...FIRST_DRAFT,
      environment: "testnet",
      execution: "local",
      values: { x: "y" },
    };
    const other = withBroker(draft, "ibkr");
    expect(other).toMatchObject({ environment: "simulated", execution: "broker" });
    expect(other.values).toEqual({});
    expect(withBroker({ ...draft, environment: "live" }, "mt5").environment).toBe("live");
  });
});

describe("real money in the wizard", () => {
  it("is refused with its reason unless the server allows it", () => {
    expect(environmentRefusal("live", "broker", false)).toContain("EDGERUNNER_ALLOW_LIVE");
    expect(environmentRefusal("live", "broker", true)).toBeNull();
    expect(environmentRefusal("demo", "broker", false)).toBeNull();
  });

  it("live prices with local fills need no permission: nothing is sent", () => {
    expect(environmentRefusal("live", "local", false)).toBeNull();
  });
});

describe("the server's words in the wizard", () => {
  it("stand at their field, or apart when no field shows them", () => {
    const problems = [
      { field: "credentials.api_key", code: "required", message: "is missing" },
      { field: "connection_id", code: "pattern", message: "a to z" },
      { field: "options.rest_url", code: "invalid", message: "no address" },
    ];
    expect(errorsOf(DEMO, problems)).toEqual({
      fields: { "credentials.api_key": "is missing", connection_id: "a to z" },
      others: ["options.rest_url: no address"],
    });
  });

  it("the UID is asked for on demo only, which does not tell it", () => {
    const names = (draft: WizardDraft) => fieldsOf(draft).main.map((terms) => terms.name);
    expect(names(DEMO)).toContain("options.account_id");
    expect(names({ ...DEMO, environment: "testnet" })).not.toContain("options.account_id");
  });
});

it("every secret of every broker is masked", () => {
  const fields = Object.values(BROKERS).flatMap((terms) => terms.ways.flatMap((way) => way.fields));
  const secrets = fields.filter(({ name }) => /key|secret|password|token/.test(name));
  expect(secrets.length).toBeGreaterThanOrEqual(5);
  for (const { kind } of secrets) expect(kind).toMatch(/^secret/);
});
