"""Live data and history are one market: what was told live is what history tells of the same time."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.tws.wire.history_messages import HistoricalBar, HistoricalDataUpdate, PastQuote, PastTrade
from edgerunner.simulators.tws.wire.market_messages import RealTimeBar, TickByTick, TickPrice, TickSize
from edgerunner.simulators.tws.wire.market_requests import (
    CancelHistoricalData,
    CancelRealTimeBars,
    RequestHistoricalData,
    RequestHistoricalTicks,
    RequestMarketData,
    RequestRealTimeBars,
    RequestTickByTick,
)
from edgerunner.simulators.tws.wire.values import Contract
from edgerunner.simulators.venue_types import OrderRequest
from tests.wire.tws.kit import NOW_NS, Client
from tests.wire.tws.market.moving import AAPL, ES, EURO, MovingTws, answers, moving_tws, told

NOW_S = NOW_NS // 10**9


async def history(client: Client, contract: Contract, size: str, duration: str, what: str = "TRADES") -> Any:
    request = RequestHistoricalData(
        request_id=90,
        contract=contract,
        end="",
        bar_size=size,
        duration=duration,
        is_regular_hours=False,
        what_to_show=what,
        date_format=2,
    )
    (found,) = await answers(client, request)
    return found.bars


async def past(client: Client, contract: Contract, what: str, *, start_s: int, count: int = 1000) -> Sequence[Any]:
    request = RequestHistoricalTicks(
        request_id=91,
        contract=contract,
        start=f"{datetime.fromtimestamp(start_s, UTC):%Y%m%d-%H:%M:%S}",
        end="",
        count=count,
        what_to_show=what,
        is_regular_hours=False,
    )
    (found,) = await answers(client, request)
    ticks: Sequence[Any] = found.ticks
    return ticks


def shape(bar: Any) -> tuple[Any, ...]:
    return (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.average, bar.count)


@pytest.mark.parametrize(
    ("contract", "what"),
    [(AAPL, "TRADES"), (AAPL, "BID"), (AAPL, "ASK"), (ES, "TRADES"), (ES, "MIDPOINT"), (EURO, "MIDPOINT")],
    ids=["AAPL trades", "AAPL bids", "AAPL asks", "ES trades", "ES middle", "EUR middle"],
)
async def test_bars_of_five_seconds_are_those_of_history(
    moving: MovingTws, client: Client, contract: Contract, what: str
) -> None:
    client.send(RequestRealTimeBars(request_id=1, contract=contract, what_to_show=what, is_regular_hours=False))
    moving_start = await told(client)
    assert moving_start == []
    moving.pass_s(21)
    live = await told(client)
    assert [bar.time_s for bar in live] == [NOW_S, NOW_S + 5, NOW_S + 10, NOW_S + 15]
    assert all(isinstance(bar, RealTimeBar) for bar in live)
    bars = await history(client, contract, "5 secs", "30 S", what)
    past_bars = {int(bar.date): shape(bar) for bar in bars}
    assert [shape(bar) for bar in live] == [past_bars[bar.time_s] for bar in live]
    assert await answers(client, CancelRealTimeBars(request_id=1)) == []
    moving.pass_s(10)
    assert await told(client) == []


async def test_single_trades_are_those_of_history_and_make_up_the_bars(moving: MovingTws, client: Client) -> None:
    moving.clock[0] -= 50_000_000
    client.send(RequestTickByTick(request_id=1, contract=AAPL, tick_type="AllLast"))
    client.send(RequestRealTimeBars(request_id=2, contract=AAPL, what_to_show="TRADES", is_regular_hours=False))
    await told(client)
    moving.pass_s(11)
    live = await told(client)
    trades = [each for each in live if isinstance(each, TickByTick) and each.time_s < NOW_S + 10]
    assert {each.tick_type for each in trades} == {2}
    again = [each for each in await past(client, AAPL, "TRADES", start_s=NOW_S) if each.time_s < NOW_S + 10]
    assert [(each.time_s, each.price, each.size, each.exchange) for each in trades] == [
        (each.time_s, each.price, each.size, each.exchange) for each in again
    ]
    for bar in (each for each in live if isinstance(each, RealTimeBar)):
        inside = [each for each in trades if bar.time_s <= each.time_s < bar.time_s + 5]
        prices = [each.price for each in inside]
        assert (bar.open, bar.high, bar.low, bar.close) == (prices[0], max(prices), min(prices), prices[-1])
        assert bar.volume == sum(each.size for each in inside)


@pytest.mark.parametrize(("kind", "what"), [("BidAsk", "BID_ASK"), ("MidPoint", "MIDPOINT")])
async def test_single_quotes_are_those_of_history(moving: MovingTws, client: Client, kind: str, what: str) -> None:
    client.send(RequestTickByTick(request_id=1, contract=ES, tick_type=kind))
    await told(client)
    moving.pass_s(10)
    live = [each for each in await told(client) if NOW_S + 1 <= each.time_s < NOW_S + 9]
    again = [each for each in await past(client, ES, what, start_s=NOW_S + 1) if each.time_s < NOW_S + 9]
    if what == "MIDPOINT":
        assert [(each.time_s, each.middle) for each in live] == [(each.time_s, each.price) for each in again]
    else:
        assert all(isinstance(each, PastQuote) for each in again)
        assert [(each.time_s, each.bid, each.ask, each.bid_size, each.ask_size) for each in live] == [
            (each.time_s, each.bid, each.ask, each.bid_size, each.ask_size) for each in again
        ]
    assert len(live) > 20


async def test_earlier_ticks_come_first_and_live_ones_follow_without_a_hole(moving: MovingTws, client: Client) -> None:
    (first,) = await answers(client, RequestTickByTick(request_id=1, contract=AAPL, tick_type="Last", count=50))
    assert first.is_done
    assert len(first.ticks) >= 50
    moving.pass_s(2)
    live = await told(client)
    assert {each.tick_type for each in live} == {1}
    joined = [(each.time_s, each.price, each.size) for each in (*first.ticks, *live)]
    again = await past(client, AAPL, "TRADES", start_s=first.ticks[0].time_s)
    assert joined == [(each.time_s, each.price, each.size) for each in again]


async def test_ticks_can_be_paged_by_whole_seconds(moving: MovingTws, client: Client) -> None:
    start = NOW_S - 60
    whole = [tick for tick in await past(client, AAPL, "TRADES", start_s=start) if tick.time_s < start + 20]
    found: list[PastTrade] = []
    at = start
    while at < start + 20:
        page = await past(client, AAPL, "TRADES", start_s=at, count=30)
        assert len(page) >= 30
        found += [tick for tick in page if tick.time_s < start + 20]
        at = page[-1].time_s + 1
    assert found == whole
    assert moving.clock[0] == NOW_NS


async def test_ticks_up_to_an_end_are_the_newest_before_it(client: Client) -> None:
    request = RequestHistoricalTicks(
        request_id=5,
        contract=AAPL,
        start="",
        end="20261123 10:00:00 US/Eastern",
        count=20,
        what_to_show="TRADES",
        is_regular_hours=True,
    )
    (found,) = await answers(client, request)
    end_s = NOW_S - 1800
    forward = await past(client, AAPL, "TRADES", start_s=found.ticks[0].time_s)
    assert list(found.ticks) == [tick for tick in forward if tick.time_s < end_s]
    assert len(found.ticks) >= 20


async def test_a_kept_history_tells_the_running_bar_and_each_bar_as_history_does(
    moving: MovingTws, client: Client
) -> None:
    request = RequestHistoricalData(
        request_id=1,
        contract=AAPL,
        end="",
        bar_size="10 secs",
        duration="60 S",
        is_regular_hours=True,
        what_to_show="TRADES",
        date_format=2,
        keeps_up_to_date=True,
    )
    (first,) = await answers(client, request)
    bars: dict[str, Any] = {bar.date: bar for bar in first.bars}
    moving.pass_s(26)
    updates = await told(client)
    assert all(isinstance(each, HistoricalDataUpdate) for each in updates)
    assert len(updates) in range(20, 30)
    assert [each.date for each in updates] == sorted(each.date for each in updates)
    bars |= {each.date: each for each in updates}
    now = await history(client, AAPL, "10 secs", "90 S")
    assert {date: shape(bar) for date, bar in bars.items()} == {bar.date: shape(bar) for bar in now if bar.date in bars}
    assert {bar.date for bar in now} - set(bars) == set() or min(bars) > min(bar.date for bar in now)
    (ending,) = await answers(client, CancelHistoricalData(request_id=1))
    assert (ending.code, "query cancelled: 1" in ending.text) == (162, True)
    moving.pass_s(5)
    assert await told(client) == []


async def test_a_kept_daily_bar_grows(moving: MovingTws, client: Client) -> None:
    request = RequestHistoricalData(
        request_id=1,
        contract=AAPL,
        end="",
        bar_size="1 day",
        duration="3 D",
        is_regular_hours=True,
        what_to_show="TRADES",
        date_format=1,
        keeps_up_to_date=True,
    )
    (first,) = await answers(client, request)
    moving.pass_s(3)
    updates = await told(client)
    assert {each.date for each in updates} == {"20261123"}
    assert first.bars[-1].volume < updates[0].volume < updates[-1].volume


async def test_a_kept_history_goes_over_to_the_next_session() -> None:
    friday_evening = datetime(2026, 11, 20, 20, 59, 50, tzinfo=UTC)
    async with moving_tws(TwsSettings(keeps_hours=True), at=friday_evening) as moving, Client(moving.port) as client:
        await client.log_on()
        request = RequestHistoricalData(
            request_id=1,
            contract=AAPL,
            end="",
            bar_size="1 hour",
            duration="1 D",
            is_regular_hours=True,
            what_to_show="TRADES",
            date_format=1,
            keeps_up_to_date=True,
        )
        await answers(client, request)
        moving.pass_s(20)
        last = (await told(client))[-1]
        assert last.date == "20261120 15:00:00 US/Eastern"
        bars = await history(client, AAPL, "1 hour", "1 D")
        assert shape(last) in [shape(bar) for bar in bars if isinstance(bar, HistoricalBar)]
        moving.clock[0] = int(datetime(2026, 11, 23, 14, 30, 5, tzinfo=UTC).timestamp()) * 10**9
        moving.pass_s(1)
        assert {each.date for each in await told(client)} == {"20261123 09:30:00 US/Eastern"}


async def test_the_days_high_low_and_volume_are_those_of_its_bars(moving: MovingTws, client: Client) -> None:
    shown: dict[int, Any] = {}
    found = await answers(client, RequestMarketData(request_id=1, contract=AAPL))
    for _ in range(5):
        moving.pass_s(3)
        found += await told(client)
    for each in found:
        if isinstance(each, TickPrice | TickSize):
            shown[each.tick_type] = each.price if isinstance(each, TickPrice) else each.size
    bars = await history(client, AAPL, "1 min", "1 D")
    newest = await past(client, AAPL, "TRADES", start_s=NOW_S + 15)
    assert shown[6] == max(bar.high for bar in bars)
    assert shown[7] == min(bar.low for bar in bars)
    assert shown[8] == sum(bar.volume for bar in bars) + sum(each.size for each in newest)


async def test_a_users_own_trade_is_on_the_tape(moving: MovingTws, client: Client) -> None:
    client.send(RequestTickByTick(request_id=1, contract=AAPL, tick_type="AllLast"))
    await told(client)
    moving.pass_s(1)
    venue = moving.server.gateway.venue
    instrument = venue.instrument("STK:AAPL")
    lots = instrument.to_lots(Decimal(123))
    order = OrderRequest(account_id="DU1000001", symbol="STK:AAPL", side="buy", order_type="market", quantity_lots=lots)
    await told(client)
    venue.place(order)
    fills = venue.fills("DU1000001")
    prints = [each for each in await told(client) if isinstance(each, TickByTick)]
    assert [(each.price, each.size) for each in prints] == [
        (instrument.price(fill.price_ticks), instrument.quantity(fill.quantity_lots)) for fill in reversed(fills)
    ]
    assert sum(each.size for each in prints) == 123
