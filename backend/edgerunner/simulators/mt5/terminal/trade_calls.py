"""The calls that trade or compute: `order_send`, `order_check`, `order_calc_*`."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.structs import OrderCheckResult, OrderSendResult
from edgerunner.mt5_surface.structs import TradeRequest as RequestRow
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.settings import BROKER, Mt5Settings
from edgerunner.simulators.mt5.terminal import definitions
from edgerunner.simulators.mt5.terminal.accounts import Accounts
from edgerunner.simulators.mt5.terminal.broker import Broker
from edgerunner.simulators.mt5.terminal.failures import invalid_params, refused
from edgerunner.simulators.mt5.terminal.market_watch import MarketWatch
from edgerunner.simulators.mt5.terminal.record_calls import RecordCalls
from edgerunner.simulators.mt5.terminal.requests import OPERATIONS, exact, request_row, server_request
from edgerunner.simulators.mt5.terminal.rows import check_row, send_row
from edgerunner.simulators.mt5.terminal.switches import Switches
from edgerunner.simulators.mt5.terminal.wall_time import WallTime
from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.values import CheckResult, TradeResult

_REFUSALS: Final = {
    "rate_limit": Retcode.TOO_MANY_REQUESTS,
    definitions.REQUOTE: Retcode.REQUOTE,
    definitions.PRICE_OFF: Retcode.PRICE_OFF,
}
"""Fault -> the code with which the server refuses."""
_LAST_MARKET_TYPE: Final = constants.ORDER_TYPE_SELL

Arguments = Mapping[str, Any]


class TradeCalls:
    """Sends requests to the server as a program may; refuses with ``CallRefused``."""

    def __init__(
        self,
        broker: Broker,
        settings: Mt5Settings,
        accounts: Accounts,
        *,
        records: RecordCalls,
        watch: MarketWatch,
        wall: WallTime,
        faults: FaultBox,
    ) -> None:
        self._broker = broker
        self._settings = settings
        self._accounts = accounts
        self._records = records
        self._watch = watch
        self._wall = wall
        self._faults = faults
        self._switches = Switches(faults)

    def send(self, arguments: Arguments) -> OrderSendResult:
        """`order_send`: refused by the terminal's and account's switches, by a fault, or answered by the server."""
        self._require_api()
        row = request_row(arguments["request"])
        refusal = self._refusal(row)
        if refusal is not None:
            self._count_refused(row, refusal)
            return send_row(refusal, row)
        self._lag(row)
        result = self._broker.send(
            self._accounts.login,
            server_request(row, self._wall),
            fill_limit=self._fill_limit(row),
            comment=self._comment(row),
        )
        if result.retcode.is_success and self._broker.has_symbol(row.symbol):
            self._watch.show(row.symbol)
        return send_row(result, row)

    def check(self, arguments: Arguments) -> OrderCheckResult:
        """`order_check`: what the server would say, without doing it."""
        self._require_api()
        row = request_row(arguments["request"])
        account = self._switches.shown_account(
            self._broker.account(self._accounts.login), is_investor=self._accounts.is_investor
        )
        refusal = self._switches.trade_refusal(account)
        if refusal is not None:
            return check_row(CheckResult(retcode=refusal, comment=refusal.comment), row)
        return check_row(self._broker.check(self._accounts.login, server_request(row, self._wall)), row)

    def calc_margin(self, arguments: Arguments) -> float:
        """`order_calc_margin`: in the account's currency."""
        margin = self._broker.calc_margin(
            self._accounts.login,
            arguments["action"],
            self._known(arguments["symbol"]),
            volume=exact(arguments["volume"]),
            price=exact(arguments["price"]),
        )
        return _number(margin)

    def calc_profit(self, arguments: Arguments) -> float:
        """`order_calc_profit`: in the account's currency; of buys and sells alone."""
        if not 0 <= arguments["action"] <= _LAST_MARKET_TYPE:
            raise invalid_params()
        profit = self._broker.calc_profit(
            self._accounts.login,
            arguments["action"],
            self._known(arguments["symbol"]),
            volume=exact(arguments["volume"]),
            price_open=exact(arguments["price_open"]),
            price_close=exact(arguments["price_close"]),
        )
        return _number(profit)

    def _require_api(self) -> None:
        if self._switches.is_api_disabled:
            raise refused(constants.RES_E_AUTO_TRADING_DISABLED)

    def _refusal(self, row: RequestRow) -> TradeResult | None:
        account = self._switches.shown_account(
            self._broker.account(self._accounts.login), is_investor=self._accounts.is_investor
        )
        if (switched := self._switches.trade_refusal(account)) is not None:
            return TradeResult(retcode=switched, comment=switched.comment)
        for fault, retcode in _REFUSALS.items():
            if self._take(fault, row) is not None:
                return self._with_prices(retcode, retcode.comment, row)
        if (words := self._take("reject", row)) is None:
            return None
        retcode = Retcode(int(str(words.get("code", int(Retcode.REJECT)))))
        return self._with_prices(retcode, str(words.get("text", retcode.comment)), row)

    def _with_prices(self, retcode: Retcode, comment: str, row: RequestRow) -> TradeResult:
        tick = self._broker.tick(row.symbol) if self._broker.has_symbol(row.symbol) else None
        if tick is None or retcode is not Retcode.REQUOTE:
            return TradeResult(retcode=retcode, comment=comment)
        return TradeResult(retcode=retcode, comment=comment, bid=tick.bid, ask=tick.ask)

    def _count_refused(self, row: RequestRow, refusal: TradeResult) -> None:
        if _operation(row) == "place":
            self._broker.count_refused_placement(self._accounts.login, row.comment, row.symbol, refusal.comment)

    def _lag(self, row: RequestRow) -> None:
        lag = self._take(definitions.POSITION_LAG, row)
        lag_s = self._settings.position_lag_s
        if lag is not None:
            lag_s = float(str(lag.get("lag_s", definitions.DEFAULT_LAG_S)))
        if lag_s > 0:
            self._records.lag_behind(lag_s)

    def _fill_limit(self, row: RequestRow) -> Decimal | None:
        partly = self._take("partial_fill", row) if row.action == constants.TRADE_ACTION_DEAL else None
        if partly is None:
            return None
        if "quantity" in partly:
            return Decimal(str(partly["quantity"]))
        step = Decimal(str(self._broker.symbol_values(row.symbol)["volume_step"]))
        return exact(row.volume) * Decimal(str(partly.get("fraction", "0.5"))) // step * step

    def _comment(self, row: RequestRow) -> str | None:
        rewritten = self._take(definitions.COMMENT_REWRITTEN, row)
        return None if rewritten is None else str(rewritten.get("text", ""))

    def _take(self, fault: str, row: RequestRow) -> Mapping[str, object] | None:
        return self._faults.take(
            BROKER, fault, op=_operation(row), client_key=row.comment or None, symbol=row.symbol or None
        )

    def _known(self, symbol: str) -> str:
        if not self._broker.has_symbol(symbol):
            raise refused(self._settings.unknown_symbol_code)
        return symbol


def _operation(row: RequestRow) -> str:
    return OPERATIONS.get(row.action, "place")


def _number(value: Decimal | None) -> float:
    if value is None:
        raise invalid_params()
    return float(value)
