"""What the matching core's events mean for orders, fills, positions and balances of the paper account."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from edgerunner.adapters.local.options import LocalOptions
from edgerunner.adapters.local.records import (
    Change,
    Holding,
    LocalCash,
    LocalFill,
    LocalOrder,
    StoredBook,
    cash_report,
    fill_report,
    order_report,
)
from edgerunner.adapters.local.units import Units, child_type
from edgerunner.domain.numbers import exact_arithmetic
from edgerunner.domain.orders import OrderStatus, OrderTerms, Side, TimeInForce
from edgerunner.matching.position import NetPosition, trade
from edgerunner.matching.working_order import (
    Added,
    Canceled,
    Expired,
    Filled,
    OrderEvent,
    WorkingOrder,
)

FUNDING_LAG_NS = 3600 * 10**9
"""How long after its last fill a flat position is still asked funding for what it held before."""

_ZERO = Decimal(0)


class Bookkeeping:
    """The account's records in memory; every method adds what it changes to a ``Change``."""

    def __init__(self, stored: StoredBook, options: LocalOptions) -> None:
        self._book_id = stored.book_id
        self._options = options
        self._orders, self._fills, self._cash = stored.numbers
        self.live = {order.venue_order_id: order for order in stored.live_orders}
        self.balances = dict(stored.balances)
        self.holdings = dict(stored.holdings)

    def holding(self, instrument_id: str) -> Holding:
        """Return what is held of an instrument."""
        return self.holdings.get(instrument_id, Holding())

    def next_order_id(self) -> str:
        """Return the id of the order that is taken in next."""
        return f"{self._book_id}-{self._orders + 1}"

    def take_in(
        self, working: WorkingOrder, terms: OrderTerms, *, client_order_id: str | None, now_ns: int, code: str | None
    ) -> LocalOrder:
        """Record an order that is about to work; its ``Added`` event tells of it."""
        self._orders += 1
        parent = self.live.get(working.parent_id or "")
        order = LocalOrder(
            number=self._orders,
            client_order_id=client_order_id,
            terms=terms,
            working=working,
            status=OrderStatus.ACCEPTED,
            parent_client_order_id=parent.client_order_id if parent else None,
            code=code,
            created_ns=now_ns,
            updated_ns=now_ns,
        )
        self.live[order.venue_order_id] = order
        return order

    def book(self, change: Change, units: Units, events: Iterable[OrderEvent], now_ns: int) -> None:
        """Book what happened to orders of one instrument; ``remember`` comes after it."""
        ended: list[str] = []
        for event in events:
            known = self.live.get(event.order.order_id)
            if known is None:
                known = self._child(units, event.order, now_ns)
            after = replace(_after(known, event, units), updated_ns=now_ns)
            if isinstance(event, Filled):
                after = self._book_fill(change, units, after, event)
            self.live[after.venue_order_id] = after
            change.orders[after.venue_order_id] = after
            change.reports.append(order_report(after, units.instrument.lot_step))
            if not after.is_live:
                ended.append(after.venue_order_id)
        for venue_order_id in ended:  # kept until here: an order's children are made after its last fill
            del self.live[venue_order_id]

    def remember(self, change: Change, working: Iterable[WorkingOrder]) -> None:
        """Keep orders as they work now: that one rests beside the market is told by no event."""
        for each in working:
            known = change.orders.get(each.order_id)
            if known is not None and known.working != each:
                self.live[each.order_id] = change.orders[each.order_id] = replace(known, working=each)

    def move_cash(
        self,
        change: Change,
        amount: Decimal,
        *,
        kind: str,
        currency: str,
        now_ns: int,
        due_ns: int | None = None,
        instrument_id: str | None = None,
    ) -> None:
        """Book money in (or out) that no fill carries; ``due_ns``: when it was due, if not now."""
        self._cash += 1
        due = now_ns if due_ns is None else due_ns
        movement_id = f"{self._book_id}-c{self._cash}"
        if kind == "funding":
            movement_id = f"{self._book_id}-funding-{instrument_id}-{due}"
        cash = LocalCash(
            number=self._cash,
            movement_id=movement_id,
            kind=kind,
            currency=currency,
            amount=amount,
            instrument_id=instrument_id,
            ts_ns=due,
            booked_ns=now_ns,
        )
        self._add(change, currency, amount)
        change.cash.append(cash)
        change.reports.append(cash_report(cash))

    def hold(self, change: Change, instrument_id: str, holding: Holding) -> None:
        """Replace what is held of an instrument."""
        self.holdings[instrument_id] = holding
        change.holdings[instrument_id] = holding

    def _add(self, change: Change, currency: str, amount: Decimal) -> None:
        with exact_arithmetic():
            self.balances[currency] = self.balances.get(currency, _ZERO) + amount
        change.balances[currency] = self.balances[currency]

    def _child(self, units: Units, working: WorkingOrder, now_ns: int) -> LocalOrder:
        """Take in an exit that the matching core made as its parent filled."""
        instrument = units.instrument
        terms = OrderTerms(
            instrument_id=instrument.instrument_id,
            side=Side(working.side),
            order_type=child_type(working),
            quantity=units.quantity(working.lots),
            quantity_unit=instrument.quantity_unit,
            price=None if working.limit is None else units.price(working.limit),
            trigger_price=_trigger_price(working, units),
            time_in_force=TimeInForce.GTC,
            reduce_only=not instrument.contract.is_inventory,
        )
        return self.take_in(working, terms, client_order_id=None, now_ns=now_ns, code=None)

    def _book_fill(self, change: Change, units: Units, order: LocalOrder, event: Filled) -> LocalOrder:
        instrument = units.instrument
        value = units.value(event.price, event.lots)
        with exact_arithmetic():
            fee = self._options.fees.fee(value, is_maker=event.is_maker)
        self._fills += 1
        fill = LocalFill(
            number=self._fills,
            trade_id=f"{self._book_id}-f{self._fills}",
            venue_order_id=order.venue_order_id,
            client_order_id=order.client_order_id,
            instrument_id=instrument.instrument_id,
            side=order.terms.side,
            lots=event.lots,
            quantity=units.quantity(event.lots),
            price=units.price(event.price),
            is_maker=event.is_maker,
            fee=fee,
            fee_currency=instrument.settle,
            ts_ns=order.updated_ns,
        )
        change.fills.append(fill)
        change.reports.append(fill_report(fill, instrument))
        self._settle(change, units, fill, value)
        with exact_arithmetic():
            return replace(order, filled_value=order.filled_value + fill.price * fill.quantity)

    def _settle(self, change: Change, units: Units, fill: LocalFill, value: Decimal) -> None:
        """Let a fill change position and money."""
        instrument, before = units.instrument, self.holding(fill.instrument_id)
        self._add(change, fill.fee_currency, -fill.fee)
        if instrument.contract.is_inventory:
            sign = fill.side.sign
            self._add(change, instrument.settle, -sign * value)
            self._add(change, instrument.base, sign * fill.quantity)
            held = units.lots(self.balances[instrument.base])
            self.hold(change, fill.instrument_id, replace(before, net=NetPosition(lots=held)))
            return
        moved = trade(before.net, fill.side.value, fill.lots, value, inverse=instrument.contract.is_inverse)
        self._add(change, instrument.settle, moved.realized_pnl)
        with exact_arithmetic():
            realized = before.realized_pnl + moved.realized_pnl
        is_opened = not before.net.lots and fill.ts_ns - before.changed_ns > FUNDING_LAG_NS
        holding = Holding(
            net=moved.position,
            realized_pnl=realized,
            funded_ns=fill.ts_ns if is_opened else before.funded_ns,
            changed_ns=fill.ts_ns,
        )
        self.hold(change, fill.instrument_id, holding)


def _after(order: LocalOrder, event: OrderEvent, units: Units) -> LocalOrder:
    """Return the order's record after an event."""
    working = event.order
    terms = replace(
        order.terms,
        quantity=units.quantity(working.lots),
        price=None if working.limit is None else units.price(working.limit),
        trigger_price=None if working.trail is not None else _trigger_price(working, units),
    )
    changed = replace(order, working=working, terms=terms)
    match event:
        case Canceled(reason=reason):
            return replace(changed, status=OrderStatus.CANCELED, code=order.code or reason)
        case Expired():
            return replace(changed, status=OrderStatus.EXPIRED, code="expired")
        case Added() if working.is_waiting:
            return changed
        case _:
            return replace(changed, status=_working_status(working))


def _working_status(working: WorkingOrder) -> OrderStatus:
    if not working.left:
        return OrderStatus.FILLED
    if working.filled:
        return OrderStatus.PARTIALLY_FILLED
    if working.trigger is not None and not working.is_waiting:
        return OrderStatus.TRIGGERED
    return OrderStatus.ACCEPTED


def _trigger_price(working: WorkingOrder, units: Units) -> Decimal | None:
    if working.trigger is None or working.trigger.price is None:
        return None
    return units.price(working.trigger.price)
