"""Instruments of brokers that list too many to load: looked up when a caller names them."""

from types import SimpleNamespace
from typing import Any

import pytest

from edgerunner.adapters.instrument_lookup import look_up
from edgerunner.domain.errors import NotFound
from edgerunner.services.strategies.market_access import MarketAccess


class Loaded:
    """Answers from memory alone."""

    def get_instrument(self, instrument_id: str) -> Any:
        if instrument_id != "KNOWN":
            raise NotFound(f"no instrument {instrument_id}")
        return instrument_id


class Asking(Loaded):
    """Asks its broker for the rest."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def load_instrument(self, instrument_id: str) -> Any:
        self.asked.append(instrument_id)
        if instrument_id == "NONE":
            raise NotFound("the broker has none")
        return instrument_id


async def test_memory_answers_where_there_is_nothing_to_ask() -> None:
    loaded: Any = Loaded()
    assert str(await look_up(loaded, "KNOWN")) == "KNOWN"
    with pytest.raises(NotFound):
        await look_up(loaded, "OTHER")


async def test_broker_is_asked_where_it_can_be() -> None:
    asking: Any = Asking()
    assert str(await look_up(asking, "OTHER")) == "OTHER"
    assert asking.asked == ["OTHER"]


async def test_markets_of_a_strategy_are_looked_up_and_unknown_ones_left_for_the_check() -> None:
    asking: Any = Asking()
    sessions: Any = SimpleNamespace(session=lambda _: SimpleNamespace(adapter=asking))
    await MarketAccess(sessions).look_up("ibkr-sim", ["AAPL.IBKR", "NONE", "MSFT.IBKR"])
    assert asking.asked == ["AAPL.IBKR", "NONE", "MSFT.IBKR"]
