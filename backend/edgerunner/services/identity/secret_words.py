"""Secrets that we hand out: how they look, and how they are known again by their hash alone. Pure but for chance."""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Final

KEY_PREFIX: Final = "er_"
TICKET_PREFIX: Final = "erticket_"
REFRESH_PREFIX: Final = "errefresh_"

_KEY = re.compile(r"er_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedKey:
    """The parts of an API key somebody sent."""

    key_id: str
    secret_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """An API key that was made this moment; ``text`` is shown once."""

    key_id: str
    text: str = field(repr=False)
    secret_hash: str = field(repr=False)


def new_key() -> NewKey:
    """Return a new API key ``er_<id>_<256 random bits>``."""
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    return NewKey(key_id=key_id, text=f"{KEY_PREFIX}{key_id}_{secret}", secret_hash=hash_of(secret))


def parse_key(text: str) -> PresentedKey | None:
    """Return the parts of an API key; None = it is none."""
    match = _KEY.fullmatch(text) if text.startswith(KEY_PREFIX) else None
    return None if match is None else PresentedKey(key_id=match[1], secret_hash=hash_of(match[2]))


def new_word(prefix: str) -> str:
    """Return a new secret of 256 random bits behind a prefix that tells what it is."""
    return prefix + secrets.token_urlsafe(32)


def new_id() -> str:
    """Return a new random identifier; no secret."""
    return secrets.token_hex(12)


def hash_of(secret: str) -> str:
    """Return the SHA-256 of a secret in hex: enough for random bits, which nobody can guess one by one."""
    return hashlib.sha256(secret.encode()).hexdigest()
