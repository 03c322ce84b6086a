"""The trade server's words with MetaTrader 5's numbers (protocol notes 1.3): `int(word)` is what the terminal shows.

The bit masks (`FillingFlag`, `ExpirationFlag`, `OrderFlag`) are not in the Python package; their values are
general knowledge.
"""

from enum import IntEnum, IntFlag


class TradeAction(IntEnum):
    """What a request asks for."""

    DEAL = 1
    PENDING = 5
    SLTP = 6
    MODIFY = 7
    REMOVE = 8
    CLOSE_BY = 10


class PositionType(IntEnum):
    """The side of a position, and of an order in the market."""

    BUY = 0
    SELL = 1


class OrderType(IntEnum):
    """Market orders, pending orders and the closing of two positions by each other."""

    BUY = 0
    SELL = 1
    BUY_LIMIT = 2
    SELL_LIMIT = 3
    BUY_STOP = 4
    SELL_STOP = 5
    BUY_STOP_LIMIT = 6
    SELL_STOP_LIMIT = 7
    CLOSE_BY = 8

    @property
    def direction(self) -> PositionType:
        """Return the side of the market: every even order type buys (close-by has none and is never asked)."""
        return PositionType(self % 2)

    @property
    def is_market(self) -> bool:
        """Whether it trades at once."""
        return self in {OrderType.BUY, OrderType.SELL}

    @property
    def is_pending(self) -> bool:
        """Whether it waits for a price."""
        return OrderType.BUY_LIMIT <= self <= OrderType.SELL_STOP_LIMIT

    @property
    def is_stop_limit(self) -> bool:
        """Whether it becomes a limit order at its price."""
        return self in {OrderType.BUY_STOP_LIMIT, OrderType.SELL_STOP_LIMIT}

    @property
    def is_limit(self) -> bool:
        """Whether it trades at its price or better."""
        return self in {OrderType.BUY_LIMIT, OrderType.SELL_LIMIT}


class OrderState(IntEnum):
    """Where an order is; the REQUEST states last no time here."""

    STARTED = 0
    PLACED = 1
    CANCELED = 2
    PARTIAL = 3
    FILLED = 4
    REJECTED = 5
    EXPIRED = 6
    REQUEST_ADD = 7
    REQUEST_MODIFY = 8
    REQUEST_CANCEL = 9


class OrderFilling(IntEnum):
    """What becomes of lots that nobody trades."""

    FOK = 0
    IOC = 1
    RETURN = 2
    BOC = 3


class OrderTime(IntEnum):
    """How long a pending order lives."""

    GTC = 0
    DAY = 1
    SPECIFIED = 2
    SPECIFIED_DAY = 3


class Reason(IntEnum):
    """Why an order, a deal or a position is there; orders and deals share the numbers 0 to 6."""

    CLIENT = 0
    MOBILE = 1
    WEB = 2
    EXPERT = 3
    SL = 4
    TP = 5
    SO = 6


class DealType(IntEnum):
    """Trades and movements of money."""

    BUY = 0
    SELL = 1
    BALANCE = 2
    CREDIT = 3
    CHARGE = 4
    CORRECTION = 5
    BONUS = 6
    INTEREST = 12


class DealEntry(IntEnum):
    """What a deal did to its position."""

    IN = 0
    OUT = 1
    INOUT = 2
    OUT_BY = 3


class CalcMode(IntEnum):
    """How margin and profit are computed; modes of options, bonds and collateral are not served."""

    FOREX = 0
    FUTURES = 1
    CFD = 2
    CFDINDEX = 3
    CFDLEVERAGE = 4
    FOREX_NO_LEVERAGE = 5
    EXCH_STOCKS = 32
    EXCH_FUTURES = 33


class SymbolTradeMode(IntEnum):
    """Which trades of a symbol are taken."""

    DISABLED = 0
    LONGONLY = 1
    SHORTONLY = 2
    CLOSEONLY = 3
    FULL = 4


class Execution(IntEnum):
    """Who names the price of a market order."""

    REQUEST = 0
    INSTANT = 1
    MARKET = 2
    EXCHANGE = 3


class SwapMode(IntEnum):
    """How a night is charged; the modes that reopen positions (7, 8) are not served."""

    DISABLED = 0
    POINTS = 1
    CURRENCY_SYMBOL = 2
    CURRENCY_MARGIN = 3
    CURRENCY_DEPOSIT = 4
    INTEREST_CURRENT = 5
    INTEREST_OPEN = 6


class OrdersLifetime(IntEnum):
    """SYMBOL_ORDERS_*: whether pending orders and stops outlive the server's day."""

    GTC = 0
    DAILY = 1
    DAILY_NO_STOPS = 2


class MarginMode(IntEnum):
    """One position per symbol, or one per opening order."""

    RETAIL_NETTING = 0
    EXCHANGE = 1
    RETAIL_HEDGING = 2


class StopOutMode(IntEnum):
    """The unit of margin call and stop out."""

    PERCENT = 0
    MONEY = 1


class AccountTradeMode(IntEnum):
    """Whose money it is."""

    DEMO = 0
    CONTEST = 1
    REAL = 2


class FillingFlag(IntFlag):
    """Bits of `SymbolInfo.filling_mode`; 0 = only RETURN."""

    FOK = 1
    IOC = 2
    BOC = 4


class ExpirationFlag(IntFlag):
    """Bits of `SymbolInfo.expiration_mode`."""

    GTC = 1
    DAY = 2
    SPECIFIED = 4
    SPECIFIED_DAY = 8


class OrderFlag(IntFlag):
    """Bits of `SymbolInfo.order_mode`."""

    MARKET = 1
    LIMIT = 2
    STOP = 4
    STOP_LIMIT = 8
    SL = 16
    TP = 32
    CLOSEBY = 64
