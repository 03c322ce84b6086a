"""The one path of every order: check, journal, send, and wait for what the broker says.

An intent is durable before its first byte leaves. A command is sent once, by a task that
outlives the caller. What cannot be known is marked unknown and looked up by the resolver;
nothing here turns a time-out into a rejection.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from edgerunner.adapters.broker import CancelOrder, ModifyOrder, PlaceOrder, PositionReport, product_label
from edgerunner.domain.errors import (
    BrokerTimeout,
    EdgerunnerError,
    IdempotencyConflict,
    InvalidRequest,
    JournalUnavailable,
    NotFound,
    OrderClosed,
)
from edgerunner.domain.events import (
    Event,
    OrderInitialized,
    OrderModifyRejected,
    OrderPendingCancel,
    OrderPendingUpdate,
    OrderRejected,
    OrderSubmitted,
)
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.numbers import floor_to_step
from edgerunner.domain.orders import BrokerWords, Order, OrderStatus, OrderTerms, OrderType, Side, Source
from edgerunner.services.clock import Clock, EventMaker
from edgerunner.services.key_locks import KeyLocks
from edgerunner.services.order_checks import Changes, PlaceRequest, checked_changes, checked_terms
from edgerunner.services.order_waiters import OrderWaiters
from edgerunner.services.sending import Refused, Send, outcome
from edgerunner.services.session import Session
from edgerunner.storage.journal import IdempotencyRecord, IdempotencyTaken, Journal

_log = structlog.get_logger(__name__)


CHECK_TIMEOUT_S = 5.0
"""Bound on what an adapter asks its broker before an order is taken in."""


class Sessions(Protocol):
    """Where the service finds running connections."""

    def session(self, connection_id: str) -> Session:
        """Return the session; raises ``NotFound`` or ``NotConnected``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """A caller's key: ``scope`` is the API key's name, ``fingerprint`` a hash of the body."""

    scope: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """What became of one item of a command that concerns several orders."""

    client_order_id: str | None
    ok: bool
    order: Order | None = None
    code: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The answer to a placement; ``replayed`` when the key was used before with the same body.

    ``children`` are the exits that work already: a broker makes them as the order fills.
    """

    order: Order
    children: tuple[Order, ...] = ()
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Caller:
    actor: str
    source: Source
    strategy_id: str | None


class OrderService:
    """Places, changes and cancels orders."""

    def __init__(self, *, sessions: Sessions, journal: Journal, events: EventMaker, clock: Clock) -> None:
        self._sessions = sessions
        self._journal = journal
        self._events = events
        self._clock = clock
        self._waiters = OrderWaiters(journal)
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
        ``IdempotencyConflict``, ``JournalUnavailable``: in all these cases nothing was sent and
        the idempotency key was not used up.
        """
        caller = _Caller(actor=actor, source=source, strategy_id=strategy_id)
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
        Raises ``NotFound``, ``OrderClosed``, ``Conflict``, ``InvalidRequest``, ``Unsupported``,
        ``NotConnected``, ``JournalUnavailable``.
        """
        order = await self._known(client_order_id)
        session = self._sessions.session(order.connection_id)
        instrument = session.adapter.get_instrument(order.terms.instrument_id)
        effective = checked_changes(order, changes, instrument, session.adapter.capabilities)
        if effective == Changes():
            return order
        session.require_ready()
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

            self._send(order, lambda: session.adapter.cancel_order(command), look_up)
        return await self._waiters.wait(client_order_id, _is_settled(OrderStatus.PENDING_CANCEL), wait_ms / 1000)

    async def cancel_all(
        self,
        *,
        connection_id: str | None = None,
        account_id: str | None = None,
        instrument_id: str | None = None,
        actor: str,
        wait_ms: int = 2000,
    ) -> list[ItemResult]:
        """Cancel every open order that matches, each by itself; one failure stops no other."""
        if connection_id is not None:
            self._sessions.session(connection_id)
        wanted = [
            order.client_order_id
            for order in self._journal.open_orders(connection_id)
            if account_id in {None, order.account_id} and instrument_id in {None, order.terms.instrument_id}
        ]
        return await asyncio.gather(*(_item(key, self.cancel(key, actor=actor, wait_ms=wait_ms)) for key in wanted))

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
    ) -> list[ItemResult]:
        """Close matching positions with market orders, reduce-only where the broker has it.

        Spot holdings are inventory: they are sold only when named by ``instrument_id``. Raises
        ``NotFound``, ``NotConnected``, and ``InvalidRequest`` for an instrument or account that does not exist.
        """
        session = self._sessions.session(connection_id)
        session.require_ready()
        if instrument_id is not None:
            _instrument(session, instrument_id)
        if account_id is not None:
            session.account(account_id)
        requests: list[PlaceRequest] = []
        for report in session.positions.values():
            instrument = session.adapter.get_instrument(report.instrument_id)
            if instrument_id is None and instrument.contract.is_inventory:
                continue
            is_wanted = (
                instrument_id in {None, report.instrument_id}
                and account_id in {None, report.account_id}
                and position_id in {None, report.leg}
            )
            request = self._closing(session, report, instrument) if is_wanted else None
            if request is not None:
                requests.append(request)
        return await asyncio.gather(
            *(_item(None, self._placed(request, actor, source, wait_ms)) for request in requests)
        )

    async def _placed(self, request: PlaceRequest, actor: str, source: Source, wait_ms: int) -> Order:
        return (await self.place(request, actor=actor, source=source, wait_ms=wait_ms)).order

    def _closing(self, session: Session, report: PositionReport, instrument: Instrument) -> PlaceRequest | None:
        quantity = floor_to_step(abs(report.quantity), instrument.lot_step)
        if quantity <= 0:
            return None
        product = session.adapter.capabilities.products[product_label(instrument)]
        return PlaceRequest(
            connection_id=session.connection_id,
            account_id=report.account_id,
            instrument_id=report.instrument_id,
            side=Side.SELL if report.quantity > 0 else Side.BUY,
            order_type=OrderType.MARKET,
            quantity=quantity,
            reduce_only=product.reduce_only,
            position_id=report.leg if product.hedging and report.leg != "net" else None,
        )

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

    async def _place_new(self, request: PlaceRequest, caller: "_Caller", idempotency: IdempotencyKey | None) -> Placed:
        session = self._sessions.session(request.connection_id)
        account = session.account(request.account_id)
        terms = checked_terms(
            request, _instrument(session, request.instrument_id), session.adapter.capabilities, self._clock.now_ns()
        )
        session.require_ready()
        await _checked_by_adapter(session, account.account_id, terms)
        event = Event(
            event_id=self._events.new_id(),
            body=OrderInitialized(terms=terms, source=caller.source),
            connection_id=session.connection_id,
            account_id=account.account_id,
            client_order_id=request.client_order_id or self._events.new_id(),
            strategy_id=caller.strategy_id,
            actor=caller.actor,
            source=caller.source,
            ts_init_ns=self._clock.now_ns(),
        )
        return await self._submit(session, event, terms, idempotency)

    async def _submit(
        self, session: Session, initialized: Event, terms: OrderTerms, idempotency: IdempotencyKey | None
    ) -> Placed:
        client_order_id = initialized.client_order_id
        if client_order_id is None:
            raise AssertionError("an order event carries its order's id")
        submitted = Event(
            event_id=self._events.new_id(),
            body=OrderSubmitted(),
            connection_id=initialized.connection_id,
            account_id=initialized.account_id,
            client_order_id=client_order_id,
            strategy_id=initialized.strategy_id,
            actor=initialized.actor,
            source=initialized.source,
            ts_init_ns=initialized.ts_init_ns,
        )
        record = None if idempotency is None else self._record(idempotency, client_order_id)
        try:
            commit = await self._journal.append(initialized, submitted, idempotency=record)
        except IdempotencyTaken:  # by another process on the same journal
            placed = await self._replay(idempotency) if idempotency else None
            if placed is None:
                raise
            return placed
        order = next(order for order in commit.orders if order.client_order_id == client_order_id)
        command = PlaceOrder(client_order_id=client_order_id, account_id=order.account_id, terms=terms)
        session.sent_at_ns[client_order_id] = self._clock.now_ns()
        self._send(order, lambda: session.adapter.place_order(command), lambda broker: OrderRejected(broker=broker))
        return Placed(order=order)

    def _record(self, idempotency: IdempotencyKey, client_order_id: str) -> IdempotencyRecord:
        return IdempotencyRecord(
            scope=idempotency.scope,
            key=idempotency.key,
            fingerprint=idempotency.fingerprint,
            client_order_id=client_order_id,
            created_ns=self._clock.now_ns(),
        )

    def _send(self, order: Order, send: Send, refused: Refused) -> None:
        """Send in a task of our own: a caller who goes away must not cut a command in two."""
        task = asyncio.create_task(self._send_and_book(order, send, refused), name=f"send-{order.client_order_id}")
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send_and_book(self, order: Order, send: Send, refused: Refused) -> None:
        body = await outcome(send, refused)
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


def _instrument(session: Session, instrument_id: str) -> Instrument:
    try:
        return session.adapter.get_instrument(instrument_id)
    except NotFound as error:
        raise InvalidRequest.of("instrument_id", "unknown_instrument", error.detail) from error


async def _item(client_order_id: str | None, command: Awaitable[Order]) -> ItemResult:
    try:
        order = await command
    except EdgerunnerError as error:
        return ItemResult(client_order_id=client_order_id, ok=False, code=error.code, detail=error.detail)
    return ItemResult(client_order_id=order.client_order_id, ok=True, order=order)


async def _checked_by_adapter(session: Session, account_id: str, terms: OrderTerms) -> None:
    """Have the adapter refuse what it would not send, while nothing is recorded yet."""
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            await session.adapter.check_order(account_id, terms)
    except TimeoutError as error:
        text = f"{session.connection_id} did not answer what the order must be checked against; nothing was sent"
        raise BrokerTimeout(text) from error
