"""What local execution can do: the fill model's abilities for orders, the connection's own for market data."""

from dataclasses import replace
from typing import Final

from edgerunner.adapters.broker import Capabilities, ProductCapabilities
from edgerunner.adapters.local.checks import COINS, NETTING, NO_GROUPS
from edgerunner.domain.market import Timeframe
from edgerunner.domain.orders import OrderType, TimeInForce

_SETTING: Final = "the paper account is set up by the connection's options"


def local_capabilities(data: Capabilities) -> Capabilities:
    """Return the capabilities of local execution on a connection's market data."""
    products = {label: _product(label, product) for label, product in data.products.items()}
    return Capabilities(products=products, account_history=True)


def _product(label: str, data: ProductCapabilities) -> ProductCapabilities:
    is_spot = label == "spot"
    reasons = {
        "hedging": NETTING,
        "position_id": NETTING,
        "oca_group": NO_GROUPS,
        "leverage": _SETTING,
        "trailing_stop": "send an order of the type trailing_stop_market instead",
    }
    if is_spot:
        reasons |= {"reduce_only": COINS, "leverage": "spot is paid in full", "trailing_stop": COINS}
    told = {name: reason for name, reason in data.unsupported.items() if name in {*map(str, Timeframe), "funding"}}
    return replace(
        data,
        order_types=frozenset(OrderType),
        time_in_force=frozenset(TimeInForce),
        post_only=True,
        reduce_only=not is_spot,
        modify=frozenset({"quantity", "price", "trigger_price"}),
        brackets="emulated",
        hedging=False,
        leverage=False,
        trailing_stop=False,
        oca=False,
        unsupported={**told, **reasons},
    )
