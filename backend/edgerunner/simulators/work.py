"""One change of a venue in the making: what it writes, what it tells, and the numbers it gives out."""

from dataclasses import dataclass, field

from edgerunner.simulators.identifiers import Identifiers, UuidIdentifiers
from edgerunner.simulators.ledger import Counters, Transaction
from edgerunner.simulators.venue_types import Leg, TradePrinted, VenueEvent


@dataclass(slots=True)
class Work:
    """A change: its ledger transaction, its events in true order, and the accounts and positions it touched.

    ``prints`` are the public trades, told after everything private. ``followed_fills``, ``followed_events`` and
    ``followed_prints`` = how many of them have had their consequences (exits made or canceled, orders of a group
    reduced, children released, triggers fired).
    """

    transaction: Transaction = field(default_factory=Transaction)
    events: list[VenueEvent] = field(default_factory=list)
    prints: list[TradePrinted] = field(default_factory=list)
    positions: dict[tuple[str, str, Leg], None] = field(default_factory=dict)
    accounts: dict[str, None] = field(default_factory=dict)
    followed_fills: int = 0
    followed_events: int = 0
    followed_prints: int = 0


class Numbers:
    """Rising numbers and the ids made of them and of the ledger's incarnation."""

    def __init__(self, incarnation: int, counters: Counters, identifiers: Identifiers | None = None) -> None:
        self._identifiers = identifiers or UuidIdentifiers()
        self.restart(incarnation, counters)

    def restart(self, incarnation: int, counters: Counters) -> None:
        """Go on from other numbers."""
        self.incarnation = incarnation
        self._order = counters.order
        self._fill = counters.fill
        self._cash = counters.cash
        self.sequence = counters.sequence

    def next_order(self) -> int:
        """Return the next order number."""
        self._order += 1
        return self._order

    def next_fill(self) -> int:
        """Return the next fill number."""
        self._fill += 1
        return self._fill

    def next_cash(self) -> int:
        """Return the next cash entry number."""
        self._cash += 1
        return self._cash

    def next_sequence(self) -> int:
        """Return the next change number."""
        self.sequence += 1
        return self.sequence

    @property
    def state(self) -> tuple[int, int, int]:
        """Return what changes with everything that is booked."""
        return self.incarnation, self.sequence, self._cash

    def order_id(self, number: int) -> str:
        """Return the id of an order."""
        return self._identifiers.order_id(self.incarnation, number)

    def trade_id(self, number: int) -> str:
        """Return the id of a fill."""
        return self._identifiers.trade_id(self.incarnation, number)

    def entry_id(self, number: int) -> str:
        """Return the id of a cash entry."""
        return self._identifiers.entry_id(self.incarnation, number)
