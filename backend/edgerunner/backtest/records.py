"""Rows that the engine keeps while it runs, and the tables made of them afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from msgspec import Struct

from edgerunner.backtest.grid import Grid, from_money
from edgerunner.backtest.market import Market
from edgerunner.backtest.orders import SimulatedOrder
from edgerunner.backtest.result import CashMovement, FillRecord, LogLine, OrderRecord
from edgerunner.domain.orders import Liquidity

MILLISECOND_NS = 1_000_000


class FillRow(Struct, frozen=True, gc=False):
    """One fill in ticks, lots and money units.

    ``lots_after`` and ``cost_after`` are the position after it, ``index`` its place on the time line, ``row`` that of
    the bar among its market's bars; ``fee`` is in the settle currency, the others in the base currency.
    """

    order: SimulatedOrder
    market: Market
    signed_lots: int
    ticks: int
    fee: int
    fee_base: int
    realized_base: int
    lots_after: int
    cost_after: int
    is_taker: bool
    time_ns: int
    index: int
    row: int


@dataclass(slots=True)
class Journal:
    """Everything that a run keeps."""

    orders: list[SimulatedOrder] = field(default_factory=list)
    fills: list[FillRow] = field(default_factory=list)
    movements: list[CashMovement] = field(default_factory=list)
    log: list[LogLine] = field(default_factory=list)
    dropped_orders: int = 0

    def untie(self) -> None:
        """Take the reference cycles between orders apart; the run is over."""
        for order in self.orders:
            order.sibling = None
            order.exits = ()


def order_records(orders: Sequence[SimulatedOrder], grids: Mapping[str, Grid]) -> tuple[OrderRecord, ...]:
    """Return the table of orders."""
    return tuple(_order_record(order, grids[order.instrument_id]) for order in orders)


def fill_records(fills: Sequence[FillRow]) -> tuple[FillRecord, ...]:
    """Return the table of fills."""
    return tuple(
        FillRecord(
            order_id=fill.order.order_id,
            instrument_id=fill.market.key,
            side=fill.order.side,
            quantity=fill.market.grid.exact_quantity(abs(fill.signed_lots)),
            price=fill.market.grid.exact_price(fill.ticks),
            fee=from_money(fill.fee),
            fee_currency=fill.market.instrument.settle,
            liquidity=Liquidity.TAKER if fill.is_taker else Liquidity.MAKER,
            forced=fill.order.is_forced,
            time_ms=fill.time_ns // MILLISECOND_NS,
        )
        for fill in fills
    )


def _order_record(order: SimulatedOrder, grid: Grid) -> OrderRecord:
    sign = 1 if order.is_buy else -1
    filled = order.filled_lots
    average = None if not filled else grid.tick * Decimal(order.filled_value) / Decimal(filled)
    return OrderRecord(
        order_id=order.order_id,
        instrument_id=order.instrument_id,
        side=order.side,
        order_type=order.order_type,
        quantity=grid.exact_quantity(order.lots) if order.lots else Decimal(repr(order.quantity)),
        limit=_price(order.limit, sign, grid),
        trigger=_price(order.trigger, sign, grid),
        trail=None if order.trail is None else grid.exact_price(order.trail),
        time_in_force=order.time_in_force,
        status=order.status,
        filled_quantity=grid.exact_quantity(filled),
        average_price=average,
        reason=order.reason,
        parent_id=None if order.parent is None else order.parent.order_id,
        placed_time_ms=order.placed_ns // MILLISECOND_NS,
        closed_time_ms=None if order.closed_ns is None else order.closed_ns // MILLISECOND_NS,
    )


def _price(ticks: int | None, sign: int, grid: Grid) -> Decimal | None:
    return None if ticks is None else grid.exact_price(sign * ticks)
