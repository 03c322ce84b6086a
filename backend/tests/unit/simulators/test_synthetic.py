"""Synthetic symbols: as many as asked for, the same every time, and markets like any other."""

from collections.abc import Iterator

import pytest

from edgerunner.simulators.catalogue import VenueCatalogue, bybit_catalogue
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.synthetic import with_synthetic
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_state import VenueSettings
from tests.unit.simulators.venues import Wall


@pytest.fixture
def venue() -> Iterator[Venue]:
    settings = VenueSettings(ledger_path=None, wall=Wall(), seed=3)
    venue = Venue(with_synthetic(bybit_catalogue(), 40), FaultBox(["bybit"]), settings)
    yield venue
    venue.close()


def names(catalogue: VenueCatalogue) -> list[str]:
    return [each.symbol for each in catalogue.instruments if "SYN" in each.symbol]


def test_none_is_the_usual_catalogue() -> None:
    assert with_synthetic(bybit_catalogue(), 0) == bybit_catalogue()


def test_more_symbols_leave_the_first_ones_as_they_are() -> None:
    few, many = with_synthetic(bybit_catalogue(), 3), with_synthetic(bybit_catalogue(), 200)
    assert names(few) == ["linear:SYN001USDT", "linear:SYN002USDT", "linear:SYN003USDT"]
    assert (len(names(many)), names(many)[:3]) == (200, names(few))
    assert many.instruments[: len(few.instruments)] == few.instruments
    assert many.markets[: len(few.markets)] == few.markets


@pytest.mark.parametrize("count", [-1, 1000])
def test_other_counts_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="0 to 999"):
        with_synthetic(bybit_catalogue(), count)


def test_prices_differ_and_are_their_own_index(venue: Venue) -> None:
    symbols = [symbol for symbol in venue.instruments if "SYN" in symbol]
    prices = {symbol: venue.last_price(symbol) for symbol in symbols}
    assert len(set(prices.values())) == len(symbols) == 40
    assert all(1 < price < 2_000 for price in prices.values())
    assert all(abs(venue.index_price(symbol) / price - 1) < 1 / 100 for symbol, price in prices.items())


def test_their_books_are_as_deep_as_all_others(venue: Venue) -> None:
    bids, asks = venue.depth("linear:SYN007USDT", 1000)
    assert (len(bids), len(asks)) == (1000, 1000)
    assert bids[0][0] < asks[0][0]
