"""The values that the journal takes and gives."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from edgerunner.domain.cash import CashMovement
from edgerunner.domain.errors import EdgerunnerError
from edgerunner.domain.events import RecordedEvent
from edgerunner.domain.fills import Fill
from edgerunner.domain.orders import Order
from edgerunner.domain.positions import Position

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyRecord:
    """One used idempotency key.

    Attributes:
        scope: Whose key it is (an API key's name), so that two callers never collide.
        fingerprint: Hash of the request body; another body under the same key is a conflict.
        created_ns: When it was used, UTC nanoseconds.
    """

    scope: str
    key: str
    fingerprint: str
    client_order_id: str
    created_ns: int


class IdempotencyTaken(EdgerunnerError):
    """The key was used before; nothing was written. ``existing`` says for which order."""

    code = "idempotency_conflict"

    def __init__(self, existing: IdempotencyRecord) -> None:
        super().__init__(f"the idempotency key belongs to order {existing.client_order_id}")
        self.existing = existing


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What one ``append`` made durable: its records and the newest state of all they changed.

    Events that the journal knew already are not among ``records``. ``replaced_fills`` are the
    (connection, account, trade id) of derived fills that left the list for real ones;
    ``restated_fills`` were committed before and closed another profit, as a late fill has shown.
    """

    records: tuple[RecordedEvent, ...] = ()
    orders: tuple[Order, ...] = ()
    fills: tuple[Fill, ...] = ()
    replaced_fills: tuple[tuple[str, str, str], ...] = ()
    restated_fills: tuple[Fill, ...] = ()
    movements: tuple[CashMovement, ...] = ()
    positions: tuple[Position, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """A part of a list, newest first; ``next_cursor`` fetches the next part, None is the end."""

    items: list[Item] = field(default_factory=list)
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """Whether replaying every event from the first gives the stored projections.

    Attributes:
        events: How many events were replayed.
        replayed_hash: SHA-256 over orders, fills, movements and positions of the replay.
        stored_hash: The same over the stored tables.
        first_difference: Which value differs first and how, or None when all agree.
    """

    events: int
    orders: int
    fills: int
    movements: int
    positions: int
    replayed_hash: str
    stored_hash: str
    first_difference: str | None

    @property
    def is_clean(self) -> bool:
        """Tell whether both hashes agree."""
        return self.replayed_hash == self.stored_hash
