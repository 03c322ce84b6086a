"""Average-cost positions and fees."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from edgerunner.matching.fees import FeeSchedule
from edgerunner.matching.position import NetPosition, trade, unrealized
from edgerunner.matching.words import Side

TRADES = st.lists(st.tuples(st.sampled_from(["buy", "sell"]), st.integers(1, 50), st.integers(1, 10_000)), max_size=40)


def test_closing_part_of_a_long_realizes_against_the_average_cost() -> None:
    position = trade(NetPosition(), "buy", 2, Decimal(200)).position
    position = trade(position, "buy", 2, Decimal(220)).position
    change = trade(position, "sell", 1, Decimal(120))
    assert (change.closed_lots, change.realized_pnl) == (1, Decimal(15))
    assert change.position == NetPosition(lots=3, cost=Decimal(315))


def test_a_trade_through_zero_closes_and_opens_the_other_way() -> None:
    short = trade(NetPosition(), "sell", 3, Decimal(150)).position
    change = trade(short, "buy", 5, Decimal(200))
    assert (change.closed_lots, change.realized_pnl) == (3, Decimal(30))
    assert change.position == NetPosition(lots=2, cost=Decimal(80))
    assert unrealized(change.position, Decimal(45)) == 10
    assert unrealized(short, Decimal(45)) == 15


@given(TRADES)
def test_profit_and_cost_lose_nothing_over_any_trades(trades: list[tuple[Side, int, int]]) -> None:
    position, realized, paid, lots_held = NetPosition(), Decimal(0), Decimal(0), 0
    for side, lots, price in trades:
        change = trade(position, side, lots, Decimal(lots * price))
        position, realized = change.position, realized + change.realized_pnl
        paid += Decimal(lots * price) if side == "buy" else -Decimal(lots * price)
        lots_held += lots if side == "buy" else -lots
    signed_cost = position.cost if position.lots >= 0 else -position.cost
    assert position.lots == lots_held
    assert position.cost >= 0
    assert realized == signed_cost - paid
    assert position.lots != 0 or position.cost == 0


def test_an_inverse_long_earns_coins_as_their_price_rises() -> None:
    opened = trade(NetPosition(), "buy", 100, Decimal("0.002"), inverse=True).position
    change = trade(opened, "sell", 50, Decimal("0.0008"), inverse=True)
    assert change.realized_pnl == Decimal("0.0002")
    assert unrealized(change.position, Decimal("0.000025"), inverse=True) == Decimal("-0.00025")


def test_fees_are_exact_fractions_of_notional() -> None:
    fees = FeeSchedule(maker=Decimal("-0.0001"), taker=Decimal("0.00055"))
    assert fees.fee(Decimal("67012.3"), is_maker=False) == Decimal("36.856765")
    assert fees.fee(Decimal(100), is_maker=True) == Decimal("-0.01")
