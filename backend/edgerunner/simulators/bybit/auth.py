"""Who may call: keys, signatures over the raw bytes, and the time window.

Rules of the "Integration Guidance" and "WebSocket Connect" pages of the Bybit V5 documentation:
HMAC-SHA256 as lower-case hex, or RSA PKCS#1 v1.5 with SHA-256 as base64.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from edgerunner.simulators.bybit import codes

FUTURE_TOLERANCE_MS: Final = 1000
DEFAULT_RECEIVE_WINDOW_MS: Final = 5000
MAXIMUM_DIGITS: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """One API key and what it may do.

    Attributes:
        key: The public half, sent in ``X-BAPI-API-KEY``.
        account_id: The venue account it belongs to.
        user_id: Bybit UID; rate limits count per UID.
        secret: Shared secret of an HMAC key, or None for an RSA key.
        public_key_pem: PEM text of an RSA key's public half, or None for an HMAC key.
        read_only: True refuses everything that changes orders, positions or settings (10005).
        environment: ``testnet``, ``mainnet`` or ``demo``: what kind of account it is; demo accounts can do less.
        may_withdraw: The key says that it may move money out; nothing here can be withdrawn.
        has_dead_man: Disconnect-cancel-all is switched on for the account (institutions only).
    """

    key: str
    account_id: str
    user_id: int
    secret: str | None = None
    public_key_pem: str | None = None
    read_only: bool = False
    environment: str = "testnet"
    may_withdraw: bool = False
    has_dead_man: bool = False

    def __repr__(self) -> str:
        """Show the key without its secret."""
        return f"ApiKey(key={self.key!r}, account_id={self.account_id!r}, user_id={self.user_id})"


class KeyTable:
    """The API keys that the simulator knows, by their public half."""

    def __init__(self, keys: Iterable[ApiKey]) -> None:
        self._keys = {key.key: key for key in keys}

    def add(self, key: ApiKey) -> None:
        """Register ``key``, replacing one with the same public half."""
        self._keys[key.key] = key

    def find(self, key: str) -> ApiKey:
        """Return the key; raise 10003 when it is unknown."""
        found = self._keys.get(key)
        if found is None:
            raise codes.WireError(codes.INVALID_KEY)
        return found


def verify_signature(key: ApiKey, payload: bytes, signature: str) -> None:
    """Check that ``signature`` is the key owner's over ``payload``; raise 10004 otherwise."""
    if not _is_signed(key, payload, signature):
        raise codes.WireError(codes.INVALID_SIGNATURE)


def _is_signed(key: ApiKey, payload: bytes, signature: str) -> bool:
    if key.public_key_pem is not None:
        return _is_signed_by_rsa(key.public_key_pem, payload, signature)
    expected = hmac.new((key.secret or "").encode(), payload, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogateescape"))


def _is_signed_by_rsa(public_key_pem: str, payload: bytes, signature: str) -> bool:
    public_key = load_pem_public_key(public_key_pem.encode())
    if not isinstance(public_key, rsa.RSAPublicKey):
        raise TypeError("an RSA public key is needed")
    try:
        public_key.verify(base64.b64decode(signature, validate=True), payload, padding.PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def request_payload(timestamp: str, key: str, receive_window: str, raw: bytes) -> bytes:
    """Return what a REST request signs: ``raw`` is the raw query string or the raw body."""
    return f"{timestamp}{key}{receive_window}".encode() + raw


def socket_payload(expires: str) -> bytes:
    """Return what a WebSocket ``auth`` signs."""
    return f"GET/realtime{expires}".encode()


def parse_milliseconds(text: str, name: str) -> int:
    """Return a stamp or window written as a number of milliseconds; raise 10001 otherwise."""
    if not text.isascii() or not text.isdigit() or len(text) > MAXIMUM_DIGITS:
        raise codes.WireError(codes.INVALID_PARAMETER, f"params error: {name} invalid")
    return int(text)


def check_time_window(*, timestamp_ms: int, receive_window_ms: int, server_ms: int) -> None:
    """Apply ``server - window <= timestamp < server + 1000``; raise 10002 otherwise."""
    if server_ms - receive_window_ms <= timestamp_ms < server_ms + FUTURE_TOLERANCE_MS:
        return
    raise codes.WireError(
        codes.OUTSIDE_TIME_WINDOW,
        "invalid request, please check your server timestamp or recv_window param. "
        f"req_timestamp[{timestamp_ms}],server_timestamp[{server_ms}],recv_window[{receive_window_ms}]",
    )
