"""A bridge in this process on a free port, with a fake terminal behind it."""

import contextlib
import itertools
import json
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp

from edgerunner.mt5_bridge.server import BridgeServer
from edgerunner.mt5_bridge.settings import (
    AccountSettings,
    BridgeSettings,
    HttpLimits,
    PollIntervals,
    Scope,
    Token,
    TradeLimits,
)
from edgerunner.mt5_surface import constants
from tests.waiting import until
from tests.wire.mt5_bridge.fake_terminal import SERVER, FakeTerminal, install

TRADER = "trader-token-0123456789-abcdefghij"
OTHER = "other-trader-token-9876543210-zyxw"
READER = "reader-token-0123456789-abcdefghij"
_numbers = itertools.count()

BUY: Mapping[str, Any] = {
    "action": constants.TRADE_ACTION_DEAL,
    "symbol": "EURUSD",
    "volume": 0.1,
    "type": constants.ORDER_TYPE_BUY,
    "type_filling": constants.ORDER_FILLING_IOC,
    "magic": 2**52 - 1,
    "comment": "01ABC",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bridge answered."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        return str(self.body["code"])


class Caller:
    """One client with one token."""

    def __init__(self, url: str, http: aiohttp.ClientSession, token: str | None) -> None:
        self.url = url
        self.http = http
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.lease: str | None = None

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = {} if data is None else {"Content-Type": "application/json"}
        given = self.headers | kind | {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.request(method, f"{self.url}{path}", data=data, headers=given) as response:
            text = await response.read()
            return Reply(response.status, json.loads(text) if text else None, dict(response.headers))

    async def call(self, function: str, **arguments: Any) -> Reply:
        headers = {"Bridge_Lease": self.lease} if self.lease else {}
        return await self.ask("POST", f"/v1/calls/{function}", arguments, **headers)

    async def take_lease(self, client: str = "test", **options: Any) -> Reply:
        reply = await self.ask("POST", "/v1/lease", {"client": client, **options})
        if reply.status == 201:
            self.lease = reply.body["lease_id"]
        return reply

    async def send(self, key: str, request: Mapping[str, Any] = BUY, **changes: Any) -> Reply:
        headers = {"Idempotency_Key": key} | ({"Bridge_Lease": self.lease} if self.lease else {})
        return await self.ask("POST", "/v1/calls/order_send", {"request": {**request, **changes}}, **headers)

    @contextlib.asynccontextmanager
    async def stream(self, **headers: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        async with self.http.ws_connect(f"{self.url}/v1/stream", headers=self.headers | headers) as socket:
            yield socket


class Bridge:
    """A running bridge, its terminal and its files."""

    def __init__(
        self, server: BridgeServer, terminal: FakeTerminal, settings: BridgeSettings, http: aiohttp.ClientSession
    ) -> None:
        self.server = server
        self.terminal = terminal
        self.settings = settings
        self._http = http

    def caller(self, token: str | None = TRADER) -> Caller:
        return Caller(self.server.url, self._http, token)

    async def trader(self) -> Caller:
        """A caller that controls the connected terminal."""
        caller = self.caller()
        await self.until_state("connected")
        assert (await caller.take_lease()).status == 201
        return caller

    async def state(self) -> str:
        return str((await self.caller().ask("GET", "/v1/status")).body["terminal"]["state"])

    async def until_state(self, wanted: str) -> None:
        async def is_so() -> bool:
            return await self.state() == wanted

        await until(is_so, timeout_s=10, what=f"terminal {wanted}")

    def audit(self) -> list[dict[str, Any]]:
        lines = (self.settings.data_dir / "audit.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    async def until_audit(self, **wanted: Any) -> dict[str, Any]:
        """Wait for an audit line with these fields."""

        async def found() -> dict[str, Any] | None:
            return next((line for line in self.audit() if wanted.items() <= line.items()), None)

        return await until(found, timeout_s=5, what=f"audit line {wanted}")


def settings_for(folder: Path, module: str, **changes: Any) -> BridgeSettings:
    accounts = {
        login: AccountSettings(login=login, server=SERVER, password=f"secret-{login}") for login in (1001, 1002)
    }
    settings = BridgeSettings(
        tokens=(
            Token(name="trader", scopes=frozenset(Scope), secret=TRADER),
            Token(name="other", scopes=frozenset(Scope), secret=OTHER),
            Token(name="reader", scopes=frozenset({Scope.READ}), secret=READER),
        ),
        data_dir=folder,
        module=module,
        port=0,
        accounts=accounts,
        login=1001,
        limits=TradeLimits(max_volume=Decimal(5), max_orders_per_minute=1000),
        polls=PollIntervals(ticks_s=0.01, trades_s=0.01, account_s=0.01, probe_s=0.05),
        http=HttpLimits(requests_per_s=100_000, burst=100_000),
        heartbeat_s=0.1,
    )
    return replace(settings, **changes)


@contextlib.asynccontextmanager
async def bridge(folder: Path, terminal: FakeTerminal | None = None, **changes: Any) -> AsyncIterator[Bridge]:
    """Run a bridge; ``changes`` replace settings."""
    terminal = terminal or FakeTerminal()
    module = f"fake_mt5_{next(_numbers)}"
    install(terminal, module)
    settings = settings_for(folder, module, **changes)
    server = BridgeServer(settings)
    await server.start()
    try:
        async with aiohttp.ClientSession() as http:
            yield Bridge(server, terminal, settings, http)
    finally:
        terminal.go_on.set()
        await server.stop()
        del sys.modules[module]
