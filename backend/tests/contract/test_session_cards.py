"""The session: accounts, instruments, market data, and interruptions."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import pytest

from edgerunner.adapters.broker import BarUpdate, Feed, MarketSubscription
from edgerunner.domain.errors import NotFound, Unsupported
from edgerunner.domain.market import Bar, Depth, MarketTrade, Ticker, Timeframe
from edgerunner.domain.orders import OrderStatus
from tests.contract.harness import Broker, until


async def test_connect_names_the_accounts_and_says_they_are_not_live(broker: Broker) -> None:
    assert broker.accounts
    assert all(account.account_id and not account.is_live for account in broker.accounts)


async def test_both_links_come_up(broker: Broker) -> None:
    for link in ("orders", "data"):
        await until(lambda link=link: broker.health(link)[-1:] == ["up"], lambda: "both links up")  # type: ignore[misc]


async def test_instrument_is_known_and_searchable(broker: Broker) -> None:
    instrument = broker.instrument
    assert instrument.instrument_id == broker.instrument_id
    assert instrument.tick_size > 0
    assert instrument.lot_step > 0
    assert instrument in await broker.adapter.search_instruments(instrument.base.lower())
    assert len(await broker.adapter.search_instruments("")) >= len(await broker.adapter.search_instruments("BTC"))
    assert await broker.adapter.search_instruments("no such thing") == []


async def test_unknown_instrument_is_not_found(broker: Broker) -> None:
    with pytest.raises(NotFound, match="NOSUCH"):
        broker.adapter.get_instrument("NOSUCH.VENUE")
    with pytest.raises(NotFound, match="NOSUCH"):
        await broker.adapter.get_ticker("NOSUCH.VENUE")


@pytest.mark.parametrize("timeframe", list(Timeframe))
async def test_chart_joins_up_or_its_lack_is_declared(broker: Broker, timeframe: Timeframe) -> None:
    if timeframe not in broker.capabilities.timeframes:
        assert broker.capabilities.unsupported[timeframe]
        with pytest.raises(Unsupported):
            await broker.adapter.get_chart_data(broker.instrument_id, timeframe)
        return
    bars = await broker.adapter.get_chart_data(broker.instrument_id, timeframe, limit=20)
    assert len(bars) == 20
    require_joined(broker, bars, timeframe)
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars)
    assert all(bar.is_complete for bar in bars[:-1])
    assert broker.instrument.sessions or not bars[-1].is_complete


def require_joined(broker: Broker, bars: Sequence[Bar], timeframe: Timeframe) -> None:
    """Each bar follows the one before; where trading pauses (nights, weekends), most of them do."""
    steps = [later.open_ns - earlier.open_ns for earlier, later in pairwise(bars)]
    if not broker.instrument.sessions:
        assert set(steps) == {timeframe.length_ns}
        return
    assert min(steps) > 0
    if timeframe is not Timeframe.D1:
        assert sum(step == timeframe.length_ns for step in steps) > len(steps) / 2 or timeframe is Timeframe.H4


async def test_long_chart_has_no_hole_between_its_pages(broker: Broker) -> None:
    bars = await broker.adapter.get_chart_data(broker.instrument_id, Timeframe.M1, limit=2300)
    assert len(bars) == 2300
    require_joined(broker, bars, Timeframe.M1)


async def test_chart_of_an_interval(broker: Broker) -> None:
    whole = await broker.adapter.get_chart_data(broker.instrument_id, Timeframe.M5, limit=60)
    part = await broker.adapter.get_chart_data(
        broker.instrument_id, Timeframe.M5, start_ns=whole[10].open_ns, end_ns=whole[30].open_ns
    )
    assert part == whole[10:30]


async def test_quote_and_book_agree(broker: Broker) -> None:
    ticker = await broker.adapter.get_ticker(broker.instrument_id)
    assert ticker.bid is not None
    assert ticker.ask is not None
    assert ticker.bid < ticker.ask
    broker.needs(Feed.DEPTH not in broker.capabilities.unsupported, Feed.DEPTH)
    depth = await broker.adapter.get_depth(broker.instrument_id, 10)
    assert len(depth.bids) >= broker.book_levels
    assert list(depth.bids) == sorted(depth.bids, reverse=True)
    assert list(depth.asks) == sorted(depth.asks)
    assert depth.bids[0][0] < depth.asks[0][0]


async def test_funding_or_its_lack(broker: Broker) -> None:
    if not broker.has_funding:
        with pytest.raises(Unsupported):
            await broker.adapter.get_funding(broker.instrument_id, 3)
        return
    funding = await broker.adapter.get_funding(broker.instrument_id, 3)
    assert len(funding.rates) == 3
    assert [rate.ts_ns for rate in funding.rates] == sorted(rate.ts_ns for rate in funding.rates)
    assert funding.next is not None
    assert funding.next.ts_ns > funding.rates[-1].ts_ns


async def test_live_feeds_bring_quotes_books_trades_and_bars(broker: Broker) -> None:
    wanted = [
        MarketSubscription(
            feed=feed, instrument_id=broker.instrument_id, timeframe=Timeframe.M1 if feed is Feed.BARS else None
        )
        for feed in Feed
        if feed not in broker.capabilities.unsupported
    ]
    await broker.adapter.subscribe(wanted)
    has_trades = Feed.TRADES not in broker.capabilities.unsupported
    has_book = Feed.DEPTH not in broker.capabilities.unsupported
    kinds = (Ticker, BarUpdate, *([Depth] if has_book else []), *([MarketTrade] if has_trades else []))
    await until(
        lambda: all(any(isinstance(update, kind) for update in broker.market) for kind in kinds),
        lambda: f"all of {kinds}; got { ({type(update) for update in broker.market}) }",
    )
    for update in broker.market:
        assert update.instrument_id == broker.instrument_id
    quote = next(update for update in broker.market if isinstance(update, Ticker) and update.bid and update.ask)
    assert quote.bid is not None
    assert quote.ask is not None
    assert quote.bid < quote.ask


async def test_unknown_feed_is_named(broker: Broker) -> None:
    with pytest.raises(NotFound, match="NOSUCH"):
        await broker.adapter.subscribe([MarketSubscription(feed=Feed.QUOTES, instrument_id="NOSUCH.VENUE")])


async def test_broken_streams_are_told_and_what_was_missed_can_be_read(broker: Broker) -> None:
    if not broker.has_order_wire:
        pytest.skip("declared: orders stay in this process")
    key = await broker.place(await broker.limit_terms())
    await broker.until_status(key, OrderStatus.ACCEPTED)
    part = 5 * broker.instrument.lot_step
    await asyncio.gather(broker.cut_streams(), broker.fill_by_hand(key, part))
    await until(lambda: broker.health("orders")[-2:] == ["down", "up"], lambda: str(broker.health("orders")))
    lookup = await broker.adapter.find_order(
        client_order_id=key, venue_order_id=None, instrument_id=broker.instrument_id, sent_at_ns=None
    )
    assert sum(each.fill.quantity for each in lookup.fills) == part
    await broker.cancel(key)
    await broker.until_status(key, OrderStatus.CANCELED)


async def test_feeds_go_on_after_broken_streams(broker: Broker) -> None:
    kind = Feed.QUOTES if Feed.DEPTH in broker.capabilities.unsupported else Feed.DEPTH
    await broker.adapter.subscribe([MarketSubscription(feed=kind, instrument_id=broker.instrument_id)])
    await until(lambda: broker.market, lambda: "a book")
    await broker.cut_streams()
    await until(lambda: broker.health("data")[-2:] == ["down", "up"], lambda: str(broker.health("data")))
    seen = len(broker.market)
    await until(lambda: len(broker.market) > seen, lambda: "a book after the break")
