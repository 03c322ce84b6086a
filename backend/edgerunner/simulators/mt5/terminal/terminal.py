"""One simulated terminal: its state, and the answer to every call but `initialize` itself."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from edgerunner.mt5_surface.structs import AccountInfo, TerminalInfo
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.settings import Mt5Settings
from edgerunner.simulators.mt5.symbols.server_time import ServerZone
from edgerunner.simulators.mt5.terminal.accounts import Accounts
from edgerunner.simulators.mt5.terminal.broker import Broker
from edgerunner.simulators.mt5.terminal.history_data import HistoryData
from edgerunner.simulators.mt5.terminal.market_hours import MarketHours
from edgerunner.simulators.mt5.terminal.market_watch import MarketWatch
from edgerunner.simulators.mt5.terminal.order_gate import OrderGate
from edgerunner.simulators.mt5.terminal.record_calls import RecordCalls
from edgerunner.simulators.mt5.terminal.rows import Rows, account_row
from edgerunner.simulators.mt5.terminal.switches import Switches
from edgerunner.simulators.mt5.terminal.symbol_calls import SymbolCalls
from edgerunner.simulators.mt5.terminal.trade_calls import TradeCalls
from edgerunner.simulators.mt5.terminal.wall_time import WallTime

VERSION: Final = 500
RELEASED: Final = "25 Sep 2026"
CODE_PAGE: Final = 1252
PING_US: Final = 1_000

Arguments = Mapping[str, Any]


class Terminal:
    """The terminal of one folder, shared by every program that connects to it.

    ``answer`` returns what the module's function returns, and raises ``CallRefused`` for None. A call that does not
    exist is a ``KeyError``.
    """

    def __init__(self, broker: Broker, faults: FaultBox, settings: Mt5Settings, *, folder: str) -> None:
        self._folder = folder
        self._settings = settings
        self._broker = broker
        zone = ServerZone(settings.server_zone)
        wall = WallTime(zone)
        rows = Rows(wall)
        watch = MarketWatch(name for name in settings.symbols_shown if broker.has_symbol(name))
        self.accounts = Accounts(broker, settings)
        self._switches = Switches(faults)
        self._symbols = SymbolCalls(broker, settings, self.accounts, rows=rows, watch=watch)
        data = HistoryData(broker, settings, self._symbols, wall=wall, faults=faults)
        self._records = RecordCalls(
            broker, self.accounts, rows=rows, wall=wall, lag_s=settings.position_lag_s, monotonic=time.monotonic
        )
        gate = OrderGate(broker, self.accounts, MarketHours(settings, zone, faults), faults)
        self._trades = TradeCalls(broker, self.accounts, gate, symbols=self._symbols, records=self._records, wall=wall)
        self._calls = self._short_calls()
        self._long_calls: Mapping[str, Callable[[Arguments], Awaitable[object]]] = {
            "copy_rates_from": data.rates_from,
            "copy_rates_from_pos": data.rates_from_position,
            "copy_rates_range": data.rates_range,
            "copy_ticks_from": data.ticks_from,
            "copy_ticks_range": data.ticks_range,
        }

    async def answer(self, name: str, arguments: Arguments) -> object:
        """Carry out a call; long histories are fetched in pieces between which other calls are answered."""
        if name in self._long_calls:
            return await self._long_calls[name](arguments)
        return self._calls[name](arguments)

    def knows(self, name: str) -> bool:
        """Tell whether there is such a call."""
        return name in self._calls or name in self._long_calls

    def _short_calls(self) -> Mapping[str, Callable[[Arguments], object]]:
        symbols, records, trades = self._symbols, self._records, self._trades
        return {
            "login": self._log_in,
            "version": self._version,
            "terminal_info": self._terminal_info,
            "account_info": self._account_info,
            "symbols_total": symbols.total,
            "symbols_get": symbols.get,
            "symbol_info": symbols.info,
            "symbol_info_tick": symbols.tick,
            "symbol_select": symbols.select,
            "market_book_add": symbols.open_book,
            "market_book_release": symbols.close_book,
            "market_book_get": symbols.book,
            "positions_total": records.positions_total,
            "positions_get": records.positions_get,
            "orders_total": records.orders_total,
            "orders_get": records.orders_get,
            "history_orders_total": records.history_orders_total,
            "history_orders_get": records.history_orders_get,
            "history_deals_total": records.history_deals_total,
            "history_deals_get": records.history_deals_get,
            "order_check": trades.check,
            "order_send": trades.send,
            "order_calc_margin": trades.calc_margin,
            "order_calc_profit": trades.calc_profit,
        }

    def _log_in(self, arguments: Arguments) -> bool:
        self.accounts.log_in(arguments["login"], arguments.get("password"), arguments.get("server"))
        return True

    def _version(self, _: Arguments) -> tuple[int, int, str]:
        return VERSION, self._settings.build, RELEASED

    def _account_info(self, _: Arguments) -> AccountInfo:
        login = self.accounts.login
        account = self._switches.shown_account(self._broker.account(login), is_investor=self.accounts.is_investor)
        return account_row(account, self._broker.account_value(login))

    def _terminal_info(self, _: Arguments) -> TerminalInfo:
        return TerminalInfo(
            (
                False,
                False,
                self._switches.is_connected,
                False,
                self._switches.is_autotrading_on,
                self._switches.is_api_disabled,
                False,
                False,
                False,
                False,
                self._settings.build,
                self._settings.maxbars,
                CODE_PAGE,
                PING_US,
                0.0,
                0.0,
                "Edgerunner",
                "Edgerunner MetaTrader 5 Simulator",
                "English",
                self._folder,
                self._folder,
                f"{self._folder}\\Common",
            )
        )
