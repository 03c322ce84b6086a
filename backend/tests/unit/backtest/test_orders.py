"""Every order type and time in force over small bars."""

import math
from decimal import Decimal
from typing import Any

import pytest

from edgerunner.backtest.config import ExitRule, FillRule, LimitRule
from edgerunner.domain.orders import OrderStatus, OrderType, TimeInForce
from edgerunner.strategies.errors import StrategyMisuse
from tests.unit.backtest.runs import SPOT, fees, fills_of, flat, instrument, keep, play, statuses

UP = (100.0, 110.0, 95.0, 105.0)


def test_a_market_order_fills_at_the_next_open() -> None:
    result, _ = play([*flat(100), (101, 103, 99, 102)], {0: lambda s: s.buy(2)})
    assert fills_of(result) == [("buy", 2.0, 101.0)]
    assert result.fills[0].time_ms == result.equity_time_ms[1]


def test_a_market_order_fills_at_the_deciding_close_when_asked_to() -> None:
    rows = [(100.0, 104.0, 99.0, 103.0), (101.0, 103.0, 99.0, 102.0)]
    result, strategy = play(rows, {0: lambda s: s.buy(2)}, fill=FillRule.SAME_CLOSE)
    assert fills_of(result) == [("buy", 2.0, 103.0)]
    assert strategy.fills[0].time_ns == (int(result.equity_time_ms[0]) + 60_000) * 1_000_000


def test_a_market_order_of_the_last_bar_stays_unfilled() -> None:
    result, _ = play(flat(100), {0: lambda s: s.buy(1)})
    assert statuses(result) == [OrderStatus.ACCEPTED]
    assert result.fills == ()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"limit": 96.0}, 96.0),
        ({"limit": 101.0}, 100.0),
        ({"limit": 94.9}, None),
        ({"stop": 108.0}, 108.0),
        ({"stop": 99.0}, 100.0),
        ({"stop": 110.1}, None),
        ({"stop": 108.0, "limit": 109.0}, 108.0),
        ({"stop": 108.0, "limit": 106.0}, 106.0),
        ({"stop": 108.0, "limit": 104.0}, None),
        ({"touch": 96.0}, 96.0),
        ({"touch": 96.0, "limit": 97.0}, 96.0),
        ({"touch": 94.0, "limit": 97.0}, None),
        ({"trail": 8.0}, 108.0),
    ],
)
def test_a_buy_order_fills_where_its_rule_says(words: dict[str, Any], expected: float | None) -> None:
    result, _ = play([*flat(100), UP], {0: lambda s: s.buy(1, **words)})
    assert [price for _, _, price in fills_of(result)] == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"limit": 109.0}, 109.0),
        ({"limit": 99.0}, 100.0),
        ({"stop": 97.0}, 97.0),
        ({"stop": 101.0}, 100.0),
        ({"stop": 97.0, "limit": 96.0}, 97.0),
        ({"stop": 97.0, "limit": 104.0}, 104.0),
        ({"stop": 97.0, "limit": 106.0}, None),
        ({"touch": 108.0}, 108.0),
        ({"trail": 4.0}, 96.0),
        ({"trail": 10.0}, None),
        ({"trail": 5.1}, None),
    ],
)
def test_a_sell_order_is_the_mirror(words: dict[str, Any], expected: float | None) -> None:
    result, _ = play([*flat(100), UP], {0: lambda s: s.sell(1, **words)})
    assert [price for _, _, price in fills_of(result)] == ([] if expected is None else [expected])


def test_a_woken_stop_limit_rests_as_a_limit_order() -> None:
    rows = [*flat(100), UP, (105.0, 106.0, 103.0, 104.0)]
    result, strategy = play(rows, {0: lambda s: s.buy(1, stop=108, limit=104)})
    assert fills_of(result) == [("buy", 1.0, 104.0)]
    assert [update.status for update in strategy.updates] == [
        OrderStatus.ACCEPTED,
        OrderStatus.TRIGGERED,
        OrderStatus.FILLED,
    ]


def test_a_trailing_stop_follows_the_market_over_several_bars() -> None:
    rows = [*flat(100), (100, 106, 99, 106), (106, 112, 105, 112), (112, 113, 104, 105)]
    result, _ = play(rows, {0: lambda s: (s.buy(1), s.sell(1, trail=7, reduce_only=True))})
    assert fills_of(result) == [("buy", 1.0, 100.0), ("sell", 1.0, 105.0)]


def test_a_limit_order_may_need_a_trade_beyond_its_price() -> None:
    rows = [*flat(100), (100, 101, 96, 98), (98, 99, 95.9, 97)]
    touched, _ = play(rows, {0: lambda s: s.buy(1, limit=96)})
    through, _ = play(rows, {0: lambda s: s.buy(1, limit=96)}, limit_rule=LimitRule.THROUGH)
    assert touched.fills[0].time_ms + 60_000 == through.fills[0].time_ms


def test_prices_are_rounded_to_the_nearest_tick() -> None:
    result, strategy = play([*flat(100), UP], {0: keep("order", lambda s: s.buy(1, limit=96.04))})
    assert result.orders[0].limit == Decimal("96.0")
    assert strategy.kept["order"].average_price == 96.0


class TestTimeInForce:
    def test_an_ioc_limit_takes_the_open_or_ends(self) -> None:
        words: dict[str, Any] = {"time_in_force": TimeInForce.IOC}
        result, _ = play([*flat(100), UP], {0: lambda s: (s.buy(1, limit=100, **words), s.buy(1, limit=99, **words))})
        assert statuses(result) == [OrderStatus.FILLED, OrderStatus.CANCELED]
        assert result.orders[1].reason == "ioc: not filled at once"

    def test_a_fok_order_is_filled_whole_or_not_at_all(self) -> None:
        words: dict[str, Any] = {"time_in_force": TimeInForce.FOK, "limit": 100}
        result, _ = play(
            [*flat(100), UP],
            {0: lambda s: (s.buy(6, **words), s.buy(4, **words))},
            volume=10,
            volume_share=Decimal("0.5"),
        )
        assert statuses(result) == [OrderStatus.CANCELED, OrderStatus.FILLED]

    def test_an_order_expires_after_its_bars(self) -> None:
        rows = [*flat(100, 3), (100, 100, 90, 100)]
        result, _ = play(
            rows, {0: lambda s: (s.buy(1, limit=95, expire_after_bars=2), s.buy(1, limit=95, expire_after_bars=3))}
        )
        assert statuses(result) == [OrderStatus.EXPIRED, OrderStatus.FILLED]
        assert result.orders[0].closed_time_ms == result.equity_time_ms[2]

    def test_a_day_order_ends_at_midnight(self) -> None:
        rows = [*flat(100, 1440), (100, 100, 90, 100)]
        day, _ = play(rows, {0: lambda s: s.buy(1, limit=95, time_in_force=TimeInForce.DAY)})
        good, _ = play(rows, {0: lambda s: s.buy(1, limit=95)})
        assert (statuses(day), statuses(good)) == ([OrderStatus.EXPIRED], [OrderStatus.FILLED])

    def test_gtd_is_refused_with_the_remedy(self) -> None:
        result, _ = play(flat(100, 2), {0: lambda s: s.buy(1, limit=95, time_in_force=TimeInForce.GTD)})
        assert statuses(result) == [OrderStatus.DENIED]
        assert "expire_after_bars" in (result.orders[0].reason or "")

    def test_a_post_only_order_that_would_take_ends_and_one_that_rests_is_a_maker(self) -> None:
        result, strategy = play(
            [*flat(100), UP], {0: lambda s: (s.buy(1, limit=101, post_only=True), s.buy(1, limit=96, post_only=True))}
        )
        assert statuses(result) == [OrderStatus.CANCELED, OrderStatus.FILLED]
        assert [fill.liquidity.value for fill in strategy.fills] == ["maker"]


class TestBracket:
    ROWS = (*flat(100), (100, 101, 98, 99))

    def entry(self, s: Any) -> Any:
        return s.buy(2, limit=99, take_profit=103, stop_loss=97)

    def test_the_target_fills_and_cancels_the_stop(self) -> None:
        result, strategy = play([*self.ROWS, (99, 104, 98, 103)], {0: self.entry})
        assert fills_of(result) == [("buy", 2.0, 99.0), ("sell", 2.0, 103.0)]
        assert {order.order_type: order.status for order in result.orders[1:]} == {
            OrderType.STOP_MARKET: OrderStatus.CANCELED,
            OrderType.LIMIT: OrderStatus.FILLED,
        }
        assert {order.parent_id for order in result.orders[1:]} == {result.orders[0].order_id}
        assert strategy.position.quantity == 0

    def test_the_strategy_is_told_of_exits_that_begin_to_work(self) -> None:
        _, strategy = play([*self.ROWS, *flat(99)], {0: self.entry})
        told = [(update.order_id, update.status) for update in strategy.updates]
        assert told == [
            ("1", OrderStatus.ACCEPTED),
            ("1", OrderStatus.FILLED),
            ("2", OrderStatus.ACCEPTED),
            ("3", OrderStatus.ACCEPTED),
        ]

    def test_the_stop_comes_before_the_target_within_a_bar(self) -> None:
        result, _ = play([*self.ROWS, (99, 104, 96, 103)], {0: self.entry})
        assert fills_of(result)[1] == ("sell", 2.0, 97.0)

    def test_a_gap_fills_either_exit_at_the_open(self) -> None:
        above, _ = play([*self.ROWS, (105, 106, 96, 100)], {0: self.entry})
        below, _ = play([*self.ROWS, (95, 106, 94, 100)], {0: self.entry})
        assert (fills_of(above)[1][2], fills_of(below)[1][2]) == (105.0, 95.0)

    def test_exits_work_only_from_the_bar_after_the_entry(self) -> None:
        rows = [*flat(100), (100, 104, 96, 100), *flat(100)]
        result, _ = play(rows, {0: self.entry})
        assert fills_of(result) == [("buy", 2.0, 99.0)]

    def test_exits_in_the_entry_bar_take_the_worst_when_asked_for(self) -> None:
        rows = [*flat(100), (100, 104, 96, 100), *flat(100)]
        result, _ = play(rows, {0: self.entry}, exit_rule=ExitRule.ENTRY_BAR)
        assert fills_of(result) == [("buy", 2.0, 99.0), ("sell", 2.0, 97.0)]

    def test_exits_follow_a_partly_filled_entry_and_share_what_one_of_them_fills(self) -> None:
        rows = [*flat(100), (100, 101, 98, 99), (99, 100, 98, 99), (99, 104, 98, 103), (103, 105, 102, 104)]
        result, _ = play(
            rows, {0: lambda s: s.buy(8, limit=99, take_profit=103, stop_loss=97)}, volume=5, volume_share=Decimal(1)
        )
        assert fills_of(result) == [
            ("buy", 5.0, 99.0),
            ("buy", 3.0, 99.0),
            ("sell", 5.0, 103.0),
            ("sell", 3.0, 103.0),
        ]
        stop = next(order for order in result.orders if order.order_type is OrderType.STOP_MARKET)
        assert stop.status is OrderStatus.CANCELED

    def test_a_target_that_filled_in_part_leaves_a_smaller_stop(self) -> None:
        rows = [*flat(100), (100, 101, 98, 99), (99, 100, 98, 99), (99, 103, 98, 103), (97, 98, 95, 96)]
        steps = {0: lambda s: s.buy(8, limit=99, take_profit=103, stop_loss=97)}
        result, _ = play(rows, steps, volume=5, volume_share=Decimal(1))
        stop = next(order for order in result.orders if order.order_type is OrderType.STOP_MARKET)
        assert fills_of(result)[2:] == [("sell", 5.0, 103.0), ("sell", 3.0, 97.0)]
        assert stop.status is OrderStatus.FILLED
        assert stop.quantity == stop.filled_quantity == 3

    def test_closing_the_position_cancels_its_exits(self) -> None:
        rows = [*self.ROWS, *flat(99, 2)]
        result, strategy = play(rows, {0: self.entry, 1: lambda s: s.close_position()})
        assert [order.status for order in result.orders[1:]].count(OrderStatus.CANCELED) == 2
        assert strategy.open_orders == ()


class TestCancelAndModify:
    def test_a_canceled_order_does_not_fill(self) -> None:
        steps = {0: keep("order", lambda s: s.buy(1, limit=96)), 1: lambda s: s.cancel(s.kept["order"])}
        result, strategy = play([*flat(100, 2), UP], steps)
        assert statuses(result) == [OrderStatus.CANCELED]
        assert not strategy.kept["order"].is_open

    def test_a_changed_order_works_at_its_new_terms_from_the_next_bar(self) -> None:
        steps = {
            0: keep("order", lambda s: s.buy(1, limit=90)),
            1: lambda s: s.modify(s.kept["order"], quantity=3, limit=96),
        }
        result, _ = play([*flat(100, 2), UP], steps)
        assert fills_of(result) == [("buy", 3.0, 96.0)]

    def test_what_an_order_has_not_cannot_be_changed(self) -> None:
        steps = {0: lambda s: s.modify(s.buy(1, limit=90), stop=80)}
        with pytest.raises(StrategyMisuse, match="no trigger price"):
            play(flat(100), steps)

    def test_cancel_all_leaves_other_instruments_alone(self) -> None:
        steps = {0: lambda s: (s.buy(1, limit=90), s.buy(1, limit=91)), 1: lambda s: s.cancel_all(s.instrument_id)}
        result, _ = play(flat(100, 3), steps)
        assert statuses(result) == [OrderStatus.CANCELED, OrderStatus.CANCELED]


class TestVolumeAndSlippage:
    def test_a_market_order_takes_a_share_of_each_bars_volume(self) -> None:
        rows = [*flat(100), *flat(101), *flat(102)]
        result, _ = play(rows, {0: lambda s: s.buy(7)}, volume=10, volume_share=Decimal("0.5"))
        assert fills_of(result) == [("buy", 5.0, 101.0), ("buy", 2.0, 102.0)]
        assert math.isclose(float(result.orders[0].average_price or 0), (5 * 101 + 2 * 102) / 7)

    def test_all_orders_of_a_bar_share_its_volume(self) -> None:
        result, _ = play(
            [*flat(100), *flat(101)], {0: lambda s: (s.buy(4), s.buy(4))}, volume=5, volume_share=Decimal(1)
        )
        assert fills_of(result) == [("buy", 4.0, 101.0), ("buy", 1.0, 101.0)]

    def test_slippage_makes_takers_worse_by_whole_ticks_and_leaves_limits_alone(self) -> None:
        steps = {0: lambda s: (s.buy(1), s.buy(1, limit=96), s.sell(1, stop=95))}
        result, _ = play([*flat(100), UP], steps, slippage=Decimal("0.0001"))
        assert sorted(fills_of(result)) == [("buy", 1.0, 96.0), ("buy", 1.0, 100.1), ("sell", 1.0, 94.9)]


class TestRefusals:
    @pytest.mark.parametrize(
        ("quantity", "code"),
        [
            (0.0005, "off_step"),
            (1e306, "above_maximum"),
            (0.0, "not_positive"),
            (-1.0, "not_positive"),
            (float("nan"), "not_positive"),
            (0.001, "below_minimum"),
            (51.0, "above_maximum"),
        ],
    )
    def test_a_quantity_that_the_instrument_refuses_is_denied_by_name(self, quantity: float, code: str) -> None:
        traded = instrument(min_quantity=Decimal("0.002"), max_quantity=Decimal(50))
        result, strategy = play(flat(10, 2), {0: keep("order", lambda s: s.buy(quantity))}, traded)
        assert statuses(result) == [OrderStatus.DENIED]
        assert (result.orders[0].reason or "").startswith(code)
        assert strategy.kept["order"].reason == result.orders[0].reason

    def test_market_orders_may_have_a_bound_of_their_own(self) -> None:
        traded = instrument(max_quantity=Decimal(50), max_market_quantity=Decimal(5))
        result, _ = play(flat(10, 2), {0: lambda s: (s.buy(6), s.buy(6, limit=9))}, traded)
        assert statuses(result) == [OrderStatus.DENIED, OrderStatus.ACCEPTED]

    def test_the_least_worth_is_checked_and_not_for_what_only_reduces(self) -> None:
        traded = instrument(min_notional=Decimal(50))
        steps = {0: lambda s: (s.buy(0.4), s.buy(0.5)), 2: lambda s: s.sell(0.1, reduce_only=True)}
        result, _ = play(flat(100, 4), steps, traded)
        assert statuses(result) == [OrderStatus.DENIED, OrderStatus.FILLED, OrderStatus.FILLED]
        assert (result.orders[0].reason or "").startswith("below_minimum_notional")

    def test_prices_must_be_prices(self) -> None:
        steps = {0: lambda s: (s.buy(1, limit=-5), s.buy(1, stop=float("nan")), s.buy(1, limit=0.04))}
        result, _ = play(flat(100, 2), steps)
        assert statuses(result) == [OrderStatus.DENIED] * 3

    def test_a_reduce_only_order_never_opens_a_position(self) -> None:
        steps = {
            0: lambda s: s.sell(1, reduce_only=True),
            1: lambda s: s.buy(1),
            3: lambda s: s.sell(5, reduce_only=True),
        }
        result, strategy = play(flat(100, 6), steps)
        assert fills_of(result) == [("buy", 1.0, 100.0), ("sell", 1.0, 100.0)]
        assert strategy.position.quantity == 0

    def test_spot_is_paid_in_full_and_never_sold_short(self) -> None:
        result, _ = play(flat(100, 3), {0: lambda s: (s.buy(101), s.sell(1), s.buy(99))}, SPOT, fees=fees("0.001"))
        assert statuses(result) == [OrderStatus.REJECTED, OrderStatus.REJECTED, OrderStatus.FILLED]
        assert all((order.reason or "").startswith("insufficient_funds") for order in result.orders[:2])

    def test_contradicting_prices_raise(self) -> None:
        with pytest.raises(StrategyMisuse, match="alone"):
            play(flat(100), {0: lambda s: s.buy(1, stop=101, trail=1)})
