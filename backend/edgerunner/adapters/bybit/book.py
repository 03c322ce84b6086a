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
from edgerunner.adapters.bybit.values import Malformed

_HOLES_TO_UNLEARN: Final = 3
_PROVEN_DELTAS: Final = 20


class Applied(Enum):
    """What a message did to the book."""

    CHANGED = auto()
    NOTHING = auto()
    HOLE = auto()
    """Something is missing: the book is invalid until the next snapshot."""


class Book:
    """One instrument's book at one depth; prices and quantities exact."""

    def __init__(self) -> None:
        self._bids: dict[Decimal, Decimal] = {}
        self._asks: dict[Decimal, Decimal] = {}
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
        bids, asks = _side(data.b), _side(data.a)
        is_same = self._is_valid and data.u == self.sequence and bids == self._bids and asks == self._asks
        self._bids, self._asks = bids, asks
        self.sequence, self._is_valid, self._deltas = data.u, True, 0
        return Applied.NOTHING if is_same else Applied.CHANGED

    def delta(self, data: BookData) -> Applied:
        """Apply a change; raises ``Malformed`` for impossible numbers."""
        if not self._is_valid:
            return Applied.NOTHING
        if data.u <= self.sequence:
            return Applied.NOTHING  # repeated or older than the snapshot
        if data.u != self.sequence + 1 and self.is_continuity_checked:
            return self._hole()
        is_changed = _apply(self._bids, data.b) | _apply(self._asks, data.a)
        self.sequence = data.u
        self._deltas += 1
        if self._deltas >= _PROVEN_DELTAS and self.is_continuity_checked:
            self._holes = 0
        if self._bids and self._asks and max(self._bids) >= min(self._asks):
            return self._hole()  # crossed: something was lost on the way
        return Applied.CHANGED if is_changed else Applied.NOTHING

    def _hole(self) -> Applied:
        self._holes += 1 if self._deltas < _PROVEN_DELTAS else 0
        self._is_valid = False
        return Applied.HOLE

    def best(self) -> tuple[tuple[Decimal, Decimal] | None, tuple[Decimal, Decimal] | None]:
        """Return the best bid and ask as (price, quantity)."""
        bid = max(self._bids, default=None)
        ask = min(self._asks, default=None)
        return (None if bid is None else (bid, self._bids[bid])), (None if ask is None else (ask, self._asks[ask]))

    def levels(self) -> tuple[tuple[tuple[Decimal, Decimal], ...], tuple[tuple[Decimal, Decimal], ...]]:
        """Return bids and asks, best first."""
        return tuple(sorted(self._bids.items(), reverse=True)), tuple(sorted(self._asks.items()))


def _side(levels: Levels) -> dict[Decimal, Decimal]:
    side: dict[Decimal, Decimal] = {}
    _apply(side, levels)
    return side


def _apply(side: dict[Decimal, Decimal], levels: Levels) -> bool:
    """Set and delete levels; tell whether anything changed."""
    is_changed = False
    for level_price, quantity in levels:
        if not (level_price.is_finite() and quantity.is_finite()):
            raise Malformed("a level of the book is no number")
        if quantity:
            is_changed = is_changed or side.get(level_price) != quantity
            side[level_price] = quantity
        elif side.pop(level_price, None) is not None:
            is_changed = True
    return is_changed
