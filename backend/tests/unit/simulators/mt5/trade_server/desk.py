"""A trade server with four symbols and one account, told prices and requests by a test."""

from dataclasses import replace
from decimal import Decimal

from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.server import Tickets, TradeServer
from edgerunner.simulators.mt5.trade_server.values import (
    Account,
    AccountState,
    AccountValue,
    Changes,
    Deal,
    Order,
    Position,
    Quote,
    Symbol,
    TradeRequest,
    TradeResult,
)
from edgerunner.simulators.mt5.trade_server.words import (
    CalcMode,
    Execution,
    FillingFlag,
    MarginMode,
    OrderFilling,
    OrderType,
    Reason,
    SwapMode,
    TradeAction,
)

LOGIN = 1000001
SECOND = 1_000_000_000
START = 1_764_000_000 * SECOND

EURUSD = Symbol(
    name="EURUSD",
    digits=5,
    point=Decimal("0.00001"),
    tick_size=Decimal("0.00001"),
    contract_size=Decimal(100000),
    currency_base="EUR",
    currency_profit="USD",
    currency_margin="EUR",
    margin_hedged=Decimal(100000),
)
USDJPY = replace(
    EURUSD,
    name="USDJPY",
    digits=3,
    point=Decimal("0.001"),
    tick_size=Decimal("0.001"),
    currency_base="USD",
    currency_profit="JPY",
    currency_margin="USD",
)
EURJPY = replace(USDJPY, name="EURJPY", currency_base="EUR", currency_margin="EUR")
GER40 = replace(
    EURUSD,
    name="GER40",
    digits=1,
    point=Decimal("0.1"),
    tick_size=Decimal("0.5"),
    contract_size=Decimal(1),
    currency_profit="EUR",
    calc_mode=CalcMode.CFDLEVERAGE,
    volume_min=Decimal("0.1"),
    volume_step=Decimal("0.1"),
    volume_max=Decimal(50),
    margin_hedged=Decimal(1),
    commission=Decimal("3.5"),
    swap_mode=SwapMode.INTEREST_CURRENT,
)
SYMBOLS = {symbol.name: symbol for symbol in (EURUSD, USDJPY, EURJPY, GER40)}
PRICES = {
    "EURUSD": ("1.10000", "1.10010"),
    "USDJPY": ("150.000", "150.020"),
    "EURJPY": ("165.000", "165.030"),
    "GER40": ("24000.0", "24002.0"),
}


def number(value: str | int | Decimal) -> Decimal:
    return Decimal(value)


class Desk:
    """One account; every deal and order that ever came out of it is kept, as a ledger would."""

    def __init__(self, mode: MarginMode = MarginMode.RETAIL_HEDGING, *, deposit: str = "100000") -> None:
        self.now = START
        self.quotes: dict[str, Quote] = {}
        for name, (bid, ask) in PRICES.items():
            self.price(name, bid, ask)
        self.symbols = dict(SYMBOLS)
        self.server = TradeServer(self.symbols, tickets=Tickets())
        self.deals: list[Deal] = []
        self.history: dict[int, Order] = {}
        self.last = Changes()
        self.keep(self.server.open_account(Account(login=LOGIN, margin_mode=mode), Decimal(deposit), self.now))

    def price(self, symbol: str, bid: str, ask: str, *, is_open: bool = True) -> None:
        self.quotes[symbol] = Quote(bid=number(bid), ask=number(ask), time_ns=self.now, is_open=is_open)

    def keep(self, changes: Changes) -> Changes:
        self.deals.extend(changes.deals)
        self.history.update({order.ticket: order for order in changes.orders})
        self.last = changes
        return changes

    def terms(self, symbol: Symbol, **changes: object) -> None:
        changed = replace(symbol, **changes)  # type: ignore[arg-type]
        self.symbols[symbol.name] = changed
        self.server.change_symbol(changed)

    def restart(self) -> None:
        """Start the server again with what a ledger would have kept."""
        state = AccountState(
            account=self.server.account(LOGIN),
            orders=self.orders,
            positions=self.positions,
            done_orders=frozenset(order.ticket for order in self.history.values() if not order.is_active),
        )
        self.server = TradeServer(self.symbols, [state], tickets=replace(self.server.tickets))

    def account_terms(self, **changes: object) -> None:
        account = replace(self.server.account(LOGIN), **changes)  # type: ignore[arg-type]
        self.keep(self.server.change_account(account))

    def send(
        self,
        action: int,
        type_: int = OrderType.BUY,
        volume: str = "0",
        *,
        symbol: str = "EURUSD",
        reason: Reason = Reason.EXPERT,
        fill_limit: str | None = None,
        **fields: str | int,
    ) -> TradeResult:
        prices = {name: number(fields[name]) for name in ("price", "stoplimit", "sl", "tp") if name in fields}
        others = {name: value for name, value in fields.items() if name not in prices}
        request = TradeRequest(action=action, type=type_, symbol=symbol, volume=number(volume), **prices, **others)  # type: ignore[arg-type]
        limit = None if fill_limit is None else number(fill_limit)
        result, changes = self.server.send(LOGIN, request, self.quotes, self.now, reason=reason, fill_limit=limit)
        self.keep(changes)
        if not result.retcode.is_success:
            assert not changes or result.retcode == Retcode.REJECT, "a refused request changed something"
        return result

    def deal(self, type_: OrderType, volume: str, **fields: str | int) -> TradeResult:
        return self.send(TradeAction.DEAL, type_, volume, **fields)  # type: ignore[arg-type]

    def buy(self, volume: str, **fields: str | int) -> TradeResult:
        return self.deal(OrderType.BUY, volume, **fields)

    def sell(self, volume: str, **fields: str | int) -> TradeResult:
        return self.deal(OrderType.SELL, volume, **fields)

    def pending(self, type_: OrderType, volume: str, price: str, **fields: str | int) -> TradeResult:
        filling = fields.pop("type_filling", OrderFilling.RETURN)
        return self.send(TradeAction.PENDING, type_, volume, price=price, type_filling=filling, **fields)  # type: ignore[arg-type]

    def tick(self, symbol: str, bid: str, ask: str, **limits: dict[int, Decimal]) -> Changes:
        self.now += SECOND
        self.price(symbol, bid, ask)
        return self.keep(self.server.on_quotes(self.quotes, self.now, **limits))

    def end_day(self, weekday: int = 2) -> Changes:
        self.now += SECOND
        return self.keep(self.server.on_day(self.quotes, self.now, weekday=weekday))

    @property
    def positions(self) -> tuple[Position, ...]:
        return self.server.positions(LOGIN, self.quotes)

    @property
    def position(self) -> Position:
        (position,) = self.positions
        return position

    @property
    def orders(self) -> tuple[Order, ...]:
        return self.server.orders(LOGIN, self.quotes)

    @property
    def balance(self) -> Decimal:
        return self.server.account(LOGIN).balance

    @property
    def value(self) -> AccountValue:
        return self.server.value(LOGIN, self.quotes)


def netting(deposit: str = "100000") -> Desk:
    return Desk(MarginMode.RETAIL_NETTING, deposit=deposit)


def hedging(deposit: str = "100000") -> Desk:
    return Desk(MarginMode.RETAIL_HEDGING, deposit=deposit)


EXCHANGE_EURUSD = replace(EURUSD, execution=Execution.EXCHANGE, filling_flags=FillingFlag.FOK | FillingFlag.IOC)
