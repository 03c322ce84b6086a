"""The trade server: requests, quotes and days in, results and changes out. It keeps what is active, not the history."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from edgerunner.domain.numbers import exact_arithmetic
from edgerunner.simulators.mt5.trade_server.execution import Trade, execute
from edgerunner.simulators.mt5.trade_server.margin import order_margin
from edgerunner.simulators.mt5.trade_server.market import Market, NoPriceError, to_money
from edgerunner.simulators.mt5.trade_server.pending import expire_day, expire_moments, work_orders
from edgerunner.simulators.mt5.trade_server.protection import work_stops
from edgerunner.simulators.mt5.trade_server.requests import (
    Accepted,
    Arrival,
    Refused,
    carry_out,
    check_result,
    judge,
    refusal,
)
from edgerunner.simulators.mt5.trade_server.state import Act, Book, Tickets, merged
from edgerunner.simulators.mt5.trade_server.stop_out import liquidate, work_stop_out
from edgerunner.simulators.mt5.trade_server.swaps import charge_swaps, end_daily_terms
from edgerunner.simulators.mt5.trade_server.valuation import marked, priced, value_of
from edgerunner.simulators.mt5.trade_server.values import (
    Account,
    AccountState,
    AccountValue,
    Changes,
    CheckResult,
    Deal,
    Order,
    Position,
    Quotes,
    Symbol,
    TradeRequest,
    TradeResult,
)
from edgerunner.simulators.mt5.trade_server.words import DealType, OrderType, Reason

__all__ = ["NO_LIMITS", "Tickets", "TradeServer"]

NO_LIMITS: Final[Mapping[int, Decimal]] = MappingProxyType({})


class TradeServer:
    """All accounts of one trade server. Synchronous, no clock: every call is told the quotes and the time.

    Quotes are all current ones (conversions need other symbols). A login that does not exist is a `KeyError`.
    """

    def __init__(
        self,
        symbols: Mapping[str, Symbol],
        states: Iterable[AccountState] = (),
        *,
        tickets: Tickets | None = None,
        day_start_ns: int = 0,
    ) -> None:
        self._symbols = dict(symbols)
        self._books = {state.account.login: Book.restore(state) for state in states}
        self._tickets = tickets or Tickets()
        self._day_start_ns = day_start_ns

    @property
    def tickets(self) -> Tickets:
        """Return the number lines (the ledger keeps them)."""
        return self._tickets

    @property
    def logins(self) -> tuple[int, ...]:
        """Return all accounts, oldest first."""
        return tuple(self._books)

    def send(
        self,
        login: int,
        request: TradeRequest,
        quotes: Quotes,
        now_ns: int,
        *,
        reason: Reason = Reason.EXPERT,
        fill_limit: Decimal | None = None,
        comment: str | None = None,
    ) -> tuple[TradeResult, Changes]:
        """Carry out a request, or refuse it with a retcode and no changes.

        `reason` CLIENT is a hand at a terminal, EXPERT a program; `fill_limit` lots at most are there to trade with;
        `comment` is what the broker writes in place of the client's.
        """
        market = Market(self._symbols, quotes)
        book = self._books[login]
        arrival = Arrival(
            request=request,
            reason=reason,
            comment=request.comment if comment is None else comment,
            now_ns=now_ns,
            day_start_ns=self._day_start_ns,
            fill_limit=fill_limit,
        )
        act = Act(book, market, self._tickets, now_ns)
        request_id = self._tickets.take_request()
        with exact_arithmetic():
            verdict = judge(arrival, book, market, self._tickets)
            result = _answer(verdict, act, arrival)
        return replace(result, request_id=request_id), act.changes()

    def check(self, login: int, request: TradeRequest, quotes: Quotes, now_ns: int) -> CheckResult:
        """Tell what `send` would answer, without doing it; 0 and `Done` when nothing is wrong.

        Closed markets and moved prices are not looked at.
        """
        arrival = Arrival(
            request=request,
            reason=Reason.EXPERT,
            comment=request.comment,
            now_ns=now_ns,
            day_start_ns=self._day_start_ns,
            is_check=True,
        )
        with exact_arithmetic():
            verdict = judge(arrival, self._books[login], Market(self._symbols, quotes), self._tickets)
        return check_result(verdict)

    def on_quotes(self, quotes: Quotes, now_ns: int, *, fill_limits: Mapping[int, Decimal] = NO_LIMITS) -> Changes:
        """Expire, trigger and fill what the quotes reach: pending orders, SL/TP, stop-outs, of all accounts.

        `fill_limits`: order ticket -> lots at most that are there to trade with now.
        """

        def work(act: Act) -> None:
            expire_moments(act)
            work_orders(act, fill_limits)
            work_stops(act)
            work_stop_out(act)

        return self._for_all(work, quotes, now_ns)

    def on_day(self, quotes: Quotes, now_ns: int, *, weekday: int) -> Changes:
        """End the server's day `weekday` (Sunday = 0) at `now_ns`: swaps, DAY orders, daily orders and stops."""

        def work(act: Act) -> None:
            charge_swaps(act, weekday)
            expire_day(act)
            end_daily_terms(act)

        self._day_start_ns = now_ns
        return self._for_all(work, quotes, now_ns)

    def account(self, login: int) -> Account:
        """Return the terms and the booked money of an account."""
        return self._books[login].account

    def value(self, login: int, quotes: Quotes) -> AccountValue:
        """Return an account's figures at these quotes."""
        with exact_arithmetic():
            return value_of(self._books[login], Market(self._symbols, quotes))

    def positions(self, login: int, quotes: Quotes) -> tuple[Position, ...]:
        """Return the open positions, oldest ticket first, with current price and profit."""
        market, book = Market(self._symbols, quotes), self._books[login]
        with exact_arithmetic():
            return tuple(marked(book.positions[ticket], market, book.account) for ticket in sorted(book.positions))

    def orders(self, login: int, quotes: Quotes) -> tuple[Order, ...]:
        """Return the active orders, oldest ticket first, with the current price."""
        market, book = Market(self._symbols, quotes), self._books[login]
        return tuple(priced(book.orders[ticket], market) for ticket in sorted(book.orders))

    def calc_margin(
        self, login: int, type_: OrderType, quotes: Quotes, *, symbol: str, volume: Decimal, price: Decimal
    ) -> Decimal | None:
        """Return the margin of an order alone, deposit currency; None for what cannot be computed."""
        account = self._books[login].account
        if symbol not in self._symbols or type_ == OrderType.CLOSE_BY or volume <= 0 or price <= 0:
            return None
        try:
            with exact_arithmetic():
                market = Market(self._symbols, quotes)
                margin = order_margin(self._symbols[symbol], volume, price, market=market, account=account)
                return to_money(margin, account.currency_digits)
        except NoPriceError:
            return None

    def calc_profit(
        self,
        login: int,
        type_: OrderType,
        quotes: Quotes,
        *,
        symbol: str,
        volume: Decimal,
        price_open: Decimal,
        price_close: Decimal,
    ) -> Decimal | None:
        """Return the profit between two prices, deposit currency; None for what cannot be computed."""
        account = self._books[login].account
        if symbol not in self._symbols or not type_.is_market or min(volume, price_open, price_close) <= 0:
            return None
        try:
            with exact_arithmetic():
                profit = Market(self._symbols, quotes).profit(
                    self._symbols[symbol],
                    type_.direction,
                    volume=volume,
                    price_open=price_open,
                    price_close=price_close,
                    into=account.currency,
                )
                return to_money(profit, account.currency_digits)
        except NoPriceError:
            return None

    def open_account(self, account: Account, deposit: Decimal, now_ns: int) -> Changes:
        """Open an account (its balance must be 0) with a first deposit, booked as a BALANCE deal."""
        if account.login in self._books or account.balance or account.credit:
            raise ValueError(f"account {account.login} exists already or has money before its first deposit")
        self._books[account.login] = Book(account=account)
        act = self._act(account.login, {}, now_ns)
        act.put_account(account)
        self._book_money(act, deposit, DealType.BALANCE, "Initial deposit")
        return act.changes()

    def change_account(self, account: Account) -> Changes:
        """Put other terms (leverage, flags, limits) in place; the booked money must be the same."""
        book = self._books[account.login]
        if (account.balance, account.credit) != (book.account.balance, book.account.credit):
            raise ValueError("money is moved by deals: use move_money")
        book.account = account
        return Changes(accounts=(account,))

    def change_symbol(self, symbol: Symbol) -> None:
        """Put other terms of a symbol in place, or list a new one."""
        self._symbols[symbol.name] = symbol

    def move_money(
        self, login: int, amount: Decimal, now_ns: int, *, kind: DealType = DealType.BALANCE, comment: str = ""
    ) -> Changes:
        """Book a movement of money: CREDIT moves the credit, every other kind the balance. May leave less than 0."""
        act = self._act(login, {}, now_ns)
        self._book_money(act, amount, kind, comment)
        return act.changes()

    def fill(
        self,
        login: int,
        ticket: int,
        quotes: Quotes,
        now_ns: int,
        *,
        price: Decimal | None = None,
        volume: Decimal | None = None,
    ) -> Changes:
        """Trade lots (None = all) of an active order by the operator's hand at a price (None = its own)."""
        act = self._act(login, quotes, now_ns)
        order = act.book.orders[ticket]
        lots = order.volume_current if volume is None else volume
        if not 0 < lots <= order.volume_current or order.type.is_stop_limit:
            raise ValueError(f"order {ticket} has {order.volume_current} lots and type {order.type.name}")
        with exact_arithmetic():
            execute(act, Trade(order=order, volume=lots, price=order.price_open if price is None else price))
        return act.changes()

    def liquidate(self, login: int, quotes: Quotes, now_ns: int) -> Changes:
        """Close every position as a stop-out does, whatever the margin level is."""
        act = self._act(login, quotes, now_ns)
        with exact_arithmetic():
            liquidate(act)
        return act.changes()

    def forget_done_orders(self, login: int) -> None:
        """Forget the tickets of the history."""
        self._books[login].done_orders.clear()

    def _act(self, login: int, quotes: Quotes, now_ns: int) -> Act:
        return Act(self._books[login], Market(self._symbols, quotes), self._tickets, now_ns)

    def _for_all(self, work: Callable[[Act], None], quotes: Quotes, now_ns: int) -> Changes:
        acts = [self._act(login, quotes, now_ns) for login in self._books]
        with exact_arithmetic():
            for act in acts:
                work(act)
        return merged([act.changes() for act in acts])

    def _book_money(self, act: Act, amount: Decimal, kind: DealType, comment: str) -> None:
        if kind in {DealType.BUY, DealType.SELL}:
            raise ValueError(f"{kind.name} is a trade, not a movement of money")
        with exact_arithmetic():
            act.put_deal(
                Deal(
                    login=act.account.login,
                    ticket=self._tickets.take_deal(),
                    time_ns=act.now_ns,
                    type=kind,
                    profit=to_money(amount, act.account.currency_digits),
                    comment=comment,
                )
            )


def _answer(verdict: Accepted | Refused, act: Act, arrival: Arrival) -> TradeResult:
    match verdict:
        case Accepted(case=case):
            return carry_out(act, case, arrival)
        case Refused(retcode=retcode):
            return refusal(retcode, act.market.quotes.get(arrival.request.symbol))
