"""Money, positions and profit as they change, read from the simulated TWS."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from ib_async.objects import PnL

from edgerunner.adapters.broker import PositionReport
from edgerunner.domain.accounts import AccountSummary
from edgerunner.domain.orders import Side
from tests.contract.harness import until
from tests.contract.ibkr_harness import IbkrOnSimulator, ibkr_on_simulator


@pytest.fixture
async def broker() -> AsyncIterator[IbkrOnSimulator]:
    async with ibkr_on_simulator("AAPL.IBKR") as connected:
        yield connected


async def bought(broker: IbkrOnSimulator) -> Decimal:
    """Buy, and return what was paid and the fee."""
    key = await broker.place(broker.market_terms())
    fills = await broker.until_filled(key, broker.quantity)
    return sum((each.fill.quantity * each.fill.price + each.fill.fee.amount for each in fills), Decimal(0))


async def test_cash_is_what_the_venue_has(broker: IbkrOnSimulator) -> None:
    paid = await bought(broker)
    (summary,) = await broker.adapter.get_account_summary()
    assert summary.balance == Decimal(1_000_000) - paid
    (cash,) = summary.balances
    assert (cash.currency, cash.total, cash.value) == ("USD", summary.balance, summary.balance)


async def test_a_currency_bought_is_a_balance_with_its_worth() -> None:
    async with ibkr_on_simulator("EUR/USD.IBKR") as broker:
        await bought(broker)
        (summary,) = await broker.adapter.get_account_summary()
        euro = next(each for each in summary.balances if each.currency == "EUR")
        assert euro.total == broker.quantity
        assert euro.value is not None
        assert Decimal("0.9") < euro.value / euro.total < Decimal("1.3")


async def test_average_cost_in_pounds_comes_back_in_pence() -> None:
    async with ibkr_on_simulator("VOD@LSE-GBP.IBKR") as broker:
        await bought(broker)
        (report,) = await broker.adapter.get_positions()
        assert report.quantity == broker.quantity
        assert report.average_price is not None
        ticker = await broker.adapter.get_ticker("VOD@LSE-GBP.IBKR")
        assert ticker.bid is not None
        assert report.average_has_fees
        assert ticker.bid / 2 < report.average_price < 2 * ticker.bid  # a fee of pounds on ten shares for pence


async def test_profit_and_position_are_told_as_the_market_moves(broker: IbkrOnSimulator) -> None:
    await bought(broker)
    await broker.move_price("1.05")

    def gains() -> list[Decimal]:
        told = [each.unrealized_pnl for each in broker.updates if isinstance(each, AccountSummary)]
        return [gain for gain in told if gain is not None and gain > 0]

    await until(gains, lambda: "an unrealized gain in the summary")
    await until(
        lambda: any(isinstance(each, PositionReport) and each.mark_price for each in broker.updates),
        lambda: "a position with its mark",
    )


async def test_a_closed_position_is_told_as_flat(broker: IbkrOnSimulator) -> None:
    await bought(broker)
    await until(lambda: any(isinstance(each, PositionReport) for each in broker.updates), lambda: "the position")
    key = await broker.place(broker.market_terms(Side.SELL))
    await broker.until_filled(key, broker.quantity)
    await until(
        lambda: [each.quantity for each in broker.updates if isinstance(each, PositionReport)][-1:] == [Decimal(0)],
        lambda: "a flat position",
    )
    assert await broker.adapter.get_positions() == []


async def test_21_questions_without_an_id_wait_for_each_other(broker: IbkrOnSimulator) -> None:
    await bought(broker)
    async with asyncio.timeout(10):
        answers = await asyncio.gather(*(broker.adapter.get_positions() for _ in range(5)))
    assert {tuple((each.instrument_id, each.quantity) for each in answer) for answer in answers} == {
        (("AAPL.IBKR", broker.quantity),)
    }


async def test_15_profit_that_tws_leaves_unset_is_unknown(broker: IbkrOnSimulator) -> None:
    broker.adapter._session.account._on_profit(
        PnL(account=broker.account_id, dailyPnL=0.0, unrealizedPnL=1.7976931348623157e308, realizedPnL=3.5)
    )
    profit = broker.adapter._session.account._profit[broker.account_id]
    assert (profit.unrealized, profit.realized) == (None, Decimal("3.5"))
