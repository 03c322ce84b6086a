"""The module over the simulator's own broker: what trades do to accounts, and what the ledger knows of them."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edgerunner.simulators.faults import FaultBox, FaultMatch
from edgerunner.simulators.mt5.settings import Mt5Settings
from edgerunner.simulators.mt5.venue import Mt5Venue
from edgerunner.simulators.venue_state import VenueSettings
from tests.wire.mt5.kit import Site, running_site

MORNING = datetime(2026, 11, 24, 9, tzinfo=UTC)
BUY: dict[str, Any] = {"action": 1, "symbol": "EURUSD", "volume": 0.2, "type": 0, "type_filling": 1, "comment": "key-1"}
SELL = BUY | {"type": 1, "comment": "key-2"}


class Clock:
    """A wall clock that stands until a test moves it."""

    def __init__(self) -> None:
        self.moment = MORNING

    def __call__(self) -> int:
        return int(self.moment.timestamp()) * 1_000_000_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def real(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> AsyncIterator[Site]:
    """A module over the simulator's own broker, its ledger in memory."""
    faults = FaultBox(["mt5"])
    settings = Mt5Settings(call_timeout_s=5)
    venue = Mt5Venue(faults, VenueSettings(ledger_path=None, wall=clock), settings)
    async with running_site(venue, faults, monkeypatch) as site:
        yield site
    venue.close()


async def test_a_hedging_account_holds_both_sides_and_closes_by_ticket(real: Site) -> None:
    mt5 = real.mt5
    bought = await real.ask(mt5.order_send, BUY)
    sold = await real.ask(mt5.order_send, SELL)
    assert (bought.retcode, sold.retcode) == (mt5.TRADE_RETCODE_DONE, mt5.TRADE_RETCODE_DONE)
    assert [(each.ticket, each.type) for each in await real.ask(mt5.positions_get)] == [
        (bought.order, mt5.POSITION_TYPE_BUY),
        (sold.order, mt5.POSITION_TYPE_SELL),
    ]
    await real.ask(mt5.order_send, SELL | {"position": bought.order})
    assert [each.ticket for each in await real.ask(mt5.positions_get)] == [sold.order]
    deals = await real.ask(mt5.history_deals_get, position=bought.order)
    assert [deal.entry for deal in deals] == [mt5.DEAL_ENTRY_IN, mt5.DEAL_ENTRY_OUT]
    money = sum(deal.profit + deal.swap + deal.commission + deal.fee for deal in deals)
    account = await real.ask(mt5.account_info)
    sold_deals = await real.ask(mt5.history_deals_get, position=sold.order)
    assert account.balance == pytest.approx(100_000 + money + sum(deal.commission for deal in sold_deals))
    assert account.equity == pytest.approx(account.balance + account.profit)


async def test_a_netting_account_holds_one_position_that_turns_round(real: Site) -> None:
    mt5 = real.mt5
    assert await real.ask(mt5.login, 1_000_002, password="sim-password")
    await real.ask(mt5.order_send, BUY)
    await real.ask(mt5.order_send, SELL | {"volume": 0.5})
    (position,) = await real.ask(mt5.positions_get)
    assert (position.type, position.volume) == (mt5.POSITION_TYPE_SELL, 0.3)
    deals = await real.ask(mt5.history_deals_get, position=position.identifier)
    assert [deal.entry for deal in deals] == [mt5.DEAL_ENTRY_IN, mt5.DEAL_ENTRY_INOUT]


async def test_a_duplicate_after_a_lost_reply_is_in_the_ledger_twice(real: Site) -> None:
    mt5 = real.mt5
    real.faults.add("mt5", "close_after_accept", match=FaultMatch(op="place", client_key="key-1"))
    assert await real.asked(mt5.order_send, BUY) == (None, (-10004, "No IPC connection"))
    assert await real.ask(mt5.initialize)
    assert (await real.ask(mt5.order_send, BUY)).retcode == mt5.TRADE_RETCODE_DONE
    orders = _ledger_orders(real, "key-1")
    assert len(orders) == 2
    assert sum(order["placements"] for order in orders) == 2


async def test_a_refused_placement_is_counted(real: Site) -> None:
    mt5 = real.mt5
    real.faults.add("mt5", "mt5.requote")
    assert (await real.ask(mt5.order_send, BUY)).retcode == mt5.TRADE_RETCODE_REQUOTE
    real.faults.add("mt5", "mt5.autotrading_off")
    assert (await real.ask(mt5.order_send, BUY)).retcode == mt5.TRADE_RETCODE_CLIENT_DISABLES_AT
    real.faults.remove()
    assert (await real.ask(mt5.order_send, BUY)).retcode == mt5.TRADE_RETCODE_DONE
    (order,) = (each for each in _ledger_orders(real, "key-1") if each["status"] == "filled")
    assert order["placements"] == 3


async def test_a_part_of_an_order_trades(real: Site) -> None:
    mt5 = real.mt5
    real.faults.add("mt5", "partial_fill", params={"fraction": 0.5})
    result = await real.ask(mt5.order_send, BUY)
    assert (result.retcode, result.volume) == (mt5.TRADE_RETCODE_DONE_PARTIAL, 0.1)
    (position,) = await real.ask(mt5.positions_get)
    assert position.volume == 0.1


async def test_outside_of_its_session_a_symbol_has_prices_and_takes_no_orders(real: Site, clock: Clock) -> None:
    mt5 = real.mt5
    position = await real.ask(mt5.order_send, BUY)
    fault = real.faults.add("mt5", "mt5.trading_hours", count=None)
    clock.moment = datetime(2026, 11, 28, 12, tzinfo=UTC)
    assert (await real.ask(mt5.symbol_info_tick, "EURUSD")).bid > 0
    for request in (
        BUY,
        SELL | {"position": position.order},
        {"action": mt5.TRADE_ACTION_SLTP, "symbol": "EURUSD", "position": position.order, "sl": 0.5},
    ):
        assert (await real.ask(mt5.order_send, request)).retcode == mt5.TRADE_RETCODE_MARKET_CLOSED
        assert (await real.ask(mt5.order_check, request)).retcode == mt5.TRADE_RETCODE_MARKET_CLOSED
    bitcoin = BUY | {"symbol": "BTCUSD", "type_filling": mt5.ORDER_FILLING_RETURN}
    assert (await real.ask(mt5.order_send, bitcoin)).retcode == mt5.TRADE_RETCODE_DONE
    real.faults.remove(fault.fault_id)
    assert (await real.ask(mt5.order_send, BUY)).retcode == mt5.TRADE_RETCODE_DONE


@pytest.mark.parametrize("symbol", ["EURUSD", "GBPUSD", "USDJPY", "XAUUSD", "GER40", "BTCUSD"])
async def test_every_symbol_has_a_tick_bars_ticks_and_terms_that_agree(real: Site, symbol: str) -> None:
    mt5 = real.mt5
    assert await real.ask(mt5.symbol_select, symbol, True)
    info, tick = await real.ask(mt5.symbol_info, symbol), await real.ask(mt5.symbol_info_tick, symbol)
    assert (info.bid, info.ask, info.time) == (tick.bid, tick.ask, tick.time)
    assert round(info.point, 10) == round(10**-info.digits, 10)
    assert tick.bid < tick.ask
    bars = await real.ask(mt5.copy_rates_from_pos, symbol, mt5.TIMEFRAME_M1, 0, 10)
    assert len(bars) == 10
    assert all(bars["low"] <= bars["close"])
    assert all(bars["close"] <= bars["high"])
    ticks = await real.ask(mt5.copy_ticks_range, symbol, tick.time - 60, tick.time, mt5.COPY_TICKS_ALL)
    assert len(ticks) > 0
    assert (ticks["bid"][-1], ticks["time_msc"][-1]) == (tick.bid, tick.time_msc)
    assert bool(await real.ask(mt5.market_book_add, symbol)) is (info.ticks_bookdepth > 0)


async def test_a_terminal_keeps_its_records_when_the_simulator_starts_again(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, tmp_path: Path
) -> None:
    tickets = []
    for _ in range(2):
        faults = FaultBox(["mt5"])
        venue = Mt5Venue(faults, VenueSettings(ledger_path=tmp_path / "mt5.sqlite", wall=clock))
        async with running_site(venue, faults, monkeypatch) as site:
            tickets.append((await site.ask(site.mt5.order_send, BUY)).order)
            assert [each.ticket for each in await site.ask(site.mt5.positions_get)] == tickets
        venue.close()
        clock.moment += timedelta(minutes=1)
    assert tickets[0] < tickets[1]


def _ledger_orders(site: Site, key: str) -> list[dict[str, Any]]:
    ledger = json.loads(site.broker.snapshot().to_json())
    return [order for order in ledger["orders"] if order["client_key"] == key]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((name, 2**64 - 1) for name in ("magic", "order", "position", "position_by", "deviation", "expiration")),
        *((name, value) for name in ("volume", "price", "sl", "tp", "stoplimit") for value in (1e308, 5e-324, -5.0)),
        *((name, value) for name in ("action", "type", "type_filling", "type_time") for value in (-1, 99)),
        *(("symbol", value) for value in ("", "NOPE", "x'; DROP TABLE orders; --", "*")),
    ],
)
async def test_whatever_a_field_holds_the_server_has_an_answer(real: Site, field: str, value: Any) -> None:
    pending = {"action": 5, "symbol": "EURUSD", "volume": 0.1, "type": 2, "price": 0.5, "type_filling": 2}
    for request in (BUY, pending):
        result = await real.ask(real.mt5.order_send, request | {field: value})
        check = await real.ask(real.mt5.order_check, request | {field: value})
        assert result.retcode >= 10004
        assert check.retcode == 0 or check.retcode >= 10004
    assert (await real.ask(real.mt5.account_info)).login == 1_000_001
