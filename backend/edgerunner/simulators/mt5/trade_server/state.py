"""What a trade server holds in memory, and one act upon it: applied at once, collected for the ledger."""

from dataclasses import dataclass, field, replace
from typing import Self

from edgerunner.simulators.mt5.trade_server.market import Market
from edgerunner.simulators.mt5.trade_server.values import (
    Account,
    AccountState,
    Changes,
    Deal,
    Order,
    Position,
)
from edgerunner.simulators.mt5.trade_server.words import DealType


@dataclass(slots=True, kw_only=True)
class Tickets:
    """The server's number lines: the next order and deal ticket. Restored as the highest known + 1."""

    order: int = 50_000_001
    deal: int = 40_000_001
    request: int = 1

    def take_order(self) -> int:
        """Return the next order ticket."""
        self.order += 1
        return self.order - 1

    def take_deal(self) -> int:
        """Return the next deal ticket."""
        self.deal += 1
        return self.deal - 1

    def take_request(self) -> int:
        """Return the next request id."""
        self.request += 1
        return self.request - 1


@dataclass(slots=True, kw_only=True)
class Book:
    """One account with its active orders and open positions by ticket."""

    account: Account
    orders: dict[int, Order] = field(default_factory=dict)
    positions: dict[int, Position] = field(default_factory=dict)
    done_orders: set[int] = field(default_factory=set)

    @classmethod
    def restore(cls, state: AccountState) -> Self:
        """Return the book that a ledger kept."""
        return cls(
            account=state.account,
            orders={order.ticket: order for order in state.orders},
            positions={position.ticket: position for position in state.positions},
            done_orders=set(state.done_orders),
        )

    def scratch(self) -> "Book":
        """Return a copy to try something on; the history is not copied."""
        return Book(account=self.account, orders=dict(self.orders), positions=dict(self.positions))

    def positions_in(self, symbol: str) -> list[Position]:
        """Return the open positions of a symbol, oldest ticket first."""
        return sorted((each for each in self.positions.values() if each.symbol == symbol), key=lambda each: each.ticket)

    def net_position(self, symbol: str) -> Position | None:
        """Return the one position of a symbol on a netting account."""
        return next((each for each in self.positions.values() if each.symbol == symbol), None)


class Act:
    """One act upon one account at one moment: every change is in the book at once and in `changes` afterwards."""

    def __init__(self, book: Book, market: Market, tickets: Tickets, now_ns: int) -> None:
        self.book = book
        self.market = market
        self.tickets = tickets
        self.now_ns = now_ns
        self._orders: dict[int, Order] = {}
        self._deals: list[Deal] = []
        self._positions: dict[int, Position] = {}
        self._closed: dict[int, None] = {}
        self._has_new_terms = False

    @property
    def account(self) -> Account:
        """Return the account as it now stands."""
        return self.book.account

    def put_order(self, order: Order) -> None:
        """Put an order as it now stands; one that is not active goes to the history."""
        self._orders[order.ticket] = order
        if order.is_active:
            self.book.orders[order.ticket] = order
            return
        self.book.orders.pop(order.ticket, None)
        self.book.done_orders.add(order.ticket)

    def put_position(self, position: Position) -> None:
        """Put a new or changed position."""
        self.book.positions[position.ticket] = position
        self._positions[position.ticket] = position
        self._closed.pop(position.ticket, None)

    def drop_position(self, position: Position) -> None:
        """Take a position away."""
        del self.book.positions[position.ticket]
        self._positions.pop(position.ticket, None)
        self._closed[position.ticket] = None

    def put_deal(self, deal: Deal) -> Deal:
        """Book a deal and move the balance (or the credit) by what it amounts to."""
        self._deals.append(deal)
        if deal.amount and deal.type == DealType.CREDIT:
            self.put_account(replace(self.account, credit=self.account.credit + deal.amount))
        elif deal.amount:
            self.put_account(replace(self.account, balance=self.account.balance + deal.amount))
        return deal

    def put_account(self, account: Account) -> None:
        """Put the account's terms or money in place."""
        self.book.account = account
        self._has_new_terms = True

    def changes(self) -> Changes:
        """Return all that was changed."""
        login = self.account.login
        return Changes(
            orders=tuple(self._orders.values()),
            deals=tuple(self._deals),
            positions=tuple(self._positions.values()),
            closed=tuple((login, ticket) for ticket in self._closed),
            accounts=(self.account,) if self._has_new_terms else (),
        )


def merged(parts: list[Changes]) -> Changes:
    """Return the changes of several accounts as one."""
    return Changes(
        orders=tuple(each for part in parts for each in part.orders),
        deals=tuple(each for part in parts for each in part.deals),
        positions=tuple(each for part in parts for each in part.positions),
        closed=tuple(each for part in parts for each in part.closed),
        accounts=tuple(each for part in parts for each in part.accounts),
    )
