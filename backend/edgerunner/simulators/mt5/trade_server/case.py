"""One request with everything that judging it needs, looked up once."""

from dataclasses import dataclass
from decimal import Decimal

from edgerunner.simulators.mt5.trade_server.market import Market
from edgerunner.simulators.mt5.trade_server.state import Book
from edgerunner.simulators.mt5.trade_server.values import Account, Order, Position, Quote, Symbol, TradeRequest
from edgerunner.simulators.mt5.trade_server.words import OrderTime, OrderType, PositionType, Reason, TradeAction


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request before its account and its market.

    Attributes:
        symbol: Of the request, or of the order or position that it names.
        order: The active order that MODIFY or REMOVE names.
        position: The position that is closed or changed: by ticket, or on netting accounts the symbol's.
        opposite: The position to close it by.
        is_check: Nothing is asked for but what would be answered.
    """

    request: TradeRequest
    book: Book
    market: Market
    symbol: Symbol
    now_ns: int
    day_start_ns: int
    reason: Reason
    order: Order | None
    position: Position | None
    opposite: Position | None
    is_check: bool = False

    @property
    def account(self) -> Account:
        """Return the account as it stands."""
        return self.book.account

    @property
    def quote(self) -> Quote:
        """Return the symbol's quote."""
        return self.market.quote(self.symbol.name)

    @property
    def known_order(self) -> Order:
        """Return the order of a request that passed `malformed`."""
        if self.order is None:
            raise LookupError("the request names no active order")
        return self.order

    @property
    def known_position(self) -> Position:
        """Return the position of a request that passed `malformed`."""
        if self.position is None:
            raise LookupError("the request names no open position")
        return self.position

    @property
    def type(self) -> OrderType:
        """Return the order type that is asked for, or that of the order to be changed."""
        return self.order.type if self.order is not None else OrderType(self.request.type)

    @property
    def side(self) -> PositionType:
        """Return the side that is asked for."""
        return self.type.direction

    @property
    def stoplimit(self) -> Decimal:
        """Return the limit price that is asked for; 0 for orders that have none."""
        return self.request.stoplimit if self.type.is_stop_limit else Decimal(0)

    @property
    def expiration_ns(self) -> int:
        """Return the end that is asked for; 0 for GTC, of DAY the beginning of the day (seen in real results)."""
        match OrderTime(self.request.type_time):
            case OrderTime.GTC:
                return 0
            case OrderTime.DAY:
                return self.day_start_ns
            case OrderTime.SPECIFIED | OrderTime.SPECIFIED_DAY:
                return self.request.expiration_ns

    @property
    def is_closing(self) -> bool:
        """Whether a market order only closes: it is opposite to its position and no larger."""
        if self.position is None:
            return False
        return self.position.type != self.side and self.request.volume <= self.position.volume

    @property
    def opening_volume(self) -> Decimal:
        """Return the lots that add to one direction."""
        if self.is_closing:
            return Decimal(0)
        if self.position is not None and self.position.type != self.side:
            return self.request.volume - self.position.volume
        return self.request.volume


def find_order(request: TradeRequest, book: Book) -> Order | None:
    """Return the active order that a request changes or takes away."""
    if request.action not in {TradeAction.MODIFY, TradeAction.REMOVE}:
        return None
    return book.orders.get(request.order)


def find_position(request: TradeRequest, book: Book) -> Position | None:
    """Return the position that a request closes or changes."""
    if request.action not in {TradeAction.DEAL, TradeAction.SLTP, TradeAction.CLOSE_BY}:
        return None
    if request.position or book.account.is_hedging:
        return book.positions.get(request.position)
    return book.net_position(request.symbol)
