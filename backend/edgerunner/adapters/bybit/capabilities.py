"""What this version can do at Bybit, and why not more."""

from collections.abc import Mapping
from typing import Final

from edgerunner.adapters.broker import Capabilities, ProductCapabilities
from edgerunner.adapters.bybit.controls import PORTFOLIO, SPOT_LEVERAGE, SPOT_TRAILING
from edgerunner.adapters.bybit.environments import DATA_CATEGORIES
from edgerunner.adapters.bybit.market import DEPTH_LEVELS, INTERVALS
from edgerunner.adapters.bybit.placement import NO_GROUPS, ORDER_TYPES, TRAILING
from edgerunner.domain.accounts import AccountMode, MarginMode
from edgerunner.domain.orders import TimeInForce

_UNSUPPORTED: Final[Mapping[str, str]] = {
    "trailing_stop_market": TRAILING,
    "day": "Bybit has no day orders",
    "gtd": "Bybit has no orders with an expiry time",
    "1s": "Bybit's shortest candle is one minute",
    "5s": "Bybit's shortest candle is one minute",
    "portfolio": PORTFOLIO,
    "oca_group": NO_GROUPS,
}
_COINS: Final = "spot has no positions, only coins"
_ONE_WAY: Final = "Bybit has hedge mode for USDT perpetuals only"
_MORE_UNSUPPORTED: Final[Mapping[str, Mapping[str, str]]] = {
    "spot": {
        "reduce_only": _COINS,
        "hedging": _COINS,
        "position_id": _COINS,
        "funding": "spot has no funding",
        "leverage": SPOT_LEVERAGE,
        "trailing_stop": SPOT_TRAILING,
    },
    "linear": {},
    "inverse": {"hedging": _ONE_WAY, "position_id": _ONE_WAY},
}


def capabilities(refusal: str | None) -> Capabilities:
    """Return the capabilities; ``refusal`` is why this key cannot send orders, or None."""
    return Capabilities(
        products={category: _product(category, refusal) for category in DATA_CATEGORIES},
        account_history=True,
        position_modes=frozenset(AccountMode) if refusal is None else frozenset(),
        margin_modes=frozenset({MarginMode.CROSS, MarginMode.ISOLATED}) if refusal is None else frozenset(),
    )


def _product(category: str, refusal: str | None) -> ProductCapabilities:
    is_spot = category == "spot"
    refused = {} if refusal is None else {"orders": refusal, **dict.fromkeys(map(str, ORDER_TYPES), refusal)}
    return ProductCapabilities(
        order_types=ORDER_TYPES if refusal is None else frozenset(),
        time_in_force=frozenset({TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK}),
        post_only=True,
        reduce_only=not is_spot,
        modify=frozenset({"quantity", "price", "trigger_price"}),
        brackets="native",
        hedging=category == "linear",
        depth_levels=DEPTH_LEVELS,
        timeframes=frozenset(INTERVALS),
        funding=not is_spot,
        leverage=not is_spot and refusal is None,
        trailing_stop=not is_spot and refusal is None,
        unsupported={**_UNSUPPORTED, **_MORE_UNSUPPORTED[category], **refused},
    )
