"""The broker's values as the vendor's structs: floats, plain integers, server time."""

from collections.abc import Mapping

from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.struct_sequence import from_mapping
from edgerunner.mt5_surface.structs import (
    AccountInfo,
    BookInfo,
    OrderCheckResult,
    OrderSendResult,
    SymbolInfo,
    Tick,
    TradeDeal,
    TradeOrder,
    TradePosition,
    TradeRequest,
)
from edgerunner.simulators.mt5.terminal.broker import BookLevel, SymbolTick, SymbolValue
from edgerunner.simulators.mt5.terminal.wall_time import WallTime
from edgerunner.simulators.mt5.trade_server.values import (
    Account,
    AccountValue,
    CheckResult,
    Deal,
    Order,
    Position,
    TradeResult,
)


class Rows:
    """Makes struct rows with times of one server zone."""

    def __init__(self, wall: WallTime) -> None:
        self._wall = wall

    def position(self, position: Position) -> TradePosition:
        """Return an open position as `positions_get` shows it."""
        return TradePosition(
            (
                position.ticket,
                self._wall.seconds(position.time_ns),
                self._wall.milliseconds(position.time_ns),
                self._wall.seconds(position.time_update_ns),
                self._wall.milliseconds(position.time_update_ns),
                int(position.type),
                position.magic,
                position.identifier,
                int(position.reason),
                float(position.volume),
                float(position.price_open),
                float(position.sl),
                float(position.tp),
                float(position.price_current),
                float(position.swap),
                float(position.profit),
                position.symbol,
                position.comment,
                position.external_id,
            )
        )

    def order(self, order: Order) -> TradeOrder:
        """Return an order as `orders_get` and `history_orders_get` show it."""
        return TradeOrder(
            (
                order.ticket,
                self._wall.seconds(order.time_setup_ns),
                self._wall.milliseconds(order.time_setup_ns),
                self._wall.seconds(order.time_done_ns),
                self._wall.milliseconds(order.time_done_ns),
                self._wall.seconds(order.expiration_ns),
                int(order.type),
                int(order.type_time),
                int(order.type_filling),
                int(order.state),
                order.magic,
                order.position_id,
                order.position_by_id,
                int(order.reason),
                float(order.volume_initial),
                float(order.volume_current),
                float(order.price_open),
                float(order.sl),
                float(order.tp),
                float(order.price_current),
                float(order.price_stoplimit),
                order.symbol,
                order.comment,
                order.external_id,
            )
        )

    def deal(self, deal: Deal) -> TradeDeal:
        """Return a deal as `history_deals_get` shows it."""
        return TradeDeal(
            (
                deal.ticket,
                deal.order,
                self._wall.seconds(deal.time_ns),
                self._wall.milliseconds(deal.time_ns),
                int(deal.type),
                int(deal.entry),
                deal.magic,
                deal.position_id,
                int(deal.reason),
                float(deal.volume),
                float(deal.price),
                float(deal.commission),
                float(deal.swap),
                float(deal.profit),
                float(deal.fee),
                deal.symbol,
                deal.comment,
                deal.external_id,
            )
        )

    def tick(self, tick: SymbolTick) -> Tick:
        """Return the last tick of a symbol that has no last price."""
        seconds, milliseconds = self._wall.seconds(tick.time_ns), self._wall.milliseconds(tick.time_ns)
        return Tick((seconds, float(tick.bid), float(tick.ask), 0.0, 0, milliseconds, tick.flags, 0.0))

    def symbol(self, values: Mapping[str, SymbolValue], *, is_shown: bool) -> SymbolInfo:
        """Return a symbol; the Market Watch decides about ``select`` and ``visible``."""
        times = {
            name: self._wall.seconds(int(values[name]) * 1_000_000_000)
            for name in ("time", "start_time", "expiration_time")
        }
        plain = {name: value if isinstance(value, bool | int | str) else float(value) for name, value in values.items()}
        return from_mapping(SymbolInfo, plain | times | {"select": is_shown, "visible": is_shown})


def book_row(level: BookLevel) -> BookInfo:
    """Return one level of the depth; ``volume`` is in whole lots, ``volume_dbl`` is exact."""
    kind = constants.BOOK_TYPE_BUY if level.is_buy else constants.BOOK_TYPE_SELL
    return BookInfo((kind, float(level.price), int(level.volume), float(level.volume)))


def account_row(account: Account, value: AccountValue) -> AccountInfo:
    """Return the account; retail accounts have no initial and maintenance margin, assets and liabilities."""
    return AccountInfo(
        (
            account.login,
            int(account.trade_mode),
            account.leverage,
            account.limit_orders,
            int(account.margin_so_mode),
            account.trade_allowed,
            account.trade_expert,
            int(account.margin_mode),
            account.currency_digits,
            account.fifo_close,
            float(account.balance),
            float(account.credit),
            float(value.profit),
            float(value.equity),
            float(value.margin),
            float(value.margin_free),
            float(value.margin_level),
            float(account.margin_so_call),
            float(account.margin_so_so),
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            account.name,
            account.server,
            account.currency,
            account.company,
        )
    )


def send_row(result: TradeResult, request: TradeRequest) -> OrderSendResult:
    """Return the server's answer with the request as it was sent."""
    return OrderSendResult(
        (
            int(result.retcode),
            result.deal,
            result.order,
            float(result.volume),
            float(result.price),
            float(result.bid),
            float(result.ask),
            result.comment,
            result.request_id,
            0,
            request,
        )
    )


def check_row(result: CheckResult, request: TradeRequest) -> OrderCheckResult:
    """Return the server's answer to a check with the request as it was sent."""
    return OrderCheckResult(
        (
            int(result.retcode),
            float(result.balance),
            float(result.equity),
            float(result.profit),
            float(result.margin),
            float(result.margin_free),
            float(result.margin_level),
            result.comment,
            request,
        )
    )
