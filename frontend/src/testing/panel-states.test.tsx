// @vitest-environment jsdom
import { cleanup, screen, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiKeyList } from "@/features/api-keys/ApiKeyList";
import { AuditLog } from "@/features/audit/AuditLog";
import { DatasetList } from "@/features/backtest/DatasetList";
import { RunList } from "@/features/backtest/RunList";
import { ConnectionCards } from "@/features/brokers/ConnectionCards";
import { Ledger } from "@/features/journal/Ledger";
import { Arming } from "@/features/risk/Arming";
import { LimitUse } from "@/features/risk/LimitUse";
import { Refusals } from "@/features/risk/Refusals";
import { ScopeList } from "@/features/risk/ScopeList";
import { StrategyList } from "@/features/strategies/StrategyList";
import { UserList } from "@/features/users/UserList";
import { markGaps, markRefused, setLink } from "@/stream/store";
import { type Answer, openStream, showPage, streamTells } from "./page";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

type Asked = {
  readonly panel: string;
  readonly content: ReactNode;
  readonly path: string;
  readonly empty: object;
};

const NO_RISK = { scopes: [], use: [], armed: [], state: "active" };

/** Panels that show one answer of the API, with an answer that has nothing in it. */
const ASKED: readonly Asked[] = [
  { panel: "Runs", content: <RunList />, path: "/backtest/runs", empty: { runs: [], next_cursor: null } },
  {
    panel: "Datasets",
    content: <DatasetList />,
    path: "/datasets",
    empty: { datasets: [], next_cursor: null },
  },
  { panel: "Strategies", content: <StrategyList />, path: "/strategies", empty: { strategies: [] } },
  { panel: "Use by account", content: <LimitUse />, path: "/risk", empty: NO_RISK },
  { panel: "Real money", content: <Arming />, path: "/risk", empty: NO_RISK },
  {
    panel: "Cash movements",
    content: <Ledger />,
    path: "/ledger",
    empty: { movements: [], next_cursor: null },
  },
  { panel: "API keys", content: <ApiKeyList />, path: "/api-keys", empty: { api_keys: [] } },
  { panel: "Users", content: <UserList />, path: "/users", empty: { users: [] } },
  { panel: "Audit log", content: <AuditLog />, path: "/audit", empty: { entries: [], next_cursor: null } },
];

/** The panel once it has come to its end state: it is replaced while its page loads. */
function panelOf(title: string): HTMLElement {
  return screen.getByRole("region", { name: title });
}

function problem(status: number, code: string, detail: string): Answer {
  return { status, body: { status, code, detail, errors: [] } };
}

describe.each(ASKED)("panel $panel", ({ panel, content, path, empty }) => {
  function show(answer: () => Answer | Promise<Answer>) {
    openStream();
    return showPage(content, (asked) => (asked.path === path ? answer() : null));
  }

  it("loads while no answer has come", () => {
    show(() => new Promise<Answer>(() => undefined));
    expect(panelOf(panel).getAttribute("aria-busy")).toBe("true");
  });

  it("says what to do next when there is nothing", async () => {
    show(() => ({ status: 200, body: empty }));
    await waitFor(() => expect(panelOf(panel).getAttribute("aria-busy")).toBe("false"));
    expect(panelOf(panel).querySelector("p")?.textContent).not.toBe("Not available");
    expect(panelOf(panel).querySelector("p + div")?.textContent?.length).toBeGreaterThan(20);
  });

  it("says which right lacks", async () => {
    const reason = "this needs the right 'admin', which the roles admin have";
    show(() => problem(403, "forbidden", reason));
    await waitFor(() => expect(panelOf(panel).textContent).toContain(`Not available${reason}`));
  });

  it("says that the server is away", async () => {
    show(() => problem(503, "overloaded", "the server is busy"));
    await waitFor(() => expect(panelOf(panel).textContent).toContain("disconnected"));
    expect(panelOf(panel).textContent).toContain("the server is busy");
    expect(panelOf(panel).querySelector("[inert]")).not.toBeNull();
  });
});

it("states and limits always list everything, so that a limit can be set before anything is connected", async () => {
  openStream();
  showPage(<ScopeList />, ({ path }) => (path === "/risk" ? { status: 200, body: NO_RISK } : null));
  await screen.findByRole("button", { name: "Limits of Everything" });
});

type Streamed = {
  readonly panel: string;
  readonly content: ReactNode;
  readonly channel: string;
  readonly list: string;
};

/** Panels that show one channel of the stream. */
const STREAMED: readonly Streamed[] = [
  { panel: "Brokers", content: <ConnectionCards />, channel: "connections", list: "connections" },
  { panel: "Refusals", content: <Refusals />, channel: "orders", list: "orders" },
];

describe.each(STREAMED)("panel $panel of the stream", ({ panel, content, channel, list }) => {
  function show() {
    openStream();
    showPage(content, () => null);
  }

  it("loads, is empty, stale, disconnected and denied, each in its own words", async () => {
    show();
    expect(panelOf(panel).getAttribute("aria-busy")).toBe("true");
    streamTells(channel, { [list]: [] });
    await waitFor(() =>
      expect(panelOf(panel).querySelector("p + div")?.textContent?.length).toBeGreaterThan(20),
    );
    markGaps(new Set([channel]));
    await waitFor(() => expect(panelOf(panel).textContent).toContain("not current since 12:00:00"));
    setLink({ phase: "waiting", retryAt: 0, reason: "closed (1006)" });
    await waitFor(() =>
      expect(panelOf(panel).textContent).toContain("No link to Edgerunner (closed (1006))"),
    );
    expect(panelOf(panel).querySelector("[inert]")).not.toBeNull();
    setLink({ phase: "open" });
    markRefused(channel, "forbidden", "this needs the right 'read'");
    await waitFor(() =>
      expect(panelOf(panel).textContent).toContain("Not availablethis needs the right 'read'"),
    );
  });
});
