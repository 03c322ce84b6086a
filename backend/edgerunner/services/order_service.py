"""The one path of every order: check, journal, send, and wait for what the broker says.

An intent is durable before its first byte leaves. A command is sent once, by a task that
outlives the caller. What cannot be known is marked unknown and looked up by the resolver;
nothing here turns a time-out into a rejection.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog
from structlog.contextvars import bound_contextvars

from edgerunner.adapters.broker import CancelOrder, ModifyOrder, PlaceOrder
from edgerunner.adapters.instrument_lookup import look_up
from edgerunner.domain.errors import (
    DeniedByRisk,
    IdempotencyConflict,
    JournalUnavailable,
    NotFound,
    OrderClosed,
)
from edgerunner.domain.events import (
    Event,
    OrderDenied,
    OrderInitialized,
    OrderModifyRejected,
    OrderPendingCancel,
    OrderPendingUpdate,
    OrderRejected,
    OrderSubmitted,
)
from edgerunner.domain.identifiers import magic_number
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.orders import BrokerWords, Denial, Order, OrderStatus, Source
from edgerunner.services.broker_checks import checked_by_adapter, known_instrument
from edgerunner.services.clock import Clock, EventMaker
from edgerunner.services.close_by import PositionPair, close_by_terms, send_placement
from edgerunner.services.closing import closing_orders
from edgerunner.services.item_results import ItemResult, item_result, not_taken, still_working
from edgerunner.services.key_locks import KeyLocks
from edgerunner.services.order_checks import Changes, PlaceRequest, checked_changes, checked_terms
from edgerunner.services.order_drafts import Caller, Draft, IdempotencyKey, Placed
from edgerunner.services.order_gates import Gate, Interlock, Sessions
from edgerunner.services.order_timing import OrderMarks, OrderTiming
from edgerunner.services.order_waiters import OrderWaiters
from edgerunner.services.sending import CANCEL_TIMEOUT_S, SEND_TIMEOUT_S, Refused, Send, outcome
from edgerunner.services.session import Session
from edgerunner.storage.journal import IdempotencyRecord, IdempotencyTaken, Journal

_log = structlog.get_logger(__name__)


class OrderService:
    """Places, changes and cancels orders."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        journal: Journal,
        events: EventMaker,
        clock: Clock,
        risk: Gate,
        interlock: Interlock,
    ) -> None:
        self._sessions = sessions
        self._risk = risk
        self._interlock = interlock
        self._journal = journal
        self._events = events
        self._clock = clock
        self._waiters = OrderWaiters(journal)
        self._timing = OrderTiming(journal)
        self._key_locks = KeyLocks()
        self._sending: set[asyncio.Task[None]] = set()

    async def stop(self, drain_s: float = 5.0) -> None:
        """Let commands under way finish; what has no answer then is looked up at the next start."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=drain_s)
        for task in list(self._sending):
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def place(
        self,
        request: PlaceRequest,
        *,
        actor: str,
        source: Source = Source.API,
        strategy_id: str | None = None,
        idempotency: IdempotencyKey | None = None,
        wait_ms: int = 2000,
    ) -> Placed:
        """Check, journal and send one order; answer when it has left ``submitted``.

        Also answers when the outcome is unknown or ``wait_ms`` has passed. Raises
        ``InvalidRequest``, ``Unsupported``, ``NotFound``, ``NotConnected``, ``Conflict``,
        ``IdempotencyConflict``, ``LiveNotAllowed``, ``JournalUnavailable``: in all these cases nothing
        was sent and the idempotency key was not used up. An order that the risk checks refuse is
        recorded and answered as ``denied``.
        """
        caller = Caller(actor=actor, source=source, strategy_id=strategy_id)
        return await self._place(request, caller, idempotency, wait_ms)

    async def _place(
        self, request: PlaceRequest, caller: Caller, idempotency: IdempotencyKey | None, wait_ms: int
    ) -> Placed:
        if idempotency is None:
            placed = await self._place_new(request, caller, None)
        else:
            async with self._key_locks.hold(idempotency.scope, idempotency.key):
                placed = await self._replay(idempotency) or await self._place_new(request, caller, idempotency)
        order = await self._waiters.wait(placed.order.client_order_id, _has_left_submitted, wait_ms / 1000)
        return Placed(order=order, children=self._children(order), replayed=placed.replayed)

    async def modify(self, client_order_id: str, changes: Changes, *, actor: str, wait_ms: int = 2000) -> Order:
        """Change a working order; answer when the broker's records show the result.

        A refusal by the broker leaves the order as it was, with the broker's words on it.
        Raises ``NotFound``, ``OrderClosed``, ``Conflict``, ``InvalidRequest``, ``DeniedByRisk``,
        ``LiveNotAllowed``, ``Unsupported``, ``NotConnected``, ``JournalUnavailable``.
        """
        order = await self._known(client_order_id)
        session = self._sessions.session(order.connection_id)
        instrument = await look_up(session.adapter, order.terms.instrument_id)
        effective = checked_changes(order, changes, instrument, session.adapter.capabilities)
        if effective == Changes():
            return order
        session.require_ready()
        await self._require_allowed(session, order, effective, instrument)
        await self._journal.append(
            self._events.of_order(
                order,
                OrderPendingUpdate(
                    quantity=effective.quantity, price=effective.price, trigger_price=effective.trigger_price
                ),
                actor=actor,
            )
        )
        command = ModifyOrder(
            client_order_id=client_order_id,
            venue_order_id=order.venue_order_id,
            account_id=order.account_id,
            instrument_id=order.terms.instrument_id,
            quantity=effective.quantity,
            price=effective.price,
            trigger_price=effective.trigger_price,
        )
        self._send(
            order,
            lambda: session.adapter.modify_order(command),
            lambda broker: OrderModifyRejected(broker=broker),
        )
        return await self._waiters.wait(client_order_id, _is_settled(OrderStatus.PENDING_UPDATE), wait_ms / 1000)

    async def _require_allowed(self, session: Session, order: Order, changes: Changes, instrument: Instrument) -> None:
        """Raise ``DeniedByRisk`` or ``LiveNotAllowed`` for a change that may not be made."""
        is_smaller = changes == Changes(quantity=changes.quantity) and (changes.quantity or 0) < order.terms.quantity
        if not (order.terms.reduce_only or is_smaller):
            self._interlock.require(session.connection_id, session.account(order.account_id))
        denial = await self._risk.decide_change(session, order, changes, instrument)
        if denial is not None:
            raise DeniedByRisk.of("order", denial.code, denial.text)

    async def cancel(self, client_order_id: str, *, actor: str, wait_ms: int = 2000) -> Order:
        """Cancel an order; answer when the broker's records show the result.

        Never blocked by reconciliation or risk: only the link must be up. Raises ``NotFound``,
        ``OrderClosed``, ``NotConnected``, ``JournalUnavailable``.
        """
        order = await self._known(client_order_id)
        if order.status.is_closed:
            raise OrderClosed(f"order {client_order_id} is {order.status}; there is nothing to cancel")
        session = self._sessions.session(order.connection_id)
        session.require_link()
        if order.status is not OrderStatus.PENDING_CANCEL:
            await self._journal.append(self._events.of_order(order, OrderPendingCancel(), actor=actor))
            command = CancelOrder(
                client_order_id=client_order_id,
                venue_order_id=order.venue_order_id,
                account_id=order.account_id,
                instrument_id=order.terms.instrument_id,
            )

            def look_up(broker: BrokerWords) -> None:
                """A refused cancel mostly means that the order ended meanwhile: its record tells."""
                session.cancel_refused(client_order_id, broker)

            self._send(order, lambda: session.cancel(command), look_up, timeout_s=CANCEL_TIMEOUT_S)
        return await self._waiters.wait(client_order_id, _is_settled(OrderStatus.PENDING_CANCEL), wait_ms / 1000)

    async def cancel_all(
        self,
        *,
        connection_id: str | None = None,
        account_id: str | None = None,
        instrument_id: str | None = None,
        strategy_id: str | None = None,
        actor: str,
        wait_ms: int = 2000,
    ) -> list[ItemResult]:
        """Cancel every open order that matches, each by itself; one failure stops no other."""
        if connection_id is not None:
            self._sessions.session(connection_id)
        wanted = [
            order.client_order_id
            for order in self._journal.open_orders(connection_id)
            if account_id in {None, order.account_id}
            and instrument_id in {None, order.terms.instrument_id}
            and strategy_id in {None, order.strategy_id}
        ]
        cancels = ((key, self.cancel(key, actor=actor, wait_ms=wait_ms)) for key in wanted)
        return await asyncio.gather(*(item_result(key, cancel, still_working) for key, cancel in cancels))

    async def close_positions(
        self,
        *,
        connection_id: str,
        account_id: str | None = None,
        instrument_id: str | None = None,
        position_id: str | None = None,
        actor: str,
        source: Source = Source.API,
        wait_ms: int = 2000,
        is_emergency: bool = False,
    ) -> list[ItemResult]:
        """Close matching positions with market orders, reduce-only where the broker has it.

        Passes a halt. In an emergency the link alone must be up: the broker's newest reports are
        closed even before they are reconciled. Spot holdings are inventory: they are sold only when
        named by ``instrument_id``. Raises ``NotFound``, ``NotConnected``, and ``InvalidRequest`` for
        an instrument or account that does not exist.
        """
        session = self._sessions.session(connection_id)
        if is_emergency:
            session.require_link()
        else:
            session.require_ready()
        if instrument_id is not None:
            await known_instrument(session, instrument_id)
        if account_id is not None:
            session.account(account_id)
        caller = Caller(actor=actor, source=source, strategy_id=None, is_exit=True, is_emergency=is_emergency)
        requests = closing_orders(session, account_id=account_id, instrument_id=instrument_id, position_id=position_id)
        closings = (self._closed(request, caller, wait_ms) for request in requests)
        return await asyncio.gather(*(item_result(None, closing, not_taken) for closing in closings))

    async def close_by(
        self, pair: PositionPair, *, actor: str, source: Source = Source.API, wait_ms: int = 2000
    ) -> Order:
        """Close a position by an opposite one; the larger one's rest stays. Passes a halt.

        Raises ``Unsupported`` where the broker has no such thing, ``InvalidRequest`` for positions that do not fit,
        ``NotFound``, ``NotConnected``, ``JournalUnavailable``.
        """
        session = self._sessions.session(pair.connection_id)
        account = session.account(pair.account_id)
        session.require_ready()
        terms = close_by_terms(session, account, pair)
        draft = Draft(
            session=session,
            account_id=account.account_id,
            terms=terms,
            instrument=session.adapter.get_instrument(terms.instrument_id),
            caller=Caller(actor=actor, source=source, strategy_id=None, is_exit=True),
        )
        recorded = await self._take_in(draft, None)
        return await self._waiters.wait(recorded.order.client_order_id, _has_left_submitted, wait_ms / 1000)

    async def _closed(self, request: PlaceRequest, caller: Caller, wait_ms: int) -> Order:
        return (await self._place(request, caller, None, wait_ms)).order

    def _children(self, order: Order) -> tuple[Order, ...]:
        """Return the working exits that belong to the order; the broker makes them as it fills."""
        if order.terms.take_profit is None and order.terms.stop_loss is None:
            return ()
        working = self._journal.open_orders(order.connection_id)
        return tuple(child for child in working if child.parent_id == order.client_order_id)

    async def _known(self, client_order_id: str) -> Order:
        order = await self._journal.order(client_order_id)
        if order is None:
            raise NotFound(f"no order has the client_order_id {client_order_id!r}")
        return order

    async def _replay(self, idempotency: IdempotencyKey) -> Placed | None:
        record = await self._journal.idempotency(idempotency.scope, idempotency.key)
        if record is None:
            return None
        if record.fingerprint != idempotency.fingerprint:
            raise IdempotencyConflict("this Idempotency-Key was used with another body; use a new key for a new order")
        return Placed(order=await self._known(record.client_order_id), replayed=True)

    async def _place_new(self, request: PlaceRequest, caller: Caller, idempotency: IdempotencyKey | None) -> Placed:
        session = self._sessions.session(request.connection_id)
        account = session.account(request.account_id)
        instrument = await known_instrument(session, request.instrument_id)
        terms = checked_terms(request, instrument, session.adapter.capabilities, self._clock.now_ns())
        if caller.is_emergency:
            session.require_link()
        else:
            session.require_ready()
        if not (caller.is_exit or terms.reduce_only):
            self._interlock.require(session.connection_id, account)
        await checked_by_adapter(session, account.account_id, terms)
        return await self._take_in(
            Draft(
                session=session,
                account_id=account.account_id,
                terms=terms,
                instrument=instrument,
                caller=caller,
                client_order_id=request.client_order_id,
            ),
            idempotency,
        )

    async def _take_in(self, draft: Draft, idempotency: IdempotencyKey | None) -> Placed:
        """Decide about an order that can be sent; record and send it, or record its denial."""
        session, caller, terms = draft.session, draft.caller, draft.terms
        event = Event(
            event_id=self._events.new_id(),
            body=OrderInitialized(terms=terms, source=caller.source),
            connection_id=session.connection_id,
            account_id=draft.account_id,
            client_order_id=draft.client_order_id or self._events.new_id(),
            strategy_id=caller.strategy_id,
            actor=caller.actor,
            source=caller.source,
            ts_init_ns=self._clock.now_ns(),
        )
        _log.info("order_received", client_order_id=event.client_order_id, **draft.in_words())
        denial = await self._risk.decide(
            session, draft.account_id, terms, draft.instrument, strategy_id=caller.strategy_id, is_exit=caller.is_exit
        )
        if denial is not None:
            return await self._deny(event, denial, idempotency)
        marks = self._timing.begin(session, caller.received_ns)
        with self._risk.reserve(session, draft.account_id, terms):
            return await self._submit(draft, event, marks, idempotency)

    async def _deny(self, initialized: Event, denial: Denial, idempotency: IdempotencyKey | None) -> Placed:
        """Record an order that our own checks refuse; nothing is sent."""
        body = OrderDenied(code=denial.code, text=denial.text)
        return await self._record_new(initialized, body, idempotency)

    async def _submit(
        self, draft: Draft, initialized: Event, marks: OrderMarks, idempotency: IdempotencyKey | None
    ) -> Placed:
        session, terms = draft.session, draft.terms
        has_magic = session.adapter.capabilities.magic and initialized.client_order_id is not None
        magic = magic_number(initialized.client_order_id or "") if has_magic else None
        recorded = await self._record_new(initialized, OrderSubmitted(magic=magic), idempotency)
        if recorded.replayed:
            return recorded
        order = recorded.order
        self._timing.committed(order.client_order_id, marks)
        command = PlaceOrder(
            client_order_id=order.client_order_id, account_id=order.account_id, terms=terms, magic=magic
        )
        session.sent_at_ns[order.client_order_id] = self._clock.now_ns()
        self._send(
            order,
            lambda: marks.acknowledged(send_placement(session.adapter, command)),
            lambda broker: OrderRejected(broker=broker),
        )
        return recorded

    async def _record_new(
        self, initialized: Event, first: OrderSubmitted | OrderDenied, idempotency: IdempotencyKey | None
    ) -> Placed:
        """Make a new order durable, together with what becomes of it first and with its key."""
        client_order_id = initialized.client_order_id
        if client_order_id is None:
            raise AssertionError("an order event carries its order's id")
        next_event = replace(initialized, event_id=self._events.new_id(), body=first)
        record = None if idempotency is None else self._record(idempotency, client_order_id)
        try:
            commit = await self._journal.append(initialized, next_event, idempotency=record)
        except IdempotencyTaken:  # by another process on the same journal
            placed = await self._replay(idempotency) if idempotency else None
            if placed is None:
                raise
            return placed
        order = next(order for order in commit.orders if order.client_order_id == client_order_id)
        return Placed(order=order)

    def _record(self, idempotency: IdempotencyKey, client_order_id: str) -> IdempotencyRecord:
        return IdempotencyRecord(
            scope=idempotency.scope,
            key=idempotency.key,
            fingerprint=idempotency.fingerprint,
            client_order_id=client_order_id,
            created_ns=self._clock.now_ns(),
        )

    def _send(self, order: Order, send: Send, refused: Refused, *, timeout_s: float = SEND_TIMEOUT_S) -> None:
        """Send in a task of our own: a caller who goes away must not cut a command in two."""
        sending = self._send_and_book(order, send, refused, timeout_s)
        task = asyncio.create_task(sending, name=f"send-{order.client_order_id}")
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send_and_book(self, order: Order, send: Send, refused: Refused, timeout_s: float) -> None:
        with bound_contextvars(client_order_id=order.client_order_id, connection_id=order.connection_id):
            body = await outcome(send, refused, timeout_s=timeout_s)
        if body is None:
            return
        try:
            await self._journal.append(self._events.of_order(order, body, actor="adapter"))
        except JournalUnavailable as error:  # the order stays as it is; the resolver asks the broker
            _log.error("outcome_not_journaled", client_order_id=order.client_order_id, reason=error.detail)


def _has_left_submitted(order: Order) -> bool:
    waiting = {OrderStatus.INITIALIZED, OrderStatus.SUBMITTED}
    return order.status not in waiting or order.outcome_unknown is not None


def _is_settled(pending: OrderStatus) -> Callable[[Order], bool]:
    return lambda order: order.status is not pending or order.outcome_unknown is not None
