"""How ``up`` waits for the API."""

import asyncio

import httpx

from edgerunner.cli.up import _missing


async def test_an_api_that_answers_late_on_a_busy_machine_is_waited_for() -> None:
    gone = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        async with httpx.AsyncClient(trust_env=False, timeout=0.1) as http:
            assert await _missing(http, f"http://127.0.0.1:{port}") == "the API has not answered GET /readyz yet"
        async with asyncio.timeout(5):
            await gone.wait()
