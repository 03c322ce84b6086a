from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from edgerunner.adapters.ibkr.bar_words import WORDS
from edgerunner.adapters.ibkr.history import History
from edgerunner.adapters.ibkr.instruments import Listing
from edgerunner.domain.market import Bar, Timeframe

MONDAY_NS = 1_795_424_400 * 10**9  # 2026-11-23 09:00 UTC
FRIDAY_CLOSE_NS = MONDAY_NS - 60 * 3_600 * 10**9
SECOND_NS = 10**9


class Recorded(History):
    """Bars without a hole before Friday's close, and none after it."""

    def __init__(self, until_ns: int | None = FRIDAY_CLOSE_NS) -> None:
        link: Any = SimpleNamespace(now_ns=lambda: MONDAY_NS)
        pace: Any = SimpleNamespace()
        super().__init__(link, pace, lambda: 0.0)
        self.last_ns = until_ns
        self.asked: list[int | None] = []

    async def _read(self, listing: Listing, timeframe: Timeframe, until_ns: int | None) -> list[Bar]:
        self.asked.append(until_ns)
        end_ns = MONDAY_NS if until_ns is None else until_ns
        begin_ns = end_ns - WORDS[timeframe].chunk_ns
        if self.last_ns is None:
            return []
        step_ns = timeframe.length_ns
        return [_bar(open_ns) for open_ns in range(begin_ns, min(end_ns, self.last_ns), step_ns)]


def _bar(open_ns: int) -> Bar:
    one = Decimal(1)
    return Bar(open_ns=open_ns, open=one, high=one, low=one, close=one, volume=one, is_complete=True)


def listing() -> Any:
    return SimpleNamespace(con_id=1)


async def test_a_closed_weekend_is_passed_in_few_questions() -> None:
    history = Recorded()
    bars = await history.bars(listing(), Timeframe.S1, start_ns=None, end_ns=None, limit=10)
    assert len(bars) == 10
    assert bars[-1].open_ns == FRIDAY_CLOSE_NS - SECOND_NS
    assert len(history.asked) == 3


async def test_a_contract_without_bars_ends_the_search() -> None:
    history = Recorded(None)
    assert await history.bars(listing(), Timeframe.S1, start_ns=None, end_ns=None, limit=10) == []
    assert len(history.asked) == 2
    daily = Recorded(None)
    assert await daily.bars(listing(), Timeframe.D1, start_ns=None, end_ns=None, limit=10) == []
    assert len(daily.asked) == 1


async def test_bars_before_the_start_are_left_out_and_end_the_search() -> None:
    history = Recorded()
    start_ns = FRIDAY_CLOSE_NS - 5 * SECOND_NS
    bars = await history.bars(listing(), Timeframe.S1, start_ns=start_ns, end_ns=FRIDAY_CLOSE_NS, limit=3_000)
    assert [bar.open_ns for bar in bars] == [start_ns + number * SECOND_NS for number in range(5)]
    assert len(history.asked) == 1
