"""Proof that the stored projections are what the events say: replay them all and compare."""

import sqlite3
from collections.abc import Iterator

from edgerunner.domain.events import RecordedEvent
from edgerunner.domain.projection import MemoryBooks
from edgerunner.storage.books import decode_fill, decode_movement, decode_order, decode_position
from edgerunner.storage.codec import EVENT_COLUMNS, EventCodec, canonical, digest
from edgerunner.storage.values import ReplayReport

_EVENTS = f"SELECT seq, owner_epoch, {EVENT_COLUMNS} FROM events"  # noqa: S608 - our own column names

Texts = dict[tuple[str, ...], str]  # kind and key -> canonical text


def read_events(
    connection: sqlite3.Connection, codec: EventCodec, *, where: str, parameters: tuple[str | int, ...]
) -> Iterator[RecordedEvent]:
    """Yield events in sequence order; ``where`` is our own SQL after FROM."""
    for seq, owner_epoch, *row in connection.execute(f"{_EVENTS} {where}", parameters):
        yield codec.from_row(seq, owner_epoch, tuple(row))


def verify(connection: sqlite3.Connection, codec: EventCodec) -> ReplayReport:
    """Replay every event into fresh books and compare with the stored tables, in one snapshot."""
    connection.execute("BEGIN")
    try:
        books, count = _replayed(connection, codec)
        replayed = _texts_of(books)
        stored = _stored_texts(connection)
    finally:
        connection.execute("ROLLBACK")
    return ReplayReport(
        events=count,
        orders=len(books.orders),
        fills=len(books.fills),
        movements=len(books.movements),
        positions=len(books.positions),
        replayed_hash=digest([text for _, text in sorted(replayed.items())]),
        stored_hash=digest([text for _, text in sorted(stored.items())]),
        first_difference=_first_difference(replayed, stored),
    )


def _replayed(connection: sqlite3.Connection, codec: EventCodec) -> tuple[MemoryBooks, int]:
    books, count = MemoryBooks(), 0
    for recorded in read_events(connection, codec, where="ORDER BY seq", parameters=()):
        books.record(recorded)
        count += 1
    return books, count


def _texts_of(books: MemoryBooks) -> Texts:
    texts: Texts = {("order", order_id): canonical(order) for order_id, order in books.orders.items()}
    texts |= {("fill", *key): canonical(fill) for key, fill in books.fills.items()}
    texts |= {("movement", *key): canonical(movement) for key, movement in books.movements.items()}
    for key, position in books.positions.items():
        texts["position", key.connection_id, key.account_id, key.instrument_id, key.leg] = canonical(position)
    return texts


def _stored_texts(connection: sqlite3.Connection) -> Texts:
    books = MemoryBooks()
    for order_id, state in connection.execute("SELECT client_order_id, state FROM orders"):
        books.orders[order_id] = decode_order(state)
    for *key, state in connection.execute("SELECT connection_id, account_id, trade_id, state FROM fills"):
        books.fills[key[0], key[1], key[2]] = decode_fill(state)
    for *key, state in connection.execute("SELECT connection_id, account_id, movement_id, state FROM cash_movements"):
        books.movements[key[0], key[1], key[2]] = decode_movement(state)
    for (state,) in connection.execute("SELECT state FROM positions"):
        position = decode_position(state)
        books.positions[position.key] = position
    return _texts_of(books)


def _first_difference(replayed: Texts, stored: Texts) -> str | None:
    for key in sorted(replayed.keys() | stored.keys()):
        expected, found = replayed.get(key), stored.get(key)
        if expected != found:
            return f"{' '.join(key)}: replay gives {expected or 'nothing'}, stored is {found or 'nothing'}"
    return None
