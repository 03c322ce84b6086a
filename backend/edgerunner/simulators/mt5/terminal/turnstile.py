"""How one call travels: swallowed, slowed, held, carried out, answered, or cut off."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Final, Protocol

from edgerunner.mt5_surface.errors import SUCCESS, LastError
from edgerunner.mt5_surface.structs import OrderSendResult
from edgerunner.simulators.faults import FaultBox, HoldPoint
from edgerunner.simulators.mt5.settings import BROKER
from edgerunner.simulators.mt5.terminal import definitions
from edgerunner.simulators.mt5.terminal.calls import Call
from edgerunner.simulators.mt5.terminal.failures import CallRefused, call_failed
from edgerunner.simulators.mt5.terminal.switches import Switches
from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.tasks import TaskOwner

DEFAULT_DELAY_S: Final = 5.0

logger = logging.getLogger(__name__)


class Peer(Protocol):
    """The connection that a call came over."""

    async def answer(self, error: LastError, value: object) -> None:
        """Send the answer to the call."""

    async def close(self) -> None:
        """End the connection in an orderly way."""

    def reset(self) -> None:
        """Cut the connection with a TCP reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One call on its way. ``act`` carries it out: it returns the value or raises ``CallRefused``."""

    peer: Peer
    call: Call
    act: Callable[[], Awaitable[object]]


class Turnstile:
    """Carries calls out, consulting the faults and hold points on the way; calls of one connection wait in line."""

    def __init__(
        self,
        faults: FaultBox,
        *,
        crash: Callable[[], None],
        restart: Callable[[], Coroutine[object, object, None]],
    ) -> None:
        self._faults = faults
        self._switches = Switches(faults)
        self._crash = crash
        self._restart = restart
        self._awake = asyncio.Event()
        self._forget = faults.watch(self._follow_hang)
        self._follow_hang()
        self._restarts = TaskOwner()

    async def conduct(self, visit: Visit) -> None:
        """Carry out one call and answer it."""
        call = visit.call
        if self._takes(definitions.CRASH, call):
            self._crash()
            return
        if self._takes("drop_request", call) or await self._is_held(HoldPoint.RECEIVED, call):
            return
        await self._be_slow(call)
        await self._awake.wait()
        error, value = await _carried_out(visit)
        is_lost = self._takes("drop_reply", call)
        if _is_accepted(value) and await self._is_held(HoldPoint.ACCEPTED, call):
            is_lost = True
        if (ending := self._ending(visit)) is not None:
            await ending()
            return
        if not is_lost:
            await self._answer(visit, error, value)

    async def stop(self) -> None:
        """Stop following the faults, and end a restart under way."""
        self._forget()
        await self._restarts.stop()

    async def _answer(self, visit: Visit, error: LastError, value: object) -> None:
        delay = self._faults.take(BROKER, "delay_reply", **_words(visit.call))
        if delay is not None:
            await asyncio.sleep(float(str(delay.get("delay_s", DEFAULT_DELAY_S))))
        await visit.peer.answer(error, value)
        if _is_accepted(value):
            await self._is_held(HoldPoint.ACK_SENT, visit.call)
        if isinstance(value, OrderSendResult) and value.deal:
            await self._is_held(HoldPoint.FILL_SENT, visit.call)

    async def _is_held(self, point: HoldPoint, call: Call) -> bool:
        """Wait at a hold point and tell whether the release said to drop what waits there."""
        if not call.is_order:
            return False
        return await self._faults.hold_point(BROKER, point, client_key=call.client_key) == "drop"

    async def _be_slow(self, call: Call) -> None:
        slow = self._faults.take(BROKER, definitions.SLOW_CALLS, **_words(call))
        if slow is not None:
            await asyncio.sleep(float(str(slow.get("delay_s", definitions.DEFAULT_SLOW_S))))

    def _ending(self, visit: Visit) -> Callable[[], Awaitable[None]] | None:
        """Return how the connection ends when the call is done, None when it goes on."""
        if self._takes("close_after_accept", visit.call):
            return visit.peer.close
        if self._takes("reset_after_accept", visit.call):
            return _resetting(visit.peer)
        return self._restart_later if self._takes("restart", visit.call) else None

    async def _restart_later(self) -> None:
        """Restart the server; not here, since that ends the connection whose call is being carried out."""
        self._restarts.start(self._restart())

    def _takes(self, fault: str, call: Call) -> bool:
        return self._faults.take(BROKER, fault, **_words(call)) is not None

    def _follow_hang(self) -> None:
        if self._switches.is_hanging:
            self._awake.clear()
        else:
            self._awake.set()


async def _carried_out(visit: Visit) -> tuple[LastError, object]:
    try:
        return SUCCESS, await visit.act()
    except CallRefused as refusal:
        return refusal.error, None
    except Exception:
        logger.exception("%s could not be carried out", visit.call.name)
        return call_failed().error, None


def _is_accepted(value: object) -> bool:
    return isinstance(value, OrderSendResult) and Retcode(value.retcode).is_success


def _words(call: Call) -> dict[str, str | None]:
    return {"op": call.op, "client_key": call.client_key, "symbol": call.symbol}


def _resetting(peer: Peer) -> Callable[[], Awaitable[None]]:
    async def reset() -> None:
        peer.reset()

    return reset
