"""Funding, delivery, and what closing earned."""

from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner.simulators.market import FUNDING_INTERVAL_NS
from edgerunner.simulators.venue_types import (
    HistoryQuery,
    Leg,
    OrderState,
    PositionSettled,
    RejectReason,
    VenueFill,
)
from tests.unit.simulators.test_conditional_orders import refusal
from tests.unit.simulators.venues import DATED, INVERSE, LINEAR, SPOT, START_NS, Bench

QUERY = HistoryQuery(account_id="sim")


@pytest.fixture
def bench() -> Bench:
    return Bench()


def payments(bench: Bench) -> list[VenueFill]:
    return [fill for fill in bench.venue.fills("sim") if fill.kind == "funding"][::-1]


def pass_to(bench: Bench, time_ns: int) -> None:
    bench.wall.time_ns = time_ns
    bench.venue.step(LINEAR)


def next_funding(after_ns: int) -> int:
    return (after_ns // FUNDING_INTERVAL_NS + 1) * FUNDING_INTERVAL_NS


def test_a_long_pays_at_the_interval_and_a_short_receives(bench: Bench) -> None:
    bench.place("buy", "0.5")
    bench.place("sell", "0.5", account="other")
    before = bench.total("USDT")
    due = next_funding(START_NS)
    pass_to(bench, due - 1)
    assert payments(bench) == []
    pass_to(bench, due)
    [paid] = payments(bench)
    rate = bench.venue.funding_rate(LINEAR, due)
    assert (paid.fee, paid.fee_rate, paid.time_ns) == (30_000 * rate, rate, due)
    assert (paid.order_id, paid.quantity_lots, paid.side, paid.closed_lots) == ("", 500, "buy", 0)
    assert bench.total("USDT") == before - paid.fee
    [entry] = [entry for entry in bench.venue.cash_entries("sim") if entry.kind == "funding"]
    assert (entry.amount, entry.trade_id, entry.time_ns) == (-paid.fee, paid.trade_id, due)
    [received] = [fill for fill in bench.venue.fills("other") if fill.kind == "funding"]
    assert received.fee == -paid.fee
    assert [event.fill for event in bench.events if isinstance(event, PositionSettled)] == [paid, received]


def test_funding_missed_while_the_process_was_down_is_paid_once(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "venue.sqlite")
    bench.place("sell", "0.5")
    due = next_funding(START_NS)
    bench.wall.time_ns = due + 2 * FUNDING_INTERVAL_NS
    for _ in range(2):
        bench.reopen()
        bench.venue.step(LINEAR)
    assert [fill.time_ns for fill in payments(bench)] == [due + n * FUNDING_INTERVAL_NS for n in range(3)]
    bench.venue.close()


def test_the_operator_can_settle_at_once_at_any_rate(bench: Bench) -> None:
    bench.place("buy", "0.5")
    bench.venue.operator.settle_funding(LINEAR, Decimal("-0.001"))
    assert [fill.fee for fill in payments(bench)] == [-30]
    bench.venue.operator.settle_funding(LINEAR)
    assert payments(bench)[1].fee_rate == bench.venue.funding_rate(LINEAR, START_NS)


def test_only_perpetuals_have_funding(bench: Bench) -> None:
    reasons = {
        refusal(lambda: bench.venue.operator.settle_funding(DATED)),
        refusal(lambda: bench.venue.operator.settle_funding(SPOT)),
    }
    assert reasons == {RejectReason.UNSUPPORTED}


def test_funding_history_lists_past_settlements_newest_first(bench: Bench) -> None:
    newest = START_NS // FUNDING_INTERVAL_NS * FUNDING_INTERVAL_NS
    rows = bench.venue.funding_history(LINEAR, limit=3)
    assert [row.time_ns for row in rows] == [newest - n * FUNDING_INTERVAL_NS for n in range(3)]
    assert rows[1].rate == bench.venue.funding_rate(LINEAR, rows[1].time_ns)
    since = bench.venue.funding_history(LINEAR, start_ns=rows[1].time_ns, end_ns=rows[0].time_ns - 1)
    assert since == [rows[1]]
    assert bench.venue.funding_history(SPOT) == bench.venue.funding_history(DATED) == []


def test_closing_fills_tell_what_they_earned_and_what_both_ways_cost(bench: Bench) -> None:
    bench.place("buy", "0.5")
    opened = bench.venue.fills("sim")[0]
    bench.pin(61_000)
    bench.place("sell", "0.2")
    bench.place("sell", "0.4")
    rows = bench.venue.closed_history(QUERY)
    assert sum(row.closed_lots for row in rows) == 500
    assert {row.entry_price for row in rows} == {opened.value / Decimal("0.5")}
    assert sum(row.open_fee for row in rows) == opened.fee
    for row in rows:
        assert row.pnl == (row.exit_price - row.entry_price) * row.closed_lots / 1000
    assert rows[-1].close_fee == rows[-1].exit_value * Decimal("0.00055")
    assert bench.venue.closed_history(HistoryQuery(account_id="sim", before=rows[0].number)) == rows[1:]


def test_an_inverse_position_is_margined_and_paid_in_coins(bench: Bench) -> None:
    bench.place("buy", 30_000, symbol=INVERSE)
    [opened] = bench.venue.fills("sim")
    assert opened.fee == opened.value * Decimal("0.00055")
    assert (opened.fee_currency, opened.quantity_lots) == ("BTC", 30_000)
    position = bench.venue.position("sim", INVERSE)
    assert position.entry_price == pytest.approx(60_000, abs=1)
    assert bench.venue.position_margin("sim", INVERSE) == pytest.approx(Decimal("0.05"), abs=Decimal("0.0001"))
    bench.pin(66_000)
    earned = bench.venue.unrealized_pnl("sim", INVERSE)
    assert earned == pytest.approx(30_000 / Decimal(60_000) - 30_000 / Decimal(66_000), abs=Decimal("0.0001"))
    bench.place("sell", 30_000, symbol=INVERSE)
    fees = sum(fill.fee for fill in bench.venue.fills("sim"))
    [row] = bench.venue.closed_history(QUERY)
    assert row.pnl == row.entry_value - row.exit_value
    assert bench.total("BTC") == 1 + row.pnl - fees
    assert bench.total("USDT") == 100_000


def test_coins_are_the_limit_of_inverse_positions(bench: Bench) -> None:
    many = refusal(lambda: bench.place("buy", 700_000, symbol=INVERSE))
    few = refusal(lambda: bench.place("buy", "0.5", symbol=INVERSE))
    assert (many, few) == (RejectReason.INSUFFICIENT_FUNDS, RejectReason.QUANTITY_OFF_STEP)


def test_inverse_funding_is_paid_in_coins(bench: Bench) -> None:
    bench.place("sell", 30_000, symbol=INVERSE)
    before = bench.total("BTC")
    bench.venue.operator.settle_funding(INVERSE, Decimal("0.001"))
    assert bench.total("BTC") == before + Decimal("0.0005")


def test_a_dated_future_is_delivered_at_the_mark_without_a_fee(bench: Bench) -> None:
    bench.place("buy", "0.5", symbol=DATED)
    resting = bench.place("buy", "0.1", 55_000, symbol=DATED)
    expiry = bench.venue.instruments[DATED].instrument.expires_at_ns
    assert expiry is not None
    pass_to(bench, expiry)
    [delivery] = [fill for fill in bench.venue.fills("sim") if fill.kind == "delivery"]
    assert delivery.fee == 0
    assert (delivery.price_ticks, delivery.closed_lots) == (600_000, 500)
    assert bench.order(resting).cancel_reason == "expired"
    order = bench.venue.find_order("sim", order_id=delivery.order_id)
    assert order is not None
    assert (order.state, order.origin) == (OrderState.FILLED, "delivery")
    assert bench.venue.positions("sim") == []
    assert refusal(lambda: bench.place("buy", "0.1", symbol=DATED)) == RejectReason.EXPIRED
    assert [fill for fill in bench.venue.fills("sim") if fill.kind == "funding"] == []


def test_each_leg_pays_its_own_funding(bench: Bench) -> None:
    bench.venue.set_position_mode("sim", True, symbol=LINEAR)
    bench.place("buy", "0.5", leg=Leg.LONG)
    bench.place("sell", "0.2", leg=Leg.SHORT)
    bench.venue.operator.settle_funding(LINEAR, Decimal("0.001"))
    assert [(fill.leg, fill.fee) for fill in payments(bench)] == [(Leg.LONG, Decimal(30)), (Leg.SHORT, Decimal(-12))]
