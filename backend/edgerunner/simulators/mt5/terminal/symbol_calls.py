"""The calls about symbols: lists, the Market Watch, the last tick and the depth of market."""

from collections.abc import Mapping
from typing import Any

from edgerunner.mt5_surface.structs import BookInfo, SymbolInfo, Tick
from edgerunner.simulators.mt5.settings import Mt5Settings
from edgerunner.simulators.mt5.terminal.accounts import Accounts
from edgerunner.simulators.mt5.terminal.broker import Broker
from edgerunner.simulators.mt5.terminal.failures import call_failed, refused
from edgerunner.simulators.mt5.terminal.groups import is_in_group
from edgerunner.simulators.mt5.terminal.market_watch import MarketWatch
from edgerunner.simulators.mt5.terminal.rows import Rows, book_row

Arguments = Mapping[str, Any]


class SymbolCalls:
    """Answers what concerns symbols; refuses with ``CallRefused``."""

    def __init__(
        self, broker: Broker, settings: Mt5Settings, accounts: Accounts, *, rows: Rows, watch: MarketWatch
    ) -> None:
        self._broker = broker
        self._settings = settings
        self._accounts = accounts
        self._rows = rows
        self._watch = watch

    def known(self, symbol: str) -> str:
        """Return a symbol that exists; an unknown one is refused with the code of the settings."""
        if not self._broker.has_symbol(symbol):
            raise refused(self._settings.unknown_symbol_code)
        return symbol

    def shown(self, symbol: str) -> str:
        """Return a symbol of the Market Watch; data of any other is refused with -1."""
        if not self._watch.is_shown(self.known(symbol)):
            raise call_failed()
        return symbol

    def total(self, _: Arguments) -> int:
        """`symbols_total`: all symbols of the server."""
        return len(self._broker.symbol_names())

    def get(self, arguments: Arguments) -> tuple[SymbolInfo, ...]:
        """`symbols_get`: all symbols, or those of a group."""
        group = arguments.get("group")
        names = self._broker.symbol_names()
        return tuple(self._info(name) for name in names if group is None or is_in_group(name, group))

    def info(self, arguments: Arguments) -> SymbolInfo:
        """`symbol_info`: one symbol, in the Market Watch or not."""
        return self._info(self.known(arguments["symbol"]))

    def tick(self, arguments: Arguments) -> Tick:
        """`symbol_info_tick`: the last tick of a symbol in the Market Watch."""
        tick = self._broker.tick(self.shown(arguments["symbol"]))
        if tick is None:
            raise call_failed()
        return self._rows.tick(tick)

    def select(self, arguments: Arguments) -> bool:
        """`symbol_select`: show a symbol, or hide it unless a position or an order needs it."""
        symbol = self.known(arguments["symbol"])
        if arguments.get("enable", True):
            self._watch.show(symbol)
        elif self._is_needed(symbol):
            raise call_failed()
        else:
            self._watch.hide(symbol)
        return True

    def open_book(self, arguments: Arguments) -> bool:
        """`market_book_add`: open the depth, where the broker has one."""
        symbol = self.known(arguments["symbol"])
        if not self._broker.symbol_values(symbol)["ticks_bookdepth"]:
            raise call_failed()
        self._watch.open_book(symbol)
        return True

    def close_book(self, arguments: Arguments) -> bool:
        """`market_book_release`: close the depth; refused when it is not open."""
        if not self._watch.close_book(self.known(arguments["symbol"])):
            raise call_failed()
        return True

    def book(self, arguments: Arguments) -> tuple[BookInfo, ...]:
        """`market_book_get`: sells from the highest, then buys; refused unless `market_book_add` was called."""
        symbol = self.known(arguments["symbol"])
        if not self._watch.has_book(symbol):
            raise call_failed()
        return tuple(book_row(level) for level in self._broker.book(symbol))

    def _info(self, symbol: str) -> SymbolInfo:
        return self._rows.symbol(self._broker.symbol_values(symbol), is_shown=self._watch.is_shown(symbol))

    def _is_needed(self, symbol: str) -> bool:
        login = self._accounts.login
        symbols = {position.symbol for position in self._broker.positions(login)}
        return symbol in symbols | {order.symbol for order in self._broker.orders(login)}
