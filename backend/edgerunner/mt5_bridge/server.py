"""One bridge: everything put together, started and stopped in order."""

import asyncio
import ipaddress
import logging
import secrets
import ssl
import time
from collections.abc import Mapping
from importlib import metadata
from typing import Any, Final

from aiohttp import web

from edgerunner.mt5_bridge.connection import TerminalConnection, TerminalView
from edgerunner.mt5_bridge.ea_feed import feed_stream
from edgerunner.mt5_bridge.ea_link import EaLink
from edgerunner.mt5_bridge.http_gate import ConnectionTable, GuardedConnection, HttpGate
from edgerunner.mt5_bridge.kill_switch import KillSwitch
from edgerunner.mt5_bridge.lease import LeaseDesk
from edgerunner.mt5_bridge.order_desk import OrderDesk
from edgerunner.mt5_bridge.records import Records
from edgerunner.mt5_bridge.routes import Desks, Routes, kill_view
from edgerunner.mt5_bridge.settings import BridgeSettings
from edgerunner.mt5_bridge.stream_hub import StreamHub
from edgerunner.mt5_bridge.terminal_module import TerminalModule, load_module
from edgerunner.mt5_bridge.tokens import MINIMUM_LENGTH, TokenBook
from edgerunner.mt5_bridge.wire import timestamp
from edgerunner.mt5_bridge.worker import TerminalWorker

KEEP_ALIVE_S: Final = 75.0
TLS_HANDSHAKE_S: Final = 10.0
SHUTDOWN_S: Final = 2.0
BACKLOG: Final = 128

logger = logging.getLogger(__name__)


class BindRefused(Exception):
    """The bridge must not listen where it was told to; the message says why."""


class BridgeServer:
    """One bridge beside one terminal."""

    def __init__(self, settings: BridgeSettings) -> None:
        """Raises ``BindRefused``."""
        check_bind(settings)
        self._settings = settings
        self._epoch = secrets.token_hex(8)
        self._listener: asyncio.Server | None = None
        self._running: _Running | None = None

    @property
    def port(self) -> int:
        """Port it listens on."""
        return int(self._listener.sockets[0].getsockname()[1]) if self._listener is not None else self._settings.port

    @property
    def url(self) -> str:
        """Address that clients use."""
        host = self._settings.host
        return f"{'https' if self._settings.tls else 'http'}://{f'[{host}]' if ':' in host else host}:{self.port}"

    async def start(self) -> None:
        """Load the module, listen, and begin to connect to the terminal.

        Raises ``ModuleUnusable``, ``StoreInUse``, ``OSError`` (port in use, files), ``sqlite3.Error``.
        """
        self._settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        running = _Running(self._settings, Records(self._settings.data_dir), self._epoch)
        self._running = running
        try:
            await running.start()
            self._listener = await asyncio.get_running_loop().create_server(
                running.new_connection,
                self._settings.host,
                self._settings.port,
                ssl=_tls_context(self._settings),
                ssl_handshake_timeout=TLS_HANDSHAKE_S if self._settings.tls else None,
                backlog=BACKLOG,
            )
        except BaseException:
            await self.stop()
            raise
        running.records.note("started", url=self.url, module=self._settings.module)

    async def stop(self) -> None:
        """Take no more requests, let orders end for a moment, disconnect from the terminal."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
        if self._running is not None:
            running, self._running = self._running, None
            await running.stop()


class _Running:
    """What exists while a bridge runs."""

    def __init__(self, settings: BridgeSettings, records: Records, epoch: str) -> None:
        self.records = records
        self._settings = settings
        self._epoch = epoch
        self._worker = TerminalWorker(
            lambda: load_module(settings.module), capacity=settings.queue_capacity, on_answering=self._answering_changed
        )
        self._connection = TerminalConnection(
            self._worker, settings, on_change=self._terminal_changed, on_account=self._account_changed
        )
        self._leases = LeaseDesk(time.monotonic, time.time)
        self._kill_switch = KillSwitch(settings.data_dir)
        self._hub = StreamHub(self._worker, self._connection, settings, epoch=epoch, state=self._state)
        self._orders = OrderDesk(
            worker=self._worker,
            connection=self._connection,
            records=records,
            leases=self._leases,
            kill_switch=self._kill_switch,
            settings=settings,
        )
        self._table = ConnectionTable(settings.http.connections, records.security)
        self._module: TerminalModule | None = None
        self._gate = HttpGate(
            TokenBook(settings.tokens),
            settings.http,
            hosts=settings.allowed_hosts | {settings.host},
            table=self._table,
            records=records,
        )
        self._routes = Routes(
            Desks(
                worker=self._worker,
                connection=self._connection,
                orders=self._orders,
                leases=self._leases,
                kill_switch=self._kill_switch,
                records=records,
                hub=self._hub,
                gate=self._gate,
                status=self._status,
                call_timeout_s=settings.call_timeout_s,
            )
        )
        self._link = _ea_link(settings)
        if self._link is not None:
            feed_stream(self._link, self._hub.wake, records)
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        if self._link is not None:
            await self._link.start()
        self._module = await self._worker.start()
        application = web.Application(middlewares=[self._gate.guard], client_max_size=self._settings.http.body_bytes)
        application.on_response_prepare.append(_without_server_name)
        self._routes.add_to(application)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_S)
        await self._runner.setup()
        await self._connection.start()
        await self._hub.start()

    async def stop(self) -> None:
        await self._routes.close_streams()
        if self._link is not None:
            await self._link.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        await self._hub.stop()  # both after the last request, which could begin something
        await self._orders.stop()
        await self._connection.stop()
        await self._worker.stop()
        self.records.note("stopped")
        await self.records.close()

    def new_connection(self) -> GuardedConnection:
        if self._runner is None:
            raise RuntimeError("the bridge does not run")
        return GuardedConnection(
            self._runner.server,
            loop=asyncio.get_running_loop(),
            table=self._table,
            header_s=self._settings.http.header_s,
            keepalive_timeout=KEEP_ALIVE_S,
            access_log=None,
            auto_decompress=False,
        )

    def _answering_changed(self) -> None:
        self._connection.answering_changed()

    def _account_changed(self) -> None:
        self._hub.forget_all()

    def _terminal_changed(self, view: TerminalView) -> None:
        self.records.note("terminal", **view.body())
        self._hub.tell_state()

    def _state(self) -> Mapping[str, Any]:
        lease = self._leases.current
        held = {"client": lease.client} if lease is not None else None
        return {"terminal": self._connection.view.body(), "kill": kill_view(self._kill_switch), "lease": held}

    def _ea_view(self) -> Mapping[str, Any] | None:
        if self._link is None:
            return None
        experts = [
            {"session": session, "expert": hello.expert, "login": hello.login, "symbol": hello.symbol}
            for session, hello in self._link.sessions.items()
        ]
        return {"port": self._link.port, "experts": experts}

    def _status(self) -> Mapping[str, Any]:
        limits, module, lease = self._settings.limits, self._module, self._leases.current
        held = {"client": lease.client, "expires_at": self._leases.ends_at_text(lease)} if lease is not None else None
        return {
            "bridge": _version(),
            "module": {"name": self._settings.module, "version": module.version if module is not None else ""},
            "epoch": self._epoch,
            **self._state(),
            "lease": held,
            "logins": sorted(self._settings.accounts),
            "limits": {
                "allow_symbols": sorted(limits.allow_symbols),
                "max_volume": str(limits.max_volume) if limits.max_volume is not None else None,
                "max_orders_per_minute": limits.max_orders_per_minute,
                "allow_live": limits.allow_live,
            },
            "ea_link": self._ea_view(),
            "queue": {"waiting": self._worker.waiting, "capacity": self._settings.queue_capacity},
            "now": timestamp(time.time()),
        }


def _ea_link(settings: BridgeSettings) -> EaLink | None:
    if settings.ea_port is None:
        return None
    return EaLink(host=settings.host, port=settings.ea_port, token=settings.ea_token, tls=_tls_context(settings))


def check_bind(settings: BridgeSettings) -> None:
    """Raise ``BindRefused`` when others could reach the bridge, or read its traffic, without protection."""
    if not settings.tokens:
        raise BindRefused("the bridge has no token: everybody on this machine could trade")
    if settings.ea_port is not None and len(settings.ea_token or "") < MINIMUM_LENGTH:
        raise BindRefused(f"the EA link needs a token of at least {MINIMUM_LENGTH} characters")
    if is_loopback(settings.host) or settings.tls is not None:
        return
    raise BindRefused(
        f"{settings.host} can be reached by other machines, and without TLS they could read the token: give --tls-cert "
        "and --tls-key, or listen on 127.0.0.1"
    )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address. A name other than ``localhost`` may mean anything."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tls_context(settings: BridgeSettings) -> ssl.SSLContext | None:
    if settings.tls is None:
        return None
    certificate, key = settings.tls
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


def _version() -> str:
    for name in ("edgerunner-mt5-bridge", "edgerunner"):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return ""


async def _without_server_name(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.pop("Server", None)
