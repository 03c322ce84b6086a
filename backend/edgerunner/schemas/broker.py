"""Connections on the wire."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, JsonValue, SecretStr, StringConstraints

from edgerunner.domain.accounts import Account, AccountMode, MarginMode
from edgerunner.domain.errors import FieldError
from edgerunner.domain.market import Timeframe
from edgerunner.domain.orders import OrderType, TimeInForce
from edgerunner.schemas.base import AnswerModel, RequestModel, one_of
from edgerunner.schemas.scalars import ConnectionId, TimeText

Broker = Literal["bybit", "ibkr", "mt5"]
EnvironmentName = Literal["simulated", "demo", "paper", "testnet", "live"]
Execution = Literal["broker", "local"]

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
_Secret = Annotated[SecretStr, Field(max_length=16_384)]


class ConnectRequest(RequestModel):
    """A session to open. Credentials are stored encrypted and never shown again."""

    broker: Broker
    environment: EnvironmentName
    execution: Execution | None = None
    connection_id: ConnectionId | None = None
    credentials: Annotated[dict[_Name, _Secret], Field(max_length=16)] | None = None
    options: Annotated[dict[_Name, JsonValue], Field(max_length=64)] | None = None

    def rule_errors(self) -> tuple[FieldError, ...]:
        """Return an error per address among the options (``*_url``) that no parser can read."""
        return tuple(
            FieldError(field=f"options.{name}", code="invalid", message="must be an address such as http://host:port")
            for name, value in (self.options or {}).items()
            if name.endswith("_url") and isinstance(value, str) and not _is_readable_address(value)
        )


def _is_readable_address(address: str) -> bool:
    try:
        port = urlsplit(address).port
    except ValueError:  # an open bracket, or a port that is no number up to 65535
        return False
    return port != 0


class ConnectionAccountAnswer(AnswerModel):
    """One account of a connection; ``live`` is what the broker says: real money."""

    account_id: str
    mode: AccountMode
    currency: str
    live: bool

    @classmethod
    def of(cls, account: Account) -> "ConnectionAccountAnswer":
        """Render an account."""
        return cls(account_id=account.account_id, mode=account.mode, currency=account.currency, live=account.is_live)


class LinkAnswer(AnswerModel):
    """Health of one link to the broker."""

    status: Annotated[str, one_of("connecting", "up", "stale", "down")]
    since: TimeText
    latency_ms: float | None


class HealthAnswer(AnswerModel):
    """Health of the market data and the order link."""

    data: LinkAnswer
    orders: LinkAnswer


class ProductCapabilitiesAnswer(AnswerModel):
    """What the broker can do for one product; ``unsupported`` gives a reason per missing capability."""

    order_types: list[OrderType]
    time_in_force: list[TimeInForce]
    post_only: bool
    reduce_only: bool
    oca: bool
    modify: list[str]
    brackets: str
    hedging: bool
    depth_levels: int
    timeframes: list[Timeframe]
    funding: bool
    leverage: bool
    trailing_stop: bool
    unsupported: dict[str, str]


class CapabilitiesAnswer(AnswerModel):
    """What a connection can do, by product label."""

    products: dict[str, ProductCapabilitiesAnswer]
    account_history: bool
    run_ea: bool
    position_modes: list[AccountMode]
    margin_modes: list[MarginMode]


class LastErrorAnswer(AnswerModel):
    """The newest error of a connection."""

    code: str
    detail: str
    time: TimeText


class ConnectionAnswer(AnswerModel):
    """One connection as it stands; ``capabilities`` is null until its first session."""

    connection_id: str
    broker: str
    environment: str
    execution: str
    status: Annotated[str, one_of("connecting", "reconciling", "connected", "degraded", "disconnected", "failed")]
    accounts: list[ConnectionAccountAnswer]
    health: HealthAnswer
    capabilities: CapabilitiesAnswer | None
    last_error: LastErrorAnswer | None
    connected_at: TimeText | None


class ConnectionList(AnswerModel):
    """All connections."""

    connections: list[ConnectionAnswer]
