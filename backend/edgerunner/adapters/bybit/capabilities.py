"""What this version can do at Bybit, and why not more."""

from collections.abc import Mapping
from typing import Final

from edgerunner.adapters.broker import Capabilities, ProductCapabilities
from edgerunner.adapters.bybit.market import DEPTH_LEVELS, INTERVALS
from edgerunner.domain.orders import OrderType, TimeInForce

_NOT_YET: Final = "Bybit has it, this version does not"
_UNSUPPORTED: Final[Mapping[str, str]] = {
    "stop_market": _NOT_YET,
    "stop_limit": _NOT_YET,
    "market_if_touched": _NOT_YET,
    "limit_if_touched": _NOT_YET,
    "trailing_stop_market": _NOT_YET,
    "brackets": _NOT_YET,
    "hedging": _NOT_YET,
    "trigger_price": _NOT_YET,
    "day": "Bybit has no day orders",
    "gtd": "Bybit has no orders with an expiry time",
    "1s": "Bybit's shortest candle is one minute",
    "5s": "Bybit's shortest candle is one minute",
}
_SPOT_UNSUPPORTED: Final[Mapping[str, str]] = {
    "reduce_only": "spot has no positions, only coins",
    "funding": "spot has no funding",
}


def capabilities(refusal: str | None, linear_refusal: str | None) -> Capabilities:
    """Return the capabilities; a refusal is why no orders can be sent, at all or for contracts."""
    return Capabilities(
        products={
            "spot": _product(is_spot=True, refusal=refusal),
            "linear": _product(is_spot=False, refusal=refusal or linear_refusal),
        },
        account_history=True,
    )


def _product(*, is_spot: bool, refusal: str | None) -> ProductCapabilities:
    refused = {} if refusal is None else {"orders": refusal, "market": refusal, "limit": refusal}
    return ProductCapabilities(
        order_types=frozenset({OrderType.MARKET, OrderType.LIMIT} if refusal is None else ()),
        time_in_force=frozenset({TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK}),
        post_only=True,
        reduce_only=not is_spot,
        modify=frozenset({"quantity", "price"}),
        brackets="none",
        hedging=False,
        depth_levels=DEPTH_LEVELS,
        timeframes=frozenset(INTERVALS),
        funding=not is_spot,
        unsupported={**_UNSUPPORTED, **(_SPOT_UNSUPPORTED if is_spot else {}), **refused},
    )
