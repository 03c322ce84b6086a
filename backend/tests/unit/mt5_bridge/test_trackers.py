"""A reader that adds what changed to its snapshot knows what the terminal knows, whatever happens there."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.mt5_bridge.trackers import OVERLAP_S, WINDOW_S, HistoryTracker, TableTracker, TickTracker, Tracker
from edgerunner.mt5_surface.dtypes import TICKS_DTYPE
from edgerunner.mt5_surface.structs import Tick, TradeDeal, TradePosition
from tests.wire.mt5_bridge.fake_terminal import struct

NOW = 1_800_000_000
MOVING = frozenset({"price_current", "profit"})


class Terminal:
    """Answers a tracker's calls from lists, as the package does."""

    def __init__(self) -> None:
        self.ticks: list[tuple[Any, ...]] = []
        self.deals: list[TradeDeal] = []
        self.positions: Sequence[TradePosition] = ()

    def call(self, name: str, *args: Any) -> "Terminal":
        self.result = getattr(self, f"_{name}")(*args)
        return self

    def _symbol_info_tick(self, _symbol: str) -> Tick:
        return Tick(self.ticks[-1])

    def _copy_ticks_from(self, _symbol: str, from_s: int, count: int, _flags: int) -> Any:
        found = sorted((tick for tick in self.ticks if tick[5] >= from_s * 1000), key=lambda tick: int(tick[5]))
        return np.array(found[:count], dtype=TICKS_DTYPE)

    def _history_deals_get(self, from_s: int, to_s: int) -> tuple[TradeDeal, ...]:
        return tuple(deal for deal in self.deals if from_s <= deal.time <= to_s)

    def _positions_get(self) -> Sequence[TradePosition]:
        return self.positions


def polled(tracker: Tracker, terminal: Terminal, now: float) -> Any:
    answer: Any = tracker.fetch(terminal)  # type: ignore[arg-type]
    return tracker.take(answer.result, now)


positions = st.lists(
    st.builds(
        lambda ticket, sl, profit: struct(TradePosition, ticket=ticket, sl=sl, profit=profit),
        st.integers(1, 5),
        st.sampled_from([0.0, 1.1]),
        st.sampled_from([0.0, -3.5]),
    ),
    max_size=5,
    unique_by=lambda position: position.ticket,
)


@given(st.lists(st.tuples(positions, st.floats(0, 0.8)), min_size=1, max_size=12))
def test_snapshot_and_deltas_are_the_terminals_positions(steps: list[tuple[list[TradePosition], float]]) -> None:
    terminal, tracker = Terminal(), TableTracker("positions", "positions_get", MOVING)
    now, known = float(NOW), dict[int, Any]()
    for found, passed in steps:
        now += passed
        terminal.positions = found
        data = polled(tracker, terminal, now) or {"positions": [], "gone": []}
        known = {ticket: row for ticket, row in known.items() if ticket not in data["gone"]}
        known |= {row["ticket"]: row for row in data["positions"]}
        steady = {position.ticket: position.sl for position in found}
        assert {ticket: row["sl"] for ticket, row in known.items()} == steady
        assert {row["ticket"]: row for row in tracker.snapshot()["positions"]} == known
    polled(tracker, terminal, now + 1.1)  # what moves is told a second later at the latest
    told = {row["ticket"]: row["profit"] for row in tracker.snapshot()["positions"]}
    assert told == {position.ticket: position.profit for position in terminal.positions}


@given(st.lists(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), max_size=6), min_size=1, max_size=10))
def test_every_tick_is_told_once_also_late_ones_within_a_second(steps: list[list[tuple[int, int]]]) -> None:
    terminal, tracker = Terminal(), TickTracker("EURUSD")
    start = NOW * 1000
    terminal.ticks = [_tick(start, 0)]
    told = [tuple(tick.values()) for tick in polled(tracker, terminal, NOW)["ticks"]]
    newest = start
    for step in steps:
        for ahead, price in step:
            at = max(newest - 400 + ahead * 50, start + 1)  # some come up to 0.4 s late
            newest = max(newest, at)
            terminal.ticks.append(_tick(at, price))
        told += [tuple(tick.values()) for tick in (polled(tracker, terminal, NOW) or {"ticks": []})["ticks"]]
    told += [tuple(tick.values()) for tick in (polled(tracker, terminal, NOW) or {"ticks": []})["ticks"]]
    assert len(told) == len(set(told))
    assert set(told) == set(terminal.ticks)


@given(st.lists(st.lists(st.tuples(st.integers(-OVERLAP_S, 300), st.integers(0, 100_000)), max_size=4), max_size=12))
def test_every_deal_is_told_once_also_late_ones(steps: list[list[tuple[int, int]]]) -> None:
    now = float(NOW)
    terminal = Terminal()
    tracker = HistoryTracker("deals", "history_deals_get", "time", lambda: now)
    newest, ticket, told = NOW - 1000, 0, list[int]()
    for step in steps:
        for offset, passed in step:
            now += passed
            newest = max(newest, int(now) - 1000)
            ticket += 1
            time = newest + min(offset, 0)
            terminal.deals.append(struct(TradeDeal, ticket=ticket, time=time))
            told += [row["ticket"] for row in (polled(tracker, terminal, now) or {"deals": []})["deals"]]
    assert told == list(range(1, ticket + 1))
    kept = {row["ticket"] for row in tracker.snapshot()["deals"]}
    assert {deal.ticket for deal in terminal.deals if deal.time >= now - WINDOW_S} <= kept


def _tick(msc: int, price: int) -> tuple[Any, ...]:
    return (msc // 1000, 1.0 + price, 1.1 + price, 0.0, 0, msc, 6, 0.0)
