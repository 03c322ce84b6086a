"""What the simulator process and its control port need of a simulated broker, whatever its protocol."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from edgerunner.matching.words import OrderType, Side, TimeInForce
from edgerunner.simulators.clock import VirtualClock
from edgerunner.simulators.replay import Recording


class UnknownLeg(ValueError):
    """A word that names no leg of a position; the sentence tells which do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualOrder:
    """An order entered by hand at the broker.

    Attributes:
        symbol: The broker's key of the instrument.
        leg: Part of the position that is meant, None = as usual: ``net``, ``long``, ``short``, or a ticket.
    """

    account_id: str
    symbol: str
    side: Side
    order_type: OrderType
    quantity: Decimal
    price: Decimal | None
    time_in_force: TimeInForce
    reduce_only: bool
    leg: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order as the control port shows it."""

    venue_order_id: str
    client_key: str | None
    symbol: str
    product: str
    status: str
    quantity: Decimal
    filled_quantity: Decimal
    live: bool


class Listed(Protocol):
    """An instrument: its key, the broker's name, and whether its trades make no position."""

    @property
    def symbol(self) -> str:
        """Return its key."""

    @property
    def name(self) -> str:
        """Return the broker's name."""

    @property
    def is_spot(self) -> bool:
        """Tell whether its trades make no position."""


class Snapshot(Protocol):
    """A ledger at one moment."""

    def to_json(self) -> str:
        """Return it in the control port's form; may take long and run in another thread."""


class BrokerHand(Protocol):
    """Orders by the broker's own hand; everything raises ``VenueReject``."""

    def place(self, order: ManualOrder) -> OrderView:
        """Enter an order; raises ``UnknownLeg``."""

    def fill(self, *, order_id: str | None, client_key: str | None, quantity: Decimal | None) -> OrderView:
        """Trade a resting order at its price, whole (None) or in part."""

    def liquidate(self, account_id: str, symbol: str) -> OrderView:
        """Close a position by force."""


class BrokerOperator(Protocol):
    """What else only the broker itself can do; symbols are its keys. Everything raises ``VenueReject``."""

    @property
    def seed(self) -> int:
        """Return the seed of the market."""

    def default_account(self) -> str:
        """Return the first account."""

    def instruments_named(self, name: str, product: str | None = None) -> Sequence[Listed]:
        """Return the instruments meant by a key, an instrument id or a broker's name."""

    def move_cash(self, account_id: str, currency: str, amount: Decimal, kind: str = "transfer") -> Decimal:
        """Pay money in or out and return the new total."""

    def set_price(self, symbol: str, price: Decimal | None) -> None:
        """Pin a price, or let it go back to the generated one."""

    def set_halt(self, symbol: str, *, halted: bool) -> None:
        """Halt trading, or resume it."""

    def show_bad_tick(self, symbol: str, value: Decimal) -> None:
        """Show an absurd quote for a second."""

    def replay(
        self, symbol: str, file: Path, recording: Recording, speed: float, *, start_ns: int | None = None
    ) -> None:
        """Play a recording as a symbol's price."""

    def forget_history(self) -> None:
        """Empty the view of recently closed orders."""

    def forget_recent(self) -> None:
        """Forget what the broker's server does not remember after a restart."""

    def reset(self, seed: int | None = None) -> None:
        """Start over with another seed (None = the same)."""


class SimulatedBroker(Protocol):
    """One simulated broker without its wire."""

    @property
    def name(self) -> str:
        """Return the broker's name."""

    @property
    def accounts(self) -> list[str]:
        """Return the ids of the accounts."""

    @property
    def clock(self) -> VirtualClock:
        """Return the clock, whose offset makes it wrong."""

    @property
    def operator(self) -> BrokerOperator:
        """Return the broker's control."""

    @property
    def hand(self) -> BrokerHand:
        """Return the broker's hand."""

    @property
    def instruments(self) -> Mapping[str, Listed]:
        """Return what it lists, by its keys."""

    def now_ns(self) -> int:
        """Return the time it stamps with, UTC nanoseconds."""

    def snapshot(self) -> Snapshot:
        """Return the ledger as it stands."""

    async def run(self) -> None:
        """Move along with the market until canceled."""

    def close(self) -> None:
        """Close the ledger."""
