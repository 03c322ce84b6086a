"""The books that events are projected on: what is committed, and what a transaction adds.

Only the writer thread touches them. All values are immutable, so the loop side can share them.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from edgerunner.domain.cash import CashMovement
from edgerunner.domain.errors import Conflict
from edgerunner.domain.events import OrderAdopted, OrderInitialized, RecordedEvent
from edgerunner.domain.fills import Fill
from edgerunner.domain.orders import Order
from edgerunner.domain.positions import Position, PositionKey
from edgerunner.domain.projection import Books, project
from edgerunner.storage.codec import decoder_of
from edgerunner.storage.values import Commit, IdempotencyRecord

RECENT_LIMIT = 4096
# Without being told, SQLite reads the whole history in the order wanted rather than the few that are open.
OPEN_ORDERS = "orders INDEXED BY ix_orders_open"
OPEN_POSITIONS = "positions INDEXED BY ix_positions_open"

LedgerKey = tuple[str, str, str]  # connection, account, trade or movement id
Key = TypeVar("Key")
Value = TypeVar("Value")

decode_order: Callable[[str], Order] = decoder_of(Order)
decode_position: Callable[[str], Position] = decoder_of(Position)
decode_fill: Callable[[str], Fill] = decoder_of(Fill)
decode_movement: Callable[[str], CashMovement] = decoder_of(CashMovement)


class OpenState:
    """Open orders and positions that are not flat, in the order in which they came."""

    def __init__(self, orders: Iterable[Order] = (), positions: Iterable[Position] = ()) -> None:
        self.orders: dict[str, Order] = {}
        self.positions: dict[PositionKey, Position] = {}
        self._venue_ids: dict[tuple[str, str], str] = {}
        self.keep(orders, positions)

    @classmethod
    def load(cls, connection: sqlite3.Connection) -> "OpenState":
        """Read what is open; the cost does not depend on what is closed."""
        orders = connection.execute(f"SELECT state FROM {OPEN_ORDERS} WHERE is_open = 1 ORDER BY first_seq")  # noqa: S608
        positions = connection.execute(f"SELECT state FROM {OPEN_POSITIONS} WHERE is_open = 1")  # noqa: S608
        return cls((decode_order(state) for (state,) in orders), (decode_position(state) for (state,) in positions))

    def copy(self) -> "OpenState":
        """Return the same state, to be kept apart from now on; the values are shared."""
        return OpenState(self.orders.values(), self.positions.values())

    def by_venue_id(self, connection_id: str, venue_order_id: str) -> Order | None:
        """Return the open order that the broker calls so, or None."""
        client_order_id = self._venue_ids.get((connection_id, venue_order_id))
        return None if client_order_id is None else self.orders[client_order_id]

    def keep(self, orders: Iterable[Order], positions: Iterable[Position]) -> None:
        """Take in newer values; what has closed goes."""
        for order in orders:
            self._forget_venue_id(order.client_order_id)
            if order.is_open:
                self.orders[order.client_order_id] = order
                if order.venue_order_id is not None:
                    self._venue_ids[order.connection_id, order.venue_order_id] = order.client_order_id
            else:
                self.orders.pop(order.client_order_id, None)
        for position in positions:
            if position.quantity:
                self.positions[position.key] = position
            else:
                self.positions.pop(position.key, None)

    def _forget_venue_id(self, client_order_id: str) -> None:
        known = self.orders.get(client_order_id)
        if known is not None and known.venue_order_id is not None:
            self._venue_ids.pop((known.connection_id, known.venue_order_id), None)


class StoredBooks:
    """The committed state: what is open in memory, the rest read from the tables on demand."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.open = OpenState.load(connection)
        self._closed_orders: Recent[str, Order] = Recent(RECENT_LIMIT)
        self._flat_positions: Recent[PositionKey, Position] = Recent(RECENT_LIMIT)
        self._absent_orders: set[str] = set()  # a new order is looked up more than once

    def order(self, client_order_id: str) -> Order | None:
        """Return an order, open or closed."""
        known = self.open.orders.get(client_order_id) or self._closed_orders.get(client_order_id)
        if known is not None or client_order_id in self._absent_orders:
            return known
        row = self._connection.execute(
            "SELECT state FROM orders WHERE client_order_id = ?", (client_order_id,)
        ).fetchone()
        if row is None:
            self._absent_orders.add(client_order_id)
            return None
        return self._closed_orders.put(client_order_id, decode_order(row[0]))

    def position(self, key: PositionKey) -> Position | None:
        """Return a position, open or flat."""
        known = self.open.positions.get(key) or self._flat_positions.get(key)
        if known is not None:
            return known
        row = self._connection.execute(
            "SELECT state FROM positions WHERE connection_id = ? AND account_id = ? AND instrument_id = ? AND leg = ?",
            (key.connection_id, key.account_id, key.instrument_id, key.leg),
        ).fetchone()
        return None if row is None else self._flat_positions.put(key, decode_position(row[0]))

    def has_fill(self, connection_id: str, account_id: str, trade_id: str) -> bool:
        """Tell whether the trade id is among the fills: one look-up in a unique index."""
        return self._has(
            "SELECT 1 FROM fills WHERE connection_id = ? AND account_id = ? AND trade_id = ?",
            (connection_id, account_id, trade_id),
        )

    def fill(self, connection_id: str, account_id: str, trade_id: str) -> Fill | None:
        """Return a fill of the account's list."""
        row = self._connection.execute(
            "SELECT state FROM fills WHERE connection_id = ? AND account_id = ? AND trade_id = ?",
            (connection_id, account_id, trade_id),
        ).fetchone()
        return None if row is None else decode_fill(row[0])

    def has_movement(self, connection_id: str, account_id: str, movement_id: str) -> bool:
        """Tell whether the cash movement is booked: one look-up in a unique index."""
        return self._has(
            "SELECT 1 FROM cash_movements WHERE connection_id = ? AND account_id = ? AND movement_id = ?",
            (connection_id, account_id, movement_id),
        )

    def keep(self, staged: "Overlay") -> None:
        """Take in what was committed."""
        self._absent_orders.clear()
        self.open.keep(staged.orders.values(), staged.positions.values())
        for order in staged.orders.values():
            if order.is_open:
                self._closed_orders.drop(order.client_order_id)
            else:
                self._closed_orders.put(order.client_order_id, order)
        for position in staged.positions.values():
            if position.quantity:
                self._flat_positions.drop(position.key)
            else:
                self._flat_positions.put(position.key, position)

    def _has(self, query: str, key: LedgerKey) -> bool:
        return self._connection.execute(query, key).fetchone() is not None


class Overlay:
    """What a transaction, or one call within it, adds to the books beneath; thrown away on failure."""

    __slots__ = (
        "_base",
        "event_ids",
        "fills",
        "first_seqs",
        "idempotency",
        "movements",
        "orders",
        "positions",
        "records",
        "replaced_fills",
        "restated_fills",
        "rows",
    )

    def __init__(self, base: Books) -> None:
        self._base = base
        self.rows: list[tuple[object, ...]] = []  # of the table events
        self.records: list[RecordedEvent] = []
        self.event_ids: set[str] = set()
        self.orders: dict[str, Order] = {}
        self.first_seqs: dict[str, int] = {}  # of orders made here
        self.positions: dict[PositionKey, Position] = {}
        self.fills: dict[LedgerKey, Fill] = {}
        self.replaced_fills: set[LedgerKey] = set()
        self.restated_fills: dict[LedgerKey, Fill] = {}  # that lie in the books beneath
        self.movements: dict[LedgerKey, tuple[CashMovement, str | None]] = {}  # with the order's id
        self.idempotency: dict[tuple[str, str], IdempotencyRecord] = {}

    def order(self, client_order_id: str) -> Order | None:
        """Return an order as it is after what was added."""
        return self.orders.get(client_order_id) or self._base.order(client_order_id)

    def position(self, key: PositionKey) -> Position | None:
        """Return a position as it is after what was added."""
        return self.positions.get(key) or self._base.position(key)

    def has_fill(self, connection_id: str, account_id: str, trade_id: str) -> bool:
        """Tell whether the trade id is among the fills, added ones included."""
        key = (connection_id, account_id, trade_id)
        if key in self.fills:
            return True
        return key not in self.replaced_fills and self._base.has_fill(*key)

    def fill(self, connection_id: str, account_id: str, trade_id: str) -> Fill | None:
        """Return a fill of the account's list as it is after what was added."""
        key = (connection_id, account_id, trade_id)
        known = self.fills.get(key) or self.restated_fills.get(key)
        if known is not None or key in self.replaced_fills:
            return known
        return self._base.fill(*key)

    def has_movement(self, connection_id: str, account_id: str, movement_id: str) -> bool:
        """Tell whether the cash movement is booked, added ones included."""
        key = (connection_id, account_id, movement_id)
        return key in self.movements or self._base.has_movement(*key)

    def book(self, row: tuple[object, ...], recorded: RecordedEvent) -> None:
        """Project one event and keep what it changes; ``Conflict`` for an order that exists."""
        event = recorded.event
        self._note_new_order(recorded)
        changes = project(self, recorded)
        self.rows.append((*row, recorded.seq, recorded.owner_epoch))
        self.records.append(recorded)
        self.event_ids.add(event.event_id)
        if changes.order is not None:
            self.orders[changes.order.client_order_id] = changes.order
        if changes.position is not None:
            self.positions[changes.position.key] = changes.position
        for movement in changes.movements:
            key = (movement.connection_id, movement.account_id, movement.movement_id)
            self.movements[key] = (movement, event.client_order_id)
        self._replace_fills([(event.connection_id, event.account_id, gone) for gone in changes.replaced_fills])
        if changes.fill is not None:
            self.fills[event.connection_id, event.account_id, changes.fill.trade_id] = changes.fill
        self._restate_fills(
            {(event.connection_id, event.account_id, fill.trade_id): fill for fill in changes.restated_fills}
        )

    def absorb(self, other: "Overlay") -> None:
        """Take over what ``other``, which lies on this one, has added."""
        self.rows += other.rows
        self.records += other.records
        self.event_ids |= other.event_ids
        self.orders |= other.orders
        self.first_seqs |= other.first_seqs
        self.positions |= other.positions
        self.movements |= other.movements
        self.idempotency |= other.idempotency
        self._replace_fills(other.replaced_fills)
        self._restate_fills(other.restated_fills)
        self.fills |= other.fills

    def commit(self) -> Commit:
        """Return what was added as the value that callers and listeners get."""
        return Commit(
            records=tuple(self.records),
            orders=tuple(self.orders.values()),
            fills=tuple(self.fills.values()),
            replaced_fills=tuple(self.replaced_fills),
            restated_fills=tuple(self.restated_fills.values()),
            movements=tuple([movement for movement, _ in self.movements.values()]),
            positions=tuple(self.positions.values()),
        )

    def _note_new_order(self, recorded: RecordedEvent) -> None:
        event = recorded.event
        if event.client_order_id is None or not isinstance(event.body, OrderInitialized | OrderAdopted):
            return
        if self.order(event.client_order_id) is None:
            self.first_seqs[event.client_order_id] = recorded.seq
        elif isinstance(event.body, OrderInitialized):
            raise Conflict(f"order {event.client_order_id} exists already")

    def _replace_fills(self, keys: Iterable[LedgerKey]) -> None:
        for key in keys:
            self.fills.pop(key, None)
            self.restated_fills.pop(key, None)
            self.replaced_fills.add(key)

    def _restate_fills(self, restated: Mapping[LedgerKey, Fill]) -> None:
        for key, fill in restated.items():
            (self.fills if key in self.fills else self.restated_fills)[key] = fill


class Recent(Generic[Key, Value]):
    """A bounded dictionary that forgets what was not asked for the longest."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """Return a value, which is the newest one from now on."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: Key, value: Value) -> Value:
        """Keep a value and return it."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._limit:
            self._values.popitem(last=False)
        return value

    def drop(self, key: Key) -> None:
        """Forget a value."""
        self._values.pop(key, None)
