"""One market for all brokers: what MetaTrader 5 quotes agrees with the others within spreads."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from edgerunner.simulators.catalogue import bybit_catalogue
from edgerunner.simulators.catalogue_ibkr import ibkr_catalogue
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.venue import Mt5Venue
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_state import VenueSettings
from tests.unit.simulators.venues import Wall

BROKERS = ("bybit", "ibkr", "mt5")
HOUR_STEPS = 36_000


class Brokers:
    """All three at one time."""

    def __init__(self) -> None:
        self.wall = Wall()
        self.faults = FaultBox(BROKERS)
        settings = VenueSettings(ledger_path=None, wall=self.wall, seed=11)
        self.bybit = Venue(bybit_catalogue(), self.faults, settings)
        self.ibkr = Venue(ibkr_catalogue(), self.faults, settings)
        self.mt5 = Mt5Venue(self.faults, settings)

    def close(self) -> None:
        for venue in (self.bybit, self.ibkr, self.mt5):
            venue.close()


@pytest.fixture
def brokers() -> Iterator[Brokers]:
    found = Brokers()
    yield found
    found.close()


@pytest.mark.parametrize(
    ("ours", "broker", "theirs"),
    [
        ("EURUSD", "ibkr", "EUR/USD"),
        ("GBPUSD", "ibkr", "GBP/USD"),
        ("USDJPY", "ibkr", "USD/JPY"),
        ("BTCUSD", "bybit", "spot:BTCUSDT"),
    ],
)
def test_two_brokers_quote_the_same_within_their_spreads(brokers: Brokers, ours: str, broker: str, theirs: str) -> None:
    venue: Venue = getattr(brokers, broker)
    [instrument] = venue.operator.instruments_named(theirs)
    for _ in range(50):
        brokers.wall.pass_steps(HOUR_STEPS + 7)
        mine, other = brokers.mt5.tick(ours), venue.quote(instrument.symbol)
        spreads = (mine.ask - mine.bid) + (other.ask - other.bid)
        rounding = brokers.mt5.instruments[ours].terms.tick_size + instrument.instrument.tick_size
        assert abs(mine.bid - other.bid) <= spreads + rounding, (mine, other)
        assert mine.bid <= other.ask + rounding, (mine, other)
        assert other.bid <= mine.ask + rounding, (mine, other)


def test_gold_and_the_german_index_move_on_paths_of_their_own(brokers: Brokers) -> None:
    assert Decimal(2_000) < brokers.mt5.tick("XAUUSD").bid < Decimal(8_000)
    assert Decimal(12_000) < brokers.mt5.tick("GER40").bid < Decimal(48_000)
