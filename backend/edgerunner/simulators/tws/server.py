"""The TWS socket server: handshake, log-on and one conversation per connection."""

import asyncio
import logging
from typing import Final

from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.answer import PAUSE
from edgerunner.simulators.tws.channel import Channel
from edgerunner.simulators.tws.conversation import Conversation
from edgerunner.simulators.tws.gateway import Gateway
from edgerunner.simulators.tws.wire.codec import LOWEST_VERSION, REQUESTS
from edgerunner.simulators.tws.wire.errors import FrameError, MessageError
from edgerunner.simulators.tws.wire.frames import VersionOffer, parse_offer
from edgerunner.simulators.tws.wire.session import StartApi

STOP_S: Final = 2.0

logger = logging.getLogger(__name__)


def agreed_version(offer: VersionOffer, server_version: int) -> int | None:
    """Return the version to speak: the lower of both sides' highest; None when the client cannot speak it."""
    version = min(server_version, offer.highest)
    return version if version >= max(offer.lowest, LOWEST_VERSION) else None


class TwsServer:
    """Listens for clients of one gateway. Port 0 = any free one."""

    def __init__(self, gateway: Gateway, *, host: str, port: int) -> None:
        self._gateway = gateway
        self._host = host
        self._port = port
        self._is_api_enabled = gateway.settings.is_api_enabled
        self._listener: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], Channel] = {}

    @property
    def port(self) -> int:
        """Return the port that is listened on (the wanted one before ``start``)."""
        return self._port

    async def start(self) -> None:
        """Listen, unless the API is disabled; raises ``OSError`` when the port is taken."""
        if self._listener is not None or not self._is_api_enabled:
            return
        self._listener = await asyncio.start_server(self._accept, self._host, self._port)
        self._port = int(self._listener.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Cut every connection and stop listening."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        tasks = list(self._connections)
        for channel in self._connections.values():
            channel.abort()
        if tasks:
            _, slow = await asyncio.wait(tasks, timeout=STOP_S)
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)

    async def restart(self) -> None:
        """Cut every connection and listen again on the same port; what the gateway knows stays."""
        await self.stop()
        await self.start()

    async def enable_api(self, *, is_enabled: bool) -> None:
        """Open the port, or close it and cut every connection, as the switch in TWS's settings does."""
        self._is_api_enabled = is_enabled
        await (self.start() if is_enabled else self.stop())

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        channel = Channel(reader, writer, self._gateway.settings.limits)
        task = asyncio.current_task()
        if task is None or len(self._connections) >= self._gateway.settings.maximum_clients:
            channel.abort()
            return
        self._connections[task] = channel
        try:
            await self._serve(channel)
        except FrameError as error:
            logger.info("a client is cut: %s", error)
        finally:
            await channel.close()
            self._connections.pop(task, None)

    async def _serve(self, channel: Channel) -> None:
        try:
            async with asyncio.timeout(self._gateway.settings.limits.start_s):
                client_id = await self._welcome(channel)
        except TimeoutError:
            logger.info("a client is cut: it did not start in time")
            return
        if client_id is None:
            return
        if not self._gateway.log_on(client_id):
            channel.send(codes.client_id_in_use())
            return
        try:
            await self._converse(channel, Conversation(self._gateway, client_id, channel.version))
        finally:
            self._gateway.log_off(client_id)

    async def _welcome(self, channel: Channel) -> int | None:
        """Shake hands and wait for startApi; return the client id, or None when the client is not welcome."""
        first = await channel.receive()
        if first is None:
            return None
        version = agreed_version(parse_offer(first), self._gateway.settings.server_version)
        if version is None:
            return None
        local = self._gateway.local_time()
        channel.agree(version, f"{local:%Y%m%d %H:%M:%S} {local.tzname()}")
        payload = await channel.receive()
        return None if payload is None else _client_id(payload, version)

    async def _converse(self, channel: Channel, conversation: Conversation) -> None:
        channel.send(*conversation.greet())
        while (payload := await channel.receive()) is not None:
            for message in conversation.answer(payload):
                if channel.is_closing:
                    return
                if message is PAUSE:
                    await asyncio.sleep(0)
                else:
                    channel.send(message)


def _client_id(payload: bytes, version: int) -> int | None:
    """Return the client id of startApi; None for anything else, to which TWS sends nothing at all."""
    try:
        request = REQUESTS.decode(payload, version)
    except MessageError as error:
        logger.info("a client is cut: %s", error)
        return None
    if isinstance(request, StartApi) and request.client_id >= 0:
        return request.client_id
    logger.info("a client is cut: it began with %s", type(request).__name__)
    return None
