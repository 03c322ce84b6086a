"""Runs on ticks and books: orders meet quotes."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from edgerunner import Bar, Book, Fill, Strategy, Tick
from edgerunner.backtest.columns import tick_columns
from edgerunner.backtest.result import Result
from edgerunner.backtesting import run
from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.orders import OrderStatus
from edgerunner.strategies.errors import StrategyMisuse
from tests.unit.backtest.runs import PERPETUAL, START_MS, columns, config, fees, fills_of, flat, statuses

KEY = PERPETUAL.instrument_id
START_NS = START_MS * 1_000_000


class OnTicks(Strategy):
    """Calls ``steps[number of the tick]``."""

    steps: dict[int, Any]

    def on_start(self) -> None:
        self.seen: list[Tick] = []
        self.bars_seen: list[Bar] = []
        self.fills: list[Fill] = []

    def on_tick(self, tick: Tick) -> None:
        step = self.steps.get(len(self.seen))
        self.seen.append(tick)
        if step is not None:
            step(self)

    def on_bar(self, bar: Bar) -> None:
        self.bars_seen.append(bar)

    def on_fill(self, fill: Fill) -> None:
        self.fills.append(fill)


def quotes(rows: list[tuple[float, float]], *, step_ms: int = 1000) -> Any:
    bid, ask = zip(*rows, strict=True)
    time = START_MS + step_ms * np.arange(len(rows), dtype=np.int64)
    return tick_columns({"time": time, "bid": bid, "ask": ask}, source="test")


def play(data: Any, steps: dict[int, Any], **changes: Any) -> tuple[Result, OnTicks]:
    made: list[OnTicks] = []

    class Played(OnTicks):
        def on_start(self) -> None:
            super().on_start()
            made.append(self)

    Played.steps = steps
    result = run(config(Played, **({"timeframe": "tick"} | changes)), {KEY: data})
    return result, made[0]


def test_a_market_order_buys_at_the_ask_and_sells_at_the_bid() -> None:
    steps = {0: lambda s: s.buy(1), 1: lambda s: s.close_position()}
    result, _ = play(quotes([(100, 100.2), (101, 101.2), (102, 102.2)]), steps, fees=fees("0.001"))
    assert fills_of(result) == [("buy", 1.0, 100.2), ("sell", 1.0, 101.0)]
    assert result.final_equity == 10_000 + Decimal("0.8") - Decimal("0.2012")
    assert np.allclose(result.equity, [9_999.7998, 10_000.5988, 10_000.5988])


def test_latency_means_the_quote_at_the_arrival() -> None:
    result, _ = play(quotes([(100, 100.2), (101, 101.2), (102, 102.2)]), {0: lambda s: s.buy(1)}, latency_ms=1500)
    assert fills_of(result) == [("buy", 1.0, 101.2)]
    assert result.fills[0].time_ms == START_MS + 1500


def test_a_resting_limit_fills_at_its_price_when_the_quote_reaches_it() -> None:
    result, _ = play(quotes([(100, 100.2), (99.5, 99.7), (99, 99.2)]), {0: lambda s: s.buy(1, limit=99.5)})
    assert fills_of(result) == [("buy", 1.0, 99.5)]
    assert result.fills[0].time_ms == START_MS + 2000


def test_exits_work_from_the_fill_and_cancel_each_other() -> None:
    steps = {0: lambda s: s.buy(1, take_profit=101, stop_loss=99)}
    result, strategy = play(quotes([(100, 100.2), (100, 100.2), (98.5, 98.7), (102, 102.2)]), steps)
    assert fills_of(result) == [("buy", 1.0, 100.2), ("sell", 1.0, 98.5)]
    assert sorted(statuses(result)) == [OrderStatus.CANCELED, OrderStatus.FILLED, OrderStatus.FILLED]
    assert strategy.open_orders == ()
    assert len(result.trades) == 1


def test_a_trailing_stop_follows_the_quote() -> None:
    steps = {0: lambda s: s.buy(1), 1: lambda s: s.sell(1, trail=1, reduce_only=True)}
    result, _ = play(quotes([(100, 100.2), (100, 100.2), (105, 105.2), (104.1, 104.3), (103.9, 104.1)]), steps)
    assert fills_of(result)[1] == ("sell", 1.0, 103.9)


def test_a_canceled_and_a_changed_order() -> None:
    kept: dict[str, Any] = {}

    def send(strategy: OnTicks) -> None:
        kept["first"] = strategy.buy(1, limit=99)
        kept["second"] = strategy.buy(1, limit=98)

    def change(strategy: OnTicks) -> None:
        strategy.cancel(kept["first"])
        strategy.modify(kept["second"], limit=100)

    result, _ = play(quotes([(100, 100.2), (100, 100.2), (98.9, 99), (98.9, 99)]), {0: send, 1: change})
    assert statuses(result) == [OrderStatus.CANCELED, OrderStatus.FILLED]
    assert fills_of(result) == [("buy", 1.0, 100.0)]


def test_a_position_is_closed_by_force_without_margin() -> None:
    result, _ = play(quotes([(100, 100.1), (90, 90.1), (79, 79.1)]), {0: lambda s: s.buy(499)}, leverage=Decimal(5))
    assert [fill.forced for fill in result.fills] == [False, True]
    assert result.orders[1].reason == "forced close: not enough margin"


def test_bars_are_made_of_the_middles_and_come_once_they_have_ended() -> None:
    rows = [(99.9, 100.1), (100.9, 101.1), (98.9, 99.1), (100.4, 100.6)]
    _, strategy = play(quotes(rows, step_ms=25_000), {}, timeframe="1m")
    (bar,) = strategy.bars_seen
    assert (bar.time_ns, bar.open, bar.high, bar.low, bar.close) == (START_NS, 100.0, 101.0, 99.0, 99.0)
    assert len(strategy.bars) == 1


def test_a_tick_at_the_very_end_of_a_bar_belongs_to_the_next() -> None:
    _, strategy = play(quotes([(99.9, 100.1), (100.9, 101.1), (98.9, 99.1)], step_ms=30_000), {}, timeframe="1m")
    (bar,) = strategy.bars_seen
    assert (bar.close, bar.low) == (101.0, 100.0)


def test_books_fill_level_by_level() -> None:
    class OnBooks(Strategy):
        def on_start(self) -> None:
            self.subscribe_book()

        def on_book(self, book: Book) -> None:
            if not self.position.quantity:
                self.buy(3)

    bids = ((100.0, 5.0), (99.9, 5.0))
    asks = ((100.1, 1.0), (100.2, 1.5), (100.4, 9.0))
    books = [Book(KEY, START_NS + second * 1_000_000_000, bids, asks) for second in range(2)]
    result = run(config(OnBooks, timeframe="tick"), {KEY: books})
    assert fills_of(result) == [("buy", 1.0, 100.1), ("buy", 1.5, 100.2), ("buy", 0.5, 100.4)]
    assert result.orders[0].status is OrderStatus.FILLED


def test_without_quotes_the_last_trade_is_tradable_for_both_sides() -> None:
    time = START_MS + 1000 * np.arange(5, dtype=np.int64)
    trades = tick_columns({"time": time, "price": [100, 100.5, 98.9, 99, 101], "size": [1.0] * 5}, source="test")
    steps = {0: lambda s: (s.buy(2), s.buy(3, limit=99), s.sell(1, stop=99.5)), 3: lambda s: s.close_position()}
    result, _ = play(trades, steps)
    assert fills_of(result) == [("buy", 2.0, 100.0), ("buy", 3.0, 99.0), ("sell", 1.0, 98.9), ("sell", 4.0, 99.0)]
    assert result.equity[-1] == float(result.final_equity)


def test_subscribing_what_the_run_has_not_raises() -> None:
    with pytest.raises(StrategyMisuse, match="no order book"):
        play(quotes([(100, 101)]), {0: lambda s: s.subscribe_book()})


def test_what_only_bars_know_is_refused_by_name() -> None:
    with pytest.raises(InvalidRequest, match="volume_share"):
        play(quotes([(100, 101)]), {}, volume_share=Decimal(1))


def test_ticks_of_two_instruments_come_in_the_order_of_time() -> None:
    from tests.unit.backtest.runs import instrument

    other = instrument(instrument_id="ETHUSDT-LINEAR.BYBIT")
    order: list[tuple[str, int]] = []

    class Both(Strategy):
        def on_tick(self, tick: Tick) -> None:
            order.append((tick.instrument_id[:3], (tick.time_ns - START_NS) // 1_000_000))

    data = {KEY: quotes([(100, 101)] * 3, step_ms=200), other.instrument_id: quotes([(50, 51)] * 2, step_ms=300)}
    result = run(config(Both, instruments={KEY: PERPETUAL, other.instrument_id: other}, timeframe="tick"), data)
    assert order == [("BTC", 0), ("ETH", 0), ("BTC", 200), ("ETH", 300), ("BTC", 400)]
    assert len(result.equity) == 5


def test_bars_and_ticks_do_not_mix() -> None:
    from tests.unit.backtest.runs import instrument

    other = instrument(instrument_id="ETHUSDT-LINEAR.BYBIT")
    data = {KEY: quotes([(100, 101)]), other.instrument_id: columns(flat(100))}
    with pytest.raises(InvalidRequest, match="bars for all"):
        run(config(OnTicks, instruments={KEY: PERPETUAL, other.instrument_id: other}), data)
