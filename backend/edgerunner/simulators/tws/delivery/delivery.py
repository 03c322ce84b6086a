"""Takes the messages of the order path on their way to clients: profile, faults, hold points."""

import asyncio
import random
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from edgerunner.simulators.faults import FaultBox, HoldPoint
from edgerunner.simulators.tasks import TaskOwner
from edgerunner.simulators.tws.delivery.arrangement import Parcel, Receiver, arrange
from edgerunner.simulators.tws.delivery.conditions import Conditions
from edgerunner.simulators.tws.delivery.definitions import BROKER, MISSING_END_MARKER, PROFILE
from edgerunner.simulators.tws.delivery.disturbance import REPLIES, Disturbance, is_reply
from edgerunner.simulators.tws.delivery.profiles import DEFAULT_PROFILE, PROFILES, Marker, Profile, chosen
from edgerunner.simulators.tws.delivery.stages import Stage
from edgerunner.simulators.tws.wire.account import AccountDownloadEnd, PositionEnd
from edgerunner.simulators.tws.wire.executions import ExecutionDetailsEnd
from edgerunner.simulators.tws.wire.orders import CompletedOrdersEnd, OpenOrderEnd, OrderStatus

HELD_AT_MOST: Final = 10_000
MARKERS: Final[dict[type[object], Marker]] = {
    OpenOrderEnd: Marker.OPEN_ORDERS,
    AccountDownloadEnd: Marker.ACCOUNT,
    ExecutionDetailsEnd: Marker.EXECUTIONS,
    PositionEnd: Marker.POSITIONS,
    CompletedOrdersEnd: Marker.COMPLETED_ORDERS,
}
_Lane = tuple[int, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """A request being carried out, and what becomes of the messages that it causes on its own connection.

    ``is_unheard``: all of them are lost; ``is_reply_lost``: those that answer it; ``delay_s``: how late these come.
    """

    session: Receiver
    op: str
    is_unheard: bool = False
    is_reply_lost: bool = False
    delay_s: float = 0


class Delivery:
    """Passes messages on, in the order and at the time that the profile and the active faults want.

    What is delivered in one turn of the event loop, or while one request is answered, is one batch; the messages of an
    order in it are arranged together. While messages of an order are held, its later ones wait and other orders pass;
    beyond ``HELD_AT_MOST`` waiting batches of one order the newest is lost.
    """

    def __init__(self, faults: FaultBox | None = None, *, profile: str = DEFAULT_PROFILE, seed: int = 1) -> None:
        if profile not in PROFILES:
            raise ValueError(f"no delivery profile {profile!r}; there are {', '.join(PROFILES)}")
        self._faults = faults or FaultBox([BROKER])
        self._profile = PROFILES[profile]
        self._random = random.Random(seed)
        self._conditions = Conditions(self._faults)
        self._disturbance = Disturbance(self._faults)
        self._batch: list[Parcel] = []
        self._answering: Answering | None = None
        self._lanes: dict[_Lane, deque[list[Parcel]]] = {}
        self._tasks = TaskOwner()
        self._late: set[asyncio.TimerHandle] = set()

    @property
    def profile(self) -> Profile:
        """Return the profile in force: that of the fault ``ibkr.profile``, else the configured one."""
        params = self._faults.peek(BROKER, PROFILE)
        return self._profile if params is None else chosen(params, self._profile)

    def deliver(
        self,
        session: Receiver,
        stage: Stage,
        messages: Sequence[object],
        *,
        client_key: str | None = None,
        symbol: str | None = None,
    ) -> None:
        """Send ``messages`` that tell one step of an order's life.

        ``client_key`` (the orderRef, or "clientId/orderId") and ``symbol`` (as in the ledger) are what faults match.
        """
        cause = self._answering if self._answering and self._answering.session is session else None
        if self._conditions.is_cut_off or (cause is not None and _is_lost(cause, stage)):
            return
        if self._answering is None and not self._batch:
            asyncio.get_running_loop().call_soon(self.flush)
        self._batch += [
            Parcel(
                session=session,
                stage=stage,
                message=message,
                client_key=client_key,
                symbol=symbol,
                op=cause.op if cause else None,
                delay_s=cause.delay_s if cause and stage in REPLIES else 0,
            )
            for message in messages
        ]

    @contextmanager
    def answering(self, request: Answering) -> Iterator[None]:
        """Take what is delivered meanwhile as caused by a request; it is sent at the end."""
        self.flush()
        self._answering = request
        try:
            yield
        finally:
            self._answering = None
            self.flush()

    def flush(self) -> None:
        """Send the batch."""
        batch, self._batch = self._batch, []
        for lane, parcels in _by_order(batch).items():
            self._dispatch(lane, self._disturbance.alter(arrange(parcels, self.profile, self._toss)))

    def omits(self, message: object) -> bool:
        """Tell whether a message of a list is left out: the marker of its end, or an order's status."""
        if isinstance(message, OrderStatus):
            return not self.profile.tells_list_status
        marker = MARKERS.get(type(message))
        if marker is None:
            return False
        if marker in self.profile.missing_markers:
            return True
        params = self._faults.peek(BROKER, MISSING_END_MARKER)
        if params is None or params.get("marker", marker) != marker:
            return False
        return self._faults.take(BROKER, MISSING_END_MARKER) is not None

    def begin_again(self, seed: int) -> None:
        """Decide anew what profiles leave open, as a delivery with this seed does; what was not sent yet is lost."""
        self._random.seed(seed)
        self._batch.clear()

    async def stop(self) -> None:
        """Forget what is held or late."""
        for timer in self._late:
            timer.cancel()
        self._late.clear()
        await self._tasks.stop()
        self._lanes.clear()

    def _dispatch(self, lane: _Lane, parcels: list[Parcel]) -> None:
        waiting = self._lanes.get(lane)
        if waiting is not None:
            if len(waiting) < HELD_AT_MOST:
                waiting.append(parcels)
        elif any(self._faults.is_holding(BROKER, point) for point in HoldPoint):
            self._lanes[lane] = deque([parcels])
            self._tasks.start(self._send_held(lane))
        else:
            self._send(parcels)

    async def _send_held(self, lane: _Lane) -> None:
        waiting = self._lanes[lane]
        try:
            while waiting:
                await self._send_stepwise(waiting.popleft())
        finally:
            del self._lanes[lane]

    async def _send_stepwise(self, parcels: list[Parcel]) -> None:
        """Send a batch, stopping at the hold points that it passes; a drop loses the rest of it."""
        if any(is_reply(parcel) for parcel in parcels) and await self._drops_at(HoldPoint.ACCEPTED, parcels):
            return
        told = [parcel for parcel in parcels if is_reply(parcel)]
        self._send(told)
        if told and await self._drops_at(HoldPoint.ACK_SENT, parcels):
            return
        events = [parcel for parcel in parcels if not is_reply(parcel)]
        fills = [parcel for parcel in events if parcel.stage is Stage.EXECUTION]
        self._send(fills)
        if fills and await self._drops_at(HoldPoint.FILL_SENT, parcels):
            return
        self._send([parcel for parcel in events if parcel not in fills])

    async def _drops_at(self, point: HoldPoint, parcels: Sequence[Parcel]) -> bool:
        return await self._faults.hold_point(BROKER, point, client_key=parcels[0].client_key) == "drop"

    def _send(self, parcels: Iterable[Parcel]) -> None:
        for parcel in parcels:
            if parcel.delay_s > 0:
                self._send_late(parcel)
            else:
                _hand_over(parcel)

    def _send_late(self, parcel: Parcel) -> None:
        def send() -> None:
            self._late.discard(timer)
            _hand_over(parcel)

        timer = asyncio.get_running_loop().call_later(parcel.delay_s, send)
        self._late.add(timer)

    def _toss(self) -> bool:
        return self._random.random() < 0.5


def _hand_over(parcel: Parcel) -> None:
    if parcel.is_stall:
        parcel.session.stall()
    parcel.session.send(parcel.message)


def _is_lost(cause: Answering, stage: Stage) -> bool:
    return cause.is_unheard or (cause.is_reply_lost and stage in REPLIES)


def _by_order(batch: Iterable[Parcel]) -> dict[_Lane, list[Parcel]]:
    lanes: dict[_Lane, list[Parcel]] = {}
    for parcel in batch:
        lanes.setdefault((id(parcel.session), parcel.client_key), []).append(parcel)
    return lanes
