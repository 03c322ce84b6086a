"""Traps about market data, by the numbers of the table in docs/simulators/bybit.md."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from edgerunner.adapters.broker import BarUpdate, Feed, MarketSubscription
from edgerunner.adapters.bybit_adapter import BybitAdapter
from edgerunner.domain.market import Depth, Timeframe
from edgerunner.simulators.faults import FaultMatch
from tests.contract.bybit_harness import BybitOnSimulator, bybit_on_simulator
from tests.contract.harness import until
from tests.wire.bybit_adapter.traps import trap

ETH_ID = "ETHUSDT-LINEAR.BYBIT"


@pytest.fixture
async def broker() -> AsyncIterator[BybitOnSimulator]:
    async with bybit_on_simulator("linear:BTCUSDT") as connected:
        yield connected


def depth_of(instrument_id: str) -> MarketSubscription:
    return MarketSubscription(feed=Feed.DEPTH, instrument_id=instrument_id)


def books(broker: BybitOnSimulator, instrument_id: str) -> list[Depth]:
    return [u for u in broker.market if isinstance(u, Depth) and u.instrument_id == instrument_id]


def venue_book(broker: BybitOnSimulator) -> tuple[list[tuple[Decimal, Decimal]], list[tuple[Decimal, Decimal]]]:
    instrument = broker.venue.instruments["linear:BTCUSDT"]
    bids, asks = broker.venue.depth("linear:BTCUSDT", 50)
    return (
        [(instrument.price(ticks), instrument.quantity(lots)) for ticks, lots in bids],
        [(instrument.price(ticks), instrument.quantity(lots)) for ticks, lots in asks],
    )


def trouble(broker: BybitOnSimulator) -> tuple[int, int]:
    """Holes in books and connections so far; no report tells of them."""
    assert isinstance(broker.adapter, BybitAdapter)
    counts = broker.adapter._session.public.counts()
    return counts.holes, counts.connections


async def test_1_a_delete_of_an_unknown_level_changes_nothing_and_the_book_does_not_drift(
    broker: BybitOnSimulator,
) -> None:
    await broker.adapter.subscribe([depth_of(broker.instrument_id)])
    await until(lambda: len(books(broker, broker.instrument_id)) > 2, lambda: "a book")
    before = trouble(broker)
    broker.faults.add("bybit", "bybit.book_unknown_delete", count=5)
    await until(lambda: not broker.faults.active(), lambda: "the fault to happen")
    seen = len(books(broker, broker.instrument_id))
    await until(lambda: len(books(broker, broker.instrument_id)) > seen + 3, lambda: "books afterwards")
    for book in books(broker, broker.instrument_id):
        bids, asks = [price for price, _ in book.bids], [price for price, _ in book.asks]
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert bids[0] < asks[0]
    assert trouble(broker) == before
    broker.venue.operator.set_halt("linear:BTCUSDT", halted=True)
    await until(lambda: is_the_venues(broker), lambda: "the book to be the venue's")


def is_the_venues(broker: BybitOnSimulator) -> bool:
    newest = books(broker, broker.instrument_id)[-1]
    return (list(newest.bids), list(newest.asks)) == venue_book(broker)


async def test_20_a_bar_that_closes_twice_is_told_once_and_the_newest_one_is_open() -> None:
    async with bybit_on_simulator("linear:BTCUSDT", speed=60) as broker:
        trap(broker, "bar_confirmed_twice", count=None)
        bars = MarketSubscription(feed=Feed.BARS, instrument_id=broker.instrument_id, timeframe=Timeframe.M1)
        await broker.adapter.subscribe([bars])
        await until(lambda: len(closed(broker)) >= 3, lambda: f"three closed bars; told: {closed(broker)}")
        assert len(closed(broker)) == len(set(closed(broker)))
        assert closed(broker) == sorted(closed(broker))
        read = await broker.adapter.get_chart_data(broker.instrument_id, Timeframe.M1, limit=3)
        assert [bar.is_complete for bar in read] == [True, True, False]


def closed(broker: BybitOnSimulator) -> list[int]:
    return [u.bar.open_ns for u in broker.market if isinstance(u, BarUpdate) and u.bar.is_complete]


async def test_26_a_further_subscription_leaves_the_first_book_as_it_is(broker: BybitOnSimulator) -> None:
    await broker.adapter.subscribe([depth_of(broker.instrument_id)])
    await until(lambda: len(books(broker, broker.instrument_id)) > 2, lambda: "a book")
    before = trouble(broker)
    await broker.adapter.subscribe([depth_of(broker.instrument_id), depth_of(ETH_ID)])
    seen = len(books(broker, broker.instrument_id))
    await until(lambda: books(broker, ETH_ID), lambda: "the second book")
    await until(lambda: len(books(broker, broker.instrument_id)) > seen + 3, lambda: "the first book to go on")
    assert trouble(broker) == before


async def test_2_a_silent_market_socket_is_replaced_and_books_go_on() -> None:
    async with bybit_on_simulator("linear:BTCUSDT", heartbeat_s=0.3) as broker:
        await broker.adapter.subscribe([depth_of(broker.instrument_id)])
        await until(lambda: len(books(broker, broker.instrument_id)) > 2, lambda: "a book")
        broker.faults.add("bybit", "stall_stream", match=FaultMatch(op="stream", symbol="BTCUSDT"))
        await until(lambda: broker.health("data")[-2:] == ["down", "up"], lambda: str(broker.health("data")))
        seen = len(books(broker, broker.instrument_id))
        await until(lambda: len(books(broker, broker.instrument_id)) > seen + 3, lambda: "books again")
