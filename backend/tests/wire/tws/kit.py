"""A simulated TWS on a free port, and a plain client of its socket."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from edgerunner.simulators.catalogue_ibkr import ibkr_catalogue
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.tws.server import TwsServer, create_server
from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.tws.wire.codec import MESSAGES, REQUESTS
from edgerunner.simulators.tws.wire.frames import FrameReader, frame, split_fields
from edgerunner.simulators.tws.wire.session import ErrorMessage, StartApi
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_state import VenueSettings
from tests.waiting import until

HOST = "127.0.0.1"
PATIENCE_S = 10
MONDAY = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
NOW_NS = int(MONDAY.timestamp()) * 1_000_000_000


@asynccontextmanager
async def running_tws(
    settings: TwsSettings | None = None, *, wall: Callable[[], int] = lambda: NOW_NS, seed: int = 1
) -> AsyncIterator[TwsServer]:
    """A TWS whose clock stands still at Monday 10:30 in New York; ``wall`` gives it another clock."""
    settings, faults = settings or TwsSettings(), FaultBox(["ibkr"])
    catalogue = ibkr_catalogue(settings.accounts)
    venue = Venue(catalogue, faults, VenueSettings(ledger_path=None, wall=wall, seed=seed))
    server = create_server(venue, faults, host=HOST, port=0, settings=settings)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
        venue.close()


class Client:
    """A connection that shows every message; each wait ends after ten seconds."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._frames = FrameReader()
        self._ready: list[bytes] = []
        self.version = 0
        self.connected_at = ""

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(HOST, self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.transport.abort()

    def stop_reading(self) -> None:
        transport = self._writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()

    def send_bytes(self, data: bytes) -> None:
        self._writer.write(data)

    def send_fields(self, *fields: object) -> None:
        self.send_bytes(frame("".join(f"{field}\0" for field in fields).encode()))

    def send(self, request: object) -> None:
        self.send_bytes(frame(REQUESTS.encode(request, self.version)))

    async def shake_hands(self, offer: bytes = b"v157..178") -> None:
        self.send_bytes(b"API\0" + frame(offer))
        version, self.connected_at = split_fields(await self.payload())
        self.version = int(version)

    async def log_on(self, client_id: int = 1, offer: bytes = b"v157..178") -> list[Any]:
        """Start the API and return what TWS says first: accounts, order id, three notices."""
        await self.shake_hands(offer)
        self.send(StartApi(client_id=client_id))
        return [await self.message() for _ in range(5)]

    async def message(self) -> Any:
        return MESSAGES.decode(await self.payload(), self.version)

    async def ask(self, request: object) -> Any:
        self.send(request)
        return await self.message()

    async def error(self) -> ErrorMessage:
        found = await self.message()
        assert isinstance(found, ErrorMessage), found
        return found

    async def payload(self) -> bytes:
        while not self._ready:
            data = await self._read()
            assert data, "the server has closed the connection"
            self._ready += self._frames.feed(data)
        return self._ready.pop(0)

    async def ended(self) -> list[bytes]:
        """Wait until the server closes the connection; return the payloads that came before."""
        while data := await self._read():
            self._ready += self._frames.feed(data)
        return self._ready

    async def _read(self) -> bytes:
        async with asyncio.timeout(PATIENCE_S):
            try:
                return await self._reader.read(65536)
            except ConnectionResetError:
                return b""


async def listening(port: int, *, wanted: bool = True) -> None:
    """Wait until somebody listens on a port, or nobody does."""

    async def is_as_wanted() -> bool:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except ConnectionError:
            return not wanted
        writer.transport.abort()
        return wanted

    await until(is_as_wanted, timeout_s=PATIENCE_S, what=f"port {port} {'open' if wanted else 'closed'}")


def length(size: int) -> bytes:
    return struct.pack(">I", size)
