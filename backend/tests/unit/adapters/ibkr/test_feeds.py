from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from ib_async.contract import Contract, ContractDetails
from ib_async.objects import BarData

from edgerunner.adapters.broker import BarUpdate
from edgerunner.adapters.buffers import MarketBuffer
from edgerunner.adapters.ibkr.bar_feed import SILENT_NS, BarFeed
from edgerunner.adapters.ibkr.depth_feed import DepthFeed
from edgerunner.adapters.ibkr.ears import RowChange
from edgerunner.adapters.ibkr.instruments import Listing, listing_of
from edgerunner.adapters.ibkr.quote_feed import QuoteFeed
from edgerunner.adapters.ibkr.trade_feed import taker_side
from edgerunner.domain.market import Bar, Ticker, Timeframe
from edgerunner.domain.orders import Side

MINUTE_NS = 60 * 10**9
START_NS = 1_795_447_800 * 10**9


def listing(**contract: Any) -> Listing:
    fields: dict[str, Any] = {
        "secType": "STK",
        "conId": 7,
        "symbol": "AAPL",
        "exchange": "SMART",
        "currency": "USD",
        **contract,
    }
    return listing_of("AAPL.IBKR", ContractDetails(contract=Contract(**fields)), ())


class Gateway:
    """Stands for link, clock and connection: a time that a test moves, and the requests sent."""

    def __init__(self) -> None:
        self.time = START_NS
        self.sent: list[tuple[str, tuple[Any, ...]]] = []
        self.sinks: dict[int, object] = {}
        self.client = SimpleNamespace(
            **{
                name: self._sender(name)
                for name in ("reqMktDepth", "cancelMktDepth", "reqHistoricalData", "reqMktData")
            }
        )

    def now_ns(self) -> int:
        return self.time

    def time_ns(self) -> int:
        return self.time

    def listen(self, sink: object) -> int:
        number = len(self.sinks) + 1
        self.sinks[number] = sink
        return number

    def unlisten(self, request_id: int) -> None:
        self.sinks.pop(request_id)

    def _sender(self, name: str) -> Callable[..., None]:
        return lambda *arguments: self.sent.append((name, arguments))


def quotes(gateway: Gateway) -> QuoteFeed:
    return QuoteFeed(listing(), MarketBuffer(), gateway, gateway)  # type: ignore[arg-type]


def test_quote_is_built_of_ticks_and_sizes_that_change_alone() -> None:
    feed = quotes(Gateway())
    feed.on_price(1, 10.1, 5.0)
    feed.on_price(2, 10.2, 6.0)
    feed.on_price(4, 10.15, 1.0)
    feed.on_price(37, 10.16, 0.0)
    feed.on_size(3, 9.0)
    feed.on_price(77, 1.0, 1.0)
    ticker = feed.ticker()
    assert (ticker.bid, ticker.bid_size) == (Decimal("10.1"), Decimal(5))
    assert (ticker.ask, ticker.ask_size) == (Decimal("10.2"), Decimal(9))
    assert (ticker.last, ticker.mark) == (Decimal("10.15"), Decimal("10.16"))
    assert feed.is_complete


def test_side_without_an_offer_is_nothing() -> None:
    feed = quotes(Gateway())
    feed.on_price(1, 10.1, 5.0)
    feed.on_price(1, -1.0, 0.0)
    assert (feed.ticker().bid, feed.ticker().bid_size) == (None, None)
    assert not feed.is_complete


def test_16_delayed_quotes_are_as_old_as_the_last_trade() -> None:
    feed = quotes(Gateway())
    feed.on_data_type(3)
    feed.on_text(88, "1795446900")
    feed.on_price(66, 10.1, 5.0)
    assert feed.ticker().ts_event_ns == 1_795_446_900 * 10**9
    feed.on_data_type(1)
    assert feed.ticker().ts_event_ns == START_NS


def test_lost_connection_empties_the_quote() -> None:
    feed = quotes(Gateway())
    feed.on_price(1, 10.1, 5.0)
    feed.lost()
    assert (feed.ticker().bid, feed.is_heard) == (None, False)


def test_book_is_emptied_by_317_in_its_place_among_the_changes() -> None:
    gateway = Gateway()
    feed = DepthFeed(listing(), MarketBuffer(), gateway, gateway)  # type: ignore[arg-type]
    feed.on_depth(RowChange(0, 0, 1, 10.0, 1.0))
    feed.on_error(317, "Market depth data has been RESET.")
    assert feed.depth() is None
    feed.on_depth(RowChange(0, 0, 1, 11.0, 2.0))
    depth = feed.depth()
    assert depth is not None
    assert depth.bids == ((Decimal(11), Decimal(2)),)


def test_book_that_smart_lacks_is_asked_of_the_primary_exchange() -> None:
    gateway = Gateway()
    feed = DepthFeed(listing(primaryExchange="LSE"), MarketBuffer(), gateway, gateway)  # type: ignore[arg-type]
    feed.begin(gateway)  # type: ignore[arg-type]
    feed.on_error(10092, "Deep market data is not supported for this combination of security type/exchange")
    first, second = (arguments for name, arguments in gateway.sent if name == "reqMktDepth")
    assert (first[1].exchange, first[3]) == ("SMART", True)
    assert (second[1].exchange, second[3]) == ("LSE", False)
    assert len(gateway.sinks) == 1
    feed.on_error(10092, "Deep market data is not supported for this combination of security type/exchange")
    assert feed.refusal is not None


def told(open_ns: int, close: str) -> BarData:
    return BarData(
        date=str(open_ns // 10**9),  # type: ignore[arg-type] # the wire's text
        open=1.0,
        high=2.0,
        low=1.0,
        close=float(close),
        volume=5.0,
    )


def bars(gateway: Gateway, buffer: MarketBuffer) -> BarFeed:
    return BarFeed(listing(), Timeframe.M1, buffer, gateway.now_ns, extended_hours=False)


async def read(buffer: MarketBuffer) -> list[Bar]:
    buffer.close()
    buffer._is_closed = False
    found: list[Bar] = []
    stream = buffer.read()
    while buffer._queue or buffer._changed:
        update = await anext(stream)
        assert isinstance(update, BarUpdate)
        found.append(update.bar)
    return found


async def test_28_a_live_request_that_begins_without_bars_tells_the_bars_that_follow() -> None:
    gateway, buffer = Gateway(), MarketBuffer()
    feed = bars(gateway, buffer)
    feed.on_bars_end()
    feed.on_bar_update(told(START_NS, "1.5"))
    assert [(bar.open_ns, bar.close, bar.is_complete) for bar in await read(buffer)] == [
        (START_NS, Decimal("1.5"), False)
    ]


async def test_bar_closes_with_the_next_ones_first_news_and_only_once() -> None:
    gateway, buffer = Gateway(), MarketBuffer()
    feed = bars(gateway, buffer)
    feed.on_bar(told(START_NS - MINUTE_NS, "1.1"))
    feed.on_bars_end()
    feed.on_bar_update(told(START_NS, "1.2"))
    feed.on_bar_update(told(START_NS + MINUTE_NS, "1.3"))
    feed.on_bar_update(told(START_NS, "9.9"))
    closed = [bar for bar in await read(buffer) if bar.is_complete]
    assert [(bar.open_ns, bar.close) for bar in closed] == [(START_NS, Decimal("1.2"))]


async def test_bar_without_a_successor_closes_two_seconds_after_its_end() -> None:
    gateway, buffer = Gateway(), MarketBuffer()
    feed = bars(gateway, buffer)
    feed.on_bars_end()
    feed.on_bar_update(told(START_NS, "1.2"))
    feed.close_due(START_NS + MINUTE_NS + 1_999_999_999)
    assert not any(bar.is_complete for bar in await read(buffer))
    feed.close_due(START_NS + MINUTE_NS + 2_000_000_000)
    assert [bar.open_ns for bar in await read(buffer) if bar.is_complete] == [START_NS]


async def test_bars_that_closed_while_we_were_away_are_told_after_the_reconnect() -> None:
    gateway, buffer = Gateway(), MarketBuffer()
    feed = bars(gateway, buffer)
    feed.on_bars_end()
    feed.on_bar_update(told(START_NS, "1.2"))
    feed.on_bar_update(told(START_NS + MINUTE_NS, "1.3"))
    await read(buffer)
    feed.lost()
    gateway.time = START_NS + 3 * MINUTE_NS + 10**9
    for number in range(4):
        feed.on_bar(told(START_NS + number * MINUTE_NS, f"2.{number}"))
    feed.on_bars_end()
    closed = [bar for bar in await read(buffer) if bar.is_complete]
    assert [(bar.open_ns, bar.close) for bar in closed] == [
        (START_NS + MINUTE_NS, Decimal("2.1")),
        (START_NS + 2 * MINUTE_NS, Decimal("2.2")),
    ]


def test_14_live_bars_that_say_nothing_for_long_are_asked_for_again() -> None:
    gateway = Gateway()
    feed = bars(gateway, MarketBuffer())
    feed.begin(gateway)  # type: ignore[arg-type]
    assert not feed.is_silent(START_NS + SILENT_NS)
    assert feed.is_silent(START_NS + SILENT_NS + 1)


def quote(bid: str, ask: str) -> Ticker:
    return Ticker(
        instrument_id="AAPL.IBKR",
        bid=Decimal(bid),
        ask=Decimal(ask),
        bid_size=None,
        ask_size=None,
        last=None,
        mark=None,
        index=None,
        ts_event_ns=0,
        ts_arrival_ns=0,
    )


@pytest.mark.parametrize(
    ("price", "shown", "last", "side"),
    [
        ("10.2", quote("10.1", "10.2"), None, Side.BUY),
        ("10.1", quote("10.1", "10.2"), None, Side.SELL),
        ("10.15", quote("10.1", "10.2"), "10.14", Side.BUY),
        ("10.15", quote("10.1", "10.2"), "10.16", Side.SELL),
        ("10.15", None, "10.15", Side.SELL),
        ("10.16", None, "10.15", Side.BUY),
    ],
)
def test_taker_is_judged_by_the_quote_then_by_the_last_change(
    price: str, shown: Ticker | None, last: str | None, side: Side
) -> None:
    before = Decimal(last) if last else None
    assert taker_side(Decimal(price), shown, before, Side.SELL) is side
