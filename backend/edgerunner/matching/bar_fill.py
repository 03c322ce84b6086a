"""At what price an order fills within one bar: pure rules over whole ticks.

Every rule is written for a buyer. A seller's market is the buyer's mirrored at zero: negate the order's prices, look
at ``mirrored(bar)``, and negate the answer. A bar is a plain tuple and every answer an integer, so that the rules run
as Python and can be compiled as they are.

What a bar tells is its open, its extremes and its close, not the way between them. The rules use only what surely
happened: the open comes first and the close last, and a price between two others was passed on the way. A price that
the market jumps over at the open fills at the open.
"""

BarTicks = tuple[int, int, int, int]
"""Open, high, low, close in ticks."""

NO_FILL = -(1 << 62)
"""Answer of a rule when nothing traded; no price is that far from zero."""


def mirrored(bar: BarTicks) -> BarTicks:
    """Return the bar as a seller's rules see it."""
    open_, high, low, close = bar
    return -open_, -low, -high, -close


def closing(bar: BarTicks) -> BarTicks:
    """Return what an order that arrives within the bar surely meets of it: the close alone."""
    close = bar[3]
    return close, close, close, close


def limit_fill(limit: int, bar: BarTicks) -> int:
    """Return the fill of a limit order: the open when that is as good, else the limit once it was touched."""
    open_, _, low, _ = bar
    if open_ <= limit:
        return open_
    return limit if low <= limit else NO_FILL


def limit_fill_through(limit: int, bar: BarTicks) -> int:
    """Return the fill of a limit order that needs a trade beyond its price: one behind the whole queue."""
    open_, _, low, _ = bar
    if open_ < limit:
        return open_
    return limit if low < limit else NO_FILL


def stop_fill(trigger: int, bar: BarTicks) -> int:
    """Return the fill of a stop-market order: the open when the market gapped beyond it, else its trigger."""
    open_, high, _, _ = bar
    if open_ >= trigger:
        return open_
    return trigger if high >= trigger else NO_FILL


def touch_fill(trigger: int, bar: BarTicks) -> int:
    """Return the fill of a market-if-touched order: the open when that is as good, else its trigger."""
    return limit_fill(trigger, bar)


def is_stopped(trigger: int, bar: BarTicks) -> bool:
    """Tell whether the bar wakes a stop or stop-limit order."""
    return bar[1] >= trigger


def is_touched(trigger: int, bar: BarTicks) -> bool:
    """Tell whether the bar wakes an if-touched order."""
    return bar[2] <= trigger


def stop_limit_fill(trigger: int, limit: int, bar: BarTicks) -> int:
    """Return the fill of a stop-limit order in the bar that wakes it (later bars: ``limit_fill``).

    Woken at the open, it is a limit order for the whole bar. Woken within the bar, a limit at or above the trigger
    trades at the trigger at once; one below it trades only when the close proves that the price came back.
    """
    open_, high, _, close = bar
    if open_ >= trigger:
        return limit_fill(limit, bar)
    if high < trigger:
        return NO_FILL
    if limit >= trigger:
        return trigger
    return limit if close <= limit else NO_FILL


def touch_limit_fill(trigger: int, limit: int, bar: BarTicks) -> int:
    """Return the fill of a limit-if-touched order in the bar that wakes it (later bars: ``limit_fill``).

    Woken within the bar by a falling price, a limit at or above the trigger trades at the trigger, one below it when
    the price went on to the limit.
    """
    open_, _, low, _ = bar
    if open_ <= trigger:
        return limit_fill(limit, bar)
    if low > trigger:
        return NO_FILL
    if limit >= trigger:
        return trigger
    return limit if low <= limit else NO_FILL


def trail_fill(trigger: int, offset: int, bar: BarTicks) -> int:
    """Return the fill of a trailing stop that stands at ``trigger`` before the bar.

    Stop before target: the bar's high meets the stop as the open left it; only the close is surely later than the
    low, so only the close can meet the stop as the low left it.
    """
    open_, high, low, close = bar
    if open_ >= trigger:
        return open_
    at_open = min(trigger, open_ + offset)
    if high >= at_open:
        return at_open
    at_low = min(at_open, low + offset)
    return at_low if close >= at_low else NO_FILL


def trail_next(trigger: int, offset: int, bar: BarTicks) -> int:
    """Return where a trailing stop stands after a bar that did not fill it."""
    return min(trigger, bar[2] + offset)


def stop_fill_after(entry: int, trigger: int, bar: BarTicks) -> int:
    """Return the fill of a stop in the very bar in which its position was entered at ``entry``.

    Entered at the open, the whole bar counts. Entered within it, whether the extreme came before or after cannot be
    known, and the worse is taken: the stop is hit.
    """
    if entry == bar[0]:
        return stop_fill(trigger, bar)
    return trigger if bar[1] >= trigger else NO_FILL


def limit_fill_after(entry: int, limit: int, bar: BarTicks) -> int:
    """Return the fill of a target in the very bar in which its position was entered at ``entry``.

    Entered within the bar, the low counts only when the price had to pass the entry to reach it, which it had when it
    came from above; otherwise only the close is surely later.
    """
    open_, _, low, close = bar
    if entry == open_:
        return limit_fill(limit, bar)
    reached = low if open_ > entry else close
    return limit if reached <= limit else NO_FILL
