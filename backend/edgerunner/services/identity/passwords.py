"""Passwords: which are good enough, and Argon2id over them on a thread.

The parameters are argon2-cffi's RFC 9106 low-memory profile (64 MiB, 3 passes), through pwdlib.
"""

import asyncio
import re
import secrets
import unicodedata
from collections.abc import Callable
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from edgerunner.domain.errors import InvalidRequest, Overloaded

Result = TypeVar("Result")

MINIMUM_LENGTH = 12
MAXIMUM_LENGTH = 256
MOST_WAITING = 32
"""Most passwords waiting to be hashed; each takes 64 MiB and some 50 ms, one at a time."""

_WELL_KNOWN = frozenset(
    {
        *("password", "passwort", "passphrase", "passw", "pass", "admin", "administrator", "root", "user", "login"),
        *("qwerty", "qwertz", "azerty", "qwertyuiop", "asdfgh", "asdfghjkl", "zxcvbn", "zxcvbnm", "letmein"),
        *("welcome", "welcometo", "iloveyou", "monkey", "dragon", "sunshine", "princess", "football", "baseball"),
        *("superman", "batman", "trustno", "master", "shadow", "michael", "jordan", "secret", "changeme", "default"),
        *("edgerunner", "trader", "trading", "bitcoin", "abc", "test", "testing", "temp", "guest", "hello", "whatever"),
        *("qwertypassword", "passwordpassword", "adminadmin", "passwordadmin", "letmeinplease", "abcdefghijkl", "qaz"),
        *("qazwsx", "qazwsxedc", "correcthorsebatterystaple", "mypassword", "thisisapassword", "ilovemy", "computer"),
    }
)
_LEET = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "01234567890123456789", "1q2w3e4r5t6y7u8i9o0p")


def weakness_of(password: str, user_name: str) -> str | None:
    """Say why a password is refused; None = it is good enough."""
    if len(password) < MINIMUM_LENGTH:
        return f"must have at least {MINIMUM_LENGTH} characters"
    if len(password) > MAXIMUM_LENGTH:
        return f"must have at most {MAXIMUM_LENGTH} characters"
    lowered = password.lower()
    if len(set(lowered)) < 5 or lowered in (lowered + lowered)[1:-1]:
        return "repeats itself"
    if any(lowered in row or lowered in row[::-1] for row in _ROWS):
        return "is a row of the keyboard or of the alphabet"
    if not any(letter.isalpha() for letter in lowered) or _cores(lowered) & (_WELL_KNOWN | {user_name}):
        return "is a well-known word with decorations"
    return None


def require_good(password: str, user_name: str, *, field: str = "password") -> None:
    """Pass a password that is good enough; raises ``InvalidRequest``."""
    weakness = weakness_of(password, user_name)
    if weakness is not None:
        raise InvalidRequest.of(field, "weak_password", weakness)


def _cores(lowered: str) -> set[str]:
    """Return the password without its decorations: digits and signs at its ends, and letters drawn as digits."""
    plain = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", lowered)
    return {plain, re.sub(r"[^a-z]", "", lowered), re.sub(r"[^a-z]", "", plain.translate(_LEET))}


class PasswordHasher:
    """Argon2id, one at a time and off the loop; a user who does not exist costs the same time."""

    def __init__(self) -> None:
        self._hash = PasswordHash((Argon2Hasher(),))
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """Return the hash to store. Raises ``Overloaded``."""
        return await self._alone(lambda: self._hash.hash(_normal(password)))

    async def verify(self, password: str, stored: str | None, *, on_turn: Callable[[], None]) -> bool:
        """Tell whether a password fits; None = there is no such user, found out at the same cost.

        ``on_turn`` is called when nothing else can come between it and the answer; what it raises ends the
        try. Raises ``Overloaded``.
        """
        if len(password) > MAXIMUM_LENGTH:
            password = ""  # never one of ours; hashing megabytes for a stranger is no use
        return await self._alone(lambda: self._verify(password, stored), on_turn)

    def _verify(self, password: str, stored: str | None) -> bool:
        if self._nobodys is None:
            self._nobodys = self._hash.hash(secrets.token_urlsafe(24))
        fits = self._hash.verify(_normal(password), self._nobodys if stored is None else stored)
        return fits and stored is not None

    async def _alone(self, work: Callable[[], Result], on_turn: Callable[[], None] = lambda: None) -> Result:
        if self._waiting >= MOST_WAITING:
            raise Overloaded("too many people sign in at this moment: try again in some seconds")
        self._waiting += 1
        try:
            async with self._turn:
                on_turn()
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


def _normal(password: str) -> str:
    """Return the same characters for the same text, however a keyboard composed them."""
    return unicodedata.normalize("NFC", password)
