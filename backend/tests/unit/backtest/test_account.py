"""Money: exact books, fees, several instruments and currencies, margin, funding, swaps."""

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.backtest.account import Account
from edgerunner.backtest.config import Swap
from edgerunner.backtest.grid import MONEY_UNIT, from_money, half_even
from edgerunner.backtest.market import Market
from edgerunner.backtest.orders import SimulatedOrder
from edgerunner.backtesting import run
from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.instruments import Product, QuantityUnit
from edgerunner.domain.orders import OrderStatus, Side
from edgerunner.matching.fees import FeeSchedule
from edgerunner.matching.margin import price_of_ruin
from edgerunner.matching.position import NetPosition, trade
from edgerunner.strategies.market_data import Bar
from tests.unit.backtest.runs import (
    PERPETUAL,
    SPOT,
    START_MS,
    Row,
    columns,
    config,
    fees,
    fills_of,
    flat,
    instrument,
    play,
    scripted,
    statuses,
)

INVERSE = instrument(
    instrument_id="BTCUSD-INVERSE.BYBIT",
    quote="USD",
    settle="BTC",
    quantity_unit=QuantityUnit.CONTRACTS,
    lot_step=Decimal(1),
    min_quantity=Decimal(1),
)
MINUTE_NS = 60_000_000_000
START_NS = START_MS * 1_000_000


def test_money_is_exact_to_the_last_digit() -> None:
    steps = {0: lambda s: s.buy(0.003), 1: lambda s: s.sell(0.001), 2: lambda s: s.close_position()}
    rates = FeeSchedule(maker=Decimal("0.0001"), taker=Decimal("0.00055"))
    result, _ = play([*flat(100.1), *flat(100.3), *flat(100.7), *flat(99.9)], steps, fees=rates)
    fee = Decimal("0.00055") * (Decimal("0.3009") + Decimal("0.1007") + Decimal("0.1998"))
    earned = (
        -Decimal("0.003") * Decimal("100.3") + Decimal("0.001") * Decimal("100.7") + Decimal("0.002") * Decimal("99.9")
    )
    assert result.final_equity == 10_000 + earned - fee
    assert sum(fill.fee for fill in result.fills) == fee
    (trip,) = result.trades
    assert trip.pnl == earned - fee
    assert (trip.fees, trip.quantity, trip.entry_price) == (fee, Decimal("0.003"), Decimal("100.3"))


def test_makers_and_takers_pay_their_own_rate() -> None:
    rates = FeeSchedule(maker=Decimal("-0.0001"), taker=Decimal("0.001"))
    result, strategy = play([*flat(100), (100, 101, 96, 98)], {0: lambda s: (s.buy(1), s.buy(1, limit=96))}, fees=rates)
    assert [fill.fee for fill in result.fills] == [Decimal("0.1"), Decimal("-0.0096")]
    assert [fill.fee for fill in strategy.fills] == [0.1, -0.0096]


def test_the_equity_array_is_cash_and_position_at_every_close() -> None:
    rows: list[Row] = [*flat(100), (101, 103, 99, 102), (102, 105, 101, 104), (104, 104, 100, 101)]
    result, strategy = play(rows, {0: lambda s: s.buy(10), 2: lambda s: s.close_position()}, fees=fees("0.001"))
    after_buy = 10_000 - 1.01
    assert np.allclose(
        result.equity, [10_000, after_buy + 10, after_buy + 30, after_buy + 30 - 1.04], rtol=0, atol=1e-9
    )
    assert float(result.final_equity) == result.equity[-1] == pytest.approx(strategy.equity)


def test_spot_pays_and_receives_cash() -> None:
    seen: list[float] = []
    steps = {0: lambda s: s.buy(10), 1: lambda s: seen.append(s.cash), 2: lambda s: seen.append(s.equity)}
    result, _ = play([*flat(100, 2), (100, 110, 100, 110)], steps, SPOT, fees=fees("0.001"))
    assert seen == [8999.0, 10099.0]
    assert result.final_equity == Decimal(10099)


def test_a_position_that_is_turned_round_makes_two_round_trips() -> None:
    rows = [*flat(100), *flat(100), *flat(110), *flat(105)]
    steps = {0: lambda s: s.buy(1), 1: lambda s: s.sell(3), 2: lambda s: s.buy(2)}
    result, _ = play(rows, steps)
    assert [(trip.side.value, trip.quantity, trip.pnl) for trip in result.trades] == [
        ("buy", Decimal(1), Decimal(10)),
        ("sell", Decimal(2), Decimal(10)),
    ]
    assert result.final_equity == 10_020
    charged, _ = play(rows, steps, fees=fees("0.001"))
    assert [trip.fees for trip in charged.trades] == [Decimal("0.21"), Decimal("0.43")]
    assert [trip.bars_held for trip in result.trades] == [1, 1]


def test_excursions_are_the_extremes_while_the_trip_was_open() -> None:
    rows: list[Row] = [*flat(100), (100, 107, 98, 103), (103, 104, 95, 101), *flat(101)]
    result, _ = play(rows, {0: lambda s: s.buy(2), 2: lambda s: s.close_position()})
    assert (result.trades[0].mae, result.trades[0].mfe) == (Decimal(-10), Decimal(14))


def test_an_inverse_contract_earns_base_currency() -> None:
    rows = [*flat(100), *flat(100), *flat(125), *flat(125)]
    steps = {0: lambda s: s.buy(1000), 2: lambda s: s.close_position()}
    result, _ = play(rows, steps, INVERSE, base_currency="BTC", initial_cash=Decimal(100), fees=fees("0.001"))
    assert result.final_equity == Decimal(100) + 2 - Decimal("0.010") - Decimal("0.008")
    assert np.allclose(result.equity, [100, 99.99, 101.99, 101.982], rtol=0, atol=1e-12)
    assert [trip.pnl for trip in result.trades] == [Decimal("1.982")]


def test_other_currencies_are_converted_at_the_rate_of_the_time() -> None:
    rates = {"BTC": ((START_NS, Decimal(100)), (START_NS + 3 * MINUTE_NS, Decimal(200)))}
    rows = [*flat(100), *flat(100), *flat(125), *flat(125)]
    steps = {0: lambda s: s.buy(1000), 2: lambda s: s.close_position()}
    result, _ = play(rows, steps, INVERSE, base_currency="USDT", initial_cash=Decimal(10_000), rates=rates)
    assert result.final_equity == 10_000 + 2 * 200
    assert np.allclose(result.equity, [10_000, 10_000, 10_000 + 2 * 200, 10_400])


def test_a_missing_rate_is_refused_by_name() -> None:
    with pytest.raises(InvalidRequest, match="settles in BTC"):
        play(flat(100), {}, INVERSE)


class TestMargin:
    def test_leverage_bounds_the_worth_of_a_position(self) -> None:
        steps = {0: lambda s: (s.buy(201), s.buy(199), s.sell(400))}
        result, _ = play(flat(100, 3), steps, leverage=Decimal(2))
        assert statuses(result) == [OrderStatus.REJECTED, OrderStatus.FILLED, OrderStatus.REJECTED]
        assert (result.orders[0].reason or "").startswith("insufficient_margin")

    def test_all_positions_share_the_margin(self) -> None:
        other = instrument(instrument_id="ETHUSDT-LINEAR.BYBIT")
        strategy = scripted({0: lambda s: (s.buy(60), s.buy(60, instrument_id=other.instrument_id))})
        bars = columns(flat(100, 2))
        result = run(
            config(strategy, instruments={each.instrument_id: each for each in (PERPETUAL, other)}),
            {PERPETUAL.instrument_id: bars, other.instrument_id: bars},
        )
        assert statuses(result) == [OrderStatus.FILLED, OrderStatus.REJECTED]

    def test_a_short_is_possible_and_loses_as_the_price_rises(self) -> None:
        result, _ = play([*flat(100, 2), *flat(110)], {0: lambda s: s.sell(10)})
        assert result.final_equity == 9900

    def test_a_position_is_closed_by_force_at_the_price_of_ruin(self) -> None:
        rows: list[Row] = [*flat(100, 2), (100, 100, 80, 85), *flat(85)]
        result, _ = play(rows, {0: lambda s: s.buy(500)}, leverage=Decimal(5), maintenance_rate=Decimal("0.01"))
        ruin = price_of_ruin(Decimal(500), Decimal(100), Decimal(10_000), Decimal("0.01"))
        assert ruin is not None
        forced = result.fills[1]
        assert forced.forced
        assert forced.price == math.ceil(ruin * 10) / Decimal(10)
        assert result.orders[1].reason == "forced close: not enough margin"

    def test_a_gap_beyond_ruin_closes_at_the_open_and_may_leave_a_debt(self) -> None:
        rows: list[Row] = [*flat(100, 2), (75, 76, 74, 75)]
        result, _ = play(rows, {0: lambda s: s.buy(500)}, leverage=Decimal(5))
        assert fills_of(result)[1] == ("sell", 500.0, 75.0)
        assert result.final_equity == -2500

    def test_a_short_is_closed_by_force_above(self) -> None:
        rows: list[Row] = [*flat(100, 2), (100, 125, 100, 120)]
        result, _ = play(rows, {0: lambda s: s.sell(500)}, leverage=Decimal(5), maintenance_rate=Decimal("0.01"))
        ruin = price_of_ruin(Decimal(-500), Decimal(100), Decimal(10_000), Decimal("0.01"))
        assert ruin is not None
        assert fills_of(result)[1] == ("buy", 500.0, math.floor(ruin * 10) / 10)

    def test_several_positions_are_ruined_together(self) -> None:
        other = instrument(instrument_id="ETHUSDT-LINEAR.BYBIT")
        strategy = scripted({0: lambda s: (s.buy(250), s.buy(250, instrument_id=other.instrument_id))})
        rows = [*flat(100, 2), *flat(85), *flat(79)]
        result = run(
            config(
                strategy,
                instruments={each.instrument_id: each for each in (PERPETUAL, other)},
                leverage=Decimal(5),
            ),
            {PERPETUAL.instrument_id: columns(rows), other.instrument_id: columns(rows)},
        )
        assert [fill.forced for fill in result.fills] == [False, False, True, True]
        assert result.final_equity == 10_000 - 500 * 21


class TestCarry:
    def test_funding_is_paid_by_longs_on_the_newest_price(self) -> None:
        rows = [*flat(100, 2), *flat(110), *flat(120)]
        rate = ((START_NS + 2 * MINUTE_NS, Decimal("0.001")), (START_NS + 3 * MINUTE_NS, Decimal("-0.002")))
        result, _ = play(rows, {0: lambda s: s.buy(10)}, funding={PERPETUAL.instrument_id: rate})
        assert [movement.amount for movement in result.cash_movements] == [Decimal(-1), Decimal("2.2")]
        assert result.final_equity == 10_000 + 200 - 1 + Decimal("2.2")
        assert np.allclose(result.equity, [10_000, 10_000, 10_099, 10_201.2])

    def test_shorts_receive_what_longs_pay(self) -> None:
        rate = ((START_NS + 2 * MINUTE_NS, Decimal("0.001")),)
        result, _ = play(flat(100, 4), {0: lambda s: s.sell(10)}, funding={PERPETUAL.instrument_id: rate})
        assert [movement.amount for movement in result.cash_movements] == [Decimal(1)]

    def test_swaps_are_booked_every_night_and_three_times_on_wednesday(self) -> None:
        euro = instrument(instrument_id="EURUSD.MT5", product=Product.FOREX, settle="USDT")
        swap = Swap(long=Decimal("-0.0001"), short=Decimal("0.00005"))
        strategy = scripted({0: lambda s: s.buy(10)})
        bars = columns(flat(100, 7 * 24), step_ms=3_600_000)
        settings: dict[str, Any] = {"timeframe": "1h", "swaps": {euro.instrument_id: swap}}
        result = run(config(strategy, euro, **settings), {euro.instrument_id: bars})
        amounts = [movement.amount for movement in result.cash_movements]
        assert amounts == [Decimal("-0.1"), Decimal("-0.1"), Decimal("-0.3"), Decimal("-0.1"), Decimal("-0.1")]


@given(
    steps=st.lists(st.tuples(st.integers(-50, 50).filter(bool), st.integers(1, 5000)), max_size=20),
    is_inverse=st.booleans(),
)
def test_integer_books_are_those_of_the_ledger(steps: list[tuple[int, int]], is_inverse: bool) -> None:
    traded = INVERSE if is_inverse else PERPETUAL
    market = Market("key", traded)
    account = Account(
        config(scripted({}), traded, instruments={"key": traded}, base_currency=traded.settle), {"key": market}
    )
    market.last = Bar("key", "1m", 0, 250.0, 250.0, 250.0, 250.0, 1.0)
    position = NetPosition()
    order = SimulatedOrder("1", "key", Side.BUY, 1.0)
    for signed, ticks in steps:
        value = from_money(market.grid.worth(abs(signed), ticks))
        change = trade(position, "buy" if signed > 0 else "sell", abs(signed), value, inverse=is_inverse)
        booked = account.book(market, order, signed_lots=signed, ticks=ticks, is_taker=True)
        position = change.position
        assert (market.lots, from_money(market.cost)) == (position.lots, position.cost)
        assert from_money(booked.realized_base) == change.realized_pnl


@given(numerator=st.integers(-(10**9), 10**9), denominator=st.integers(1, 10**6))
def test_quotients_are_rounded_half_to_even(numerator: int, denominator: int) -> None:
    exact = Decimal(numerator) / Decimal(denominator)
    assert half_even(numerator, denominator) == int(exact.to_integral_value(rounding="ROUND_HALF_EVEN"))


def test_a_money_unit_is_a_billionth_of_a_billionth() -> None:
    assert from_money(MONEY_UNIT) == 1
    assert from_money(1) == Decimal("1e-18")
