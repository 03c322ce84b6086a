"""The generic ticks that are simulated, by the numbers that a request names.

Legal but silent here: option volume and interest (100, 101, 105), auction (225: there are none), ratios (258: there are
no balance sheets), news (292), everything about bonds, funds' net values and public offerings, and figures of many
days for options (104, 165, 411). Shortability is
recorded; counts of trades follow from the volume as in history; the open interest of a future is 1.6 usual days.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.noise import seed_key
from edgerunner.simulators.path import STEP_NS
from edgerunner.simulators.tws.market.board import Board, View
from edgerunner.simulators.tws.market.statistics import Statistics, StatisticsOfDays
from edgerunner.simulators.tws.market.ticks import Generic, Price, Size, Text, Value

NEED_STATISTICS: Final = frozenset({104, 165, 411, 588})
_MINUTE_NS: Final = 60 * NANOSECONDS
_SHARES_OF_A_TRADE: Final = 100
_EASY_TO_BORROW: Final = Decimal(3)
_DAYS_OF_INTEREST: Final = Decimal("1.6")
_WHOLE: Final = Decimal(1)


def generic_ticks(board: Board, view: View, wanted: frozenset[int], statistics: StatisticsOfDays) -> dict[int, Value]:
    """Return the wanted ticks that there are now."""
    found: dict[int, Value] = {}
    for number in sorted(wanted):
        if number in NEED_STATISTICS:
            known = statistics.known(view)
            found.update(() if known is None else _of_statistics(number, view, known))
        elif (compute := _MAKERS.get(number)) is not None:
            found.update(compute(board, view))
    return found


def _of_statistics(number: int, view: View, known: Statistics) -> Iterator[tuple[int, Value]]:
    match number:
        case 104:
            yield 23, Generic(value=known.volatility)
        case 411:
            yield 58, Generic(value=known.volatility)
        case 165:
            for index, (low, high) in enumerate(known.extremes):
                yield 15 + 2 * index, Price(price=low)
                yield 16 + 2 * index, Price(price=high)
            if view.listing.sec_type != "CASH":
                yield 21, Size(size=known.usual_volume)
        case 588 if view.listing.sec_type == "FUT":
            yield 86, Size(size=(known.usual_volume * _DAYS_OF_INTEREST).quantize(_WHOLE))


def _mark(board: Board, view: View) -> Iterator[tuple[int, Value]]:
    yield 37, Price(price=view.instrument.price(board.venue.market.price(view.symbol, view.step)))


def _shortable(_: Board, view: View) -> Iterator[tuple[int, Value]]:
    if view.listing.sec_type == "STK":
        yield 46, Generic(value=_EASY_TO_BORROW)
        shares = 1_000_000 + seed_key("shortable", view.symbol, view.day.date) % 100_000_000
        yield 89, Size(size=Decimal(shares))


def _trade_count(board: Board, view: View) -> Iterator[tuple[int, Value]]:
    bar = board.day_bar(view)
    if bar is not None and _trades(view):
        yield 54, Generic(value=_count(bar.volume))


def _trade_rate(board: Board, view: View) -> Iterator[tuple[int, Value]]:
    if _trades(view):
        yield 55, Generic(value=_count(_volume_of(board, view, minutes=1)))


def _volume_rate(board: Board, view: View) -> Iterator[tuple[int, Value]]:
    if _trades(view):
        yield 56, Generic(value=_volume_of(board, view, minutes=1))


def _last_regular(board: Board, view: View) -> Iterator[tuple[int, Value]]:
    if not _trades(view):
        return
    seen_ns = min(view.at_ns, view.day.regular[1]) if view.has_opened else view.day.previous_close_ns
    step = (seen_ns - 1) // STEP_NS
    yield 57, Price(price=view.instrument.price(board.venue.market.price(view.symbol, step)))


def _dividends(_: Board, view: View) -> Iterator[tuple[int, Value]]:
    """Tell that nothing was paid and nothing is announced: four empty places."""
    if view.listing.sec_type == "STK":
        yield 59, Text(text=",,,")


def _short_term_volume(board: Board, view: View) -> Iterator[tuple[int, Value]]:
    for tick, minutes in ((63, 3), (64, 5), (65, 10)):
        if _trades(view):
            yield tick, Size(size=_volume_of(board, view, minutes=minutes))


def _trades(view: View) -> bool:
    return view.listing.sec_type != "CASH"


def _volume_of(board: Board, view: View, *, minutes: int) -> Decimal:
    bar = board.bar(view.listing, max(view.day.start_ns, view.at_ns - minutes * _MINUTE_NS), view.at_ns)
    return Decimal(0) if bar is None else bar.volume


def _count(volume: Decimal) -> Decimal:
    return Decimal(int(volume) // _SHARES_OF_A_TRADE)


_MAKERS: Final[dict[int, Callable[[Board, View], Iterator[tuple[int, Value]]]]] = {
    221: _mark,
    232: _mark,
    236: _shortable,
    293: _trade_count,
    294: _trade_rate,
    295: _volume_rate,
    318: _last_regular,
    456: _dividends,
    595: _short_term_volume,
}
