"""A gateway that does exactly what a test says, and nothing more: for log-ons that a real one spoils."""

import asyncio
import random
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from edgerunner.adapters.broker import Environment
from edgerunner.adapters.ibkr_adapter import IBBrokerAdapter, create_ibkr_adapter

HANDSHAKE = ("178", "20261123 10:30:00 EST")


def frame(*fields: object) -> bytes:
    payload = "".join(f"{field}\0" for field in fields).encode()
    return struct.pack(">I", len(payload)) + payload


@asynccontextmanager
async def gateway(*answers: bytes, closes: bool = False) -> AsyncIterator[int]:
    """Answers a client's frames one by one with ``answers``, then is silent or closes; yields its port."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        for answer in answers:
            await reader.read(65_536)
            writer.write(answer)
        if closes:
            writer.close()
            return
        while await reader.read(65_536):
            pass

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()


def adapter_at(
    port: int, *, environment: Environment = Environment.PAPER, client_id: int = 7, **options: object
) -> IBBrokerAdapter:
    return create_ibkr_adapter(
        connection_id="ibkr-scripted",
        environment=environment,
        credentials={"port": str(port), "client_id": str(client_id)},
        options={"connect_timeout_s": 0.3, **options},
        clock=time,
        random=random.Random(3),
    )
