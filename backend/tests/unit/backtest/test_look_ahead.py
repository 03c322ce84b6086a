"""No strategy can see the future: whoever tries is stopped, or gains nothing."""

from typing import Any

import numpy as np
import pytest

from edgerunner import Bar, Strategy, run_backtest
from edgerunner.backtesting import run
from edgerunner.strategies.errors import LookAheadError
from tests.unit.backtest.runs import PERPETUAL, columns, config, fills_of, flat, play, scripted


def saw_tooth(count: int) -> list[tuple[float, float, float, float]]:
    return [(100.0, 110.0, 90.0, 100.0 + (row % 2)) for row in range(count)]


def test_an_index_past_the_newest_closed_bar_raises() -> None:
    def peek(strategy: Any) -> None:
        strategy.bars[len(strategy.bars)]

    with pytest.raises(LookAheadError, match="has not closed") as raised:
        play(flat(100, 3), {1: peek})
    assert isinstance(raised.value, IndexError)
    assert "in Scripted at 2024-01-01T00:02:00" in "".join(raised.value.__notes__)


def test_history_holds_closed_bars_only() -> None:
    lengths: list[tuple[int, float]] = []

    def note(strategy: Any) -> None:
        lengths.append((len(strategy.bars), strategy.bars[-1].close))

    play(saw_tooth(4), dict.fromkeys(range(4), note))
    assert lengths == [(1, 100.0), (2, 101.0), (3, 100.0), (4, 101.0)]


def test_more_bars_than_closed_cannot_be_asked_for_in_one_piece() -> None:
    with pytest.raises(LookAheadError, match="3 bars were asked for and 2"):
        play(flat(100, 3), {1: lambda s: s.bars.closes(3)})


class Mutator(Strategy):
    """Planted cheat: rewrites the bar it was given, hoping that its orders fill at the better price."""

    def on_bar(self, bar: Bar) -> None:
        bar.low = 1.0  # type: ignore[misc]


def test_a_bar_cannot_be_changed() -> None:
    bars = {name: [100.0, 100.0] for name in ("open", "high", "low", "close", "volume")} | {"time": [0, 60_000]}
    with pytest.raises(AttributeError, match="immutable"):
        run_backtest(Mutator, bars)


def test_the_extremes_of_the_deciding_bar_cannot_be_traded() -> None:
    # Planted cheat: buys at the low and sells at the high of a bar that is over.
    rows = [(100.0, 110.0, 90.0, 100.0), *flat(100, 3)]
    result, _ = play(rows, {0: lambda s: (s.buy(1, limit=s.seen[-1].low), s.sell(1, limit=s.seen[-1].high))})
    assert fills_of(result) == []


def test_a_longer_bar_is_not_seen_before_its_close() -> None:
    # Planted cheat: looks at the hour's bar within the hour.
    seen: list[tuple[int, int, float]] = []

    class Hourly(Strategy):
        def on_start(self) -> None:
            self.subscribe_bars("5m")

        def on_bar(self, bar: Bar) -> None:
            if bar.timeframe == "5m":
                assert self.now_ns >= bar.time_ns + 5 * 60_000_000_000
            longer = self.bars_of(self.instrument_id, "5m")
            seen.append((len(self.bars), len(longer), bar.close))
            with pytest.raises(LookAheadError):
                longer[len(longer)]

    rows = [(100.0 + row, 101.0 + row, 99.0 + row, 100.5 + row) for row in range(11)]
    run(config(Hourly), {PERPETUAL.instrument_id: columns(rows)})
    assert [count for bars, count, _ in seen if bars < 5] == [0] * 4
    assert [close for _, _, close in seen].count(104.5) == 2  # the minute's own close and the five minutes' one


def test_a_timer_sees_and_meets_nothing_of_the_bar_it_fires_in() -> None:
    # Planted cheat: wakes within the bar and buys at the open that lies behind it.
    class Waker(Strategy):
        def on_start(self) -> None:
            self.set_timer("wake", every_s=90)
            self.known: list[int] = []

        def on_timer(self, name: str) -> None:
            self.known.append(len(self.bars))
            if len(self.known) == 1:
                self.buy(1)

    made: list[Waker] = []

    class Kept(Waker):
        def on_start(self) -> None:
            super().on_start()
            made.append(self)

    rows = [*flat(100), (100.0, 130.0, 100.0, 120.0), *flat(110, 2)]
    result = run(config(Kept), {PERPETUAL.instrument_id: columns(rows)})
    assert made[0].known == [1, 3]
    assert fills_of(result) == [("buy", 1.0, 120.0)]  # 00:01:30 lies in the second bar: its close is the next price


def test_bars_of_one_time_are_all_known_before_any_callback_and_none_of_the_next() -> None:
    other = "ETHUSDT-LINEAR.BYBIT"
    from tests.unit.backtest.runs import instrument

    newest: list[tuple[float, float]] = []

    def note(strategy: Any) -> None:
        newest.append((strategy.bars[-1].close, strategy.bars_of(other)[-1].close))

    strategy = scripted(dict.fromkeys(range(4), note))
    instruments = {PERPETUAL.instrument_id: PERPETUAL, other: instrument(instrument_id=other)}
    data = {
        PERPETUAL.instrument_id: columns([*flat(100), *flat(101)]),
        other: columns([*flat(200), *flat(201)]),
    }
    run(config(strategy, instruments=instruments), data)
    assert newest == [(100.0, 200.0), (100.0, 200.0), (101.0, 201.0), (101.0, 201.0)]


def test_shuffling_the_future_changes_no_decision_of_the_past() -> None:
    random = np.random.default_rng(11)
    prices = np.round(100 + np.cumsum(random.normal(0, 0.3, 400)), 1)
    rows = [(price, price + 0.4, price - 0.4, price + 0.1) for price in prices.tolist()]
    other = [*rows[:200], *random.permutation(np.array(rows[200:])).tolist()]

    def chase(strategy: Any) -> None:
        if len(strategy.bars) > 5:
            send = strategy.buy if strategy.bars[-1].close > strategy.bars[-5].close else strategy.sell
            send(1, limit=strategy.bars[-1].close, take_profit=None, expire_after_bars=3)

    runs = [play(each, dict.fromkeys(range(400), chase))[0] for each in (rows, other)]
    before = [[order for order in run.orders if order.placed_time_ms <= run.equity_time_ms[199]] for run in runs]
    fills = [[fill for fill in run.fills if fill.time_ms <= run.equity_time_ms[199]] for run in runs]
    assert len(fills[0]) > 20
    assert [order.limit for order in before[0]] == [order.limit for order in before[1]]
    assert fills[0] == fills[1]
