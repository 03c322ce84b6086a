"""The broker moves along with the market: every quote that was visited reaches what is open."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from edgerunner.simulators.market import Market
from edgerunner.simulators.mt5.settings import Mt5Settings
from edgerunner.simulators.mt5.symbols.server_time import DAY_NS, ServerZone
from tests.unit.simulators.mt5.venue.desk import (
    BUY,
    BUY_LIMIT,
    DEAL,
    HEDGING,
    NETTING,
    PENDING,
    SELL,
    SELL_LIMIT,
    Desk,
)  # fmt: skip
from tests.unit.simulators.venues import STEP_NS, Wall
from tests.waiting import until

HOUR_STEPS = 36_000
MINUTE_STEPS = 600
LIMIT: dict[str, Any] = {"action": PENDING, "symbol": "EURUSD", "volume": "0.1", "type_filling": 2}


def quotes(desk: Desk, first: int, last: int, symbol: str = "EURUSD") -> list[tuple[Decimal, Decimal]]:
    """Return (bid, ask) of market steps, the future ones too: prices are a function of time."""
    market = Market(desk.venue.operator.seed, [desk.venue.instruments[symbol].market])
    price = desk.venue.instruments[symbol].price
    return [(price(bid), price(ask)) for bid, ask in (market.quote(symbol, step) for step in range(first, last))]


@pytest.fixture
def desk() -> Iterator[Desk]:
    found = Desk(pinned=False)
    yield found
    found.venue.close()


@pytest.mark.parametrize("steps", [7, 60, 100])
def test_a_limit_fills_at_the_very_step_that_reached_it(desk: Desk, steps: int) -> None:
    coming = falling(desk, steps)
    lowest = min(ask for _, ask in coming)
    ticket = desk.send(**LIMIT, type=BUY_LIMIT, price=lowest).order
    placed = desk.wall.time_ns // STEP_NS
    desk.pass_steps(steps)
    [order] = desk.venue.history_orders(HEDGING, ticket=ticket)
    first = next(place for place, (_, ask) in enumerate(coming, start=1) if ask == lowest)
    assert order.time_done_ns == (placed + first) * STEP_NS


def falling(desk: Desk, steps: int) -> list[tuple[Decimal, Decimal]]:
    """Let time pass until the price falls in the next steps; return what is quoted in them."""
    for _ in range(100):
        now = desk.wall.time_ns // STEP_NS
        coming = quotes(desk, now + 1, now + 1 + steps)
        tick = desk.venue.tick("EURUSD")
        if min(ask for _, ask in coming) < tick.ask and min(bid for bid, _ in coming) < tick.bid:
            return coming
        desk.pass_steps(steps)
    raise AssertionError("the price never falls")


def test_after_a_long_pause_extremes_that_passed_have_filled(desk: Desk) -> None:
    now = desk.wall.time_ns // STEP_NS
    coming = quotes(desk, now + 1, now + HOUR_STEPS)
    lowest, highest = min(ask for _, ask in coming), max(bid for bid, _ in coming)
    low = desk.send(**LIMIT, type=BUY_LIMIT, price=lowest + Decimal("0.00008"))
    high = desk.send(**LIMIT, type=SELL_LIMIT, price=highest)
    out_of_reach = desk.send(**LIMIT, type=BUY_LIMIT, price=lowest - Decimal("0.00010"))
    desk.pass_steps(HOUR_STEPS)
    assert [order.ticket for order in desk.venue.orders(HEDGING)] == [out_of_reach.order]
    done = {order.ticket: order for order in desk.venue.history_orders(HEDGING)}
    assert {done[low.order].state, done[high.order].state} == {4}
    reached = next(now + 1 + place for place, (bid, _) in enumerate(coming) if bid == highest)
    assert 0 <= done[high.order].time_done_ns // STEP_NS - reached < MINUTE_STEPS


def test_of_two_stops_the_one_reached_first_closes_the_position(desk: Desk) -> None:
    now = desk.wall.time_ns // STEP_NS
    coming = quotes(desk, now + 1, now + 3 * HOUR_STEPS)
    entry = desk.trade(BUY, "0.1")
    distance = Decimal("0.00100")
    below, above = entry.price - distance, entry.price + distance
    first = next((bid for bid, _ in coming if bid <= below or bid >= above), None)
    assert first is not None, "the price stays between both"
    desk.send(action=6, symbol="EURUSD", position=entry.order, sl=below, tp=above)
    desk.pass_steps(3 * HOUR_STEPS)
    closing = desk.venue.history_deals(HEDGING, position=entry.order)[-1]
    assert closing.reason == (4 if first <= below else 5)


def test_a_stop_out_comes_at_the_quote_that_forces_it() -> None:
    desk = Desk()
    desk.trade(BUY, 80)
    assert desk.venue.account_value(HEDGING).margin_level < 120
    desk.pin("1.09250")
    [closing] = [deal for deal in desk.venue.history_deals(HEDGING) if deal.entry == 1]
    assert closing.reason == 6
    assert desk.venue.positions(HEDGING) == ()
    desk.venue.close()


def test_money_paid_out_can_force_a_stop_out_at_once() -> None:
    desk = Desk()
    desk.trade(BUY, 50)
    desk.venue.operator.move_cash(str(HEDGING), "USD", Decimal(-75_000))
    assert desk.venue.positions(HEDGING) == ()
    desk.venue.close()


def midnights(desk: Desk) -> int:
    return ServerZone("EET").midnight_after(desk.wall.time_ns)


def test_a_night_costs_swap_and_wednesdays_three() -> None:
    start = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()) * 1_000_000_000
    desk = Desk(wall=Wall(start))
    for login in (HEDGING, NETTING):
        desk.trade(BUY, 1, login)
    swaps = []
    for _ in range(7):
        desk.wall.time_ns = midnights(desk) + STEP_NS
        swaps.append(desk.venue.positions(HEDGING)[0].swap)
    nights = [later - earlier for earlier, later in zip([Decimal(0), *swaps], swaps, strict=False)]
    assert nights == [Decimal("-7.20") * count for count in (1, 1, 3, 1, 1, 0, 0)]
    assert desk.venue.positions(NETTING)[0].swap == swaps[-1]
    desk.venue.close()


def test_nights_of_a_stopped_simulator_are_charged_when_it_starts_again(tmp_path: Path) -> None:
    start = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()) * 1_000_000_000
    desk = Desk(path=tmp_path / "mt5.sqlite", wall=Wall(start))
    desk.trade(BUY, 1)
    desk.send(**LIMIT, type=BUY_LIMIT, price="1.05", type_time=1)
    desk.venue.close()
    desk.wall.time_ns += 2 * DAY_NS
    desk.open()
    assert desk.venue.positions(HEDGING)[0].swap == Decimal("-14.40")
    [expired] = [order for order in desk.venue.history_orders(HEDGING) if order.state == 6]
    assert expired.time_done_ns == ServerZone("EET").midnight_after(start)
    desk.reopen()
    assert desk.venue.positions(HEDGING)[0].swap == Decimal("-14.40")
    desk.venue.close()


def test_closed_markets_fill_nothing_and_refuse_10018() -> None:
    saturday = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()) * 1_000_000_000
    desk = Desk(wall=Wall(saturday), settings=Mt5Settings(keeps_hours=True), pinned=False)
    refused = desk.try_to(action=DEAL, symbol="EURUSD", type=BUY, volume="0.1")
    assert refused.retcode == 10018
    assert desk.try_to(action=DEAL, symbol="BTCUSD", type=BUY, volume="0.1", type_filling=2).retcode == 10009
    desk.wall.time_ns = int(datetime(2026, 11, 23, 0, tzinfo=UTC).timestamp()) * 1_000_000_000
    assert desk.try_to(action=DEAL, symbol="EURUSD", type=BUY, volume="0.1").retcode == 10009
    desk.venue.close()


async def test_the_running_broker_finds_what_happens_by_itself(desk: Desk) -> None:
    stop = min(bid for bid, _ in falling(desk, 50))
    entry = desk.trade(BUY, "0.1", sl=stop)
    desk.changes.clear()
    running = asyncio.create_task(desk.venue.run())
    desk.wall.pass_steps(50)

    async def stopped() -> bool:
        return any(deal.reason == 4 for changes in desk.changes for deal in changes.deals)

    await until(stopped, timeout_s=5, what="the stop closes the position")
    assert [deal.position_id for changes in desk.changes for deal in changes.deals] == [entry.order]
    running.cancel()


async def test_while_nothing_is_open_nothing_is_computed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def computed(*_: object) -> None:
        raise AssertionError("a price was computed")

    for name in ("quote", "quotes", "visits", "coarse_visits", "bar"):
        monkeypatch.setattr(Market, name, computed)
    running = asyncio.create_task(desk.venue.run())
    for _ in range(20):
        desk.wall.pass_steps(3 * HOUR_STEPS)
        assert desk.venue.account(HEDGING).balance == 100_000

    async def is_idle() -> bool:
        return not running.done() and bool(desk.ledger())

    await until(is_idle, timeout_s=5, what="the broker goes on")
    running.cancel()


def test_opposite_trades_on_a_netting_account_turn_the_position_round(desk: Desk) -> None:
    desk.trade(BUY, "0.1", NETTING)
    desk.trade(SELL, "0.3", NETTING)
    [position] = desk.venue.positions(NETTING)
    assert (position.type, position.volume) == (1, Decimal("0.2"))
    assert desk.ledger()["fills"][-1]["entry"] == "inout"


def test_a_wrong_clock_stamps_deals_and_ticks_and_moves_no_bar(desk: Desk) -> None:
    bars, tick = desk.venue.bars_back("EURUSD", 1, count=3), desk.venue.tick("EURUSD")
    desk.venue.clock.offset_ns = 90 * 1_000_000_000
    desk.trade(BUY, "0.1")
    assert desk.venue.history_deals(HEDGING)[-1].time_ns == desk.wall.time_ns + 90 * 1_000_000_000
    assert desk.venue.tick("EURUSD").time_ns == tick.time_ns + 90 * 1_000_000_000
    ticks = desk.venue.ticks_range("EURUSD", desk.venue.now_ns() - 10**9, desk.venue.now_ns())
    assert ticks.time_ms[-1] == desk.venue.tick("EURUSD").time_ns // 1_000_000
    assert list(desk.venue.bars_back("EURUSD", 1, count=3).time_s) == list(bars.time_s)


def test_a_deal_is_never_stamped_before_the_one_that_opened_its_position() -> None:
    """A price that is pinned in the very step of an order, behind its beginning."""
    desk = Desk()
    desk.wall.time_ns += STEP_NS * 7 // 10
    entry = desk.trade(BUY, "0.1", sl="1.0990")
    desk.pin("1.0980")
    opened, closed = desk.venue.history_deals(HEDGING, position=entry.order)
    assert opened.time_ns <= closed.time_ns
    desk.venue.close()


def test_a_stop_that_was_reached_while_the_simulator_was_down_has_closed_the_position(tmp_path: Path) -> None:
    """A broker trades on while a client's machine is off; what came before the position does not count."""
    desk = Desk(path=tmp_path / "mt5.sqlite", pinned=False)
    now = desk.wall.time_ns // STEP_NS
    coming = quotes(desk, now + 1, now + HOUR_STEPS)
    lowest = min(bid for bid, _ in coming)
    assert coming[-1][0] - lowest > Decimal("0.00010"), "the price stays at its lowest"
    entry = desk.trade(BUY, "0.1", sl=lowest)
    desk.venue.close()
    desk.wall.pass_steps(HOUR_STEPS)
    desk.open()
    closing = desk.venue.history_deals(HEDGING, position=entry.order)[-1]
    assert closing.reason == 4
    reached = next(place for place, (bid, _) in enumerate(coming, start=now + 1) if bid == lowest)
    assert 0 <= closing.time_ns // STEP_NS - reached < MINUTE_STEPS
    desk.reopen()
    assert len(desk.venue.history_deals(HEDGING, position=entry.order)) == 2
    desk.venue.close()


def test_ten_seconds_at_once_are_ten_seconds_step_by_step() -> None:
    ledgers = []
    for stride in (1, 100):
        desk = Desk(pinned=False)
        for symbol, filling, away in (("EURUSD", 0, "0.00003"), ("BTCUSD", 2, "1.10"), ("XAUUSD", 1, "0.31")):
            tick = desk.venue.tick(symbol)
            for side in (BUY, SELL):
                opened = desk.trade(side, "0.1", symbol=symbol, type_filling=filling)
                stop = tick.bid - Decimal(away) * 4 if side == BUY else tick.ask + Decimal(away) * 4
                desk.send(action=6, symbol=symbol, position=opened.order, sl=stop)
            pending: dict[str, Any] = {"action": PENDING, "symbol": symbol, "volume": "0.1", "type_filling": 2}
            desk.send(**pending, type=BUY_LIMIT, price=tick.bid - Decimal(away))
            desk.send(**pending, type=SELL_LIMIT, price=tick.ask + Decimal(away))
        for _ in range(0, 100, stride):
            desk.pass_steps(stride)
        ledgers.append(desk.ledger())
        desk.venue.close()
    assert ledgers[0] == ledgers[1]
    assert len(ledgers[0]["fills"]) > 6, "nothing was reached"
