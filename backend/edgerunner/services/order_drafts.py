"""What the order service is asked with, and what it answers."""

from dataclasses import dataclass, field

from edgerunner.domain.instruments import Instrument
from edgerunner.domain.numbers import to_plain
from edgerunner.domain.orders import Order, OrderTerms, Source
from edgerunner.request_context import received_ns
from edgerunner.services.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """A caller's key: ``scope`` is the API key's name, ``fingerprint`` a hash of the body."""

    scope: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The answer to a placement; ``replayed`` when the key was used before with the same body.

    ``children`` are the exits that work already: a broker makes them as the order fills.
    """

    order: Order
    children: tuple[Order, ...] = ()
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who wants an order, since when, and whether it leads out of a position, or out of trouble."""

    actor: str
    source: Source
    strategy_id: str | None
    is_exit: bool = False
    is_emergency: bool = False
    received_ns: int = field(default_factory=received_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An order that can be sent; ``client_order_id`` None = we make one."""

    session: Session
    account_id: str
    terms: OrderTerms
    instrument: Instrument
    caller: Caller
    client_order_id: str | None = None

    def in_words(self) -> dict[str, str]:
        """Return what a log line says of it."""
        return {
            "connection_id": self.session.connection_id,
            "actor": self.caller.actor,
            "source": self.caller.source.value,
            "instrument_id": self.terms.instrument_id,
            "side": self.terms.side.value,
            "order_type": self.terms.order_type.value,
            "quantity": to_plain(self.terms.quantity),
        }
