"""What the terminal shows at one moment, and what is new in it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from edgerunner.mt5_surface.structs import TradeDeal, TradeOrder, TradePosition

REMEMBERED: Final = 200_000
"""Most tickets of each kind that are kept, to tell what was told before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One look: what works, what is held, and the newest part of the history.

    Read in this order, so that an order that ends meanwhile is seen twice rather than not at all.
    """

    orders: Sequence[TradeOrder]
    positions: Sequence[TradePosition]
    deals: Sequence[TradeDeal]
    ended: Sequence[TradeOrder]


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a reading shows for the first time.

    Attributes:
        orders: Working orders that are new or changed.
        activated: Tickets of stop-limit orders whose stop was reached: they are limit orders now.
        vanished: Tickets that worked before and are in no list now.
        positions: Open positions that are new or changed in anything but price, profit and swap.
        closed: Positions that are gone, as they were last shown.
    """

    orders: Sequence[TradeOrder]
    activated: frozenset[int]
    vanished: frozenset[int]
    ended: Sequence[TradeOrder]
    deals: Sequence[TradeDeal]
    positions: Sequence[TradePosition]
    closed: Sequence[TradePosition]

    @property
    def is_any(self) -> bool:
        """Tell whether money can have changed."""
        return bool(self.orders or self.vanished or self.ended or self.deals or self.positions or self.closed)


@dataclass(slots=True)
class Seen:
    """What was shown before. Ended orders and deals never change: their tickets suffice."""

    orders: dict[int, TradeOrder] = field(default_factory=dict)
    positions: dict[int, TradePosition] = field(default_factory=dict)
    deals: set[int] = field(default_factory=set)
    ended: set[int] = field(default_factory=set)
    missing: set[int] = field(default_factory=set)

    def take(self, reading: Reading) -> News:
        """Return what is new, and remember the reading.

        A working order that is gone and not among the ended ones is looked for again at every reading until it is
        found: lists of the terminal can lag behind each other.
        """
        working = {order.ticket: order for order in reading.orders}
        held = {position.identifier: position for position in reading.positions}
        ended = [order for order in reading.ended if order.ticket not in self.ended]
        known_ends = self.ended | {order.ticket for order in reading.ended}
        self.missing |= self.orders.keys() - working.keys()
        self.missing -= known_ends | working.keys()
        news = News(
            orders=[order for order in reading.orders if _terms_of(order) != _terms_of(self.orders.get(order.ticket))],
            activated=frozenset(
                ticket
                for ticket in working.keys() & self.orders.keys()
                if working[ticket].type != self.orders[ticket].type
            ),
            vanished=frozenset(self.missing),
            ended=ended,
            deals=[deal for deal in reading.deals if deal.ticket not in self.deals],
            positions=[
                each for each in reading.positions if _shape_of(each) != _shape_of(self.positions.get(each.identifier))
            ],
            closed=[each for number, each in self.positions.items() if number not in held],
        )
        self.orders, self.positions = working, held
        self.ended = _bounded(known_ends)
        self.deals = _bounded(self.deals | {deal.ticket for deal in reading.deals})
        return news

    def copy(self) -> "Seen":
        """Return a copy to go back to."""
        return Seen(dict(self.orders), dict(self.positions), set(self.deals), set(self.ended), set(self.missing))

    def found(self, ticket: int) -> None:
        """Note that a vanished order's end was told."""
        self.missing.discard(ticket)
        self.ended.add(ticket)


def _bounded(tickets: set[int]) -> set[int]:
    """Forget the oldest half once there are too many: looks go back minutes, and tickets only grow."""
    return set(sorted(tickets)[REMEMBERED // 2 :]) if len(tickets) > REMEMBERED else tickets


def _terms_of(order: TradeOrder | None) -> tuple[object, ...] | None:
    """Return everything but the market's price, which moves by itself."""
    if order is None:
        return None
    return (
        order.type, order.state, order.volume_initial, order.volume_current, order.price_open, order.price_stoplimit,
        order.sl, order.tp, order.time_expiration, order.type_time, order.magic, order.comment,
    )  # fmt: skip


def _shape_of(position: TradePosition | None) -> tuple[object, ...] | None:
    if position is None:
        return None
    return (
        position.ticket, position.type, position.volume, position.price_open, position.sl, position.tp,
        position.time_update_msc,
    )  # fmt: skip
