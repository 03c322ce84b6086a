"""From the venue's events to the private sockets: in true order, after the ack, with faults.

Each account has one line of events. Events of a request wait behind a gate that opens when its
answer has left, so that nobody hears of an order before its acknowledgement.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from itertools import groupby
from typing import Protocol

from edgerunner.simulators.bybit import bybit_faults
from edgerunner.simulators.bybit.private_messages import (
    EXECUTION,
    ClosedProfit,
    EventBatch,
    PrivateMessage,
    messages_of,
)
from edgerunner.simulators.faults import FaultBox, HoldPoint
from edgerunner.simulators.tasks import TaskOwner
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import (
    BalanceChanged,
    FillHappened,
    OrderChanged,
    PositionChanged,
    PositionSettled,
    TradePrinted,
    VenueEvent,
)


class PrivateListener(Protocol):
    """A private socket, as the hub sees it."""

    account_id: str

    @property
    def topics(self) -> frozenset[str]:
        """Return the subscribed topics."""

    def wants(self, message: PrivateMessage) -> bool:
        """Tell whether the message's topic is subscribed."""

    def deliver(self, message: PrivateMessage) -> None:
        """Send the message if its topic is subscribed."""


class Gate:
    """Holds the events of one request back until its answer has left."""

    class State(Enum):
        """Whether the events wait, flow, or are thrown away."""

        CLOSED = 1
        OPEN = 2
        DISCARDED = 3

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.state = Gate.State.CLOSED
        self._on_change = on_change

    def open(self) -> None:
        """Let the events go; nothing happens when already decided."""
        self._decide(Gate.State.OPEN)

    def discard(self) -> None:
        """Throw the events away."""
        self._decide(Gate.State.DISCARDED)

    def _decide(self, state: "Gate.State") -> None:
        if self.state is Gate.State.CLOSED:
            self.state = state
            self._on_change()


class AccountLine:
    """The events of one account that wait, and the messages made of them."""

    def __init__(self, hub: "PrivateHub", account_id: str) -> None:
        self._hub = hub
        self._account_id = account_id
        self._events: deque[tuple[Gate | None, VenueEvent]] = deque()
        self._messages: deque[PrivateMessage] = deque()
        self._closed_profit = ClosedProfit()
        self._is_scheduled = False
        self._is_paused = False
        self.gate: Gate | None = None

    def append(self, event: VenueEvent) -> None:
        """Add an event, behind the gate of the request that is being carried out, if any."""
        self._events.append((self.gate, event))
        if self.gate is None:
            self._schedule()

    def advance(self) -> None:
        """Send what may be sent now."""
        self._is_scheduled = False
        ready = []
        while self._events and self._is_decided(self._events[0][0]):
            ready.append(self._events.popleft())
        for gate, pairs in groupby(ready, key=lambda pair: pair[0]):
            if gate is None or gate.state is Gate.State.OPEN:
                batch = EventBatch.of(self._account_id, (event for _, event in pairs))
                messages = messages_of(self._hub.venue, batch, self._closed_profit)
                self._messages.extend(bybit_faults.arrange(self._hub.faults, self._hub.venue.name, messages))
        self._send_messages()

    def _send_messages(self) -> None:
        while self._messages and not self._is_paused:
            message = self._messages.popleft()
            is_heard = self._hub.publish(self._account_id, message)
            if (
                is_heard
                and message.topic == EXECUTION
                and self._hub.faults.is_holding(self._hub.venue.name, HoldPoint.FILL_SENT)
            ):
                self._is_paused = True
                self._hub.tasks.start(self._wait_for_release(message.client_key))

    async def _wait_for_release(self, client_key: str | None) -> None:
        action = await self._hub.faults.hold_point(self._hub.venue.name, HoldPoint.FILL_SENT, client_key=client_key)
        if action == "drop":
            self._messages.clear()
        self._is_paused = False
        self._send_messages()

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self.advance)

    @staticmethod
    def _is_decided(gate: Gate | None) -> bool:
        return gate is None or gate.state is not Gate.State.CLOSED


class PrivateHub:
    """All account lines and the private sockets that listen to them."""

    def __init__(self, venue: Venue, faults: FaultBox, tasks: TaskOwner) -> None:
        self.venue = venue
        self.faults = faults
        self.tasks = tasks
        self._lines: dict[str, AccountLine] = {}
        self._listeners: set[PrivateListener] = set()
        self._disturbances: dict[str, bybit_faults.StreamDisturbance] = {}
        self._remove_listener = venue.add_listener(self._on_event)

    def close(self) -> None:
        """Stop listening to the venue."""
        self._remove_listener()

    def attach(self, listener: PrivateListener) -> None:
        """Start delivering to an authenticated socket."""
        self._listeners.add(listener)

    def detach(self, listener: PrivateListener) -> None:
        """Stop delivering to a socket."""
        self._listeners.discard(listener)

    def topics(self) -> frozenset[str]:
        """Return the topics that some authenticated socket is subscribed to."""
        return frozenset().union(*(listener.topics for listener in self._listeners))

    @contextmanager
    def gate(self, account_id: str) -> Iterator[Gate]:
        """Put the account's events of this (synchronous) block behind a new gate."""
        line = self._line(account_id)
        line.gate = gate = Gate(line.advance)
        try:
            yield gate
        finally:
            line.gate = None

    def publish(self, account_id: str, message: PrivateMessage) -> bool:
        """Send one message to the account's sockets, as the active faults have it; False when nobody listens."""
        if not any(listener.account_id == account_id and listener.wants(message) for listener in self._listeners):
            return False
        disturbance = self._disturbances.get(account_id)
        if disturbance is None:
            disturbance = self._disturbances[account_id] = bybit_faults.StreamDisturbance(
                self.venue.name, self.faults, lambda altered: self._deliver(account_id, altered), self.tasks
            )
        disturbance.pass_on(message)
        return True

    def _deliver(self, account_id: str, message: PrivateMessage) -> None:
        for listener in list(self._listeners):
            if listener.account_id == account_id:
                listener.deliver(message)

    def _line(self, account_id: str) -> AccountLine:
        line = self._lines.get(account_id)
        if line is None:
            line = self._lines[account_id] = AccountLine(self, account_id)
        return line

    def _on_event(self, event: VenueEvent) -> None:
        match event:
            case OrderChanged(order=order):
                self._line(order.account_id).append(event)
            case FillHappened(fill=fill) | PositionSettled(fill=fill):
                self._line(fill.account_id).append(event)
            case PositionChanged(position=position):
                self._line(position.account_id).append(event)
            case BalanceChanged(account_id=account_id):
                self._line(account_id).append(event)
            case TradePrinted():
                return
