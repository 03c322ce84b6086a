"""Instruments are looked up once, shown before they are used, and called by one id each."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from edgerunner.adapters.mt5.catalogue import Catalogue
from edgerunner.adapters.mt5.terminal import Calls
from edgerunner.domain.errors import NotFound
from edgerunner.mt5_surface.structs import SymbolInfo, Tick
from tests.unit.adapters.mt5.rows import row, symbol


class Terminal:
    """Lists symbols; a symbol has its first tick a few questions after it was shown."""

    def __init__(self, names: Sequence[str], late: int = 0) -> None:
        self.symbols: Mapping[str, SymbolInfo] = {name: symbol(name=name) for name in names}
        self.asked: list[str] = []
        self.late = late
        self.shown: list[str] = []

    async def call(self, function: str, *arguments: Any, named: Any = None, urgency: Any = None) -> Any:
        from edgerunner.adapters.mt5.terminal import CallFailed

        self.asked.append(function)
        match function:
            case "symbols_get":
                masks = [mask.strip("*") for mask in named["group"].split(",")]
                return [info for name, info in self.symbols.items() if any(mask in name for mask in masks)]
            case "symbol_select":
                self.shown.append(arguments[0])
                return True
            case "symbol_info_tick":
                self.late -= 1
                answer: Any = None if self.late >= 0 else row(Tick, time_msc=1, bid=1.0, ask=1.1)
            case _:
                answer = self.symbols.get(arguments[0])
        if answer is None:
            raise CallFailed(function, -4, "Terminal: Not found")
        return answer


async def opened(terminal: Terminal, suffix: str = "auto") -> Catalogue:
    catalogue = Catalogue(Calls(terminal), suffix=suffix)  # type: ignore[arg-type] # as much of one as is asked for
    await catalogue.open("USD")
    return catalogue


async def test_trap_8_suffix_of_the_broker_is_found_and_left_out_of_ids() -> None:
    catalogue = await opened(Terminal(["EURUSD.x", "GBPUSD.x", "GOLD.x", "GOLD", "AAPL"]))
    assert (await catalogue.load("EURUSD.MT5")).symbol == "EURUSD.x"
    assert (await catalogue.load("GOLD.MT5")).symbol == "GOLD"
    assert (await catalogue.load("GOLD.x.MT5")).symbol == "GOLD.x"
    assert (await catalogue.load("AAPL.MT5")).symbol == "AAPL"
    with pytest.raises(NotFound, match=r"called EURUSD\.MT5"):
        await catalogue.load("EURUSD.x.MT5")


async def test_trap_8_suffix_can_be_named_or_kept() -> None:
    terminal = Terminal(["EURUSD.x", "GBPUSD.y"])
    assert (await (await opened(terminal, ".y")).load("GBPUSD.MT5")).symbol == "GBPUSD.y"
    assert (await (await opened(terminal, "")).load("GBPUSD.y.MT5")).symbol == "GBPUSD.y"


async def test_instrument_is_asked_for_once() -> None:
    terminal = Terminal(["EURUSD"])
    catalogue = await opened(terminal)
    await catalogue.load("EURUSD.MT5")
    asked = len(terminal.asked)
    await catalogue.load("EURUSD.MT5")
    assert catalogue.get("EURUSD.MT5").symbol == "EURUSD"
    assert len(terminal.asked) == asked


async def test_trap_8_symbol_is_shown_once_and_its_first_price_waited_for() -> None:
    terminal = Terminal(["EURUSD"], late=2)
    catalogue = await opened(terminal)
    listing = await catalogue.load("EURUSD.MT5")
    for _ in range(2):
        await catalogue.select(listing)
    assert terminal.shown == ["EURUSD"]
    assert terminal.late < 0


async def test_masks_in_a_search_are_no_search() -> None:
    catalogue = await opened(Terminal(["EURUSD"]))
    assert await catalogue.search("*") == []
    assert [each.instrument_id for each in await catalogue.search("eur")] == ["EURUSD.MT5"]
