"""The sessions of the symbols, for brokers that do not keep them: a fault makes them count for orders."""

from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.settings import BROKER, Mt5Settings
from edgerunner.simulators.mt5.symbols.hours import Hours
from edgerunner.simulators.mt5.symbols.listing import listed_symbols
from edgerunner.simulators.mt5.symbols.server_time import ServerZone
from edgerunner.simulators.mt5.terminal.definitions import TRADING_HOURS


class MarketHours:
    """Tells whether orders in a symbol are refused because its market is closed."""

    def __init__(self, settings: Mt5Settings, zone: ServerZone, faults: FaultBox) -> None:
        listed = listed_symbols(execution=settings.execution, filling=settings.filling, keeps_hours=True)
        self._symbols = {each.name: each.hours for each in listed}
        self._hours = Hours(self._symbols, zone)
        self._faults = faults

    def is_closed(self, symbol: str, now_ns: int) -> bool:
        """Tell whether a symbol's session is over while the fault is active; a symbol without one never closes."""
        if symbol not in self._symbols or self._faults.peek(BROKER, TRADING_HOURS) is None:
            return False
        return not self._hours.is_open(symbol, now_ns)
