"""Bars fetched in pieces: the same as in one, and others get their turn in between."""

import asyncio
from dataclasses import dataclass, field

import numpy as np
import pytest

from edgerunner.simulators.mt5.symbols.rows import BarColumns
from edgerunner.simulators.mt5.terminal.bar_reader import PIECE_BARS, BarReader
from tests.unit.simulators.mt5.terminal.fake_broker import NOW_NS, SECOND_NS, FakeBroker

NOW_S = NOW_NS // SECOND_NS // 60 * 60


@dataclass(slots=True, kw_only=True)
class CountingBroker(FakeBroker):
    """Has only so many bars, and notes what it is asked for."""

    bars: int = 10_000
    asked: list[int] = field(default_factory=list)

    def bars_back(
        self, symbol: str, timeframe: int, *, until_ns: int | None = None, skip: int = 0, count: int
    ) -> BarColumns:
        self.asked.append(count)
        found = FakeBroker.bars_back(self, symbol, timeframe, until_ns=until_ns, skip=skip, count=count)
        first = int(np.searchsorted(found.time_s, NOW_S - 60 * (self.bars - 1)))
        return BarColumns(**{name: getattr(found, name)[first:] for name in BarColumns.__dataclass_fields__})


@pytest.mark.parametrize(
    ("count", "skip"), [(1, 0), (PIECE_BARS, 0), (PIECE_BARS + 1, 3), (4 * PIECE_BARS, 0), (9_999, 1)]
)
async def test_pieces_make_the_same_bars_as_one_question(count: int, skip: int) -> None:
    broker = CountingBroker()
    bars = await BarReader(broker).back("EURUSD", 1, count=count, skip=skip)
    assert bars.time_s.tolist() == list(range(NOW_S - 60 * (count + skip - 1), NOW_S - 60 * skip + 1, 60))
    assert max(broker.asked) <= PIECE_BARS
    assert sum(broker.asked) == count
    assert len(bars.close) == len(bars.spread) == count


async def test_others_get_their_turn_between_the_pieces() -> None:
    broker = CountingBroker()
    reader = BarReader(broker)
    long, short = await asyncio.gather(
        reader.back("EURUSD", 1, count=3 * PIECE_BARS), reader.back("EURUSD", 1, count=PIECE_BARS + 7)
    )
    assert (len(long.time_s), len(short.time_s)) == (3 * PIECE_BARS, PIECE_BARS + 7)
    assert broker.asked == [PIECE_BARS, PIECE_BARS, PIECE_BARS, 7, PIECE_BARS]


async def test_the_beginning_of_the_history_ends_it() -> None:
    broker = CountingBroker(bars=PIECE_BARS + 5)
    assert len((await BarReader(broker).back("EURUSD", 1, count=9_000)).time_s) == PIECE_BARS + 5
    assert len(broker.asked) == 2
    assert len((await BarReader(CountingBroker(bars=0)).back("EURUSD", 1, count=5)).time_s) == 0


@pytest.mark.parametrize(("since_s", "expected"), [(NOW_S, 1), (NOW_S - 59, 1), (NOW_S - 60, 2), (NOW_S + 1, 0)])
async def test_bars_since_a_moment_begin_with_the_first_that_opens_then(since_s: int, expected: int) -> None:
    bars = await BarReader(CountingBroker()).back("EURUSD", 1, count=9_000, since_ns=since_s * SECOND_NS)
    assert len(bars.time_s) == expected


async def test_no_more_is_read_than_the_moment_wants() -> None:
    broker = CountingBroker()
    await BarReader(broker).back("EURUSD", 1, count=9_000, since_ns=(NOW_S - 60 * (PIECE_BARS - 1)) * SECOND_NS)
    assert len(broker.asked) == 1
