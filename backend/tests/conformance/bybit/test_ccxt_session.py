"""A full session of an unmodified ccxt.pro against the simulator; only its addresses are changed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import suppress
from decimal import Decimal
from itertools import pairwise
from typing import Any

import ccxt
import ccxt.pro
import pytest

from tests.wire.bybit.kit import ACCOUNT, KEY, PATIENCE_S, SECRET, Simulator, until

pytestmark = pytest.mark.conformance

LINEAR, SPOT = "BTC/USDT:USDT", "BTC/USDT"
Exchange = Any


@pytest.fixture
async def exchange(simulator: Simulator) -> AsyncIterator[Exchange]:
    client = ccxt.pro.bybit({"apiKey": KEY, "secret": SECRET, "enableRateLimit": False})
    point_at(client, simulator)
    try:
        await client.load_markets()
        yield client
    finally:
        await client.close()


def point_at(client: Exchange, simulator: Simulator) -> None:
    api, port = client.urls["api"], simulator.server.port
    for name, address in api.items():
        if isinstance(address, str):
            api[name] = simulator.url
    for category in ("spot", "inverse", "option", "linear"):
        api["ws"]["public"][category] = f"ws://127.0.0.1:{port}/v5/public/{category}"
    private = api["ws"]["private"]
    private["spot"]["unified"] = private["contract"] = f"ws://127.0.0.1:{port}/v5/private"
    private["trade"] = f"ws://127.0.0.1:{port}/v5/trade"


async def in_time(work: Awaitable[Any]) -> Any:
    async with asyncio.timeout(PATIENCE_S):
        return await work


async def watched(
    topic: str,
    watch: Callable[[], Coroutine[Any, Any, Any]],
    wanted: Callable[[Any], object],
    *,
    simulator: Simulator,
    act: Callable[[], Awaitable[Any]],
) -> Any:
    """Watch, act once the venue has taken the subscription, and return the first update that is wanted."""
    updates: asyncio.Queue[Any] = asyncio.Queue(100)

    async def collect() -> None:
        while True:
            await updates.put(await watch())

    collector = asyncio.create_task(collect())
    try:
        await until(lambda: topic in simulator.server.private_topics(), f"a subscription to {topic}")
        await act()
        async with asyncio.timeout(PATIENCE_S):
            while True:
                update = await updates.get()
                if wanted(update):
                    return update
    finally:
        collector.cancel()
        with suppress(asyncio.CancelledError):
            await collector


async def test_markets_have_the_steps_and_limits_of_the_catalogue(exchange: Exchange) -> None:
    linear, spot = exchange.market(LINEAR), exchange.market(SPOT)
    assert {linear["id"], spot["id"]} == {"BTCUSDT"}
    assert (linear["swap"], linear["linear"], linear["settle"]) == (True, True, "USDT")
    assert (linear["precision"]["price"], linear["precision"]["amount"]) == (0.1, 0.001)
    assert (linear["limits"]["amount"]["min"], linear["limits"]["cost"]["min"]) == (0.001, 5.0)
    assert linear["limits"]["leverage"] == {"min": 1.0, "max": 100.0}
    assert (spot["precision"]["price"], spot["precision"]["amount"]) == (0.01, 0.000001)
    pairs = {f"{coin}/USDT{end}" for coin in ("BTC", "ETH", "SOL") for end in ("", ":USDT")}
    assert pairs <= set(exchange.symbols)


async def test_market_data_is_one_consistent_picture(exchange: Exchange, simulator: Simulator) -> None:
    assert abs(await exchange.fetch_time() - simulator.venue.wall_now_ns() // 1_000_000) < 1000
    book = await exchange.fetch_order_book(LINEAR, 50)
    assert len(book["bids"]) == len(book["asks"]) == 50
    assert book["bids"] == sorted(book["bids"], reverse=True)
    assert book["bids"][0][0] < book["asks"][0][0]
    ticker = await exchange.fetch_ticker(LINEAR)
    assert ticker["bid"] < ticker["ask"]
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    assert (await exchange.fetch_tickers([SPOT]))[SPOT]["last"] == pytest.approx(ticker["last"], rel=0.01)
    trades = await exchange.fetch_trades(LINEAR, limit=10)
    assert [trade["timestamp"] for trade in trades] == sorted(trade["timestamp"] for trade in trades)
    assert {trade["side"] for trade in trades} <= {"buy", "sell"}
    bars = await exchange.fetch_ohlcv(LINEAR, "1m", limit=5)
    assert [later[0] - earlier[0] for earlier, later in pairwise(bars)] == [60_000] * 4
    assert all(bar[3] <= min(bar[1], bar[4]) <= max(bar[1], bar[4]) <= bar[2] for bar in bars)
    rates = await exchange.fetch_funding_rate_history(LINEAR, limit=3)
    assert rates[1]["timestamp"] - rates[0]["timestamp"] == 8 * 3_600_000
    interest = await exchange.fetch_open_interest_history(LINEAR, "1h", limit=2)
    assert interest[0]["openInterestAmount"] > 0
    tiers = await exchange.fetch_market_leverage_tiers(LINEAR)
    assert (tiers[0]["maxLeverage"], tiers[0]["maintenanceMarginRate"]) == (100.0, 0.005)


async def test_a_resting_order_is_placed_amended_and_canceled(exchange: Exchange, simulator: Simulator) -> None:
    price = float(simulator.passive_price())
    placed = await exchange.create_order(LINEAR, "limit", "buy", 0.01, price, {"orderLinkId": "ccxt-1"})
    order = await exchange.fetch_open_order(placed["id"], LINEAR)
    assert (order["status"], order["price"], order["amount"], order["filled"]) == ("open", price, 0.01, 0.0)
    assert (order["clientOrderId"], order["timeInForce"], order["side"]) == ("ccxt-1", "GTC", "buy")
    await exchange.edit_order(placed["id"], LINEAR, "limit", "buy", 0.02, price - 100)
    order = await exchange.fetch_open_order(placed["id"], LINEAR)
    assert (order["price"], order["amount"]) == (price - 100, 0.02)
    await exchange.cancel_order(placed["id"], LINEAR)
    assert await exchange.fetch_open_orders(LINEAR) == []
    [canceled] = await exchange.fetch_canceled_orders(LINEAR)
    assert (canceled["id"], canceled["status"], canceled["filled"]) == (placed["id"], "canceled", 0.0)


async def test_a_market_order_fills_and_books_position_fee_and_trade(exchange: Exchange, simulator: Simulator) -> None:
    await exchange.set_leverage(5, LINEAR)
    placed = await exchange.create_order(LINEAR, "market", "buy", 0.01)
    fill = simulator.venue.fills(ACCOUNT)[0]
    [trade] = await exchange.fetch_my_trades(LINEAR)
    assert (trade["id"], trade["order"], trade["amount"], trade["takerOrMaker"]) == (
        fill.trade_id,
        placed["id"],
        0.01,
        "taker",
    )
    assert Decimal(str(trade["cost"])) == fill.value
    assert (Decimal(str(trade["fee"]["cost"])), trade["fee"]["currency"]) == (fill.fee, "USDT")
    [position] = await exchange.fetch_positions([LINEAR])
    assert (position["side"], position["contracts"], position["leverage"]) == ("long", 0.01, 5.0)
    assert position["entryPrice"] == trade["price"]
    balance = await exchange.fetch_balance()
    assert balance["USDT"]["total"] == float(100_000 - fill.fee)
    await exchange.create_order(LINEAR, "market", "sell", 0.01, None, {"reduceOnly": True})
    assert await exchange.fetch_positions([LINEAR]) == [] or (await exchange.fetch_position(LINEAR))["contracts"] == 0.0
    orders = await exchange.fetch_closed_orders(LINEAR)
    assert [order["status"] for order in orders] == ["closed", "closed"]


async def test_spot_buys_by_cost_and_sells_by_amount(exchange: Exchange, simulator: Simulator) -> None:
    bought = await exchange.create_market_buy_order_with_cost(SPOT, 1000)
    order = await exchange.fetch_order(bought["id"], SPOT, {"acknowledged": True})
    assert 990 < order["cost"] <= 1000
    fills = simulator.venue.fills(ACCOUNT)
    coins = sum(simulator.venue.instruments["spot:BTCUSDT"].quantity(fill.quantity_lots) for fill in fills)
    fee = sum(fill.fee for fill in fills)
    assert {fill.fee_currency for fill in fills} == {"BTC"}
    balance = await exchange.fetch_balance()
    assert Decimal(str(balance["BTC"]["total"])) == 1 + coins - fee
    await exchange.create_order(SPOT, "market", "sell", 0.01)
    entries = await exchange.fetch_ledger("USDT")
    assert {entry["type"] for entry in entries} == {"trade", "transaction"}


async def test_batches_and_cancel_all_answer_per_order(exchange: Exchange, simulator: Simulator) -> None:
    price = float(simulator.passive_price())
    wishes = [
        {"symbol": LINEAR, "type": "limit", "side": "buy", "amount": 0.01, "price": price - step} for step in range(3)
    ]
    placed = await exchange.create_orders(wishes)
    assert len({order["id"] for order in placed}) == 3
    canceled = await exchange.cancel_orders([placed[0]["id"]], LINEAR)
    assert [order["id"] for order in canceled] == [placed[0]["id"]]
    assert {order["id"] for order in await exchange.fetch_open_orders(LINEAR)} == {order["id"] for order in placed[1:]}
    await exchange.cancel_all_orders(LINEAR)
    assert await exchange.fetch_open_orders(LINEAR) == []


async def test_errors_become_the_exceptions_that_ccxt_documents(exchange: Exchange, simulator: Simulator) -> None:
    price = float(simulator.passive_price())
    with pytest.raises(ccxt.InsufficientFunds):
        await exchange.create_order(LINEAR, "limit", "buy", 500, price)
    with pytest.raises(ccxt.OrderNotFound):
        await exchange.cancel_order("00000000-0000-0000-0000-000000000000", LINEAR)
    await exchange.create_order(LINEAR, "limit", "buy", 0.01, price, {"orderLinkId": "twice"})
    with pytest.raises(ccxt.InvalidOrder):
        await exchange.create_order(LINEAR, "limit", "buy", 0.01, price, {"orderLinkId": "twice"})
    stranger = ccxt.pro.bybit({"apiKey": KEY, "secret": "wrong", "options": {"enableUnifiedAccount": True}})
    point_at(stranger, simulator)
    try:
        with pytest.raises(ccxt.AuthenticationError):
            await stranger.fetch_balance()
    finally:
        await stranger.close()


async def test_public_streams_carry_book_trades_ticker_and_bars(exchange: Exchange, simulator: Simulator) -> None:
    book = await in_time(exchange.watch_order_book(LINEAR, 50))
    first = book["timestamp"]
    while book["timestamp"] < first + 300:
        book = await in_time(exchange.watch_order_book(LINEAR, 50))
    assert book["bids"][0][0] < book["asks"][0][0]
    assert len(book["bids"]) == len(book["asks"]) == 50
    trades = await in_time(exchange.watch_trades(LINEAR))
    assert {trade["symbol"] for trade in trades} == {LINEAR}
    ticker = await in_time(exchange.watch_ticker(LINEAR))
    assert ticker["bid"] < ticker["ask"]
    spot_ticker = await in_time(exchange.watch_ticker(SPOT))
    assert spot_ticker["last"] == pytest.approx(ticker["last"], rel=0.01)
    [bar] = await in_time(exchange.watch_ohlcv(LINEAR, "1m"))
    assert bar[0] % 60_000 == 0


async def test_private_streams_tell_of_order_fill_position_and_balance(
    exchange: Exchange, simulator: Simulator
) -> None:
    simulator.pin()

    async def buy() -> None:
        await exchange.create_order(LINEAR, "market", "buy", 0.01)

    def update(topic: str, watch: Callable[[], Coroutine[Any, Any, Any]], wanted: Callable[[Any], object]) -> Any:
        return watched(topic, watch, wanted, simulator=simulator, act=buy)

    orders = await update("order", exchange.watch_orders, lambda found: found[-1]["status"] == "closed")
    assert (orders[-1]["symbol"], orders[-1]["filled"]) == (LINEAR, 0.01)
    trades = await update("execution", exchange.watch_my_trades, bool)
    assert (trades[-1]["symbol"], trades[-1]["amount"]) == (LINEAR, 0.01)
    positions = await update("position", exchange.watch_positions, lambda found: found[0]["contracts"] == 0.03)
    assert positions[0]["side"] == "long"
    before = float(simulator.venue.summary(ACCOUNT, "USDT").equity)
    balance = await update("wallet", exchange.watch_balance, lambda found: found["USDT"]["total"] < before)
    equity = float(simulator.venue.summary(ACCOUNT, "USDT").equity)
    assert (balance["USDT"]["total"], balance["BTC"]["total"]) == (equity, 1.0)


async def test_orders_are_entered_over_the_trade_socket(exchange: Exchange, simulator: Simulator) -> None:
    price = float(simulator.passive_price())
    placed = await in_time(exchange.create_order_ws(LINEAR, "limit", "buy", 0.01, price))
    await in_time(exchange.edit_order_ws(placed["id"], LINEAR, "limit", "buy", 0.02, price))
    order = simulator.venue.find_order(ACCOUNT, order_id=placed["id"])
    assert order is not None
    assert order.quantity_lots == 20
    await in_time(exchange.cancel_order_ws(placed["id"], LINEAR))
    assert simulator.venue.open_orders(ACCOUNT) == []
    with pytest.raises(ccxt.InsufficientFunds):
        await in_time(exchange.create_order_ws(LINEAR, "limit", "buy", 500, price))
