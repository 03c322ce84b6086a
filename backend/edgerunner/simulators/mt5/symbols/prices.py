"""Quotes and ticks of the listed symbols at any time, from the market that all brokers share."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edgerunner.mt5_surface.constants import TICK_FLAG_ASK, TICK_FLAG_BID
from edgerunner.simulators.market import Market
from edgerunner.simulators.mt5.symbols.hours import Hours
from edgerunner.simulators.mt5.symbols.listing import ListedSymbol
from edgerunner.simulators.mt5.trade_server.values import Quote
from edgerunner.simulators.path import STEP_NS

_TICK_GAP_NS: Final = 1_000_000
"""Between several ticks of one step."""
_MINUTE_STEPS: Final = 600

Pair = tuple[int, int]
"""Bid and ask in ticks of price."""
TickRow = tuple[int, int, int, int]
"""Time (UTC nanoseconds), bid and ask (ticks of price), flags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolTick:
    """The last tick of a symbol.

    Attributes:
        bid, ask: Absurd (0, NaN, anything) while a bad tick is shown.
        flags: ``TICK_FLAG_BID`` and ``TICK_FLAG_ASK``: what changed with it.
    """

    bid: Decimal
    ask: Decimal
    time_ns: int
    flags: int


class Prices:
    """Quotes by symbol and market step (100 ms). A symbol that does not trade keeps its last quote."""

    def __init__(
        self, market: Market, listed: Mapping[str, ListedSymbol], hours: Hours, now_ns: Callable[[], int]
    ) -> None:
        self._market = market
        self._listed = listed
        self._hours = hours
        self._now_ns = now_ns

    def now_step(self) -> int:
        """Return the step that runs."""
        return self._now_ns() // STEP_NS

    def is_open(self, symbol: str, time_ns: int) -> bool:
        """Tell whether a symbol can be traded at a time: in its hours, and not halted now."""
        return self._hours.is_open(symbol, time_ns) and not self._market.is_halted(symbol)

    def effective_step(self, symbol: str, step: int) -> int:
        """Return the last step up to ``step`` in which the symbol traded."""
        last = self._hours.last_open_ns(symbol, (step + 1) * STEP_NS - 1) // STEP_NS
        return self._market.frozen_step(symbol, min(step, last))

    def quote(self, symbol: str, step: int) -> Quote:
        """Return what a symbol can be traded at in a step."""
        effective = self.effective_step(symbol, step)
        return self._quote(symbol, self._market.quote(symbol, effective), step)

    def visits(self, symbol: str, step: int) -> list[Quote]:
        """Return every quote of a step; the last one stands at its end."""
        effective = self.effective_step(symbol, step)
        pairs = self._market.quotes(symbol, effective)
        return [self._quote(symbol, pair, step) for pair in (pairs if effective == step else pairs[-1:])]

    def coarse_visits(self, symbol: str, first: int, last: int) -> list[Quote]:
        """Return four quotes for steps ``first`` to ``last`` (excluded): open, extremes, close."""
        effective = self.effective_step(symbol, last - 1)
        if effective < first:
            return [self.quote(symbol, last - 1)] * 4
        visits = self._market.coarse_visits(symbol, first, effective + 1)
        return [self._quote(symbol, (bid, ask), effective) for _, bid, ask in visits]

    def tick(self, symbol: str) -> SymbolTick:
        """Return the last tick as a terminal shows it."""
        now = self.now_step()
        bad = self._market.bad_tick(symbol, now)
        if bad is not None:
            return SymbolTick(bid=bad, ask=bad, time_ns=now * STEP_NS, flags=TICK_FLAG_BID | TICK_FLAG_ASK)
        step = self.effective_step(symbol, now)
        while not (found := ticks_of(step, self._market.quotes(symbol, step), self.pair_before(symbol, step))):
            step = self.effective_step(symbol, step - 1)
        return self._shown(symbol, found[-1])

    def _shown(self, symbol: str, row: TickRow) -> SymbolTick:
        time_ns, bid, ask, flags = row
        listed = self._listed[symbol]
        return SymbolTick(bid=listed.price(bid), ask=listed.price(ask), time_ns=time_ns, flags=flags)

    def pair_before(self, symbol: str, step: int) -> Pair:
        """Return the bid and ask that stood before a step."""
        return self._market.quote(symbol, self.effective_step(symbol, step - 1))

    def steps(self, symbol: str, first: int, last: int) -> Iterator[tuple[int, list[Pair]]]:
        """Yield (step, quotes in ticks) of the steps from ``first`` to ``last`` (excluded) in which it traded."""
        for opens, closes in self._hours.spans(symbol, first * STEP_NS, last * STEP_NS):
            yield from self._market.traded_quotes(symbol, -(-opens // STEP_NS), closes // STEP_NS)

    def _quote(self, symbol: str, pair: Pair, step: int) -> Quote:
        listed, time_ns = self._listed[symbol], step * STEP_NS
        return Quote(
            bid=listed.price(pair[0]),
            ask=listed.price(pair[1]),
            time_ns=time_ns,
            is_open=self.is_open(symbol, time_ns),
        )


def ticks_of(step: int, quotes: Sequence[Pair], before: Pair) -> list[TickRow]:
    """Return the ticks of a step: its quotes that differ from the one before.

    Each minute begins with a tick, even if that repeats the last quote, so that bars are exactly their ticks.
    """
    rows: list[TickRow] = []
    for place, quote in enumerate(quotes):
        flags = TICK_FLAG_BID * (before[0] != quote[0]) | TICK_FLAG_ASK * (before[1] != quote[1])
        if not flags and not place and step % _MINUTE_STEPS == 0:
            flags = TICK_FLAG_BID | TICK_FLAG_ASK
        if flags:
            rows.append((step * STEP_NS + place * _TICK_GAP_NS, *quote, flags))
            before = quote
    return rows
