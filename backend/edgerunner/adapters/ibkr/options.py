"""Where a gateway listens, as whom to log on, and what can be set; checked before anything is opened."""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edgerunner.adapters.broker import Environment
from edgerunner.domain.addresses import objection_to_host
from edgerunner.domain.errors import FieldError, InvalidRequest

DEFAULT_PORTS: Final[Mapping[Environment, int]] = {Environment.PAPER: 7497, Environment.LIVE: 7496}
"""Where TWS listens; IB Gateway has 4002 (paper) and 4001 (live)."""

_CREDENTIALS: Final = frozenset({"host", "port", "client_id", "account"})
_ACCOUNT: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,31}")
_HIGHEST_CLIENT_ID: Final = 2**31 - 1
_HIGHEST_PORT: Final = 65_535
_FIRST_CLIENT_ID: Final = 100
_CLIENT_IDS: Final = 900_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Where a gateway listens and as whom we log on. None of it is a secret: TWS asks no password on its socket.

    Attributes:
        client_id: Number of our session; orders belong to it, so it stays the same over restarts.
        account: The account to use, or None for all that the gateway reports.
    """

    host: str
    port: int
    client_id: int
    account: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What can be set for a connection; times in seconds.

    Attributes:
        connect_timeout_s: For the whole log-on, from the first byte to the first lists.
        request_timeout_s: For the answer to one request.
        history_timeout_s: For the answer to one request for bars.
        heartbeat_s: Between questions for the time; a gateway silent for two of them is dropped and dialled again.
        settle_s: How long the gateway's records may lag behind a placement (proof of absence).
        delayed_data: Take delayed quotes where there is no right to live ones.
        extended_hours: Bars of stocks and options include trading outside of regular hours.
    """

    environment: Environment
    connect_timeout_s: float = 10.0
    request_timeout_s: float = 10.0
    history_timeout_s: float = 60.0
    heartbeat_s: float = 15.0
    settle_s: float = 5.0
    delayed_data: bool = False
    extended_hours: bool = False


_NUMBERS: Final[Mapping[str, tuple[float, float]]] = {
    "connect_timeout_s": (0.05, 25),
    "request_timeout_s": (0.05, 120),
    "history_timeout_s": (0.05, 300),
    "heartbeat_s": (0.05, 60),
    "settle_s": (0, 600),
}
_SWITCHES: Final = frozenset({"delayed_data", "extended_hours"})


def parse_options(environment: Environment, options: Mapping[str, object]) -> Options:
    """Return the options of a connection; raises ``InvalidRequest`` naming each wrong one."""
    if environment in {Environment.DEMO, Environment.TESTNET}:
        text = f"Interactive Brokers has no environment called {environment}: name paper or live"
        raise InvalidRequest.of("environment", "unsupported", text)
    errors = [error for name, value in options.items() if (error := _check(name, value)) is not None]
    if errors:
        raise InvalidRequest("; ".join(f"{error.field}: {error.message}" for error in errors), *errors)
    return Options(environment=environment, **options)  # type: ignore[arg-type] # _check saw every value


def parse_credentials(environment: Environment, credentials: Mapping[str, str], *, connection_id: str) -> Credentials:
    """Return where and as whom to log on: ``host``, ``port``, ``client_id``, ``account``, all optional.

    Defaults: this machine, TWS's own port of the environment, a client id that follows from the connection's name.
    Raises ``InvalidRequest`` naming a wrong or unknown field.
    """
    for name in credentials:
        if name not in _CREDENTIALS:
            raise InvalidRequest.of(f"credentials.{name}", "unknown", "is no credential of IBKR connections")
    account = credentials.get("account", "").strip() or None
    if account is not None and not _ACCOUNT.fullmatch(account):
        raise InvalidRequest.of("credentials.account", "invalid", "must be an account id such as DU1234567")
    host = credentials.get("host", "127.0.0.1").strip()
    if not host or any(character.isspace() for character in host):
        raise InvalidRequest.of("credentials.host", "invalid", "must be a host name or address")
    objection = objection_to_host(host)
    if objection is not None:
        raise InvalidRequest.of("credentials.host", "invalid", objection)
    return Credentials(
        host=host,
        port=_whole(credentials, "port", DEFAULT_PORTS.get(environment), least=1, most=_HIGHEST_PORT),
        client_id=_whole(credentials, "client_id", default_client_id(connection_id), least=1, most=_HIGHEST_CLIENT_ID),
        account=account,
    )


def default_client_id(connection_id: str) -> int:
    """Return the client id of a connection that names none: the same at every start, seldom another's."""
    return _FIRST_CLIENT_ID + zlib.crc32(connection_id.encode()) % _CLIENT_IDS


def _whole(credentials: Mapping[str, str], name: str, default: int | None, *, least: int, most: int) -> int:
    text = credentials.get(name, "").strip()
    if not text:
        if default is None:
            raise InvalidRequest.of(f"credentials.{name}", "required", "is missing")
        return default
    if not text.isdecimal() or not least <= int(text) <= most:
        raise InvalidRequest.of(f"credentials.{name}", "invalid", f"must be a whole number from {least} to {most}")
    return int(text)


def _check(name: str, value: object) -> FieldError | None:
    if name in _SWITCHES:
        return None if isinstance(value, bool) else _error(name, "must be true or false")
    if name not in _NUMBERS:
        return _error(name, "is not an option of IBKR connections", code="unknown")
    least, most = _NUMBERS[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        return _error(name, f"must be a number from {least:g} to {most:g}")
    return None


def _error(name: str, message: str, *, code: str = "invalid") -> FieldError:
    return FieldError(field=f"options.{name}", code=code, message=message)
