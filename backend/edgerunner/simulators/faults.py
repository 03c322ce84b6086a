"""Faults that a test switches on, and hold points at which frames wait."""

import asyncio
import itertools
import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

_NUMBERS = frozenset({"client_id", "code", "copies", "fraction", "ids", "quantity"})
STREAMING_BROKERS = frozenset({"bybit", "ibkr"})
"""Brokers that tell what happens by themselves; a MetaTrader 5 terminal answers calls and is silent otherwise."""
OPERATIONS = frozenset({"place", "amend", "cancel", "query", "stream"})


class HoldPoint(StrEnum):
    """What has happened when a frame is held: it arrived, was booked, was acknowledged, its fill was told."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    ACK_SENT = "ack_sent"
    FILL_SENT = "fill_sent"


ReleaseAction = Literal["continue", "drop"]


class UnknownFault(ValueError):
    """No such fault, or a match or parameter it does not have; ``field`` names the part of the request."""

    def __init__(self, field_name: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field_name


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultDefinition:
    """A fault that can be switched on.

    ``brokers`` empty = every broker; ``params`` name -> meaning; ``choices`` name of a parameter -> its only values.
    """

    name: str
    description: str
    params: Mapping[str, str] = field(default_factory=dict)
    brokers: frozenset[str] = frozenset()
    choices: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultMatch:
    """Which calls a fault hits; None = any."""

    op: str | None = None
    client_key: str | None = None
    symbol: str | None = None

    def covers(self, call: "FaultMatch") -> bool:
        """Tell whether a call with these words is hit."""
        pairs = ((self.op, call.op), (self.client_key, call.client_key), (self.symbol, call.symbol))
        return all(wanted is None or wanted == seen for wanted, seen in pairs)


@dataclass(slots=True, kw_only=True)
class ActiveFault:
    """A fault switched on. ``remaining`` None = until it is deleted."""

    fault_id: str
    broker: str
    name: str
    match: FaultMatch
    params: Mapping[str, object]
    remaining: int | None
    used: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A frame that waits at a hold point."""

    broker: str
    at: HoldPoint
    client_key: str | None


COMMON_FAULTS = (
    FaultDefinition(name="drop_request", description="The frame never reaches the broker."),
    FaultDefinition(name="drop_reply", description="The broker acts, its reply is lost."),
    FaultDefinition(
        name="delay_reply", description="The broker acts at once, replies late.", params={"delay_s": "seconds, 5"}
    ),
    FaultDefinition(name="close_after_accept", description="The broker acts, then closes the connection."),
    FaultDefinition(name="reset_after_accept", description="The broker acts, then resets the connection (TCP RST)."),
    FaultDefinition(
        name="duplicate_event",
        description="A stream event is sent more than once.",
        params={"copies": "extra, 1"},
        brokers=STREAMING_BROKERS,
    ),
    FaultDefinition(
        name="reorder_events",
        description="A stream event is sent after the one that follows it.",
        brokers=STREAMING_BROKERS,
    ),
    FaultDefinition(
        name="late_event",
        description="A stream event is sent late, others pass it.",
        params={"delay_s": "seconds, 5"},
        brokers=STREAMING_BROKERS,
    ),
    FaultDefinition(
        name="stall_stream",
        description="The stream falls silent, its connection stays open.",
        brokers=STREAMING_BROKERS,
    ),
    FaultDefinition(
        name="reject",
        description="The broker refuses with its own words.",
        params={"code": "the broker's code", "text": "the broker's text"},
    ),
    FaultDefinition(
        name="partial_fill",
        description="The order trades only a part at once; the rest follows its time in force.",
        params={"fraction": "part of the quantity, 0.5", "quantity": "or this quantity"},
    ),
    FaultDefinition(
        name="rate_limit", description="The call counts as over the rate limit.", params={"reset_s": "seconds, 1"}
    ),
    FaultDefinition(
        name="restart", description="The broker's server restarts: every connection drops, recent lists empty."
    ),
    FaultDefinition(
        name="clock_offset",
        description="The broker's clock is wrong while the fault is active.",
        params={"offset_s": "seconds, may be negative"},
    ),
)


class FaultBox:
    """The faults and holds of all simulated brokers; single-threaded, used on the event loop."""

    def __init__(self, brokers: Iterable[str]) -> None:
        self.brokers = tuple(brokers)
        self._definitions = {definition.name: definition for definition in COMMON_FAULTS}
        self._active: dict[str, ActiveFault] = {}
        self._ids = itertools.count(1)
        self._holds: set[tuple[str, HoldPoint]] = set()
        self._held: deque[tuple[Held, asyncio.Future[ReleaseAction]]] = deque()
        self._listeners: list[Callable[[], None]] = []

    def watch(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` whenever a fault was switched on or off by ``add`` or ``remove``; return how to end it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def register(self, *definitions: FaultDefinition) -> None:
        """Add broker-specific faults; each name starts with its broker and a dot."""
        for definition in definitions:
            broker, dot, _ = definition.name.partition(".")
            if not dot or definition.brokers != frozenset({broker}):
                raise ValueError(f"fault {definition.name!r} must be named and limited by its broker")
            self._definitions[definition.name] = definition

    def definitions(self) -> list[FaultDefinition]:
        """Return every fault that can be switched on."""
        return list(self._definitions.values())

    def active(self) -> list[ActiveFault]:
        """Return the faults switched on, oldest first."""
        return list(self._active.values())

    def add(
        self,
        broker: str,
        name: str,
        *,
        count: int | None = 1,
        match: FaultMatch | None = None,
        params: Mapping[str, object] | None = None,
    ) -> ActiveFault:
        """Switch a fault on for ``count`` uses (0 or None = until deleted); raises ``UnknownFault``."""
        definition = self._definition(broker, name)
        match, params = match or FaultMatch(), params or {}
        if match.op is not None and match.op not in OPERATIONS:
            raise UnknownFault("match.op", f"must be one of {', '.join(sorted(OPERATIONS))}")
        _check_params(definition, params)
        fault = ActiveFault(
            fault_id=f"f{next(self._ids)}",
            broker=broker,
            name=name,
            match=match,
            params=dict(params),
            remaining=count or None,
        )
        self._active[fault.fault_id] = fault
        self._tell()
        return fault

    def remove(self, fault_id: str | None = None) -> list[str]:
        """Switch one fault off, or all; return the ids. Raises ``KeyError`` for an unknown id."""
        if fault_id is None:
            gone = list(self._active)
            self._active.clear()
        else:
            del self._active[fault_id]
            gone = [fault_id]
        self._tell()
        return gone

    def take(
        self,
        broker: str,
        name: str,
        *,
        op: str | None = None,
        client_key: str | None = None,
        symbol: str | None = None,
    ) -> Mapping[str, object] | None:
        """Use the oldest matching fault once and return its parameters; None when there is none."""
        if not self._active:
            return None
        fault = self._find(broker, name, FaultMatch(op=op, client_key=client_key, symbol=symbol))
        if fault is None:
            return None
        fault.used += 1
        if fault.remaining is not None:
            fault.remaining -= 1
            if not fault.remaining:
                del self._active[fault.fault_id]
        return fault.params

    def peek(self, broker: str, name: str) -> Mapping[str, object] | None:
        """Return the parameters of the oldest active fault of that name without using it."""
        return fault.params if (fault := self._find(broker, name, FaultMatch())) else None

    def hold(self, broker: str, at: HoldPoint) -> None:
        """Make every frame of ``broker`` wait at a point until ``release``."""
        self._check_broker(broker)
        self._holds.add((broker, at))

    def is_holding(self, broker: str, at: HoldPoint) -> bool:
        """Tell whether a hold is set at a point."""
        return (broker, at) in self._holds

    def held(self, broker: str | None = None) -> list[Held]:
        """Return the frames that wait now, first come first."""
        return [held for held, waiting in self._held if not waiting.done() and broker in {None, held.broker}]

    def release(
        self, broker: str | None = None, at: HoldPoint | None = None, *, action: ReleaseAction = "continue"
    ) -> list[Held]:
        """Lift holds (all, or those of a broker or point) and let their frames go on; return these frames."""
        self._holds = {(name, point) for name, point in self._holds if not _selected(name, point, broker, at)}
        released = []
        for held, waiting in self._held:
            if _selected(held.broker, held.at, broker, at) and not waiting.done():
                waiting.set_result(action)
                released.append(held)
        return released

    async def hold_point(self, broker: str, at: HoldPoint, *, client_key: str | None = None) -> ReleaseAction:
        """Wait here while a hold is set; return what the release said. Without a hold it returns at once."""
        if (broker, at) not in self._holds:
            return "continue"
        held = Held(broker=broker, at=at, client_key=client_key)
        waiting: asyncio.Future[ReleaseAction] = asyncio.get_running_loop().create_future()
        entry = (held, waiting)
        self._held.append(entry)
        try:
            return await waiting
        finally:
            self._held.remove(entry)

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()

    def _find(self, broker: str, name: str, call: FaultMatch) -> ActiveFault | None:
        for fault in self._active.values():
            if fault.name == name and fault.broker == broker and fault.match.covers(call):
                return fault
        return None

    def _definition(self, broker: str, name: str) -> FaultDefinition:
        self._check_broker(broker)
        definition = self._definitions.get(name)
        if definition is None or (definition.brokers and broker not in definition.brokers):
            raise UnknownFault("fault", f"{broker} has no fault {name!r}; GET /sim/faults lists them")
        return definition

    def _check_broker(self, broker: str) -> None:
        if broker not in self.brokers:
            raise UnknownFault("broker", f"no simulated broker {broker!r}; running: {', '.join(self.brokers)}")


def _check_params(definition: FaultDefinition, params: Mapping[str, object]) -> None:
    for parameter, value in params.items():
        place = f"params.{parameter}"
        if parameter not in definition.params:
            known = ", ".join(definition.params) or "none"
            raise UnknownFault(place, f"{definition.name} has no such parameter; known: {known}")
        if (parameter.endswith("_s") or parameter in _NUMBERS) and not _is_number(value):
            raise UnknownFault(place, "must be a number")
        if parameter in definition.choices and value not in definition.choices[parameter]:
            raise UnknownFault(place, f"must be one of {', '.join(sorted(definition.choices[parameter]))}")


def _is_number(value: object) -> bool:
    try:
        return math.isfinite(float(str(value)))
    except ValueError:
        return False


def _selected(name: str, point: HoldPoint, broker: str | None, at: HoldPoint | None) -> bool:
    return broker in {None, name} and at in {None, point}
