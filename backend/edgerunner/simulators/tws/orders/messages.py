"""Writes the venue's orders and fills as TWS tells them.

What TWS fills in by itself (right ``?``, strike 0, ``None`` as types that are not used, OCA type 3, clearing intent IB,
the shareholder sentence) is copied from recorded messages.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any, Final

from edgerunner.simulators.catalogue_ibkr import listing_of
from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.tws.account.figures import told_profit
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.orders.identity import Owner, perm_id, rejection_of, request_of
from edgerunner.simulators.tws.orders.intake import TYPES
from edgerunner.simulators.tws.orders.status import Standing, Status
from edgerunner.simulators.tws.wire import orders as wire
from edgerunner.simulators.tws.wire.executions import CommissionReport, ExecutionDetails
from edgerunner.simulators.tws.wire.order_values import OrderMargin, OrderTerms
from edgerunner.simulators.tws.wire.values import Contract
from edgerunner.simulators.venue_types import VenueFill, VenueInstrument, VenueOrder

ZERO: Final = Decimal(0)
ZONE_NAME: Final = "US/Eastern"
_SMART: Final = "SMART"
_PRICE_STEP: Final = Decimal("0.00000001")
_STOCK_OCA_TYPE: Final = 3
_SHAREHOLDER: Final = "Not an insider or substantial shareholder"
_ADDED, _REMOVED = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWriter:
    """Writes messages. ``instrument`` finds an instrument by its key, ``last_price`` the latest fill's of an order."""

    instrument: Callable[[str], VenueInstrument]
    last_price: Callable[[VenueOrder], Decimal]
    zone: tzinfo

    def open_order(self, order: VenueOrder, owner: Owner, standing: Standing) -> wire.OpenOrder:
        """Return an order with everything about it."""
        return wire.OpenOrder(
            order_id=owner.order_id,
            contract=self.contract(order),
            client_id=owner.client_id,
            perm_id=perm_id(order),
            order=self.terms(order),
            margin=OrderMargin(status=standing.status),
        )

    def status(
        self, order: VenueOrder, owner: Owner, standing: Standing, *, last_price: Decimal | None = None
    ) -> wire.OrderStatus:
        """Return where an order stands; ``last_price`` = of the fill that this tells."""
        instrument = self.instrument(order.symbol)
        request = request_of(order)
        if last_price is None:
            last_price = self.last_price(order) if order.filled_lots else ZERO
        return wire.OrderStatus(
            order_id=owner.order_id,
            status=standing.status,
            filled=instrument.quantity(order.filled_lots),
            remaining=instrument.quantity(order.quantity_lots - order.filled_lots),
            average_price=average_price(instrument, order),
            perm_id=perm_id(order),
            parent_id=request.order.parent_id if request is not None else 0,
            last_price=last_price,
            client_id=owner.client_id,
            why_held=standing.why_held,
            cap_price=ZERO,
        )

    def execution(self, fill: VenueFill, order: VenueOrder, owner: Owner, *, request_id: int = -1) -> ExecutionDetails:
        """Return one fill; ``order`` is the order right after it, ``request_id`` -1 = it happens now."""
        instrument, listing = self.instrument(fill.symbol), listing_of(fill.symbol)
        exchange = execution_exchange(listing)
        request = request_of(order)
        return ExecutionDetails(
            request_id=request_id,
            order_id=owner.order_id,
            contract=replace(self.contract(order), exchange=exchange),
            execution_id=fill.trade_id,
            time=f"{self._local(fill.time_ns):%Y%m%d %H:%M:%S} {ZONE_NAME}",
            account=fill.account_id,
            exchange=exchange,
            side="BOT" if fill.side == "buy" else "SLD",
            shares=instrument.quantity(fill.quantity_lots),
            price=instrument.price(fill.price_ticks),
            perm_id=perm_id(order),
            client_id=owner.client_id,
            liquidation=int(fill.kind == "liquidation"),
            cumulative=instrument.quantity(order.filled_lots),
            average_price=average_price(instrument, order),
            order_ref=request.order.order_ref if request is not None else "",
            economic_value_rule="",
            economic_value_multiplier="",
            model="",
            last_liquidity=_ADDED if fill.is_maker else _REMOVED,
        )

    def commission(self, fill: VenueFill) -> CommissionReport:
        """Return what a fill cost; its profit is after all commissions and unset for one that closes nothing."""
        return CommissionReport(
            execution_id=fill.trade_id,
            commission=fill.fee,
            currency=fill.fee_currency,
            realized_pnl=told_profit(self.instrument(fill.symbol), fill),
            bond_yield=None,
            yield_date="",
        )

    def completed(self, order: VenueOrder, standing: Standing) -> wire.CompletedOrder:
        """Return an order that is done."""
        instrument = self.instrument(order.symbol)
        terms = replace(
            self.terms(order),
            filled_quantity=instrument.quantity(order.filled_lots),
            shareholder=_SHAREHOLDER,
        )
        return wire.CompletedOrder(
            contract=self.contract(order),
            perm_id=perm_id(order),
            order=terms,
            margin=OrderMargin(status=standing.status),
            completed_time=f"{self._local(order.updated_ns):%Y%m%d %H:%M:%S} {ZONE_NAME}",
            completed_status=_ending(order, standing, instrument),
        )

    def contract(self, order: VenueOrder) -> Contract:
        """Return the contract of an order, at the exchange that the client chose."""
        listing, request = listing_of(order.symbol), request_of(order)
        chosen = request.contract.exchange if request is not None else ""
        return contract_of(listing, chosen or listing.exchanges[0])

    def terms(self, order: VenueOrder) -> OrderTerms:
        """Return an order's terms as they are now, with what TWS adds."""
        instrument, request = self.instrument(order.symbol), request_of(order)
        given = request.order if request is not None else _terms_by_hand(order, instrument)
        is_trailing = order.trailing is not None
        stop = instrument.price(order.trigger.price_ticks) if is_trailing and order.trigger is not None else None
        return told_terms(
            given,
            total_quantity=instrument.quantity(order.quantity_lots),
            limit_price=instrument.price(order.price_ticks) if order.price_ticks is not None else ZERO,
            account=order.account_id,
            trail_stop_price=stop if is_trailing else given.trail_stop_price,
        )

    def _local(self, time_ns: int) -> datetime:
        return datetime.fromtimestamp(time_ns // NANOSECONDS, UTC).astimezone(self.zone)


def told_terms(given: OrderTerms, **now: Any) -> OrderTerms:
    """Return what a client wrote as TWS tells it; ``now`` = terms that are no longer as they were written."""
    told: dict[str, Any] = {
        "order_type": TYPES.get(given.order_type.upper(), given.order_type),
        "limit_price": given.limit_price or ZERO,
        "aux_price": given.aux_price or ZERO,
        "time_in_force": given.time_in_force or "DAY",
        "oca_type": given.oca_type or _STOCK_OCA_TYPE,
        "exempt_code": -1,
        "discretionary_amount": ZERO,
        "neutral_order_type": "None",
        "neutral_aux_price": ZERO,
        "clearing_intent": "IB",
        "adjusted_order_type": "None",
        "price_management": given.price_management or 0,
        "transmit": True,
    }
    return replace(given, **(told | now))


def contract_of(listing: Listing, exchange: str) -> Contract:
    """Return a listing as orders and executions name it."""
    return Contract(
        con_id=listing.con_id,
        symbol=listing.symbol,
        sec_type=listing.sec_type,
        expiry=listing.expiry,
        strike=listing.strike or ZERO,
        right=listing.right or "?",
        multiplier=listing.multiplier,
        exchange=exchange,
        currency=listing.currency,
        local_symbol=listing.local_symbol,
        trading_class=listing.trading_class,
    )


def execution_exchange(listing: Listing) -> str:
    """Return the exchange that executions of a listing name: the first one that is not SMART."""
    return next(exchange for exchange in listing.exchanges if exchange != _SMART)


def average_price(instrument: VenueInstrument, order: VenueOrder) -> Decimal:
    """Return the average price of what has filled, to 8 decimals; 0 while nothing has."""
    if not order.filled_lots:
        return ZERO
    average = instrument.average_price(order.filled_value, order.filled_lots)
    return (average.quantize(_PRICE_STEP)).normalize() + ZERO


def _terms_by_hand(order: VenueOrder, instrument: VenueInstrument) -> OrderTerms:
    kind = "LMT" if order.order_type == "limit" else "MKT"
    return OrderTerms(
        action="BUY" if order.side == "buy" else "SELL",
        total_quantity=instrument.quantity(order.quantity_lots),
        order_type=kind,
        time_in_force="GTC" if order.expires_ns is None else "DAY",
        origin=0,
    )


def _ending(order: VenueOrder, standing: Standing, instrument: VenueInstrument) -> str:
    match standing.status:
        case Status.FILLED:
            return f"Filled Size: {instrument.quantity(order.filled_lots):f}"
        case Status.INACTIVE:
            return f"Order rejected - reason:{rejection_of(order)}"
        case _ if order.cancel_reason in {"user", "admin"}:
            return "Cancelled by Trader"
        case _:
            return "Cancelled by System:\n"
