"""The calls for bars and ticks as numpy arrays, in server time."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.dtypes import RATES_DTYPE, TICKS_DTYPE
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.settings import BROKER, Mt5Settings
from edgerunner.simulators.mt5.symbols.rows import BarColumns, TickColumns
from edgerunner.simulators.mt5.symbols.server_time import SECOND_NS
from edgerunner.simulators.mt5.terminal.bar_reader import BarReader
from edgerunner.simulators.mt5.terminal.broker import Broker
from edgerunner.simulators.mt5.terminal.definitions import HISTORY_NOT_LOADED
from edgerunner.simulators.mt5.terminal.failures import call_failed, invalid_params, refused
from edgerunner.simulators.mt5.terminal.symbol_calls import SymbolCalls
from edgerunner.simulators.mt5.terminal.wall_time import WallTime

MAXIMUM_TICKS: Final = 1_000_000
"""More ticks than that in one answer are refused with -3."""
_TIMEFRAMES: Final = frozenset(value for name, value in constants.CONSTANTS.items() if name.startswith("TIMEFRAME_"))
_KINDS_OF_TICKS: Final = frozenset({constants.COPY_TICKS_ALL, constants.COPY_TICKS_INFO, constants.COPY_TICKS_TRADE})

_COUNT_BITS: Final = 0x3FFF
_UNITS_S: Final = {0: 60, 0x4000: 3600, 0x8000: 7 * 86_400, 0xC000: 28 * 86_400}
"""Upper bits of a timeframe -> seconds of its unit: minutes, hours, weeks, months."""

Arguments = Mapping[str, Any]
Records = npt.NDArray[Any]


class HistoryData:
    """Answers `copy_rates_*` and `copy_ticks_*`; refuses with ``CallRefused``."""

    def __init__(
        self, broker: Broker, settings: Mt5Settings, symbols: SymbolCalls, *, wall: WallTime, faults: FaultBox
    ) -> None:
        self._broker = broker
        self._bars = BarReader(broker)
        self._maxbars = settings.maxbars
        self._symbols = symbols
        self._wall = wall
        self._faults = faults

    async def rates_from(self, arguments: Arguments) -> Records:
        """`copy_rates_from`: the ``count`` bars that end with the one open at ``date_from``, oldest first."""
        symbol, timeframe, count = self._bars_wanted(arguments)
        until_ns = self._wall.last_moment(arguments["date_from"])
        bars = await self._bars.back(symbol, timeframe, until_ns=until_ns, count=count)
        return self._within_maxbars(symbol, timeframe, bars)

    async def rates_from_position(self, arguments: Arguments) -> Records:
        """`copy_rates_from_pos`: ``count`` bars back from a position, 0 = the unfinished one, oldest first."""
        symbol, timeframe, count = self._bars_wanted(arguments)
        skip = arguments["start_pos"]
        if skip < 0:
            raise invalid_params()
        if skip + count > self._maxbars:
            raise call_failed()
        return self._rates(symbol, await self._bars.back(symbol, timeframe, skip=skip, count=count))

    async def rates_range(self, arguments: Arguments) -> Records:
        """`copy_rates_range`: the bars that open from ``date_from`` to ``date_to``, both included."""
        symbol, timeframe = self._symbols.shown(arguments["symbol"]), _timeframe(arguments)
        first, last = int(arguments["date_from"]), int(arguments["date_to"])
        if first > last:
            raise invalid_params()
        start_ns, end_ns = self._wall.first_moment(first), self._wall.last_moment(last)
        bars = await self._bars.back(symbol, timeframe, until_ns=end_ns, since_ns=start_ns, count=self._maxbars)
        rates = self._within_maxbars(symbol, timeframe, bars)
        chosen: Records = rates[(rates["time"] >= first) & (rates["time"] <= last)]
        return chosen

    async def ticks_from(self, arguments: Arguments) -> Records:
        """`copy_ticks_from`: the first ``count`` ticks from ``date_from`` on."""
        symbol, has_ticks = self._ticks_wanted(arguments)
        count = arguments["count"]
        if count < 0:
            raise invalid_params()
        if count > MAXIMUM_TICKS:
            raise refused(constants.RES_E_NO_MEMORY)
        if not has_ticks or not count:
            return np.zeros(0, TICKS_DTYPE)
        start_ns = self._wall.first_moment(arguments["date_from"])
        await self._broker.prepare_ticks(symbol, start_ns, self._broker.now_ns(), count=count)
        return self._ticks(symbol, self._broker.ticks_from(symbol, start_ns, count))

    async def ticks_range(self, arguments: Arguments) -> Records:
        """`copy_ticks_range`: the ticks from ``date_from`` to ``date_to``."""
        symbol, has_ticks = self._ticks_wanted(arguments)
        first, last = int(arguments["date_from"]), int(arguments["date_to"])
        if first > last:
            raise invalid_params()
        if not has_ticks:
            return np.zeros(0, TICKS_DTYPE)
        start_ns, end_ns = self._wall.first_moment(first), self._wall.last_moment(last)
        await self._broker.prepare_ticks(symbol, start_ns, end_ns, count=MAXIMUM_TICKS + 1)
        ticks = self._ticks(symbol, self._broker.ticks_range(symbol, start_ns, end_ns, MAXIMUM_TICKS + 1))
        if len(ticks) > MAXIMUM_TICKS:
            raise refused(constants.RES_E_NO_MEMORY)
        chosen: Records = ticks[(ticks["time_msc"] >= first * 1000) & (ticks["time_msc"] <= last * 1000)]
        return chosen

    def _bars_wanted(self, arguments: Arguments) -> tuple[str, int, int]:
        symbol, timeframe, count = self._symbols.shown(arguments["symbol"]), _timeframe(arguments), arguments["count"]
        if count <= 0:
            raise invalid_params()
        if count > self._maxbars:
            raise call_failed()
        return symbol, timeframe, count

    def _ticks_wanted(self, arguments: Arguments) -> tuple[str, bool]:
        """Return the symbol and whether it can have ticks of the kind wanted: none has trades, so none has those."""
        symbol, kind = self._symbols.shown(arguments["symbol"]), arguments["flags"]
        if kind not in _KINDS_OF_TICKS:
            raise invalid_params()
        return symbol, kind != constants.COPY_TICKS_TRADE

    def _within_maxbars(self, symbol: str, timeframe: int, bars: BarColumns) -> Records:
        """Return the bars that "Max bars in chart" shows; refuse when it shows none of them."""
        rates = self._rates(symbol, bars)
        span_ns = self._maxbars * _shortest_bar_s(timeframe) * SECOND_NS
        if not len(rates) or bars.time_s[0] * SECOND_NS >= self._broker.now_ns() - span_ns:
            return rates
        oldest = self._broker.bars_back(symbol, timeframe, skip=self._maxbars - 1, count=1).time_s
        if not len(oldest):
            return rates
        shown: Records = rates[bars.time_s[-len(rates) :] >= oldest[0]]
        if not len(shown):
            raise call_failed()
        return shown

    def _rates(self, symbol: str, bars: BarColumns) -> Records:
        rates = np.zeros(len(bars.time_s), RATES_DTYPE)
        rates["time"] = self._wall.column(bars.time_s)
        for name in ("open", "high", "low", "close", "tick_volume", "spread", "real_volume"):
            rates[name] = getattr(bars, name)
        return self._loaded(symbol, rates)

    def _ticks(self, symbol: str, columns: TickColumns) -> Records:
        ticks = np.zeros(len(columns.time_ms), TICKS_DTYPE)
        ticks["time_msc"] = self._wall.milliseconds_column(columns.time_ms)
        ticks["time"] = ticks["time_msc"] // 1000
        for name in ("bid", "ask", "flags"):
            ticks[name] = getattr(columns, name)
        return self._loaded(symbol, ticks)

    def _loaded(self, symbol: str, rows: Records) -> Records:
        """Return what has been downloaded already: all of it, unless a fault says otherwise."""
        missing = self._faults.take(BROKER, HISTORY_NOT_LOADED, op="query", symbol=symbol)
        if missing is None:
            return rows
        there = int(float(str(missing.get("quantity", 0))))
        if there <= 0:
            raise call_failed()
        return rows[-there:]


def _shortest_bar_s(timeframe: int) -> int:
    """Return the seconds that a bar lasts at least: bars in closed hours are left out, so that more may pass."""
    return (timeframe & _COUNT_BITS) * _UNITS_S[timeframe & ~_COUNT_BITS]


def _timeframe(arguments: Arguments) -> int:
    timeframe: int = arguments["timeframe"]
    if timeframe not in _TIMEFRAMES:
        raise invalid_params()
    return timeframe
