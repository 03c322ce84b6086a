"""TWS's words for orders and what each of its error codes proves.

Words: TWS API reference, pages "Order Types", "Time in Force" and "Order Status". Codes: page "Message Codes", and what
users report of them.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from edgerunner.domain.orders import OrderStatus, OrderType, Side, TimeInForce

ORDER_TYPES: Final[Mapping[OrderType, str]] = {
    OrderType.MARKET: "MKT",
    OrderType.LIMIT: "LMT",
    OrderType.STOP_MARKET: "STP",
    OrderType.STOP_LIMIT: "STP LMT",
    OrderType.MARKET_IF_TOUCHED: "MIT",
    OrderType.LIMIT_IF_TOUCHED: "LIT",
    OrderType.TRAILING_STOP_MARKET: "TRAIL",
}
OUR_ORDER_TYPES: Final[Mapping[str, OrderType]] = {word: kind for kind, word in ORDER_TYPES.items()}

TIMES: Final[Mapping[TimeInForce, str]] = {each: each.value.upper() for each in TimeInForce}
OUR_TIMES: Final[Mapping[str, TimeInForce]] = {word: each for each, word in TIMES.items()}

SIDES: Final[Mapping[Side, str]] = {Side.BUY: "BUY", Side.SELL: "SELL"}
OUR_SIDES: Final[Mapping[str, Side]] = {
    "BUY": Side.BUY,
    "SELL": Side.SELL,
    "SSHORT": Side.SELL,
    "BOT": Side.BUY,
    "SLD": Side.SELL,
}

INACTIVE: Final = "Inactive"
STATUSES: Final[Mapping[str, OrderStatus]] = {
    "ApiPending": OrderStatus.SUBMITTED,
    "PendingSubmit": OrderStatus.SUBMITTED,
    "PreSubmitted": OrderStatus.ACCEPTED,
    "Submitted": OrderStatus.ACCEPTED,
    "PendingCancel": OrderStatus.ACCEPTED,
    "Cancelled": OrderStatus.CANCELED,
    "ApiCancelled": OrderStatus.CANCELED,
    "Filled": OrderStatus.FILLED,
}
"""``PendingCancel`` is no ending: the order can still be filled. ``Inactive`` depends on more than the word."""

CANCELED_WORDS: Final = frozenset({"PendingCancel", "Cancelled", "ApiCancelled"})


class Verdict(Enum):
    """What an error code with an order's id says about a command that waits for its answer."""

    NOTICE = auto()
    """Nothing: the order goes on."""
    REFUSED = auto()
    """The command was refused."""
    ENDED = auto()
    """The order ended (202); a status tells it too."""
    UNCERTAIN = auto()
    """Not known to be any of these; nothing may be concluded."""


_NOTICES: Final = frozenset({399, 404, 481, 2109, 10167, 10311, 10349})
"""399 order message, 404 held while shares are located, 481 size reduced, 10349 TIF set by preset..."""

_REFUSALS: Final = frozenset(
    {
        *range(103, 166),
        200,
        201,
        203,
        320,
        321,
        *range(324, 399),
        *range(400, 404),
        *range(405, 450),
        460,
        461,
        463,
        *range(10000, 10100),
        10147,
        10148,
        10243,
        10268,
        10289,
    }
)
REJECTED_CODES: Final = frozenset({200, 201, 203, 321, 460})
"""Codes after which ``Inactive`` means that the order is dead, not held."""

CANCELED_CODE: Final = 202
DUPLICATE_ID: Final = 103
NOT_FOUND: Final = 10147


def verdict_of(code: int) -> Verdict:
    """Return what a code proves for the command it answers."""
    if code in _NOTICES or 2100 <= code < 2200:
        return Verdict.NOTICE
    if code == CANCELED_CODE:
        return Verdict.ENDED
    return Verdict.REFUSED if code in _REFUSALS else Verdict.UNCERTAIN
