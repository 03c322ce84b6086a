"""What Bybit sends to the adapter: REST rows, the private, public and trade streams."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from hypothesis import strategies as st

from edgerunner.adapters.buffers import MarketBuffer, UpdateBuffer
from edgerunner.adapters.bybit import market_wire, wire
from edgerunner.adapters.bybit.account import WalletBook, position_report
from edgerunner.adapters.bybit.book import Book
from edgerunner.adapters.bybit.cash import cash_report
from edgerunner.adapters.bybit.executions import ExecutionMapper
from edgerunner.adapters.bybit.feeds import BarFeed, DepthFeed, LiveFeed, QuoteFeed, TradeFeed
from edgerunner.adapters.bybit.instruments import Listing, listing_of
from edgerunner.adapters.bybit.market import ticker_of
from edgerunner.adapters.bybit.orders import OrderMapper
from edgerunner.adapters.bybit.private_events import PrivateEvents
from edgerunner.adapters.bybit.public import PublicSession
from edgerunner.adapters.bybit.values import Malformed, Strangers, nanoseconds, number, whole
from edgerunner.domain.market import Timeframe
from tests.fuzz.damage import damaged_json, hostile_scalars, json_messages, rubbish, written
from tests.fuzz.declared import decoded, require, require_plain, require_printable
from tests.fuzz.recorded import bybit_documents
from tests.fuzz.target import Target, pure, served
from tests.unit.adapters.bybit.samples import (
    ACCOUNT,
    FUTURE_INFO,
    INVERSE_INFO,
    LINEAR_INFO,
    SPOT_INFO,
    HandClock,
    catalogue,
    inverse,
    linear,
    modes,
    spot,
)

NOW_NS = 1_764_000_000_000_000_000
scalars = hostile_scalars.filter(lambda value: not isinstance(value, list | dict))
LISTINGS: tuple[Listing, ...] = (linear(), spot(), inverse())


def _rows(*beginnings: str) -> list[Any]:
    """Return the rows of recorded answers and pushes, each by itself."""
    found: list[Any] = []
    for document in bybit_documents(*beginnings):
        result = document.get("result", document) if isinstance(document, dict) else document
        inner = result.get("list", result.get("data", [])) if isinstance(result, dict) else []
        found += inner if isinstance(inner, list) else [inner]
    return [row for row in found if isinstance(row, dict)]


ORDER = {
    "orderId": "fd4300ae", "orderLinkId": "01KAVAE4Y0", "symbol": "BTCUSDT", "category": "linear", "price": "60000.50",
    "qty": "0.100", "side": "Buy", "positionIdx": 0, "orderStatus": "New", "cancelType": "UNKNOWN",
    "rejectReason": "EC_NoError", "avgPrice": "", "cumExecQty": "0.000", "cumExecValue": "0", "timeInForce": "GTC",
    "orderType": "Limit", "stopOrderType": "UNKNOWN", "triggerPrice": "0.00", "triggerDirection": 1,
    "takeProfit": "0.00", "stopLoss": "", "createdTime": "1684738540559", "updatedTime": "1684738540561",
}  # fmt: skip
EXECUTION = {
    "category": "linear", "symbol": "BTCUSDT", "orderId": "a", "orderLinkId": "b", "side": "Buy", "execId": "e",
    "execType": "Trade", "execPrice": "60000.5", "execQty": "0.1", "execFee": "0.01", "execTime": "1684738540559",
    "closedSize": "", "isMaker": False, "seq": 5,
}  # fmt: skip
POSITION = {
    "category": "linear", "symbol": "BTCUSDT", "side": "Buy", "size": "1", "positionIdx": 0, "entryPrice": "6",
    "markPrice": "7", "unrealisedPnl": "1", "leverage": "10", "updatedTime": "1684738540559",
}  # fmt: skip
WALLET = {
    "totalEquity": "10", "totalWalletBalance": "9",
    "coin": [{"coin": "BTC", "equity": "1", "walletBalance": "1", "usdValue": "60000", "spotBorrow": "0"}],
}  # fmt: skip
CASH = {
    "id": "1", "symbol": "BTCUSDT", "category": "linear", "type": "SETTLEMENT", "side": "Buy", "currency": "USDT",
    "change": "1.5", "funding": "-0.1", "tradeId": "t", "transactionTime": "1684738540559",
}  # fmt: skip


def _row_target(name: str, kind: type[wire.Wire], rows: list[Any], use: Callable[[Any], object]) -> Target:
    """Return the target of one kind of row: its shape, and what the adapter makes of it."""

    def check(data: bytes) -> None:
        row = decoded(wire.decoded, msgspec.Raw(data), kind, error=Malformed)
        if row is not None:
            require_plain(decoded(use, row, error=Malformed))

    return pure(name, f"adapters.bybit: {kind.__name__} rows", json_messages(rows), check)


def _orders(row: wire.Order) -> object:
    return [OrderMapper(ACCOUNT, Strangers()).report(row, listing) for listing in LISTINGS]


def _executions(row: wire.Execution) -> object:
    mapper = ExecutionMapper(ACCOUNT)
    return [mapper.report(row, listing, is_hedged=hedged) for listing in LISTINGS for hedged in (False, True)]


def _cash(row: wire.CashRow) -> object:
    return cash_report(row, account_id=ACCOUNT, catalogue=catalogue(), strangers=Strangers(), modes=modes())


def _wallet(row: wire.Wallet) -> object:
    book = WalletBook(ACCOUNT, catalogue(), margin_mode="ISOLATED_MARGIN")
    return [book.merge(row, NOW_NS), book.inventory(row.coin, NOW_NS)]


def _scalars(value: Any) -> None:
    for read in (number, whole, nanoseconds):
        require_printable(decoded(read, value, error=Malformed))


def _book(messages: list[tuple[str, bytes]]) -> None:
    """A book that calls itself valid is not crossed and shows its best levels first."""
    book = Book()
    for kind, data in messages:
        change = decoded(wire.decoded, msgspec.Raw(data), market_wire.BookData, error=Malformed)
        if change is None:
            continue
        decoded(book.delta if kind == "delta" else book.snapshot, change, error=Malformed)
        if book.is_valid and kind == "delta":
            bid, ask = book.best()
            require(bid is None or ask is None or bid[0] < ask[0] or change.u <= book.sequence, "crossed")


BOOK = {"s": "BTCUSDT", "b": [["100.5", "1"], ["100", "2"]], "a": [["101", "1"]], "u": 5, "seq": 9}
_book_messages = st.lists(
    st.tuples(
        st.sampled_from(("snapshot", "delta")), json_messages([BOOK, {**BOOK, "u": 6}, {**BOOK, "u": 7, "b": []}])
    ),
    max_size=6,
)

TICKER = {"symbol": "BTCUSDT", "lastPrice": "1", "bid1Price": "1", "bid1Size": "2", "fundingRate": "0.0001"}
TRADES = [{"T": 1672304486865, "s": "BTCUSDT", "S": "Buy", "v": "0.001", "p": "16578.50", "i": "20f43950"}]
KLINES = [
    {"start": 1672324800000, "open": "1", "high": "2", "low": "1", "close": "2", "volume": "3", "confirm": True}
]  # fmt: skip
PUBLIC = [
    {"topic": "orderbook.1.BTCUSDT", "type": "snapshot", "ts": 1672304484978, "data": BOOK},
    {"topic": "orderbook.50.BTCUSDT", "type": "snapshot", "ts": 1672304484978, "data": BOOK},
    {"topic": "orderbook.50.BTCUSDT", "type": "delta", "ts": 1672304484978, "data": {**BOOK, "u": 6}},
    {"topic": "tickers.BTCUSDT", "type": "snapshot", "ts": 1672304484978, "data": TICKER},
    {"topic": "tickers.BTCUSDT", "type": "delta", "cts": 1672304484978, "data": TICKER},
    {"topic": "publicTrade.BTCUSDT", "type": "snapshot", "ts": 1672304484978, "data": TRADES},
    {"topic": "kline.1.BTCUSDT", "type": "snapshot", "ts": 1672304484978, "data": KLINES},
    {"success": False, "ret_msg": "error", "op": "subscribe"},
    {"op": "pong", "ret_msg": "pong", "success": True},
]
PRIVATE = [
    *bybit_documents("ws_account", "ws_Private"),
    {"topic": "order", "creationTime": 1672304484978, "data": [ORDER]},
    {"topic": "execution", "creationTime": 1672304484978, "data": [EXECUTION]},
    {"topic": "position", "creationTime": 1672304484978, "data": [POSITION]},
    {"topic": "wallet", "creationTime": 1672304484978, "data": [WALLET]},
]


class _PublicSite:
    """A public session with every kind of feed, and what its readers get."""

    def __init__(self) -> None:
        self.buffer = MarketBuffer()
        self.session = PublicSession("linear")
        clock = HandClock()
        self.feeds: list[LiveFeed] = [
            QuoteFeed(linear(), self.buffer, clock),
            DepthFeed(linear(), self.buffer, clock),
            TradeFeed(linear(), self.buffer),
            BarFeed(linear(), Timeframe.M1, self.buffer),
        ]


@asynccontextmanager
async def _public_site() -> AsyncIterator[_PublicSite]:
    site = _PublicSite()
    await site.session.serve(site.feeds)
    yield site
    await site.session.stop()


async def _public(site: _PublicSite, messages: list[bytes]) -> None:
    """The public session raises nothing: what it cannot read it counts; readers get whole values."""
    for message in messages:
        site.session.receive(message)
    for update in site.buffer._queue:
        require_plain(update)
    site.buffer._queue.clear()
    for build in list(site.buffer._changed.values()):
        require_plain(build())


@asynccontextmanager
async def _private_site() -> AsyncIterator[PrivateEvents]:
    class _NoRecords:
        async def cash(self, since_ns: int) -> list[object]:
            del since_ns
            return []

    events = PrivateEvents(
        account_id=ACCOUNT,
        catalogue=catalogue(),
        records=_NoRecords(),  # type: ignore[arg-type]
        wallet=WalletBook(ACCOUNT, catalogue(), margin_mode=None),
        updates=UpdateBuffer(HandClock(), capacity=100),
        strangers=Strangers(),
        renew=lambda reason: None,
        modes=modes(),
    )
    events._background.start = lambda work: work.close()  # type: ignore[method-assign]
    yield events
    await events.stop()


async def _private(events: PrivateEvents, message: bytes) -> None:
    push = decoded(wire.decoded, msgspec.Raw(message), wire.Push, error=Malformed)
    if push is not None:
        decoded(events.receive, push, error=Malformed)
    for update in events._updates._waiting:
        require_plain(update)
    events._updates._waiting.clear()
    require(len(events._strangers.counts) < 1_100, "strangers without end")


TARGETS: tuple[Target, ...] = (
    pure("bybit_scalars", "adapters.bybit.values: numbers, stamps", scalars, _scalars),
    _row_target("bybit_orders", wire.Order, [*_rows("http_get_orders", "ws_account_order"), ORDER], _orders),
    _row_target(
        "bybit_executions", wire.Execution, [*_rows("http_get_exec", "ws_account_exec"), EXECUTION], _executions
    ),
    _row_target(
        "bybit_positions",
        wire.Position,
        [*_rows("http_get_positions", "ws_account_position"), POSITION],
        lambda row: [position_report(ACCOUNT, row, listing) for listing in LISTINGS],
    ),
    _row_target("bybit_wallets", wire.Wallet, [*_rows("http_get_wallet", "ws_account_wallet"), WALLET], _wallet),
    _row_target("bybit_cash", wire.CashRow, [*_rows("rest_Account_GetTransactionHistory"), CASH], _cash),
    _row_target(
        "bybit_instruments",
        market_wire.InstrumentInfo,
        [*_rows("http_get_instruments"), LINEAR_INFO, SPOT_INFO, INVERSE_INFO, FUTURE_INFO],
        lambda row: [listing_of(category, row) for category in ("linear", "spot", "inverse")],
    ),
    _row_target(
        "bybit_tickers",
        market_wire.TickerRow,
        [*_rows("rest_ExchangeData_GetSpotTickers"), TICKER],
        lambda row: [ticker_of(listing, row, ts_event_ns=1, ts_arrival_ns=2) for listing in LISTINGS],
    ),
    pure("bybit_book", "adapters.bybit.book: snapshots and deltas", _book_messages, _book),
    served(
        "bybit_public_stream",
        "adapters.bybit.public: frames of the public streams",
        st.lists(st.one_of(json_messages(PUBLIC), damaged_json(PUBLIC).map(written), rubbish), min_size=1, max_size=5),
        _public_site,
        _public,
    ),
    served(
        "bybit_private_stream",
        "adapters.bybit.private_events: pushes",
        json_messages(PRIVATE),
        _private_site,
        _private,
    ),
)
