"""Answers what-if orders: what they would do to margin and what they would cost. Nothing is stored.

That the equity falls by the commission, and the sentence about want of margin, are guesses.
"""

from decimal import Decimal
from typing import Final

from edgerunner.simulators.preview import OrderPreview
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.orders.identity import Owner
from edgerunner.simulators.tws.orders.messages import contract_of, told_terms
from edgerunner.simulators.tws.orders.status import Status
from edgerunner.simulators.tws.wire.order_values import OrderMargin
from edgerunner.simulators.tws.wire.orders import OpenOrder, PlaceOrder

_CENT: Final = Decimal("0.01")


def what_if_answer(request: PlaceOrder, owner: Owner, listing: Listing, preview: OrderPreview) -> OpenOrder:
    """Return the one message that answers a what-if order."""
    exchange = request.contract.exchange or listing.exchanges[0]
    return OpenOrder(
        order_id=owner.order_id,
        contract=contract_of(listing, exchange),
        client_id=owner.client_id,
        perm_id=0,
        order=told_terms(request.order),
        margin=margin_of(preview),
    )


def margin_of(preview: OrderPreview) -> OrderMargin:
    """Return margin before, by and after an order, in the account's base currency, and its commission."""
    value = preview.valuation
    return OrderMargin(
        status=Status.PRE_SUBMITTED,
        initial_before=_cents(value.initial_margin),
        maintenance_before=_cents(value.maintenance_margin),
        equity_before=_cents(value.equity),
        initial_change=_cents(preview.initial_change),
        maintenance_change=_cents(preview.maintenance_change),
        equity_change=_cents(-preview.commission_base),
        initial_after=_cents(value.initial_margin + preview.initial_change),
        maintenance_after=_cents(value.maintenance_margin + preview.maintenance_change),
        equity_after=_cents(value.equity - preview.commission_base),
        commission=preview.commission,
        commission_currency=preview.commission_currency,
        warning=_warning(preview),
    )


def want_of_margin(preview: OrderPreview) -> str:
    """Return the reason that TWS gives for a rejection for want of margin."""
    value = preview.valuation
    needed = value.initial_margin + preview.initial_change
    return (
        "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE "
        f"[{value.equity:.2f} {value.base}] MUST EXCEED THE INITIAL MARGIN [{needed:.2f} {value.base}]"
    )


def _warning(preview: OrderPreview) -> str:
    value = preview.valuation
    return want_of_margin(preview) if value.initial_margin + preview.initial_change > value.equity else ""


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT)
