"""The simulated market: prices, quotes, trades and bars as functions of (seed, symbol, time), and its controls."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from edgerunner.matching.words import Side
from edgerunner.simulators.liquidity import Liquidity
from edgerunner.simulators.noise import mix, seed_key
from edgerunner.simulators.path import STEP_NS, STEPS_PER_DAY, PricePath
from edgerunner.simulators.replay import Recording, ReplaySource
from edgerunner.simulators.sources import (
    DerivedSource,
    GeneratedSource,
    MarketProfile,
    PinnedSource,
    PriceSource,
    Timeline,
)
from edgerunner.simulators.venue_types import Level, TradePrinted, VenueBar

BAD_TICK_STEPS = 10
"""A bad tick is shown for one second."""
FUNDING_INTERVAL_NS = 8 * 3600 * 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketControl:
    """One act on the market, kept in the ledger so that a restart continues it.

    ``kind``: ``pin`` (price in ticks), ``release``, ``halt``, ``resume`` or ``replay`` (file and speed).
    """

    step: int
    symbol: str
    kind: Literal["pin", "release", "halt", "resume", "replay"]
    ticks: int | None = None
    file: str | None = None
    speed: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _BadTick:
    until_step: int
    value: Decimal


class _Listing:
    """What the market keeps per symbol."""

    __slots__ = ("bad_tick", "generated", "halted", "liquidity", "profile", "timeline", "trade_key", "unhalted")

    def __init__(self, seed: int, profile: MarketProfile, path: PricePath) -> None:
        self.profile = profile
        self.generated = _generated(seed, path, profile)
        self.timeline = Timeline(self.generated)
        self.liquidity = Liquidity(seed, profile)
        self.trade_key = seed_key(seed, "trades", profile.symbol)
        self.halted = False
        self.unhalted: PriceSource = self.generated
        self.bad_tick: _BadTick | None = None


class Market:
    """Prices of all symbols of a venue. Steps count 100 ms of virtual time since 1970; prices are ticks."""

    def __init__(self, seed: int, profiles: Iterable[MarketProfile]) -> None:
        self.seed = seed
        self.version = 0
        """Changes with every control."""
        self._paths: dict[str, PricePath] = {}
        self._listings: dict[str, _Listing] = {}
        for profile in profiles:
            self.add(profile)

    def add(self, profile: MarketProfile) -> None:
        """Let one more symbol trade."""
        path = self._paths.setdefault(profile.underlying.name, PricePath(self.seed, profile.underlying))
        self._listings[profile.symbol] = _Listing(self.seed, profile, path)

    def reset(self, seed: int) -> None:
        """Start again with another seed and no controls."""
        self.__init__(seed, [listing.profile for listing in self._listings.values()])  # type: ignore[misc]

    @property
    def symbols(self) -> list[str]:
        """Return every symbol of the market."""
        return list(self._listings)

    # prices

    def price(self, symbol: str, step: int) -> int:
        """Return the last traded price at the end of a step."""
        return self._listings[symbol].timeline.at(step).points(step)[-1]

    def mid(self, symbol: str, time_ns: int) -> Decimal:
        """Return the middle of bid and ask as a plain price."""
        bid, ask = self.quote(symbol, time_ns // STEP_NS)
        return Decimal(bid + ask) / 2 * Decimal(repr(self._listings[symbol].profile.tick_size))

    def quote(self, symbol: str, step: int) -> tuple[int, int]:
        """Return bid and ask at the end of a step."""
        return self.quotes(symbol, step)[-1]

    def quotes(self, symbol: str, step: int) -> list[tuple[int, int]]:
        """Return every (bid, ask) visited in a step; the last one stands at its end."""
        listing = self._listings[symbol]
        return _quotes(listing, listing.timeline.at(step), step)

    def traded_quotes(self, symbol: str, first: int, last: int) -> Iterator[tuple[int, list[tuple[int, int]]]]:
        """Yield (step, quotes) of the steps from ``first`` to ``last`` (excluded) in which trading was not halted."""
        listing = self._listings[symbol]
        for source, start, end in listing.timeline.pieces(first, last):
            last_traded = listing.timeline.frozen_step(end - 1)
            for step in range(start, last_traded + 1):
                yield step, _quotes(listing, source, step)

    def visits(self, symbol: str, step: int) -> list[tuple[int, int, int]]:
        """Return every (price, bid, ask) visited in a step; the last one stands at its end."""
        points = self._listings[symbol].timeline.at(step).points(step)
        return [(price, *quote) for price, quote in zip(points, self.quotes(symbol, step), strict=True)]

    def coarse_visits(self, symbol: str, first: int, last: int) -> list[tuple[int, int, int]]:
        """Return (price, bid, ask) at open, extremes and close of steps ``first`` to ``last`` (excluded)."""
        listing = self._listings[symbol]
        start, high, low, end = listing.timeline.summary(first, last)
        extremes = (high, low) if high - start < start - low else (low, high)
        visits = [(price, *listing.liquidity.quote(last - 1, price)) for price in (start, *extremes)]
        return [*visits, (end, *self.quote(symbol, last - 1))]

    def volume(self, symbol: str, first: int, last: int) -> int:
        """Return the lots traded over steps ``first`` to ``last`` (excluded)."""
        return self._listings[symbol].timeline.volume(first, last)

    def spread_ticks(self, symbol: str) -> int:
        """Return ask minus bid of the generated quotes."""
        return self._listings[symbol].profile.spread_ticks

    def dealt_spread(self, symbol: str, step: int) -> int:
        """Return ask minus bid of a dealer's generated quotes in a step."""
        return self._listings[symbol].liquidity.dealt_spread(step)

    def frozen_step(self, symbol: str, step: int) -> int:
        """Return the step since which nothing has changed because trading is halted; else ``step`` itself."""
        return self._listings[symbol].timeline.frozen_step(step)

    def was_frozen(self, symbol: str) -> bool:
        """Tell whether trading was ever halted."""
        return self._listings[symbol].timeline.has_frozen

    def taker_side(self, symbol: str, step: int) -> Side:
        """Return the side whose orders trade in a step."""
        return "buy" if self.price(symbol, step) == self.quote(symbol, step)[1] else "sell"

    def levels(self, symbol: str, side: Side, best: int, step: int) -> Iterator[Level]:
        """Yield the generated levels of a side from ``best`` outwards, at most 1000."""
        return self._listings[symbol].liquidity.levels(side, best, step)

    def funding_rate(self, symbol: str, settle_ns: int) -> Decimal:
        """Return the rate that longs pay to shorts at a settlement (8 h grid): 0.01 % plus noise, six decimals."""
        index = settle_ns // FUNDING_INTERVAL_NS
        noise = mix(self._listings[symbol].trade_key ^ index) % 201 - 100
        return Decimal("0.0001") + Decimal(noise) * Decimal("0.000001")

    # trades and bars

    def trades(self, symbol: str, step: int) -> list[TradePrinted]:
        """Return the public trades of a step, oldest first; their volume is the step's volume."""
        listing = self._listings[symbol]
        source = listing.timeline.at(step)
        lots = source.volume(step, step + 1)
        if lots <= 0:
            return []
        side, bits = self.taker_side(symbol, step), mix(listing.trade_key ^ step)
        points = list(source.points(step))
        prices = points if len(points) > 1 else points * min(lots, 1 + (bits >> 8) % 3)
        return [
            TradePrinted(
                symbol=symbol,
                price_ticks=price,
                quantity_lots=size,
                taker_side=side,
                trade_id=f"{listing.trade_key:016x}{step:012x}{index:04x}",
                time_ns=step * STEP_NS + index * 1_000_000,
                sequence=step * 8,
            )
            for index, (price, size) in enumerate(zip(prices, _parts(lots, len(prices), bits), strict=True))
        ]

    def recent_trades(self, symbol: str, step: int, limit: int) -> list[TradePrinted]:
        """Return the newest public trades up to and with a step, newest first; looks back 5 minutes at most."""
        found: list[TradePrinted] = []
        for past in range(step, step - 3000, -1):
            found.extend(reversed(self.trades(symbol, past)))
            if len(found) >= limit:
                break
        return found[:limit]

    def bar(self, symbol: str, start_ns: int, end_ns: int, now_step: int) -> VenueBar | None:
        """Return the bar from ``start_ns`` to ``end_ns`` as far as it has happened; None when it has not begun."""
        first, last = start_ns // STEP_NS, min(end_ns // STEP_NS, now_step + 1)
        if first >= last:
            return None
        listing = self._listings[symbol]
        prices = listing.timeline.summary(first, last)
        lots = listing.timeline.volume(first, last)
        profile = listing.profile
        return VenueBar(
            start_ns=start_ns,
            end_ns=end_ns,
            open_ticks=prices[0],
            high_ticks=prices[1],
            low_ticks=prices[2],
            close_ticks=prices[3],
            volume_lots=lots,
            turnover=_turnover(profile, Decimal(sum(prices)) / 4, lots),
            complete=end_ns // STEP_NS <= now_step,
        )

    # controls

    def apply(self, control: MarketControl, recording: Recording | None = None) -> None:
        """Carry out a control from its step on; a replay brings its recording."""
        self.version += 1
        listing = self._listings[control.symbol]
        match control.kind:
            case "pin":
                self._switch(listing, control.step, self._pinned(listing.profile, control))
            case "release":
                self._switch(listing, control.step, listing.generated)
            case "replay":
                if recording is None or control.speed is None:
                    raise ValueError("a replay needs its recording and a speed")
                source = ReplaySource(recording, listing.profile, start_step=control.step, speed=control.speed)
                self._switch(listing, control.step, source)
            case "halt" if not listing.halted:
                frozen = PinnedSource(ticks=self.price(control.symbol, control.step), lots_per_step=0)
                listing.timeline.change(control.step, frozen)
                listing.halted = True
            case "resume" if listing.halted:
                listing.halted = False
                listing.timeline.change(control.step, listing.unhalted)

    def is_halted(self, symbol: str) -> bool:
        """Tell whether trading in a symbol is halted."""
        return self._listings[symbol].halted

    def set_bad_tick(self, symbol: str, step: int, value: Decimal) -> None:
        """Show ``value`` (0, NaN, absurd...) as quote and last price for one second; nothing trades at it."""
        self._listings[symbol].bad_tick = _BadTick(until_step=step + BAD_TICK_STEPS, value=value)

    def bad_tick(self, symbol: str, step: int) -> Decimal | None:
        """Return the bad tick that is shown now, if any."""
        bad = self._listings[symbol].bad_tick
        return bad.value if bad is not None and step < bad.until_step else None

    def _pinned(self, profile: MarketProfile, control: MarketControl) -> PinnedSource:
        if control.ticks is None or control.ticks < 1:
            raise ValueError("a pinned price must be at least one tick")
        return PinnedSource(ticks=control.ticks, lots_per_step=max(1, profile.daily_lots // STEPS_PER_DAY))

    def _switch(self, listing: _Listing, step: int, source: PriceSource) -> None:
        listing.unhalted = source
        if listing.halted and isinstance(source, PinnedSource):
            source = PinnedSource(ticks=source.ticks, lots_per_step=0)
        elif listing.halted:
            return
        listing.timeline.change(step, source)


def _quotes(listing: _Listing, source: PriceSource, step: int) -> list[tuple[int, int]]:
    known = source.quote(step)
    quotes = [listing.liquidity.quote(step, price) for price in source.points(step)]
    if known is not None:
        quotes[-1] = known
    return quotes


def _generated(seed: int, path: PricePath, profile: MarketProfile) -> GeneratedSource:
    if profile.pricing is None:
        return GeneratedSource(seed, path, profile)
    return DerivedSource(seed, path, profile, profile.pricing)


def _turnover(profile: MarketProfile, ticks: Decimal, lots: int) -> Decimal:
    price, quantity = ticks * Decimal(repr(profile.tick_size)), lots * Decimal(repr(profile.lot_step))
    return quantity / price if profile.is_inverse else quantity * price


def _parts(lots: int, count: int, bits: int) -> list[int]:
    """Split ``lots`` in ``count`` parts, each at least one where there are enough."""
    if count == 1:
        return [lots]
    weights = [1 + ((bits >> (12 + 7 * (index % 6))) & 127) for index in range(count)]
    spare, total = max(0, lots - count), sum(weights)
    parts = [min(1, lots) + math.floor(spare * weight / total) for weight in weights]
    parts[-1] += lots - sum(parts)
    return parts
