"""Hedging mode: a long and a short leg of one symbol, independent of each other."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from edgerunner.simulators.venue_types import ExitOrder, Leg, OrderState, RejectReason
from tests.unit.simulators.test_conditional_orders import refusal
from tests.unit.simulators.venues import LINEAR, SPOT, Bench


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.venue.set_position_mode("sim", True, symbol=LINEAR)
    return bench


def lots(bench: Bench) -> dict[str, int]:
    return {position.leg.value: position.quantity_lots for position in bench.venue.positions("sim")}


def test_each_leg_is_a_position_of_its_own(bench: Bench) -> None:
    bench.place("buy", "0.3", leg=Leg.LONG)
    bench.place("sell", "0.2", leg=Leg.SHORT)
    assert lots(bench) == {"long": 300, "short": 200}
    bench.pin(60_500)
    closing = bench.place("sell", "0.1", leg=Leg.LONG)
    assert closing.reduce_only
    assert lots(bench) == {"long": 200, "short": 200}
    [fill] = [fill for fill in bench.venue.fills("sim") if fill.closed_lots]
    assert (fill.leg, fill.realized_pnl > 0) == (Leg.LONG, True)
    dump: Any = bench.venue.dump()
    rows = [(row["leg"], row["side"]) for row in dump["accounts"][0]["positions"]]
    assert rows == [("long", "long"), ("short", "short")]


def test_an_order_against_its_leg_never_turns_it(bench: Bench) -> None:
    bench.place("buy", "0.3", leg=Leg.LONG)
    too_much = refusal(lambda: bench.place("sell", "0.4", leg=Leg.LONG))
    no_short = refusal(lambda: bench.place("buy", "0.1", leg=Leg.SHORT))
    assert (too_much, no_short) == (RejectReason.REDUCE_ONLY_REJECTED, RejectReason.REDUCE_ONLY_REJECTED)
    resting = bench.place("sell", "0.3", 60_100, leg=Leg.LONG)
    bench.place("sell", "0.2", leg=Leg.LONG)
    bench.pin(60_200)
    assert (bench.order(resting).filled_lots, lots(bench)) == (100, {})


def test_an_order_names_a_leg_of_the_mode_it_is_placed_in(bench: Bench) -> None:
    netting = refusal(lambda: bench.place("buy", "0.3"))
    other = refusal(lambda: bench.place("buy", "0.3", symbol="linear:ETHUSDT", leg=Leg.LONG))
    assert (netting, other) == (RejectReason.POSITION_MODE, RejectReason.POSITION_MODE)


def test_the_mode_changes_only_without_positions_and_orders(bench: Bench) -> None:
    def change() -> object:
        return bench.venue.set_position_mode("sim", False, symbol=LINEAR)

    resting = bench.place("buy", "0.3", 59_000, leg=Leg.LONG)
    assert refusal(change) == RejectReason.ORDERS_EXIST
    bench.venue.cancel("sim", resting.order_id)
    bench.place("buy", "0.3", leg=Leg.LONG)
    assert refusal(change) == RejectReason.POSITION_EXISTS
    bench.place("sell", "0.3", leg=Leg.LONG)
    change()
    assert refusal(change) == RejectReason.NOT_MODIFIED
    assert bench.venue.legs("sim", LINEAR) == (Leg.NET,)
    spot = refusal(lambda: bench.venue.set_position_mode("sim", True, symbol=SPOT))
    assert spot == RejectReason.POSITION_MODE


def test_a_settle_currency_switches_all_its_symbols(bench: Bench) -> None:
    bench.venue.set_position_mode("sim", True, settle="USDT")
    assert bench.venue.legs("sim", "linear:ETHUSDT") == (Leg.LONG, Leg.SHORT)
    unknown = refusal(lambda: bench.venue.set_position_mode("sim", True, settle="XYZ"))
    assert unknown == RejectReason.UNSUPPORTED


def test_each_leg_has_its_leverage_and_margin(bench: Bench) -> None:
    bench.venue.set_leverage("sim", LINEAR, Decimal(20), Decimal(5))
    bench.place("buy", "1", 59_000, leg=Leg.LONG)
    bench.place("sell", "1", 61_000, leg=Leg.SHORT)
    assert bench.venue.summary("sim", "USDT").order_margin == 59_000 / Decimal(20) + 61_000 / Decimal(5)
    leverages = [bench.venue.position("sim", LINEAR, leg).leverage for leg in (Leg.LONG, Leg.SHORT)]
    assert leverages == [20, 5]


def test_exits_belong_to_their_leg(bench: Bench) -> None:
    bench.place("buy", "0.3", leg=Leg.LONG)
    bench.place("sell", "0.2", leg=Leg.SHORT)
    bench.venue.set_exits("sim", LINEAR, Leg.LONG, stop_loss=ExitOrder(trigger_ticks=595_000))
    bench.venue.set_exits("sim", LINEAR, Leg.SHORT, take_profit=ExitOrder(trigger_ticks=594_000))
    bench.pin(59_500)
    assert lots(bench) == {"short": 200}
    bench.pin(59_400)
    assert lots(bench) == {}


def test_mode_and_legs_survive_a_restart(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "venue.sqlite")
    bench.venue.set_position_mode("sim", True, symbol=LINEAR)
    bench.place("buy", "0.3", leg=Leg.LONG)
    order = bench.place("sell", "0.2", 60_500, leg=Leg.SHORT)
    seen = (bench.venue.dump(), bench.venue.positions("sim"), bench.venue.summary("sim", "USDT"))
    bench.reopen()
    assert (bench.venue.dump(), bench.venue.positions("sim"), bench.venue.summary("sim", "USDT")) == seen
    bench.pin(60_600)
    assert bench.order(order).state == OrderState.FILLED
    bench.venue.close()
