"""How one request travels: swallowed, held, refused, carried out, answered, or cut off."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Protocol

from edgerunner.simulators.faults import FaultBox, HoldPoint
from edgerunner.simulators.tasks import TaskOwner
from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.answer import PAUSE, Answer
from edgerunner.simulators.tws.delivery.calls import Call, Target, call_of
from edgerunner.simulators.tws.delivery.conditions import Conditions
from edgerunner.simulators.tws.delivery.definitions import BROKER, FILL_AFTER_CANCELLED, FILL_BEATS_CANCEL
from edgerunner.simulators.tws.delivery.delivery import Answering, Delivery
from edgerunner.simulators.tws.delivery.disturbance import DEFAULT_DELAY_S, seconds
from edgerunner.simulators.tws.delivery.refusals import refusal, take, warnings
from edgerunner.simulators.tws.delivery.stages import Stage
from edgerunner.simulators.tws.orders.status import Status
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.wire.market_requests import (
    RequestDepth,
    RequestMarketData,
    RequestRealTimeBars,
    RequestTickByTick,
)
from edgerunner.simulators.tws.wire.orders import PlaceOrder

WAITING_AT_MOST: Final = 1_000
LIVE_DATA: Final = (RequestMarketData, RequestTickByTick, RequestDepth, RequestRealTimeBars)
_TWISTS: Final = {FILL_AFTER_CANCELLED: Status.CANCELLED, FILL_BEATS_CANCEL: Status.PENDING_CANCEL}

logger = logging.getLogger(__name__)


class Channel(Protocol):
    """The connection that a request came over."""

    @property
    def is_closing(self) -> bool:
        """Tell whether nothing more can be sent."""

    async def close(self) -> None:
        """End the connection in an orderly way."""

    def reset(self) -> None:
        """Cut the connection with a TCP reset."""


class Orders(Protocol):
    """What is known of orders when a request about one arrives."""

    def target(self, client_id: int, request: object) -> Target | None:
        """Return the order that a request is about, None when it does not exist."""

    def described(self, client_id: int, request: object) -> Target | None:
        """Return an order as the request itself names it, None when it names none."""

    def count_refusal(self, client_id: int, request: PlaceOrder) -> None:
        """Count a placement that was refused before it reached the book."""

    def fill_instead(self, session: Session, request: object, *, status: Status) -> None:
        """Fill the order that a client wants to cancel, after telling it ``status``."""


class Servers(Protocol):
    """What lies behind TWS."""

    async def wait_for_connection(self) -> None:
        """Wait until TWS is connected to its own servers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request on its way. ``act`` carries it out and returns its answer."""

    channel: Channel
    session: Session
    request: Any
    act: Callable[[Any], Answer]


class Turnstile:
    """Carries requests out, consulting the faults and hold points on the way."""

    def __init__(
        self,
        faults: FaultBox,
        delivery: Delivery,
        orders: Orders,
        *,
        servers: Servers,
        restart: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        self._faults = faults
        self._conditions = Conditions(faults)
        self._delivery = delivery
        self._orders = orders
        self._servers = servers
        self._restart = restart
        self._tasks = TaskOwner()
        self._waiting = 0

    async def conduct(self, visit: Visit) -> None:
        """Carry out one request and send its answer; requests about orders may wait while others pass."""
        call = self._call_of(visit)
        if take(self._faults, "drop_request", call) is not None:
            return
        if not call.changes_orders or not self._must_wait:
            await self._carry_out_safely(visit, call)
        elif self._waiting < WAITING_AT_MOST:
            self._waiting += 1
            self._tasks.start(self._carry_out_later(visit, call))
        else:
            visit.session.send(codes.too_fast())

    async def stop(self) -> None:
        """Forget what waits."""
        await self._tasks.stop()

    @property
    def _must_wait(self) -> bool:
        return self._conditions.is_cut_off or self._faults.is_holding(BROKER, HoldPoint.RECEIVED)

    def _call_of(self, visit: Visit) -> Call:
        """Return what a request is about; its words are not looked up as long as nobody wants to know them."""
        client_id, request = visit.session.client_id, visit.request
        known = self._orders.target(client_id, request)
        is_asked = known is None and (bool(self._faults.active()) or self._must_wait)
        return call_of(request, known, self._orders.described(client_id, request) if is_asked else None)

    async def _carry_out_later(self, visit: Visit, call: Call) -> None:
        try:
            released = await self._faults.hold_point(BROKER, HoldPoint.RECEIVED, client_key=call.client_key)
            await self._servers.wait_for_connection()
        finally:
            self._waiting -= 1
        if released != "drop":
            await self._carry_out_safely(visit, call)

    async def _carry_out_safely(self, visit: Visit, call: Call) -> None:
        """Carry out a request; an error of ours is logged and told, and the connection goes on."""
        try:
            await self._carry_out(visit, call)
        except Exception:
            logger.exception("%s could not be carried out", type(visit.request).__name__)
            visit.session.send(codes.processing_error("an error of the simulator", call.request_id))

    async def _carry_out(self, visit: Visit, call: Call) -> None:
        said = refusal(self._faults, call, visit.request, visit.session.client_id)
        if said is not None:
            if call.op == "place":
                self._orders.count_refusal(visit.session.client_id, visit.request)
            visit.session.send(*said)
            return
        ending = self._ending(visit, call)
        reply = self._reply_to(visit, call, is_unheard=ending is not None)
        with self._delivery.answering(reply):
            answer = self._act(visit, call)
        await self._answer(visit, answer, reply)
        if self._conditions.has_competing_session and isinstance(visit.request, LIVE_DATA):
            visit.session.send(codes.competing_session(call.request_id))
        if ending is not None:
            await ending()

    def _act(self, visit: Visit, call: Call) -> Answer:
        """Carry out a request about orders to the end; other answers may be computed as they are taken."""
        for name, status in _TWISTS.items():
            if call.op == "cancel" and take(self._faults, name, call) is not None:
                self._orders.fill_instead(visit.session, visit.request, status=status)
                return ()
        answer = visit.act(self._with_warnings(visit, call))
        return list(answer) if call.changes_orders else answer

    def _reply_to(self, visit: Visit, call: Call, *, is_unheard: bool) -> Answering:
        delay = take(self._faults, "delay_reply", call)
        return Answering(
            session=visit.session,
            op=call.op,
            is_unheard=is_unheard,
            is_reply_lost=take(self._faults, "drop_reply", call) is not None,
            delay_s=0 if delay is None else seconds(delay, "delay_s", DEFAULT_DELAY_S),
        )

    def _ending(self, visit: Visit, call: Call) -> Callable[[], Awaitable[None]] | None:
        """Return how the connection ends when the request is done, None when it goes on."""
        if take(self._faults, "close_after_accept", call) is not None:
            return visit.channel.close
        if take(self._faults, "reset_after_accept", call) is not None:
            return self._resetting(visit.channel)
        if take(self._faults, "restart", call) is not None:
            return self._restarting
        return None

    def _resetting(self, channel: Channel) -> Callable[[], Awaitable[None]]:
        async def reset() -> None:
            channel.reset()

        return reset

    async def _restarting(self) -> None:
        """Restart the server; not here, since that ends the connection whose request is being carried out."""
        self._tasks.start(self._restart())

    def _with_warnings(self, visit: Visit, call: Call) -> object:
        request = visit.request
        if call.op == "place" and isinstance(request, PlaceOrder):
            request, told = warnings(self._faults, call, request)
            self._delivery.deliver(visit.session, Stage.NOTICE, told, client_key=call.client_key, symbol=call.symbol)
        return request

    async def _answer(self, visit: Visit, answer: Answer, reply: Answering) -> None:
        if reply.is_unheard or reply.is_reply_lost:
            await self._send(visit, answer, is_heard=False)
        elif reply.delay_s:
            self._tasks.start(self._send_late(visit, answer, reply.delay_s))
        else:
            await self._send(visit, answer)

    async def _send_late(self, visit: Visit, answer: Answer, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        await self._send(visit, answer)

    async def _send(self, visit: Visit, answer: Answer, *, is_heard: bool = True) -> None:
        """Send an answer, maybe computed as it is taken; lists without their markers where a fault says so."""
        for message in answer:
            if visit.channel.is_closing:
                return
            if message is PAUSE:
                await asyncio.sleep(0)
            elif is_heard and not self._delivery.omits(message):
                visit.session.send(message)
