"""Bybit's return codes and texts, and one table from the venue's reasons to them.

Texts are those of the "Error Codes" page of the Bybit V5 documentation, or the longer ones that
the live service is known to answer with. Spot and derivatives use different codes for one thing.
"""

from dataclasses import dataclass
from typing import Final

from edgerunner.simulators.bybit.categories import Category
from edgerunner.simulators.venue_types import RejectReason


@dataclass(frozen=True, slots=True)
class Refusal:
    """A ``retCode`` and its usual ``retMsg``."""

    code: int
    text: str


class WireError(Exception):
    """A request that is answered with an error code.

    ``http_status`` is 200 for business errors, as on the live service.
    """

    def __init__(self, refusal: Refusal, text: str | None = None, *, http_status: int = 200) -> None:
        self.code = refusal.code
        self.text = refusal.text if text is None else text
        self.http_status = http_status
        super().__init__(f"{self.code}: {self.text}")


SERVER_TIMEOUT: Final = Refusal(10000, "Server Timeout")
INVALID_PARAMETER: Final = Refusal(10001, "Request parameter error.")
OUTSIDE_TIME_WINDOW: Final = Refusal(10002, "The request time exceeds the time window range.")
INVALID_KEY: Final = Refusal(10003, "API key is invalid.")
INVALID_SIGNATURE: Final = Refusal(10004, "Error sign, please check your signature generation algorithm.")
PERMISSION_DENIED: Final = Refusal(10005, "Permission denied, please check your API key permissions.")
TOO_MANY_VISITS: Final = Refusal(10006, "Too many visits!")
NOT_AUTHENTICATED: Final = Refusal(10007, "User authentication failed.")
SERVER_ERROR: Final = Refusal(10016, "Server error.")
ROUTE_NOT_FOUND: Final = Refusal(10017, "Route not found.")
ADDRESS_LIMIT: Final = Refusal(10018, "access too frequent")
SYMBOL_NOT_ALLOWED: Final = Refusal(10029, "The requested symbol is invalid, please check symbol whitelist")
DEMO_UNSUPPORTED: Final = Refusal(10032, "Demo trading are not supported.")
OPERATION_UNKNOWN: Final = Refusal(10404, "op type is not found")
CATEGORY_UNKNOWN: Final = Refusal(10404, "category is not correct/supported")
REPEATED_AUTHENTICATION: Final = Refusal(20001, "Repeat auth")
DUPLICATE_REQUEST_ID: Final = Refusal(20006, "reqId is duplicated")

POSITION_MODE_NOT_MODIFIED: Final = Refusal(110025, "Position mode is not modified")
HEDGE_MODE_UNAVAILABLE: Final = Refusal(110029, "Hedge mode is not available for this symbol")
TRIGGER_NOT_BELOW: Final = Refusal(110093, "expect Falling, but trigger_price is not below the current price")
EXITS_NOT_ALLOWED: Final = Refusal(
    110057, "The order contains TP/SL related params, which a reduce-only order cannot have"
)
EXITS_OF_PARTLY_FILLED: Final = Refusal(110059, "Not allowed to modify the TP/SL of a partially filled open order")
TOO_MANY_PARTIAL_EXITS: Final = Refusal(110061, "Not allowed to have more than 20 TP/SLs under Partial tpSlMode")
POSITION_EXITS_NOT_MODIFIED: Final = Refusal(34040, "not modified")
MARGIN_MODE_NOT_MODIFIED: Final = Refusal(110026, "Cross/isolated margin mode is not modified")
MARGIN_NOT_MODIFIED: Final = Refusal(110027, "Margin is not modified")
SET_MARGIN_MODE_FAILED: Final = Refusal(3400045, "Set margin mode failed")
LEVERAGE_NOT_MODIFIED: Final = Refusal(110043, "leverage not modified")
RETAIL_PRICE_IMPROVEMENT: Final = Refusal(
    110119, "Order failed. RPI orders are restricted to approved market makers only"
)
SPOT_RETAIL_PRICE_IMPROVEMENT: Final = Refusal(170355, "RPI orders are restricted to approved market makers only")
SPOT_UNSUPPORTED: Final = Refusal(170227, "This feature is not supported.")
SPOT_INVALID_ORDER_FILTER: Final = Refusal(170201, "Invalid orderFilter parameter")
SPOT_INVALID_TIME_IN_FORCE: Final = Refusal(170115, "Invalid timeInForce.")
SPOT_INVALID_ORDER_TYPE: Final = Refusal(170116, "Invalid orderType.")
SPOT_INVALID_SIDE: Final = Refusal(170117, "Invalid side.")
SPOT_INVALID_DATA: Final = Refusal(170130, "Data sent for parameter '%s' is not valid.")
SPOT_MARGIN_DISABLED: Final = Refusal(170036, "You haven't enabled Cross Margin Trading yet.")
SPOT_BUY_PRICE_TOO_HIGH: Final = Refusal(170193, "Buy order price cannot be higher than the price limit.")
SPOT_SELL_PRICE_TOO_LOW: Final = Refusal(170194, "Sell order price cannot be lower than the price limit.")
SPOT_MARKET_QUANTITY_OFF_STEP: Final = Refusal(170148, "Market order amount decimal too long")

_DERIVATIVES: Final = {
    RejectReason.UNKNOWN_SYMBOL: Refusal(10001, "params error: symbol invalid"),
    RejectReason.UNKNOWN_ACCOUNT: Refusal(10005, "Permission denied, please check your API key permissions."),
    RejectReason.UNKNOWN_ORDER: Refusal(110001, "order not exists or too late to cancel"),
    RejectReason.DUPLICATE_CLIENT_KEY: Refusal(110072, "OrderLinkedID is duplicate"),
    RejectReason.INSUFFICIENT_FUNDS: Refusal(110007, "ab not enough for new order"),
    RejectReason.QUANTITY_BELOW_MINIMUM: Refusal(10001, "The number of contracts exceeds minimum limit allowed"),
    RejectReason.QUANTITY_ABOVE_MAXIMUM: Refusal(
        10001, "The number of contracts exceeds maximum limit allowed: too large"
    ),
    RejectReason.QUANTITY_OFF_STEP: Refusal(10001, "Qty invalid"),
    RejectReason.QUANTITY_NOT_ABOVE_FILLED: Refusal(
        110064, "The modified contract quantity cannot be less than or equal to the filled quantity."
    ),
    RejectReason.PRICE_OFF_TICK: Refusal(10001, "Price invalid"),
    RejectReason.PRICE_OUT_OF_RANGE: Refusal(110003, "Order price exceeds the allowable range."),
    RejectReason.NOTIONAL_BELOW_MINIMUM: Refusal(110094, "Order notional value below the lower limit"),
    RejectReason.REDUCE_ONLY_REJECTED: Refusal(110017, "current position is zero, cannot fix reduce-only order qty"),
    RejectReason.ORDER_CLOSED: Refusal(110001, "order not exists or too late to cancel"),
    RejectReason.NOT_MODIFIED: Refusal(
        10001, "The order remains unchanged as the parameters entered match the existing ones."
    ),
    RejectReason.TOO_MANY_ORDERS: Refusal(110020, "Not allowed to have more than 500 active orders."),
    RejectReason.HALTED: Refusal(110074, "This contract is not live"),
    RejectReason.WOULD_CROSS: Refusal(110032, "Illegal order"),
    RejectReason.INVALID_QUANTITY: Refusal(10001, "Qty invalid"),
    RejectReason.INVALID_PRICE: Refusal(10001, "Price invalid"),
    RejectReason.INVALID_LEVERAGE: Refusal(110013, "Cannot set leverage due to risk limit level."),
    RejectReason.TRIGGER_SIDE: Refusal(110092, "expect Rising, but trigger_price is not above the current price"),
    RejectReason.INVALID_TRIGGER: Refusal(10001, "params error: triggerPrice invalid"),
    RejectReason.TOO_MANY_WAITING: Refusal(110009, "The number of stop orders exceeds the maximum allowable limit."),
    RejectReason.EXIT_SIDE: Refusal(10001, "params error: takeProfit or stopLoss on the wrong side of the price"),
    RejectReason.INVALID_EXIT: Refusal(10001, "params error: takeProfit or stopLoss invalid"),
    RejectReason.NO_POSITION: Refusal(10001, "can not set tp/sl/ts for zero position"),
    RejectReason.POSITION_MODE: Refusal(10001, "position idx not match position mode"),
    RejectReason.POSITION_EXISTS: Refusal(
        110024, "You have an existing position, so the position mode cannot be switched."
    ),
    RejectReason.ORDERS_EXIST: Refusal(
        110028, "You have existing open orders, so the position mode cannot be switched."
    ),
    RejectReason.INVALID_MARGIN: Refusal(10001, "params error: margin invalid"),
    RejectReason.EXPIRED: Refusal(110074, "This contract is not live"),
    RejectReason.UNSUPPORTED: Refusal(10001, "params error: not supported by this simulator"),
    RejectReason.FORCED: Refusal(110032, "Illegal order"),
}
_SPOT: Final = {
    RejectReason.UNKNOWN_SYMBOL: Refusal(170121, "Invalid symbol."),
    RejectReason.UNKNOWN_ACCOUNT: Refusal(10005, "Permission denied, please check your API key permissions."),
    RejectReason.UNKNOWN_ORDER: Refusal(170213, "Order does not exist."),
    RejectReason.DUPLICATE_CLIENT_KEY: Refusal(170141, "Duplicate clientOrderId"),
    RejectReason.INSUFFICIENT_FUNDS: Refusal(170131, "Insufficient balance."),
    RejectReason.QUANTITY_BELOW_MINIMUM: Refusal(170136, "Order quantity lower than the minimum."),
    RejectReason.QUANTITY_ABOVE_MAXIMUM: Refusal(170124, "Order amount too large."),
    RejectReason.QUANTITY_OFF_STEP: Refusal(170137, "Order volume decimal too long"),
    RejectReason.QUANTITY_NOT_ABOVE_FILLED: Refusal(
        170313, "The modified contract quantity cannot be less than to the filled quantity"
    ),
    RejectReason.PRICE_OFF_TICK: Refusal(170134, "Order price decimal too long."),
    RejectReason.PRICE_OUT_OF_RANGE: Refusal(170132, "Order price too high."),
    RejectReason.NOTIONAL_BELOW_MINIMUM: Refusal(170140, "Order value exceeded lower limit."),
    RejectReason.REDUCE_ONLY_REJECTED: Refusal(170130, "Data sent for parameter 'reduceOnly' is not valid."),
    RejectReason.ORDER_CLOSED: Refusal(170213, "Order does not exist."),
    RejectReason.NOT_MODIFIED: Refusal(
        10001, "The order remains unchanged as the parameters entered match the existing ones."
    ),
    RejectReason.TOO_MANY_ORDERS: Refusal(170810, "Cannot exceed maximum of 500 conditional, TP/SL and active orders."),
    RejectReason.HALTED: Refusal(170151, "The trading pair is not open yet"),
    RejectReason.WOULD_CROSS: Refusal(170218, "The LIMIT-MAKER order is rejected due to invalid price."),
    RejectReason.INVALID_QUANTITY: Refusal(170130, "Data sent for parameter 'qty' is not valid."),
    RejectReason.INVALID_PRICE: Refusal(170130, "Data sent for parameter 'price' is not valid."),
    RejectReason.INVALID_LEVERAGE: Refusal(10001, "params error: category invalid"),
    RejectReason.TRIGGER_SIDE: Refusal(170130, "Data sent for parameter 'triggerPrice' is not valid."),
    RejectReason.INVALID_TRIGGER: Refusal(170130, "Data sent for parameter 'triggerPrice' is not valid."),
    RejectReason.TOO_MANY_WAITING: Refusal(
        170810, "Cannot exceed maximum of 500 conditional, TP/SL and active orders."
    ),
    RejectReason.EXIT_SIDE: Refusal(170130, "Data sent for parameter 'takeProfit' is not valid."),
    RejectReason.INVALID_EXIT: Refusal(170130, "Data sent for parameter 'takeProfit' is not valid."),
    RejectReason.NO_POSITION: SPOT_UNSUPPORTED,
    RejectReason.POSITION_MODE: Refusal(10001, "position idx not match position mode"),
    RejectReason.POSITION_EXISTS: SPOT_UNSUPPORTED,
    RejectReason.ORDERS_EXIST: SPOT_UNSUPPORTED,
    RejectReason.INVALID_MARGIN: SPOT_UNSUPPORTED,
    RejectReason.EXPIRED: Refusal(170151, "The trading pair is not open yet"),
    RejectReason.UNSUPPORTED: SPOT_UNSUPPORTED,
    RejectReason.FORCED: Refusal(170210, "New order rejected."),
}


def refusal_of(reason: RejectReason, category: Category) -> Refusal:
    """Return the code and text with which Bybit refuses for ``reason`` in ``category``."""
    return (_SPOT if category.is_spot else _DERIVATIVES)[reason]


def parameter_error(text: str) -> WireError:
    """Return a 10001 with ``text``."""
    return WireError(INVALID_PARAMETER, text)
