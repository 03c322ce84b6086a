"""A streamed order book: snapshot and deltas, holes noticed.

Rules of the ``orderbook`` topics: a snapshot replaces everything (``u`` = 1 after a restart of the
service); quantity 0 deletes, also a level that is not there; level 1 sends snapshots only and
repeats one unchanged. Bybit states for the full book that ``u`` rises by one with each delta; for
the depth topics this is observed, not promised. So a hole asks for a fresh snapshot, but a topic
that shows one again and again right after snapshots is no longer held to it.
"""

from decimal import Decimal
from enum import Enum, auto
from typing import Final

from edgerunner.adapters.bybit.market_wire import BookData, Levels
from edgerunner.adapters.bybit.values import exact

_HOLES_TO_UNLEARN: Final = 3
_PROVEN_DELTAS: Final = 20


class Applied(Enum):
    """What a message did to the book."""

    CHANGED = auto()
    NOTHING = auto()
    HOLE = auto()
    """Something is missing: the book is invalid until the next snapshot."""


class _Side:
    """The levels of one side, with the best price at hand (``sign`` +1: higher is better)."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self.levels: dict[Decimal, Decimal] = {}
        self.best: Decimal | None = None

    def replace(self, levels: Levels) -> bool:
        """Take over a snapshot; tell whether anything changed."""
        before, self.levels = self.levels, {}
        self.apply(levels)
        self._find_best()
        return before != self.levels

    def apply(self, changes: Levels) -> bool:
        """Set and delete levels; tell whether anything changed. Raises ``Malformed``."""
        levels, is_changed, is_best_gone = self.levels, False, False
        for price_text, quantity_text in changes:
            price, quantity = exact(price_text), exact(quantity_text)
            if quantity:
                is_changed = is_changed or levels.get(price) != quantity
                levels[price] = quantity
                if self.best is None or (price > self.best if self._sign > 0 else price < self.best):
                    self.best = price
            elif levels.pop(price, None) is not None:
                is_changed = True
                is_best_gone = is_best_gone or price == self.best
        if is_best_gone:
            self._find_best()
        return is_changed

    def sorted(self) -> tuple[tuple[Decimal, Decimal], ...]:
        """Return the levels, best first."""
        return tuple(sorted(self.levels.items(), reverse=self._sign > 0))

    def top(self) -> tuple[Decimal, Decimal] | None:
        """Return the best level, or None."""
        return None if self.best is None else (self.best, self.levels[self.best])

    def _find_best(self) -> None:
        choose = max if self._sign > 0 else min
        self.best = choose(self.levels, default=None)


class Book:
    """One instrument's book at one depth; prices and quantities exact."""

    def __init__(self) -> None:
        self._bids = _Side(+1)
        self._asks = _Side(-1)
        self._is_valid = False
        self._holes = 0
        self._deltas = 0
        self.sequence = 0

    @property
    def is_valid(self) -> bool:
        """Whether the book is complete."""
        return self._is_valid

    @property
    def is_continuity_checked(self) -> bool:
        """Whether ``u`` must rise by exactly one."""
        return self._holes < _HOLES_TO_UNLEARN

    def invalidate(self) -> None:
        """Forget the book, as after a lost connection."""
        self._is_valid = False

    def snapshot(self, data: BookData) -> Applied:
        """Replace the book; raises ``Malformed`` for impossible numbers."""
        was_valid, self._is_valid = self._is_valid, False
        is_changed = self._bids.replace(data.b) | self._asks.replace(data.a)
        is_same = was_valid and data.u == self.sequence and not is_changed
        self.sequence, self._is_valid, self._deltas = data.u, True, 0
        return Applied.NOTHING if is_same else Applied.CHANGED

    def delta(self, data: BookData) -> Applied:
        """Apply a change; raises ``Malformed`` for impossible numbers."""
        if not self._is_valid or data.u <= self.sequence:
            return Applied.NOTHING  # before the snapshot, repeated, or older than it
        if data.u != self.sequence + 1 and self.is_continuity_checked:
            return self._hole()
        is_changed = self._bids.apply(data.b) | self._asks.apply(data.a)
        self.sequence = data.u
        self._deltas += 1
        if self._deltas == _PROVEN_DELTAS and self.is_continuity_checked:
            self._holes = 0
        bid, ask = self._bids.best, self._asks.best
        if bid is not None and ask is not None and bid >= ask:
            return self._hole()  # crossed: something was lost on the way
        return Applied.CHANGED if is_changed else Applied.NOTHING

    def _hole(self) -> Applied:
        self._holes += 1 if self._deltas < _PROVEN_DELTAS else 0
        self._is_valid = False
        return Applied.HOLE

    def best(self) -> tuple[tuple[Decimal, Decimal] | None, tuple[Decimal, Decimal] | None]:
        """Return the best bid and ask as (price, quantity)."""
        return self._bids.top(), self._asks.top()

    def levels(self) -> tuple[tuple[tuple[Decimal, Decimal], ...], tuple[tuple[Decimal, Decimal], ...]]:
        """Return bids and asks, best first."""
        return self._bids.sorted(), self._asks.sorted()
