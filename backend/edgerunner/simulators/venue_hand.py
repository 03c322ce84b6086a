"""Orders by hand at the brokers that a ``Venue`` simulates, as the control port enters them."""

from dataclasses import dataclass
from decimal import Decimal

from edgerunner.simulators.operator import Operator
from edgerunner.simulators.simulated_broker import ManualOrder, OrderView, UnknownLeg
from edgerunner.simulators.trading import Trading
from edgerunner.simulators.venue_state import VenueState
from edgerunner.simulators.venue_types import Leg, OrderRequest, VenueOrder


@dataclass(frozen=True, slots=True)
class VenueHand:
    """The broker's own hand."""

    state: VenueState
    trading: Trading
    operator: Operator

    def place(self, order: ManualOrder) -> OrderView:
        """Enter an order; raises ``VenueReject``, ``UnknownLeg``."""
        instrument = self.state.instrument(order.symbol)
        request = OrderRequest(
            account_id=order.account_id,
            symbol=order.symbol,
            side=order.side,
            order_type=order.order_type,
            quantity_lots=instrument.to_lots(order.quantity),
            price_ticks=None if order.price is None else instrument.to_ticks(order.price),
            time_in_force=order.time_in_force,
            reduce_only=order.reduce_only,
            leg=_leg(order.leg),
            origin="manual",
        )
        return self._view(self.trading.place(request))

    def fill(self, *, order_id: str | None, client_key: str | None, quantity: Decimal | None) -> OrderView:
        """Trade a resting order at its price, whole (None) or in part; raises ``VenueReject``."""
        order = self.operator.find_live(order_id=order_id, client_key=client_key)
        lots = None if quantity is None else self.state.instrument(order.symbol).to_lots(quantity)
        return self._view(self.operator.fill(order, lots))

    def liquidate(self, account_id: str, symbol: str) -> OrderView:
        """Close a position by force; raises ``VenueReject``."""
        return self._view(self.operator.liquidate(account_id, symbol))

    def _view(self, order: VenueOrder) -> OrderView:
        instrument = self.state.instrument(order.symbol)
        return OrderView(
            venue_order_id=order.order_id,
            client_key=order.client_key,
            symbol=instrument.name,
            product=instrument.product,
            status=order.state.value,
            quantity=instrument.quantity(order.quantity_lots),
            filled_quantity=instrument.quantity(order.filled_lots),
            live=order.live,
        )


def _leg(word: str | None) -> Leg:
    if word is None:
        return Leg.NET
    if word not in set(Leg):
        raise UnknownLeg(f"must be one of {', '.join(Leg)}")
    return Leg(word)
