"""The calls for what an account has: positions, orders, and the history of orders and deals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from edgerunner.mt5_surface.errors import INVALID_ARGUMENTS, invalid_params
from edgerunner.mt5_surface.structs import TradeDeal, TradeOrder, TradePosition
from edgerunner.simulators.mt5.terminal import failures
from edgerunner.simulators.mt5.terminal.accounts import Accounts
from edgerunner.simulators.mt5.terminal.broker import Broker
from edgerunner.simulators.mt5.terminal.failures import CallRefused
from edgerunner.simulators.mt5.terminal.groups import is_in_group
from edgerunner.simulators.mt5.terminal.rows import Rows
from edgerunner.simulators.mt5.terminal.wall_time import WallTime
from edgerunner.simulators.mt5.trade_server.values import Order, Position

Arguments = Mapping[str, Any]
Record = TypeVar("Record", TradeOrder, TradeDeal)
Held = TypeVar("Held", Position, Order)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    """Positions and orders as they were before a trade, shown until a moment."""

    until_s: float
    login: int
    positions: Sequence[Position]
    orders: Sequence[Order]


class RecordCalls:
    """Answers `positions_*`, `orders_*` and `history_*`; refuses with ``CallRefused``."""

    def __init__(
        self,
        broker: Broker,
        accounts: Accounts,
        *,
        rows: Rows,
        wall: WallTime,
        lag_s: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._broker = broker
        self._accounts = accounts
        self._rows = rows
        self._wall = wall
        self._lag_s = lag_s
        self._monotonic = monotonic
        self._before: _Before | None = None

    def lag_behind(self, lag_s: float | None) -> None:
        """Go on showing what is open now for a while (None = the usual one): a trade is about to change it."""
        shown_s = self._lag_s if lag_s is None else lag_s
        if shown_s <= 0:
            return
        login = self._accounts.login
        self._before = _Before(
            until_s=self._monotonic() + shown_s,
            login=login,
            positions=self._broker.positions(login),
            orders=self._broker.orders(login),
        )

    def positions_total(self, _: Arguments) -> int:
        """`positions_total`."""
        return len(self._positions())

    def positions_get(self, arguments: Arguments) -> tuple[TradePosition, ...]:
        """`positions_get`: by symbol, else by ticket, else by group, else all."""
        return tuple(self._rows.position(each) for each in _chosen(self._positions(), arguments))

    def orders_total(self, _: Arguments) -> int:
        """`orders_total`: active orders."""
        return len(self._orders())

    def orders_get(self, arguments: Arguments) -> tuple[TradeOrder, ...]:
        """`orders_get`: active orders by symbol, else by ticket, else by group, else all."""
        return tuple(self._rows.order(each) for each in _chosen(self._orders(), arguments))

    def history_orders_total(self, arguments: Arguments) -> int:
        """`history_orders_total`: orders that were done from ``date_from`` to ``date_to``."""
        return len(self.history_orders_get(arguments))

    def history_orders_get(self, arguments: Arguments) -> tuple[TradeOrder, ...]:
        """`history_orders_get`: by ticket, else by position, else by dates (when they were done) and group."""
        login = self._accounts.login
        if (key := _key(arguments)) is not None:
            name, value = key
            found = (
                self._broker.history_orders(login, ticket=value)
                if name == "ticket"
                else self._broker.history_orders(login, position=value)
            )
            return tuple(self._rows.order(order) for order in found)
        from_ns, to_ns = self._moments(arguments)
        orders = self._broker.history_orders(login, from_ns=from_ns, to_ns=to_ns)
        return _in_range(tuple(self._rows.order(order) for order in orders), "time_done", arguments)

    def history_deals_total(self, arguments: Arguments) -> int:
        """`history_deals_total`: deals from ``date_from`` to ``date_to``."""
        return len(self.history_deals_get(arguments))

    def history_deals_get(self, arguments: Arguments) -> tuple[TradeDeal, ...]:
        """`history_deals_get`: by ticket (of the order), else by position, else by dates and group."""
        login = self._accounts.login
        if (key := _key(arguments)) is not None:
            name, value = key
            found = (
                self._broker.history_deals(login, order=value)
                if name == "ticket"
                else self._broker.history_deals(login, position=value)
            )
            return tuple(self._rows.deal(deal) for deal in found)
        from_ns, to_ns = self._moments(arguments)
        deals = self._broker.history_deals(login, from_ns=from_ns, to_ns=to_ns)
        return _in_range(tuple(self._rows.deal(deal) for deal in deals), "time", arguments)

    def _positions(self) -> Sequence[Position]:
        before = self._stale()
        return self._broker.positions(self._accounts.login) if before is None else before.positions

    def _orders(self) -> Sequence[Order]:
        before = self._stale()
        return self._broker.orders(self._accounts.login) if before is None else before.orders

    def _stale(self) -> _Before | None:
        before = self._before
        if before is not None and (before.login != self._accounts.login or self._monotonic() >= before.until_s):
            before = self._before = None
        return before

    def _moments(self, arguments: Arguments) -> tuple[int, int]:
        first, last = _dates(arguments)
        return self._wall.first_moment(first), self._wall.last_moment(last)


def _chosen(held: Sequence[Held], arguments: Arguments) -> list[Held]:
    if "symbol" in arguments:
        return [each for each in held if each.symbol == arguments["symbol"]]
    if "ticket" in arguments:
        return [each for each in held if each.ticket == arguments["ticket"]]
    if "group" in arguments:
        return [each for each in held if is_in_group(each.symbol, arguments["group"])]
    return list(held)


def _key(arguments: Arguments) -> tuple[str, int] | None:
    return next(((name, arguments[name]) for name in ("ticket", "position") if name in arguments), None)


def _dates(arguments: Arguments) -> tuple[int, int]:
    if "date_from" not in arguments or "date_to" not in arguments:
        raise CallRefused(invalid_params(INVALID_ARGUMENTS))
    first, last = int(arguments["date_from"]), int(arguments["date_to"])
    if first > last:
        raise failures.invalid_params()
    return first, last


def _in_range(records: tuple[Record, ...], stamp: str, arguments: Arguments) -> tuple[Record, ...]:
    """Keep what lies in the dates by the seconds of the server's clock, both ends included, and in the group."""
    first, last = _dates(arguments)
    group = arguments.get("group")
    return tuple(
        record
        for record in records
        if first <= getattr(record, stamp) <= last and (group is None or is_in_group(record.symbol, group))
    )
