"""The journal's writes: prepared statements, a whole group of calls with one of each."""

import sqlite3

import msgspec

from edgerunner.storage.books import Overlay
from edgerunner.storage.codec import EVENT_COLUMNS, encode
from edgerunner.storage.values import IdempotencyRecord

NS_PER_S = 1_000_000_000
KEY_LIFETIME_NS = 24 * 3600 * NS_PER_S
PURGE_LIMIT = 50_000

_INSERT_EVENT = f"INSERT INTO events ({EVENT_COLUMNS}, seq, owner_epoch) VALUES ({', '.join('?' * 16)})"  # noqa: S608 - our own column names
_UPSERT_ORDER = """
    INSERT INTO orders (first_seq, client_order_id, connection_id, venue_order_id, is_open, state)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (client_order_id) DO UPDATE
    SET venue_order_id = excluded.venue_order_id, is_open = excluded.is_open, state = excluded.state
"""
_DELETE_FILL = "DELETE FROM fills WHERE connection_id = ? AND account_id = ? AND trade_id = ?"
_INSERT_FILL = """
    INSERT INTO fills (seq, connection_id, account_id, trade_id, client_order_id, state)
    VALUES (?, ?, ?, ?, ?, ?)
"""
_RESTATE_FILL = "UPDATE fills SET state = ? WHERE connection_id = ? AND account_id = ? AND trade_id = ?"
_INSERT_MOVEMENT = """
    INSERT INTO cash_movements (connection_id, account_id, movement_id, client_order_id, state)
    VALUES (?, ?, ?, ?, ?)
"""
_UPSERT_POSITION = """
    INSERT INTO positions (connection_id, account_id, instrument_id, leg, is_open, state) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (connection_id, account_id, instrument_id, leg) DO UPDATE
    SET is_open = excluded.is_open, state = excluded.state
"""
_INSERT_KEY = "INSERT INTO idempotency (scope, key, fingerprint, client_order_id, created_ns) VALUES (?, ?, ?, ?, ?)"
_SELECT_KEY = "SELECT scope, key, fingerprint, client_order_id, created_ns FROM idempotency WHERE scope = ? AND key = ?"
_CLAIM = """
    INSERT INTO owner (id, epoch, claimed_at_ns) VALUES (1, 1, ?)
    ON CONFLICT (id) DO UPDATE SET epoch = epoch + 1, claimed_at_ns = excluded.claimed_at_ns
    RETURNING epoch
"""
_STANDING = """
    SELECT
        epoch,
        (SELECT coalesce(max(seq), 0) FROM events),
        (SELECT json_group_array(event_id) FROM events WHERE event_id IN (SELECT value FROM json_each(?)))
    FROM owner
"""
_PURGE_KEYS = """
    DELETE FROM idempotency WHERE rowid IN (
        SELECT idempotency.rowid FROM idempotency
        LEFT JOIN orders ON orders.client_order_id = idempotency.client_order_id AND orders.is_open = 1
        WHERE idempotency.created_ns < ? AND orders.first_seq IS NULL
        LIMIT ?
    )
"""


def claim(connection: sqlite3.Connection, now_ns: int) -> int:
    """Become the journal's owner and return the new epoch; older owners can write no more."""
    return int(connection.execute(_CLAIM, (now_ns,)).fetchone()[0])


def standing(connection: sqlite3.Connection, event_ids: list[str]) -> tuple[int, int, set[str]]:
    """Return the owner's epoch, the newest sequence number, and those of ``event_ids`` that are known."""
    epoch, last_seq, known = connection.execute(_STANDING, (encode(event_ids),)).fetchone()
    return epoch, last_seq, set(msgspec.json.decode(known, type=list[str]))


def purge_keys(connection: sqlite3.Connection, now_ns: int) -> None:
    """Forget idempotency keys older than 24 h whose order is closed.

    Runs at every start, and forgets a bounded number so that a start stays quick.
    """
    connection.execute(_PURGE_KEYS, (now_ns - KEY_LIFETIME_NS, PURGE_LIMIT))


def find_key(connection: sqlite3.Connection, scope: str, key: str) -> IdempotencyRecord | None:
    """Return the use of an idempotency key, or None."""
    row = connection.execute(_SELECT_KEY, (scope, key)).fetchone()
    if row is None:
        return None
    return IdempotencyRecord(scope=row[0], key=row[1], fingerprint=row[2], client_order_id=row[3], created_ns=row[4])


def write(connection: sqlite3.Connection, staged: Overlay) -> None:
    """Write everything that a transaction has staged."""
    connection.executemany(_INSERT_EVENT, staged.rows)
    connection.executemany(
        _UPSERT_ORDER,
        [
            (
                staged.first_seqs.get(order.client_order_id),
                order.client_order_id,
                order.connection_id,
                order.venue_order_id,
                int(order.is_open),
                encode(order),
            )
            for order in staged.orders.values()
        ],
    )
    if staged.fills or staged.movements or staged.positions or staged.replaced_fills:
        _write_ledger(connection, staged)
    if staged.idempotency:
        keys = staged.idempotency.values()
        connection.executemany(
            _INSERT_KEY, [(key.scope, key.key, key.fingerprint, key.client_order_id, key.created_ns) for key in keys]
        )


def _write_ledger(connection: sqlite3.Connection, staged: Overlay) -> None:
    connection.executemany(_DELETE_FILL, list(staged.replaced_fills))
    connection.executemany(
        _INSERT_FILL,
        [(fill.seq, *key, fill.client_order_id, encode(fill)) for key, fill in staged.fills.items()],
    )
    connection.executemany(_RESTATE_FILL, [(encode(fill), *key) for key, fill in staged.restated_fills.items()])
    connection.executemany(
        _INSERT_MOVEMENT,
        [(*key, client_order_id, encode(movement)) for key, (movement, client_order_id) in staged.movements.items()],
    )
    connection.executemany(
        _UPSERT_POSITION,
        [
            (
                key.connection_id,
                key.account_id,
                key.instrument_id,
                key.leg,
                int(bool(position.quantity)),
                encode(position),
            )
            for key, position in staged.positions.items()
        ],
    )
