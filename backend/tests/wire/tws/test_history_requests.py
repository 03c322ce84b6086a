"""Requests for history, asked by ib_async and by a plain client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from datetime import date, datetime
from itertools import pairwise
from typing import Any

import pytest

from edgerunner.simulators.tws.server import TwsServer
from edgerunner.simulators.tws.wire.history_messages import HistoricalData
from edgerunner.simulators.tws.wire.market_requests import RequestHistoricalData
from edgerunner.simulators.tws.wire.session import RequestCurrentTime
from edgerunner.simulators.tws.wire.values import Contract
from tests.wire.tws.kit import HOST, Client

ib_async = pytest.importorskip("ib_async", reason="ib_async is not installed: it asks for an older tzdata than we do")

AAPL = ib_async.Stock("AAPL", "SMART", "USD")


@pytest.fixture
async def ib(tws: TwsServer) -> AsyncIterator[Any]:
    client = ib_async.IB()
    client.RaiseRequestErrors = True
    await client.connectAsync(HOST, tws.port, 7)
    yield client
    client.disconnect()


async def soon(answer: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(answer, 10)


async def bars(ib: Any, **words: Any) -> Any:
    asked = {
        "contract": AAPL,
        "endDateTime": "",
        "durationStr": "1 D",
        "barSizeSetting": "1 hour",
        "whatToShow": "TRADES",
        "useRTH": True,
    }
    return await soon(ib.reqHistoricalDataAsync(**{**asked, **words}))


async def test_bars_of_an_hour_are_told_in_the_zone_of_the_exchange(ib: Any) -> None:
    found = await bars(ib, endDateTime="20261121 12:00:00 US/Eastern")
    assert [bar.date.strftime("%Y%m%d %H:%M") for bar in found] == [
        "20261120 09:30",
        *(f"20261120 {hour}:00" for hour in range(10, 16)),
    ]
    assert {bar.date.utcoffset().total_seconds() for bar in found} == {-5 * 3600}
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in found)
    assert all(bar.volume > 0 and bar.barCount > 0 and bar.low <= bar.average <= bar.high for bar in found)


async def test_epoch_dates_are_the_same_moments(ib: Any) -> None:
    text, epoch = await bars(ib), await bars(ib, formatDate=2)
    assert [bar.date.timestamp() for bar in text] == [bar.date.timestamp() for bar in epoch]
    assert [bar.close for bar in text] == [bar.close for bar in epoch]


async def test_daily_bars_carry_dates_and_contain_the_bars_of_their_hours(ib: Any) -> None:
    days, hours = await bars(ib, barSizeSetting="1 day", durationStr="3 D"), await bars(ib, durationStr="3 D")
    assert [day.date for day in days] == [date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 23)]
    for day in days:
        inside = [hour for hour in hours if hour.date.date() == day.date]
        assert (day.open, day.close) == (inside[0].open, inside[-1].close)
        assert (day.high, day.low) == (max(hour.high for hour in inside), min(hour.low for hour in inside))
        assert day.volume == sum(hour.volume for hour in inside)


async def test_all_hours_are_more_than_regular_hours(ib: Any) -> None:
    friday = "20261120 23:00:00 US/Eastern"
    regular, whole = await bars(ib, endDateTime=friday), await bars(ib, endDateTime=friday, useRTH=False)
    assert (regular[0].date.hour, whole[0].date.hour, whole[-1].date.hour) == (9, 4, 19)


@pytest.mark.parametrize(
    "size",
    [
        *("1 secs", "5 secs", "10 secs", "15 secs", "30 secs", "1 min", "2 mins", "3 mins", "5 mins", "10 mins"),
        *("15 mins", "20 mins", "30 mins", "1 hour", "2 hours", "3 hours", "4 hours", "8 hours"),
        *("1 day", "1 week", "1 month"),
    ],
)
async def test_every_bar_size_is_told_without_holes(ib: Any, size: str) -> None:
    duration = {"secs": "1800 S", "min": "1 W", "mins": "1 W"}.get(size.split()[1], "1 M")
    found = await bars(ib, barSizeSetting=size, durationStr=duration)
    assert found
    assert all(near.date < far.date for near, far in pairwise(found))


@pytest.mark.parametrize("what", ["MIDPOINT", "BID", "ASK", "BID_ASK"])
async def test_currency_pairs_have_quotes_and_no_trades(ib: Any, what: str) -> None:
    pair = ib_async.Forex("EURUSD")
    found = await bars(ib, contract=pair, whatToShow=what)
    assert {(bar.volume, bar.average, bar.barCount) for bar in found} == {(-1, -1, -1)}
    with pytest.raises(ib_async.wrapper.RequestError) as caught:
        await bars(ib, contract=pair, whatToShow="TRADES")
    assert caught.value.code == 162


async def test_bids_lie_below_asks(ib: Any) -> None:
    bids, asks = await bars(ib, whatToShow="BID"), await bars(ib, whatToShow="ASK")
    assert all(bid.open < ask.open and bid.close < ask.close for bid, ask in zip(bids, asks, strict=True))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"contract": ib_async.Stock("XYZ", "SMART", "USD")}, 200),
        ({"contract": ib_async.Future("ES", exchange="CME")}, 200),
        ({"barSizeSetting": "7 mins"}, 162),
        ({"durationStr": "1 X"}, 162),
        ({"endDateTime": "yesterday"}, 162),
        ({"whatToShow": "FEE_RATE"}, 162),
        ({"barSizeSetting": "1 secs", "durationStr": "1 Y"}, 162),
        ({"endDateTime": "20090101 12:00:00 UTC"}, 162),
    ],
)
async def test_what_has_no_history_is_refused(ib: Any, words: dict[str, Any], code: int) -> None:
    with pytest.raises(ib_async.wrapper.RequestError) as caught:
        await bars(ib, **words)
    assert caught.value.code == code


async def test_an_expired_future_has_history_when_it_is_asked_for(ib: Any) -> None:
    expired = ib_async.Future("ES", "202609", "CME", includeExpired=True)
    assert await bars(ib, contract=expired, endDateTime="20260916 16:00:00 US/Central")


async def test_the_schedule_is_told_as_recorded(ib: Any) -> None:
    found = await soon(ib.reqHistoricalScheduleAsync(AAPL, 3, "", True))
    assert (found.startDateTime, found.endDateTime) == ("20261119-09:30:00", "20261123-16:00:00")
    assert found.timeZone == "US/Eastern"
    assert [session.refDate for session in found.sessions] == ["20261119", "20261120", "20261123"]


async def test_data_begin_with_2010(ib: Any) -> None:
    first = await soon(ib.reqHeadTimeStampAsync(AAPL, "TRADES", True, 2))
    assert first == datetime.fromisoformat("2010-01-04T14:30:00+00:00")


async def test_the_whole_answer_is_one_message_with_its_time_span(tws: TwsServer) -> None:
    async with Client(tws.port) as client:
        await client.log_on()
        asked = RequestHistoricalData(
            request_id=3,
            contract=Contract(con_id=265598, exchange="SMART"),
            end="",
            bar_size="30 mins",
            duration="1 D",
            is_regular_hours=True,
            what_to_show="TRADES",
            date_format=1,
        )
        found = await client.ask(asked)
        assert isinstance(found, HistoricalData)
        assert (found.start, found.end) == ("20261123  09:30:00", "20261123  10:30:00")
        assert [bar.date for bar in found.bars] == ["20261123 09:30:00 US/Eastern", "20261123 10:00:00 US/Eastern"]


async def test_long_history_does_not_keep_other_clients_waiting(tws: TwsServer) -> None:
    asked = RequestHistoricalData(
        request_id=3,
        contract=Contract(con_id=265598),
        end="",
        bar_size="1 day",
        duration="5 Y",
        is_regular_hours=True,
        what_to_show="TRADES",
        date_format=1,
    )
    async with Client(tws.port) as patient, Client(tws.port) as other:
        await patient.log_on(client_id=1)
        await other.log_on(client_id=2)
        history = asyncio.create_task(patient.ask(asked))
        for _ in range(5):
            await soon(other.ask(RequestCurrentTime()))
        assert not history.done()
        assert len((await soon(history)).bars) > 1300
