"""What one bridge is told when it starts. Secrets are shown in no representation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path


class Scope(StrEnum):
    """What a token may do; ``trade`` covers whatever changes something for others."""

    READ = "read"
    TRADE = "trade"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One caller's secret; ``name`` stands for it in the log and beside its orders."""

    name: str
    scopes: frozenset[Scope]
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """An account that the terminal may be logged in to.

    ``password`` None = the one the terminal keeps; ``server`` None = not compared.
    """

    login: int
    server: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeLimits:
    """The bridge's own limits; ``allow_symbols`` empty = all, ``max_volume`` in lots, None = none."""

    allow_symbols: frozenset[str] = frozenset()
    max_volume: Decimal | None = None
    max_orders_per_minute: int = 60
    allow_live: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PollIntervals:
    """How often what is subscribed is read, in seconds."""

    ticks_s: float = 0.1
    trades_s: float = 0.25
    account_s: float = 1.0
    probe_s: float = 5.0
    """How often a quiet connection is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """What one caller, or all of them, may ask of the HTTP server."""

    body_bytes: int = 65_536
    connections: int = 64
    requests_per_s: float = 300
    burst: int = 600
    header_s: float = 10
    """How long a connection may take for the head of its first request, and a request for its body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeSettings:
    """Everything one bridge needs.

    Attributes:
        module: Dotted name of the terminal's module.
        path: The terminal to start; None = the one the module finds.
        tls: Certificate and key file; required beyond loopback.
        allowed_hosts: Further host names that requests may carry.
        accounts: By login; empty = orders are refused.
        login: The account to start with, one of ``accounts``.
        data_dir: Audit log, order keys and the kill file.
        call_timeout_s: How long a caller waits for one call of the terminal.
        connect_timeout_s: How long ``initialize`` and ``login`` may take.
        heartbeat_s: Of the stream.
        ea_port: Where Expert Advisors connect, on ``host``; None = nowhere.
        ea_token: What such an EA must show; it opens nothing else.
    """

    tokens: tuple[Token, ...]
    data_dir: Path
    module: str = "MetaTrader5"
    path: str | None = None
    host: str = "127.0.0.1"
    port: int = 8103
    tls: tuple[Path, Path] | None = None
    allowed_hosts: frozenset[str] = frozenset()
    accounts: Mapping[int, AccountSettings] = field(default_factory=dict)
    login: int | None = None
    limits: TradeLimits = field(default_factory=TradeLimits)
    polls: PollIntervals = field(default_factory=PollIntervals)
    http: HttpLimits = field(default_factory=HttpLimits)
    call_timeout_s: float = 30
    connect_timeout_s: float = 60
    heartbeat_s: float = 5
    queue_capacity: int = 64
    ea_port: int | None = None
    ea_token: str | None = field(default=None, repr=False)
