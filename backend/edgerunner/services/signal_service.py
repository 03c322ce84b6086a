"""Signals from outside (TradingView alerts and other webhooks), each acted on once.

A signal is durable before it is answered, and acted on afterwards: TradingView gives up after 3 s
and sends again after a 5xx, at most 4 times within about 24 s
(https://www.tradingview.com/support/solutions/43000529348-how-to-configure-webhook-alerts/).
Each strategy has a lane: its signals are acted on one by one, in the order they came.
"""

import asyncio
import hashlib
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

import structlog

from edgerunner.domain.errors import (
    BrokerTimeout,
    BrokerUnreachable,
    Conflict,
    EdgerunnerError,
    InvalidRequest,
    JournalUnavailable,
    NotConnected,
    NotFound,
    Overloaded,
    RateLimited,
)
from edgerunner.domain.numbers import to_plain
from edgerunner.services.alert_service import AlertLevel, AlertService
from edgerunner.services.clock import Clock, EventMaker
from edgerunner.services.rate_limit import RateLimit
from edgerunner.services.signal_desk import SignalDesk, SignalOutcome, SignalTarget
from edgerunner.storage.signals import SignalAction, SignalState, SignalStore, StoredSignal
from edgerunner.storage.values import Page

_log = structlog.get_logger(__name__)

SAME_BODY_S = 30
"""Without an id, a signal that asks for the same again within this time is a resend.

Longer than TradingView's last resend, shorter than the shortest alert of a one-minute chart.
"""
MAXIMUM_AGE_S = 60
"""A signal that could not be acted on for so long is dropped with an alert: the market has moved on."""
LANE_LIMIT = 20
"""Signals of one strategy that wait; the next one is refused with 503, so that the sender sends again."""
STRATEGY_BURST, STRATEGY_PER_S = 60, 2.0
RETRY_S = 0.25
STOP_S = 5.0

_NOT_YET = (NotConnected, JournalUnavailable, BrokerTimeout, BrokerUnreachable)
"""Nothing was sent and a moment later it may go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRequest:
    """A signal as it was sent; None = not given."""

    action: SignalAction
    instrument_id: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The answer to a signal; ``signal_id`` is that of the first one when it is a ``duplicate``."""

    signal_id: str
    duplicate: bool


class SignalTargets(Protocol):
    """Which strategies take signals."""

    def signal_target(self, strategy_id: str) -> SignalTarget | None:
        """Return what a signal strategy trades, or None when there is no such strategy."""
        ...


@dataclass(slots=True, kw_only=True)
class _Lane:
    """One strategy's signals; ``waiting`` counts what is promised, so the queue cannot overflow."""

    queue: "asyncio.Queue[StoredSignal]" = field(default_factory=lambda: asyncio.Queue(LANE_LIMIT))
    waiting: int = 0
    worker: "asyncio.Task[None] | None" = None


class SignalService:
    """Takes signals in, keeps them, and has each acted on once."""

    def __init__(
        self,
        *,
        targets: SignalTargets,
        store: SignalStore,
        desk: SignalDesk,
        alerts: AlertService,
        events: EventMaker,
        clock: Clock,
    ) -> None:
        self._targets = targets
        self._store = store
        self._desk = desk
        self._alerts = alerts
        self._events = events
        self._clock = clock
        self._lanes: dict[str, _Lane] = {}
        self._rate = RateLimit(burst=STRATEGY_BURST, per_second=STRATEGY_PER_S)

    async def start(self) -> None:
        """Take up what was accepted before a crash; what is too old by now expires with an alert."""
        for signal in await self._store.waiting():
            lane = self._lane(signal.strategy_id)
            lane.waiting += 1
            await lane.queue.put(signal)

    async def stop(self) -> None:
        """Stop acting; what was accepted is taken up by the next start."""
        workers = [lane.worker for lane in self._lanes.values() if lane.worker is not None]
        for worker in workers:
            worker.cancel()
        if workers:
            await asyncio.wait(workers, timeout=STOP_S)
        self._lanes.clear()

    async def accept(self, strategy_id: str, request: SignalRequest, *, message_id: str | None = None) -> Accepted:
        """Make a signal durable and have it acted on; the caller has proven who it is.

        ``message_id`` is the one that a signature covers. Raises ``InvalidRequest``, ``Conflict``
        (the strategy does not run), ``NotFound``, ``RateLimited``, ``IdempotencyConflict``,
        ``Overloaded`` and ``JournalUnavailable``; nothing was taken in then.
        """
        target = self._running_target(strategy_id)
        wait_s = self._rate.take(strategy_id, self._clock.monotonic_ns())
        if wait_s:
            raise RateLimited(
                f"too many signals for this strategy; the next one is free in {wait_s:.1f} s", retry_after_s=wait_s
            )
        signal = self._signal(target, request, message_id)
        lane = self._lane(strategy_id)
        if lane.waiting >= LANE_LIMIT:
            raise Overloaded(f"{lane.waiting} signals of this strategy wait already; send it again in a moment")
        lane.waiting += 1
        try:
            known = await self._store.accept(signal, same_since_ns=self._same_since_ns(signal))
        except BaseException:
            lane.waiting -= 1
            raise
        if known is not None:
            lane.waiting -= 1
            return Accepted(signal_id=known.signal_id, duplicate=True)
        lane.queue.put_nowait(signal)
        return Accepted(signal_id=signal.signal_id, duplicate=False)

    async def page(self, strategy_id: str, *, limit: int, cursor: str | None) -> Page[StoredSignal]:
        """Return a page of a strategy's signals, newest first."""
        return await self._store.page(strategy_id, limit=limit, cursor=cursor)

    def require_target(self, strategy_id: str) -> SignalTarget:
        """Return what a signal strategy trades; raises ``NotFound``."""
        target = self._targets.signal_target(strategy_id)
        if target is None:
            raise NotFound(f"no strategy {strategy_id!r} takes signals; make one of class SignalStrategy")
        return target

    def _running_target(self, strategy_id: str) -> SignalTarget:
        target = self.require_target(strategy_id)
        if not target.is_running:
            raise Conflict(f"the strategy is {target.state}: start it before it takes signals")
        return target

    def _signal(self, target: SignalTarget, request: SignalRequest, message_id: str | None) -> StoredSignal:
        wanted = checked(request, target)
        fingerprint = _fingerprint(wanted)
        if wanted.id is not None:
            dedup_key = f"id:{wanted.id}"
        elif message_id is not None:
            dedup_key = f"message:{message_id}"
        else:
            dedup_key = f"body:{fingerprint}"
        return StoredSignal(
            signal_id=self._events.new_id(),
            strategy_id=target.strategy_id,
            dedup_key=dedup_key,
            fingerprint=fingerprint,
            action=wanted.action,
            instrument_id=wanted.instrument_id or target.instrument_ids[0],
            quantity=wanted.quantity,
            price=wanted.price,
            received_at_ns=self._clock.now_ns(),
        )

    def _same_since_ns(self, signal: StoredSignal) -> int:
        has_own_id = not signal.dedup_key.startswith("body:")
        return 0 if has_own_id else signal.received_at_ns - SAME_BODY_S * 1_000_000_000

    def _lane(self, strategy_id: str) -> _Lane:
        lane = self._lanes.setdefault(strategy_id, _Lane())
        if lane.worker is None:
            lane.worker = asyncio.create_task(self._work(lane), name=f"signals-{strategy_id}")
        return lane

    async def _work(self, lane: _Lane) -> None:
        while True:
            signal = await lane.queue.get()
            try:
                await self._settle(signal)
            finally:
                lane.waiting -= 1

    async def _settle(self, signal: StoredSignal) -> None:
        """Act on one signal and note what came of it; no failure ends the lane."""
        try:
            outcome = await self._outcome(signal)
        except Exception as error:  # noqa: BLE001 - a defect of ours must not silence the signals after this one
            _log.exception("signal_failed", signal_id=signal.signal_id)
            outcome = SignalOutcome(
                state=SignalState.REFUSED, reason=f"a defect of this program: {type(error).__name__}"
            )
        if outcome.state is not SignalState.ACTED:
            self._tell(signal, outcome)
        try:
            await self._store.finish(
                signal.signal_id,
                outcome.state,
                client_order_id=outcome.client_order_id,
                reason=outcome.reason,
                at_ns=self._clock.now_ns(),
            )
        except JournalUnavailable as error:  # the next start finds the order by the signal's id
            _log.error("signal_outcome_not_stored", signal_id=signal.signal_id, reason=error.detail)

    async def _outcome(self, signal: StoredSignal) -> SignalOutcome:
        """Act as soon as the connection takes orders; give up when the signal is too old."""
        deadline_ns = signal.received_at_ns + MAXIMUM_AGE_S * 1_000_000_000
        reason = "it was not acted on before the program ended"
        while True:
            try:
                before = await self._desk.outcome_before(signal)
                if before is not None:
                    return before
                if self._clock.now_ns() >= deadline_ns:
                    return SignalOutcome(state=SignalState.EXPIRED, reason=f"older than {MAXIMUM_AGE_S} s: {reason}")
                return await self._desk.act(signal, self._running_target(signal.strategy_id))
            except _NOT_YET as error:
                reason = error.detail
                await asyncio.sleep(RETRY_S)
            except EdgerunnerError as error:
                return SignalOutcome(state=SignalState.REFUSED, reason=error.detail)

    def _tell(self, signal: StoredSignal, outcome: SignalOutcome) -> None:
        target = self._targets.signal_target(signal.strategy_id)
        self._alerts.raise_alert(
            AlertLevel.WARNING,
            f"signal_{outcome.state}",
            f"signal {signal.signal_id} of strategy {signal.strategy_id} ({signal.action} {signal.instrument_id}) "
            f"was {outcome.state}: {outcome.reason}",
            None if target is None else target.connection_id,
        )


def checked(request: SignalRequest, target: SignalTarget) -> SignalRequest:
    """Return a signal with the strategy's own values filled in; raises ``InvalidRequest``."""
    instrument_id = request.instrument_id or target.instrument_ids[0]
    if instrument_id not in target.instrument_ids:
        allowed = ", ".join(target.instrument_ids)
        raise InvalidRequest.of("instrument_id", "not_allowed", f"this strategy trades {allowed}")
    if request.action is SignalAction.CLOSE:
        for name, given in (("quantity", request.quantity), ("price", request.price)):
            if given is not None:
                raise InvalidRequest.of(
                    name, "not_allowed", "close takes the whole position at the market; leave it out"
                )
        return SignalRequest(action=request.action, instrument_id=instrument_id, id=request.id)
    quantity = request.quantity or target.quantity
    if quantity is None:
        raise InvalidRequest.of("quantity", "required", "the strategy has no quantity of its own; send one")
    if target.maximum_quantity is not None and quantity > target.maximum_quantity:
        most = to_plain(target.maximum_quantity)
        raise InvalidRequest.of("quantity", "too_large", f"this strategy takes at most {most} per signal")
    return SignalRequest(
        action=request.action, instrument_id=instrument_id, quantity=quantity, price=request.price, id=request.id
    )


def _fingerprint(request: SignalRequest) -> str:
    """Return a hash of what is asked for; the secret and the id are no part of it."""
    wanted = [
        request.action.value,
        request.instrument_id,
        None if request.quantity is None else to_plain(request.quantity),
        None if request.price is None else to_plain(request.price),
    ]
    return hashlib.sha256(json.dumps(wanted).encode()).hexdigest()
