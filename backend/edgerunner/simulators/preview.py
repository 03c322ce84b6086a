"""What an order would take and cost, without placing it."""

from dataclasses import dataclass
from decimal import Decimal

from edgerunner.domain.numbers import exact_arithmetic, round_money
from edgerunner.simulators.accounts import Account
from edgerunner.simulators.checks import Checks
from edgerunner.simulators.pooled_funds import PooledFunds, Valuation
from edgerunner.simulators.venue_state import VenueState
from edgerunner.simulators.venue_types import OrderRequest, RejectReason, VenueInstrument, VenueOrder, VenueReject


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPreview:
    """An account as it is, and what an order that fills now would change; margins in the account's base currency.

    Attributes:
        initial_change: Further initial margin, negative = freed.
        maintenance_change: Further maintenance margin.
        commission: What the whole order costs, in ``commission_currency``.
        commission_base: The same in the base currency.
    """

    valuation: Valuation
    initial_change: Decimal
    maintenance_change: Decimal
    commission: Decimal
    commission_currency: str
    commission_base: Decimal


class Previews:
    """Judges orders as if they were placed. Only for pooled accounts."""

    def __init__(self, state: VenueState) -> None:
        self._state = state
        self._checks = Checks(state)

    def preview(self, request: OrderRequest) -> OrderPreview:
        """Return what a request would change; raises ``VenueReject`` as placing it, but never for want of money."""
        funds = self._state.funds
        if not isinstance(funds, PooledFunds):
            raise VenueReject(RejectReason.UNSUPPORTED, f"{self._state.name} does not preview orders")
        instrument, account = self._checks.place(request)
        with exact_arithmetic():
            return self._preview(funds, instrument, account, self._state.factory.new(request))

    def _preview(
        self, funds: PooledFunds, instrument: VenueInstrument, account: Account, order: VenueOrder
    ) -> OrderPreview:
        mark = self._state.mark_ticks(order.symbol)
        _, plan = self._state.engine.plan(order, mark)
        change = funds.margin_change(account, order, plan)
        value = instrument.value(order.price_ticks or mark, order.quantity_lots)
        cost, currency = _cost(instrument, order, value)
        return OrderPreview(
            valuation=funds.value(account),
            initial_change=round_money(change),
            maintenance_change=round_money(change * _maintenance_share(instrument)),
            commission=cost,
            commission_currency=currency,
            commission_base=round_money(cost * self._state.exchange_rate(currency)),
        )


def _cost(instrument: VenueInstrument, order: VenueOrder, value: Decimal) -> tuple[Decimal, str]:
    commission = instrument.commission
    if commission is None:
        return value * instrument.fees.taker, instrument.instrument.settle
    return commission.total(instrument.quantity(order.quantity_lots), value), commission.currency


def _maintenance_share(instrument: VenueInstrument) -> Decimal:
    """Return maintenance margin per initial margin; a debt from an exchange has one margin for both."""
    return Decimal(1) if instrument.exchanges_money else instrument.maintenance_rate * instrument.default_leverage
