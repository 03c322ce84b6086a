"""Identifiers: their grammar and how those we did not choose are derived."""

import base64
import hashlib
import re

CONNECTION_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
CLIENT_ORDER_ID = re.compile(r"[A-Za-z0-9_-]{1,27}")

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(timestamp_ms: int, randomness: int) -> str:
    """Return the 26-character ULID of a time (48 bits) and a random number (80 bits).

    The layout is that of the public ULID specification: sortable by time, Crockford base 32.
    """
    value = (timestamp_ms & ((1 << 48) - 1)) << 80 | (randomness & ((1 << 80) - 1))
    return "".join(_CROCKFORD[(value >> shift) & 31] for shift in range(125, -1, -5))


def external_client_order_id(connection_id: str, venue_order_id: str) -> str:
    """Return our id for an order that somebody else placed at the broker.

    ``X`` and 25 base32 characters of a hash, so that every start derives the same id.
    """
    digest = hashlib.sha256(f"{connection_id}\x00{venue_order_id}".encode()).digest()
    return "X" + base64.b32encode(digest).decode("ascii")[:25]


def deterministic_id(*parts: str) -> str:
    """Return a 26-character id that depends on ``parts`` alone.

    Used for what reconciliation derives, so that repeating it books nothing twice.
    """
    digest = hashlib.sha256("\x00".join(parts).encode()).digest()
    return base64.b32encode(digest).decode("ascii")[:26]


def magic_number(client_order_id: str) -> int:
    """Return the number under which an order travels where texts may be rewritten (MT5's ``magic``).

    52 bits of a hash, never 0, which means "entered by hand": exact in JSON and in JavaScript, the same at every start.
    """
    digest = hashlib.sha256(b"magic\x00" + client_order_id.encode()).digest()
    return int.from_bytes(digest[:7], "big") >> 4 or 1
