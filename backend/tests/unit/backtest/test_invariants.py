"""What holds for every run, whatever a strategy does."""

import math
from collections import defaultdict
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgerunner.backtest.result import Result
from edgerunner.domain.orders import OrderType, Side
from edgerunner.strategies.intents import OrderHandle
from tests.unit.backtest.runs import PERPETUAL, SPOT, Row, fees, play

CLOSED = {"filled", "canceled", "expired", "rejected", "denied"}


@st.composite
def walks(draw: st.DrawFn) -> list[Row]:
    """Bars in ticks of 0.1 around 100, with gaps."""
    rows: list[Row] = []
    close = 1000
    for _ in range(draw(st.integers(3, 25))):
        open_ = close + draw(st.integers(-20, 20))
        close = max(500, open_ + draw(st.integers(-40, 40)))
        high, low = max(open_, close) + draw(st.integers(0, 30)), min(open_, close) - draw(st.integers(0, 30))
        rows.append((open_ / 10, high / 10, low / 10, close / 10))
    return rows


distances = st.integers(1, 60).map(lambda ticks: ticks / 10)
kinds = st.sampled_from(["market", "limit", "stop", "stop_limit", "touch", "trail", "bracket", "close", "cancel"])
actions = st.lists(st.tuples(kinds, st.booleans(), st.integers(1, 30), distances, distances), max_size=12)


def act(strategy: Any, action: tuple[str, bool, int, float, float]) -> OrderHandle | None:
    kind, is_buy, size, near, far = action
    send, sign = (strategy.buy, 1) if is_buy else (strategy.sell, -1)
    price = strategy.bars[-1].close
    words: dict[str, dict[str, Any]] = {
        "market": {},
        "limit": {"limit": price - sign * near},
        "stop": {"stop": price + sign * near},
        "stop_limit": {"stop": price + sign * near, "limit": price + sign * (near - far)},
        "touch": {"touch": price - sign * near},
        "trail": {"trail": near},
        "bracket": {"limit": price, "take_profit": price + sign * near, "stop_loss": price - sign * far},
    }
    if kind == "close":
        return strategy.close_position()  # type: ignore[no-any-return]
    if kind == "cancel":
        strategy.cancel_all()
        return None
    return send(size, expire_after_bars=size, **words[kind])  # type: ignore[no-any-return]


def run_of(rows: list[Row], planned: list[tuple[str, bool, int, float, float]], **changes: Any) -> Result:
    steps: dict[int, list[Any]] = defaultdict(list)
    for number, action in enumerate(planned):
        steps[number * 7 % len(rows)].append(action)
    doing = {row: (lambda s, todo=todo: [act(s, action) for action in todo]) for row, todo in steps.items()}
    return play(rows, doing, **changes)[0]


@settings(max_examples=150)
@given(rows=walks(), planned=actions, is_spot=st.booleans(), share=st.sampled_from([None, Decimal("0.01")]))
def test_money_adds_up_and_fills_are_inside_their_bars(
    rows: list[Row], planned: list[tuple[str, bool, int, float, float]], is_spot: bool, share: Decimal | None
) -> None:
    traded = SPOT if is_spot else PERPETUAL
    result = run_of(rows, planned, traded=traded, fees=fees("0.001"), leverage=Decimal(3), volume_share=share)
    held = cash = Decimal(0)
    for fill in result.fills:
        sign = 1 if fill.side is Side.BUY else -1
        held += sign * fill.quantity
        cash -= sign * fill.quantity * fill.price + fill.fee
        row = (fill.time_ms - int(result.equity_time_ms[0])) // 60_000
        assert rows[row][2] <= float(fill.price) <= rows[row][1]
        if is_spot:
            assert held >= 0
    assert result.final_equity == 10_000 + cash + held * Decimal(repr(rows[-1][3]))
    assert math.isclose(float(result.final_equity), result.equity[-1], rel_tol=1e-12)
    assert len(result.equity) == len(rows)
    assert np.isfinite(result.equity).all()


@settings(max_examples=150)
@given(rows=walks(), planned=actions)
def test_orders_keep_their_prices_and_their_ends(
    rows: list[Row], planned: list[tuple[str, bool, int, float, float]]
) -> None:
    result = run_of(rows, planned, leverage=Decimal(20))
    filled: dict[str, Decimal] = defaultdict(Decimal)
    for fill in result.fills:
        filled[fill.order_id] += fill.quantity
    for order in result.orders:
        assert order.filled_quantity == filled[order.order_id] <= order.quantity
        assert (order.status in CLOSED) is (order.closed_time_ms is not None)
        assert (order.status == "filled") is (order.filled_quantity == order.quantity and order.filled_quantity > 0)
        if order.order_type is OrderType.LIMIT and order.average_price is not None and order.limit is not None:
            worse = order.average_price - order.limit
            assert worse <= 0 if order.side is Side.BUY else worse >= 0
    pairs: dict[str, list[bool]] = defaultdict(list)
    for order in result.orders:
        if order.parent_id is not None:
            pairs[order.parent_id].append(order.status == "filled")
    assert all(sum(exits) <= 1 for exits in pairs.values())


@settings(max_examples=60)
@given(rows=walks(), planned=actions)
def test_round_trips_and_the_open_position_account_for_all_profit(
    rows: list[Row], planned: list[tuple[str, bool, int, float, float]]
) -> None:
    result = run_of(rows, [*planned, ("close", True, 1, 0.1, 0.1)], fees=fees("0.0005"), leverage=Decimal(20))
    if sum(fill.quantity * (1 if fill.side is Side.BUY else -1) for fill in result.fills) == 0:
        assert sum((trip.pnl for trip in result.trades), Decimal(0)) == result.final_equity - 10_000
        assert sum((trip.fees for trip in result.trades), Decimal(0)) == sum(
            (fill.fee for fill in result.fills), Decimal(0)
        )


@settings(max_examples=60)
@given(rows=walks(), planned=actions)
def test_alarms_never_miss_a_fill(rows: list[Row], planned: list[tuple[str, bool, int, float, float]]) -> None:
    # With an order on its way every bar is looked at; here nothing travels, so only the alarms decide.
    from edgerunner.backtest import market

    quick = run_of(rows, planned, leverage=Decimal(20))
    look = market.Market.reset_alarms

    def always(self: market.Market) -> None:
        look(self)
        self.attention = self.is_watched = True

    market.Market.reset_alarms = always  # type: ignore[method-assign]
    try:
        careful = run_of(rows, planned, leverage=Decimal(20))
    finally:
        market.Market.reset_alarms = look  # type: ignore[method-assign]
    assert quick.fills == careful.fills
    assert quick.orders == careful.orders
