"""Conditional orders: they wait outside book and margin, fire once, and can be amended until then."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from edgerunner.simulators.venue_types import (
    OrderChanged,
    OrderRequest,
    OrderState,
    RejectReason,
    Trigger,
    TriggerRule,
    TriggerSource,
    VenueReject,
)
from tests.unit.simulators.venues import LINEAR, SPOT, Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


def refusal(call: Callable[[], object]) -> RejectReason:
    with pytest.raises(VenueReject) as caught:
        call()
    return caught.value.reason


def rise(price: int, source: TriggerSource = TriggerSource.LAST) -> Trigger:
    return Trigger(price_ticks=price * 10, rule=TriggerRule.RISE, source=source)


def fall(price: int) -> Trigger:
    return Trigger(price_ticks=price * 10, rule=TriggerRule.FALL)


def states(bench: Bench, order_id: str) -> list[str]:
    changes = [event.order for event in bench.events if isinstance(event, OrderChanged)]
    return [order.state.value for order in changes if order.order_id == order_id]


def test_a_waiting_order_is_in_no_book_and_ties_up_nothing(bench: Bench) -> None:
    before = bench.venue.depth(LINEAR, 50)
    order = bench.place("buy", 15, 60_500, trigger=rise(60_400))
    assert (order.state, order.live, order.is_waiting) == (OrderState.UNTRIGGERED, True, True)
    assert bench.venue.depth(LINEAR, 50) == before
    assert bench.venue.summary("sim", "USDT").order_margin == 0
    assert bench.venue.open_orders("sim") == [order]


@pytest.mark.parametrize(("trigger", "price"), [(rise(60_100), 60_100), (fall(59_900), 59_850)])
def test_an_order_fires_when_the_price_reaches_its_trigger(bench: Bench, trigger: Trigger, price: int) -> None:
    order = bench.place("buy", "0.01", trigger=trigger)
    bench.steps(5)
    assert bench.order(order).is_waiting
    bench.pin(price)
    assert bench.order(order).state == OrderState.FILLED
    assert states(bench, order.order_id) == ["untriggered", "triggered", "filled"]


def test_a_triggered_limit_order_rests_in_the_book(bench: Bench) -> None:
    order = bench.place("sell", "0.01", 60_500, trigger=rise(60_100))
    bench.pin(60_200)
    assert bench.order(order).state == OrderState.NEW
    bench.pin(60_600)
    assert bench.order(order).state == OrderState.FILLED


def test_a_trigger_that_would_fire_at_once_is_refused(bench: Bench) -> None:
    assert refusal(lambda: bench.place("buy", "0.01", trigger=rise(60_000))) == RejectReason.TRIGGER_SIDE
    assert refusal(lambda: bench.place("buy", "0.01", trigger=fall(60_000))) == RejectReason.TRIGGER_SIDE
    assert refusal(lambda: bench.place("buy", "0.01", trigger=rise(10**8))) == RejectReason.INVALID_TRIGGER


def test_only_so_many_orders_may_wait(bench: Bench) -> None:
    for _ in range(10):
        bench.place("buy", "0.001", trigger=rise(61_000))
    assert refusal(lambda: bench.place("buy", "0.001", trigger=rise(61_000))) == RejectReason.TOO_MANY_WAITING


def test_a_users_own_trade_fires_triggers_on_the_last_price_only(bench: Bench) -> None:
    bid = bench.venue.depth(LINEAR, 1)[0][0][0]
    assert bid < 600_000
    words: dict[str, Any] = {"price_ticks": bid, "rule": TriggerRule.FALL}
    on_last = bench.place("buy", "0.001", trigger=Trigger(**words))
    on_mark = bench.place("buy", "0.001", trigger=Trigger(**words, source=TriggerSource.MARK))
    bench.place("sell", "0.001")
    assert bench.order(on_last).state == OrderState.FILLED
    assert bench.order(on_mark).is_waiting


def test_a_trigger_on_the_index_looks_at_the_spot_price(bench: Bench) -> None:
    order = bench.place("buy", "0.01", trigger=rise(60_100, TriggerSource.INDEX))
    bench.venue.operator.set_price(LINEAR, Decimal(60_500))
    assert bench.order(order).is_waiting
    bench.venue.operator.set_price(SPOT, Decimal(60_100))
    bench.steps(1)
    assert bench.order(order).state == OrderState.FILLED


def test_money_is_asked_for_when_the_order_fires(bench: Bench) -> None:
    order = bench.place("buy", 30, trigger=rise(60_100))
    bench.pin(60_100)
    fired = bench.order(order)
    assert (fired.state, fired.cancel_reason, fired.filled_lots) == (OrderState.REJECTED, "insufficient_funds", 0)


def test_a_reducing_order_closes_at_most_what_there_is_when_it_fires(bench: Bench) -> None:
    stop = bench.place("sell", "0.5", trigger=fall(59_900), reduce_only=True)
    idle = bench.place("buy", "0.5", trigger=fall(59_900), reduce_only=True)
    bench.place("buy", "0.2")
    bench.pin(59_900)
    assert (bench.order(stop).state, bench.order(stop).quantity_lots) == (OrderState.FILLED, 200)
    assert bench.order(idle).cancel_reason == "reduce_only"
    assert bench.venue.positions("sim") == []


def test_an_order_without_a_quantity_closes_the_whole_position(bench: Bench) -> None:
    words: dict[str, Any] = {"reduce_only": True, "close_on_trigger": True}
    request: dict[str, Any] = {"account_id": "sim", "symbol": LINEAR, "side": "sell", "order_type": "market"} | words
    assert refusal(lambda: bench.venue.place(OrderRequest(**request))) == RejectReason.REDUCE_ONLY_REJECTED
    bench.place("buy", "0.2")
    later = bench.venue.place(OrderRequest(**request, trigger=fall(59_000)))
    now = bench.venue.place(OrderRequest(**request))
    assert (now.state, now.quantity_lots) == (OrderState.FILLED, 200)
    bench.place("buy", "0.3")
    bench.pin(58_999)
    assert (bench.order(later).state, bench.order(later).quantity_lots) == (OrderState.FILLED, 300)


def test_trigger_price_and_quantity_can_be_amended_until_it_fires(bench: Bench) -> None:
    order = bench.place("sell", "0.01", 60_500, trigger=rise(60_200))
    same = refusal(lambda: bench.venue.amend("sim", order.order_id, trigger_ticks=602_000))
    late = refusal(lambda: bench.venue.amend("sim", order.order_id, trigger_ticks=599_000))
    assert (same, late) == (RejectReason.NOT_MODIFIED, RejectReason.TRIGGER_SIDE)
    amended = bench.venue.amend("sim", order.order_id, trigger_ticks=603_000, quantity_lots=20, price_ticks=606_000)
    assert amended.trigger == rise(60_300)
    bench.pin(60_250)
    assert bench.order(order).is_waiting
    bench.pin(60_300)
    assert (bench.order(order).state, bench.order(order).quantity_lots) == (OrderState.NEW, 20)
    gone = refusal(lambda: bench.venue.amend("sim", order.order_id, trigger_ticks=604_000))
    assert gone == RejectReason.INVALID_TRIGGER
    plain = bench.place("sell", "0.01", 60_900)
    none = refusal(lambda: bench.venue.amend("sim", plain.order_id, trigger_ticks=604_000))
    assert none == RejectReason.INVALID_TRIGGER


def test_canceling_a_waiting_order_deactivates_it_on_spot(bench: Bench) -> None:
    linear = bench.place("buy", "0.01", trigger=rise(61_000))
    spot = bench.place("buy", "0.01", symbol=SPOT, trigger=Trigger(price_ticks=6_100_000, rule=TriggerRule.RISE))
    canceled = [bench.venue.cancel("sim", order.order_id) for order in (linear, spot)]
    assert [order.state for order in canceled] == [OrderState.CANCELED, OrderState.DEACTIVATED]
    assert not any(order.live for order in canceled)


def test_a_halt_keeps_orders_waiting(bench: Bench) -> None:
    order = bench.place("buy", "0.01", trigger=rise(60_100))
    bench.venue.operator.set_halt(LINEAR, halted=True)
    bench.pin(60_200)
    assert bench.order(order).is_waiting
    bench.venue.operator.set_halt(LINEAR, halted=False)
    bench.steps(1)
    assert bench.order(order).state == OrderState.FILLED


def test_a_waiting_order_waits_on_after_a_restart(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "venue.sqlite")
    order = bench.place("buy", "0.01", trigger=rise(60_100))
    bench.reopen()
    assert bench.order(order) == order
    bench.pin(60_100)
    assert bench.order(order).state == OrderState.FILLED
    bench.venue.close()


def test_the_operator_cannot_fill_an_order_that_waits(bench: Bench) -> None:
    order = bench.place("buy", "0.01", 60_500, trigger=rise(60_100))
    assert refusal(lambda: bench.venue.operator.fill(order)) == RejectReason.INVALID_TRIGGER


def test_a_reducing_order_that_fired_in_vain_leaves_later_ones_guarded(bench: Bench) -> None:
    bench.place("sell", "0.010", trigger=fall(59_000), reduce_only=True)
    bench.pin(58_900)
    bench.place("buy", "0.010")
    resting = bench.place("sell", "0.010", 61_000, reduce_only=True)
    bench.place("sell", "0.010")
    assert bench.order(resting).cancel_reason == "reduce_only"
