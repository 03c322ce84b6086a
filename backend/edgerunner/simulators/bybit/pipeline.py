"""How one request travels: swallowed, held, refused, carried out, answered, or cut off.

REST and the trade socket share it; each brings its own way to answer. The gate of the private
streams opens when the answer has left (or was lost), never before.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Protocol

from edgerunner.simulators.bybit.bybit_faults import DEFAULT_DELAY_S, number
from edgerunner.simulators.bybit.private_hub import Gate, PrivateHub
from edgerunner.simulators.faults import FaultBox, HoldPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a request is about, as far as a fault can be aimed at it."""

    client_key: str | None = None
    symbol: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request on its way: its kind (``place amend cancel query``) and its targets."""

    op: str
    account_id: str | None = None
    targets: tuple[Target, ...] = (Target(),)

    @property
    def client_key(self) -> str | None:
        """Return the client key of the first target."""
        return self.targets[0].client_key if self.targets else None

    @property
    def changes_orders(self) -> bool:
        """Tell whether the request changes orders (and so is held and gated)."""
        return self.op != "query"


class Channel(Protocol):
    """The way back to the caller."""

    async def send(self, payload: bytes) -> None:
        """Send the answer; returns when it has been handed to the transport."""

    async def stay_silent(self) -> None:
        """Leave the caller without an answer on an open connection."""

    def close(self) -> None:
        """End the connection in an orderly way without an answer."""

    def reset(self) -> None:
        """Cut the connection with a TCP reset."""


class Pipeline:
    """Carries requests out, consulting the faults and hold points on the way."""

    def __init__(self, broker: str, faults: FaultBox, hub: PrivateHub, restart: Callable[[], None]) -> None:
        self._broker = broker
        self._restart = restart
        self._faults = faults
        self._hub = hub

    def take(self, name: str, call: Call) -> Mapping[str, object] | None:
        """Use a fault that covers one of the targets of ``call``; None when there is none."""
        for target in call.targets or (Target(),):
            params = self._faults.take(
                self._broker, name, op=call.op, client_key=target.client_key, symbol=target.symbol
            )
            if params is not None:
                return params
        return None

    async def conduct(self, call: Call, act: Callable[[], bytes], channel: Channel) -> None:
        """Carry out one request: ``act`` does it and returns the answer's bytes."""
        if self.take("drop_request", call) is not None or await self._is_dropped_at(HoldPoint.RECEIVED, call):
            await channel.stay_silent()
            return
        gated = self._hub.gate(call.account_id) if call.changes_orders and call.account_id else nullcontext()
        with gated as gate:
            payload = act()
        try:
            await self._answer(call, payload, channel, gate)
        finally:
            if gate is not None:
                gate.open()

    async def _answer(self, call: Call, payload: bytes, channel: Channel, gate: Gate | None) -> None:
        if await self._is_dropped_at(HoldPoint.ACCEPTED, call) or self.take("drop_reply", call) is not None:
            _open(gate)
            await channel.stay_silent()
            return
        if self.take("close_after_accept", call) is not None:
            channel.close()
            return
        if self.take("reset_after_accept", call) is not None:
            channel.reset()
            return
        if self.take("restart", call) is not None:
            channel.reset()
            self._restart()
            return
        if (params := self.take("delay_reply", call)) is not None:
            _open(gate)
            await asyncio.sleep(number(params, "delay_s", DEFAULT_DELAY_S))
        await channel.send(payload)
        if await self._is_dropped_at(HoldPoint.ACK_SENT, call) and gate is not None:
            gate.discard()

    async def _is_dropped_at(self, point: HoldPoint, call: Call) -> bool:
        if not call.changes_orders:
            return False
        return await self._faults.hold_point(self._broker, point, client_key=call.client_key) == "drop"


def _open(gate: Gate | None) -> None:
    if gate is not None:
        gate.open()
