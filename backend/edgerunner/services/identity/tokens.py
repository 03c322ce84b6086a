"""Access tokens: JSON Web Tokens signed with one fixed algorithm, and keys that can change.

RFC 7519; HS256 since only this installation makes and reads them. The algorithm of a token's head is
never believed (RFC 8725, 3.1).
"""

import secrets
from dataclasses import dataclass
from typing import Final

import jwt

from edgerunner.storage.identity_values import SigningKeys

ALGORITHM: Final = "HS256"
ISSUER: Final = "edgerunner"
AUDIENCE: Final = "edgerunner-api"
LIFETIME_S: Final = 15 * 60
KEYS_KEPT: Final = 2
"""The current one and the one before, whose tokens are good until they expire."""

_REQUIRED: Final = ["iss", "aud", "exp", "iat", "jti", "sub", "sid"]
_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a genuine token says; whether its session still stands is another question."""

    user_name: str
    session_id: str
    expires_at_ns: int


def new_signing_keys(before: SigningKeys | None = None) -> SigningKeys:
    """Return keys with a new random current one; the newest old one goes on verifying."""
    kid = secrets.token_hex(4)
    kept = {} if before is None else {before.current: before.secrets[before.current]}
    return SigningKeys(current=kid, secrets={**kept, kid: secrets.token_bytes(64)})


def sign(keys: SigningKeys, *, user_name: str, session_id: str, now_ns: int, ends_at_ns: int) -> tuple[str, int]:
    """Return an access token and when it expires (UTC ns): after 15 minutes, or with its session at ``ends_at_ns``."""
    issued = now_ns // _NS
    expires = min(issued + LIFETIME_S, ends_at_ns // _NS)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "exp": expires,
        "iat": issued,
        "jti": secrets.token_hex(8),
        "sub": user_name,
        "sid": session_id,
    }
    token = jwt.encode(claims, keys.secrets[keys.current], algorithm=ALGORITHM, headers={"kid": keys.current})
    return token, expires * _NS


def read(keys: SigningKeys, token: str) -> Claims | None:
    """Return what a token says when it is genuine and ours; its time is the caller's to check."""
    try:
        secret = keys.secrets.get(str(jwt.get_unverified_header(token).get("kid")))
        if secret is None:
            return None
        claims = jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=AUDIENCE,
            options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False},
        )
    except jwt.PyJWTError:
        return None
    if not isinstance(claims["exp"], int):
        return None
    return Claims(user_name=str(claims["sub"]), session_id=str(claims["sid"]), expires_at_ns=claims["exp"] * _NS)
