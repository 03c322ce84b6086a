from types import SimpleNamespace

import pytest
from ib_async.contract import Contract, ContractDetails

from edgerunner.adapters.ibkr.catalogue import Catalogue
from edgerunner.adapters.ibkr.connectivity import Connectivity
from edgerunner.domain.errors import NotFound


class Listed(Catalogue):
    """A catalogue whose TWS lists these contracts, told one by one as it is asked."""

    def __init__(self, *contracts: Contract) -> None:
        super().__init__(SimpleNamespace(connectivity=Connectivity()), SimpleNamespace())  # type: ignore[arg-type]
        self.contracts = contracts
        self.asked = 0

    async def _details(self, contract: Contract) -> list[ContractDetails]:
        self.asked += 1
        found = [each for each in self.contracts if _fits(each, contract)]
        return [ContractDetails(contract=each, minTick=0.01) for each in found]


def _fits(listed: Contract, asked: Contract) -> bool:
    if asked.conId:
        return listed.conId == asked.conId
    names = ("secType", "symbol", "currency", "primaryExchange")
    return all(getattr(asked, name) in {"", getattr(listed, name)} for name in names)


def stock(con_id: int, symbol: str, exchange: str) -> Contract:
    return Contract(
        secType="STK", conId=con_id, symbol=symbol, exchange="SMART", primaryExchange=exchange, currency="USD"
    )


async def test_ambiguous_id_names_the_ids_of_the_candidates() -> None:
    catalogue = Listed(stock(1, "TWIN", "NYSE"), stock(2, "TWIN", "ARCA"))
    with pytest.raises(NotFound, match=r"TWIN\.IBKR fits several .* TWIN@ARCA-USD\.IBKR, TWIN@NYSE-USD\.IBKR"):
        await catalogue.load("TWIN.IBKR")
    assert (await catalogue.load("TWIN@ARCA-USD.IBKR")).con_id == 2


async def test_contract_of_an_ambiguous_symbol_is_called_by_its_exchange() -> None:
    catalogue = Listed(stock(1, "TWIN", "NYSE"), stock(2, "TWIN", "ARCA"))
    assert (await catalogue.learn(Contract(conId=2))).instrument.instrument_id == "TWIN@ARCA-USD.IBKR"


async def test_one_contract_has_one_id_however_it_was_met() -> None:
    catalogue = Listed(stock(1, "SOLO", "NYSE"))
    listing = await catalogue.learn(Contract(conId=1))
    assert listing.instrument.instrument_id == "SOLO.IBKR"
    assert await catalogue.load("SOLO.IBKR") is listing
    with pytest.raises(NotFound, match=r"is called SOLO\.IBKR here"):
        await catalogue.load("SOLO@NYSE-USD.IBKR")


async def test_contract_listed_once_per_exchange_is_one_contract() -> None:
    catalogue = Listed(stock(1, "SOLO", "NYSE"), stock(1, "SOLO", "NYSE"))
    assert (await catalogue.load("SOLO.IBKR")).con_id == 1


async def test_what_is_known_is_not_asked_again_and_what_is_unknown_is() -> None:
    catalogue = Listed(stock(1, "SOLO", "NYSE"))
    await catalogue.load("SOLO.IBKR")
    asked = catalogue.asked
    await catalogue.load("SOLO.IBKR")
    assert catalogue.asked == asked
    for _ in range(2):
        with pytest.raises(NotFound):
            await catalogue.load("NONE.IBKR")
    assert catalogue.asked == asked + 2
