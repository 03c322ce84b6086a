"""Instruments asked of TWS: ids, ambiguity, search, what is remembered."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from edgerunner.domain.errors import BrokerUnreachable, NotFound
from edgerunner.domain.instruments import Product
from tests.contract.harness import until
from tests.contract.ibkr_harness import IbkrOnSimulator, ibkr_on_simulator


@pytest.fixture
async def broker() -> AsyncIterator[IbkrOnSimulator]:
    async with ibkr_on_simulator("AAPL.IBKR") as connected:
        yield connected


@pytest.mark.parametrize(
    ("instrument_id", "product", "multiplier", "tick"),
    [
        ("AAPL.IBKR", Product.STOCK, "1", "0.01"),
        ("VOD@LSE-GBP.IBKR", Product.STOCK, "0.01", "0.01"),
        ("EUR/USD.IBKR", Product.FOREX, "1", "0.00005"),
        ("ES-202612.IBKR", Product.FUTURE, "50", "0.25"),
        ("SPY-20261218-C-600.IBKR", Product.OPTION, "100", "0.01"),
    ],
)
async def test_an_id_is_qualified_when_it_is_asked_for(
    broker: IbkrOnSimulator, instrument_id: str, product: Product, multiplier: str, tick: str
) -> None:
    instrument = await broker.adapter.load_instrument(instrument_id)
    assert (instrument.instrument_id, instrument.product) == (instrument_id, product)
    assert (instrument.multiplier, instrument.tick_size) == (Decimal(multiplier), Decimal(tick))
    assert instrument.sessions
    assert broker.adapter.get_instrument(instrument_id) is instrument


async def test_an_id_nobody_asked_for_is_not_in_memory(broker: IbkrOnSimulator) -> None:
    with pytest.raises(NotFound, match="was not looked up yet"):
        broker.adapter.get_instrument("MSFT.IBKR")


@pytest.mark.parametrize(
    ("instrument_id", "says"),
    [
        ("NOPE.IBKR", "knows no contract"),
        ("AAPL@NASDAQ-USD.IBKR", r"is called AAPL\.IBKR here"),
        ("ES-20261218.IBKR", r"is called ES-202612\.IBKR here"),
        ("ES.IBKR", "knows no contract"),
    ],
)
async def test_an_id_that_cannot_be_used_says_why(broker: IbkrOnSimulator, instrument_id: str, says: str) -> None:
    with pytest.raises(NotFound, match=says):
        await broker.adapter.load_instrument(instrument_id)


async def test_search_finds_at_tws_and_keeps_what_it_found(broker: IbkrOnSimulator) -> None:
    assert "MSFT.IBKR" in [each.instrument_id for each in await broker.adapter.search_instruments("msf")]
    assert broker.adapter.get_instrument("MSFT.IBKR").base == "MSFT"


async def test_major_pairs_are_there_for_conversions(broker: IbkrOnSimulator) -> None:
    await until(
        lambda: (
            {"EUR/USD.IBKR", "USD/JPY.IBKR"} <= {each.instrument_id for each in broker.adapter._session.catalogue.all()}
        ),
        lambda: "the pairs that the simulated TWS lists",
    )


async def test_20_no_contract_is_believed_only_while_definitions_are_there(broker: IbkrOnSimulator) -> None:
    link = broker.adapter._session.link
    link._hear(-1, 2157, "Sec-def data farm connection is broken:secdefnj")
    with pytest.raises(BrokerUnreachable, match="definitions are away"):
        await broker.adapter.load_instrument("NOPE.IBKR")
    link._hear(-1, 2158, "Sec-def data farm connection is OK:secdefnj")
    with pytest.raises(NotFound):
        await broker.adapter.load_instrument("NOPE.IBKR")
