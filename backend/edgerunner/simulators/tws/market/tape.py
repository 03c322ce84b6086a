"""Single trades of a contract, live and past, and where each of them happened."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.market import Market
from edgerunner.simulators.noise import mix
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.venue_types import TradePrinted, VenueInstrument

_MINUTE_STEPS = 600
_SECOND_STEPS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One trade as a client sees it."""

    time_ns: int
    price: Decimal
    size: Decimal
    exchange: str

    @property
    def time_s(self) -> int:
        """Return its time in seconds since 1970."""
        return self.time_ns // NANOSECONDS


def trade_of(listing: Listing, instrument: VenueInstrument, printed: TradePrinted) -> Trade:
    """Return a printed trade; a contract with SMART routing trades on one of its exchanges, the same every time."""
    venues = places(listing)
    place = mix(printed.sequence * 31 + printed.time_ns) % len(venues)
    return Trade(
        time_ns=printed.time_ns,
        price=instrument.price(printed.price_ticks),
        size=instrument.quantity(printed.quantity_lots),
        exchange=venues[place],
    )


def places(listing: Listing) -> tuple[str, ...]:
    """Return the exchanges behind a listing; ISLAND is but an older name of NASDAQ."""
    return tuple(each for each in listing.exchanges if each not in {"SMART", "ISLAND"}) or listing.exchanges


def trades_forward(market: Market, symbol: str, first: int, last: int) -> Iterator[TradePrinted | None]:
    """Yield the trades of steps ``first`` to ``last`` (excluded), oldest first; None stands for time without any."""
    for start, end in _busy_blocks(market, symbol, first, last):
        if start == end:
            yield None
            continue
        for step in range(start, end):
            yield from market.trades(symbol, step)


def trades_backward(market: Market, symbol: str, first: int, last: int) -> Iterator[TradePrinted | None]:
    """Yield the trades of steps ``first`` to ``last`` (excluded), newest first; None stands for time without any."""
    for start, end in _busy_blocks(market, symbol, first, last, is_backward=True):
        if start == end:
            yield None
            continue
        for step in range(end - 1, start - 1, -1):
            yield from reversed(market.trades(symbol, step))


def _busy_blocks(
    market: Market, symbol: str, first: int, last: int, *, is_backward: bool = False
) -> Iterator[tuple[int, int]]:
    """Yield seconds in which something traded, and an empty block for every minute passed over."""
    minutes = list(_blocks(first, last, _MINUTE_STEPS))
    for start, end in reversed(minutes) if is_backward else minutes:
        yield start, start
        if not market.volume(symbol, start, end):
            continue
        seconds = list(_blocks(start, end, _SECOND_STEPS))
        for block in reversed(seconds) if is_backward else seconds:
            if market.volume(symbol, *block):
                yield block


def _blocks(first: int, last: int, length: int) -> Iterator[tuple[int, int]]:
    while first < last:
        end = min(last, (first // length + 1) * length)
        yield first, end
        first = end
