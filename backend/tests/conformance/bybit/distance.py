"""A network between client and simulator: bytes towards the client take their time.

Some clients register what they wait for only after they have sent the request; an answer that is
faster than any network finds nobody (pybit's socket then dies of a KeyError).
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

DELAY_S = 0.1


@asynccontextmanager
async def distant(port: int, delay_s: float = DELAY_S) -> AsyncIterator[int]:
    """Listen on a free port that leads to ``port`` and yield it."""
    links: set[asyncio.Task[None]] = set()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        links.add(task)
        with suppress(OSError, asyncio.CancelledError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                await asyncio.gather(_pass_on(reader, far_writer, 0), _pass_on(far_reader, writer, delay_s))
            finally:
                far_writer.close()
                writer.close()
        links.discard(task)

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for link in list(links):
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float) -> None:
    loop, waiting = asyncio.get_running_loop(), deque[bytes]()

    def deliver() -> None:
        data = waiting.popleft()
        if data:
            writer.write(data)
        else:
            writer.close()

    while data := await reader.read(65_536):
        waiting.append(data)
        loop.call_later(delay_s, deliver)
    waiting.append(b"")
    loop.call_later(delay_s, deliver)
