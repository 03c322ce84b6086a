"""Which terminal or bridge, as whom, and what can be set; checked before anything is opened."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from edgerunner.adapters.broker import Environment
from edgerunner.adapters.mt5.server_clock import ServerZone, parse_zone
from edgerunner.adapters.mt5.terminal import Pace
from edgerunner.domain.addresses import objection_to_host
from edgerunner.domain.errors import FieldError, InvalidRequest

REAL_MODULE: Final = "MetaTrader5"
AUTO_SUFFIX: Final = "auto"
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})

_CREDENTIALS: Final = frozenset({"login", "password", "server", "bridge_token"})
_MODULE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_SUFFIX: Final = re.compile(r"[^\s\"'\\;<>|(){}*!,]{0,12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The account, and the bridge's token. The password is used in process only: a bridge has its own."""

    login: int | None
    password: str | None = field(repr=False)
    server: str | None
    bridge_token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What can be set for a connection; times in seconds unless the name says otherwise.

    Attributes:
        bridge_url: Where a bridge listens; None = the package in this process.
        module: The package's name.
        path: The terminal64.exe to use; None = the package's default one.
        portable: The terminal keeps its data in its own folder.
        take_over: Take the bridge's lease from an earlier program with the same token, such as this one before a crash.
        launch_timeout_s: For starting the terminal and logging in.
        request_timeout_s, order_timeout_s, history_timeout_s: For one call of each kind.
        poll_ms, tick_poll_ms: How often changes and ticks are looked for in process.
        account_every_s: How often money and profit are told while nothing trades.
        settle_s: How long the broker's records may lag behind a placement (proof of absence).
        server_zone: The trade server's clock; None = measured.
        clock_wait_s: How long the connect waits for a price to move, to measure the clock.
        symbol_suffix: What the broker appends to names: left out of our ids. ``auto`` finds it.
        deviation_points: How far a market order's price may slip in instant execution.
    """

    environment: Environment
    bridge_url: str | None = None
    module: str = REAL_MODULE
    path: str | None = None
    portable: bool = False
    take_over: bool = True
    launch_timeout_s: float = 20.0
    request_timeout_s: float = 10.0
    order_timeout_s: float = 15.0
    history_timeout_s: float = 60.0
    poll_ms: int = 250
    tick_poll_ms: int = 200
    account_every_s: float = 1.0
    settle_s: float = 60.0
    server_zone: ServerZone | None = None
    clock_wait_s: float = 8.0
    symbol_suffix: str = AUTO_SUFFIX
    deviation_points: int = 20

    @property
    def pace(self) -> Pace:
        """Time-outs and intervals of the terminal."""
        return Pace(
            call_s=self.request_timeout_s,
            order_s=self.order_timeout_s,
            history_s=self.history_timeout_s,
            changes_s=self.poll_ms / 1000,
            ticks_s=self.tick_poll_ms / 1000,
        )


_NUMBERS: Final[Mapping[str, tuple[float, float]]] = {
    "launch_timeout_s": (1, 25),
    "request_timeout_s": (0.05, 120),
    "order_timeout_s": (0.05, 19),
    "history_timeout_s": (0.05, 300),
    "account_every_s": (0.1, 60),
    "settle_s": (0, 3600),
    "clock_wait_s": (0.05, 20),
}
_WHOLE: Final[Mapping[str, tuple[int, int]]] = {
    "poll_ms": (20, 10_000),
    "tick_poll_ms": (10, 10_000),
    "deviation_points": (0, 100_000),
}
_SWITCHES: Final = frozenset({"portable", "take_over"})


def parse_options(environment: Environment, options: Mapping[str, object]) -> Options:
    """Return the options of a connection; raises ``InvalidRequest`` naming each wrong one."""
    if environment in {Environment.PAPER, Environment.TESTNET}:
        text = f"MetaTrader 5 has no environment called {environment}: name demo or live"
        raise InvalidRequest.of("environment", "unsupported", text)
    errors = [error for name, value in options.items() if (error := _check(name, value)) is not None]
    if errors:
        raise InvalidRequest("; ".join(f"{error.field}: {error.message}" for error in errors), *errors)
    known = dict(options)
    if "server_zone" in known:
        known["server_zone"] = parse_zone(str(known["server_zone"]))
    if "bridge_url" in known:
        known["bridge_url"] = str(known["bridge_url"]).rstrip("/")
    return Options(environment=environment, **known)  # type: ignore[arg-type] # _check saw every value


def parse_credentials(credentials: Mapping[str, str], options: Options) -> Credentials:
    """Return the account to use; raises ``InvalidRequest`` naming a wrong, missing or unknown field."""
    for name in credentials:
        if name not in _CREDENTIALS:
            raise InvalidRequest.of(f"credentials.{name}", "unknown", "is no credential of MT5 connections")
    told = {name: text.strip() for name, text in credentials.items() if text.strip()}
    login = told.get("login", "")
    if login and not (login.isdecimal() and 0 < int(login) < 2**63):
        raise InvalidRequest.of("credentials.login", "invalid", "must be the account's number")
    if options.bridge_url is not None:
        if "password" in told:
            text = "is not sent over a bridge, which has the password in its own environment: leave it out"
            raise InvalidRequest.of("credentials.password", "not_allowed", text)
        if "bridge_token" not in told:
            raise InvalidRequest.of("credentials.bridge_token", "required", "is missing: a bridge asks for its token")
    elif "password" in told and not (login and "server" in told):
        raise InvalidRequest.of("credentials.login", "required", "a password needs login and server beside it")
    return Credentials(
        login=int(login) if login else None,
        password=told.get("password"),
        server=told.get("server"),
        bridge_token=told.get("bridge_token"),
    )


def _check(name: str, value: object) -> FieldError | None:
    if name in _SWITCHES:
        return None if isinstance(value, bool) else _error(name, "must be true or false")
    if name in _WHOLE:
        lowest, highest = _WHOLE[name]
        is_whole = isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest
        return None if is_whole else _error(name, f"must be a whole number from {lowest} to {highest}")
    if name in _NUMBERS:
        least, most = _NUMBERS[name]
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
        return None if is_number else _error(name, f"must be a number from {least:g} to {most:g}")
    checks: dict[str, Callable[[str], str | None]] = {
        "bridge_url": _check_url,
        "module": lambda text: None if _MODULE.fullmatch(text) else "must be the name of a module",
        "path": lambda text: None if text.lower().endswith(".exe") else "must be a path to terminal64.exe",
        "server_zone": _check_zone,
        "symbol_suffix": lambda text: None if _SUFFIX.fullmatch(text) else "must be at most 12 characters of a name",
    }
    if name not in checks:
        return _error(name, "is not an option of MT5 connections", code="unknown")
    message = checks[name](value) if isinstance(value, str) else "must be a text"
    return None if message is None else _error(name, message)


def _check_url(text: str) -> str | None:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "must be an address such as http://127.0.0.1:8103"
    if parts.scheme not in {"http", "https"} or not host or parts.path.strip("/") or parts.query or parts.username:
        return "must be an address such as http://127.0.0.1:8103"
    objection = objection_to_host(host)
    if objection is not None:
        return objection
    if parts.scheme == "http" and host not in LOOPBACK:
        return "must be https beyond this machine: the token would travel in clear"
    return None


def _check_zone(text: str) -> str | None:
    try:
        parse_zone(text)
    except ValueError as error:
        return str(error)
    return None


def _error(name: str, message: str, *, code: str = "invalid") -> FieldError:
    return FieldError(field=f"options.{name}", code=code, message=message)
