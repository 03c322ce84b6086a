"""What the private streams say about a batch of venue events.

One engine operation may emit many events; Bybit sends one ``order`` message with the state after
it, the executions together, the position (on every create, amend and cancel, changed or not) and
the wallet when money moved.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import Any

from edgerunner.simulators.bybit import order_objects, order_words, position_objects, wallet_objects
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import (
    BalanceChanged,
    FillHappened,
    Leg,
    OrderChanged,
    OrderState,
    PositionChanged,
    PositionSettled,
    VenueEvent,
    VenueFill,
    VenueOrder,
    VenuePosition,
)

ORDER = "order"
EXECUTION = "execution"
FAST_EXECUTION = "execution.fast"
POSITION = "position"
WALLET = "wallet"
_TOLD_STATES = frozenset({OrderState.UNTRIGGERED, OrderState.TRIGGERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateMessage:
    """One message of a private topic before its envelope.

    ``category`` is None for the wallet. ``client_key`` and ``symbol`` (the broker's name) are
    what a fault can be aimed at.
    """

    topic: str
    category: str | None
    data: Sequence[Mapping[str, Any]]
    client_key: str | None = None
    symbol: str | None = None


@dataclass(slots=True, kw_only=True)
class EventBatch:
    """The events of one engine operation for one account, the newest state of each thing.

    Of an order that was triggered in it, the states before and at the trigger are kept too: they are told.
    """

    account_id: str
    orders: dict[tuple[str, OrderState | None], VenueOrder] = field(default_factory=dict)
    fills: list[tuple[VenueFill, VenueOrder | None]] = field(default_factory=list)
    positions: dict[tuple[str, Leg], VenuePosition] = field(default_factory=dict)
    has_money_moved: bool = False

    @classmethod
    def of(cls, account_id: str, events: Iterable[VenueEvent]) -> "EventBatch":
        """Return the batch of ``events``, oldest first."""
        batch = cls(account_id=account_id)
        for event in events:
            batch._add(event)
        return batch

    def _add(self, event: VenueEvent) -> None:
        match event:
            case OrderChanged(order=order):
                self.orders[order.order_id, order.state if order.state in _TOLD_STATES else None] = order
            case FillHappened(fill=fill, order=order):
                self.fills.append((fill, order))
            case PositionSettled(fill=fill):
                self.fills.append((fill, None))
            case PositionChanged(position=position):
                self.positions[position.symbol, position.leg] = position
            case BalanceChanged():
                self.has_money_moved = True


class ClosedProfit:
    """Realized profit per live order, for the ``closedPnl`` of its messages."""

    def __init__(self) -> None:
        self._by_order: dict[str, Decimal] = {}

    def add(self, fill: VenueFill) -> None:
        """Book one fill."""
        self._by_order[fill.order_id] = self._by_order.get(fill.order_id, Decimal(0)) + fill.realized_pnl

    def of(self, order: VenueOrder) -> Decimal:
        """Return the sum so far; a closed order is forgotten."""
        total = self._by_order.get(order.order_id, Decimal(0))
        if not order.live:
            self._by_order.pop(order.order_id, None)
        return total


def messages_of(venue: Venue, batch: EventBatch, closed_profit: ClosedProfit) -> list[PrivateMessage]:
    """Return the messages of a batch in the order in which they are sent."""
    for fill, order in batch.fills:
        if order is not None:
            closed_profit.add(fill)
    return [
        *(_fast_execution(venue, fill) for fill, _ in batch.fills if fill.kind == "trade"),
        *(_order(venue, order, closed_profit) for order in batch.orders.values()),
        *_executions(venue, batch.fills),
        *(_position(venue, position) for position in _positions(venue, batch)),
        *([_wallet(venue, batch.account_id)] if batch.has_money_moved else []),
    ]


def _order(venue: Venue, order: VenueOrder, closed_profit: ClosedProfit) -> PrivateMessage:
    instrument = venue.instruments[order.symbol]
    return PrivateMessage(
        topic=ORDER,
        category=instrument.product,
        data=[
            order_objects.order_event(
                order, instrument, closed_profit.of(order), order_words.parent_link_id(venue, order)
            )
        ],
        client_key=order.client_key,
        symbol=instrument.name,
    )


def _executions(venue: Venue, fills: list[tuple[VenueFill, VenueOrder | None]]) -> list[PrivateMessage]:
    """Return a message per run of fills of one order: where two orders of the account trade, theirs alternate."""
    runs = groupby(fills, key=lambda pair: (pair[0].order_id, pair[0].symbol))
    return [_execution(venue, list(run)) for _, run in runs]


def _execution(venue: Venue, pairs: list[tuple[VenueFill, VenueOrder | None]]) -> PrivateMessage:
    first = pairs[0][0]
    instrument = venue.instruments[first.symbol]
    mark_price = venue.mark_price(first.symbol)
    return PrivateMessage(
        topic=EXECUTION,
        category=instrument.product,
        data=[order_objects.execution_event(fill, order, instrument, mark_price) for fill, order in pairs],
        client_key=first.client_key,
        symbol=instrument.name,
    )


def _fast_execution(venue: Venue, fill: VenueFill) -> PrivateMessage:
    instrument = venue.instruments[fill.symbol]
    return PrivateMessage(
        topic=FAST_EXECUTION,
        category=instrument.product,
        data=[order_objects.fast_execution_event(fill, instrument)],
        client_key=fill.client_key,
        symbol=instrument.name,
    )


def _positions(venue: Venue, batch: EventBatch) -> list[VenuePosition]:
    positions = dict(batch.positions)
    for order in batch.orders.values():
        key = (order.symbol, order.leg)
        if key not in positions and not venue.instruments[order.symbol].is_spot:
            positions[key] = venue.position(batch.account_id, *key)
    return list(positions.values())


def _position(venue: Venue, position: VenuePosition) -> PrivateMessage:
    instrument = venue.instruments[position.symbol]
    return PrivateMessage(
        topic=POSITION,
        category=instrument.product,
        data=[position_objects.position_event(venue, position)],
        symbol=instrument.name,
    )


def _wallet(venue: Venue, account_id: str) -> PrivateMessage:
    return PrivateMessage(topic=WALLET, category=None, data=[wallet_objects.wallet_object(venue, account_id, None)])
