"""What stands between a program's order and the server: switches, closed markets, and faults that refuse."""

from collections.abc import Mapping
from typing import Final

from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.retcodes import RETCODES
from edgerunner.mt5_surface.structs import TradeRequest as RequestRow
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.settings import BROKER
from edgerunner.simulators.mt5.terminal import definitions
from edgerunner.simulators.mt5.terminal.accounts import Accounts
from edgerunner.simulators.mt5.terminal.broker import Broker
from edgerunner.simulators.mt5.terminal.failures import refused
from edgerunner.simulators.mt5.terminal.market_hours import MarketHours
from edgerunner.simulators.mt5.terminal.requests import OPERATIONS
from edgerunner.simulators.mt5.terminal.switches import Switches
from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.values import TradeResult

_REFUSALS: Final = {
    "rate_limit": Retcode.TOO_MANY_REQUESTS,
    definitions.REQUOTE: Retcode.REQUOTE,
    definitions.PRICE_OFF: Retcode.PRICE_OFF,
}
"""Fault -> the code with which the server refuses."""


class OrderGate:
    """Lets requests pass, or says why not; refused placements are counted."""

    def __init__(self, broker: Broker, accounts: Accounts, hours: MarketHours, faults: FaultBox) -> None:
        self._broker = broker
        self._accounts = accounts
        self._hours = hours
        self._faults = faults
        self._switches = Switches(faults)

    def refusal(self, row: RequestRow) -> TradeResult | None:
        """Return what an order is refused with, None when it may pass; raises ``CallRefused`` (-8)."""
        if self._switches.is_api_disabled:
            self._count(row, "the Python API is disabled")
            raise refused(constants.RES_E_AUTO_TRADING_DISABLED)
        found = self._by_state(row) or self._by_fault(row)
        if found is not None:
            self._count(row, found.comment)
        return found

    def check_refusal(self, row: RequestRow) -> Retcode | None:
        """Return what a check is refused with, None when the server is to say; raises ``CallRefused`` (-8)."""
        if self._switches.is_api_disabled:
            raise refused(constants.RES_E_AUTO_TRADING_DISABLED)
        found = self._by_state(row)
        return None if found is None else found.retcode

    def take(self, fault: str, row: RequestRow) -> Mapping[str, object] | None:
        """Use a fault that matches a request, and return its parameters."""
        return self._faults.take(
            BROKER, fault, op=_operation(row), client_key=row.comment or None, symbol=row.symbol or None
        )

    def _by_state(self, row: RequestRow) -> TradeResult | None:
        login = self._accounts.login
        account = self._switches.shown_account(self._broker.account(login), is_investor=self._accounts.is_investor)
        refusal = self._switches.trade_refusal(account)
        if refusal is None and self._hours.is_closed(self._symbol(row), self._broker.now_ns()):
            refusal = Retcode.MARKET_CLOSED
        return None if refusal is None else TradeResult(retcode=refusal, comment=refusal.comment)

    def _by_fault(self, row: RequestRow) -> TradeResult | None:
        for fault, retcode in _REFUSALS.items():
            if self.take(fault, row) is not None:
                return self._with_prices(retcode, retcode.comment, row)
        if (words := self.take("reject", row)) is None:
            return None
        code = int(float(str(words.get("code", Retcode.REJECT.value))))
        retcode = Retcode(code) if code in RETCODES else Retcode.REJECT
        return self._with_prices(retcode, str(words.get("text", retcode.comment)), row)

    def _with_prices(self, retcode: Retcode, comment: str, row: RequestRow) -> TradeResult:
        tick = self._broker.tick(row.symbol) if self._broker.has_symbol(row.symbol) else None
        if tick is None or retcode is not Retcode.REQUOTE:
            return TradeResult(retcode=retcode, comment=comment)
        return TradeResult(retcode=retcode, comment=comment, bid=tick.bid, ask=tick.ask)

    def _symbol(self, row: RequestRow) -> str:
        """Return the symbol that a request is about; changes and cancels may name their order alone."""
        if row.symbol:
            return row.symbol
        orders = self._broker.orders(self._accounts.login)
        return next((order.symbol for order in orders if order.ticket == row.order), "")

    def _count(self, row: RequestRow, reason: str) -> None:
        if _operation(row) == "place":
            self._broker.count_refused_placement(self._accounts.login, row.comment, row.symbol, reason)


def _operation(row: RequestRow) -> str:
    return OPERATIONS.get(row.action, "place")
