// @vitest-environment jsdom
import { act, cleanup, fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Instrument } from "@/api/queries/instruments";
import { streamStore } from "@/stream/store";
import { BTCUSDT, connectionOf, EURUSD, NO_LIMITS, orderOf, QUOTE } from "@/testing/market";
import { type Asked, openStream, showPage, streamTells } from "@/testing/page";
import { useOneClick } from "./oneClick";
import { pickPrice, useTickets } from "./store";
import { Ticket } from "./Ticket";

const MARKET = "bybit-sim BTCUSDT-LINEAR.BYBIT";
const PREVIEW = {
  connection_id: "bybit-sim",
  account_id: "1000001",
  notional: { currency: "USDT", amount: "660" },
  denied: null,
  refused: null,
  estimate: null,
  unsupported: "this broker estimates no orders before they are placed",
};

type Trade = (asked: Asked) => { status: number; body: unknown };

function placedAs(status: string, change: object = {}): Trade {
  return ({ body }) => {
    const { client_order_id } = body as { client_order_id: string };
    return { status: 201, body: { order: orderOf(client_order_id, status, change), children: [] } };
  };
}

type Options = {
  readonly live?: boolean;
  readonly instrument?: Instrument;
  readonly trade?: Trade;
  readonly preview?: object;
  readonly limits?: object;
};

function show(options: Options = {}) {
  const { instrument = BTCUSDT, live = false, trade = placedAs("accepted"), preview = {}, limits } = options;
  const broker = instrument === BTCUSDT ? "bybit" : "mt5";
  openStream();
  streamTells("connections", { connections: [connectionOf(broker, { live })] });
  streamTells("positions", { positions: [] });
  streamTells("orders", { orders: [] });
  streamTells("account", { accounts: [] });
  streamTells(`quotes:${broker}-sim:${instrument.instrument_id}`, QUOTE);
  return showPage(<Ticket connectionId={`${broker}-sim`} instrument={instrument} />, (asked) => {
    if (asked.path === "/trade/preview") return { status: 200, body: { ...PREVIEW, ...preview } };
    if (asked.path === "/risk") return { status: 200, body: riskWith({ ...NO_LIMITS, ...limits }) };
    return asked.path === "/trade" ? trade(asked) : null;
  });
}

function riskWith(limits: object) {
  const use = { connection_id: "bybit-sim", account_id: "1000001", currency: "USDT", exposure: "0", limits };
  return { state: "active", limits, scopes: [], armed: [], use: [use] };
}

const sendButton = () => screen.getByRole("button", { name: /^(Buy|Sell) .*limit$|^(Buy|Sell),/ });
const trades = (asked: readonly Asked[]) => asked.filter((each) => each.path === "/trade");

const idsOf = (asked: readonly Asked[]) =>
  trades(asked).map((each) => (each.body as { client_order_id: string }).client_order_id);

async function fill(quantity: string, limit: string) {
  const user = userEvent.setup();
  await user.type(screen.getByLabelText(/^Quantity/), quantity);
  await user.type(screen.getByLabelText(/^Limit/), limit);
  return user;
}

/** With a held button: real money is armed in the same way as it is sent. */
async function arm(user: ReturnType<typeof userEvent.setup>) {
  await user.click(screen.getByRole("button", { name: "Arm one-click trading from the book" }));
  expect(document.activeElement?.textContent).toBe("Cancel");
  const hold = screen.queryByRole("button", { name: "Hold to arm" });
  if (hold === null) {
    await user.click(screen.getByRole("button", { name: "Arm" }));
    return;
  }
  await user.click(hold);
  expect(useOneClick.getState().arming).toBeNull();
  fireEvent.pointerDown(hold);
  await waitFor(() => expect(useOneClick.getState().arming).not.toBeNull());
}

beforeEach(() => useTickets.setState({ byMarket: {}, sent: [] }));
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("ticket", () => {
  it("offers what the broker can do and tells why the rest is missing", () => {
    show({ instrument: EURUSD });
    const types = [...screen.getByLabelText("Order type").querySelectorAll("option")];
    expect(types.map((option) => option.textContent)).toEqual(["market", "limit", "stop", "stop limit"]);
    expect((screen.getByRole("checkbox", { name: /^Post-only/ }) as HTMLInputElement).disabled).toBe(true);
    expect(screen.getByText(/a stop loss in MetaTrader 5 closes at the market/)).toBeTruthy();
  });

  it("says beside the field what is wrong and does not send", async () => {
    const { asked } = show();
    await fill("0.0105", "66000");
    const field = screen.getByLabelText(/^Quantity/);
    expect(field.getAttribute("aria-invalid")).toBe("true");
    const note = document.getElementById(field.getAttribute("aria-describedby") ?? "");
    expect(note?.textContent).toContain("must be a multiple of 0.001 coins");
    expect((sendButton() as HTMLButtonElement).disabled).toBe(true);
    expect(trades(asked)).toEqual([]);
  });

  it("takes the nearest right values by one click", async () => {
    show();
    const user = await fill("0.0105", "66000.07");
    await user.click(screen.getByRole("button", { name: "Use 0.010 instead" }));
    await user.click(screen.getByRole("button", { name: "Use 66000.1 instead" }));
    expect((screen.getByLabelText(/^Quantity/) as HTMLInputElement).value).toBe("0.010");
    expect((screen.getByLabelText(/^Limit/) as HTMLInputElement).value).toBe("66000.1");
    expect(screen.queryByRole("button", { name: /instead$/ })).toBeNull();
    expect((sendButton() as HTMLButtonElement).disabled).toBe(false);
  });

  it("says at once which risk limit a quantity exceeds and what fits, and leaves the decision to the server", async () => {
    show({ limits: { max_order_quantity: "0.5" } });
    const user = await fill("0.6", "66000");
    expect(await screen.findByText(/above the risk limit for one order: 0.500 coins fits now/)).toBeTruthy();
    expect((sendButton() as HTMLButtonElement).disabled).toBe(false);
    await user.click(screen.getByRole("button", { name: "Use 0.500 instead" }));
    expect(screen.queryByText(/above the risk limit/)).toBeNull();
  });

  it("steps by the lot with arrow keys, ten times with Shift", async () => {
    show();
    const field = screen.getByLabelText(/^Quantity/) as HTMLInputElement;
    fireEvent.keyDown(field, { key: "ArrowUp", shiftKey: true });
    fireEvent.keyDown(field, { key: "ArrowDown" });
    expect(field.value).toBe("0.009");
  });

  it("turns to one side and to its quantity with B and S, and sends nothing", () => {
    const { asked } = show();
    fireEvent.keyDown(document.body, { key: "s" });
    expect((screen.getByRole("radio", { name: "Sell" }) as HTMLInputElement).checked).toBe(true);
    expect(document.activeElement).toBe(screen.getByLabelText(/^Quantity/));
    fireEvent.keyDown(screen.getByLabelText(/^Quantity/), { key: "b" });
    expect((screen.getByRole("radio", { name: "Sell" }) as HTMLInputElement).checked).toBe(true);
    expect(trades(asked)).toEqual([]);
  });

  it("takes a price of the book", () => {
    show();
    act(() => pickPrice(MARKET, "66050.5"));
    expect((screen.getByLabelText(/^Limit/) as HTMLInputElement).value).toBe("66050.5");
  });

  it("shows what the order would meet before it is sent", async () => {
    const denied = { code: "halted", text: "trading is halted" };
    show({ preview: { denied } });
    await fill("0.01", "66000");
    expect(await screen.findByText(/Would be denied here: trading is halted/)).toBeTruthy();
    expect(screen.getByText("660.00 USDT")).toBeTruthy();
    expect(screen.getByText(/1001 ticks \(0.15.%\) below the ask/)).toBeTruthy();
  });

  it("sends once, with its id as the idempotency key, and shows where the order stands", async () => {
    const { asked } = show();
    const user = await fill("0.01", "66000");
    await user.click(sendButton());
    expect(await screen.findByText("working")).toBeTruthy();
    const [sent] = trades(asked);
    expect(trades(asked)).toHaveLength(1);
    expect(sent?.body).toMatchObject({ side: "buy", order_type: "limit", quantity: "0.01", price: "66000" });
    const [id] = idsOf(asked);
    expect(id).toMatch(/^[0-9A-Z]{26}$/);
    expect(sent?.headers.get("Idempotency-Key")).toBe(id);
    expect(sent?.headers.get("X-Edgerunner-Source")).toBe("ui");
  });

  it("shows a refusal of the broker word for word", async () => {
    const broker = { status: "Rejected", code: "110007", text: "ab not enough for new order" };
    show({ trade: placedAs("rejected", { broker }) });
    const user = await fill("0.01", "66000");
    await user.click(sendButton());
    expect(await screen.findByText("ab not enough for new order")).toBeTruthy();
    expect(screen.getByText("(110007)")).toBeTruthy();
  });

  it("calls a lost answer unknown, blocks the ticket, and is freed by the stream", async () => {
    const { asked } = show({
      trade: () => {
        throw new TypeError("network down");
      },
    });
    const user = await fill("0.01", "66000");
    await user.click(sendButton());
    expect(await screen.findByText("Outcome unknown, asking the broker")).toBeTruthy();
    expect(screen.queryByText(/fail/i)).toBeNull();
    expect((sendButton() as HTMLButtonElement).disabled).toBe(true);
    expect((screen.getByLabelText(/^Quantity/) as HTMLInputElement).matches(":disabled")).toBe(true);
    act(() => streamTells("orders", { orders: [orderOf(idsOf(asked)[0] ?? "", "accepted")] }));
    expect(await screen.findByText("working")).toBeTruthy();
    expect((sendButton() as HTMLButtonElement).disabled).toBe(false);
    expect(trades(asked)).toHaveLength(1);
  });

  it("asks again about the same order within ten seconds, with the way out in focus", async () => {
    const { asked } = show();
    const user = await fill("0.01", "66000");
    await user.click(sendButton());
    await screen.findByText("working");
    await user.click(sendButton());
    expect(screen.getByRole("dialog").textContent).toContain("You sent the same order");
    expect(document.activeElement?.textContent).toBe("Cancel");
    expect(trades(asked)).toHaveLength(1);
    await user.click(screen.getByRole("button", { name: "Buy anyway" }));
    await waitFor(() => expect(trades(asked)).toHaveLength(2));
    expect(new Set(idsOf(asked)).size).toBe(2);
  });

  it("asks again about a price far from the market", async () => {
    const { asked } = show();
    const user = await fill("0.01", "6600");
    await user.click(sendButton());
    expect(screen.getByRole("dialog").textContent).toContain("below the ask");
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(trades(asked)).toEqual([]);
  });

  it("sends real money only from a button that is held", async () => {
    const { asked } = show({ live: true });
    const user = await fill("0.01", "66000");
    await user.click(sendButton());
    expect(document.activeElement?.textContent).toBe("Cancel");
    expect(screen.getByRole("dialog").textContent).toContain("Buy 0.01 coins of BTCUSDT-LINEAR.BYBIT?");
    const hold = screen.getByRole("button", { name: "Hold to buy" });
    await user.click(hold);
    expect(trades(asked)).toEqual([]);
    vi.useFakeTimers({ shouldAdvanceTime: true });
    fireEvent.pointerDown(hold);
    act(() => vi.advanceTimersByTime(599));
    expect(screen.queryByRole("dialog")).not.toBeNull();
    act(() => vi.advanceTimersByTime(1));
    expect(screen.queryByRole("dialog")).toBeNull();
    await waitFor(() => expect(trades(asked)).toHaveLength(1));
  });

  it("takes Ctrl+Enter twice for real money, and a key that is only held down once", async () => {
    const { asked } = show({ live: true });
    await fill("0.01", "66000");
    fireEvent.keyDown(screen.getByLabelText(/^Quantity/), { key: "Enter", ctrlKey: true });
    const cancel = screen.getByRole("button", { name: "Cancel" });
    fireEvent.keyDown(cancel, { key: "Enter", ctrlKey: true, repeat: true });
    expect(trades(asked)).toEqual([]);
    fireEvent.keyDown(cancel, { key: "Enter", ctrlKey: true });
    await waitFor(() => expect(trades(asked)).toHaveLength(1));
  });

  it("sends a clicked price at once while armed, and only puts it into the ticket otherwise", async () => {
    const { asked } = show({ live: true });
    const user = await fill("0.01", "66000");
    act(() => pickPrice(MARKET, "66050.5"));
    expect(trades(asked)).toEqual([]);
    await arm(user);
    act(() => pickPrice(MARKET, "66051.5"));
    await waitFor(() => expect(trades(asked)).toHaveLength(1));
    expect(trades(asked)[0]?.body).toMatchObject({ price: "66051.5", quantity: "0.01" });
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("asks about real money at the button even while armed", async () => {
    const { asked } = show({ live: true });
    const user = await fill("0.01", "66000");
    await arm(user);
    await user.click(sendButton());
    expect(screen.getByRole("dialog").textContent).toContain("Buy 0.01 coins of BTCUSDT-LINEAR.BYBIT?");
    expect(trades(asked)).toEqual([]);
  });

  it.each<[string, () => void]>([
    ["the window loses the focus", () => fireEvent.blur(window)],
    ["the link breaks", () => streamStore.setState({ link: { phase: "waiting" } as never })],
    ["the market is left", () => cleanup()],
  ])("ends one-click trading when %s", async (_, end) => {
    show();
    const user = await fill("0.01", "66000");
    await arm(user);
    expect(useOneClick.getState().arming).not.toBeNull();
    act(end);
    expect(useOneClick.getState().arming).toBeNull();
  });

  it("ends one-click trading with its time", async () => {
    const { asked } = show();
    const user = await fill("0.01", "66000");
    vi.useFakeTimers({ shouldAdvanceTime: true });
    act(() => useOneClick.getState().arm(MARKET, "1000001", Date.now()));
    act(() => vi.advanceTimersByTime(5 * 60_000));
    expect(useOneClick.getState().arming).toBeNull();
    act(() => pickPrice(MARKET, "66051.5"));
    expect(trades(asked)).toEqual([]);
    expect(user).toBeDefined();
  });

  it("does not turn an order for a position that is gone into a new position", async () => {
    show({ instrument: EURUSD });
    await fill("0.01", "1.08");
    act(() => useTickets.getState().edit("mt5-sim EURUSD.MT5", { positionId: "50000001" }));
    expect(screen.getByText(/position 50000001 is closed/)).toBeTruthy();
    expect((sendButton() as HTMLButtonElement).disabled).toBe(true);
  });

  it("shows old prices as old and turns off when the link is down", () => {
    show();
    act(() => streamStore.setState({ link: { phase: "waiting", attempt: 1, reason: "closed" } as never }));
    expect(screen.getByText(/No link to Edgerunner/)).toBeTruthy();
    expect(sendButton().closest("[inert]")).not.toBeNull();
  });
});
