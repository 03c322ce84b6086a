"""What this version can do at Interactive Brokers, and why not more."""

from collections.abc import Mapping
from typing import Final

from edgerunner.adapters.broker import Capabilities, ProductCapabilities
from edgerunner.adapters.ibkr.bar_words import WORDS
from edgerunner.adapters.ibkr.depth_feed import DEPTH_ROWS
from edgerunner.adapters.ibkr.market import NO_TRADES
from edgerunner.adapters.ibkr.order_words import ORDER_TYPES, TIMES

NO_CASH: Final = (
    "the TWS API tells no dividends, interest, deposits or fees other than commissions; they are in the account's "
    "statements, and show here as a difference of the balance"
)
_UNSUPPORTED: Final[Mapping[str, str]] = {
    "post_only": "TWS has no order that is refused when it would take liquidity",
    "reduce_only": "TWS does not bind an order to a position",
    "hedging": "an account at Interactive Brokers nets: there are no legs",
    "position_id": "an account at Interactive Brokers nets: there are no legs",
    "funding": "nothing traded here has funding",
    "leverage": "margin follows from the account and the market; it cannot be set",
    "trailing_stop": "a trailing stop is an order of its own here: trailing_stop_market",
    "cash_movements": NO_CASH,
    "fractions": "TWS refuses fractions of shares from programs (10243)",
}
_MORE_UNSUPPORTED: Final[Mapping[str, Mapping[str, str]]] = {
    "stock": {},
    "forex": {"trades": NO_TRADES},
    "future": {},
    "option": {"depth": "TWS has no book of options that SMART routes (10092)"},
}


def capabilities(refusal: str | None) -> Capabilities:
    """Return the capabilities; ``refusal`` is why this gateway takes no orders, or None."""
    return Capabilities(
        products={product: _product(product, refusal) for product in _MORE_UNSUPPORTED},
        account_history=False,
    )


def _product(product: str, refusal: str | None) -> ProductCapabilities:
    refused = {} if refusal is None else {"orders": refusal, **dict.fromkeys(map(str, ORDER_TYPES), refusal)}
    return ProductCapabilities(
        order_types=frozenset(ORDER_TYPES) if refusal is None else frozenset(),
        time_in_force=frozenset(TIMES),
        post_only=False,
        reduce_only=False,
        oca=True,
        modify=frozenset({"quantity", "price", "trigger_price"}),
        brackets="native",
        hedging=False,
        depth_levels=0 if "depth" in _MORE_UNSUPPORTED[product] else DEPTH_ROWS,
        timeframes=frozenset(WORDS),
        funding=False,
        unsupported={**_UNSUPPORTED, **_MORE_UNSUPPORTED[product], **refused},
    )
