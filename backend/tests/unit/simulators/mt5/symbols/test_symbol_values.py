"""What a terminal shows of a symbol: all 96 values, static ones by the listing, live ones from the market."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.structs import SymbolInfo
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.settings import Mt5Settings
from edgerunner.simulators.mt5.venue import Mt5Venue
from edgerunner.simulators.venue_state import VenueSettings
from tests.unit.simulators.venues import Wall

SYMBOLS = ("EURUSD", "GBPUSD", "USDJPY", "XAUUSD", "GER40", "BTCUSD")


@pytest.fixture
def venue() -> Iterator[Mt5Venue]:
    found = Mt5Venue(FaultBox(["mt5"]), VenueSettings(ledger_path=None, wall=Wall(), seed=7))
    yield found
    found.close()


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_there_are_96_values_in_the_structs_order_and_of_its_types(venue: Mt5Venue, symbol: str) -> None:
    values = venue.symbol_values(symbol)
    kinds = {bool: bool, int: int, float: Decimal, str: str}
    assert list(values) == list(SymbolInfo.__annotations__)
    assert len(values) == 96
    assert [type(value) for value in values.values()] == [kinds[kind] for kind in SymbolInfo.__annotations__.values()]


def test_the_figures_of_a_pair_are_those_of_the_vendors_sample(venue: Mt5Venue) -> None:
    """The sample of symbol_info in the documentation is a pair with Instant execution and three digits."""
    values = venue.symbol_values("USDJPY")
    names: tuple[str, ...] = (
        "trade_exemode", "filling_mode", "order_mode", "expiration_mode", "volume_min", "volume_max", "volume_step",
    )  # fmt: skip
    assert [values[name] for name in names] == [1, 1, 127, 7, Decimal("0.01"), 500, Decimal("0.01")]
    names = ("trade_contract_size", "point", "digits", "margin_hedged")
    assert [values[name] for name in names] == [100_000, Decimal("0.001"), 3, 100_000]


def test_symbols_differ_so_that_programs_meet_every_trap(venue: Mt5Venue) -> None:
    def shown(name: str) -> dict[str, object]:
        return {symbol: venue.symbol_values(symbol)[name] for symbol in SYMBOLS}

    assert shown("filling_mode") == {"EURUSD": 3, "GBPUSD": 1, "USDJPY": 1, "XAUUSD": 2, "GER40": 2, "BTCUSD": 0}
    assert shown("digits") == {"EURUSD": 5, "GBPUSD": 5, "USDJPY": 3, "XAUUSD": 2, "GER40": 1, "BTCUSD": 2}
    assert set(shown("trade_exemode").values()) == {
        constants.SYMBOL_TRADE_EXECUTION_INSTANT,
        constants.SYMBOL_TRADE_EXECUTION_MARKET,
        constants.SYMBOL_TRADE_EXECUTION_EXCHANGE,
    }
    assert len(set(shown("trade_calc_mode").values())) == 4
    assert len(set(shown("swap_mode").values())) == 4
    assert len(set(shown("trade_stops_level").values())) >= 4
    assert len(set(shown("currency_margin").values())) == 3
    assert venue.symbol_values("GER40")["trade_tick_size"] == 5 * Decimal("0.1")
    assert shown("volume_limit")["BTCUSD"] == 20


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_live_values_are_those_of_tick_and_day(venue: Mt5Venue, symbol: str) -> None:
    values, tick = venue.symbol_values(symbol), venue.tick(symbol)
    day = venue.bars_back(symbol, constants.TIMEFRAME_D1, count=2)
    assert (values["bid"], values["ask"]) == (tick.bid, tick.ask)
    assert values["time"] == tick.time_ns // 1_000_000_000
    assert values["spread"] == (tick.ask - tick.bid) / Decimal(str(values["point"]))
    assert [float(values[name]) for name in ("bidhigh", "bidlow", "session_open")] == [
        day.high[1], day.low[1], day.open[1],
    ]  # fmt: skip
    assert float(values["session_close"]) == day.close[0]
    assert Decimal(str(values["askhigh"])) > Decimal(str(values["bidhigh"]))


def test_the_value_of_a_tick_is_in_dollars(venue: Mt5Venue) -> None:
    assert venue.symbol_values("EURUSD")["trade_tick_value"] == 1
    assert venue.symbol_values("XAUUSD")["trade_tick_value"] == 1
    yen, euro = venue.tick("USDJPY"), venue.tick("EURUSD")
    values = venue.symbol_values("USDJPY")
    assert values["trade_tick_value_profit"] == round(100 / yen.ask, 8)
    assert values["trade_tick_value_loss"] == round(100 / yen.bid, 8)
    assert venue.symbol_values("GER40")["trade_tick_value_profit"] == Decimal("0.5") * euro.bid


def test_a_bad_tick_makes_the_prices_absurd_and_nothing_else() -> None:
    wall = Wall()
    venue = Mt5Venue(FaultBox(["mt5"]), VenueSettings(ledger_path=None, wall=wall, seed=7))
    high = venue.symbol_values("EURUSD")["bidhigh"]
    for bad in (Decimal(0), Decimal("NaN"), Decimal(10_000_000)):
        venue.operator.show_bad_tick("EURUSD", bad)
        values = venue.symbol_values("EURUSD")
        assert str(values["bid"]) == str(values["ask"]) == str(bad)
        assert values["bidhigh"] == high
    wall.pass_steps(11)
    assert Decimal("0.5") < venue.tick("EURUSD").bid < 2
    venue.close()


def test_execution_and_filling_of_a_symbol_can_be_chosen() -> None:
    settings = Mt5Settings(execution={"EURUSD": 1}, filling={"EURUSD": 2})
    venue = Mt5Venue(FaultBox(["mt5"]), VenueSettings(ledger_path=None, wall=Wall()), settings)
    values = venue.symbol_values("EURUSD")
    assert (values["trade_exemode"], values["filling_mode"]) == (1, 2)
    venue.close()
    with pytest.raises(ValueError, match="not listed: NOPE"):
        Mt5Venue(FaultBox(["mt5"]), VenueSettings(ledger_path=None, wall=Wall()), Mt5Settings(filling={"NOPE": 1}))
