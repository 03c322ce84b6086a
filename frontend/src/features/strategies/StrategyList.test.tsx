// @vitest-environment jsdom
import { cleanup, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Strategy } from "@/api/queries/strategies";
import { BTCUSDT, connectionOf } from "@/testing/market";
import { type FakeServer, openStream, showPage, streamTells } from "@/testing/page";
import { StrategyList } from "./StrategyList";
import { strategyOf } from "./testing";

const CLASSES = {
  classes: [
    {
      name: "SmaCross",
      file: null,
      summary: "Buys when the fast average crosses above.",
      parameters: { properties: { fast: { type: "integer", default: 10, minimum: 1 } } },
    },
  ],
  bad_files: [{ file: "broken.py", error: "Traceback\nModuleNotFoundError: no nothing_there" }],
};

function show(strategies: readonly Strategy[], server: FakeServer = () => null, isLive = false) {
  openStream();
  streamTells("connections", { connections: [connectionOf("bybit", { live: isLive })] });
  return showPage(<StrategyList />, (asked) => {
    if (asked.method === "GET" && asked.path === "/strategies") return { status: 200, body: { strategies } };
    if (asked.path === "/strategies/classes") return { status: 200, body: CLASSES };
    if (asked.path === "/instruments") return { status: 200, body: { instruments: [BTCUSDT] } };
    return server(asked);
  });
}

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("list of strategies", () => {
  it("says why a strategy faulted and what it left open", async () => {
    const position = {
      side: "long",
      quantity: "0.02",
      instrument_id: "X.Y",
    } as Strategy["positions"][number];
    show([strategyOf({ state: "faulted", reason: "ValueError: third bar", positions: [position] })]);
    expect(await screen.findByText(/Faulted: ValueError: third bar/)).toBeTruthy();
    expect(screen.getByText(/It left open: long 0.02 X.Y/)).toBeTruthy();
  });

  it("starts on real money only after asking, with the focus on the way out", async () => {
    const { asked } = show([strategyOf({})], () => ({ status: 200, body: strategyOf({}) }), true);
    const user = userEvent.setup();
    await user.click(await screen.findByRole("button", { name: "Start sma" }));
    expect(screen.getByRole("dialog").textContent).toContain("real money");
    expect(document.activeElement?.textContent).toBe("Go back");
    expect(asked.filter(({ method }) => method === "POST")).toEqual([]);
    await user.click(screen.getByRole("button", { name: "Start" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(asked.filter(({ method }) => method === "POST").map(({ path }) => path)).toEqual([
      "/strategies/sma/start",
    ]);
  });

  it("keeps the question open with the server's words when a stop is refused", async () => {
    const problem = { code: "conflict", detail: "sma is stopped; there is nothing to stop", errors: [] };
    show([strategyOf({ state: "running", live: true })], () => ({ status: 409, body: problem }));
    const user = userEvent.setup();
    await user.click(await screen.findByRole("button", { name: "Stop sma" }));
    await user.click(screen.getByRole("button", { name: "Stop" }));
    const note = await screen.findByRole("alert");
    expect(note.textContent).toContain(problem.detail);
    expect(note.textContent).toContain("conflict");
    expect(screen.getByRole("dialog").contains(note)).toBe(true);
  });

  it("makes a strategy from the class's schema, and puts the server's errors at their fields", async () => {
    const problem = {
      code: "validation_error",
      detail: "parameters.fast: must be less than slow",
      errors: [{ field: "parameters.fast", code: "bounds", message: "must be less than slow" }],
    };
    const { asked } = show([], () => ({ status: 422, body: problem }));
    const user = userEvent.setup();
    await user.click(await screen.findByRole("button", { name: "New strategy" }));
    expect(await screen.findByText(/broken.py cannot be used: ModuleNotFoundError/)).toBeTruthy();
    await user.selectOptions(screen.getByLabelText("Strategy"), "SmaCross");
    await user.type(screen.getByLabelText("Instruments"), "BTC");
    await user.click(await screen.findByRole("option", { name: /BTCUSDT-LINEAR.BYBIT/ }));
    await user.click(screen.getByRole("button", { name: "Make the strategy" }));
    const field = screen.getByLabelText("fast");
    await waitFor(() => expect(field.getAttribute("aria-invalid")).toBe("true"));
    expect(asked.find(({ method }) => method === "POST")?.body).toMatchObject({
      class: "SmaCross",
      connection_id: "bybit-sim",
      instrument_ids: ["BTCUSDT-LINEAR.BYBIT"],
      parameters: { fast: 10 },
      on_stop: "cancel",
    });
  });
});
