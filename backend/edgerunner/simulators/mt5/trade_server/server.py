"""The trade server: requests, quotes and days in, results and changes out. It keeps what is active, not the history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from edgerunner.simulators.mt5.trade_server.values import (
    Account,
    AccountState,
    AccountValue,
    Changes,
    CheckResult,
    Order,
    Position,
    Quotes,
    Symbol,
    TradeRequest,
    TradeResult,
)
from edgerunner.simulators.mt5.trade_server.words import DealType, OrderType, Reason

NO_LIMITS: Final[Mapping[int, Decimal]] = MappingProxyType({})


@dataclass(slots=True, kw_only=True)
class Tickets:
    """The server's number lines: the next order and deal ticket. Restored as the highest known + 1."""

    order: int = 50_000_001
    deal: int = 40_000_001
    request: int = 1


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
        raise NotImplementedError

    @property
    def tickets(self) -> Tickets:
        """Return the number lines (the ledger keeps them)."""
        raise NotImplementedError

    @property
    def logins(self) -> tuple[int, ...]:
        """Return all accounts, oldest first."""
        raise NotImplementedError

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
        raise NotImplementedError

    def check(self, login: int, request: TradeRequest, quotes: Quotes, now_ns: int) -> CheckResult:
        """Tell what `send` would answer, without doing it; 0 and `Done` when nothing is wrong."""
        raise NotImplementedError

    def on_quotes(self, quotes: Quotes, now_ns: int, *, fill_limits: Mapping[int, Decimal] = NO_LIMITS) -> Changes:
        """Expire, trigger and fill what the quotes reach: pending orders, SL/TP, stop-outs, of all accounts.

        `fill_limits`: order ticket -> lots at most that are there to trade with now.
        """
        raise NotImplementedError

    def on_day(self, quotes: Quotes, now_ns: int, *, weekday: int) -> Changes:
        """End the server's day `weekday` (Sunday = 0) at `now_ns`: swaps, DAY orders, daily orders and stops."""
        raise NotImplementedError

    def account(self, login: int) -> Account:
        """Return the terms and the booked money of an account."""
        raise NotImplementedError

    def value(self, login: int, quotes: Quotes) -> AccountValue:
        """Return an account's figures at these quotes."""
        raise NotImplementedError

    def positions(self, login: int, quotes: Quotes) -> tuple[Position, ...]:
        """Return the open positions, oldest ticket first, with current price and profit."""
        raise NotImplementedError

    def orders(self, login: int, quotes: Quotes) -> tuple[Order, ...]:
        """Return the active orders, oldest ticket first, with the current price."""
        raise NotImplementedError

    def calc_margin(
        self, login: int, type_: OrderType, quotes: Quotes, *, symbol: str, volume: Decimal, price: Decimal
    ) -> Decimal | None:
        """Return the margin of an order alone, deposit currency; None for what cannot be computed."""
        raise NotImplementedError

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
        raise NotImplementedError

    def open_account(self, account: Account, deposit: Decimal, now_ns: int) -> Changes:
        """Open an account (its balance must be 0) with a first deposit, booked as a BALANCE deal."""
        raise NotImplementedError

    def change_account(self, account: Account) -> Changes:
        """Put other terms (leverage, flags, limits) in place; the booked money must be the same."""
        raise NotImplementedError

    def change_symbol(self, symbol: Symbol) -> None:
        """Put other terms of a symbol in place, or list a new one."""
        raise NotImplementedError

    def move_money(
        self, login: int, amount: Decimal, now_ns: int, *, kind: DealType = DealType.BALANCE, comment: str = ""
    ) -> Changes:
        """Book a movement of money: CREDIT moves the credit, every other kind the balance. May leave less than 0."""
        raise NotImplementedError

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
        raise NotImplementedError

    def liquidate(self, login: int, quotes: Quotes, now_ns: int) -> Changes:
        """Close every position as a stop-out does, whatever the margin level is."""
        raise NotImplementedError

    def forget_done_orders(self, login: int) -> None:
        """Forget the tickets of the history."""
        raise NotImplementedError
