"""Orders that wait for others and for hours, that shrink with others, follow the price, and end by the clock."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from edgerunner.simulators.sessions import Session
from edgerunner.simulators.venue_types import (
    GroupRule,
    OrderGroup,
    OrderRequest,
    OrderState,
    RejectReason,
    Trailing,
    Trigger,
    TriggerRule,
    VenueOrder,
    VenueReject,
)
from tests.unit.simulators.venues import LINEAR, START_NS, STEP_NS, Bench

MINUTE_NS = 60_000_000_000
BOTH = OrderGroup(group_id="g", rule=GroupRule.CANCEL)
SHARED = OrderGroup(group_id="g", rule=GroupRule.REDUCE)


class Daytime:
    """Open from one time to another, and again a day later; extended orders trade always."""

    def __init__(self, opens_ns: int, closes_ns: int) -> None:
        self._days = [(opens_ns + day, closes_ns + day) for day in (0, 24 * 60 * MINUTE_NS)]

    def session(self, symbol: str, time_ns: int, *, is_extended: bool) -> Session:
        if is_extended:
            return Session(opens_ns=0, closes_ns=1 << 63)
        opens, closes = next(day for day in self._days if time_ns < day[1])
        return Session(opens_ns=opens, closes_ns=closes)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def stop(price: float, rule: TriggerRule = TriggerRule.FALL) -> Trigger:
    return Trigger(price_ticks=round(price * 10), rule=rule, may_be_reached=True)


def request(bench: Bench, side: Any, quantity: str, price: float | None = None, **rest: Any) -> OrderRequest:
    instrument = bench.venue.instruments[LINEAR]
    return OrderRequest(
        account_id="sim",
        symbol=LINEAR,
        side=side,
        order_type="market" if price is None else "limit",
        quantity_lots=instrument.to_lots(Decimal(quantity)),
        price_ticks=None if price is None else instrument.to_ticks(Decimal(str(price))),
        **rest,
    )


def move(bench: Bench, price: float) -> None:
    bench.venue.operator.set_price(LINEAR, Decimal(str(price)))


def later(bench: Bench, minutes: float) -> None:
    bench.wall.time_ns += round(minutes * MINUTE_NS)
    bench.venue.step(LINEAR)


def state(bench: Bench, order: VenueOrder) -> tuple[str, str | None]:
    now = bench.order(order)
    return now.state.value, now.cancel_reason


def family(bench: Bench) -> tuple[VenueOrder, VenueOrder, VenueOrder]:
    parent = bench.place("buy", "0.010", 59_000)
    rest: dict[str, Any] = {"parent_id": parent.order_id, "group": SHARED}
    profit = bench.place("sell", "0.010", 61_000, **rest)
    loss = bench.place("sell", "0.010", trigger=stop(58_000), **rest)
    return parent, profit, loss


def test_children_wait_until_their_parent_has_filled(bench: Bench) -> None:
    parent, profit, loss = family(bench)
    assert (profit.state, loss.state) == (OrderState.HELD, OrderState.HELD)
    move(bench, 58_900)
    assert [state(bench, each)[0] for each in (parent, profit, loss)] == ["filled", "new", "untriggered"]


def test_a_held_stop_does_not_fire(bench: Bench) -> None:
    bench.place("sell", "0.010", 61_000)
    parent = bench.place("buy", "0.010", 50_000)
    loss = bench.place("sell", "0.010", trigger=stop(58_000), parent_id=parent.order_id)
    move(bench, 57_000)
    assert state(bench, loss) == ("held", None)


def test_children_end_with_a_parent_that_is_canceled(bench: Bench) -> None:
    parent, profit, loss = family(bench)
    bench.venue.cancel("sim", parent.order_id)
    assert {state(bench, each) for each in (profit, loss)} == {("canceled", "parent_canceled")}


def test_the_profit_taken_cancels_the_stop(bench: Bench) -> None:
    _, profit, loss = family(bench)
    move(bench, 58_900)
    move(bench, 61_100)
    assert (state(bench, profit), state(bench, loss)) == (("filled", None), ("canceled", "oco"))
    assert bench.venue.position("sim", LINEAR).quantity_lots == 0


def test_a_parent_must_be_there(bench: Bench) -> None:
    with pytest.raises(VenueReject) as caught:
        bench.place("buy", "0.010", 59_000, parent_id="nobody")
    assert caught.value.reason is RejectReason.UNKNOWN_ORDER


def test_any_fill_cancels_the_others_of_a_group(bench: Bench) -> None:
    first = bench.place("buy", "0.010", 59_000, group=BOTH)
    second = bench.place("buy", "0.010", 58_000, group=BOTH)
    bench.venue.operator.fill(first, 1)
    assert (bench.order(first).leaves_lots, state(bench, second)) == (9, ("canceled", "oco"))


def test_a_partial_fill_reduces_the_others_in_proportion(bench: Bench) -> None:
    first = bench.place("buy", "0.010", 59_000, group=SHARED)
    second = bench.place("buy", "0.020", 58_000, group=SHARED)
    waiting = bench.place("sell", "0.010", trigger=stop(50_000), group=SHARED)
    bench.venue.operator.fill(first, 4)
    assert [bench.order(each).leaves_lots for each in (first, second, waiting)] == [6, 12, 6]
    bench.venue.operator.fill(bench.order(first), 6)
    assert {state(bench, each) for each in (second, waiting)} == {("canceled", "oco")}


def test_orders_of_other_groups_stay(bench: Bench) -> None:
    first = bench.place("buy", "0.010", 59_000, group=BOTH)
    other = bench.place("buy", "0.010", 58_000, group=replace(BOTH, group_id="h"))
    bench.venue.operator.fill(first)
    assert state(bench, other) == ("new", None)


def test_an_order_whose_trigger_is_reached_fires_at_once(bench: Bench) -> None:
    order = bench.place("sell", "0.010", trigger=stop(61_000))
    assert (order.state, order.is_triggered) == (OrderState.FILLED, True)


@pytest.mark.parametrize(("side", "best", "back"), [("sell", 61_000, 60_500), ("buy", 59_000, 59_500)])
def test_a_trailing_order_follows_the_price_and_fires_on_the_way_back(
    bench: Bench, side: Any, best: float, back: float
) -> None:
    rule = TriggerRule.FALL if side == "sell" else TriggerRule.RISE
    start = 59_500 if side == "sell" else 60_500
    trailing = Trailing(distance_ticks=5_000, best_ticks=600_000)
    order = bench.place(side, "0.010", trigger=stop(start, rule), trailing=trailing)
    move(bench, best)
    moved = bench.order(order).trigger
    assert moved is not None
    assert moved.price_ticks == round(back * 10)
    move(bench, back)
    assert state(bench, order) == ("filled", None)


def test_a_trailing_distance_can_be_a_share_of_the_price(bench: Bench) -> None:
    trailing = Trailing(distance_ticks=0, fraction=Decimal("0.01"), best_ticks=600_000)
    order = bench.place("sell", "0.010", trigger=stop(59_400), trailing=trailing)
    move(bench, 65_000)
    moved = bench.order(order).trigger
    assert moved is not None
    assert moved.price_ticks == 643_500


def test_an_order_ends_at_its_time(bench: Bench) -> None:
    order = bench.place("buy", "0.010", 59_000, expires_ns=START_NS + MINUTE_NS)
    later(bench, 0.9)
    assert state(bench, order) == ("new", None)
    later(bench, 0.2)
    assert state(bench, order) == ("canceled", "expired")


def test_a_resting_order_waits_from_the_close_to_the_next_open(bench: Bench) -> None:
    bench.venue.keep_hours(Daytime(START_NS, START_NS + MINUTE_NS))
    order = bench.place("buy", "0.010", 59_000)
    extended = bench.place("buy", "0.010", 59_000, is_extended=True)
    later(bench, 2)
    move(bench, 58_000)
    assert (state(bench, order), state(bench, extended)) == (("held", None), ("filled", None))
    later(bench, 24 * 60 - 2)
    assert state(bench, order) == ("filled", None)


def test_a_market_order_before_the_open_trades_at_the_open(bench: Bench) -> None:
    bench.venue.keep_hours(Daytime(START_NS + MINUTE_NS, START_NS + 2 * MINUTE_NS))
    order = bench.place("buy", "0.010")
    assert order.state is OrderState.HELD
    later(bench, 1)
    assert state(bench, order) == ("filled", None)


def test_a_triggered_order_stays_triggered_over_the_night(bench: Bench) -> None:
    bench.venue.keep_hours(Daytime(START_NS, START_NS + MINUTE_NS))
    order = bench.place("sell", "0.010", 62_000, trigger=stop(59_000))
    move(bench, 58_000)
    later(bench, 2)
    move(bench, 60_000)
    later(bench, 24 * 60 - 2)
    assert state(bench, order) == ("new", None)


def test_a_limit_order_can_become_a_market_order(bench: Bench) -> None:
    order = bench.place("buy", "0.010", 59_000)
    after = bench.venue.revise("sim", order.order_id, request(bench, "buy", "0.020"))
    assert (after.state, after.filled_lots, after.number) == (OrderState.FILLED, 20, order.number)


@pytest.mark.parametrize(("price", "served"), [(59_000, "first"), (58_999.9, "second")])
def test_a_smaller_quantity_keeps_the_place_in_the_queue_and_another_price_loses_it(
    bench: Bench, price: float, served: str
) -> None:
    first = bench.place("buy", "5", 59_000)
    second = bench.place("buy", "5", 59_000, account="other")
    bench.venue.revise("sim", first.order_id, request(bench, "buy", "4", price))
    if price != 59_000:
        bench.venue.revise("sim", first.order_id, request(bench, "buy", "4", 59_000))
    move(bench, 59_000)
    other = bench.venue.find_order("other", order_id=second.order_id)
    assert other is not None
    filled = {"first": bench.order(first).filled_lots, "second": other.filled_lots}
    assert [name for name, lots in filled.items() if lots] == [served]


@pytest.mark.parametrize(("side", "quantity"), [("sell", "0.010"), ("buy", "0.004")])
def test_what_cannot_be_revised_stays_as_it_was(bench: Bench, side: Any, quantity: str) -> None:
    order = bench.place("buy", "0.010", 59_000)
    bench.venue.operator.fill(order, 5)
    with pytest.raises(VenueReject):
        bench.venue.revise("sim", order.order_id, request(bench, side, quantity, 58_000))
    assert (bench.order(order).price_ticks, bench.order(order).quantity_lots) == (590_000, 10)


def test_a_stop_can_become_a_limit_order_and_back(bench: Bench) -> None:
    order = bench.place("sell", "0.010", trigger=stop(58_000))
    resting = bench.venue.revise("sim", order.order_id, request(bench, "sell", "0.010", 61_000))
    assert resting.state is OrderState.NEW
    waiting = bench.venue.revise("sim", order.order_id, request(bench, "sell", "0.010", trigger=stop(57_000)))
    assert waiting.state is OrderState.UNTRIGGERED
    move(bench, 61_500)
    assert state(bench, order) == ("untriggered", None)


def test_held_orders_and_groups_survive_a_restart(tmp_path: Any) -> None:
    bench = Bench(path=tmp_path / "ledger")
    _, profit, loss = family(bench)
    bench.reopen()
    assert (state(bench, profit), state(bench, loss)) == (("held", None), ("held", None))
    bench.pin(58_900)
    bench.wall.time_ns += STEP_NS
    move(bench, 61_100)
    assert (state(bench, profit), state(bench, loss)) == (("filled", None), ("canceled", "oco"))
    bench.venue.close()


def test_a_rejected_order_is_kept(bench: Bench) -> None:
    order = bench.venue.reject(request(bench, "buy", "0.010", 59_000), "insufficient_funds")
    assert (order.state, order.live) == (OrderState.REJECTED, False)
    assert bench.venue.find_order("sim", order_id=order.order_id) == order
