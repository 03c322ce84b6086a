"""Latency, timers, sessions, warm-up, longer bars, several instruments."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from edgerunner import Bar, Strategy
from edgerunner.backtest.columns import BarColumns
from edgerunner.backtest.timeframes import timeframe_ns, timeframe_of
from edgerunner.backtesting import run
from edgerunner.domain.instruments import Session
from edgerunner.domain.orders import OrderStatus
from edgerunner.matching.fees import FeeSchedule
from edgerunner.strategies.errors import StrategyMisuse
from tests.unit.backtest.runs import (
    PERPETUAL,
    START_MS,
    Row,
    columns,
    config,
    fills_of,
    flat,
    instrument,
    keep,
    play,
    scripted,
    statuses,
)

ETHER = instrument(instrument_id="ETHUSDT-LINEAR.BYBIT")
HOUR_MS = 3_600_000


class TestLatency:
    ROWS: tuple[Row, ...] = (*flat(100), (101.0, 106.0, 99.0, 104.0), (103.0, 108.0, 102.0, 107.0))

    def test_an_order_meets_only_the_close_of_the_bar_in_which_it_arrives(self) -> None:
        result, _ = play(self.ROWS, {0: lambda s: s.buy(1)}, latency_ms=50)
        assert fills_of(result) == [("buy", 1.0, 104.0)]
        assert result.fills[0].time_ms == START_MS + 2 * 60_000

    def test_an_order_that_arrives_with_a_later_bars_open_meets_all_of_that_bar(self) -> None:
        result, _ = play(self.ROWS, {0: lambda s: s.buy(1)}, latency_ms=60_000)
        assert fills_of(result) == [("buy", 1.0, 103.0)]

    def test_the_extremes_before_the_arrival_fill_no_limit(self) -> None:
        result, _ = play(self.ROWS, {0: lambda s: (s.buy(1, limit=99.5), s.buy(1, limit=104.5))}, latency_ms=50)
        assert fills_of(result) == [("buy", 1.0, 104.0)]

    def test_a_limit_that_trades_at_the_close_it_arrives_at_takes_and_one_that_waited_there_makes(self) -> None:
        cost: dict[str, Any] = {"fees": FeeSchedule(maker=Decimal("0.001"), taker=Decimal("0.002")), "latency_ms": 50}
        arriving, _ = play(self.ROWS, {0: lambda s: s.buy(1, limit=104.5)}, **cost)
        assert [(fill.price, fill.fee) for fill in arriving.fills] == [(Decimal(104), Decimal("0.208"))]
        waiting, _ = play([*flat(100, 2), *self.ROWS[1:]], {0: lambda s: s.buy(1, limit=99.5)}, **cost)
        assert [(fill.price, fill.fee) for fill in waiting.fills] == [(Decimal("99.5"), Decimal("0.0995"))]

    def test_a_cancel_is_on_its_way_too(self) -> None:
        rows = [*flat(100, 2), (100.0, 101.0, 95.0, 100.0), (100.0, 101.0, 90.0, 100.0)]
        orders = keep("late", lambda s: s.buy(1, limit=96)), keep("early", lambda s: s.buy(1, limit=91))

        def send(strategy: Any) -> None:
            for order in orders:
                order(strategy)

        def cancel(strategy: Any) -> None:
            strategy.cancel(strategy.kept["late"])
            strategy.cancel(strategy.kept["early"])
            assert strategy.kept["late"].status is OrderStatus.PENDING_CANCEL

        result, _ = play(rows, {0: send, 1: cancel}, latency_ms=50)
        assert statuses(result) == [OrderStatus.FILLED, OrderStatus.CANCELED]

    def test_a_change_is_on_its_way_too(self) -> None:
        rows = [*flat(100, 2), (100.0, 101.0, 95.0, 100.0), (100.0, 101.0, 95.0, 100.0)]
        steps = {0: keep("order", lambda s: s.buy(1, limit=90)), 1: lambda s: s.modify(s.kept["order"], limit=96)}
        late, _ = play(rows, steps, latency_ms=50)
        early, _ = play(rows, steps)
        assert late.fills[0].time_ms == early.fills[0].time_ms + 60_000


class TestTimers:
    def test_a_daily_timer_fires_at_its_time_of_day(self) -> None:
        times: list[str] = []

        class Daily(Strategy):
            def on_start(self) -> None:
                self.set_timer("noon", at="12:00")

            def on_timer(self, name: str) -> None:
                times.append(f"{name} {self.now:%d %H:%M} {len(self.bars)}")

        bars = columns(flat(100, 50), step_ms=HOUR_MS)
        run(config(Daily, timeframe="1h"), {PERPETUAL.instrument_id: bars})
        assert times == ["noon 01 12:00 12", "noon 02 12:00 36"]

    def test_setting_a_timer_again_ends_the_old_one(self) -> None:
        count = 0

        class Again(Strategy):
            def on_start(self) -> None:
                self.set_timer("beat", every_s=60)
                self.set_timer("beat", every_s=180)

            def on_timer(self, name: str) -> None:
                nonlocal count
                count += 1

        run(config(Again), {PERPETUAL.instrument_id: columns(flat(100, 10))})
        assert count == 3

    @pytest.mark.parametrize("words", [{}, {"every_s": 1, "at": "10:00"}, {"at": "25:00"}, {"every_s": 0}])
    def test_a_timer_that_means_nothing_raises(self, words: dict[str, Any]) -> None:
        with pytest.raises(StrategyMisuse):
            play(flat(100), {0: lambda s: s.set_timer("x", **words)})


class TestSessions:
    # Monday 09:00 to 17:00 in New York, which is 14:00 to 22:00 UTC in January.
    SHARE = instrument(sessions=(Session(open_minute=9 * 60, close_minute=17 * 60),), timezone="America/New_York")

    def bars(self, prices: list[Row]) -> dict[str, BarColumns]:
        return {self.SHARE.instrument_id: columns(prices, step_ms=HOUR_MS)}

    def test_an_order_outside_the_session_is_refused_and_one_at_its_very_end_is_not(self) -> None:
        steps = {hour: lambda s: s.buy(1, limit=50) for hour in (12, 13, 14, 21, 22)}
        result = run(config(scripted(steps), self.SHARE, timeframe="1h"), self.bars(flat(100, 24)))
        # Decided at the ends of these hours: 13:00, 14:00 (before the open), 15:00, 22:00 (the close), 23:00.
        denied, working = OrderStatus.DENIED, OrderStatus.ACCEPTED
        assert statuses(result) == [denied, denied, working, working, denied]
        assert (result.orders[0].reason or "").startswith("session_closed")

    def test_bars_outside_the_session_fill_nothing(self) -> None:
        rows = [*flat(100, 22), (100.0, 100.0, 40.0, 100.0)]
        result = run(config(scripted({20: lambda s: s.buy(1, limit=50)}), self.SHARE, timeframe="1h"), self.bars(rows))
        assert statuses(result) == [OrderStatus.ACCEPTED]


def test_orders_are_dropped_and_counted_while_history_is_replayed() -> None:
    seen: list[bool] = []

    def buy(strategy: Any) -> None:
        seen.append(strategy.is_warming_up)
        strategy.kept[str(len(seen))] = strategy.buy(1)

    result, strategy = play(flat(100, 5), dict.fromkeys(range(5), buy), warm_up_bars=3)
    assert seen == [True, True, True, False, False]
    assert len(result.orders) == 2
    assert result.counts["orders_dropped_in_warm_up"] == 3
    assert strategy.kept["1"].reason.startswith("warming_up")
    assert len(strategy.bars) == 5


class TestLongerBars:
    def run_with(self, bars: Any) -> list[tuple[str, int, float, float, float, float]]:
        seen: list[tuple[str, int, float, float, float, float]] = []

        class Longer(Strategy):
            def on_start(self) -> None:
                self.subscribe_bars("3m")

            def on_bar(self, bar: Bar) -> None:
                minute = (bar.time_ns // 1_000_000 - START_MS) // 60_000
                seen.append((bar.timeframe, minute, bar.open, bar.high, bar.low, bar.close))

        run(config(Longer), {PERPETUAL.instrument_id: bars})
        return seen

    def test_longer_bars_follow_the_bar_that_ends_them(self) -> None:
        seen = self.run_with(columns([(1.0 + row, 2.0 + row, 0.5 + row, 1.5 + row) for row in range(6)]))
        assert [(timeframe, minute) for timeframe, minute, *_ in seen] == [
            ("1m", 0),
            ("1m", 1),
            ("1m", 2),
            ("3m", 0),
            ("1m", 3),
            ("1m", 4),
            ("1m", 5),
            ("3m", 3),
        ]
        assert seen[3][2:] == (1.0, 4.0, 0.5, 3.5)

    def test_a_longer_bar_whose_end_is_missing_comes_with_the_next_bar(self) -> None:
        bars = columns(flat(100, 2))
        later = columns(flat(100), start_ms=START_MS + 10 * 60_000)
        joined = type(bars)(
            **{
                name: np.concatenate([getattr(bars, name), getattr(later, name)])
                for name in ("time_ms", "open", "high", "low", "close", "volume")
            }
        )
        assert [(each[0], each[1]) for each in self.run_with(joined)] == [("1m", 0), ("1m", 1), ("3m", 0), ("1m", 10)]

    @pytest.mark.parametrize("timeframe", ["90s", "30s", "1m1", "week"])
    def test_what_cannot_be_made_of_the_bars_raises(self, timeframe: str) -> None:
        with pytest.raises(StrategyMisuse):
            play(flat(100), {0: lambda s: s.subscribe_bars(timeframe)})

    def test_history_that_was_not_subscribed_raises(self) -> None:
        with pytest.raises(StrategyMisuse, match="subscribe_bars"):
            play(flat(100), {0: lambda s: s.bars_of(s.instrument_id, "1h")})


class TestSeveralInstruments:
    def run_two(self, steps: dict[int, Any], first: Any, second: Any, **changes: Any) -> Any:
        instruments = {each.instrument_id: each for each in (PERPETUAL, ETHER)}
        data = {PERPETUAL.instrument_id: first, ETHER.instrument_id: second}
        return run(config(scripted(steps), instruments=instruments, **changes), data)

    def test_each_order_meets_its_own_market_whose_bars_may_be_missing(self) -> None:
        gappy = columns([*flat(50), *flat(60)], step_ms=3 * 60_000)
        result = self.run_two(
            {1: lambda s: (s.buy(1), s.buy(1, instrument_id=ETHER.instrument_id))}, columns(flat(100, 4)), gappy
        )
        assert [(fill.instrument_id, float(fill.price), fill.time_ms - START_MS) for fill in result.fills] == [
            (PERPETUAL.instrument_id, 100.0, 60_000),
            (ETHER.instrument_id, 60.0, 180_000),
        ]
        assert len(result.equity) == 4

    def test_an_order_before_the_first_price_of_its_instrument_is_denied(self) -> None:
        late = columns(flat(50), start_ms=START_MS + 120_000)
        result = self.run_two({0: lambda s: s.buy(1, instrument_id=ETHER.instrument_id)}, columns(flat(100, 4)), late)
        assert statuses(result) == [OrderStatus.DENIED]
        assert (result.orders[0].reason or "").startswith("no_price")

    def test_one_account_carries_all_positions(self) -> None:
        def both(strategy: Any) -> None:
            strategy.target_fraction(0.5)
            strategy.target_fraction(0.5, instrument_id=ETHER.instrument_id)

        rows = [*flat(100, 2), *flat(110)]
        halves = [*flat(50, 2), *flat(45)]
        result = self.run_two({1: both}, columns(rows), columns(halves))
        assert [fill.quantity for fill in result.fills] == [Decimal(50), Decimal(100)]
        assert result.final_equity == 10_000

    def test_an_instrument_that_the_run_does_not_have_raises(self) -> None:
        with pytest.raises(StrategyMisuse, match=r"AAPL\.IBKR is no instrument"):
            play(flat(100), {0: lambda s: s.buy(1, instrument_id="AAPL.IBKR")})

    def test_same_close_fills_each_market_at_its_own_close(self) -> None:
        from edgerunner.backtest.config import FillRule

        result = self.run_two(
            {1: lambda s: (s.buy(1), s.buy(1, instrument_id=ETHER.instrument_id))},
            columns([*flat(100), *flat(101)]),
            columns([*flat(50), *flat(51)]),
            fill=FillRule.SAME_CLOSE,
        )
        assert [float(fill.price) for fill in result.fills] == [100.0, 50.0]


@pytest.mark.parametrize(("timeframe", "seconds"), [("1s", 1), ("5m", 300), ("4h", 14_400), ("1d", 86_400)])
def test_time_frames_have_lengths(timeframe: str, seconds: int) -> None:
    assert timeframe_ns(timeframe) == seconds * 1_000_000_000
    times = START_MS + np.array([0, 1, 2, 5, 6, 7], dtype=np.int64) * seconds * 1000
    assert timeframe_of(times) == timeframe
