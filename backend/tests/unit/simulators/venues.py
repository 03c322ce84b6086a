"""A venue in a test's hands: its clock, its events, short words for orders."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from edgerunner.simulators.catalogue import bybit_catalogue
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_state import VenueSettings
from edgerunner.simulators.venue_types import OrderRequest, VenueEvent, VenueOrder

START_NS = 1_795_415_000_000_000_000
LINEAR = "linear:BTCUSDT"
SPOT = "spot:BTCUSDT"
INVERSE = "inverse:BTCUSD"
DATED = "linear:BTCUSDT-25DEC26"
STEP_NS = 100_000_000


@dataclass
class Wall:
    """A wall clock that a test turns."""

    time_ns: int = START_NS

    def __call__(self) -> int:
        return self.time_ns

    def pass_steps(self, count: int = 1) -> None:
        self.time_ns += count * STEP_NS


@dataclass
class Bench:
    """A venue whose BTC price stands at 60,000 until a test moves it."""

    path: Path | None = None
    wall: Wall = field(default_factory=Wall)
    seed: int | None = 7
    speed: float = 1
    pinned: bool = True

    def __post_init__(self) -> None:
        self.events: list[VenueEvent] = []
        self.open()
        if self.pinned:
            self.pin(60_000)

    def open(self) -> None:
        self.faults = FaultBox(["bybit"])
        settings = VenueSettings(ledger_path=self.path, wall=self.wall, seed=self.seed, speed=self.speed)
        catalogue = bybit_catalogue()
        [money] = catalogue.accounts.values()
        accounts = {"sim": money, "other": money}
        self.venue = Venue(replace(catalogue, accounts=accounts), self.faults, settings)
        self.venue.add_listener(self.events.append)

    def reopen(self) -> None:
        self.venue.close()
        self.open()

    def pin(self, price: float) -> None:
        for symbol in (LINEAR, SPOT, INVERSE, DATED):
            self.venue.operator.set_price(symbol, Decimal(str(price)))

    def place(
        self, side: Any, quantity: Any, price: Any = None, *, symbol: str = LINEAR, account: str = "sim", **rest: Any
    ) -> VenueOrder:
        instrument = self.venue.instruments[symbol]
        return self.venue.place(
            OrderRequest(
                account_id=account,
                symbol=symbol,
                side=side,
                order_type="market" if price is None else "limit",
                quantity_lots=instrument.to_lots(Decimal(str(quantity))),
                price_ticks=None if price is None else instrument.to_ticks(Decimal(str(price))),
                **rest,
            )
        )

    def steps(self, count: int = 1, symbol: str = LINEAR) -> None:
        for _ in range(count):
            self.wall.pass_steps()
            self.venue.step(symbol)

    def total(self, currency: str) -> Decimal:
        return {each.currency: each.total for each in self.venue.balances("sim")}[currency]

    def order(self, order: VenueOrder) -> VenueOrder:
        found = self.venue.find_order("sim", order_id=order.order_id)
        assert found is not None
        return found
