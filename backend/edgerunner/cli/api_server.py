"""The API's HTTP server on a socket that is already open, ended by us and not by its own signal handlers."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from edgerunner.cli.output import CommandFailed, ExitCode
from edgerunner.main import DRAIN_S, server_config

_CLOSE_S = 5
_START_TIMEOUT_S = 30
_POLL_S = 0.02


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: the command drains more than the server."""
        yield


@asynccontextmanager
async def serving(app: FastAPI, listener: socket.socket) -> AsyncIterator[None]:
    """Serve ``app`` inside the block; afterwards running requests get ``DRAIN_S`` to end."""
    server = _Server(server_config(app))
    task = asyncio.create_task(_serve(server, listener), name="api-server")
    try:
        await _until_started(server, task)
        yield
        server.should_exit = True
        await asyncio.wait_for(task, timeout=DRAIN_S + _CLOSE_S)
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    try:
        await server.serve(sockets=[listener])
    except SystemExit as end:  # how uvicorn says that the application did not start
        raise CommandFailed(ExitCode.FAILED, "The API did not start: the log above tells why.") from end


async def _until_started(server: uvicorn.Server, task: "asyncio.Task[None]") -> None:
    async with asyncio.timeout(_START_TIMEOUT_S):
        while not (server.started or task.done()):  # noqa: ASYNC110 - uvicorn tells it by a flag alone
            await asyncio.sleep(_POLL_S)
    if task.done():
        task.result()
