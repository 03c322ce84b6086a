"""Standard Webhooks signatures: made, checked, and their secrets. Pure.

A message carries ``webhook-id``, ``webhook-timestamp`` (Unix seconds) and ``webhook-signature``
(``v1,`` and the base64 of HMAC-SHA256 over ``id.timestamp.body``, several apart by blanks while a
secret is being changed). A secret is ``whsec_`` and the base64 of 24 to 64 bytes.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SECRET_PREFIX = "whsec_"  # noqa: S105 - a prefix, no secret
SECRET_BYTES = 32
TOLERANCE_S = 300
"""How far a message's time may lie from ours; the specification's libraries allow the same."""

_LONGEST_ID = 256
_MOST_SIGNATURES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookHeaders:
    """The three headers of a signed message; ``timestamp_s`` is Unix time."""

    message_id: str
    timestamp_s: int
    signatures: tuple[str, ...]


def secret_of(random_bytes: bytes) -> str:
    """Write random bytes as a secret."""
    return SECRET_PREFIX + base64.b64encode(random_bytes).decode("ascii")


def webhook_headers(headers: Mapping[str, str]) -> WebhookHeaders | None:
    """Return the headers of a signed message, or None when one is missing or has another form.

    ``headers`` are looked up by lower-case names.
    """
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    signatures = tuple(headers.get("webhook-signature", "").split()[:_MOST_SIGNATURES])
    is_time = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12
    if not (message_id and len(message_id) <= _LONGEST_ID and is_time and signatures):
        return None
    return WebhookHeaders(message_id=message_id, timestamp_s=int(timestamp), signatures=signatures)


def sign(secret: str, *, message_id: str, timestamp_s: int, body: bytes) -> str:
    """Return the signature of a message; raises ``ValueError`` for a text that is no secret."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("is no webhook secret: whsec_ and base64") from error
    content = f"{message_id}.{timestamp_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode("ascii")


def is_signed(headers: WebhookHeaders, body: bytes, secrets: Iterable[str], *, now_ns: int) -> bool:
    """Tell whether one of ``secrets`` signed the body within the tolerance of now.

    Every secret is compared with every signature, each in constant time.
    """
    is_timely = abs(now_ns // 1_000_000_000 - headers.timestamp_s) <= TOLERANCE_S
    matches = [
        hmac.compare_digest(
            sign(secret, message_id=headers.message_id, timestamp_s=headers.timestamp_s, body=body).encode(),
            signature.encode(),
        )
        for secret in secrets
        for signature in headers.signatures
    ]
    return is_timely and any(matches)
