"""Closing a position by an opposite one: which order that is, and how it is sent."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from edgerunner.adapters.broker import BrokerAdapter, OrderAck, PlaceOrder, PositionReport
from edgerunner.domain.accounts import Account, AccountMode
from edgerunner.domain.errors import InvalidRequest, Unsupported
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.orders import OrderTerms, OrderType, Side
from edgerunner.services.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionPair:
    """Two opposite positions of one instrument, as a caller names them."""

    connection_id: str
    account_id: str | None
    position_id: str
    opposite_position_id: str


@runtime_checkable
class ClosesBy(Protocol):
    """The optional part of an adapter whose broker closes two positions by each other."""

    async def close_by(self, client_order_id: str, position_id: str, opposite_id: str) -> OrderAck:
        """Send it once; raises as ``place_order`` does."""
        ...


def close_by_terms(session: Session, account: Account, pair: PositionPair) -> OrderTerms:
    """Return the order that closes the smaller of both quantities; the larger position's rest stays.

    Raises ``Unsupported`` where the broker has no such thing, ``InvalidRequest`` for positions that are not open
    or do not fit.
    """
    if not isinstance(session.adapter, ClosesBy):
        raise Unsupported(f"{session.broker} does not close positions by each other: close each with an order")
    if account.mode is not AccountMode.HEDGING:
        raise Unsupported("a netting account has one position per symbol: there is nothing to close it by")
    position = _held(session, account.account_id, "position_id", pair.position_id)
    opposite = _held(session, account.account_id, "opposite_position_id", pair.opposite_position_id)
    if position.instrument_id != opposite.instrument_id or position.quantity * opposite.quantity >= 0:
        text = f"{pair.opposite_position_id} is no opposite position of the same instrument as {pair.position_id}"
        raise InvalidRequest.of("opposite_position_id", "not_opposite", text)
    return OrderTerms(
        instrument_id=position.instrument_id,
        side=Side.SELL if position.quantity > 0 else Side.BUY,
        order_type=OrderType.MARKET,
        quantity=min(abs(position.quantity), abs(opposite.quantity)),
        quantity_unit=_instrument(session, position).quantity_unit,
        position_id=pair.position_id,
        opposite_position_id=pair.opposite_position_id,
    )


def send_placement(adapter: BrokerAdapter, command: PlaceOrder) -> Awaitable[OrderAck]:
    """Send a placement as what it is."""
    position_id, opposite_id = command.terms.position_id, command.terms.opposite_position_id
    if opposite_id is None or position_id is None or not isinstance(adapter, ClosesBy):
        return adapter.place_order(command)
    return adapter.close_by(command.client_order_id, position_id, opposite_id)


def _held(session: Session, account_id: str, field: str, position_id: str) -> PositionReport:
    for report in session.positions.values():
        if (report.account_id, report.leg) == (account_id, position_id) and report.quantity:
            return report
    raise InvalidRequest.of(field, "unknown_position", f"there is no open position {position_id!r}")


def _instrument(session: Session, report: PositionReport) -> Instrument:
    return session.adapter.get_instrument(report.instrument_id)
