"""The bar-fill rules, seen from a buyer and, mirrored, from a seller."""

from hypothesis import given
from hypothesis import strategies as st

from edgerunner.matching.bar_fill import (
    NO_FILL,
    BarTicks,
    closing,
    is_stopped,
    is_touched,
    limit_fill,
    limit_fill_after,
    limit_fill_through,
    mirrored,
    stop_fill,
    stop_fill_after,
    stop_limit_fill,
    touch_fill,
    touch_limit_fill,
    trail_fill,
    trail_next,
)

BAR: BarTicks = (100, 110, 90, 105)
TICKS = st.integers(min_value=1, max_value=200)


@st.composite
def bars(draw: st.DrawFn) -> BarTicks:
    open_, close = draw(TICKS), draw(TICKS)
    high = max(open_, close) + draw(st.integers(0, 30))
    low = min(open_, close) - draw(st.integers(0, 30))
    return open_, high, low, close


def test_a_limit_fills_at_its_price_once_touched() -> None:
    assert limit_fill(90, BAR) == 90
    assert limit_fill(89, BAR) == NO_FILL


def test_a_limit_that_must_be_traded_through_is_not_filled_by_a_touch() -> None:
    assert limit_fill_through(90, BAR) == NO_FILL
    assert limit_fill_through(91, BAR) == 91
    assert limit_fill_through(100, BAR) == 100
    assert limit_fill_through(100, (100, 110, 100, 105)) == NO_FILL


def test_a_gap_beyond_a_limit_or_a_stop_fills_at_the_open() -> None:
    assert limit_fill(103, BAR) == 100
    assert limit_fill_through(103, BAR) == 100
    assert stop_fill(97, BAR) == 100


def test_a_stop_fills_at_its_trigger_within_the_bar() -> None:
    assert stop_fill(110, BAR) == 110
    assert stop_fill(111, BAR) == NO_FILL
    assert is_stopped(110, BAR)
    assert not is_stopped(111, BAR)


def test_an_if_touched_order_fills_where_a_limit_would() -> None:
    assert touch_fill(95, BAR) == 95
    assert is_touched(90, BAR)
    assert not is_touched(89, BAR)


def test_a_stop_limit_woken_at_the_open_is_a_limit_for_the_whole_bar() -> None:
    assert stop_limit_fill(99, 101, BAR) == 100
    assert stop_limit_fill(99, 92, BAR) == 92
    assert stop_limit_fill(99, 89, BAR) == NO_FILL
    assert stop_limit_fill(100, 95, BAR) == 95


def test_a_stop_limit_woken_within_the_bar_needs_the_close_to_prove_that_the_price_came_back() -> None:
    assert stop_limit_fill(108, 108, BAR) == 108
    assert stop_limit_fill(108, 106, BAR) == 106
    assert stop_limit_fill(108, 105, BAR) == 105
    assert stop_limit_fill(108, 104, BAR) == NO_FILL
    assert stop_limit_fill(110, 110, BAR) == 110
    assert stop_limit_fill(111, 120, BAR) == NO_FILL


def test_a_limit_if_touched_follows_a_falling_price_to_its_limit() -> None:
    assert touch_limit_fill(95, 97, BAR) == 95
    assert touch_limit_fill(95, 92, BAR) == 92
    assert touch_limit_fill(95, 89, BAR) == NO_FILL
    assert touch_limit_fill(95, 90, BAR) == 90
    assert touch_limit_fill(90, 95, BAR) == 90
    assert touch_limit_fill(101, 95, BAR) == 95
    assert touch_limit_fill(89, 95, BAR) == NO_FILL


def test_a_trailing_stop_meets_the_high_before_the_low_can_pull_it_down() -> None:
    assert trail_fill(120, 10, BAR) == 110  # the open pulls it to 110, the high meets it there
    assert trail_fill(120, 12, BAR) == 102  # the low pulls it to 102, the close at 105 has surely passed it
    assert trail_fill(120, 15, BAR) == 105
    assert trail_fill(120, 16, BAR) == NO_FILL
    assert trail_fill(120, 40, BAR) == NO_FILL
    assert trail_fill(99, 40, BAR) == 100
    assert trail_next(140, 40, BAR) == 130


def test_of_the_bar_of_its_arrival_an_order_meets_the_close_alone() -> None:
    assert closing(BAR) == (105, 105, 105, 105)
    assert limit_fill(100, closing(BAR)) == NO_FILL
    assert limit_fill(106, closing(BAR)) == 105


def test_in_the_entry_bar_the_stop_is_taken_to_be_hit_and_the_target_only_when_that_is_sure() -> None:
    # A long entered by a limit at 95: a seller's exits, mirrored.
    seen = mirrored(BAR)
    assert stop_fill_after(-95, -91, seen) == -91
    assert stop_fill_after(-95, -90, seen) == -90
    assert stop_fill_after(-95, -89, seen) == NO_FILL
    assert limit_fill_after(-95, -108, seen) == NO_FILL  # the high may have come before the entry
    assert limit_fill_after(-95, -105, seen) == -105
    assert limit_fill_after(-95, -104, seen) == -104  # the close has surely come after it
    # A long entered by a stop at 108: the price had to pass it on its way to the high.
    assert limit_fill_after(-108, -110, seen) == -110
    # Entered at the open the whole bar counts.
    assert limit_fill_after(-100, -110, seen) == -110
    assert stop_fill_after(-100, -90, seen) == -90


@given(bar=bars(), limit=TICKS)
def test_a_limit_is_never_filled_worse_than_its_price_nor_outside_the_bar(bar: BarTicks, limit: int) -> None:
    price = limit_fill(limit, bar)
    assert (price == NO_FILL) is (bar[2] > limit)
    if price != NO_FILL:
        assert price <= limit
        assert bar[2] <= price <= bar[1]


@given(bar=bars(), trigger=TICKS)
def test_a_stop_is_never_filled_better_than_its_trigger_nor_outside_the_bar(bar: BarTicks, trigger: int) -> None:
    price = stop_fill(trigger, bar)
    assert (price == NO_FILL) is (bar[1] < trigger)
    if price != NO_FILL:
        assert price >= trigger
        assert bar[2] <= price <= bar[1]


@given(bar=bars(), trigger=TICKS, limit=TICKS)
def test_limit_orders_with_a_trigger_keep_their_limit_and_the_bar(bar: BarTicks, trigger: int, limit: int) -> None:
    for price, is_awake in (
        (stop_limit_fill(trigger, limit, bar), is_stopped(trigger, bar)),
        (touch_limit_fill(trigger, limit, bar), is_touched(trigger, bar)),
    ):
        if price != NO_FILL:
            assert is_awake
            assert price <= limit
            assert bar[2] <= price <= bar[1]


@given(bar=bars(), trigger=TICKS, offset=st.integers(1, 50))
def test_a_trailing_stop_never_moves_away_and_fills_inside_the_bar(bar: BarTicks, trigger: int, offset: int) -> None:
    price = trail_fill(trigger, offset, bar)
    assert trail_next(trigger, offset, bar) <= trigger
    if price != NO_FILL:
        assert bar[2] <= price <= bar[1]


@given(bar=bars())
def test_mirroring_twice_is_the_bar_itself(bar: BarTicks) -> None:
    assert mirrored(mirrored(bar)) == bar
    open_, high, low, close = mirrored(bar)
    assert low <= min(open_, close) <= max(open_, close) <= high


@given(bar=bars(), limit=TICKS)
def test_a_sell_limit_is_a_buy_limit_in_the_mirror(bar: BarTicks, limit: int) -> None:
    open_, high, _, _ = bar
    expected = open_ if open_ >= limit else limit if high >= limit else None
    price = limit_fill(-limit, mirrored(bar))
    assert (None if price == NO_FILL else -price) == expected
