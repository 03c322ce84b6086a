"""What a trade server answers: its return codes (protocol notes 1.4) and the comment beside each.

`Request executed`, `Requote`, `Invalid request`, `Invalid price`, `Invalid stops`, `No changes`,
`AutoTrading disabled by client`, `Unsupported filling mode` and `Done` were seen in real results; the other comments
are **guess**es in the same style.
"""

from enum import IntEnum
from types import MappingProxyType
from typing import Final


class Retcode(IntEnum):
    """The codes by their names after `TRADE_RETCODE_`."""

    CHECKED = 0
    """`order_check` found nothing wrong."""
    REQUOTE = 10004
    REJECT = 10006
    CANCEL = 10007
    PLACED = 10008
    DONE = 10009
    DONE_PARTIAL = 10010
    ERROR = 10011
    TIMEOUT = 10012
    INVALID = 10013
    INVALID_VOLUME = 10014
    INVALID_PRICE = 10015
    INVALID_STOPS = 10016
    TRADE_DISABLED = 10017
    MARKET_CLOSED = 10018
    NO_MONEY = 10019
    PRICE_CHANGED = 10020
    PRICE_OFF = 10021
    INVALID_EXPIRATION = 10022
    ORDER_CHANGED = 10023
    TOO_MANY_REQUESTS = 10024
    NO_CHANGES = 10025
    SERVER_DISABLES_AT = 10026
    CLIENT_DISABLES_AT = 10027
    LOCKED = 10028
    FROZEN = 10029
    INVALID_FILL = 10030
    CONNECTION = 10031
    ONLY_REAL = 10032
    LIMIT_ORDERS = 10033
    LIMIT_VOLUME = 10034
    INVALID_ORDER = 10035
    POSITION_CLOSED = 10036
    INVALID_CLOSE_VOLUME = 10038
    CLOSE_ORDER_EXIST = 10039
    LIMIT_POSITIONS = 10040
    REJECT_CANCEL = 10041
    LONG_ONLY = 10042
    SHORT_ONLY = 10043
    CLOSE_ONLY = 10044
    FIFO_CLOSE = 10045
    HEDGE_PROHIBITED = 10046

    @property
    def comment(self) -> str:
        """Return the server's words for it."""
        return _COMMENTS[self]

    @property
    def is_success(self) -> bool:
        """Whether the request was carried out, at least in part."""
        return self in {Retcode.PLACED, Retcode.DONE, Retcode.DONE_PARTIAL}


_COMMENTS: Final = MappingProxyType(
    {
        Retcode.CHECKED: "Done",
        Retcode.REQUOTE: "Requote",
        Retcode.REJECT: "Request rejected",
        Retcode.CANCEL: "Request canceled by trader",
        Retcode.PLACED: "Order placed",
        Retcode.DONE: "Request executed",
        Retcode.DONE_PARTIAL: "Request executed partially",
        Retcode.ERROR: "Request processing error",
        Retcode.TIMEOUT: "Request timed out",
        Retcode.INVALID: "Invalid request",
        Retcode.INVALID_VOLUME: "Invalid volume",
        Retcode.INVALID_PRICE: "Invalid price",
        Retcode.INVALID_STOPS: "Invalid stops",
        Retcode.TRADE_DISABLED: "Trade disabled",
        Retcode.MARKET_CLOSED: "Market closed",
        Retcode.NO_MONEY: "No money",
        Retcode.PRICE_CHANGED: "Price changed",
        Retcode.PRICE_OFF: "No prices",
        Retcode.INVALID_EXPIRATION: "Invalid expiration",
        Retcode.ORDER_CHANGED: "Order changed",
        Retcode.TOO_MANY_REQUESTS: "Too many requests",
        Retcode.NO_CHANGES: "No changes",
        Retcode.SERVER_DISABLES_AT: "AutoTrading disabled by server",
        Retcode.CLIENT_DISABLES_AT: "AutoTrading disabled by client",
        Retcode.LOCKED: "Request locked",
        Retcode.FROZEN: "Order or position frozen",
        Retcode.INVALID_FILL: "Unsupported filling mode",
        Retcode.CONNECTION: "No connection",
        Retcode.ONLY_REAL: "Only real accounts allowed",
        Retcode.LIMIT_ORDERS: "Orders limit reached",
        Retcode.LIMIT_VOLUME: "Volume limit reached",
        Retcode.INVALID_ORDER: "Invalid order",
        Retcode.POSITION_CLOSED: "Position doesn't exist",
        Retcode.INVALID_CLOSE_VOLUME: "Invalid close volume",
        Retcode.CLOSE_ORDER_EXIST: "Close order already exists",
        Retcode.LIMIT_POSITIONS: "Positions limit reached",
        Retcode.REJECT_CANCEL: "Activation rejected, order canceled",
        Retcode.LONG_ONLY: "Only long positions allowed",
        Retcode.SHORT_ONLY: "Only short positions allowed",
        Retcode.CLOSE_ONLY: "Only position closing allowed",
        Retcode.FIFO_CLOSE: "Only FIFO closing allowed",
        Retcode.HEDGE_PROHIBITED: "Opposite positions prohibited",
    }
)
