"""Quotes and ticks of the listed symbols at any time, from the market that all brokers share."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edgerunner.mt5_surface.constants import TICK_FLAG_ASK, TICK_FLAG_BID
from edgerunner.simulators.market import Market
from edgerunner.simulators.mt5.symbols.hours import Hours
from edgerunner.simulators.mt5.symbols.listing import ListedSymbol
from edgerunner.simulators.mt5.trade_server.values import Quote
from edgerunner.simulators.path import STEP_NS

_MINUTE_STEPS: Final = 600
_LOOK_BACK: Final = _MINUTE_STEPS + 1
"""Steps in which there is a tick."""


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
        for back in range(step, step - _LOOK_BACK, -1):
            if flags := self.changes(symbol, back):
                step = back
                break
        else:
            flags = TICK_FLAG_BID | TICK_FLAG_ASK
        bid, ask = self._market.quote(symbol, step)
        listed = self._listed[symbol]
        count = len(self._market.quotes(symbol, step)) - 1
        time_ns = step * STEP_NS + count * TICK_GAP_NS
        return SymbolTick(bid=listed.price(bid), ask=listed.price(ask), time_ns=time_ns, flags=flags)

    def changes(self, symbol: str, step: int) -> int:
        """Return the flags of the last tick of a step; 0 = it has none."""
        *_, before, last = self.ticks_before(symbol, step), *self._market.quotes(symbol, step)
        return tick_flags(before, last) or repeated_flags(step)

    def ticks_before(self, symbol: str, step: int) -> tuple[int, int]:
        """Return bid and ask, in ticks of price, that stood before a step."""
        return self._market.quote(symbol, self.effective_step(symbol, step - 1))

    def steps(self, symbol: str, first: int, last: int) -> Iterator[tuple[int, list[tuple[int, int]]]]:
        """Yield (step, quotes in ticks) of the steps from ``first`` to ``last`` (excluded) in which it traded."""
        for opens, closes in self._hours.spans(symbol, first * STEP_NS, last * STEP_NS):
            yield from self._market.traded_quotes(symbol, -(-opens // STEP_NS), closes // STEP_NS)

    def _quote(self, symbol: str, pair: tuple[int, int], step: int) -> Quote:
        listed, time_ns = self._listed[symbol], step * STEP_NS
        return Quote(
            bid=listed.price(pair[0]),
            ask=listed.price(pair[1]),
            time_ns=time_ns,
            is_open=self.is_open(symbol, time_ns),
        )


TICK_GAP_NS: Final = 1_000_000
"""Between several ticks of one step."""


def repeated_flags(step: int) -> int:
    """Return the flags of a tick that repeats a quote: each minute begins with one, so that bars are their ticks'."""
    return 0 if step % _MINUTE_STEPS else TICK_FLAG_BID | TICK_FLAG_ASK


def tick_flags(before: tuple[int, int], after: tuple[int, int]) -> int:
    """Return the flags of what a new quote changes; 0 = nothing."""
    return TICK_FLAG_BID * (before[0] != after[0]) | TICK_FLAG_ASK * (before[1] != after[1])
