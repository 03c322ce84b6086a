"""What this version can do at a MetaTrader 5 broker, and why not more."""

from collections.abc import Collection, Mapping
from typing import Final

from edgerunner.adapters.broker import Capabilities, Feed, ProductCapabilities
from edgerunner.adapters.mt5.filling import RESTING
from edgerunner.adapters.mt5.history import TIMEFRAMES
from edgerunner.adapters.mt5.listings import PRODUCTS
from edgerunner.adapters.mt5.market import DEPTH_LEVELS, NO_TRADES
from edgerunner.adapters.mt5.placement import (
    NET_REDUCE,
    NO_GROUPS,
    NO_LIMIT_EXITS,
    NO_POST_ONLY,
    NO_QUANTITY,
    NO_TOUCH,
    NO_TRAILING,
    ORDER_TYPES,
)
from edgerunner.domain.orders import OrderType, TimeInForce

_NETS: Final = "this account nets: there is one position per symbol; a hedging account has one per ticket"
_NO_SHORT_BARS: Final = "MetaTrader 5's shortest bar is one minute"
_NO_DEPTH: Final = "this broker shows no depth of market of these symbols, as far as they were asked for"
_UNSUPPORTED: Final[Mapping[str, str]] = {
    OrderType.MARKET_IF_TOUCHED: NO_TOUCH,
    OrderType.LIMIT_IF_TOUCHED: NO_TOUCH,
    OrderType.TRAILING_STOP_MARKET: NO_TRAILING,
    TimeInForce.IOC: RESTING,
    TimeInForce.FOK: RESTING,
    "post_only": NO_POST_ONLY,
    "modify": NO_QUANTITY,
    "oca_group": NO_GROUPS,
    "limit_exits": NO_LIMIT_EXITS,
    "marketable_limit": RESTING,
    "funding": "nothing traded here has funding: positions held over night pay or receive swap",
    "leverage": "the broker sets an account's leverage; a program cannot",
    "trailing_stop": NO_TRAILING,
    "1s": _NO_SHORT_BARS,
    "5s": _NO_SHORT_BARS,
    Feed.TRADES: NO_TRADES,
}
_ON_NETTING: Final[Mapping[str, str]] = {"reduce_only": NET_REDUCE, "hedging": _NETS, "position_id": _NETS}


def capabilities(*, is_hedged: bool, refusal: str | None, with_depth: Collection[str]) -> Capabilities:
    """Return the capabilities.

    ``refusal`` is why no orders can be sent, or None; ``with_depth`` are the products of which the broker is known to
    show a depth of market.
    """
    labels = sorted({product.value for product in PRODUCTS.values()})
    return Capabilities(
        products={
            label: _product(is_hedged=is_hedged, refusal=refusal, has_depth=label in with_depth) for label in labels
        },
        account_history=True,
        magic=True,
    )


def _product(*, is_hedged: bool, refusal: str | None, has_depth: bool) -> ProductCapabilities:
    refused = {} if refusal is None else {"orders": refusal, **dict.fromkeys(map(str, ORDER_TYPES), refusal)}
    return ProductCapabilities(
        order_types=ORDER_TYPES if refusal is None else frozenset(),
        time_in_force=frozenset({TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD}),
        post_only=False,
        reduce_only=is_hedged,
        modify=frozenset({"price", "trigger_price"}),
        brackets="native",
        hedging=is_hedged,
        depth_levels=DEPTH_LEVELS if has_depth else 0,
        timeframes=frozenset(TIMEFRAMES),
        funding=False,
        unsupported={
            **_UNSUPPORTED,
            **({} if is_hedged else _ON_NETTING),
            **({} if has_depth else {Feed.DEPTH: _NO_DEPTH}),
            **refused,
        },
    )
