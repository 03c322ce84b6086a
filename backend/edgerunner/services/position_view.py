"""Positions as callers see them: derived from our fills, marked and completed with what the broker reports."""

from dataclasses import dataclass
from decimal import Decimal

from edgerunner.adapters.broker import PositionReport
from edgerunner.domain.instruments import QuantityUnit
from edgerunner.domain.market import Ticker
from edgerunner.domain.positions import Position, unrealized

_FIXED_SIDES = {"long": "long", "short": "short"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A price to value with, and when it was true (UTC nanoseconds)."""

    price: Decimal
    ts_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionView:
    """One position as callers see it.

    Attributes:
        position_id: The leg: ``net``, ``long``, ``short`` or an MT5 ticket.
        side: ``long``, ``short`` or ``flat``.
        quantity: Without sign, in ``quantity_unit``. Negative only on a ``long`` or ``short`` leg
            some of whose fills are still missing.
        currency: Of ``unrealized_pnl`` and ``realized_pnl`` (before fees): the settlement currency.
        unrealized_pnl: None when cost or mark are unknown.
        protection: Who watches a take profit or stop loss: ``broker``, ``local`` (this process, for a paper
            account) or ``none``.
        as_of_ns: When the mark was true, or the position's last change without a mark.
    """

    connection_id: str
    account_id: str
    instrument_id: str
    position_id: str
    side: str
    quantity: Decimal
    quantity_unit: QuantityUnit
    average_price: Decimal | None
    mark_price: Decimal | None
    currency: str
    unrealized_pnl: Decimal | None
    realized_pnl: Decimal
    leverage: Decimal | None
    take_profit: Decimal | None
    stop_loss: Decimal | None
    protection: str
    as_of_ns: int


def position_view(
    position: Position, report: PositionReport | None, mark: Mark | None, *, execution: str = "broker"
) -> PositionView:
    """Join a derived position with the broker's newest report of it and a mark."""
    open_profit = None if mark is None else unrealized(position, mark.price)
    if open_profit is None and report is not None and report.quantity == position.quantity:
        open_profit = report.unrealized_pnl
    side = _side(position)
    is_protected = report is not None and not (report.take_profit is None and report.stop_loss is None)
    return PositionView(
        connection_id=position.key.connection_id,
        account_id=position.key.account_id,
        instrument_id=position.key.instrument_id,
        position_id=position.key.leg,
        side=side,
        quantity=-position.quantity if side == "short" else position.quantity,
        quantity_unit=position.contract.quantity_unit,
        average_price=position.average_price,
        mark_price=mark.price if mark else None,
        currency=position.contract.settle,
        unrealized_pnl=open_profit,
        realized_pnl=position.realized_pnl,
        leverage=report.leverage if report else None,
        take_profit=report.take_profit if report else None,
        stop_loss=report.stop_loss if report else None,
        protection=execution if is_protected else "none",
        as_of_ns=mark.ts_ns if mark else position.updated_at_ns,
    )


def mark_of_ticker(ticker: Ticker) -> Mark | None:
    """Return the venue's mark price, else the last trade, else the middle of the quote."""
    price = ticker.mark or ticker.last
    if price is None and ticker.bid is not None and ticker.ask is not None:
        price = (ticker.bid + ticker.ask) / 2
    return None if price is None else Mark(price=price, ts_ns=ticker.ts_arrival_ns)


def mark_of_report(report: PositionReport | None) -> Mark | None:
    """Return the mark that came with a report of the broker."""
    if report is None or report.mark_price is None:
        return None
    return Mark(price=report.mark_price, ts_ns=report.ts_event_ns)


def _side(position: Position) -> str:
    if not position.quantity:
        return "flat"
    return _FIXED_SIDES.get(position.key.leg, "long" if position.quantity > 0 else "short")
