"""``edgerunner serve`` with an owner's address: a further API process over the same data folder."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

from edgerunner.cli.api_server import serving
from edgerunner.cli.listening import listen, url_of
from edgerunner.cli.output import CommandFailed, ExitCode, Output
from edgerunner.cli.stopping import first_of, stop_requested
from edgerunner.domain.errors import EdgerunnerError
from edgerunner.replica.app import create_replica_app
from edgerunner.replica.parts import Replica, running_replica
from edgerunner.settings import Settings


async def serve_replica(settings: Settings, output: Output, owner_url: str) -> None:
    """Serve until SIGINT or SIGTERM, or until the journal is replaced under it."""
    with closing(listen(settings)) as listener, stop_requested() as stop:
        async with _serving(settings, owner_url, listener) as replica:
            url = url_of(listener)
            key_file = None if settings.api_key is not None else str(settings.api_key_file)
            output.event(event="ready", url=url, api_key_file=key_file, simulators=None, owner_url=owner_url)
            output.say(f"Edgerunner is ready at {url}, as a replica of {owner_url}, with the same API key.")
            output.say("Ctrl-C ends it.")
            await first_of(stop.wait(), _ended(replica))
            output.say("Stopping...")


@asynccontextmanager
async def _serving(settings: Settings, owner_url: str, listener: socket.socket) -> AsyncIterator[Replica]:
    try:
        async with (
            running_replica(settings, owner_url) as replica,
            serving(create_replica_app(replica), listener),
        ):
            yield replica
    except EdgerunnerError as error:
        raise CommandFailed(ExitCode.FAILED, error.detail) from error


async def _ended(replica: Replica) -> None:
    await asyncio.shield(replica.feed.replaced)
