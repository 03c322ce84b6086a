"""A simulated MetaTrader 5 broker in a test's hands: its clock, its prices, its changes."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.settings import HEDGING_LOGIN, NETTING_LOGIN, Mt5Settings
from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.values import Changes, TradeRequest, TradeResult
from edgerunner.simulators.mt5.venue import Mt5Venue
from edgerunner.simulators.venue_state import VenueSettings
from tests.unit.simulators.venues import Wall

HEDGING, NETTING = HEDGING_LOGIN, NETTING_LOGIN
DEAL, PENDING, SLTP, MODIFY, REMOVE, CLOSE_BY = 1, 5, 6, 7, 8, 10
BUY, SELL, BUY_LIMIT, SELL_LIMIT, BUY_STOP, SELL_STOP = range(6)


@dataclass
class Desk:
    """A broker whose EURUSD stands at a bid of 1.10000 until a test moves it."""

    path: Path | None = None
    wall: Wall = field(default_factory=Wall)
    seed: int | None = 7
    settings: Mt5Settings = field(default_factory=Mt5Settings)
    pinned: bool = True

    def __post_init__(self) -> None:
        self.changes: list[Changes] = []
        self.open()
        if self.pinned:
            self.pin("1.10000")

    def open(self) -> None:
        self.faults = FaultBox(["mt5"])
        settings = VenueSettings(ledger_path=self.path, wall=self.wall, seed=self.seed)
        self.venue = Mt5Venue(self.faults, settings, self.settings)
        self.venue.add_listener(self.changes.append)

    def reopen(self) -> None:
        self.venue.close()
        self.open()

    def pin(self, price: str | None, symbol: str = "EURUSD") -> None:
        self.venue.operator.set_price(symbol, None if price is None else Decimal(price))

    def pass_steps(self, count: int = 1) -> None:
        """Let time go by and the broker look."""
        self.wall.pass_steps(count)
        self.venue.account(HEDGING)

    def try_to(self, login: int = HEDGING, **words: Any) -> TradeResult:
        numbers = ("volume", "price", "sl", "tp", "stoplimit")
        exact: dict[str, Any] = {
            name: Decimal(str(value)) if name in numbers else value for name, value in words.items()
        }
        return self.venue.send(login, TradeRequest(**exact))

    def send(self, login: int = HEDGING, **words: Any) -> TradeResult:
        result = self.try_to(login, **words)
        assert result.retcode in {Retcode.DONE, Retcode.DONE_PARTIAL, Retcode.PLACED}, result
        return result

    def trade(self, side: int, volume: object, login: int = HEDGING, **words: Any) -> TradeResult:
        return self.send(login, **{"action": DEAL, "symbol": "EURUSD", "type": side, "volume": volume, **words})

    def ledger(self) -> dict[str, Any]:
        return self.venue.snapshot().render()
