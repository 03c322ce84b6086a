"""What the routes need of the services, and how a handler gets at it."""

from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Annotated, Protocol, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from edgerunner.domain.access import Principal
from edgerunner.routes.needs import (
    Accounts,
    AccountSettings,
    Alerts,
    Connections,
    Datasets,
    Journal,
    Markets,
    OrderPreviews,
    Orders,
)
from edgerunner.routes.rights import PRINCIPAL
from edgerunner.services.backtest_service import BacktestService
from edgerunner.services.clock import Clock
from edgerunner.services.expert_service import ExpertService
from edgerunner.services.fanout.link import RedisLink
from edgerunner.services.hub import Hub
from edgerunner.services.identity.service import Identity
from edgerunner.services.kill_switch import KillSwitch
from edgerunner.services.live_arming import LiveArming
from edgerunner.services.risk_service import RiskService
from edgerunner.services.signal_gate import SignalGate
from edgerunner.services.signal_service import SignalService
from edgerunner.services.strategies.service import StrategyService
from edgerunner.settings import Settings, read_api_key

VERSION = version("edgerunner")


class Services(Protocol):
    """Everything the routes call."""

    @property
    def settings(self) -> Settings:
        """The settings of this process."""
        ...

    @property
    def clock(self) -> Clock:
        """Where the services take time from."""
        ...

    @property
    def journal(self) -> Journal:
        """What was recorded."""
        ...

    @property
    def connections(self) -> Connections:
        """Broker sessions."""
        ...

    @property
    def orders(self) -> Orders:
        """The one path of every order."""
        ...

    @property
    def order_previews(self) -> OrderPreviews:
        """What orders would meet and cost."""
        ...

    @property
    def accounts(self) -> Accounts:
        """Money and positions."""
        ...

    @property
    def account_settings(self) -> AccountSettings:
        """Leverage, modes and trailing stops."""
        ...

    @property
    def risk(self) -> RiskService:
        """Limits and trading states."""
        ...

    @property
    def kill_switch(self) -> KillSwitch:
        """Halts, cancels, flattens."""
        ...

    @property
    def arming(self) -> LiveArming:
        """Which live accounts may trade."""
        ...

    @property
    def datasets(self) -> Datasets:
        """Stored history."""
        ...

    @property
    def markets(self) -> Markets:
        """Instruments and market data."""
        ...

    @property
    def strategies(self) -> StrategyService:
        """Strategies in processes of their own."""
        ...

    @property
    def signals(self) -> SignalService:
        """Signals of alerts and webhooks."""
        ...

    @property
    def signal_gate(self) -> SignalGate:
        """Who may send signals."""
        ...

    @property
    def backtests(self) -> BacktestService:
        """Backtest runs."""
        ...

    @property
    def experts(self) -> ExpertService:
        """Expert Advisors of MetaTrader 5."""
        ...

    @property
    def alerts(self) -> Alerts:
        """What a person should know."""
        ...

    @property
    def identity(self) -> Identity:
        """Users, credentials, the audit log."""
        ...

    @property
    def redis(self) -> RedisLink | None:
        """The connection to Redis, where one is configured."""
        ...

    @property
    def hub(self) -> Hub:
        """The stream's number lines."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may call, and from where.

    Attributes:
        allowed_hosts: Host names that requests may carry, without port; ``*`` allows any.
        cors_origins: Exact origins of foreign pages that may call.
        connections_per_address: Most open connections of one address; 0 = no limit.
        rate_factor: Multiplies every rate limit; 0 = none.
    """

    api_key: str = field(repr=False)
    allowed_hosts: tuple[str, ...]
    cors_origins: tuple[str, ...] = ()
    connections_per_address: int = 0
    rate_factor: float = 1.0

    @classmethod
    def of(cls, settings: Settings) -> "Access":
        """Return what the settings say; raises ``DataFolderError`` when there is no key yet."""
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        return cls(
            api_key=read_api_key(settings).get_secret_value(),
            allowed_hosts=("127.0.0.1", "localhost", "[::1]", host, *settings.allowed_hosts, *settings.platform_hosts),
            cors_origins=settings.cors_origins,
            connections_per_address=settings.connections_per_address,
            rate_factor=settings.rate_limit_factor,
        )


async def services_of(connection: HTTPConnection) -> Services:
    """Return the application's services; a coroutine, because others are sent to a thread."""
    return cast("Services", connection.app.state.services)


ServicesOf = Annotated[Services, Depends(services_of)]


async def principal_of(connection: HTTPConnection) -> Principal:
    """Return who sent the request, as the guard found."""
    return cast("Principal", connection.scope[PRINCIPAL])


PrincipalOf = Annotated[Principal, Depends(principal_of)]
