"""Take profit, stop loss and trailing stop: on positions, on quantities, and placed with an order."""

from pathlib import Path

import pytest

from edgerunner.simulators.venue_types import (
    ExitOrder,
    Exits,
    ExitScope,
    OrderState,
    RejectReason,
    VenueOrder,
)
from tests.unit.simulators.test_conditional_orders import refusal
from tests.unit.simulators.venues import LINEAR, SPOT, Bench

QUANTITY = ExitScope.QUANTITY


@pytest.fixture
def bench() -> Bench:
    return Bench()


def at(price: int, limit: int | None = None) -> ExitOrder:
    return ExitOrder(trigger_ticks=price * 10, limit_ticks=None if limit is None else limit * 10)


def exits_of(bench: Bench) -> dict[str, VenueOrder]:
    return {order.exit_kind: order for order in bench.venue.open_orders("sim") if order.exit_kind is not None}


def test_exits_of_a_position_have_its_size_and_vanish_with_it(bench: Bench) -> None:
    bench.place("buy", "0.2")
    position = bench.venue.set_exits("sim", LINEAR, take_profit=at(61_000), stop_loss=at(59_000))
    assert (position.take_profit_ticks, position.stop_loss_ticks) == (610_000, 590_000)
    exits = exits_of(bench)
    assert {order.quantity_lots for order in exits.values()} == {200}
    bench.place("buy", "0.1")
    assert {order.quantity_lots for order in exits_of(bench).values()} == {300}
    bench.pin(61_000)
    done = bench.order(exits["take_profit"])
    assert (done.state, done.filled_lots, done.client_key) == (OrderState.FILLED, 300, None)
    assert bench.order(exits["stop_loss"]).cancel_reason == "position_closed"
    assert bench.venue.positions("sim") == []


def test_new_exits_replace_old_ones_and_zero_takes_them_away(bench: Bench) -> None:
    bench.place("sell", "0.2")
    bench.venue.set_exits("sim", LINEAR, take_profit=at(59_000), stop_loss=at(61_000))
    same = refusal(lambda: bench.venue.set_exits("sim", LINEAR, take_profit=at(59_000)))
    bench.venue.set_exits("sim", LINEAR, stop_loss=at(60_500))
    position = bench.venue.set_exits("sim", LINEAR, take_profit=ExitOrder(trigger_ticks=0))
    assert (position.take_profit_ticks, position.stop_loss_ticks) == (None, 605_000)
    bench.pin(60_500)
    assert (bench.venue.positions("sim"), same) == ([], RejectReason.NOT_MODIFIED)


def test_exits_on_the_wrong_side_or_without_a_position_are_refused(bench: Bench) -> None:
    assert refusal(lambda: bench.venue.set_exits("sim", LINEAR, stop_loss=at(1))) == RejectReason.NO_POSITION
    bench.place("buy", "0.2")
    low = refusal(lambda: bench.venue.set_exits("sim", LINEAR, take_profit=at(59_000)))
    high = refusal(lambda: bench.venue.set_exits("sim", LINEAR, stop_loss=at(61_000)))
    assert (low, high) == (RejectReason.EXIT_SIDE, RejectReason.EXIT_SIDE)
    limit = refusal(lambda: bench.venue.set_exits("sim", LINEAR, take_profit=at(61_000, 61_100)))
    much = refusal(
        lambda: bench.venue.set_exits("sim", LINEAR, scope=QUANTITY, stop_loss=at(59_000), quantity_lots=201)
    )
    assert (limit, much) == (RejectReason.INVALID_EXIT, RejectReason.INVALID_EXIT)
    with_order = Exits(take_profit=at(59_000))
    assert refusal(lambda: bench.place("buy", "0.1", 59_500, exits=with_order)) == RejectReason.EXIT_SIDE


def test_a_refused_change_of_exits_changes_nothing(bench: Bench) -> None:
    bench.place("buy", "0.2")
    told = len(bench.events)
    wrong = refusal(lambda: bench.venue.set_exits("sim", LINEAR, take_profit=at(61_000), trailing_ticks=-1))
    assert (wrong, exits_of(bench), len(bench.events)) == (RejectReason.INVALID_EXIT, {}, told)


def test_of_two_exits_of_a_quantity_one_cancels_the_other(bench: Bench) -> None:
    bench.place("buy", "0.2")
    bench.venue.set_exits(
        "sim", LINEAR, scope=QUANTITY, take_profit=at(61_000, 61_000), stop_loss=at(59_000), quantity_lots=50
    )
    exits = exits_of(bench)
    assert exits["partial_take_profit"].oco_id == exits["partial_stop_loss"].oco_id is not None
    bench.pin(59_000)
    assert bench.order(exits["partial_stop_loss"]).filled_lots == 50
    gone = bench.order(exits["partial_take_profit"])
    assert (gone.state, gone.cancel_reason) == (OrderState.CANCELED, "oco")
    assert bench.venue.position("sim", LINEAR).quantity_lots == 150


def test_a_turned_position_loses_the_exits_of_the_old_one(bench: Bench) -> None:
    bench.place("buy", "0.2")
    bench.venue.set_exits("sim", LINEAR, take_profit=at(61_000), stop_loss=at(59_000))
    bench.place("sell", "0.5")
    assert exits_of(bench) == {}
    assert bench.venue.position("sim", LINEAR).quantity_lots == 300


def test_exits_placed_with_an_order_exist_as_soon_as_it_opens_something(bench: Bench) -> None:
    exits = Exits(take_profit=at(61_000), stop_loss=at(59_000))
    order = bench.place("buy", "0.2", 59_990, exits=exits, client_key="parent")
    assert exits_of(bench) == {}
    bench.venue.operator.fill(order, 50)
    first = exits_of(bench)
    assert {(each.quantity_lots, each.parent_id) for each in first.values()} == {(50, order.order_id)}
    bench.venue.operator.fill(bench.order(order), 150)
    assert {each.quantity_lots for each in exits_of(bench).values()} == {200}
    assert {each.order_id for each in exits_of(bench).values()} == {each.order_id for each in first.values()}


def test_exits_of_a_quantity_grow_with_the_fills_of_their_order(bench: Bench) -> None:
    exits = Exits(scope=QUANTITY, take_profit=at(61_000, 61_050), stop_loss=at(59_000))
    order = bench.place("buy", "0.2", 59_990, exits=exits)
    for lots in (50, 70):
        bench.venue.operator.fill(bench.order(order), lots)
    assert {each.quantity_lots for each in exits_of(bench).values()} == {120}
    bench.venue.cancel("sim", order.order_id)
    bench.pin(61_000)
    [profit] = bench.venue.open_orders("sim")
    assert (profit.state, profit.price_ticks, profit.exit_kind) == (OrderState.NEW, 610_500, "partial_take_profit")


def test_an_order_that_only_closes_brings_no_exits(bench: Bench) -> None:
    bench.place("sell", "0.2")
    bench.place("buy", "0.2", exits=Exits(take_profit=at(61_000)))
    assert exits_of(bench) == {}


def test_exits_of_an_order_can_be_amended_before_it_fills(bench: Bench) -> None:
    order = bench.place("buy", "0.2", 59_990, exits=Exits(take_profit=at(61_000)))
    amended = bench.venue.amend("sim", order.order_id, exits=Exits(stop_loss=at(59_000)))
    assert amended.exits == Exits(stop_loss=at(59_000))
    bench.venue.amend("sim", order.order_id, exits=Exits())
    bench.pin(59_000)
    assert bench.order(order).state == OrderState.FILLED
    assert exits_of(bench) == {}


def test_a_spot_buy_brings_exits_for_the_coins_it_received(bench: Bench) -> None:
    exits = Exits(take_profit=ExitOrder(trigger_ticks=6_100_000), stop_loss=ExitOrder(trigger_ticks=5_900_000))
    bench.place("buy", "0.01", symbol=SPOT, exits=exits)
    made = exits_of(bench)
    assert {each.quantity_lots for each in made.values()} == {9_990}
    bench.pin(59_000)
    assert bench.order(made["stop_loss"]).state == OrderState.FILLED
    assert bench.order(made["take_profit"]).cancel_reason == "oco"


def test_a_trailing_stop_follows_the_price_and_never_goes_back(bench: Bench) -> None:
    bench.place("buy", "0.2")
    bench.venue.set_exits("sim", LINEAR, trailing_ticks=1_000)
    stop = exits_of(bench)["trailing_stop"]
    told = len(bench.events)
    for price, expected in ((60_050, 599_500), (60_020, 599_500), (60_200, 601_000)):
        bench.pin(price)
        trigger = bench.order(stop).trigger
        assert trigger is not None
        assert trigger.price_ticks == expected
    assert not any(getattr(event, "order", None) for event in bench.events[told:])
    bench.pin(60_100)
    assert bench.order(stop).state == OrderState.FILLED
    assert bench.venue.positions("sim") == []


def test_a_trailing_stop_with_an_activation_price_sleeps_until_then(bench: Bench) -> None:
    bench.place("sell", "0.2")
    position = bench.venue.set_exits("sim", LINEAR, trailing_ticks=1_000, activation_ticks=598_000)
    assert (position.trailing_distance_ticks, position.trailing_active_ticks) == (1_000, 598_000)
    bench.pin(60_300)
    assert len(exits_of(bench)) == 1
    bench.pin(59_700)
    bench.pin(59_790)
    assert len(exits_of(bench)) == 1
    bench.pin(59_800)
    assert bench.venue.positions("sim") == []


def test_exits_and_their_progress_survive_a_restart(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "venue.sqlite")
    bench.place("buy", "0.2")
    bench.venue.set_exits("sim", LINEAR, take_profit=at(62_000), stop_loss=at(58_000), trailing_ticks=5_000)
    bench.pin(60_400)
    seen = (bench.venue.position("sim", LINEAR), bench.venue.open_orders("sim"))
    bench.reopen()
    assert (bench.venue.position("sim", LINEAR), bench.venue.open_orders("sim")) == seen
    bench.pin(59_899)
    assert bench.venue.positions("sim") == []
    bench.venue.close()
