"""The tokens that callers show: where they come from, and which one a header holds."""

import hmac
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from edgerunner.mt5_bridge.settings import Scope, Token

VARIABLE: Final = "EDGERUNNER_MT5_BRIDGE_TOKEN"
READ_VARIABLE: Final = "EDGERUNNER_MT5_BRIDGE_READ_TOKEN"
MINIMUM_LENGTH: Final = 32
_DIFFERENT_CHARACTERS: Final = 8


class TokenUnusable(Exception):
    """A token is missing, weak or badly written; the message never holds it."""


class TokenBook:
    """The configured tokens."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tuple(tokens)

    def find(self, authorization: str | None) -> Token | None:
        """Return the token that an ``Authorization`` header holds. Every token is compared, in constant time."""
        scheme, _, secret = (authorization or "").partition(" ")
        given = secret.strip().encode("utf-8", "surrogateescape")
        found = None
        for token in self._tokens:
            if hmac.compare_digest(token.secret.encode(), given):
                found = token
        return found if scheme.lower() == "bearer" else None


def configured_tokens(file: Path | None, environment: Mapping[str, str]) -> tuple[Token, ...]:
    """Return the tokens of a file, else those of the environment; empty when there are none.

    Raises ``TokenUnusable``.
    """
    if file is not None:
        return _tokens_of(file)
    both, read = frozenset(Scope), frozenset({Scope.READ})
    given = ((VARIABLE, "environment", both), (READ_VARIABLE, "environment-read", read))
    return tuple(
        _token(name=name, scopes=scopes, secret=secret, place=variable)
        for variable, name, scopes in given
        if (secret := environment.get(variable, "").strip())
    )


def own_token(folder: Path) -> tuple[Token, Path]:
    """Return the token kept in the data folder, made at the first start (mode 0600). Raises ``OSError``."""
    file = folder / "token"
    if not file.exists():
        draft = folder / f"token.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as text:
            text.write(secrets.token_urlsafe(32) + "\n")
        draft.replace(file)
    secret = file.read_text(encoding="ascii", errors="replace").strip()
    return _token(name="own", scopes=frozenset(Scope), secret=secret, place=str(file)), file


def _tokens_of(file: Path) -> tuple[Token, ...]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TokenUnusable(f"the token file {file} cannot be read: {error}") from error
    tokens = []
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        place = f"line {number} of {file}"
        if len(words) != 3:
            raise TokenUnusable(f"{place} is not NAME SCOPES TOKEN")
        name, scopes, secret = words
        tokens.append(_token(name=name, scopes=_scopes(scopes, place), secret=secret, place=place))
    if not tokens:
        raise TokenUnusable(f"the token file {file} holds no token")
    if len({token.name for token in tokens}) < len(tokens) or len({token.secret for token in tokens}) < len(tokens):
        raise TokenUnusable(f"the token file {file} holds a name or a token twice")
    return tuple(tokens)


def _scopes(text: str, place: str) -> frozenset[Scope]:
    try:
        return frozenset(Scope(word) for word in text.split(","))
    except ValueError:
        raise TokenUnusable(f"{place}: scopes are read, trade or read,trade") from None


def _token(*, name: str, scopes: frozenset[Scope], secret: str, place: str) -> Token:
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise TokenUnusable(f"the token of {place} holds characters that do not fit into an HTTP header")
    if len(secret) < MINIMUM_LENGTH or len(set(secret)) < _DIFFERENT_CHARACTERS:
        raise TokenUnusable(f"the token of {place} could be guessed: use at least {MINIMUM_LENGTH} random characters")
    return Token(name=name, scopes=scopes, secret=secret)
