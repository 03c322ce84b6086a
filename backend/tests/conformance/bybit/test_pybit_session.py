"""A full session of an unmodified pybit against the simulator; only its addresses are changed."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from typing import Any

import pybit._websocket_trading
import pybit.unified_trading
import pytest
from pybit.exceptions import FailedRequestError, InvalidRequestError

from tests.conformance.bybit.distance import distant
from tests.wire.bybit.kit import ACCOUNT, KEY, PATIENCE_S, SECRET, Simulator, limit_order, market_order, until

pytestmark = pytest.mark.conformance

Session = Any
Message = dict[str, Any]


class Inbox:
    """Messages that pybit's threads hand over, waited for from the test."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._arrived = threading.Condition()

    def put(self, message: Message) -> None:
        with self._arrived:
            self._messages.append(message)
            self._arrived.notify_all()

    def __len__(self) -> int:
        return len(self._messages)

    async def wait_for(self, wanted: Callable[[Message], object]) -> Message:
        """Return the first message that is wanted."""
        return await asyncio.to_thread(self._wait_for, wanted)

    def _wait_for(self, wanted: Callable[[Message], object]) -> Message:
        with self._arrived:
            self._arrived.wait_for(lambda: any(map(wanted, self._messages)), PATIENCE_S)
            found = next((message for message in self._messages if wanted(message)), None)
            assert found is not None, f"waited {PATIENCE_S} s in vain; got {self._messages[-3:]}"
            return found


class Client:
    """pybit's blocking calls and threaded sockets, off the event loop."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self.http = self.session()
        self._sockets: list[Any] = []

    def session(self, **options: Any) -> Session:
        settings = {"testnet": True, "api_key": KEY, "api_secret": SECRET} | options
        session = pybit.unified_trading.HTTP(**settings)
        session.endpoint = self._simulator.url
        return session

    async def call(self, name: str, **fields: Any) -> Any:
        """Call a method of the HTTP session and return the result."""
        answer = await asyncio.to_thread(getattr(self.http, name), **fields)
        assert (answer["retCode"], answer["retMsg"]) in {(0, "OK"), (0, ""), (0, "success")}
        return answer["result"]

    async def stream(self, channel: str) -> Any:
        keys = {"api_key": KEY, "api_secret": SECRET} if channel == "private" else {}
        return await self._open(pybit.unified_trading.WebSocket, testnet=True, channel_type=channel, **keys)

    async def trading(self) -> Any:
        return await self._open(pybit.unified_trading.WebSocketTrading, testnet=True, api_key=KEY, api_secret=SECRET)

    async def _open(self, make: Callable[..., Any], **options: Any) -> Any:
        # pybit's reading thread looks every `ping_timeout` whether its socket was closed; no ping is sent that early.
        socket = await asyncio.to_thread(make, ping_interval=60, ping_timeout=2, **options)
        self._sockets.append(socket)
        return socket

    def close(self) -> None:
        for socket in self._sockets:
            socket.exit()
            socket.wst.join(PATIENCE_S)
            assert not socket.wst.is_alive()
        self.http.client.close()


@pytest.fixture
async def client(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    async with distant(simulator.server.port) as port:
        sockets = f"ws://127.0.0.1:{port}/v5"
        monkeypatch.setattr(pybit.unified_trading, "PUBLIC_WSS", sockets + "/public/{CHANNEL_TYPE}")
        monkeypatch.setattr(pybit.unified_trading, "PRIVATE_WSS", sockets + "/private")
        monkeypatch.setattr(pybit._websocket_trading, "TRADE_WSS", sockets + "/trade")
        running = Client(simulator)
        yield running
        await asyncio.to_thread(running.close)


async def test_market_endpoints_answer_with_consistent_values(client: Client) -> None:
    assert int((await client.call("get_server_time"))["timeNano"]) > 0
    [info] = (await client.call("get_instruments_info", category="linear", symbol="BTCUSDT"))["list"]
    assert (info["priceFilter"]["tickSize"], info["lotSizeFilter"]["qtyStep"]) == ("0.10", "0.001")
    assert (info["lotSizeFilter"]["minNotionalValue"], info["priceScale"]) == ("5", "2")
    [ticker] = (await client.call("get_tickers", category="linear", symbol="BTCUSDT"))["list"]
    book = await client.call("get_orderbook", category="linear", symbol="BTCUSDT", limit=5)
    assert len(book["b"]) == len(book["a"]) == 5
    assert float(book["b"][0][0]) < float(book["a"][0][0])
    assert abs(float(ticker["bid1Price"]) - float(book["b"][0][0])) < 100
    bars = (await client.call("get_kline", category="linear", symbol="BTCUSDT", interval="5", limit=3))["list"]
    assert [int(newer[0]) - int(older[0]) for newer, older in pairwise(bars)] == [300_000] * 2
    marks = await client.call("get_mark_price_kline", category="linear", symbol="BTCUSDT", interval="5", limit=2)
    assert [len(row) for row in marks["list"]] == [5, 5]
    trades = (await client.call("get_public_trade_history", category="spot", symbol="BTCUSDT", limit=3))["list"]
    assert {trade["symbol"] for trade in trades} == {"BTCUSDT"}
    rates = (await client.call("get_funding_rate_history", category="linear", symbol="BTCUSDT", limit=2))["list"]
    assert int(rates[0]["fundingRateTimestamp"]) % 28_800_000 == 0
    [tier] = (await client.call("get_risk_limit", category="linear", symbol="BTCUSDT"))["list"]
    assert (tier["maxLeverage"], tier["isLowestRisk"]) == ("100.00", 1)


async def test_an_order_lives_from_creation_to_history(client: Client, simulator: Simulator) -> None:
    price = simulator.passive_price()
    placed = await client.call("place_order", **limit_order(simulator, "pybit-1", price=price))
    assert placed["orderLinkId"] == "pybit-1"
    [order] = (await client.call("get_open_orders", category="linear", symbol="BTCUSDT"))["list"]
    assert (order["orderId"], order["price"], order["qty"]) == (placed["orderId"], price, "0.010")
    assert (order["orderStatus"], order["leavesQty"], order["cumExecQty"]) == ("New", "0.010", "0.000")
    changed = {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "pybit-1"}
    assert await client.call("amend_order", **changed, qty="0.02") == placed
    [order] = (await client.call("get_open_orders", category="linear", symbol="BTCUSDT"))["list"]
    assert (order["qty"], order["price"]) == ("0.020", price)
    assert await client.call("cancel_order", **changed) == placed
    assert (await client.call("get_open_orders", category="linear", symbol="BTCUSDT"))["list"] == []
    [past] = (await client.call("get_order_history", category="linear", orderId=placed["orderId"]))["list"]
    assert (past["orderStatus"], past["cancelType"]) == ("Cancelled", "CancelByUser")


async def test_a_fill_shows_in_executions_position_and_wallet(client: Client, simulator: Simulator) -> None:
    with pytest.raises(InvalidRequestError) as unchanged:
        await client.call("set_leverage", category="linear", symbol="BTCUSDT", buyLeverage="10", sellLeverage="10")
    assert unchanged.value.status_code == 110043
    await client.call("set_leverage", category="linear", symbol="BTCUSDT", buyLeverage="20", sellLeverage="20")
    placed = await client.call("place_order", **market_order("pybit-fill"))
    fill = simulator.venue.fills(ACCOUNT)[0]
    [execution] = (await client.call("get_executions", category="linear"))["list"]
    assert (execution["execId"], execution["orderId"]) == (fill.trade_id, placed["orderId"])
    assert (execution["execFee"], execution["feeCurrency"]) == (f"{fill.fee:f}".rstrip("0"), "USDT")
    assert (execution["isMaker"], execution["leavesQty"], execution["orderLinkId"]) == (False, "0.000", "pybit-fill")
    [position] = (await client.call("get_positions", category="linear", settleCoin="USDT"))["list"]
    assert (position["side"], position["size"], position["leverage"]) == ("Buy", "0.010", "20")
    wallet = (await client.call("get_wallet_balance", accountType="UNIFIED", coin="USDT"))["list"][0]
    assert [coin["coin"] for coin in wallet["coin"]] == ["USDT"]
    assert wallet["coin"][0]["walletBalance"] == f"{100_000 - fill.fee:f}".rstrip("0")
    [entry] = (await client.call("get_transaction_log", category="linear"))["list"]
    assert (entry["tradeId"], entry["orderLinkId"], entry["cashFlow"]) == (fill.trade_id, "pybit-fill", "0")
    assert float(entry["change"]) == -float(entry["fee"])
    closing = market_order("pybit-close", side="Sell", qty="0", reduceOnly=True, closeOnTrigger=True)
    await client.call("place_order", **closing)
    assert (await client.call("get_positions", category="linear", settleCoin="USDT"))["list"] == []


async def test_batches_and_cancel_all(client: Client, simulator: Simulator) -> None:
    orders = [limit_order(simulator, f"batch-{index}") for index in range(3)] + [limit_order(simulator, "batch-0")]
    answer = await asyncio.to_thread(client.http.place_batch_order, category="linear", request=orders)
    assert [row["code"] for row in answer["retExtInfo"]["list"]] == [0, 0, 0, 110072]
    assert [bool(row["orderId"]) for row in answer["result"]["list"]] == [True, True, True, False]
    amend = [{"symbol": "BTCUSDT", "orderLinkId": "batch-0", "qty": "0.03"}]
    await client.call("amend_batch_order", category="linear", request=amend)
    cancel = [{"symbol": "BTCUSDT", "orderLinkId": name} for name in ("batch-0", "nobody")]
    answer = await asyncio.to_thread(client.http.cancel_batch_order, category="linear", request=cancel)
    assert [row["code"] for row in answer["retExtInfo"]["list"]] == [0, 110001]
    canceled = await client.call("cancel_all_orders", category="linear", settleCoin="USDT")
    assert (len(canceled["list"]), canceled["success"]) == (2, "1")
    assert simulator.venue.open_orders(ACCOUNT) == []


async def test_errors_reach_the_caller_with_bybits_codes(client: Client, simulator: Simulator) -> None:
    async def refused(name: str, **fields: Any) -> int:
        with pytest.raises(InvalidRequestError) as error:
            await client.call(name, **fields)
        return int(error.value.status_code)

    assert await refused("place_order", **limit_order(simulator, qty="700")) == 110007
    assert await refused("place_order", **limit_order(simulator, qty="0.00001")) == 10001
    assert await refused("place_order", **limit_order(simulator, positionIdx=1)) == 10001
    assert await refused("cancel_order", category="linear", symbol="BTCUSDT", orderId="nobody") == 110001
    assert await refused("cancel_order", category="spot", symbol="BTCUSDT", orderId="nobody") == 170213
    assert await refused("get_positions", category="linear") == 10001
    client.http = client.session(api_secret="wrong")
    assert await refused("get_account_info") == 10004
    client.http = client.session(api_key="nobody")
    assert await refused("get_account_info") == 10003


async def test_a_dropped_reply_is_a_time_out_and_the_order_exists(client: Client, simulator: Simulator) -> None:
    simulator.faults.add("bybit", "drop_reply")
    client.http = client.session(timeout=0.3)
    with pytest.raises(Exception, match="timed out"):
        await client.call("place_order", **limit_order(simulator, "lost-reply"))
    assert simulator.venue.find_order(ACCOUNT, client_key="lost-reply") is not None
    simulator.faults.add("bybit", "bybit.http_status", params={"status": 502})
    with pytest.raises(FailedRequestError):
        await client.call("get_account_info")


async def test_public_streams(client: Client) -> None:
    linear, spot = await client.stream("linear"), await client.stream("spot")
    books, tickers, trades, bars, spot_tickers = (Inbox() for _ in range(5))
    await asyncio.to_thread(linear.orderbook_stream, 50, "BTCUSDT", books.put)
    await asyncio.to_thread(linear.ticker_stream, "BTCUSDT", tickers.put)
    await asyncio.to_thread(linear.trade_stream, "BTCUSDT", trades.put)
    await asyncio.to_thread(linear.kline_stream, 1, "BTCUSDT", bars.put)
    await asyncio.to_thread(spot.ticker_stream, "BTCUSDT", spot_tickers.put)
    first = await books.wait_for(lambda message: True)
    assert (first["topic"], first["data"]["s"], len(first["data"]["b"])) == ("orderbook.50.BTCUSDT", "BTCUSDT", 50)
    await until(lambda: len(books) >= 5, "book deltas that pybit can merge")
    ticker = await tickers.wait_for(lambda message: message["type"] == "snapshot")
    assert {"bid1Price", "markPrice", "fundingRate", "openInterest"} <= ticker["data"].keys()
    trade = (await trades.wait_for(lambda message: True))["data"][0]
    assert (trade["s"], trade["BT"]) == ("BTCUSDT", False)
    bar = (await bars.wait_for(lambda message: True))["data"][0]
    assert (bar["interval"], bar["end"] - bar["start"]) == ("1", 59_999)
    spot_ticker = (await spot_tickers.wait_for(lambda message: True))["data"]
    assert "lastPrice" in spot_ticker
    assert "bid1Price" not in spot_ticker


async def test_private_streams(client: Client, simulator: Simulator) -> None:
    private = await client.stream("private")
    orders, executions, positions, wallets = (Inbox() for _ in range(4))
    await asyncio.to_thread(private.order_stream, orders.put)
    await asyncio.to_thread(private.execution_stream, executions.put)
    await asyncio.to_thread(private.position_stream, positions.put)
    await asyncio.to_thread(private.wallet_stream, wallets.put)
    await until(lambda: len(simulator.server.private_topics()) == 4, "four private topics")
    placed = await client.call("place_order", **market_order("pybit-stream"))
    order = (await orders.wait_for(lambda message: True))["data"][0]
    assert (order["orderId"], order["orderStatus"], order["category"]) == (placed["orderId"], "Filled", "linear")
    assert (order["cumExecQty"], order["leavesQty"]) == ("0.010", "0.000")
    execution = (await executions.wait_for(lambda message: True))["data"][0]
    assert (execution["orderLinkId"], execution["execQty"]) == ("pybit-stream", "0.010")
    position = (await positions.wait_for(lambda message: True))["data"][0]
    assert (position["size"], position["entryPrice"]) == ("0.010", order["avgPrice"])
    wallet = (await wallets.wait_for(lambda message: True))["data"][0]
    fee = simulator.venue.fills(ACCOUNT)[0].fee
    balances = {coin["coin"]: coin["walletBalance"] for coin in wallet["coin"]}
    assert balances == {"USDT": f"{100_000 - fee:f}".rstrip("0"), "BTC": "1"}


async def test_order_entry_over_the_trade_socket(client: Client, simulator: Simulator) -> None:
    trading, answers, errors = await client.trading(), Inbox(), Inbox()
    await asyncio.to_thread(trading.place_order, answers.put, **limit_order(simulator, "pybit-ws"))
    placed = await answers.wait_for(lambda message: message["op"] == "order.create")
    assert (placed["retCode"], placed["data"]["orderLinkId"]) == (0, "pybit-ws")
    ids = {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "pybit-ws"}
    await asyncio.to_thread(trading.amend_order, answers.put, **ids, qty="0.02")
    await answers.wait_for(lambda message: message["op"] == "order.amend")
    order = simulator.venue.find_order(ACCOUNT, client_key="pybit-ws")
    assert order is not None
    assert order.quantity_lots == 20
    await asyncio.to_thread(trading.cancel_order, answers.put, **ids)
    await answers.wait_for(lambda message: message["op"] == "order.cancel")
    assert simulator.venue.open_orders(ACCOUNT) == []
    await asyncio.to_thread(trading.cancel_order, answers.put, errors.put, **ids)
    assert (await errors.wait_for(lambda message: True))["retCode"] == 110001
