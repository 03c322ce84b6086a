"""Liquidation in cross and isolated margin, deleveraging, and fees in another coin."""

from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner.simulators.venue_types import (
    ExitOrder,
    HistoryQuery,
    Leg,
    MarginMode,
    OrderState,
    RejectReason,
    VenuePosition,
)
from tests.unit.simulators.test_conditional_orders import refusal
from tests.unit.simulators.venues import INVERSE, LINEAR, SPOT, Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


def ticks_below(price: Decimal | None) -> Decimal:
    assert price is not None
    return price // Decimal("0.1") * Decimal("0.1")


def held(bench: Bench, symbol: str = LINEAR) -> VenuePosition:
    return bench.venue.position("sim", symbol)


def test_a_cross_position_is_liquidated_at_its_liquidation_price_and_not_before(bench: Bench) -> None:
    bench.venue.set_leverage("sim", LINEAR, Decimal(100))
    bench.place("buy", 10)
    resting = bench.place("buy", "0.1", 40_000)
    below = ticks_below(held(bench).liquidation_price)
    bench.pin(float(below + Decimal("0.1")))
    assert held(bench).quantity_lots == 10_000
    bench.pin(float(below))
    assert held(bench).quantity_lots == 0
    fill = bench.venue.fills("sim")[0]
    order = bench.order(bench.venue.order_history(HistoryQuery(account_id="sim", order_id=fill.order_id))[0])
    assert (fill.kind, order.origin, order.state) == ("liquidation", "liquidation", OrderState.FILLED)
    assert bench.order(resting).cancel_reason == "liquidation"


def test_a_short_is_liquidated_when_the_price_rises(bench: Bench) -> None:
    bench.venue.set_leverage("sim", LINEAR, Decimal(100))
    bench.place("sell", 20)
    price = held(bench).liquidation_price
    bankrupt = held(bench).bankruptcy_price
    assert price is not None
    assert bankrupt is not None
    assert 60_000 < price < bankrupt
    bench.pin(float(ticks_below(price)))
    assert held(bench).side == "sell"
    bench.pin(float(ticks_below(price) + Decimal("0.1")))
    assert held(bench).side == "none"


def test_a_small_position_of_a_rich_account_has_no_liquidation_price(bench: Bench) -> None:
    bench.place("buy", "0.5")
    assert held(bench).liquidation_price is None
    assert held(bench).adl_rank == 1


def test_an_inverse_long_is_liquidated_in_coins(bench: Bench) -> None:
    bench.venue.set_leverage("sim", INVERSE, Decimal(100))
    bench.place("buy", 600_000, symbol=INVERSE)
    below = ticks_below(held(bench, INVERSE).liquidation_price)
    bench.pin(float(below + Decimal("0.1")))
    assert held(bench, INVERSE).quantity_lots == 600_000
    bench.pin(float(below))
    assert held(bench, INVERSE).quantity_lots == 0
    assert bench.total("USDT") == 100_000


def test_an_isolated_position_loses_its_own_margin_only(bench: Bench) -> None:
    bench.venue.set_margin_mode("sim", MarginMode.ISOLATED)
    bench.place("buy", 1)
    position = held(bench)
    assert position.margin_mode is MarginMode.ISOLATED
    assert position.bankruptcy_price == pytest.approx(Decimal(54_000), abs=5)
    bench.pin(float(ticks_below(position.liquidation_price)))
    assert held(bench).quantity_lots == 0
    assert 94_000 < bench.total("USDT") < 94_400


def test_added_margin_moves_the_liquidation_price_and_can_be_taken_back(bench: Bench) -> None:
    early = refusal(lambda: bench.venue.add_margin("sim", LINEAR, Leg.NET, Decimal(1_000)))
    bench.venue.set_margin_mode("sim", MarginMode.ISOLATED)
    flat = refusal(lambda: bench.venue.add_margin("sim", LINEAR, Leg.NET, Decimal(1_000)))
    bench.place("buy", 1)
    before, available = held(bench).liquidation_price, bench.venue.summary("sim", "USDT").available
    after = bench.venue.add_margin("sim", LINEAR, Leg.NET, Decimal(1_000)).liquidation_price
    assert before is not None
    assert after is not None
    assert after == pytest.approx(before - 1_000 / Decimal("0.995"))
    assert bench.venue.summary("sim", "USDT").available == available - 1_000
    much = refusal(lambda: bench.venue.add_margin("sim", LINEAR, Leg.NET, Decimal(-1_001)))
    rich = refusal(lambda: bench.venue.add_margin("sim", LINEAR, Leg.NET, Decimal(99_000)))
    bench.venue.add_margin("sim", LINEAR, Leg.NET, Decimal(-1_000))
    assert held(bench).liquidation_price == before
    assert (early, flat, much) == (RejectReason.INVALID_MARGIN, RejectReason.NO_POSITION, RejectReason.INVALID_MARGIN)
    assert rich == RejectReason.INSUFFICIENT_FUNDS


def test_isolated_profit_frees_nothing(bench: Bench) -> None:
    bench.venue.set_margin_mode("sim", MarginMode.ISOLATED)
    bench.place("buy", 1)
    before = bench.venue.summary("sim", "USDT").available
    bench.pin(66_000)
    assert bench.venue.summary("sim", "USDT").available == before


def test_margin_modes_that_cannot_be_had_are_refused_by_name(bench: Bench) -> None:
    portfolio = refusal(lambda: bench.venue.set_margin_mode("sim", MarginMode.PORTFOLIO))
    same = refusal(lambda: bench.venue.set_margin_mode("sim", MarginMode.CROSS))
    automatic = refusal(lambda: bench.venue.set_auto_add_margin("sim", LINEAR, Leg.NET, True))
    assert (portfolio, same) == (RejectReason.UNSUPPORTED, RejectReason.NOT_MODIFIED)
    assert automatic == RejectReason.UNSUPPORTED


def test_one_leg_of_an_isolated_hedge_can_go_alone(bench: Bench) -> None:
    bench.venue.set_margin_mode("sim", MarginMode.ISOLATED)
    bench.venue.set_position_mode("sim", True, symbol=LINEAR)
    bench.place("buy", 1, leg=Leg.LONG)
    bench.place("sell", 1, leg=Leg.SHORT)
    bench.pin(54_000)
    assert [position.leg for position in bench.venue.positions("sim")] == [Leg.SHORT]


def test_deleveraging_takes_part_of_a_position_and_leaves_its_exits(bench: Bench) -> None:
    bench.place("buy", "0.5")
    bench.venue.set_exits("sim", LINEAR, stop_loss=ExitOrder(trigger_ticks=590_000))
    resting = bench.place("sell", "0.5", 61_000, reduce_only=True)
    order = bench.venue.operator.adl("sim", LINEAR, 200)
    assert (order.origin, bench.venue.fills("sim")[0].kind) == ("adl", "adl")
    assert bench.order(resting).cancel_reason == "adl"
    [stop] = bench.venue.open_orders("sim")
    assert (stop.exit_kind, stop.quantity_lots) == ("stop_loss", 300)
    assert refusal(lambda: bench.venue.operator.adl("sim", LINEAR, 301)) == RejectReason.REDUCE_ONLY_REJECTED


def test_fees_can_be_charged_in_another_coin(bench: Bench) -> None:
    bench.venue.operator.set_fee_currency("sim", "MNT", Decimal("0.5"))
    order = bench.place("buy", "0.5")
    [fill] = bench.venue.fills("sim")
    assert (fill.fee_currency, fill.fee) == ("MNT", fill.value * Decimal("0.0011"))
    assert bench.total("MNT") == -fill.fee
    assert bench.total("USDT") == 100_000
    assert order.fees == {"MNT": fill.fee}
    spot = bench.place("buy", "0.01", symbol=SPOT)
    assert spot.fees["MNT"] == pytest.approx(Decimal("0.00001") * 60_000 * 2)
    assert bench.total("BTC") == Decimal("1.01")
    bench.venue.operator.set_fee_currency("sim", None)
    assert "USDT" in bench.place("sell", "0.5").fees
    unpriced = refusal(lambda: bench.venue.operator.set_fee_currency("sim", "MNT"))
    worthless = refusal(lambda: bench.venue.operator.set_fee_currency("sim", "MNT", Decimal(0)))
    assert (unpriced, worthless) == (RejectReason.UNSUPPORTED, RejectReason.INVALID_PRICE)


def test_choices_and_margins_survive_a_restart(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "venue.sqlite")
    bench.venue.set_margin_mode("sim", MarginMode.ISOLATED)
    bench.venue.operator.set_fee_currency("sim", "ETH")
    bench.place("buy", 1)
    bench.venue.add_margin("sim", LINEAR, Leg.NET, Decimal(500))
    seen = (held(bench), bench.venue.summary("sim", "USDT"), bench.venue.margin_mode("sim"))
    bench.reopen()
    assert (held(bench), bench.venue.summary("sim", "USDT"), bench.venue.margin_mode("sim")) == seen
    bench.place("sell", 1)
    assert bench.venue.fills("sim")[0].fee_currency == "ETH"
    bench.venue.close()
