"""The simulated terminal's end of the pipe: a socket on loopback, one conversation per connected module."""

import asyncio
import logging

from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.channel import Channel
from edgerunner.simulators.mt5.conversation import Conversation
from edgerunner.simulators.mt5.ipc import FrameError
from edgerunner.simulators.mt5.settings import Mt5Settings
from edgerunner.simulators.mt5.terminal.broker import Broker
from edgerunner.simulators.mt5.terminal.definitions import DEFINITIONS
from edgerunner.simulators.mt5.terminal.terminals import Terminals
from edgerunner.simulators.mt5.terminal.turnstile import Turnstile
from edgerunner.simulators.tasks import TaskOwner

logger = logging.getLogger(__name__)


def create_server(
    venue: Broker, faults: FaultBox, *, host: str, port: int, settings: Mt5Settings | None = None
) -> "TerminalServer":
    """Return the server of the terminals of ``venue``; it listens after ``start``. Port 0 = any free port.

    Without ``settings`` they are the venue's own.
    """
    faults.register(*DEFINITIONS)
    return TerminalServer(venue, faults, settings or venue.settings, host=host, port=port)


class TerminalServer:
    """Listens for modules. Port 0 = any free one."""

    def __init__(self, venue: Broker, faults: FaultBox, settings: Mt5Settings, *, host: str, port: int) -> None:
        self._faults = faults
        self._settings = settings
        self._host = host
        self._port = port
        self._terminals = Terminals(venue, faults, settings)
        self._turnstile: Turnstile | None = None
        self._listener: asyncio.Server | None = None
        self._channels: set[Channel] = set()
        self._conversations = TaskOwner()

    @property
    def port(self) -> int:
        """Return the port that is listened on (the wanted one before ``start``)."""
        return self._port

    @property
    def connections(self) -> int:
        """Return how many modules are connected."""
        return len(self._channels)

    async def start(self) -> None:
        """Listen; raises ``OSError`` when the port is taken."""
        if self._listener is not None:
            return
        if self._turnstile is None:
            self._turnstile = Turnstile(self._faults, crash=self._abort_all, restart=self.restart)
        self._listener = await asyncio.start_server(self._accept, self._host, self._port)
        self._port = int(self._listener.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Cut every connection and stop listening."""
        await self._close()
        if self._turnstile is not None:
            await self._turnstile.stop()
            self._turnstile = None

    async def restart(self) -> None:
        """Cut every connection and listen again on the same port; what the terminals know stays."""
        await self._close()
        await self.start()

    async def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self._abort_all()
        await self._conversations.stop()

    def _abort_all(self) -> None:
        """Cut every connection: the terminal has crashed, whoever wants it again starts it again."""
        for channel in self._channels:
            channel.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        channel = Channel(reader, writer)
        if self._turnstile is None or len(self._channels) >= self._settings.maximum_clients:
            channel.abort()
            return
        self._channels.add(channel)
        conversation = Conversation(
            channel, self._terminals, self._turnstile, faults=self._faults, settings=self._settings
        )
        self._conversations.start(self._converse(channel, conversation))

    async def _converse(self, channel: Channel, conversation: Conversation) -> None:
        try:
            await conversation.run()
        except (FrameError, TimeoutError) as error:
            logger.info("a module is cut: %s", error)
        finally:
            self._channels.discard(channel)
            channel.abort()
