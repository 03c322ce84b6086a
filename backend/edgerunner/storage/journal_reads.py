"""What was committed, read back: the same for the process that writes the journal and for any other."""

import sqlite3
from typing import Literal

from edgerunner.domain.cash import CashMovement
from edgerunner.domain.events import RecordedEvent
from edgerunner.domain.fills import Fill
from edgerunner.domain.orders import Order
from edgerunner.domain.positions import Position
from edgerunner.storage import replay, statements
from edgerunner.storage.books import OPEN_ORDERS, decode_fill, decode_movement, decode_order, decode_position
from edgerunner.storage.codec import EventCodec
from edgerunner.storage.reader import PageQuery, Reader
from edgerunner.storage.values import IdempotencyRecord, Page

OrderFilter = Literal["open", "closed", "all"]
_ALL = 1_000_000
_IS_OPEN: dict[OrderFilter, bool | None] = {"open": True, "closed": False, "all": None}


class JournalReads:
    """Queries over the tables of the journal; each raises ``JournalUnavailable`` when the file fails."""

    def __init__(self, reader: Reader, codec: EventCodec) -> None:
        self._reader = reader
        self._codec = codec

    async def all_positions(self) -> list[Position]:
        """Return every position there ever was, flat ones too."""
        query = "SELECT state FROM positions ORDER BY rowid"
        rows = await self._reader.run(lambda connection: connection.execute(query).fetchall())
        return [decode_position(state) for (state,) in rows]

    async def order(self, client_order_id: str) -> Order | None:
        """Return an order, open or closed."""
        return await self._one_order("SELECT state FROM orders WHERE client_order_id = ?", client_order_id)

    async def order_by_venue_id(self, connection_id: str, venue_order_id: str) -> Order | None:
        """Return the order that the broker of a connection calls ``venue_order_id``; the newest of several."""
        return await self._one_order(
            "SELECT state FROM orders WHERE connection_id = ? AND venue_order_id = ? ORDER BY first_seq DESC",
            connection_id,
            venue_order_id,
        )

    async def orders(
        self,
        *,
        connection_id: str | None = None,
        status: OrderFilter = "all",
        limit: int,
        cursor: str | None = None,
        client_order_id: str | None = None,
    ) -> Page[Order]:
        """Return a page of orders, newest first."""
        query = PageQuery(
            table=OPEN_ORDERS if status == "open" else "orders",
            position="first_seq",
            filters=(("connection_id", connection_id), ("client_order_id", client_order_id)),
            is_open=_IS_OPEN[status],
        )
        return await self._reader.run(lambda connection: query.page(connection, decode_order, limit, cursor))

    async def fills(
        self,
        *,
        connection_id: str | None = None,
        account_id: str | None = None,
        client_order_id: str | None = None,
        limit: int,
        cursor: str | None = None,
    ) -> Page[Fill]:
        """Return a page of fills, newest first."""
        filters = (("connection_id", connection_id), ("account_id", account_id), ("client_order_id", client_order_id))
        query = PageQuery(table="fills", position="seq", filters=filters)
        return await self._reader.run(lambda connection: query.page(connection, decode_fill, limit, cursor))

    async def movements(
        self,
        *,
        connection_id: str | None = None,
        account_id: str | None = None,
        client_order_id: str | None = None,
        limit: int,
        cursor: str | None = None,
    ) -> Page[CashMovement]:
        """Return a page of cash movements, newest first; an order's are its commissions."""
        filters = (("connection_id", connection_id), ("account_id", account_id), ("client_order_id", client_order_id))
        query = PageQuery(table="cash_movements", position="movement_no", filters=filters)
        return await self._reader.run(lambda connection: query.page(connection, decode_movement, limit, cursor))

    async def events(self, client_order_id: str) -> list[RecordedEvent]:
        """Return everything that happened to one order, oldest first."""
        return await self._events("WHERE client_order_id = ? ORDER BY seq", client_order_id)

    async def newest_seq(self) -> int:
        """Return the sequence number of the newest event, 0 without events."""
        query = "SELECT coalesce(max(seq), 0) FROM events"
        return int(await self._reader.run(lambda connection: connection.execute(query).fetchone()[0]))

    async def export(self, after_seq: int, limit: int) -> list[RecordedEvent]:
        """Return at most ``limit`` events that follow ``after_seq``, oldest first."""
        return await self._events("WHERE seq > ? ORDER BY seq LIMIT ?", after_seq, limit)

    async def strategy_events(self, strategy_id: str, *, after_seq: int, limit: int) -> list[RecordedEvent]:
        """Return at most ``limit`` events of a strategy's orders that follow ``after_seq``, oldest first."""
        return await self._events(
            "WHERE strategy_id = ? AND seq > ? ORDER BY seq LIMIT ?", strategy_id, after_seq, limit
        )

    async def idempotency(self, scope: str, key: str) -> IdempotencyRecord | None:
        """Return the use of an idempotency key; kept for 24 h and as long as its order is open."""
        return await self._reader.run(lambda connection: statements.find_key(connection, scope, key))

    async def _one_order(self, query: str, *parameters: str) -> Order | None:
        row = await self._reader.run(lambda connection: connection.execute(query, parameters).fetchone())
        return None if row is None else decode_order(row[0])

    async def _events(self, where: str, *parameters: str | int) -> list[RecordedEvent]:
        return await self._reader.run(
            lambda connection: list(replay.read_events(connection, self._codec, where=where, parameters=parameters))
        )


def newest_orders(connection: sqlite3.Connection, connection_id: str | None, limit: int) -> list[Order]:
    """Return the newest closed orders, ``limit`` at most, then every open one; each oldest first."""
    filters = (("connection_id", connection_id),)
    closed = PageQuery(table="orders", position="first_seq", filters=filters, is_open=False)
    working = PageQuery(table=OPEN_ORDERS, position="first_seq", filters=filters, is_open=True)
    return [
        *reversed(closed.page(connection, decode_order, limit, None).items),
        *reversed(working.page(connection, decode_order, _ALL, None).items),
    ]


def newest_fills(connection: sqlite3.Connection, connection_id: str | None, limit: int) -> list[Fill]:
    """Return the newest fills, ``limit`` at most, oldest first."""
    query = PageQuery(table="fills", position="seq", filters=(("connection_id", connection_id),))
    return query.page(connection, decode_fill, limit, None).items[::-1]
