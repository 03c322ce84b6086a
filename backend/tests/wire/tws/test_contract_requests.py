"""Requests about contracts, asked by ib_async and by a plain client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest

from edgerunner.simulators.tws.server import TwsServer
from edgerunner.simulators.tws.wire.contracts import (
    ContractDetails,
    ContractDetailsEnd,
    OptionParametersEnd,
    RequestContractDetails,
    RequestMarketRule,
    RequestOptionParameters,
)
from edgerunner.simulators.tws.wire.values import Contract
from tests.wire.tws.kit import HOST, Client

ib_async = pytest.importorskip("ib_async", reason="ib_async is not installed: it asks for an older tzdata than we do")


@pytest.fixture
async def ib(tws: TwsServer) -> AsyncIterator[Any]:
    client = ib_async.IB()
    client.RaiseRequestErrors = True
    await client.connectAsync(HOST, tws.port, 7)
    yield client
    client.disconnect()


async def soon(answer: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(answer, 5)


async def test_the_details_of_a_stock_are_those_of_the_recording(ib: Any) -> None:
    (found,) = await soon(ib.reqContractDetailsAsync(ib_async.Stock("AAPL", "SMART", "USD")))
    contract = found.contract
    assert (contract.conId, contract.exchange, contract.primaryExchange) == (265598, "SMART", "NASDAQ")
    assert (contract.localSymbol, contract.tradingClass, contract.currency) == ("AAPL", "NMS", "USD")
    assert (found.marketName, found.minTick, found.longName, found.timeZoneId) == (
        "NMS",
        0.01,
        "APPLE INC",
        "US/Eastern",
    )
    assert len(found.validExchanges.split(",")) == len(found.marketRuleIds.split(","))
    session = found.liquidSessions()[0]
    assert (session.start.hour, session.start.minute, session.end.hour) == (9, 30, 16)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ib_async.Stock("MSFT", "SMART", "USD"),
        lambda: ib_async.Stock("SPY", "ARCA", "USD"),
        lambda: ib_async.Stock("VOD", "LSE", "GBP"),
        lambda: ib_async.Forex("EURUSD"),
        lambda: ib_async.Forex("USDJPY"),
        lambda: ib_async.Future("ES", "202612", "CME"),
        lambda: ib_async.Future("MES", "202703", "CME"),
        lambda: ib_async.Option("SPY", "20261218", 600, "P", "SMART"),
    ],
)
async def test_every_kind_of_contract_is_qualified(ib: Any, make: Any) -> None:
    asked = make()
    (qualified,) = await soon(ib.qualifyContractsAsync(asked))
    assert qualified is not None
    assert qualified.conId > 0
    assert qualified.exchange == asked.exchange
    again = ib_async.Contract(conId=qualified.conId, exchange=qualified.exchange)
    (found,) = await soon(ib.reqContractDetailsAsync(again))
    assert found.contract.localSymbol == qualified.localSymbol


async def test_an_ambiguous_contract_is_not_qualified_and_its_candidates_are_told(ib: Any) -> None:
    (found,) = await soon(ib.qualifyContractsAsync(ib_async.Future("ES", exchange="CME"), returnAll=True))
    assert [each.localSymbol for each in found] == ["ESZ6", "ESH7", "ESM7", "ESU7", "ESZ7"]


async def test_an_unknown_contract_is_error_200(ib: Any) -> None:
    with pytest.raises(ib_async.wrapper.RequestError) as caught:
        await soon(ib.reqContractDetailsAsync(ib_async.Stock("XYZ", "SMART", "USD")))
    assert caught.value.code == 200
    assert "No security definition" in str(caught.value)


async def test_a_future_tells_its_last_trading_day_and_underlying(ib: Any) -> None:
    (found,) = await soon(ib.reqContractDetailsAsync(ib_async.Future("ES", "20261218", "CME")))
    assert (found.contract.lastTradeDateOrContractMonth, found.lastTradeTime) == ("20261218", "08:30")
    assert (found.contractMonth, found.realExpirationDate, found.timeZoneId) == ("202612", "20261218", "US/Central")
    assert (found.underSymbol, found.underSecType, found.contract.multiplier) == ("ES", "IND", "50")


async def test_symbols_are_found(ib: Any) -> None:
    found = await soon(ib.reqMatchingSymbolsAsync("SPY"))
    assert [(each.contract.symbol, each.derivativeSecTypes) for each in found] == [("SPY", ["OPT"])]
    assert await soon(ib.reqMatchingSymbolsAsync("nothing like it")) == []


async def test_a_market_rule_tells_price_steps(ib: Any) -> None:
    (found,) = await soon(ib.reqContractDetailsAsync(ib_async.Stock("VOD", "LSE", "GBP")))
    assert found.priceMagnifier == 100
    steps = await soon(ib.reqMarketRuleAsync(int(found.marketRuleIds.split(",")[0])))
    assert (steps[0].lowEdge, steps[0].increment) == (0, found.minTick)
    assert [step.increment for step in steps] == sorted(step.increment for step in steps)


async def test_an_unknown_market_rule_is_an_error_without_request(tws: TwsServer) -> None:
    async with Client(tws.port) as client:
        await client.log_on()
        client.send(RequestMarketRule(rule_id=4711))
        refusal = await client.error()
        assert (refusal.request_id, refusal.code) == (-1, 321)


async def test_an_option_chain_lists_contracts_that_exist(ib: Any) -> None:
    chains = await soon(ib.reqSecDefOptParamsAsync("SPY", "", "STK", 756733))
    smart = next(each for each in chains if each.exchange == "SMART")
    assert (smart.multiplier, smart.tradingClass, int(smart.underlyingConId)) == ("100", "SPY", 756733)
    assert smart.expirations[0] == "20261218"
    options = [ib_async.Option("SPY", smart.expirations[1], strike, "C", "SMART") for strike in smart.strikes[:3]]
    assert all(each is not None for each in await soon(ib.qualifyContractsAsync(*options)))


async def test_a_whole_option_month_is_told(ib: Any) -> None:
    found = await soon(ib.reqContractDetailsAsync(ib_async.Option("SPY", "202612", exchange="SMART")))
    assert len(found) == 162
    assert {each.contract.right for each in found} == {"C", "P"}


async def test_an_underlying_without_options_has_an_empty_chain_and_an_unknown_one_none(tws: TwsServer) -> None:
    async with Client(tws.port) as client:
        await client.log_on()
        asked = RequestOptionParameters(request_id=3, symbol="AAPL", future_exchange="", sec_type="STK", con_id=265598)
        assert await client.ask(asked) == OptionParametersEnd(request_id=3)
        client.send(RequestOptionParameters(request_id=4, symbol="SPY", future_exchange="", sec_type="STK", con_id=5))
        refusal = await client.error()
        assert (refusal.request_id, refusal.code) == (4, 200)


@pytest.mark.parametrize("offer", [b"v157..157", b"v157..163", b"v157..164", b"v157..176", b"v157..178"])
async def test_details_are_told_at_every_version(tws: TwsServer, offer: bytes) -> None:
    async with Client(tws.port) as client:
        await client.log_on(offer=offer)
        asked = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
        found = await client.ask(RequestContractDetails(request_id=3, contract=asked))
        assert isinstance(found, ContractDetails)
        assert (found.con_id, found.stock_type) == (265598, "COMMON")
        assert await client.message() == ContractDetailsEnd(request_id=3)
