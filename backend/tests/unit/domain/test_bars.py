"""Bars from ticks and from shorter bars."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.domain.bars import BarAggregator, merge_bars
from edgerunner.domain.market import Bar, Timeframe

SECOND = 1_000_000_000
MINUTE = 60 * SECOND


def bar(open_ns: int, *ohlc: int, volume: int = 1, is_complete: bool = True) -> Bar:
    first, high, low, close = (Decimal(price) for price in ohlc)
    return Bar(
        open_ns=open_ns,
        open=first,
        high=high,
        low=low,
        close=close,
        volume=Decimal(volume),
        is_complete=is_complete,
    )


def add(bars: BarAggregator, price: int, ts_ns: int, quantity: int = 1) -> Bar | None:
    return bars.add(price=Decimal(price), quantity=Decimal(quantity), ts_ns=ts_ns).closed


def test_ticks_of_one_interval_make_one_growing_bar() -> None:
    bars = BarAggregator(Timeframe.M1)
    for number, price in enumerate((100, 103, 99, 101)):
        assert add(bars, price, MINUTE + number) is None
    assert bars.live == bar(MINUTE, 100, 103, 99, 101, volume=4, is_complete=False)


def test_the_first_tick_of_the_next_bar_closes_the_one_before() -> None:
    bars = BarAggregator(Timeframe.M1)
    add(bars, 100, MINUTE)
    assert add(bars, 105, 3 * MINUTE) == bar(MINUTE, 100, 100, 100, 100)
    assert bars.live == bar(3 * MINUTE, 105, 105, 105, 105, is_complete=False)


def test_a_quiet_bar_closes_two_seconds_after_its_end() -> None:
    bars = BarAggregator(Timeframe.M1)
    add(bars, 100, MINUTE)
    assert bars.close_due(2 * MINUTE + 2 * SECOND - 1) is None
    assert bars.close_due(2 * MINUTE + 2 * SECOND) == bar(MINUTE, 100, 100, 100, 100)
    assert bars.close_due(9 * MINUTE) is None


def test_late_ticks_are_counted_and_not_applied() -> None:
    bars = BarAggregator(Timeframe.M1)
    add(bars, 100, MINUTE)
    bars.close_due(3 * MINUTE)
    assert add(bars, 500, MINUTE + 1) is None
    assert (bars.late_ticks, bars.live) == (1, None)
    add(bars, 101, 2 * MINUTE)
    add(bars, 500, MINUTE + 1)
    assert bars.late_ticks == 2
    assert bars.live == bar(2 * MINUTE, 101, 101, 101, 101, is_complete=False)


def test_a_tick_within_the_growing_bar_may_be_out_of_order() -> None:
    bars = BarAggregator(Timeframe.M1)
    add(bars, 100, MINUTE + 5)
    add(bars, 90, MINUTE + 1)
    assert (bars.late_ticks, bars.live) == (0, bar(MINUTE, 100, 100, 90, 90, volume=2, is_complete=False))


def test_a_longer_bar_is_made_of_shorter_ones_and_complete_with_its_last_part() -> None:
    minutes = [bar(n * MINUTE, 100 + n, 110 + n, 90 + n, 101 + n, volume=n + 1) for n in range(5)]
    assert merge_bars(minutes, source=Timeframe.M1, target=Timeframe.M5) == [bar(0, 100, 114, 90, 105, volume=15)]
    assert not merge_bars(minutes[:4], source=Timeframe.M1, target=Timeframe.M5)[0].is_complete


def test_a_longer_bar_with_gaps_is_complete_when_the_next_one_has_begun() -> None:
    merged = merge_bars(
        [bar(MINUTE, 1, 1, 1, 1), bar(7 * MINUTE, 2, 2, 2, 2)], source=Timeframe.M1, target=Timeframe.M5
    )
    assert [(part.open_ns, part.is_complete) for part in merged] == [(0, True), (5 * MINUTE, False)]


def test_bars_that_do_not_fit_into_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="1m bars cannot be made of 5m bars"):
        merge_bars([], source=Timeframe.M5, target=Timeframe.M1)


@given(st.lists(st.tuples(st.integers(0, 1800), st.integers(1, 1000), st.integers(1, 9)), min_size=1))
def test_long_bars_are_the_same_from_ticks_and_from_short_bars(ticks: list[tuple[int, int, int]]) -> None:
    short, long = BarAggregator(Timeframe.M1), BarAggregator(Timeframe.M15)
    shorts: list[Bar | None] = []
    longs: list[Bar | None] = []
    for second, price, quantity in sorted(ticks, key=lambda tick: tick[0]):
        shorts.append(add(short, price, second * SECOND, quantity))
        longs.append(add(long, price, second * SECOND, quantity))
    minutes = [closed for closed in (*shorts, short.close_due(10**18)) if closed]
    merged = merge_bars(minutes, source=Timeframe.M1, target=Timeframe.M15)
    expected = [closed for closed in (*longs, long.close_due(10**18)) if closed]
    assert [(b.open_ns, b.open, b.high, b.low, b.close, b.volume) for b in merged] == [
        (b.open_ns, b.open, b.high, b.low, b.close, b.volume) for b in expected
    ]
