// @vitest-environment jsdom
import { act, cleanup, fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { useUi } from "@/app/ui-state";
import { BTCUSDT, connectionOf, EURUSD, orderOf } from "@/testing/market";
import { type FakeServer, openStream, showPage, streamTells } from "@/testing/page";
import { Blotter } from "./Blotter";
import { MoveOrder } from "./MoveOrder";

const POSITION = {
  connection_id: "bybit-sim",
  account_id: "1000001",
  instrument_id: "BTCUSDT-LINEAR.BYBIT",
  position_id: "net",
  side: "long",
  quantity: "0.01",
  quantity_unit: "coins",
  average_price: "66000",
  mark_price: "66100",
  currency: "USDT",
  unrealized_pnl: "-1.5",
  realized_pnl: "0",
  leverage: null,
  take_profit: null,
  stop_loss: "65000",
  protection: "broker",
  as_of: "2026-11-23T12:00:00.000000Z",
};
const MT5_ORDER = { connection_id: "mt5-sim", instrument_id: "EURUSD.MT5", price: "1.05", quantity: "0.5" };

const ON_MARKET = <Blotter market={{ connectionId: "bybit-sim", instrumentId: "BTCUSDT-LINEAR.BYBIT" }} />;

function show(
  server: FakeServer,
  orders: readonly object[] = [],
  content: ReactNode = <Blotter market={null} />,
) {
  openStream();
  streamTells("connections", { connections: [connectionOf("bybit"), connectionOf("mt5")] });
  streamTells("positions", { positions: [POSITION] });
  streamTells("orders", { orders });
  streamTells("fills", { fills: [] });
  return showPage(content, (asked) => {
    if (asked.path !== "/instruments") return server(asked);
    const isMt5 = asked.query.get("connection_id") === "mt5-sim";
    return { status: 200, body: { instruments: [isMt5 ? EURUSD : BTCUSDT] } };
  });
}

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("blotter", () => {
  it("closes a position only after asking, and tells what came of it", async () => {
    const body = {
      results: [
        { client_order_id: "C", ok: false, order: null, code: "not_connected", detail: "bybit-sim is down" },
      ],
    };
    const { asked } = show(() => ({ status: 200, body }));
    const user = userEvent.setup();
    expect(screen.getByText(/SL 65000/)).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Close long 0.01 BTCUSDT-LINEAR.BYBIT" }));
    expect(document.activeElement?.textContent).toBe("Keep it");
    expect(asked.filter((each) => each.method === "POST")).toEqual([]);
    await user.click(screen.getByRole("button", { name: "Close at market" }));
    expect((await screen.findByRole("dialog")).textContent).toContain("bybit-sim is down");
    expect(asked.find((each) => each.path === "/positions/close")?.body).toEqual({
      connection_id: "bybit-sim",
      account_id: "1000001",
      instrument_id: "BTCUSDT-LINEAR.BYBIT",
      position_id: "net",
    });
  });

  it("cancels all after asking, with a result for each order", async () => {
    const results = [
      { client_order_id: "A", ok: true, order: null, code: null, detail: null },
      {
        client_order_id: "B",
        ok: false,
        order: null,
        code: "still_working",
        detail: "the end is not confirmed",
      },
    ];
    const { asked } = show(
      () => ({ status: 200, body: { results } }),
      [orderOf("A", "accepted"), orderOf("B", "accepted")],
    );
    const user = userEvent.setup();
    await user.click(screen.getByRole("tab", { name: /Open orders/ }));
    await user.click(screen.getByRole("button", { name: "Cancel all" }));
    expect(document.activeElement?.textContent).toBe("Keep them");
    const [, inDialog] = screen.getAllByRole("button", { name: "Cancel all", hidden: true });
    if (inDialog !== undefined) await user.click(inDialog);
    await waitFor(() => expect(screen.getByRole("dialog").textContent).toContain("still_working"));
    expect(screen.getByText("\u2713 done")).toBeTruthy();
    expect(asked.find((each) => each.path === "/orders/cancel-all")?.body).toEqual({});
  });

  it("changes a price in its row and leaves what the broker does not change", async () => {
    const order = orderOf("A", "accepted", MT5_ORDER);
    const { asked } = show(() => ({ status: 200, body: { order } }), [order]);
    const user = userEvent.setup();
    await user.click(screen.getByRole("tab", { name: /Open orders/ }));
    await user.click(screen.getByRole("button", { name: "Change buy 0.5 EURUSD.MT5" }));
    expect(((await screen.findByLabelText("Quantity")) as HTMLInputElement).disabled).toBe(true);
    expect(screen.getByText(/changes prices of a working order, not its volume/)).toBeTruthy();
    const price = screen.getByLabelText("Limit");
    await user.clear(price);
    await user.type(price, "1.06{Enter}");
    await waitFor(() =>
      expect(asked.find((each) => each.method === "PATCH")?.body).toEqual({ price: "1.06" }),
    );
  });

  it("shows a refused cancel in the server's words", async () => {
    const refusal = {
      code: "order_closed",
      detail: "order A is filled; there is nothing to cancel",
      errors: [],
    };
    show(() => ({ status: 409, body: refusal }), [orderOf("A", "accepted")]);
    const user = userEvent.setup();
    await user.click(screen.getByRole("tab", { name: /Open orders/ }));
    await user.click(screen.getByRole("button", { name: "Cancel buy 0.01 BTCUSDT-LINEAR.BYBIT" }));
    expect((await screen.findByRole("alert")).textContent).toBe(
      "order A is filled; there is nothing to cancel(order_closed)",
    );
  });

  it.each([
    ["c", "Cancel buy 0.02 BTCUSDT-LINEAR.BYBIT?", "Keep it"],
    ["C", "Cancel all orders of BTCUSDT-LINEAR.BYBIT at bybit-sim?", "Keep them"],
    ["f", "Close all in BTCUSDT-LINEAR.BYBIT?", "Keep it"],
  ])("asks before anything is done for the key %s", (key, title, wayOut) => {
    const newest = { quantity: "0.02", created_at: "2026-11-23T13:00:00.000000Z" };
    const orders = [
      orderOf("A", "accepted"),
      orderOf("B", "accepted", newest),
      orderOf("M", "accepted", MT5_ORDER),
    ];
    const { asked } = show(() => null, orders, ON_MARKET);
    fireEvent.keyDown(document.body, { key, shiftKey: key === "C" });
    expect(screen.getByRole("dialog", { name: title })).toBeTruthy();
    expect(document.activeElement?.textContent).toBe(wayOut);
    expect(asked.filter(({ method }) => method !== "GET")).toEqual([]);
  });

  it("does what the answer says, about the order that was asked about", async () => {
    const { asked } = show(
      () => ({ status: 200, body: { order: orderOf("A", "canceled") } }),
      [orderOf("A", "accepted")],
      ON_MARKET,
    );
    fireEvent.keyDown(document.body, { key: "c" });
    act(() =>
      streamTells("orders", {
        orders: [
          orderOf("B", "accepted", { created_at: "2026-11-23T13:00:00.000000Z" }),
          orderOf("A", "accepted"),
        ],
      }),
    );
    await userEvent.setup().click(screen.getByRole("button", { name: "Cancel the order" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(asked.find(({ method }) => method === "DELETE")?.path).toBe("/orders/A");
  });

  it("closes what is held in the market on screen, and nothing else", async () => {
    const { asked } = show(() => ({ status: 200, body: { results: [] } }), [], ON_MARKET);
    fireEvent.keyDown(document.body, { key: "f" });
    expect(screen.getByRole("dialog").textContent).toContain("long 0.01 in account 1000001");
    await userEvent.setup().click(screen.getByRole("button", { name: "Close at market" }));
    await waitFor(() =>
      expect(asked.find(({ path }) => path === "/positions/close")?.body).toEqual({
        connection_id: "bybit-sim",
        instrument_id: "BTCUSDT-LINEAR.BYBIT",
      }),
    );
  });

  it("asks about an order whose line was moved, with the new price in its field", async () => {
    const order = orderOf("A", "accepted");
    const moved = <MoveOrder orderId="A" price="65500.5" onEnd={() => undefined} />;
    const { asked } = show(() => ({ status: 200, body: { order } }), [order], moved);
    expect(screen.getByRole("dialog").textContent).toContain("From 66000.0 to 65500.5");
    expect(((await screen.findByLabelText("Limit")) as HTMLInputElement).value).toBe("65500.5");
    expect(asked.filter(({ method }) => method === "PATCH")).toEqual([]);
  });

  it("has nothing to cancel where nothing works, and no keys while letters are typed", () => {
    show(() => null, [], ON_MARKET);
    fireEvent.keyDown(screen.getByRole("checkbox"), { key: "c" });
    expect(screen.getByRole("dialog", { name: "No order works in BTCUSDT-LINEAR.BYBIT" })).toBeTruthy();
    fireEvent.keyDown(document.body, { key: "f" });
    expect(screen.queryByText(/^Close all/)).toBeNull();
  });

  it("has no keys where the user switched them off", () => {
    useUi.setState({ hasHotkeys: false });
    show(() => null, [orderOf("A", "accepted")], ON_MARKET);
    fireEvent.keyDown(document.body, { key: "c" });
    useUi.setState({ hasHotkeys: true });
    expect(screen.queryByRole("dialog")).toBeNull();
  });
});
