"""What the trade server is told and what it answers.

Times are integer nanoseconds UTC (0 = none), prices, volumes (lots) and money are Decimals, choices are `IntEnum`s with
MetaTrader 5's numbers (`words.py`); a request's choices stay plain integers, since a client may send anything.
Prices that are absent are 0, as on the vendor's surface.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.words import (
    AccountTradeMode,
    CalcMode,
    DealEntry,
    DealType,
    Execution,
    ExpirationFlag,
    FillingFlag,
    MarginMode,
    OrderFilling,
    OrderFlag,
    OrdersLifetime,
    OrderState,
    OrderTime,
    OrderType,
    PositionType,
    Reason,
    StopOutMode,
    SwapMode,
    SymbolTradeMode,
)

ZERO: Final = Decimal(0)
ALL_EXPIRATIONS: Final = ExpirationFlag(15)
ALL_ORDERS: Final = OrderFlag(127)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRequest:
    """The 17 fields of a trade request, in their order; what the client left out is 0 or ''.

    Attributes:
        volume: Lots.
        deviation: Points that the price may be away from the request's under Instant and Request execution.
        expiration_ns: UTC; for SPECIFIED the moment, for SPECIFIED_DAY any moment of the server's day.
        comment: As the client sent it.
    """

    action: int
    magic: int = 0
    order: int = 0
    symbol: str = ""
    volume: Decimal = ZERO
    price: Decimal = ZERO
    stoplimit: Decimal = ZERO
    sl: Decimal = ZERO
    tp: Decimal = ZERO
    deviation: int = 0
    type: int = 0
    type_filling: int = 0
    type_time: int = 0
    expiration_ns: int = 0
    comment: str = ""
    position: int = 0
    position_by: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """What trading must know of a symbol; names as in `SymbolInfo` where it has them.

    Attributes:
        point: Size of one point in price units.
        tick_size: Prices of requests are whole numbers of it.
        tick_value: Money of one tick and one lot in the profit currency, for the modes that count in ticks.
        stops_level: Least distance of stops and pending orders from the market, points; 0 = none.
        freeze_level: Nearer than that to its execution nothing can be changed or closed, points; 0 = none.
        volume_limit: Most lots in one direction, positions and pending orders together; 0 = none.
        margin_initial: Margin currency per lot, in place of the contract size; 0 = by the formula.
        margin_maintenance: The same for open positions; 0 = as `margin_initial`.
        margin_hedged: Contract size (or money, when `margin_initial` is given) of a lot of opposite positions.
        margin_hedged_use_leg: The larger side alone is margined, `margin_hedged` is not used.
        swap_long, swap_short: Per lot and night in the unit of `swap_mode`; negative = the client pays.
        swap_rollover3days: Weekday (Sunday = 0) whose night counts three times.
        swap_every_day: Nights of Saturday and Sunday are charged and no night counts three times (round the clock).
        commission: Deposit currency per lot of every deal (each side); positive = the client pays.
    """

    name: str
    digits: int
    point: Decimal
    tick_size: Decimal
    tick_value: Decimal = ZERO
    contract_size: Decimal
    currency_base: str
    currency_profit: str
    currency_margin: str
    calc_mode: CalcMode = CalcMode.FOREX
    trade_mode: SymbolTradeMode = SymbolTradeMode.FULL
    execution: Execution = Execution.MARKET
    filling_flags: FillingFlag = FillingFlag.FOK | FillingFlag.IOC
    expiration_flags: ExpirationFlag = ALL_EXPIRATIONS
    order_flags: OrderFlag = ALL_ORDERS
    orders_lifetime: OrdersLifetime = OrdersLifetime.GTC
    stops_level: int = 0
    freeze_level: int = 0
    volume_min: Decimal = Decimal("0.01")
    volume_max: Decimal = Decimal(500)
    volume_step: Decimal = Decimal("0.01")
    volume_limit: Decimal = ZERO
    margin_initial: Decimal = ZERO
    margin_maintenance: Decimal = ZERO
    margin_hedged: Decimal = ZERO
    margin_hedged_use_leg: bool = False
    swap_mode: SwapMode = SwapMode.DISABLED
    swap_long: Decimal = ZERO
    swap_short: Decimal = ZERO
    swap_rollover3days: int = 3
    swap_every_day: bool = False
    commission: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The market of one symbol now.

    Attributes:
        is_open: Whether a trading session is on; outside of it the last prices stay and nothing is executed.
    """

    bid: Decimal
    ask: Decimal
    time_ns: int
    is_open: bool = True


Quotes = Mapping[str, Quote]
"""By symbol name, all that have one: conversions of money look up other symbols too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order, active or done: the 24 fields of `TradeOrder` and what the ledger wants beside them.

    Attributes:
        price_open: Price of the request; of a market order the price it was executed at.
        price_current: Market price at its last change (of a done order: at its end); `TradeServer.orders` renews it.
        volume_current: Lots that have not been executed.
        position_id: Identifier of the position it opened or changed; 0 before.
        client_key: The comment as the client sent it; None for orders that no client's program sent.
    """

    login: int
    ticket: int
    time_setup_ns: int
    time_done_ns: int = 0
    expiration_ns: int = 0
    type: OrderType
    type_time: OrderTime = OrderTime.GTC
    type_filling: OrderFilling = OrderFilling.FOK
    state: OrderState
    magic: int = 0
    position_id: int = 0
    position_by_id: int = 0
    reason: Reason = Reason.EXPERT
    volume_initial: Decimal
    volume_current: Decimal
    price_open: Decimal = ZERO
    sl: Decimal = ZERO
    tp: Decimal = ZERO
    price_current: Decimal = ZERO
    price_stoplimit: Decimal = ZERO
    symbol: str
    comment: str = ""
    external_id: str = ""
    client_key: str | None = None

    @property
    def is_active(self) -> bool:
        """Whether it is still with the market, rather than in the history."""
        return self.state in {OrderState.STARTED, OrderState.PLACED, OrderState.PARTIAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """A deal: the 18 fields of `TradeDeal` and what the ledger wants beside them.

    Attributes:
        order: Ticket of its order; 0 for movements of money.
        position_id: Identifier of the position it opened, changed or closed; 0 for movements of money.
        commission, swap, profit, fee: Deposit currency; their sum is what the balance moved by
            (of CREDIT deals: what the credit moved by).
        client_key: As on its order.
    """

    login: int
    ticket: int
    order: int = 0
    time_ns: int
    type: DealType
    entry: DealEntry = DealEntry.IN
    magic: int = 0
    position_id: int = 0
    reason: Reason = Reason.CLIENT
    volume: Decimal = ZERO
    price: Decimal = ZERO
    commission: Decimal = ZERO
    swap: Decimal = ZERO
    profit: Decimal = ZERO
    fee: Decimal = ZERO
    symbol: str = ""
    comment: str = ""
    external_id: str = ""
    client_key: str | None = None

    @property
    def amount(self) -> Decimal:
        """Return what it moved the balance (or credit) by, deposit currency."""
        return self.profit + self.swap + self.commission + self.fee


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """An open position: the 19 fields of `TradePosition` and what the trade server keeps beside them.

    Attributes:
        ticket: Of the order that opened it, or (netting) that turned it round.
        identifier: Of the order that opened it; stays when it is turned round.
        price_open: Average price of what is open, at most 18 decimals.
        price_current, profit: At its last change; `TradeServer.positions` renews them.
        swap: Deposit currency, charged and not yet booked by a closing deal.
        margin_rate: Deposit currency for one unit of margin currency at the opening (average).
    """

    login: int
    ticket: int
    time_ns: int
    time_update_ns: int
    type: PositionType
    magic: int = 0
    identifier: int
    reason: Reason = Reason.EXPERT
    volume: Decimal
    price_open: Decimal
    sl: Decimal = ZERO
    tp: Decimal = ZERO
    price_current: Decimal = ZERO
    swap: Decimal = ZERO
    profit: Decimal = ZERO
    symbol: str
    comment: str = ""
    external_id: str = ""
    margin_rate: Decimal
    client_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Terms and money of an account; `AccountValue` has the figures that move with the market.

    Attributes:
        limit_orders, limit_positions: Most active pending orders and open positions; 0 = no limit.
        trade_allowed: False = trading is off (also the investor's view).
        trade_expert: False = the broker takes no orders from programs.
        fifo_close: Only the oldest position of a symbol may be closed.
        is_hedge_prohibited: Opposite positions of a symbol are refused on a hedging account.
        margin_so_call, margin_so_so: Margin call and stop out, percent or money by `margin_so_mode`.
    """

    login: int
    name: str = "Simulated Trader"
    server: str = "Edgerunner-Sim"
    company: str = "Edgerunner"
    currency: str = "USD"
    currency_digits: int = 2
    trade_mode: AccountTradeMode = AccountTradeMode.DEMO
    margin_mode: MarginMode
    leverage: int = 100
    limit_orders: int = 200
    limit_positions: int = 0
    margin_so_mode: StopOutMode = StopOutMode.PERCENT
    margin_so_call: Decimal = Decimal(100)
    margin_so_so: Decimal = Decimal(50)
    trade_allowed: bool = True
    trade_expert: bool = True
    fifo_close: bool = False
    is_hedge_prohibited: bool = False
    balance: Decimal = ZERO
    credit: Decimal = ZERO

    @property
    def is_hedging(self) -> bool:
        """Whether every opening order makes a position of its own."""
        return self.margin_mode == MarginMode.RETAIL_HEDGING


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountValue:
    """The figures of `AccountInfo` that move with the market, deposit currency, rounded to its digits.

    `margin_initial`, `margin_maintenance`, `assets`, `liabilities` and `commission_blocked` of the struct are always 0
    on retail accounts. `margin_level` is in percent with at most 18 decimals, 0 without
    margin.
    """

    profit: Decimal
    equity: Decimal
    margin: Decimal
    margin_free: Decimal
    margin_level: Decimal
    is_margin_call: bool = False
    is_stop_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeResult:
    """The server's answer to a request; `OrderSendResult` adds `retcode_external` (0) and the request."""

    retcode: Retcode
    deal: int = 0
    order: int = 0
    volume: Decimal = ZERO
    price: Decimal = ZERO
    bid: Decimal = ZERO
    ask: Decimal = ZERO
    comment: str = ""
    request_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """The server's answer to `order_check`: the account as it would be; zeros when the request is refused early.

    `margin` is that of the whole account afterwards: with `margin_free` it makes the equity, as in the vendor's sample.
    """

    retcode: Retcode
    balance: Decimal = ZERO
    equity: Decimal = ZERO
    profit: Decimal = ZERO
    margin: Decimal = ZERO
    margin_free: Decimal = ZERO
    margin_level: Decimal = ZERO
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What one act changed, as it now stands: to be stored in one transaction.

    Attributes:
        orders: Every order touched, once; those that are not `is_active` went to the history.
        deals: New deals, oldest first.
        positions: Opened or changed positions, once.
        closed: (login, ticket) of positions that are gone. A turned-round netting position is
            in both: closed under its old ticket and there under the new one.
        accounts: Whose balance, credit or flags changed.
    """

    orders: tuple[Order, ...] = ()
    deals: tuple[Deal, ...] = ()
    positions: tuple[Position, ...] = ()
    closed: tuple[tuple[int, int], ...] = ()
    accounts: tuple[Account, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.orders or self.deals or self.positions or self.closed or self.accounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """All that an account is made of when the server starts: what the ledger kept.

    Attributes:
        orders: Active ones only.
        done_orders: Tickets in the history: a request for one of them is answered ORDER_CHANGED, not INVALID.
    """

    account: Account
    orders: tuple[Order, ...] = ()
    positions: tuple[Position, ...] = ()
    done_orders: frozenset[int] = frozenset()
