"""The calls that trade or compute: `order_send`, `order_check`, `order_calc_*`."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.structs import OrderCheckResult, OrderSendResult
from edgerunner.mt5_surface.structs import TradeRequest as RequestRow
from edgerunner.simulators.mt5.terminal import definitions
from edgerunner.simulators.mt5.terminal.accounts import Accounts
from edgerunner.simulators.mt5.terminal.broker import Broker
from edgerunner.simulators.mt5.terminal.failures import invalid_params
from edgerunner.simulators.mt5.terminal.order_gate import OrderGate
from edgerunner.simulators.mt5.terminal.record_calls import RecordCalls
from edgerunner.simulators.mt5.terminal.requests import exact, request_row, server_request
from edgerunner.simulators.mt5.terminal.rows import check_row, send_row
from edgerunner.simulators.mt5.terminal.symbol_calls import SymbolCalls
from edgerunner.simulators.mt5.terminal.wall_time import WallTime
from edgerunner.simulators.mt5.trade_server.values import CheckResult

_LAST_MARKET_TYPE: Final = constants.ORDER_TYPE_SELL
_LARGEST: Final = 1e12
"""No volume and no price is beyond it; what is computed stays within 28 digits."""

Arguments = Mapping[str, Any]


class TradeCalls:
    """Sends requests to the server as a program may; refuses with ``CallRefused``."""

    def __init__(
        self,
        broker: Broker,
        accounts: Accounts,
        gate: OrderGate,
        *,
        symbols: SymbolCalls,
        records: RecordCalls,
        wall: WallTime,
    ) -> None:
        self._broker = broker
        self._accounts = accounts
        self._gate = gate
        self._symbols = symbols
        self._records = records
        self._wall = wall

    def send(self, arguments: Arguments) -> OrderSendResult:
        """`order_send`: refused on the way, or answered by the server."""
        row = request_row(arguments["request"])
        refusal = self._gate.refusal(row)
        if refusal is not None:
            return send_row(refusal, row)
        self._lag(row)
        result = self._broker.send(
            self._accounts.login,
            server_request(row, self._wall),
            fill_limit=self._fill_limit(row),
            comment=self._comment(row),
        )
        if result.retcode.is_success and row.symbol:
            self._symbols.select({"symbol": row.symbol})
        return send_row(result, row)

    def check(self, arguments: Arguments) -> OrderCheckResult:
        """`order_check`: what would come of it, without doing it."""
        row = request_row(arguments["request"])
        refusal = self._gate.check_refusal(row)
        if refusal is not None:
            return check_row(CheckResult(retcode=refusal, comment=refusal.comment), row)
        return check_row(self._broker.check(self._accounts.login, server_request(row, self._wall)), row)

    def calc_margin(self, arguments: Arguments) -> float:
        """`order_calc_margin`: in the account's currency."""
        margin = self._broker.calc_margin(
            self._accounts.login,
            arguments["action"],
            self._symbols.known(arguments["symbol"]),
            volume=_plausible(arguments["volume"]),
            price=_plausible(arguments["price"]),
        )
        return _number(margin)

    def calc_profit(self, arguments: Arguments) -> float:
        """`order_calc_profit`: in the account's currency; of buys and sells alone."""
        if not 0 <= arguments["action"] <= _LAST_MARKET_TYPE:
            raise invalid_params()
        profit = self._broker.calc_profit(
            self._accounts.login,
            arguments["action"],
            self._symbols.known(arguments["symbol"]),
            volume=_plausible(arguments["volume"]),
            price_open=_plausible(arguments["price_open"]),
            price_close=_plausible(arguments["price_close"]),
        )
        return _number(profit)

    def _lag(self, row: RequestRow) -> None:
        lag = self._gate.take(definitions.POSITION_LAG, row)
        self._records.lag_behind(None if lag is None else float(str(lag.get("lag_s", definitions.DEFAULT_LAG_S))))

    def _fill_limit(self, row: RequestRow) -> Decimal | None:
        """Return the lots that a fault leaves to trade with at once; whole volume steps."""
        if row.action != constants.TRADE_ACTION_DEAL or not self._broker.has_symbol(row.symbol):
            return None
        if (partly := self._gate.take("partial_fill", row)) is None:
            return None
        if "quantity" in partly:
            return Decimal(str(partly["quantity"]))
        step = Decimal(str(self._broker.symbol_values(row.symbol)["volume_step"]))
        return exact(row.volume) * Decimal(str(partly.get("fraction", "0.5"))) // step * step

    def _comment(self, row: RequestRow) -> str | None:
        rewritten = self._gate.take(definitions.COMMENT_REWRITTEN, row)
        return None if rewritten is None else str(rewritten.get("text", ""))


def _plausible(number: float) -> Decimal:
    if abs(number) > _LARGEST:
        raise invalid_params()
    return exact(number)


def _number(value: Decimal | None) -> float:
    if value is None:
        raise invalid_params()
    return float(value)
