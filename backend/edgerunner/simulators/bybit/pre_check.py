"""``/v5/order/pre-check``: the account's margin rates before and after an order, without placing it.

Fields of the page "Pre Check Order" of the Bybit V5 documentation, in ten-thousandths. As simulated: the order adds
its value over the leverage, whatever it would close, and only its form and money are judged.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from edgerunner.simulators.bybit import codes, risk_tiers, wallet_objects
from edgerunner.simulators.bybit.auth import ApiKey
from edgerunner.simulators.bybit.envelope import Answer
from edgerunner.simulators.bybit.order_request import parse_category
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import OrderRequest, RejectReason


class PreCheck:
    """Judges orders that are not placed. ``read`` turns a caller and a body into the order that is wished for."""

    def __init__(self, venue: Venue, read: Callable[[ApiKey, Mapping[str, Any]], OrderRequest]) -> None:
        self._venue = venue
        self._read = read

    def answer(self, caller: ApiKey, body: Mapping[str, Any]) -> Answer:
        """Return the rates; raise what is wrong with the order's form, or 110007 when money is short."""
        category = parse_category(body)
        if category.is_spot:
            raise codes.parameter_error("params error: category invalid")
        wish = self._read(caller, body)
        instrument = self._venue.instruments[wish.symbol]
        price = wish.price_ticks or instrument.to_ticks(self._venue.mark_price(wish.symbol))
        value = instrument.value(price, wish.quantity_lots)
        margin = value / self._venue.position(caller.account_id, wish.symbol, wish.leg).leverage
        coin = instrument.instrument.settle
        if not wish.reduce_only and margin > self._venue.summary(caller.account_id, coin).available:
            raise codes.WireError(codes.refusal_of(RejectReason.INSUFFICIENT_FUNDS, category))
        totals = wallet_objects.wallet_object(self._venue, caller.account_id, None)
        if not totals["totalMarginBalance"]:
            raise codes.parameter_error("params error: pre-check is for cross margin")
        equity = Decimal(totals["totalMarginBalance"])
        dollars = wallet_objects.dollar_price(self._venue, coin)
        added = (margin * dollars, risk_tiers.maintenance_margin(value) * dollars)
        before = (Decimal(totals["totalInitialMargin"]), Decimal(totals["totalMaintenanceMargin"]))
        return Answer(
            result={
                "orderId": "",
                "orderLinkId": wish.client_key or "",
                "preImrE4": _rate(before[0], equity),
                "preMmrE4": _rate(before[1], equity),
                "postImrE4": _rate(before[0] + (Decimal(0) if wish.reduce_only else added[0]), equity),
                "postMmrE4": _rate(before[1] + (Decimal(0) if wish.reduce_only else added[1]), equity),
            }
        )


def _rate(margin: Decimal, equity: Decimal) -> int:
    return int(margin * 10_000 / equity) if equity else 0
