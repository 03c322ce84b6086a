"""The TWS socket server: handshake, log-on and one conversation per connection."""

import asyncio
import logging
from typing import Final

from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.channel import Channel
from edgerunner.simulators.tws.conversation import Conversation
from edgerunner.simulators.tws.delivery.definitions import DEFINITIONS
from edgerunner.simulators.tws.delivery.order_targets import OrderTargets
from edgerunner.simulators.tws.delivery.outages import Outages
from edgerunner.simulators.tws.delivery.stalls import Stalls
from edgerunner.simulators.tws.delivery.turnstile import Turnstile, Visit
from edgerunner.simulators.tws.gateway import Gateway
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.tws.wire.codec import LOWEST_VERSION, REQUESTS
from edgerunner.simulators.tws.wire.errors import FrameError, MessageError
from edgerunner.simulators.tws.wire.frames import VersionOffer, parse_offer
from edgerunner.simulators.tws.wire.session import ErrorMessage, StartApi
from edgerunner.simulators.venue import Venue

STOP_S: Final = 2.0

logger = logging.getLogger(__name__)


def agreed_version(offer: VersionOffer, server_version: int) -> int | None:
    """Return the version to speak: the lower of both sides' highest; None when the client cannot speak it."""
    version = min(server_version, offer.highest)
    return version if version >= max(offer.lowest, LOWEST_VERSION) else None


def create_server(
    venue: Venue, faults: FaultBox, *, host: str, port: int, settings: TwsSettings | None = None
) -> "TwsServer":
    """Return the server of ``venue``; it listens after ``start``. Port 0 = any free port."""
    faults.register(*DEFINITIONS)
    return TwsServer(Gateway(venue, faults, settings or TwsSettings()), host=host, port=port)


class TwsServer:
    """Listens for clients of one gateway. Port 0 = any free one."""

    def __init__(self, gateway: Gateway, *, host: str, port: int) -> None:
        self._gateway = gateway
        self._host = host
        self._port = port
        self._is_api_enabled = gateway.settings.is_api_enabled
        self._listener: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], Channel] = {}
        self._pulse: asyncio.Task[None] | None = None
        self._stalls = Stalls(gateway)
        self._outages = Outages(gateway.faults, self, gateway.settings.farms[0])
        self._turnstile = Turnstile(
            gateway.faults,
            gateway.delivery,
            OrderTargets(gateway),
            servers=self._outages,
            restart=self._restart_by_fault,
        )

    @property
    def gateway(self) -> Gateway:
        """Return what is served."""
        return self._gateway

    @property
    def port(self) -> int:
        """Return the port that is listened on (the wanted one before ``start``)."""
        return self._port

    async def start(self) -> None:
        """Listen, unless the API is disabled; raises ``OSError`` when the port is taken."""
        if self._pulse is None:
            self._pulse = asyncio.create_task(self._gateway.pulse.run())
        self._outages.start()
        if self._listener is not None or not self._may_listen:
            return
        self._listener = await asyncio.start_server(self._accept, self._host, self._port)
        self._port = int(self._listener.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Cut every connection and stop listening."""
        await self._outages.stop()
        await self._close()
        await self._turnstile.stop()
        await self._gateway.delivery.stop()
        if self._pulse is not None:
            self._pulse.cancel()
            await asyncio.gather(self._pulse, return_exceptions=True)
            self._pulse = None

    async def _close(self) -> None:
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
        await self._close()
        await self.start()

    async def enable_api(self, *, is_enabled: bool) -> None:
        """Open the port, or close it and cut every connection, as the switch in TWS's settings does."""
        self._is_api_enabled = is_enabled
        await self.follow_switches()

    async def follow_switches(self) -> None:
        """Open or close the port, as settings and outages want it."""
        await (self.start() if self._may_listen else self._close())

    @property
    def _may_listen(self) -> bool:
        return self._is_api_enabled and not self._outages.is_port_closed

    def tell_everyone(self, message: ErrorMessage) -> None:
        """Send a notice to every session."""
        for session in self._gateway.sessions:
            session.send(message)

    def tell_data_taken(self) -> None:
        """Tell every market data subscription that a competing session has its data."""
        self._gateway.market.streams.tell_all(codes.competing_session)

    def lose_market_data(self) -> None:
        """End every market data subscription without a word."""
        self._gateway.market.streams.lose_all()

    def roll_back_ids(self, count: int) -> None:
        """Let nextValidId of every client id fall back."""
        self._gateway.roll_back_ids(count)

    async def _restart_by_fault(self) -> None:
        self._gateway.venue.operator.forget_history()
        await self.restart()

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
        session = Session(client_id, channel.version, channel.send)
        if self._gateway.conditions.is_client_id_taken(client_id) or not self._gateway.sessions.add(session):
            channel.send(codes.client_id_in_use())
            return
        try:
            await self._converse(channel, session)
        finally:
            self._gateway.sessions.remove(session)
            self._gateway.pacing.forget(session)

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

    async def _converse(self, channel: Channel, session: Session) -> None:
        conversation = Conversation(self._gateway, session)
        session.send(*conversation.greet())
        while (payload := await channel.receive()) is not None:
            try:
                request = conversation.read(payload)
            except MessageError as error:
                if self._admits(channel, session, None):
                    session.send(codes.unreadable(error))
                continue
            if not self._admits(channel, session, request):
                continue
            visit = Visit(channel=channel, session=session, request=request, act=conversation.answer)
            await self._turnstile.conduct(visit)

    def _admits(self, channel: Channel, session: Session, request: object) -> bool:
        """Tell whether the limits let a request pass; its sender is told if not, and cut after repeated excess."""
        verdict = self._gateway.pacing.admit(session, request)
        session.send(*verdict.messages)
        if verdict.is_cut:
            logger.info("client %s is cut: too many messages a second", session.client_id)
            channel.abort()
        return verdict.is_admitted


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
