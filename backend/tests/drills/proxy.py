"""A small TCP proxy that misbehaves on purpose: it swallows, cuts, resets and corrupts."""

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

CHUNK = 65_536


class Mode(StrEnum):
    """What becomes of bytes that the broker sends; what it receives always passes, except when REFUSING."""

    PASS = "pass"
    SWALLOW = "swallow"
    CORRUPT = "corrupt"
    REFUSE = "refuse"


@dataclass
class FaultProxy:
    """Listens on a port of its own and forwards to ``target_port`` on this machine."""

    target_port: int
    port: int = 0
    mode: Mode = Mode.PASS
    opened: int = 0
    _server: asyncio.Server | None = None
    _links: set["asyncio.Task[None]"] = field(default_factory=set)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut everything and listen no more."""
        if self._server is not None:
            self._server.close()
        for link in list(self._links):
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    def cut(self, *, reset: bool) -> None:
        """End every open connection: by FIN, or by RST as a firewall does."""
        for writer in list(self._writers):
            if reset:
                connection = writer.get_extra_info("socket")
                with suppress(OSError):
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort() if reset else writer.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.current_task()
        if link is None:
            raise AssertionError("a connection is served by a task")
        self._links.add(link)
        self.opened += 1
        try:
            with suppress(asyncio.CancelledError):  # by ``stop`` alone; the stream's own callback cannot take it
                await self._serve(reader, writer)
        finally:
            self._links.discard(link)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode is Mode.REFUSE:
            writer.close()
            return
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.close()
            return
        ends = {writer, there_writer}
        self._writers |= ends
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, there_writer, is_answer=False))
                both.create_task(self._pump(there_reader, writer, is_answer=True))
        finally:
            self._writers -= ends
            for end in ends:
                end.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if is_answer and self.mode is Mode.SWALLOW:
                    continue
                if is_answer and self.mode is Mode.CORRUPT:
                    data = bytes(byte ^ 0x55 for byte in data)
                writer.write(data)
                await writer.drain()
        writer.close()
