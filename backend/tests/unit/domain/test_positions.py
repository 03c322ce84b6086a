"""Positions: average cost on every kind of contract, to the last digit."""

from dataclasses import replace
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.domain.events import OrderFilled, PositionAdjusted
from edgerunner.domain.instruments import ContractTerms
from edgerunner.domain.orders import DerivedFill, Money, Side
from edgerunner.domain.positions import (
    RECENT,
    Position,
    PositionKey,
    add_funding,
    adjust,
    apply_fill,
    restated_profits,
    unrealized,
)
from tests.fakes.events import ACCOUNT, CONNECTION, INVERSE, LINEAR, SPOT, filled

LINEAR_ID, INVERSE_ID, SPOT_ID = "BTCUSDT-LINEAR.BYBIT", "BTCUSD-INVERSE.BYBIT", "BTCUSDT-SPOT.BYBIT"


def key(fill: OrderFilled) -> PositionKey:
    return PositionKey(connection_id=CONNECTION, account_id=ACCOUNT, instrument_id=fill.instrument_id, leg=fill.leg)


def after(*fills: OrderFilled, position: Position | None = None) -> tuple[Position, list[Decimal | None]]:
    """Return the position after the fills, and what each of them realized."""
    profits = []
    for number, fill in enumerate(fills, start=1):
        position, realized = apply_fill(position, key(fill), fill, ts_ns=number, seq=number)
        profits.append(realized)
    assert position is not None
    return position, profits


def buy(quantity: str, price: str, *, instrument_id: str = LINEAR_ID, fee: str = "0", leg: str = "net") -> OrderFilled:
    return filled("T", quantity, price, instrument_id=instrument_id, fee=fee, leg=leg)


def sell(quantity: str, price: str, *, instrument_id: str = LINEAR_ID, fee: str = "0", leg: str = "net") -> OrderFilled:
    return filled("T", quantity, price, side=Side.SELL, instrument_id=instrument_id, fee=fee, leg=leg)


def adjusted(quantity: str, average_price: str | None, *, adjustment_id: str = "A1") -> PositionAdjusted:
    return PositionAdjusted(
        adjustment_id=adjustment_id,
        instrument_id=LINEAR_ID,
        contract=LINEAR,
        leg="net",
        quantity=Decimal(quantity),
        average_price=None if average_price is None else Decimal(average_price),
        reason="history was cut off",
    )


def test_a_netting_position_averages_closes_and_turns_through_zero() -> None:
    position, profits = after(buy("1", "100"), buy("1", "110"), sell("3", "120"))
    assert (position.quantity, position.average_price) == (Decimal(-1), Decimal(120))
    assert profits == [0, 0, Decimal(30)]
    assert position.realized_pnl == 30
    assert position.opened_at_ns == 3
    assert unrealized(position, Decimal(115)) == 5


def test_a_flat_position_keeps_its_profit_and_has_no_price() -> None:
    position, profits = after(sell("2", "100"), buy("2", "90"))
    assert (position.quantity, position.entry_value, position.average_price) == (Decimal(0), Decimal(0), None)
    assert profits[-1] == position.realized_pnl == 20
    assert position.opened_at_ns is None
    assert unrealized(position, Decimal(1)) == 0


def test_fees_stand_apart_from_profit() -> None:
    position, _ = after(buy("1", "100", fee="0.06"), sell("1", "110", fee="-0.02"))
    assert position.realized_pnl == 10
    assert position.fees == (Money(currency="USDT", amount=Decimal("0.04")),)


def test_hedging_legs_are_two_positions() -> None:
    long, _ = after(buy("1", "100", leg="long"))
    short, _ = after(sell("1", "101", leg="short"))
    assert (long.key.leg, long.quantity) == ("long", Decimal(1))
    assert (short.key.leg, short.quantity) == ("short", Decimal(-1))


def test_a_leg_told_in_the_wrong_order_ends_with_the_right_profit() -> None:
    position, profits = after(sell("1", "105", leg="long"), buy("1", "100", leg="long"))
    assert (position.quantity, profits[-1]) == (Decimal(0), Decimal(5))


def test_an_inverse_contract_earns_coins() -> None:
    position, profits = after(
        buy("100", "50000", instrument_id=INVERSE_ID), sell("100", "62500", instrument_id=INVERSE_ID)
    )
    assert profits[-1] == Decimal("0.002") - Decimal("0.0016")
    short, _ = after(sell("100", "50000", instrument_id=INVERSE_ID))
    assert short.average_price == 50000
    assert unrealized(short, Decimal(40000)) == Decimal("0.0025") - Decimal("0.002")
    assert unrealized(short, Decimal(0)) is None
    assert position.realized_pnl == profits[-1]


def test_the_average_of_an_inverse_contract_is_harmonic() -> None:
    position, _ = after(buy("100", "50000", instrument_id=INVERSE_ID), buy("100", "25000", instrument_id=INVERSE_ID))
    assert position.average_price is not None
    assert round(position.average_price, 6) == round(Decimal(200) / Decimal("0.006"), 6)


def test_a_spot_fee_in_the_coin_leaves_the_inventory() -> None:
    bought = filled("T1", "1", "100", instrument_id=SPOT_ID, fee="0.001", fee_currency="BTC")
    position, _ = after(bought)
    assert (position.quantity, position.average_price) == (Decimal("0.999"), Decimal(100))
    assert position.fees == (Money(currency="BTC", amount=Decimal("0.001")),)
    sold = filled("T2", "0.5", "120", side=Side.SELL, instrument_id=SPOT_ID, fee="0.05")
    position, profits = after(sold, position=position)
    assert (position.quantity, profits[-1]) == (Decimal("0.499"), Decimal(10))


def test_a_coin_fee_of_a_perpetual_is_no_inventory() -> None:
    position, _ = after(filled("T1", "1", "100", fee="0.001", fee_currency="BTC"))
    assert position.quantity == 1


def test_an_unknown_cost_stays_unknown_until_the_position_is_flat() -> None:
    start = adjust(None, key(buy("1", "1")), adjusted("1", None), ts_ns=1, seq=1)
    assert start.average_price is None
    assert unrealized(start, Decimal(100)) is None
    position, profits = after(buy("1", "100"), sell("0.5", "110"), position=start)
    assert (position.quantity, position.average_price, profits) == (Decimal("1.5"), None, [Decimal(0), None])
    position, profits = after(sell("2.5", "110"), buy("0.5", "100"), position=position)
    assert (position.quantity, profits, position.average_price) == (Decimal("-0.5"), [None, Decimal(5)], Decimal(110))


def test_an_adjustment_is_booked_once_and_makes_no_profit() -> None:
    position, _ = after(buy("1", "100"))
    once = adjust(position, position.key, adjusted("3", "90"), ts_ns=2, seq=2)
    assert (once.quantity, once.average_price, once.realized_pnl) == (Decimal(3), Decimal(90), Decimal(0))
    later, _ = after(buy("1", "90"), position=once)
    assert adjust(later, later.key, adjusted("3", "90"), ts_ns=9, seq=9) is later
    other = adjust(later, later.key, adjusted("0", None, adjustment_id="A2"), ts_ns=9, seq=9)
    assert (other.quantity, other.entry_value) == (Decimal(0), Decimal(0))


def test_an_adjustment_downward_without_a_price_keeps_the_average() -> None:
    position, _ = after(buy("2", "100"))
    smaller = adjust(position, position.key, adjusted("0.5", None), ts_ns=2, seq=2)
    assert smaller.average_price == 100
    turned = adjust(position, position.key, adjusted("-0.5", None), ts_ns=2, seq=2)
    assert turned.average_price is None


@pytest.mark.parametrize(
    ("instrument_id", "side", "expected"),
    [
        (LINEAR_ID, Side.BUY, Decimal(105)),
        (LINEAR_ID, Side.SELL, Decimal(105)),
        (INVERSE_ID, Side.BUY, Decimal(200) / (Decimal(1) + round(Decimal(100) / Decimal(110), 18))),
    ],
)
def test_a_real_fill_corrects_the_cost_of_the_derived_one_in_an_open_position(
    instrument_id: str, side: Side, expected: Decimal
) -> None:
    quantity = "100" if instrument_id == INVERSE_ID else "1"
    other = filled("T0", quantity, "100", side=side, instrument_id=instrument_id)
    derived = filled("D1", quantity, "100", side=side, instrument_id=instrument_id, derived=True)
    real = filled("T1", quantity, "110", side=side, instrument_id=instrument_id)
    position, _ = after(other, derived)
    replaced = [DerivedFill(trade_id="D1", quantity=Decimal(quantity), price=Decimal(100))]
    position, realized = apply_fill(position, position.key, real, replaced=replaced, ts_ns=3, seq=3)
    assert abs(position.quantity) == 2 * Decimal(quantity)
    assert position.average_price == expected
    assert realized == 0


@pytest.mark.parametrize(("side", "gain"), [(Side.BUY, Decimal(-10)), (Side.SELL, Decimal(10))])
def test_a_real_fill_corrects_the_profit_when_the_derived_one_is_closed_already(side: Side, gain: Decimal) -> None:
    derived = filled("D1", "1", "100", side=side, derived=True)
    closing = filled("T2", "1", "100", side=side.opposite)
    real = filled("T1", "1.5", "110", side=side)
    position, _ = after(derived, closing)
    replaced = [DerivedFill(trade_id="D1", quantity=Decimal(1), price=Decimal(100))]
    position, realized = apply_fill(position, position.key, real, replaced=replaced, ts_ns=3, seq=3)
    assert realized == position.realized_pnl == gain
    assert (position.quantity, position.average_price) == (side.sign * Decimal("0.5"), Decimal(110))


def test_funding_stands_apart_from_profit() -> None:
    position, _ = after(buy("1", "100"))
    paid = add_funding(position, Decimal("-0.5"), ts_ns=2, seq=2)
    assert (paid.funding, paid.realized_pnl, paid.last_seq) == (Decimal("-0.5"), Decimal(0), 2)


def told_late(*fills: tuple[int, OrderFilled], late: int) -> tuple[Position, Position]:
    """Return the position after stamped fills in their order, and with one of them told at the end."""
    others = [fill for place, fill in enumerate(fills) if place != late]
    return stamped(*fills), stamped(*others, fills[late])


def stamped(*fills: tuple[int, OrderFilled]) -> Position:
    position: Position | None = None
    for seq, (ts_ns, fill) in enumerate(fills, start=1):
        position, _ = apply_fill(position, key(fill), fill, ts_ns=ts_ns, seq=seq)
    assert position is not None
    return position


def test_a_part_of_a_short_that_was_closed_before_the_newest_sale_is_told_after_it() -> None:
    first, closing, newest = (
        (1, filled("T1", "0.015", "71996.90", side=Side.SELL)),
        (2, filled("T2", "0.003", "71996.20")),
        (3, filled("T3", "0.006", "71995.40", side=Side.SELL)),
    )
    in_order, late = told_late(first, closing, newest, late=1)
    assert late.average_price == in_order.average_price == Decimal("71996.40")
    assert late.realized_pnl == in_order.realized_pnl == Decimal("0.0021")
    assert late == in_order


def test_a_late_fill_changes_what_a_younger_one_has_closed() -> None:
    sale, bought, sold_out = (1, sell("1", "100")), (2, buy("2", "90")), (3, sell("1", "95"))
    numbered = [(ts, replace(fill, trade_id=f"T{ts}")) for ts, fill in (sale, bought, sold_out)]
    before = stamped(numbered[0], numbered[2])
    position, profit = apply_fill(before, before.key, numbered[1][1], ts_ns=2, seq=3)
    assert profit == 10
    assert restated_profits(before, position) == {"T3": Decimal(5)}
    assert (position.quantity, position.realized_pnl, position.updated_at_ns) == (Decimal(0), Decimal(15), 3)


def test_fills_of_one_stamp_stand_in_the_brokers_order() -> None:
    fills = [(5, replace(sell("3", "100"), rank=2, trade_id="B")), (5, replace(buy("2", "90"), rank=1, trade_id="A"))]
    assert stamped(*fills).average_price == 100
    assert stamped(*fills).realized_pnl == 20


def test_ranks_of_two_lines_tell_nothing_about_each_other() -> None:
    told = [("A", "buys", 2), ("B", "sales", 1), ("C", "buys", 1), ("D", "sales", 7)]
    fills = [(5, replace(buy("1", "90"), line=line, rank=rank, trade_id=name)) for name, line, rank in told]
    assert [trade.trade_id for trade in stamped(*fills).recent] == ["C", "A", "B", "D"]


def test_fills_of_one_stamp_and_no_rank_stand_as_they_were_told() -> None:
    position = stamped((5, replace(sell("3", "100"), trade_id="A")), (5, replace(buy("2", "90"), trade_id="B")))
    assert [trade.trade_id for trade in position.recent] == ["A", "B"]


def test_an_adjusted_position_is_not_taken_apart_by_older_fills() -> None:
    position, _ = after(buy("2", "100"))
    set_by_broker = adjust(position, position.key, adjusted("3", "110"), ts_ns=9, seq=9)
    late, _ = apply_fill(set_by_broker, position.key, filled("T9", "1", "90"), ts_ns=1, seq=10)
    assert (late.quantity, late.average_price, late.updated_at_ns) == (Decimal(4), Decimal(105), 9)


def test_a_position_keeps_a_bounded_number_of_fills() -> None:
    position = stamped(*((ts, replace(buy("1", "100"), trade_id=f"T{ts}")) for ts in range(1, 3 * RECENT)))
    assert len(position.recent) == RECENT
    late, _ = apply_fill(position, position.key, replace(buy("1", "200"), trade_id="L"), ts_ns=0, seq=1_000)
    assert late.quantity == 3 * RECENT


PRICES = st.decimals(min_value="0.000001", max_value="10000000", places=6)
SIZES = st.decimals(min_value="0.00000001", max_value="1000000", places=8)
CONTRACTS = {LINEAR_ID: LINEAR, INVERSE_ID: INVERSE, SPOT_ID: SPOT}


def _cash(fill: OrderFilled, contract: ContractTerms) -> Decimal:
    """Money in minus money out of one fill, in the settlement currency, fees left out."""
    if contract.is_inverse:
        return fill.side.sign * round(fill.quantity / fill.price, 18)
    return -fill.side.sign * fill.quantity * fill.price


@given(
    st.sampled_from(sorted(CONTRACTS)),
    st.lists(st.tuples(st.sampled_from(Side), SIZES, PRICES), min_size=1, max_size=12),
    PRICES,
)
def test_realized_and_unrealized_profit_are_the_cash_of_the_fills_and_the_value_left(
    instrument_id: str, trades: list[tuple[Side, Decimal, Decimal]], mark: Decimal
) -> None:
    fills = [filled("T", size, price, side=side, instrument_id=instrument_id) for side, size, price in trades]
    position, profits = after(*fills)
    contract = CONTRACTS[instrument_id]
    open_profit = unrealized(position, mark)
    assert open_profit is not None
    with localcontext(prec=200):
        cash = sum((_cash(fill, contract) for fill in fills), Decimal(0))
        left = position.quantity
        value = round(-left / mark, 18) if contract.is_inverse else left * mark
        assert position.realized_pnl + open_profit == cash + value
        assert position.realized_pnl == sum(profit for profit in profits if profit is not None)
        assert left == sum(fill.side.sign * fill.quantity for fill in fills)


@given(st.lists(st.tuples(st.sampled_from(Side), SIZES, PRICES, SIZES), min_size=1, max_size=10), PRICES)
def test_spot_profit_less_coin_fees_at_their_price_is_the_cash_and_the_coins_left(
    trades: list[tuple[Side, Decimal, Decimal, Decimal]], mark: Decimal
) -> None:
    fills = [
        filled("T", size, price, side=side, instrument_id=SPOT_ID, fee=fee / 1000, fee_currency="BTC")
        for side, size, price, fee in trades
    ]
    position, _ = after(*fills)
    open_profit = unrealized(position, mark)
    assert open_profit is not None
    with localcontext(prec=200):
        cash = sum((_cash(fill, SPOT) for fill in fills), Decimal(0))
        fees = sum((fill.fee.amount * fill.price for fill in fills), Decimal(0))
        assert position.realized_pnl + open_profit - fees == cash + position.quantity * mark


@given(st.permutations([(Side.BUY, "1", "100"), (Side.BUY, "2", "110"), (Side.SELL, "2.5", "120")]), PRICES)
def test_the_whole_profit_does_not_depend_on_the_order_of_the_fills(
    trades: list[tuple[Side, str, str]], mark: Decimal
) -> None:
    position, _ = after(*(filled("T", size, price, side=side) for side, size, price in trades))
    open_profit = unrealized(position, mark)
    assert open_profit is not None
    assert position.realized_pnl + open_profit == Decimal(-20) + Decimal("0.5") * mark
