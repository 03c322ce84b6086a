"""What a signal does: one order through the one path of every order, or the strategy's position closed.

The order's id is the signal's, so a signal that was acted on before a crash is recognised by it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from edgerunner.adapters.broker import product_label
from edgerunner.domain.errors import InvalidRequest, NotFound, OrderClosed
from edgerunner.domain.fills import Fill
from edgerunner.domain.numbers import exact_arithmetic, floor_to_step, to_plain
from edgerunner.domain.orders import Order, OrderStatus, OrderType, Side, Source
from edgerunner.domain.positions import Position
from edgerunner.services.order_checks import PlaceRequest
from edgerunner.services.order_drafts import IdempotencyKey
from edgerunner.services.order_gates import Sessions
from edgerunner.services.order_service import OrderService
from edgerunner.storage.signals import SignalAction, SignalState, StoredSignal

WAIT_MS = 2_000
"""How long the next signal of the same strategy waits for the broker's word on this one's order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalTarget:
    """What a signal strategy trades.

    Attributes:
        account_id: None = the connection's only account.
        instrument_ids: Those that signals may name; the first one when a signal names none.
        quantity: When a signal names none; None = every signal must.
        maximum_quantity: The most one signal may ask for, None = no such limit.
        is_running: Whether signals are taken; ``state`` is the word for a person.
    """

    strategy_id: str
    connection_id: str
    account_id: str | None = None
    instrument_ids: tuple[str, ...]
    quantity: Decimal | None = None
    maximum_quantity: Decimal | None = None
    is_running: bool = True
    state: str = "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalOutcome:
    """What became of a signal."""

    state: SignalState
    client_order_id: str | None = None
    reason: str | None = None


class OrderRecords(Protocol):
    """What the journal knows of orders and positions."""

    async def order(self, client_order_id: str) -> Order | None:
        """Return an order, open or closed."""
        ...

    def open_orders(self, connection_id: str | None = None) -> list[Order]:
        """Return the orders that can still change."""
        ...

    def positions(self, connection_id: str | None = None) -> list[Position]:
        """Return the positions that are not flat."""
        ...


class SignalFills(Protocol):
    """Where a strategy's own executions are kept."""

    async def fills(self, strategy_id: str, instrument_id: str) -> list[Fill]:
        """Return every execution that a strategy's signals led to in one instrument."""
        ...


class SignalDesk:
    """Acts on signals, one at a time per strategy."""

    def __init__(self, *, orders: OrderService, records: OrderRecords, fills: SignalFills, sessions: Sessions) -> None:
        self._orders = orders
        self._records = records
        self._fills = fills
        self._sessions = sessions

    async def outcome_before(self, signal: StoredSignal) -> SignalOutcome | None:
        """Return what an earlier run of this program made of the signal, or None."""
        order = await self._records.order(signal.signal_id)
        return None if order is None else _outcome(order)

    async def act(self, signal: StoredSignal, target: SignalTarget) -> SignalOutcome:
        """Carry a signal out.

        Raises what ``OrderService.place`` raises: nothing was sent then.
        """
        if signal.action is SignalAction.CLOSE:
            return await self._close(signal, target)
        if signal.quantity is None:
            raise InvalidRequest.of("quantity", "required", "the strategy has no quantity of its own")
        request = PlaceRequest(
            connection_id=target.connection_id,
            account_id=target.account_id,
            instrument_id=signal.instrument_id,
            side=Side(signal.action.value),
            order_type=OrderType.MARKET if signal.price is None else OrderType.LIMIT,
            quantity=signal.quantity,
            price=signal.price,
            client_order_id=signal.signal_id,
        )
        return await self._place(signal, request)

    async def _close(self, signal: StoredSignal, target: SignalTarget) -> SignalOutcome:
        """Cancel the strategy's working orders, then close what its fills add up to.

        The market order is capped by the account's position in that direction, so a position that
        was closed by hand is not turned round.
        """
        self._sessions.session(target.connection_id).require_ready()
        still_working = await self._cancel_working(signal, target)
        held = signed_quantity(await self._fills.fills(signal.strategy_id, signal.instrument_id))
        request = self._closing(signal, target, held)
        if request is None:
            return SignalOutcome(
                state=SignalState.ACTED, reason=_sentence("there was no position to close", still_working)
            )
        outcome = await self._place(signal, request)
        if not still_working or outcome.reason is not None:
            return outcome
        return SignalOutcome(
            state=outcome.state,
            client_order_id=outcome.client_order_id,
            reason=_sentence("the position was closed", still_working),
        )

    async def _cancel_working(self, signal: StoredSignal, target: SignalTarget) -> list[str]:
        """Cancel the strategy's orders in the instrument; return those that may still work."""
        working = [
            order.client_order_id
            for order in self._records.open_orders(target.connection_id)
            if order.strategy_id == signal.strategy_id and order.terms.instrument_id == signal.instrument_id
        ]
        canceled = await asyncio.gather(*(self._cancel(order_id) for order_id in working))
        return [order_id for order_id, is_gone in zip(working, canceled, strict=True) if not is_gone]

    async def _cancel(self, client_order_id: str) -> bool:
        try:
            order = await self._orders.cancel(client_order_id, actor=Source.SIGNAL.value, wait_ms=WAIT_MS)
        except (OrderClosed, NotFound):
            return True
        return order.status.is_closed

    def _closing(self, signal: StoredSignal, target: SignalTarget, held: Decimal) -> PlaceRequest | None:
        session = self._sessions.session(target.connection_id)
        account_id = session.account(target.account_id).account_id
        instrument = session.adapter.get_instrument(signal.instrument_id)
        product = session.adapter.capabilities.products[product_label(instrument)]
        position = _position(self._records.positions(target.connection_id), account_id, signal.instrument_id, held)
        if position is None:
            return None
        quantity = floor_to_step(min(abs(held), abs(position.quantity)), instrument.lot_step)
        if quantity <= 0:
            return None
        leg = position.key.leg
        return PlaceRequest(
            connection_id=target.connection_id,
            account_id=account_id,
            instrument_id=signal.instrument_id,
            side=Side.SELL if held > 0 else Side.BUY,
            order_type=OrderType.MARKET,
            quantity=quantity,
            reduce_only=product.reduce_only,
            position_id=leg if product.hedging and leg != "net" else None,
            client_order_id=signal.signal_id,
        )

    async def _place(self, signal: StoredSignal, request: PlaceRequest) -> SignalOutcome:
        placed = await self._orders.place(
            request,
            actor=Source.SIGNAL.value,
            source=Source.SIGNAL,
            strategy_id=signal.strategy_id,
            idempotency=IdempotencyKey(
                scope=f"signal:{signal.strategy_id}", key=signal.signal_id, fingerprint=signal.fingerprint
            ),
            wait_ms=WAIT_MS,
        )
        return _outcome(placed.order)


def signed_quantity(fills: Sequence[Fill]) -> Decimal:
    """Return what executions add up to, in the instrument's unit; positive is long."""
    with exact_arithmetic():
        return sum((fill.quantity if fill.side is Side.BUY else -fill.quantity for fill in fills), Decimal(0))


def _position(positions: Sequence[Position], account_id: str, instrument_id: str, held: Decimal) -> Position | None:
    """Return the account's position that goes the same way as what the strategy holds."""
    for position in positions:
        is_named = position.key.account_id == account_id and position.key.instrument_id == instrument_id
        if is_named and position.quantity * held > 0:
            return position
    return None


def _outcome(order: Order) -> SignalOutcome:
    if order.status not in {OrderStatus.DENIED, OrderStatus.REJECTED}:
        return SignalOutcome(state=SignalState.ACTED, client_order_id=order.client_order_id)
    words = order.denied.text if order.denied is not None else order.broker.text
    reason = f"order over {to_plain(order.terms.quantity)} was {order.status}: {words or 'no reason was given'}"
    return SignalOutcome(state=SignalState.REFUSED, client_order_id=order.client_order_id, reason=reason)


def _sentence(text: str, still_working: Sequence[str]) -> str:
    if not still_working:
        return text
    return f"{text}, but these orders of the strategy may still work: {', '.join(still_working)}"
