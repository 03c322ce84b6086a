"""The second factor: time-based codes (RFC 6238: 6 digits, 30 s, SHA-1, as all authenticators have it)."""

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

import pyotp
import segno

from edgerunner.domain.errors import Conflict, InvalidRequest
from edgerunner.services.clock import Clock
from edgerunner.services.identity.secret_words import hash_of
from edgerunner.storage.identity_sessions import SessionStore
from edgerunner.storage.identity_values import StoredUser

STEP_S: Final = 30
DRIFT_STEPS: Final = 1
"""Steps a phone's clock may be off, either way."""

RECOVERY_CODES: Final = 10
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # no letters that look like others


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What an authenticator needs once; shown this once."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)
    qr_svg: str = field(repr=False)


class SecondFactor:
    """Authenticators of users, and the recovery codes for the day the phone is lost."""

    def __init__(self, *, store: SessionStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def begin(self, user: StoredUser) -> Enrolment:
        """Give a user a new secret, which does not count until it is confirmed. Raises ``Conflict``."""
        if user.totp_confirmed:
            raise Conflict("a second factor is set already: remove it first")
        secret = pyotp.random_base32()
        uri = pyotp.TOTP(secret).provisioning_uri(name=user.name, issuer_name="Edgerunner")
        await self._store.begin_totp(user.name, secret)
        drawing = segno.make(uri, error="m").svg_inline(scale=4, light="#fff")
        return Enrolment(secret=secret, uri=uri, qr_svg=drawing)

    async def confirm(self, user: StoredUser, code: str) -> list[str]:
        """Make the begun secret count and return the recovery codes, shown this once.

        Raises ``Conflict`` when none was begun, ``InvalidRequest`` for a wrong code.
        """
        secret = None if user.totp_confirmed else await self._store.totp_secret(user.name)
        if secret is None:
            raise Conflict("there is no authenticator to confirm: begin with POST /auth/totp")
        step = self._step_of(secret, code)
        if step is None:
            raise InvalidRequest.of("code", "wrong_code", "is not the code of the authenticator now")
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        await self._store.confirm_totp(user.name, step, tuple(hash_of(_plain(recovery)) for recovery in codes))
        return codes

    async def accepts(self, user: StoredUser, code: str) -> bool:
        """Use a code or a recovery code up; False when it is wrong or was used before."""
        plain = _plain(code)
        if len(plain) != 6 or not plain.isascii() or not plain.isdigit():
            return await self._store.use_recovery_code(user.name, hash_of(plain))
        secret = await self._store.totp_secret(user.name)
        step = None if secret is None else self._step_of(secret, plain)
        return step is not None and await self._store.use_step(user.name, step)

    def _step_of(self, secret: str, code: str) -> int | None:
        totp = pyotp.TOTP(secret)
        now = self._clock.now_ns() // 1_000_000_000 // STEP_S
        fitting = [
            step
            for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1)
            if hmac.compare_digest(totp.at(step * STEP_S).encode(), code.encode())
        ]
        return fitting[0] if fitting else None


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()


def _recovery_code() -> str:
    """Return 10 characters of some 5 random bits each, in two groups."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"
