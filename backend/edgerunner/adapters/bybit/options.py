"""Options and credentials of one Bybit connection, checked before anything is opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from edgerunner.adapters.broker import Environment
from edgerunner.adapters.bybit.environments import Endpoints, endpoints_of, is_real_money, is_url_option
from edgerunner.adapters.bybit.order_style import EXIT_MODES, TRIGGER_SOURCES, Style
from edgerunner.domain.errors import FieldError, InvalidRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """An API key with what signs for it: an HMAC secret or an RSA private key. Never printed."""

    api_key: str = field(repr=False)
    api_secret: str | None = field(default=None, repr=False)
    private_key: RSAPrivateKey | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What can be set for a connection; times in seconds unless the name says otherwise.

    Attributes:
        recv_window_ms: How old a request may be when it reaches Bybit.
        request_timeout_s: For one attempt of a request and for its answer.
        queue_timeout_s: How long a command may wait for a free place under the rate limits; cancels wait without end.
        settle_s: How long Bybit's records may lag behind a placement (proof of absence).
        heartbeat_s: Between pings; a socket silent for two of them is given up.
        websocket: ``picows``, ``aiohttp`` or ``auto`` (picows where it is installed).
        allow_withdrawal_key: Accept an API key that may withdraw.
        account_id: The UID, only for environments that do not tell it (demo).
        is_live: Real money: decided by the hosts, see ``is_real_money``.
        style: How orders are written: options ``trigger_by`` and ``tpsl_mode``.
    """

    endpoints: Endpoints
    is_live: bool
    recv_window_ms: int = 5_000
    request_timeout_s: float = 10.0
    queue_timeout_s: float = 5.0
    settle_s: float = 5.0
    heartbeat_s: float = 20.0
    websocket: str = "auto"
    allow_withdrawal_key: bool = False
    account_id: str | None = None
    style: Style = field(default_factory=Style)


_NUMBERS: Final[Mapping[str, tuple[float, float]]] = {
    "recv_window_ms": (500, 60_000),
    "request_timeout_s": (0.05, 120),
    "queue_timeout_s": (0.05, 120),
    "settle_s": (0, 600),
    "heartbeat_s": (0.05, 60),
}
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "websocket": ("auto", "picows", "aiohttp"),
    "trigger_by": TRIGGER_SOURCES,
    "tpsl_mode": EXIT_MODES,
}
_OTHERS: Final = frozenset({*_WORDS, "allow_withdrawal_key", "account_id"})


def parse_options(environment: Environment, options: Mapping[str, object]) -> Options:
    """Return the options of a connection; raises ``InvalidRequest`` naming each wrong one."""
    errors = [error for name, value in options.items() if (error := _check(name, value)) is not None]
    if errors:
        raise InvalidRequest("; ".join(f"{error.field}: {error.message}" for error in errors), *errors)
    given = {name: value for name, value in options.items() if not is_url_option(name)}
    if "recv_window_ms" in given:
        given["recv_window_ms"] = int(str(given["recv_window_ms"]))
    endpoints = endpoints_of(environment, options)
    style = Style(trigger_by=str(given.pop("trigger_by", "LastPrice")), exit_mode=str(given.pop("tpsl_mode", "Full")))
    return Options(
        style=style,
        endpoints=endpoints,
        is_live=is_real_money(environment, endpoints),
        **given,  # type: ignore[arg-type] # _check saw every value
    )


def _check(name: str, value: object) -> FieldError | None:
    if is_url_option(name):
        return None  # checked with the addresses
    if name in _NUMBERS:
        least, most = _NUMBERS[name]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        is_whole = not name.endswith("_ms") or isinstance(value, int)
        if not (is_number and is_whole and least <= float(str(value)) <= most):
            return _error(name, f"must be a number from {least:g} to {most:g}")
        return None
    if name not in _OTHERS:
        return _error(name, "is not an option of Bybit connections", code="unknown")
    if name in _WORDS and value not in _WORDS[name]:
        return _error(name, f"must be {', '.join(_WORDS[name][:-1])} or {_WORDS[name][-1]}")
    if name == "allow_withdrawal_key" and not isinstance(value, bool):
        return _error(name, "must be true or false")
    if name == "account_id" and not (isinstance(value, str) and value.isalnum()):
        return _error(name, "must be the account's UID")
    return None


def _error(name: str, message: str, *, code: str = "invalid") -> FieldError:
    return FieldError(field=f"options.{name}", code=code, message=message)


def parse_credentials(credentials: Mapping[str, str]) -> Credentials:
    """Return the credentials: ``api_key`` and one of ``api_secret`` (HMAC) or ``private_key`` (RSA PEM).

    Raises ``InvalidRequest`` naming a missing, wrong or unknown field, never its value.
    """
    for name in credentials:
        if name not in {"api_key", "api_secret", "private_key"}:
            raise InvalidRequest.of(f"credentials.{name}", "unknown", "is no credential of Bybit connections")
    api_key = _text(credentials, "api_key")
    if bool(credentials.get("api_secret")) == bool(credentials.get("private_key")):
        raise InvalidRequest.of("credentials.api_secret", "required", "give either api_secret or private_key (RSA)")
    if credentials.get("api_secret"):
        return Credentials(api_key=api_key, api_secret=_text(credentials, "api_secret"))
    return Credentials(api_key=api_key, private_key=_rsa_key(_text(credentials, "private_key")))


def _text(credentials: Mapping[str, str], name: str) -> str:
    value = credentials.get(name, "").strip()
    if not value:
        raise InvalidRequest.of(f"credentials.{name}", "required", "is missing")
    if not value.isascii():
        raise InvalidRequest.of(f"credentials.{name}", "invalid", "has characters that no Bybit key has")
    return value


def _rsa_key(pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise InvalidRequest.of("credentials.private_key", "invalid", "must be an unencrypted RSA private key in PEM")
    return key
