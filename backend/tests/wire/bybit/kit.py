"""A running simulator and a small client of its wire: raw requests, real signatures, collected frames."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
from yarl import URL

from edgerunner.simulators.bybit.server import WireServer, WireSettings, create_server
from edgerunner.simulators.catalogue import bybit_catalogue
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_state import VenueSettings

KEY, SECRET, ACCOUNT = "sim-key", "sim-secret", "1000001"
PATIENCE_S = 10.0


Frame = dict[str, Any]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def sign(payload: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


def signed_headers(
    payload: str, *, key: str = KEY, secret: str = SECRET, timestamp_ms: int | None = None
) -> dict[str, str]:
    stamp = str(now_ms() if timestamp_ms is None else timestamp_ms)
    return {
        "X-BAPI-API-KEY": key,
        "X-BAPI-TIMESTAMP": stamp,
        "X-BAPI-RECV-WINDOW": "5000",
        "X-BAPI-SIGN": sign(f"{stamp}{key}5000{payload}", secret),
    }


async def until(is_met: Callable[[], object], what: str) -> None:
    """Wait for a condition; fail loudly after ``PATIENCE_S``."""
    never = asyncio.get_running_loop().create_future()
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not is_met():
                await asyncio.wait([never], timeout=0.005)
    except TimeoutError:
        raise AssertionError(f"waited {PATIENCE_S} s in vain for {what}") from None


class Socket:
    """A WebSocket whose frames are collected as they come."""

    def __init__(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        self.connection = connection
        self.frames: list[Frame] = []
        self.raw: list[str] = []
        self.pongs = 0
        self.is_closed = False
        self._arrived = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())

    async def send(self, message: object) -> None:
        await self.connection.send_str(orjson.dumps(message).decode())

    async def wait_for(self, wanted: Callable[[Frame], object], what: str = "a frame") -> Frame:
        """Return the first frame so far that is wanted, or wait for it."""
        return (await self.wait_for_many(wanted, 1, what))[0]

    async def wait_for_many(self, wanted: Callable[[Frame], object], count: int, what: str = "frames") -> list[Frame]:
        try:
            async with asyncio.timeout(PATIENCE_S), self._arrived:
                while True:
                    found = [frame for frame in self.frames if wanted(frame)]
                    if len(found) >= count:
                        return found
                    await self._arrived.wait()
        except TimeoutError:
            raise AssertionError(f"waited {PATIENCE_S} s in vain for {what}; got {self.frames[-5:]}") from None

    async def wait_closed(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S), self._arrived:
                while not self.is_closed:
                    await self._arrived.wait()
        except TimeoutError:
            raise AssertionError(f"the connection stayed open for {PATIENCE_S} s") from None

    def topic(self, name: str) -> list[Frame]:
        return [frame for frame in self.frames if frame.get("topic") == name]

    async def ask(self, message: Frame) -> Frame:
        """Send a request and return the next frame that answers its operation."""
        seen = len(self.frames)
        await self.send(message)
        try:
            async with asyncio.timeout(PATIENCE_S), self._arrived:
                while True:
                    for frame in self.frames[seen:]:
                        if "topic" not in frame:
                            return frame
                    await self._arrived.wait()
        except TimeoutError:
            raise AssertionError(f"no answer to {message}") from None

    async def close(self) -> None:
        await self.connection.close()
        await self._reader

    async def _read(self) -> None:
        async for message in self.connection:
            self.pongs += message.type is aiohttp.WSMsgType.PONG
            if message.type is aiohttp.WSMsgType.TEXT:
                self.raw.append(message.data)
                self.frames.append(orjson.loads(message.data))
                await self._notify()
        self.is_closed = True
        await self._notify()

    async def _notify(self) -> None:
        async with self._arrived:
            self._arrived.notify_all()


@dataclass(slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Frame:
        parsed: Frame = orjson.loads(self.raw)
        return parsed

    @property
    def code(self) -> int:
        return int(self.body["retCode"])

    @property
    def result(self) -> Frame:
        assert self.code == 0, self.body
        result: Frame = self.body["result"]
        return result


class Simulator:
    """The running server with its venue, and requests to it."""

    def __init__(self, venue: Venue, faults: FaultBox, server: WireServer, client: aiohttp.ClientSession) -> None:
        self.venue = venue
        self.faults = faults
        self.server = server
        self.client = client
        self._sockets: list[Socket] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def get(self, path: str, **params: object) -> Reply:
        """Call a public endpoint."""
        return await self.request("GET", path, query=urlencode(params))

    async def read(self, path: str, **params: object) -> Reply:
        """Call a private GET with the demo key."""
        query = urlencode(params)
        return await self.request("GET", path, query=query, headers=signed_headers(query))

    async def post(self, path: str, body: object = None, **fields: object) -> Reply:
        """Call a private POST with the demo key."""
        text = orjson.dumps(body if body is not None else fields).decode()
        return await self.request("POST", path, text=text, headers=signed_headers(text))

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        text: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        url = f"{self.url}{path}" + (f"?{query}" if query else "")
        async with asyncio.timeout(PATIENCE_S):
            async with self.client.request(method, URL(url, encoded=True), data=text, headers=headers) as answer:
                return Reply(answer.status, answer.headers.copy(), await answer.read())

    async def open(self, path: str, **options: Any) -> Socket:
        socket = Socket(await self.client.ws_connect(f"{self.url}{path}", autoping=False, **options))
        self._sockets.append(socket)
        return socket

    async def open_private(self, *topics: str) -> Socket:
        """Open the private socket, authenticated and subscribed."""
        socket = await self.open("/v5/private")
        expires = now_ms() + 5000
        answer = await socket.ask({"op": "auth", "args": [KEY, expires, sign(f"GET/realtime{expires}")]})
        assert answer["success"] is True, answer
        if topics:
            answer = await socket.ask({"op": "subscribe", "args": list(topics)})
            assert answer["success"] is True, answer
        return socket

    async def open_trade(self) -> Socket:
        """Open the trade socket, authenticated."""
        socket = await self.open("/v5/trade")
        expires = now_ms() + 5000
        answer = await socket.ask({"op": "auth", "args": [KEY, expires, sign(f"GET/realtime{expires}")]})
        assert answer["retCode"] == 0, answer
        return socket

    def pin(self, symbol: str = "linear:BTCUSDT") -> None:
        """Stop the market of a symbol at its present price."""
        self.venue.operator.set_price(symbol, self.venue.last_price(symbol))

    async def restarted(self) -> None:
        """Wait until the server listens again."""
        never = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    await self.get("/v5/market/time")
                except aiohttp.ClientConnectionError:
                    await asyncio.wait([never], timeout=0.005)
                else:
                    return

    def ledger(self, part: str) -> list[Frame]:
        """Return one list of the venue's own ledger."""
        rows = self.venue.dump()[part]
        assert isinstance(rows, list)
        return rows

    async def close(self) -> None:
        for socket in self._sockets:
            await socket.close()

    # prices that rest, and prices that trade

    def bid(self, symbol: str = "linear:BTCUSDT") -> int:
        return self.venue.depth(symbol, 1)[0][0][0]

    def passive_price(self, symbol: str = "linear:BTCUSDT", share: str = "0.95") -> str:
        """Return a buy price far below the market."""
        instrument = self.venue.instruments[symbol]
        return f"{instrument.price(int(self.bid(symbol) * float(share))):f}"

    def crossing_price(self, symbol: str = "linear:BTCUSDT") -> str:
        """Return a buy price well above the market but within the price limit."""
        return self.passive_price(symbol, "1.02")


def limit_order(simulator: Simulator, link_id: str | None = None, **changes: object) -> Frame:
    """Return the body of a resting linear limit buy."""
    body: Frame = {
        "category": "linear",
        "symbol": "BTCUSDT",
        "side": "Buy",
        "orderType": "Limit",
        "qty": "0.010",
        "price": simulator.passive_price(),
    }
    if link_id is not None:
        body["orderLinkId"] = link_id
    return {name: value for name, value in (body | changes).items() if value is not None}


def market_order(link_id: str | None = None, **changes: object) -> Frame:
    """Return the body of a linear market buy."""
    body: Frame = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.010"}
    if link_id is not None:
        body["orderLinkId"] = link_id
    return {name: value for name, value in (body | changes).items() if value is not None}


@asynccontextmanager
async def running_simulator(settings: WireSettings | None = None) -> AsyncIterator[Simulator]:
    """Start a venue in memory and its wire server on a free port."""
    faults = FaultBox(["bybit"])
    venue = Venue(bybit_catalogue(), faults, VenueSettings(ledger_path=None, wall=time.time_ns, seed=7))
    server = create_server(venue, faults, host="127.0.0.1", port=0, settings=settings)
    await server.start()
    steps = asyncio.create_task(venue.run())
    try:
        async with aiohttp.ClientSession() as client:
            simulator = Simulator(venue, faults, server, client)
            try:
                yield simulator
            finally:
                await simulator.close()
    finally:
        await server.stop()
        steps.cancel()
        await asyncio.gather(steps, return_exceptions=True)
        venue.close()
