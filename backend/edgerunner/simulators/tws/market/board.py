"""What there is to see of the market of a listing, now or 15 minutes ago."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.path import STEP_NS
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.contracts.schedule import Schedule
from edgerunner.simulators.tws.history.prices import PriceBar, Prices
from edgerunner.simulators.tws.market.days import TradingDay, trading_day
from edgerunner.simulators.tws.market.tape import Trade, trade_of
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import TradePrinted, VenueInstrument

DELAY_NS: Final = 15 * 60 * NANOSECONDS
_LOOKED_BACK_STEPS: Final = 600
_TAIL_STEPS: Final = 50
_MINUTE_NS: Final = 60 * NANOSECONDS
_MINUTES_KEPT: Final = 20
_SEQUENCES_A_STEP: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """Best prices and their sizes; None where nobody quotes (or the shown price is no number)."""

    bid: Decimal | None
    bid_size: Decimal
    ask: Decimal | None
    ask_size: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One look at a listing, good for one market step.

    Attributes:
        seen_ns: When, in market time.
        at_ns: The time that is shown: ``seen_ns``, or the end of the day when the market is closed.
        is_live: Seen as it is now, with users' own orders and trades.
    """

    listing: Listing
    instrument: VenueInstrument
    day: TradingDay
    seen_ns: int
    at_ns: int
    is_open: bool
    is_live: bool

    @property
    def symbol(self) -> str:
        """Return the venue's key."""
        return self.instrument.symbol

    @property
    def has_opened(self) -> bool:
        """Tell whether the regular hours of the day have begun."""
        return self.day.regular[0] <= self.at_ns

    @property
    def step(self) -> int:
        """Return the last market step that is seen."""
        return (self.at_ns - (0 if self.is_live else 1)) // STEP_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class _DaySoFar:
    """The bar of a day up to a step (excluded)."""

    start_ns: int
    end_step: int
    bar: PriceBar | None


class Board:
    """Looks at the venue's market. ``keeps_hours`` = markets close; else they go on all day and all week."""

    def __init__(
        self, venue: Venue, prices: Prices, instrument_of: Callable[[Listing], VenueInstrument], *, keeps_hours: bool
    ) -> None:
        self.venue = venue
        self.prices = prices
        self._instrument_of = instrument_of
        self.keeps_hours = keeps_hours
        self._heard: dict[str, TradePrinted] = {}
        self._ids: dict[str, tuple[int, set[str]]] = {}
        self._views: dict[tuple[int, bool], View] = {}
        self._days: dict[tuple[Schedule, int], TradingDay] = {}
        self._so_far: dict[tuple[str, bool, int], _DaySoFar] = {}
        self._fixed: dict[tuple[str, int, int], Decimal] = {}
        self._found: dict[tuple[str, bool], tuple[int, TradePrinted | None]] = {}

    def now_ns(self) -> int:
        """Return market time, UTC nanoseconds."""
        return self.venue.clock.market_ns()

    def hear(self, printed: TradePrinted) -> bool:
        """Take note of a trade of a watched symbol, users' own ones included.

        False when it is known already: the venue repeats a step whose market was changed by hand.
        """
        moment = printed.sequence // _SEQUENCES_A_STEP
        known, ids = self._ids.get(printed.symbol, (-1, set()))
        if known != moment:
            ids = set()
        if printed.trade_id in ids:
            return False
        ids.add(printed.trade_id)
        self._ids[printed.symbol] = (moment, ids)
        self._heard[printed.symbol] = printed
        return True

    def forget(self, symbol: str) -> None:
        """Forget the trades of a symbol that nobody watches any more."""
        self._heard.pop(symbol, None)
        self._ids.pop(symbol, None)
        self._found = {key: value for key, value in self._found.items() if key[0] != symbol}
        self._so_far = {key: value for key, value in self._so_far.items() if key[0] != symbol}
        self._fixed = {key: value for key, value in self._fixed.items() if key[0] != symbol}

    def look(self, listing: Listing, *, is_delayed: bool = False) -> View:
        """Look at a listing now or 15 minutes ago; raises ``VenueReject`` when it does not trade here."""
        at_ns = self.now_ns() - (DELAY_NS if is_delayed else 0)
        known = self._views.get((listing.con_id, is_delayed))
        if known is not None and known.seen_ns // STEP_NS == at_ns // STEP_NS:
            return known
        day = self._day(listing, at_ns)
        is_open = day.is_open(at_ns) or not self.keeps_hours
        view = View(
            listing=listing,
            instrument=self._instrument_of(listing) if known is None else known.instrument,
            day=day,
            seen_ns=at_ns,
            at_ns=at_ns if is_open else day.end_ns,
            is_open=is_open,
            is_live=is_open and not is_delayed,
        )
        self._views[listing.con_id, is_delayed] = view
        return view

    def _day(self, listing: Listing, at_ns: int) -> TradingDay:
        """Return the trading day of a moment; sessions begin and end with a minute."""
        minute = at_ns // _MINUTE_NS
        key = (listing.schedule, minute)
        if key not in self._days:
            self._days = {old: day for old, day in self._days.items() if abs(old[1] - minute) <= _MINUTES_KEPT}
            self._days[key] = trading_day(listing.schedule, at_ns)
        return self._days[key]

    def top(self, view: View) -> Top:
        """Return the best prices."""
        if view.is_live:
            return self._live_top(view)
        return self.past_top(view.instrument, view.step)

    def past_top(self, instrument: VenueInstrument, step: int) -> Top:
        """Return the market's best prices at the end of a step, without users' orders."""
        market, symbol = self.venue.market, instrument.symbol
        bid, ask = market.quote(symbol, step)
        _, bid_lots = next(market.levels(symbol, "buy", bid, step))
        _, ask_lots = next(market.levels(symbol, "sell", ask, step))
        return Top(
            bid=instrument.price(bid),
            bid_size=instrument.quantity(bid_lots),
            ask=instrument.price(ask),
            ask_size=instrument.quantity(ask_lots),
        )

    def last(self, view: View) -> Trade | None:
        """Return the newest trade, None when there was none in the last minute before it was asked for first."""
        printed = self._heard.get(view.symbol) if view.is_live else None
        printed = printed or self._last_of_market(view)
        return None if printed is None else trade_of(view.listing, view.instrument, printed)

    def last_price(self, view: View) -> Decimal | None:
        """Return the last price; a bad tick while there is one, None when that is no number."""
        if view.is_live:
            return _shown(self.venue.last_price(view.symbol))
        return view.instrument.price(self.venue.market.price(view.symbol, view.step))

    def bar(self, listing: Listing, start_ns: int, end_ns: int) -> PriceBar | None:
        """Return the bar of a span as history tells it; None for a span of no time."""
        return self.prices.bar(listing, start_ns, end_ns) if end_ns - start_ns >= STEP_NS else None

    def day_bar(self, view: View) -> PriceBar | None:
        """Return the bar of the day until now; what is over is not computed again."""
        key = (view.symbol, view.is_live, self.venue.market.seed)
        known = self._so_far.get(key)
        if known is None or known.start_ns != view.day.start_ns or known.end_step > view.step:
            known = _DaySoFar(start_ns=view.day.start_ns, end_step=view.day.start_ns // STEP_NS, bar=None)
        if view.step - known.end_step > _TAIL_STEPS:
            tail = self.bar(view.listing, known.end_step * STEP_NS, view.step * STEP_NS)
            known = replace(known, end_step=view.step, bar=_joined(known.bar, tail))
            self._so_far[key] = known
        return _joined(known.bar, self.bar(view.listing, known.end_step * STEP_NS, (view.step + 1) * STEP_NS))

    def previous_close(self, view: View) -> Decimal:
        """Return the last price of the regular hours before the day."""
        return self._price_at(view, view.day.previous_close_ns // STEP_NS - 1)

    def opening(self, view: View) -> Decimal | None:
        """Return the first price of the day's regular hours, None before them."""
        return self._price_at(view, view.day.regular[0] // STEP_NS) if view.has_opened else None

    def _price_at(self, view: View, step: int) -> Decimal:
        """Return the first price of a past step, which a bar that begins there opens with."""
        key = (view.symbol, step, self.venue.market.seed)
        if key not in self._fixed:
            self._fixed[key] = self.prices.bar(view.listing, step * STEP_NS, (step + 1) * STEP_NS).open
        return self._fixed[key]

    def is_halted(self, view: View) -> bool:
        """Tell whether trading is halted."""
        return self.venue.market.is_halted(view.symbol)

    def _live_top(self, view: View) -> Top:
        quote = self.venue.quote(view.symbol)
        bid, ask = (_shown(price) for price in (quote.bid, quote.ask))
        return Top(
            bid=bid if quote.bid_quantity else None,
            bid_size=quote.bid_quantity,
            ask=ask if quote.ask_quantity else None,
            ask_size=quote.ask_quantity,
        )

    def _last_of_market(self, view: View) -> TradePrinted | None:
        """Return the newest trade of the market itself; what was looked through already is not looked through again."""
        key = (view.symbol, view.is_live)
        scanned, known = self._found.get(key, (view.step - _LOOKED_BACK_STEPS, None))
        if scanned > view.step:
            scanned, known = view.step - _LOOKED_BACK_STEPS, None
        first = max(scanned + 1, view.step - _LOOKED_BACK_STEPS)
        for step in range(view.step, first - 1, -1):
            if self.venue.market.volume(view.symbol, step, step + 1):
                known = self.venue.market.trades(view.symbol, step)[-1]
                break
        self._found[key] = (view.step, known)
        return known


def _joined(first: PriceBar | None, second: PriceBar | None) -> PriceBar | None:
    """Return the bar of two spans, the second one right behind the first."""
    if first is None or second is None:
        return first or second
    high, low = max(first.high, second.high), min(first.low, second.low)
    return PriceBar(
        open=first.open,
        high=high,
        low=low,
        close=second.close,
        volume=first.volume + second.volume,
        average=(first.open + high + low + second.close) / 4,
        opening_quote=first.opening_quote,
        closing_quote=second.closing_quote,
    )


def _shown(price: Decimal) -> Decimal | None:
    return price if price.is_finite() else None
