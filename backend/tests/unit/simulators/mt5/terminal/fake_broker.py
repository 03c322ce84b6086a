"""A broker small enough to know by heart: two symbols with fixed prices, and trades that always work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np

from edgerunner.mt5_surface.struct_sequence import field_kinds
from edgerunner.mt5_surface.structs import SymbolInfo
from edgerunner.simulators.mt5.settings import Mt5Settings
from edgerunner.simulators.mt5.symbols.rows import BarColumns, TickColumns
from edgerunner.simulators.mt5.terminal.broker import SymbolValue
from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.values import (
    Account,
    AccountValue,
    CheckResult,
    Deal,
    Order,
    Position,
    TradeRequest,
    TradeResult,
)
from edgerunner.simulators.mt5.trade_server.words import (
    DealEntry,
    DealType,
    MarginMode,
    OrderState,
    OrderType,
    PositionType,
)

SECOND_NS = 1_000_000_000
NOW_NS = 1_795_000_000 * SECOND_NS
"""2026-11-18T13:46:40Z."""
FIRST_TICKET = 50_000_001
NO_TIME = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeTick:
    time_ns: int
    bid: Decimal
    ask: Decimal
    flags: int = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeLevel:
    is_buy: bool
    price: Decimal
    volume: Decimal


@dataclass(slots=True, kw_only=True)
class FakeBroker:
    """Minute bars without end, a tick every second, a hedging and a netting account that both only open and close."""

    settings: Mt5Settings = field(default_factory=Mt5Settings)
    time_ns: int = NOW_NS
    prices: dict[str, FakeTick | None] = field(
        default_factory=lambda: {
            "EURUSD": FakeTick(time_ns=NOW_NS, bid=Decimal("1.10000"), ask=Decimal("1.10010")),
            "GBPUSD": FakeTick(time_ns=NOW_NS, bid=Decimal("1.30000"), ask=Decimal("1.30010")),
            "BTCUSD": FakeTick(time_ns=NOW_NS, bid=Decimal(90000), ask=Decimal(90010)),
        }
    )
    depth: dict[str, int] = field(default_factory=lambda: {"BTCUSD": 2})
    sent: list[tuple[int, TradeRequest, Decimal | None, str | None]] = field(default_factory=list)
    open: list[Position] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)
    done: list[Order] = field(default_factory=list)
    waiting: list[Order] = field(default_factory=list)
    refused: list[tuple[int, str, str, str]] = field(default_factory=list)

    def now_ns(self) -> int:
        return self.time_ns

    def symbol_names(self) -> Sequence[str]:
        return list(self.prices)

    def has_symbol(self, symbol: str) -> bool:
        return symbol in self.prices

    def symbol_values(self, symbol: str) -> Mapping[str, SymbolValue]:
        values: dict[str, Any] = {name: kind() for name, kind in field_kinds(SymbolInfo).items()}
        tick = self.prices[symbol]
        return values | {
            "name": symbol,
            "ticks_bookdepth": self.depth.get(symbol, 0),
            "time": tick.time_ns // SECOND_NS if tick else 0,
            "bid": tick.bid if tick else Decimal(0),
            "volume_step": Decimal("0.01"),
        }

    def tick(self, symbol: str) -> FakeTick | None:
        return self.prices[symbol]

    def book(self, symbol: str) -> Sequence[FakeLevel]:
        sells = [FakeLevel(is_buy=False, price=Decimal(90020 - 10 * place), volume=Decimal("0.5")) for place in (0, 1)]
        return [*sells, FakeLevel(is_buy=True, price=Decimal(90000), volume=Decimal("1.5"))]

    async def prepare_ticks(self, symbol: str, from_ns: int, to_ns: int, *, count: int | None = None) -> None:
        return

    def ticks_from(self, symbol: str, from_ns: int, count: int) -> TickColumns:
        return self.ticks_range(symbol, from_ns, self.time_ns, count)

    def ticks_range(self, symbol: str, from_ns: int, to_ns: int, limit: int | None = None) -> TickColumns:
        first, last = -(-from_ns // SECOND_NS), min(to_ns, self.time_ns) // SECOND_NS
        end = last + 1 if limit is None else min(last + 1, first + limit)
        times = np.arange(first, end, dtype=np.int64) * 1000
        ones = np.ones(len(times))
        return TickColumns(time_ms=times, bid=ones * 1.1, ask=ones * 1.2, flags=np.full(len(times), 6, np.int64))

    def bars_back(
        self, symbol: str, timeframe: int, *, until_ns: int | None = None, skip: int = 0, count: int
    ) -> BarColumns:
        newest = (min(until_ns or self.time_ns, self.time_ns) // SECOND_NS // 60 - skip) * 60
        return _bars(np.arange(newest - 60 * (count - 1), newest + 1, 60, dtype=np.int64))

    def send(
        self, login: int, request: TradeRequest, *, fill_limit: Decimal | None = None, comment: str | None = None
    ) -> TradeResult:
        self.sent.append((login, request, fill_limit, comment))
        if request.action != 1 or self.prices.get(request.symbol) is None:
            return TradeResult(retcode=Retcode.INVALID, comment=Retcode.INVALID.comment)
        ticket = FIRST_TICKET + len(self.deals)
        self._trade(login, request, ticket, comment)
        return TradeResult(
            retcode=Retcode.DONE,
            deal=ticket,
            order=ticket,
            volume=request.volume,
            price=Decimal("1.1"),
            comment=Retcode.DONE.comment,
            request_id=len(self.sent),
        )

    def _trade(self, login: int, request: TradeRequest, ticket: int, comment: str | None) -> None:
        words: dict[str, Any] = {
            "login": login,
            "magic": request.magic,
            "symbol": request.symbol,
            "volume": request.volume,
        }
        told = request.comment if comment is None else comment
        side = PositionType(request.type % 2)
        self.deals.append(
            Deal(
                **words,
                ticket=ticket,
                order=ticket,
                time_ns=self.time_ns,
                type=DealType(int(side)),
                entry=DealEntry.OUT if request.position else DealEntry.IN,
                position_id=request.position or ticket,
                comment=told,
            )
        )
        if request.position:
            self.open = [each for each in self.open if each.ticket != request.position]
            return
        self.open.append(
            Position(
                **words,
                ticket=ticket,
                identifier=ticket,
                time_ns=self.time_ns,
                time_update_ns=self.time_ns,
                type=side,
                price_open=Decimal("1.1"),
                margin_rate=Decimal(1),
                comment=told,
            )
        )

    def add_pending(self, login: int, symbol: str) -> Order:
        """Put a buy limit order there, as if somebody had sent it."""
        order = Order(
            login=login,
            ticket=77,
            time_setup_ns=self.time_ns,
            type=OrderType.BUY_LIMIT,
            state=OrderState.PLACED,
            volume_initial=Decimal(1),
            volume_current=Decimal(1),
            symbol=symbol,
        )
        self.waiting.append(order)
        return order

    def cancel_pending(self, order: Order) -> None:
        """Move an order into the history, now."""
        self.waiting.remove(order)
        self.done.append(replace(order, state=OrderState.CANCELED, time_done_ns=self.time_ns))

    def check(self, login: int, request: TradeRequest) -> CheckResult:
        return CheckResult(retcode=Retcode.CHECKED, comment=Retcode.CHECKED.comment, balance=Decimal(100000))

    def calc_margin(self, login: int, action: int, symbol: str, *, volume: Decimal, price: Decimal) -> Decimal | None:
        return volume * price * 1000

    def calc_profit(
        self, login: int, action: int, symbol: str, *, volume: Decimal, price_open: Decimal, price_close: Decimal
    ) -> Decimal | None:
        return (price_close - price_open) * volume * (-1 if action else 1)

    def account(self, login: int) -> Account:
        modes = {1_000_001: MarginMode.RETAIL_HEDGING, 1_000_002: MarginMode.RETAIL_NETTING}
        return Account(login=login, margin_mode=modes[login], balance=Decimal(100000))

    def account_value(self, login: int) -> AccountValue:
        equity = Decimal(100000)
        zero = Decimal(0)
        return AccountValue(profit=zero, equity=equity, margin=zero, margin_free=equity, margin_level=zero)

    def positions(self, login: int) -> Sequence[Position]:
        return [each for each in self.open if each.login == login]

    def orders(self, login: int) -> Sequence[Order]:
        return [each for each in self.waiting if each.login == login]

    def history_orders(
        self,
        login: int,
        *,
        from_ns: int | None = None,
        to_ns: int | None = None,
        ticket: int | None = None,
        position: int | None = None,
    ) -> Sequence[Order]:
        return [
            each
            for each in self.done
            if each.login == login
            and (from_ns or 0) <= each.time_done_ns <= (to_ns or each.time_done_ns)
            and ticket in {None, each.ticket}
            and position in {None, each.position_id}
        ]

    def history_deals(
        self,
        login: int,
        *,
        from_ns: int | None = None,
        to_ns: int | None = None,
        order: int | None = None,
        position: int | None = None,
    ) -> Sequence[Deal]:
        return [
            each
            for each in self.deals
            if each.login == login
            and (from_ns or 0) <= each.time_ns <= (to_ns or each.time_ns)
            and order in {None, each.order}
            and position in {None, each.position_id}
        ]

    def count_refused_placement(self, login: int, client_key: str, symbol: str, reason: str) -> None:
        self.refused.append((login, client_key, symbol, reason))


def _bars(times: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> BarColumns:
    prices = np.full(len(times), 1.1)
    counts = np.ones(len(times), np.int64)
    return BarColumns(
        time_s=times, open=prices, high=prices, low=prices, close=prices, tick_volume=counts, spread=counts,
        real_volume=counts * 0,
    )  # fmt: skip
