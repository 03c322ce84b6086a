"""Market data in a test's hands: its clock and its market."""

from dataclasses import dataclass, field, fields

from edgerunner.simulators.market import Market
from edgerunner.simulators.mt5.symbols.listing import listed_symbols
from edgerunner.simulators.mt5.symbols.market_data import MarketData
from edgerunner.simulators.mt5.symbols.rows import BarColumns
from edgerunner.simulators.mt5.symbols.server_time import ServerZone
from tests.unit.simulators.venues import START_NS

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS


@dataclass
class Quotation:
    """All symbols at a time that a test chooses."""

    zone: str = "EET"
    keeps_hours: bool = False
    now_ns: int = START_NS
    seed: int = 7
    data: MarketData = field(init=False)
    market: Market = field(init=False)

    def __post_init__(self) -> None:
        listed = listed_symbols(execution={}, filling={}, keeps_hours=self.keeps_hours)
        self.market = Market(self.seed, [each.market for each in listed])
        self.data = MarketData(self.market, listed, ServerZone(self.zone), lambda: self.now_ns)

    def bars_between(self, symbol: str, timeframe: int, first_ns: int, last_ns: int) -> BarColumns:
        """Return the bars that open in a span of at most 1,000 bars, both ends included."""
        bars = self.data.bars_back(symbol, timeframe, until_ns=last_ns, count=1_000)
        inside = bars.time_s * SECOND_NS >= first_ns
        return BarColumns(**{each.name: getattr(bars, each.name)[inside] for each in fields(bars)})
