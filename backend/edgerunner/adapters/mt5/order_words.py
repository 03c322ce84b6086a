"""The package's numbers for orders and deals in our words. Pure."""

from typing import Final

from edgerunner.domain.orders import OrderStatus, OrderType, Side
from edgerunner.mt5_surface import constants as mt5
from edgerunner.mt5_surface.constants import CONSTANTS

KINDS: Final = {
    mt5.ORDER_TYPE_BUY: (Side.BUY, OrderType.MARKET),
    mt5.ORDER_TYPE_SELL: (Side.SELL, OrderType.MARKET),
    mt5.ORDER_TYPE_BUY_LIMIT: (Side.BUY, OrderType.LIMIT),
    mt5.ORDER_TYPE_SELL_LIMIT: (Side.SELL, OrderType.LIMIT),
    mt5.ORDER_TYPE_BUY_STOP: (Side.BUY, OrderType.STOP_MARKET),
    mt5.ORDER_TYPE_SELL_STOP: (Side.SELL, OrderType.STOP_MARKET),
    mt5.ORDER_TYPE_BUY_STOP_LIMIT: (Side.BUY, OrderType.STOP_LIMIT),
    mt5.ORDER_TYPE_SELL_STOP_LIMIT: (Side.SELL, OrderType.STOP_LIMIT),
}
"""Order types; CLOSE_BY, which has no side of its own, is not among them."""

TYPES: Final = {kind: number for number, kind in KINDS.items()}

WORKING: Final = {
    mt5.ORDER_STATE_STARTED: OrderStatus.SUBMITTED,
    mt5.ORDER_STATE_REQUEST_ADD: OrderStatus.SUBMITTED,
    mt5.ORDER_STATE_PLACED: OrderStatus.ACCEPTED,
    mt5.ORDER_STATE_PARTIAL: OrderStatus.PARTIALLY_FILLED,
    mt5.ORDER_STATE_REQUEST_MODIFY: OrderStatus.ACCEPTED,
    mt5.ORDER_STATE_REQUEST_CANCEL: OrderStatus.ACCEPTED,
}
"""States of orders that work; what is asked for and not yet answered is known from our own commands."""

ENDED: Final = {
    mt5.ORDER_STATE_CANCELED: OrderStatus.CANCELED,
    mt5.ORDER_STATE_REJECTED: OrderStatus.REJECTED,
    mt5.ORDER_STATE_EXPIRED: OrderStatus.EXPIRED,
}

EXIT_REASONS: Final = frozenset({mt5.ORDER_REASON_SL, mt5.ORDER_REASON_TP})
TRADES: Final = frozenset({mt5.DEAL_TYPE_BUY, mt5.DEAL_TYPE_SELL})


def side_of_trade(deal_type: int) -> Side:
    """Return the side of a BUY or SELL deal, or of a position of that type."""
    return Side.BUY if deal_type == mt5.DEAL_TYPE_BUY else Side.SELL


def state_word(state: int) -> str:
    """Return the name of an order's state."""
    return _name("ORDER_STATE_", state)


def reason_word(reason: int) -> str:
    """Return the name of an order's reason: who made it."""
    return _name("ORDER_REASON_", reason)


def deal_word(deal_type: int) -> str:
    """Return the name of a deal's type."""
    return _name("DEAL_TYPE_", deal_type) if deal_type <= mt5.DEAL_TYPE_SELL_CANCELED else _name("DEAL_", deal_type)


def _name(prefix: str, number: int) -> str:
    found = (name for name, value in CONSTANTS.items() if name.startswith(prefix) and value == number)
    return next(found, f"{prefix}{number}").removeprefix(prefix).lower()
