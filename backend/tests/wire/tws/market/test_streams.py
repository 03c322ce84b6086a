"""Order books, single ticks, histograms and exchange maps: what is told, what is refused, what an outage does."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from edgerunner.simulators.tws.market.rights import DataRights, MarketDataSettings
from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.tws.wire.history_messages import Histogram
from edgerunner.simulators.tws.wire.market_messages import (
    Depth,
    DepthExchanges,
    DepthOfMaker,
    RealTimeBar,
    SmartComponents,
    TickByTick,
)
from edgerunner.simulators.tws.wire.market_requests import (
    CancelDepth,
    CancelHistoricalData,
    CancelRealTimeBars,
    CancelTickByTick,
    RequestDepth,
    RequestDepthExchanges,
    RequestHistogram,
    RequestHistoricalData,
    RequestHistoricalTicks,
    RequestMarketData,
    RequestRealTimeBars,
    RequestSmartComponents,
    RequestTickByTick,
)
from edgerunner.simulators.tws.wire.values import Contract
from edgerunner.simulators.venue_types import OrderRequest
from tests.wire.tws.kit import Client
from tests.wire.tws.market.moving import AAPL, CALL, ES, EURO, MSFT, SPY, MovingTws, answers, moving_tws, told

VOD = Contract(con_id=150000001, exchange="LSE")
NASDAQ_AAPL = Contract(con_id=265598, exchange="NASDAQ")
INSERT, UPDATE, DELETE = 0, 1, 2


def depth(contract: Contract = ES, request_id: int = 1, **words: Any) -> RequestDepth:
    return RequestDepth(request_id=request_id, contract=contract, **{"rows": 5, **words})


def replayed(messages: list[Any], sides: dict[int, list[Any]]) -> dict[int, list[Any]]:
    """Apply changes as a client does: rows below an inserted one move down, below a deleted one up."""
    for each in messages:
        rows = sides[each.side]
        row = (each.price, each.size, getattr(each, "market_maker", ""))
        match each.operation:
            case 0:
                assert each.position <= len(rows)
                rows.insert(each.position, row)
            case 1:
                rows[each.position] = row
            case 2:
                del rows[each.position]
    return sides


def expected(moving: MovingTws, symbol: str) -> dict[int, list[tuple[Decimal, Decimal]]]:
    venue = moving.server.gateway.venue
    instrument = venue.instrument(symbol)
    sides = zip((1, 0), venue.depth(symbol, 5), strict=True)
    return {
        side: [(instrument.price(ticks), instrument.quantity(lots)) for ticks, lots in levels] for side, levels in sides
    }


async def test_a_book_is_told_row_by_row_and_stays_what_the_market_shows(moving: MovingTws, client: Client) -> None:
    first = await answers(client, depth())
    assert {(each.operation, type(each)) for each in first} == {(INSERT, Depth)}
    assert len(first) == 10
    sides = replayed(first, {0: [], 1: []})
    operations = set()
    for _ in range(40):
        moving.pass_s(0.25)
        changes = await told(client)
        operations |= {each.operation for each in changes}
        replayed(changes, sides)
        assert all(len(rows) <= 5 for rows in sides.values())
        shown = {side: [row[:2] for row in rows] for side, rows in sides.items()}
        assert shown == expected(moving, "FUT:ES-202612")
    assert operations == {INSERT, UPDATE, DELETE}


async def test_a_users_order_is_in_the_book(moving: MovingTws, client: Client) -> None:
    sides = replayed(await answers(client, depth()), {0: [], 1: []})
    venue = moving.server.gateway.venue
    best = venue.depth("FUT:ES-202612", 1)[0][0][0]
    order = OrderRequest(
        account_id="DU1000001",
        symbol="FUT:ES-202612",
        side="buy",
        order_type="limit",
        quantity_lots=7,
        price_ticks=best,
    )
    before = sides[1][0]
    venue.place(order)
    moving.server.gateway.pulse.beat()
    replayed(await told(client), sides)
    assert sides[1][0][:2] == (before[0], before[1] + 7)


async def test_a_smart_book_names_the_exchange_of_each_row(moving: MovingTws, client: Client) -> None:
    first = await answers(client, depth(AAPL, is_smart=True, rows=8))
    assert {type(each) for each in first} == {DepthOfMaker}
    assert all(each.is_smart for each in first)
    makers = {each.market_maker for each in first}
    assert makers <= {"NASDAQ", "NYSE", "ARCA", "BATS", "IEX"}
    assert len(makers) > 1
    sides = replayed(first, {0: [], 1: []})
    for _ in range(20):
        moving.pass_s(0.25)
        replayed([each for each in await told(client) if isinstance(each, DepthOfMaker)], sides)
        bids, asks = ([row[0] for row in sides[side]] for side in (1, 0))
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert bids[0] < asks[0]
        assert max(len(bids), len(asks)) <= 8


async def test_a_book_that_jumps_is_reset_first(moving: MovingTws, client: Client) -> None:
    await answers(client, depth())
    moving.server.gateway.venue.operator.set_price("FUT:ES-202612", Decimal(5000))
    moving.pass_s(0.25)
    reset, *rows = await told(client)
    assert (reset.request_id, reset.code) == (1, 317)
    assert {each.operation for each in rows} == {INSERT}
    shown = {side: [row[:2] for row in found] for side, found in replayed(rows, {0: [], 1: []}).items()}
    assert shown == expected(moving, "FUT:ES-202612")


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (depth(AAPL), 10092),
        (depth(CALL, is_smart=True), 10092),
        (depth(Contract(con_id=265598, exchange="IDEALPRO")), 200),
        (CancelDepth(request_id=3), 310),
        (CancelTickByTick(request_id=3), 300),
        (CancelRealTimeBars(request_id=3), 300),
        (CancelHistoricalData(request_id=3), 366),
        (RequestTickByTick(request_id=3, contract=AAPL, tick_type="Every"), 321),
        (RequestTickByTick(request_id=3, contract=AAPL, tick_type="Last", count=1001), 321),
        (RequestTickByTick(request_id=3, contract=EURO, tick_type="Last"), 10189),
        (RequestRealTimeBars(request_id=3, contract=AAPL, what_to_show="BID_ASK", is_regular_hours=True), 321),
        (RequestRealTimeBars(request_id=3, contract=EURO, what_to_show="TRADES", is_regular_hours=True), 420),
        (RequestHistogram(request_id=3, contract=AAPL, is_regular_hours=True, period="some days"), 162),
        (RequestHistogram(request_id=3, contract=AAPL, is_regular_hours=True, period="2 years"), 162),
        (RequestSmartComponents(request_id=3, bbo_exchange="ffffff"), 321),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_cannot_be_had_is_refused(client: Client, request_: object, code: int) -> None:
    (refusal,) = await answers(client, request_)
    assert refusal.code == code


@pytest.mark.parametrize("contract", [VOD, NASDAQ_AAPL, EURO], ids=["London", "one exchange", "currencies"])
async def test_a_book_of_one_exchange_names_nobody(client: Client, contract: Contract) -> None:
    found = await answers(client, depth(contract))
    assert {type(each) for each in found} == {Depth}


async def test_more_books_than_allowed_are_refused_but_not_one_more_of_the_same(client: Client) -> None:
    for request_id, contract in enumerate((AAPL, MSFT, SPY), start=1):
        await answers(client, depth(contract, request_id, is_smart=True))
    (refusal,) = await answers(client, depth(ES, 4))
    assert (refusal.code, refusal.text) == (309, "Max number (3) of market depth requests has been reached")
    assert len(await answers(client, depth(SPY, 5, is_smart=True))) == 10
    assert await answers(client, CancelDepth(request_id=1)) == []
    assert len(await answers(client, depth(ES, 6))) == 10


async def test_more_streams_of_single_ticks_than_allowed_are_refused(client: Client) -> None:
    for request_id in range(5):
        request = RequestTickByTick(request_id=request_id, contract=AAPL, tick_type="Last")
        assert await answers(client, request) == []
    (refusal,) = await answers(client, RequestTickByTick(request_id=5, contract=AAPL, tick_type="Last"))
    assert (refusal.code, refusal.text) == (10190, "Max number of tick-by-tick requests has been reached.")


async def test_more_kept_histories_than_allowed_are_refused() -> None:
    settings = TwsSettings(market_data=MarketDataSettings(histories=1))
    async with moving_tws(settings) as moving, Client(moving.port) as client:
        await client.log_on()
        assert len(await answers(client, kept(1))) == 1
        assert [each.code for each in await answers(client, kept(1))] == [322]
        (refusal,) = await answers(client, kept(2))
        assert "Only 1 simultaneous API historical data requests allowed." in refusal.text


def kept(request_id: int, **words: Any) -> RequestHistoricalData:
    asked = {
        "contract": AAPL,
        "end": "",
        "bar_size": "1 min",
        "duration": "600 S",
        "is_regular_hours": True,
        "what_to_show": "TRADES",
        "date_format": 1,
        "keeps_up_to_date": True,
    }
    return RequestHistoricalData(request_id=request_id, **{**asked, **words})


@pytest.mark.parametrize(
    "words", [{"end": "20261120 16:00:00"}, {"what_to_show": "BID_ASK"}, {"bar_size": "1 secs"}], ids=str
)
async def test_a_history_that_cannot_be_kept_is_refused(client: Client, words: dict[str, Any]) -> None:
    (refusal,) = await answers(client, kept(1, **words))
    assert refusal.code == 321


@pytest.mark.parametrize(
    "words",
    [
        {"start": "20261123 10:00:00", "end": "20261123 10:00:00"},
        {},
        {"start": "20261123 10:00:00", "count": 0},
        {"start": "20261123 10:00:00", "count": 1001},
        {"start": "20261123 10:00:00", "what_to_show": "ALL"},
        {"start": "yesterday"},
        {"start": "20261123 10:00:00", "contract": EURO},
    ],
    ids=str,
)
async def test_past_ticks_that_make_no_sense_are_refused(client: Client, words: dict[str, Any]) -> None:
    asked = {"start": "", "end": "", "count": 10, "what_to_show": "TRADES", "is_regular_hours": True, "contract": AAPL}
    (refusal,) = await answers(client, RequestHistoricalTicks(request_id=4, **{**asked, **words}))
    assert (refusal.request_id, refusal.code) == (4, 10187)


async def test_ignoring_sizes_tells_less(moving: MovingTws, client: Client) -> None:
    client.send(RequestTickByTick(request_id=1, contract=ES, tick_type="BidAsk"))
    client.send(RequestTickByTick(request_id=2, contract=ES, tick_type="BidAsk", ignores_size=True))
    await told(client)
    moving.pass_s(10)
    found = [each for each in await told(client) if isinstance(each, TickByTick)]
    whole = [each for each in found if each.request_id == 1]
    prices = [(each.bid, each.ask) for each in found if each.request_id == 2]
    assert 0 < len(prices) < len(whole)
    assert all(near != far for near, far in pairwise(prices))


async def test_single_ticks_end_when_they_are_canceled(moving: MovingTws, client: Client) -> None:
    await answers(client, RequestTickByTick(request_id=1, contract=AAPL, tick_type="Last"))
    assert await answers(client, CancelTickByTick(request_id=1)) == []
    moving.pass_s(2)
    assert await told(client) == []


async def test_a_step_whose_price_is_set_by_hand_is_not_told_twice(moving: MovingTws, client: Client) -> None:
    await answers(client, RequestTickByTick(request_id=1, contract=AAPL, tick_type="Last"))
    moving.pass_s(1)
    assert len(await told(client)) > 5
    moving.server.gateway.venue.operator.set_price("STK:AAPL", Decimal(250))
    assert await told(client) == []
    moving.pass_s(0.25)
    assert {each.price for each in await told(client)} == {Decimal(250)}


async def test_a_histogram_holds_the_volume_of_its_days(client: Client) -> None:
    found = await client.ask(RequestHistogram(request_id=1, contract=AAPL, is_regular_hours=True, period="2 days"))
    assert isinstance(found, Histogram)
    prices = [level.price for level in found.levels]
    assert prices == sorted(set(prices))
    assert all(price % Decimal("0.01") == 0 for price in prices)
    bars = await client.ask(
        RequestHistoricalData(
            request_id=2,
            contract=AAPL,
            end="",
            bar_size="1 day",
            duration="2 D",
            is_regular_hours=True,
            what_to_show="TRADES",
            date_format=1,
        )
    )
    assert sum(level.size for level in found.levels) == sum(bar.volume for bar in bars.bars)


async def test_exchanges_with_depth_and_the_letters_of_quotes_are_told(client: Client) -> None:
    found = await client.ask(RequestDepthExchanges())
    assert isinstance(found, DepthExchanges)
    assert {("NASDAQ", "STK"), ("CME", "FUT"), ("IDEALPRO", "CASH")} <= {
        (each.exchange, each.sec_type) for each in found.exchanges
    }
    letters = await client.ask(RequestSmartComponents(request_id=1, bbo_exchange="9c0001"))
    assert isinstance(letters, SmartComponents)
    assert {each.exchange: each.letter for each in letters.components}["NASDAQ"] == "T"


@pytest.mark.parametrize(
    ("request_", "code", "begin"),
    [
        (depth(), 354, "Requested market data is not subscribed."),
        (
            RequestTickByTick(request_id=1, contract=AAPL, tick_type="Last"),
            10189,
            "Failed to request tick-by-tick data.No market data permissions for ISLAND STK. ",
        ),
        (
            RequestRealTimeBars(request_id=1, contract=AAPL, what_to_show="TRADES", is_regular_hours=False),
            420,
            "Invalid Real-time Query:No market data permissions for ISLAND STK. Requested market data requires",
        ),
        (
            RequestHistoricalTicks(
                request_id=1,
                contract=AAPL,
                start="20261123 10:00:00",
                end="",
                count=1,
                what_to_show="TRADES",
                is_regular_hours=True,
            ),
            10187,
            "Failed to request historical ticks:No market data permissions for ISLAND STK. ",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_is_there_live_only_is_refused_with_the_recorded_words(
    request_: object, code: int, begin: str
) -> None:
    settings = TwsSettings(market_data=MarketDataSettings(rights=DataRights.DELAYED))
    async with moving_tws(settings) as moving, Client(moving.port) as client:
        await client.log_on()
        (refusal,) = await answers(client, request_)
        assert (refusal.code, refusal.text.startswith(begin)) == (code, True)


@pytest.mark.parametrize("name", ["ibkr.farm_broken", "ibkr.connection_lost"])
async def test_nothing_is_told_while_an_outage_lasts_and_bars_catch_up(
    moving: MovingTws, client: Client, name: str
) -> None:
    faults = moving.server.gateway.faults
    await answers(client, RequestMarketData(request_id=1, contract=AAPL))
    client.send(RequestRealTimeBars(request_id=2, contract=AAPL, what_to_show="TRADES", is_regular_hours=False))
    await told(client)
    fault = faults.add(broker="ibkr", name=name)
    await told(client)
    moving.pass_s(6)
    assert await told(client) == []
    faults.remove(fault.fault_id)
    moving.pass_s(0.25)
    found = await told(client)
    assert {1, 2} <= {each.request_id for each in found}
    assert len([each for each in found if isinstance(each, RealTimeBar)]) == 1


async def test_every_stream_goes_on_after_a_reset_of_the_market_and_its_clock(
    moving: MovingTws, client: Client
) -> None:
    await answers(client, RequestMarketData(request_id=1, contract=AAPL))
    await answers(client, depth(ES, 2))
    await answers(client, RequestTickByTick(request_id=3, contract=AAPL, tick_type="Last"))
    await answers(client, RequestTickByTick(request_id=4, contract=AAPL, tick_type="BidAsk"))
    await answers(client, RequestRealTimeBars(request_id=5, contract=AAPL, what_to_show="BID", is_regular_hours=True))
    await answers(client, kept(6))
    moving.pass_s(6)
    assert {each.request_id for each in await told(client)} == {1, 2, 3, 4, 5, 6}
    moving.clock[0] -= 600 * 10**9
    moving.server.gateway.venue.operator.reset(2)
    moving.pass_s(1)
    await told(client)
    moving.pass_s(10)
    assert {each.request_id for each in await told(client)} == {1, 2, 3, 4, 5, 6}


async def test_lost_data_end_every_subscription(moving: MovingTws, client: Client) -> None:
    await answers(client, RequestMarketData(request_id=1, contract=AAPL))
    moving.server.lose_market_data()
    moving.pass_s(1)
    assert await told(client) == []
    assert moving.server.gateway.venue.active() == []
    assert len(await answers(client, RequestMarketData(request_id=1, contract=AAPL))) > 5


async def test_a_competing_session_is_told_to_every_subscription(moving: MovingTws, client: Client) -> None:
    await answers(client, RequestMarketData(request_id=1, contract=AAPL))
    moving.server.tell_data_taken()
    assert [(each.request_id, each.code) for each in await told(client)] == [(1, 10197)]
