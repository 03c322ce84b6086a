"""Streaming ticks: what comes first, what comes later, and what each kind of contract has."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from edgerunner.simulators.tws.market.rights import DataRights, MarketDataSettings
from edgerunner.simulators.tws.market.streams import StreamKind
from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.tws.wire.history_messages import HistoricalData
from edgerunner.simulators.tws.wire.market_messages import (
    MarketDataType,
    OptionComputation,
    TickGeneric,
    TickPrice,
    TickRequestParameters,
    TickSize,
    TickSnapshotEnd,
    TickString,
)
from edgerunner.simulators.tws.wire.market_requests import (
    CancelMarketData,
    RequestHistoricalData,
    RequestMarketData,
    RequestMarketDataType,
)
from edgerunner.simulators.tws.wire.session import ErrorMessage
from edgerunner.simulators.tws.wire.values import Contract
from edgerunner.simulators.venue_types import TradePrinted
from tests.wire.tws.kit import Client
from tests.wire.tws.market.moving import AAPL, CALL, ES, EURO, MSFT, MovingTws, answers, moving_tws, told

SATURDAY = datetime(2026, 11, 21, 17, tzinfo=UTC)
KEEPS_HOURS = TwsSettings(keeps_hours=True)


def line(contract: Contract = AAPL, request_id: int = 1, **words: Any) -> RequestMarketData:
    return RequestMarketData(request_id=request_id, contract=contract, **words)


def types(messages: list[Any]) -> list[int]:
    return [each.tick_type for each in messages if hasattr(each, "tick_type")]


def value(messages: list[Any], tick: int) -> Any:
    found = [each for each in messages if getattr(each, "tick_type", None) == tick][-1]
    match found:
        case TickPrice():
            return found.price
        case TickSize():
            return found.size
        case TickString():
            return found.text
        case TickGeneric():
            return found.value
    return found


async def test_a_stock_begins_with_its_kind_of_data_its_steps_and_its_ticks_in_the_recorded_order(
    client: Client,
) -> None:
    kind, steps, *ticks = await answers(client, line())
    assert kind == MarketDataType(request_id=1, data_type=1)
    assert steps == TickRequestParameters(
        request_id=1, min_tick=Decimal("0.01"), bbo_exchange="9c0001", snapshot_permissions=3
    )
    assert types(ticks) == [6, 7, 8, 9, 4, 45, 84, 14, 1, 2, 32, 33, 49]
    assert value(ticks, 7) <= value(ticks, 4) <= value(ticks, 6)
    assert value(ticks, 1) < value(ticks, 2)
    assert value(ticks, 49) == 0


async def test_only_what_changes_is_told_and_a_size_that_changes_alone_is_told_alone(
    moving: MovingTws, client: Client
) -> None:
    before = await answers(client, line())
    assert await told(client) == []
    moving.pass_s(5)
    after = await told(client)
    assert 0 < len(after) < 20 * len(before)
    for tick in {each.tick_type for each in after if isinstance(each, TickPrice | TickString)}:
        row = [each for each in (*before, *after) if getattr(each, "tick_type", None) == tick]
        assert all(near != far for near, far in pairwise(row))
    assert any(isinstance(each, TickSize) and each.tick_type in {0, 3, 5} for each in after)
    volumes = [each.size for each in after if each.tick_type == 8]
    assert volumes == sorted(set(volumes))
    assert volumes[0] > value(before, 8)


async def test_a_canceled_line_is_silent_and_its_contract_is_watched_no_more(moving: MovingTws, client: Client) -> None:
    await answers(client, line())
    assert moving.server.gateway.venue.active() == ["STK:AAPL"]
    client.send(CancelMarketData(request_id=1))
    assert await told(client) == []
    assert moving.server.gateway.venue.active() == []
    moving.pass_s(2)
    assert await told(client) == []


async def test_lines_end_with_their_connection(moving: MovingTws) -> None:
    async with Client(moving.port) as gone, Client(moving.port) as other:
        await gone.log_on(client_id=1)
        await other.log_on(client_id=2)
        await answers(gone, line())
        await answers(other, line())
    async with Client(moving.port) as next_one:
        await next_one.log_on(client_id=3)
        while moving.server.gateway.sessions.get(1) or moving.server.gateway.sessions.get(2):
            await told(next_one)
    assert (len(moving.server.gateway.market.streams), moving.server.gateway.venue.active()) == (0, [])


async def test_a_currency_pair_has_quotes_and_no_trades(client: Client) -> None:
    assert types(await answers(client, line(EURO))) == [6, 7, 9, 1, 2, 49]


async def test_a_future_has_no_exchange_letters(client: Client) -> None:
    found = await answers(client, line(ES))
    assert found[1].bbo_exchange == ""
    assert {1, 2, 6, 7, 8, 9} <= set(types(found))
    assert not {32, 33, 84} & set(types(found))


async def test_an_option_has_model_values_for_bid_ask_and_model(client: Client) -> None:
    found = [each for each in await answers(client, line(CALL)) if isinstance(each, OptionComputation)]
    models: dict[int, Any] = {each.tick_type: each for each in found}
    assert {10, 11, 13} <= set(models)
    model = models[13]
    assert 0 < model.delta < 1
    assert 0 < model.implied_volatility < 1
    assert model.theta < 0 < model.gamma
    assert models[10].option_value < models[11].option_value
    assert models[10].implied_volatility < models[11].implied_volatility
    assert abs(models[10].option_value - model.option_value) < Decimal("0.1")


async def test_a_snapshot_ends_with_its_marker_and_nothing_follows(moving: MovingTws, client: Client) -> None:
    found = await answers(client, line(is_snapshot=True))
    assert found[-1] == TickSnapshotEnd(request_id=1)
    assert {1, 2, 4, 9} <= set(types(found))
    moving.pass_s(2)
    assert await told(client) == []
    assert moving.server.gateway.venue.active() == []


async def test_generic_ticks_are_told_as_clients_read_them(moving: MovingTws, client: Client) -> None:
    wanted = "104,165,221,233,236,293,294,295,318,375,411,456,595"
    found = await answers(client, line(generic_ticks=wanted))
    assert {23, 15, 16, 17, 18, 19, 20, 21, 37, 46, 89, 54, 55, 56, 57, 58, 59, 63, 64, 65} <= set(types(found))
    assert value(found, 19) <= value(found, 17) <= value(found, 15) < value(found, 16) <= value(found, 20)
    moving.pass_s(1)
    price, size, time_ms, total, average, single = value(await told(client), 48).split(";")
    assert Decimal(size) > 0
    assert Decimal(total) > Decimal(size)
    assert abs(Decimal(price) - Decimal(average)) < 10
    assert int(time_ms) // 1000 == moving.clock[0] // 10**9
    assert single in {"true", "false"}


async def test_extremes_of_a_year_are_those_of_its_daily_bars(client: Client) -> None:
    found = await answers(client, line(generic_ticks="165"))
    history = RequestHistoricalData(
        request_id=2,
        contract=AAPL,
        end="20261121 12:00:00 US/Eastern",
        bar_size="1 day",
        duration="1 Y",
        is_regular_hours=True,
        what_to_show="TRADES",
        date_format=1,
    )
    year = await client.ask(history)
    assert isinstance(year, HistoricalData)
    bars = [bar for bar in year.bars if bar.date >= "20251124"]
    assert (value(found, 19), value(found, 20)) == (min(bar.low for bar in bars), max(bar.high for bar in bars))


@pytest.mark.parametrize("wanted", ["999", "233,abc", "292:"])
async def test_a_generic_tick_that_is_none_is_refused_with_the_legal_ones(client: Client, wanted: str) -> None:
    (refusal,) = await answers(client, line(generic_ticks=wanted))
    assert refusal.code == 321
    assert f"Incorrect generic tick list of {wanted}.  Legal ones for (STK) are: 100(Option Volume)," in refusal.text
    assert "221/220(Creditman Mark Price)" in refusal.text


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (line(Contract(symbol="XYZ", sec_type="STK", currency="USD")), 200),
        (line(Contract(symbol="ES", sec_type="FUT")), 200),
        (line(generic_ticks="233", is_snapshot=True), 321),
        (line(is_regulatory_snapshot=True), 10089),
        (CancelMarketData(request_id=9), 300),
    ],
)
async def test_what_cannot_be_had_is_refused(client: Client, request_: object, code: int) -> None:
    (refusal,) = await answers(client, request_)
    assert refusal.code == code


async def test_an_id_that_is_in_use_is_refused(moving: MovingTws, client: Client) -> None:
    await answers(client, line())
    (refusal,) = await answers(client, line(MSFT))
    assert (refusal.request_id, refusal.code) == (1, 322)
    assert moving.server.gateway.venue.active() == ["STK:AAPL"]


async def test_a_contract_more_than_there_are_lines_is_refused_and_the_same_contract_is_not() -> None:
    async with (
        moving_tws(TwsSettings(market_data=MarketDataSettings(lines=1))) as moving,
        Client(moving.port) as one,
        Client(moving.port) as other,
    ):
        await one.log_on(client_id=1)
        await other.log_on(client_id=2)
        await answers(one, line())
        (refusal,) = await answers(other, line(MSFT))
        assert (refusal.code, refusal.text) == (101, "Max number of tickers has been reached")
        assert len(await answers(other, line(request_id=2))) > 5
        await answers(one, CancelMarketData(request_id=1))
        await answers(other, CancelMarketData(request_id=2))
        assert len(await answers(other, line(MSFT, request_id=3))) > 5


@pytest.mark.parametrize(("asked", "granted"), [(1, 1), (2, 1), (3, 1), (4, 1)])
async def test_live_data_are_given_whatever_is_asked_for_while_the_market_is_open(
    client: Client, asked: int, granted: int
) -> None:
    assert await answers(client, RequestMarketDataType(data_type=asked)) == []
    found = await answers(client, line())
    assert found[0].data_type == granted
    assert {1, 2, 4} <= set(types(found))


@pytest.mark.parametrize(
    ("rights", "asked", "code", "text"),
    [
        (DataRights.DELAYED, 1, 354, "Delayed market data is available."),
        (DataRights.DELAYED, 2, 354, "Delayed market data is available."),
        (DataRights.NONE, 1, 354, "Requested market data is not subscribed."),
        (DataRights.NONE, 3, 10168, "Delayed market data is not enabled."),
    ],
)
async def test_data_that_the_user_has_not_subscribed_to_are_refused(
    rights: DataRights, asked: int, code: int, text: str
) -> None:
    settings = TwsSettings(market_data=MarketDataSettings(rights=rights))
    async with moving_tws(settings) as moving, Client(moving.port) as client:
        await client.log_on()
        client.send(RequestMarketDataType(data_type=asked))
        (refusal,) = await answers(client, line())
        assert (refusal.code, refusal.text.endswith(text)) == (code, True)


@pytest.mark.parametrize("asked", [3, 4])
async def test_delayed_data_have_their_own_ticks_and_are_15_minutes_old(asked: int) -> None:
    settings = TwsSettings(market_data=MarketDataSettings(rights=DataRights.DELAYED))
    async with moving_tws(settings) as moving, Client(moving.port) as client:
        await client.log_on()
        client.send(RequestMarketDataType(data_type=asked))
        kind, _, notice, *ticks = await answers(client, line())
        assert (kind.data_type, notice.code) == (3, 10167)
        assert types(ticks) == [72, 73, 74, 75, 68, 88, 76, 66, 67, 90]
        assert moving.clock[0] // 10**9 - int(value(ticks, 88)) in range(900, 903)
        moving.pass_s(3)
        assert set(types(await told(client))) <= {66, 67, 68, 69, 70, 71, 72, 73, 74, 88}


async def test_a_closed_market_shows_no_quotes_live_and_the_last_ones_frozen() -> None:
    async with moving_tws(KEEPS_HOURS, at=SATURDAY) as moving, Client(moving.port) as client:
        await client.log_on()
        live = await answers(client, line())
        assert live[0].data_type == 1
        assert (value(live, 1), value(live, 2)) == (-1, -1)
        assert value(live, 4) > 0
        client.send(RequestMarketDataType(data_type=2))
        frozen = await answers(client, line(request_id=2))
        assert frozen[0].data_type == 2
        assert 0 < value(frozen, 1) < value(frozen, 2)
        moving.pass_s(3)
        assert await told(client) == []


async def test_the_last_price_of_a_closed_market_is_the_close_of_its_last_bar() -> None:
    async with moving_tws(KEEPS_HOURS, at=SATURDAY) as moving, Client(moving.port) as client:
        await client.log_on()
        shown = await answers(client, line())
        history = RequestHistoricalData(
            request_id=2,
            contract=AAPL,
            end="",
            bar_size="1 hour",
            duration="1 D",
            is_regular_hours=False,
            what_to_show="TRADES",
            date_format=1,
        )
        bars = (await client.ask(history)).bars
        assert value(shown, 4) == bars[-1].close
        assert (value(shown, 6), value(shown, 7)) == (max(bar.high for bar in bars), min(bar.low for bar in bars))
        assert value(shown, 8) == sum(bar.volume for bar in bars)


async def test_frozen_data_become_live_when_the_market_opens() -> None:
    before_open = datetime(2026, 11, 23, 8, 59, 59, tzinfo=UTC)
    async with moving_tws(KEEPS_HOURS, at=before_open) as moving, Client(moving.port) as client:
        await client.log_on()
        client.send(RequestMarketDataType(data_type=2))
        assert (await answers(client, line()))[0].data_type == 2
        moving.pass_s(2)
        assert MarketDataType(request_id=1, data_type=1) in await told(client)


async def test_a_halt_and_a_bad_tick_are_shown(moving: MovingTws, client: Client) -> None:
    await answers(client, line())
    operator = moving.server.gateway.venue.operator
    operator.set_halt("STK:AAPL", halted=True)
    moving.pass_s(1)
    assert value(await told(client), 49) == 1
    operator.set_halt("STK:AAPL", halted=False)
    operator.show_bad_tick("STK:AAPL", Decimal(0))
    moving.pass_s(0.5)
    found = await told(client)
    assert (value(found, 49), value(found, 1), value(found, 4)) == (0, 0, 0)
    moving.pass_s(2)
    assert value(await told(client), 4) > 0


class Broken:
    """A subscription that fails on its first beat."""

    symbol = "STK:MSFT"

    def trade(self, printed: TradePrinted) -> None:
        """Let a trade pass."""

    def beat(self) -> None:
        raise RuntimeError("broken on purpose")


async def test_a_subscription_that_breaks_ends_alone_and_its_client_is_told(moving: MovingTws, client: Client) -> None:
    await answers(client, line())
    session = moving.server.gateway.sessions.get(1)
    assert session is not None
    moving.server.gateway.market.streams.add((session, StreamKind.TICKS, 9), Broken())
    moving.pass_s(1)
    found = await told(client)
    assert [(each.request_id, each.code) for each in found if isinstance(each, ErrorMessage)] == [(9, 10182)]
    assert {each.request_id for each in found if not isinstance(each, ErrorMessage)} == {1}
    assert moving.server.gateway.venue.active() == ["STK:AAPL"]
