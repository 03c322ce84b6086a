"""The Bybit V5 wire server: REST and WebSockets of one venue on one port."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from edgerunner.simulators.bybit import bybit_faults
from edgerunner.simulators.bybit.account_queries import AccountQueries
from edgerunner.simulators.bybit.auth import ApiKey, KeyTable
from edgerunner.simulators.bybit.categories import Category
from edgerunner.simulators.bybit.closed_profits import ClosedProfits
from edgerunner.simulators.bybit.dead_man import DeadMan
from edgerunner.simulators.bybit.demo import DemoMoney
from edgerunner.simulators.bybit.endpoints import Endpoint, account_endpoints, market_endpoints, order_endpoints
from edgerunner.simulators.bybit.limits import AddressGuard, AddressLimit, EndpointLimits
from edgerunner.simulators.bybit.margin_settings import MarginSettings
from edgerunner.simulators.bybit.market_queries import MarketQueries
from edgerunner.simulators.bybit.operations import OrderOperations
from edgerunner.simulators.bybit.order_entry import OrderEntry
from edgerunner.simulators.bybit.order_lists import OrderLists
from edgerunner.simulators.bybit.pipeline import Pipeline
from edgerunner.simulators.bybit.position_settings import PositionSettings
from edgerunner.simulators.bybit.pre_check import PreCheck
from edgerunner.simulators.bybit.private_hub import PrivateHub
from edgerunner.simulators.bybit.public_hub import PublicHub
from edgerunner.simulators.bybit.rest import MAXIMUM_BODY_BYTES, RestService
from edgerunner.simulators.bybit.session import SocketLimits, SocketSession, parse_active_time
from edgerunner.simulators.bybit.sockets_private import PrivateSocket
from edgerunner.simulators.bybit.sockets_public import PublicSocket
from edgerunner.simulators.bybit.sockets_trade import TradeSocket
from edgerunner.simulators.bybit.transaction_log import TransactionLog
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.tasks import TaskOwner
from edgerunner.simulators.venue import Venue

DEFAULT_KEYS: Final = (
    ApiKey(key="sim-key", secret="sim-secret", account_id="1000001", user_id=1_000_001),
    ApiKey(
        key="sim-withdrawal-key",
        secret="sim-withdrawal-secret",
        account_id="1000001",
        user_id=1_000_001,
        may_withdraw=True,
    ),
    ApiKey(key="sim-demo-key", secret="sim-demo-secret", account_id="1000001", user_id=1_000_002, environment="demo"),
)
SHUTDOWN_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WireSettings:
    """What a user of the server may change.

    Attributes:
        keys: API keys that are known from the start; ``KeyTable.add`` registers more.
        address_limit: Requests per address; Bybit's own numbers by default.
        sockets: Bounds of each WebSocket.
    """

    keys: Iterable[ApiKey] = DEFAULT_KEYS
    address_limit: AddressLimit = field(default_factory=AddressLimit)
    sockets: SocketLimits = field(default_factory=SocketLimits)


def create_server(
    venue: Venue, faults: FaultBox, *, host: str, port: int, settings: WireSettings | None = None
) -> "WireServer":
    """Return the server of ``venue``; it listens after ``start``. Port 0 = any free port."""
    return WireServer(venue, faults, host=host, port=port, settings=settings or WireSettings())


class WireServer:
    """Listens for REST and WebSocket clients of one venue."""

    def __init__(self, venue: Venue, faults: FaultBox, *, host: str, port: int, settings: WireSettings) -> None:
        faults.register(*bybit_faults.DEFINITIONS)
        self.keys = KeyTable(settings.keys)
        self._venue = venue
        self._faults = faults
        self._host = host
        self._port = port
        self._settings = settings
        self._limits = EndpointLimits(_monotonic_ms)
        self._guard = AddressGuard(settings.address_limit, _monotonic_ms)
        self._sessions: set[SocketSession] = set()
        self._runner: web.AppRunner | None = None
        self._rest: RestService | None = None
        self._dead_man = DeadMan(venue)
        self._restarting = asyncio.Lock()
        self._own_restart: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """Return the port that is listened on (the wanted one before ``start``)."""
        return self._port

    def private_topics(self) -> frozenset[str]:
        """Return the private topics that somebody is subscribed to now."""
        return self._private_hub.topics()

    async def start(self) -> None:
        """Listen; raises ``OSError`` when the port is taken."""
        self._build()
        application = web.Application(client_max_size=MAXIMUM_BODY_BYTES)
        application.router.add_get("/v5/public/{category}", self._public_socket)
        application.router.add_get("/v5/private", self._private_socket)
        application.router.add_get("/v5/trade", self._trade_socket)
        application.router.add_route("*", "/{path:.*}", self._rest_request)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_S, auto_decompress=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Cut every connection and stop listening; a restart that is under way comes to its end first."""
        if self._own_restart is not None:
            await self._own_restart
        await self._shut_down()

    async def _shut_down(self) -> None:
        if self._runner is None or self._rest is None:
            return
        self._rest.close()
        for session in list(self._sessions):
            session.abort()
        await self._tasks.stop()
        await self._runner.cleanup()
        await self._dead_man.stop()
        self._private_hub.close()
        self._public_hub.close()
        self._runner = None

    async def restart(self) -> None:
        """Drop every connection and listen again on the same port."""
        async with self._restarting:
            await self._shut_down()
            await self.start()

    def _restart_soon(self) -> None:
        """Restart as the fault of that name wants it: recent lists are empty afterwards."""
        self._venue.forget_history()
        self._own_restart = asyncio.create_task(self.restart())

    def _build(self) -> None:
        venue, faults = self._venue, self._faults
        self._tasks = TaskOwner()
        self._private_hub = PrivateHub(venue, faults, self._tasks)
        self._public_hub = PublicHub(venue, faults, self._tasks)
        self._pipeline = Pipeline(venue.name, faults, self._private_hub, self._restart_soon)
        self._order_entry = OrderEntry(venue, self._limits, self._pipeline)
        operations = OrderOperations(venue, faults)
        self._order_endpoints = order_endpoints(operations)
        endpoints: dict[tuple[str, str], Endpoint] = {
            **market_endpoints(MarketQueries(venue, faults)),
            **self._order_endpoints,
            **account_endpoints(
                account=AccountQueries(venue, self._dead_man),
                settings=PositionSettings(venue, faults),
                lists=OrderLists(venue, faults),
                log=TransactionLog(venue),
                profits=ClosedProfits(venue),
                margin=MarginSettings(venue),
                pre_check=PreCheck(venue, operations.wish),
                dead_man=self._dead_man,
                demo=DemoMoney(venue),
            ),
        }
        self._rest = RestService(
            venue,
            faults,
            endpoints,
            keys=self.keys,
            limits=self._limits,
            guard=self._guard,
            pipeline=self._pipeline,
            order_entry=self._order_entry,
        )

    async def _rest_request(self, request: web.Request) -> web.StreamResponse:
        if self._rest is None:
            raise web.HTTPServiceUnavailable
        return await self._rest.handle(request)

    async def _public_socket(self, request: web.Request) -> web.StreamResponse:
        try:
            category = Category(request.match_info["category"])
        except ValueError:
            raise web.HTTPNotFound from None
        session = self._open(request)
        return await self._serve(session, PublicSocket(session, category, self._public_hub))

    async def _private_socket(self, request: web.Request) -> web.StreamResponse:
        session = self._open(request, is_private=True)
        return await self._serve(session, PrivateSocket(session, self._private_hub, self.keys, self._dead_man))

    async def _trade_socket(self, request: web.Request) -> web.StreamResponse:
        session = self._open(request, is_private=True)
        trade = TradeSocket(
            session,
            venue=self._venue,
            keys=self.keys,
            endpoints=self._order_endpoints,
            order_entry=self._order_entry,
            pipeline=self._pipeline,
            tasks=self._tasks,
        )
        return await self._serve(session, trade)

    def _open(self, request: web.Request, *, is_private: bool = False) -> SocketSession:
        limits = self._settings.sockets
        active = request.query.get("max_active_time") if is_private else None
        return SocketSession(request, limits, idle_s=parse_active_time(active, limits.idle_s))

    async def _serve(
        self, session: SocketSession, conversation: PublicSocket | PrivateSocket | TradeSocket
    ) -> web.StreamResponse:
        self._sessions.add(session)
        try:
            return await session.run(conversation.handle)
        finally:
            self._sessions.discard(session)
            conversation.close()


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000
