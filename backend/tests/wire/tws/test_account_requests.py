"""What the simulated TWS tells about accounts: values, positions and profits, at once and as they change."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from edgerunner.simulators.tws.server import TwsServer
from edgerunner.simulators.tws.settings import LIVE_ACCOUNT, PAPER_ACCOUNT, TwsSettings
from edgerunner.simulators.tws.wire import account as wire
from edgerunner.simulators.tws.wire.session import CurrentTime, ErrorMessage, ManagedAccounts, RequestCurrentTime
from edgerunner.simulators.venue_types import OrderRequest
from tests.waiting import until
from tests.wire.tws.kit import NOW_NS, PATIENCE_S, Client, running_tws

AAPL, VOD, EURO, FUTURE = "STK:AAPL", "STK:VOD@LSE-GBP", "CASH:EUR/USD", "FUT:ES-202612"
AAPL_ID = 265598
MINUTE_NS = 60 * 10**9


@dataclass
class Wall:
    now_ns: int = NOW_NS

    def __call__(self) -> int:
        return self.now_ns


def trade(tws: TwsServer, symbol: str, quantity: int) -> None:
    """Buy (or, a negative quantity, sell) at the market, as if by another hand."""
    side: Any = "buy" if quantity > 0 else "sell"
    venue = tws.gateway.venue
    venue.place(
        OrderRequest(
            account_id=PAPER_ACCOUNT, symbol=symbol, side=side, order_type="market", quantity_lots=abs(quantity)
        )
    )


def pin(tws: TwsServer, symbol: str, price: str) -> None:
    tws.gateway.venue.operator.set_price(symbol, Decimal(price))


async def everything(client: Client, *requests: object) -> list[Any]:
    """Return all that is told before the answer to a question asked now."""
    for request in (*requests, RequestCurrentTime()):
        client.send(request)
    found: list[Any] = []
    while not isinstance(message := await client.message(), CurrentTime):
        found.append(message)
    return found


def values(messages: list[Any]) -> dict[tuple[str, str], str]:
    return {(each.tag, each.currency): each.value for each in messages if hasattr(each, "tag")}


def of(messages: list[Any], kind: type[Any]) -> list[Any]:
    return [each for each in messages if isinstance(each, kind)]


async def test_account_updates_tell_values_of_every_currency_and_end(tws: TwsServer) -> None:
    trade(tws, VOD, 1_000)
    trade(tws, EURO, 20_000)
    async with Client(tws.port) as client:
        await client.log_on()
        told = await everything(client, wire.RequestAccountUpdates(subscribes=True, account=""))
    assert told[-1] == wire.AccountDownloadEnd(account=PAPER_ACCOUNT)
    found = values(told)
    balances = {each.currency: each.total for each in tws.gateway.venue.balances(PAPER_ACCOUNT)}
    assert {currency: Decimal(found["TotalCashBalance", currency]) for currency in balances} == balances
    assert {"USD", "GBP", "EUR", "BASE"} == {currency for tag, currency in found if tag == "CashBalance"}
    assert found["AccountReady", ""] == "true"
    assert found["TotalCashBalance", "EUR"] == "20000.00"
    worth = tws.gateway.venue.value(PAPER_ACCOUNT).equity
    assert found["NetLiquidation", "USD"] == f"{worth:.2f}" == found["NetLiquidationByCurrency", "BASE"]
    assert [each.time for each in of(told, wire.AccountUpdateTime)] == ["10:30"]


async def test_the_portfolio_tells_pence_in_pounds_and_futures_with_their_multiplier(tws: TwsServer) -> None:
    pin(tws, VOD, "88.00")
    trade(tws, VOD, 1_000)
    trade(tws, FUTURE, -2)
    async with Client(tws.port) as client:
        await client.log_on()
        told = await everything(client, wire.RequestAccountUpdates(subscribes=True, account=PAPER_ACCOUNT))
    rows = {row.contract.symbol: row for row in of(told, wire.PortfolioValue)}
    pounds, future = rows["VOD"], rows["ES"]
    assert (pounds.market_price, pounds.market_value) == (Decimal("0.88"), Decimal(880))
    assert pounds.average_cost >= Decimal("0.883")
    assert pounds.unrealized_pnl == pounds.market_value - pounds.average_cost * 1_000
    assert (future.position, future.contract.multiplier) == (-2, "50")
    assert future.market_value == -future.market_price * 100
    assert future.average_cost > 300_000


async def test_changes_are_told_once_and_values_again_after_three_minutes() -> None:
    wall = Wall()
    async with running_tws(wall=wall) as tws, Client(tws.port) as client:
        await client.log_on()
        await everything(client, wire.RequestAccountUpdates(subscribes=True, account=""))
        trade(tws, AAPL, 100)
        tws.gateway.pulse.beat()
        changed = await everything(client)
        assert [row.position for row in of(changed, wire.PortfolioValue)] == [100]
        assert ("TotalCashBalance", "USD") in values(changed)
        assert ("AccountCode", "") not in values(changed)
        tws.gateway.pulse.beat()
        assert await everything(client) == []
        wall.now_ns += 2 * MINUTE_NS
        tws.gateway.pulse.beat()
        assert await everything(client) == []
        wall.now_ns += MINUTE_NS
        tws.gateway.pulse.beat()
        later = await everything(client)
        assert [each.time for each in of(later, wire.AccountUpdateTime)] == ["10:33"]
        assert of(later, wire.PortfolioValue)
        await everything(client, wire.RequestAccountUpdates(subscribes=False, account=""))
        trade(tws, AAPL, -100)
        tws.gateway.pulse.beat()
        assert await everything(client) == []


async def test_positions_are_told_and_then_every_change_down_to_nothing(tws: TwsServer) -> None:
    pin(tws, AAPL, "200")
    trade(tws, AAPL, -110)
    async with Client(tws.port) as client:
        await client.log_on()
        told = await everything(client, wire.RequestPositions())
        [position] = of(told, wire.Position)
        assert told[-1] == wire.PositionEnd()
        assert (position.position, position.contract.exchange) == (-110, "NASDAQ")
        [fill] = tws.gateway.venue.fills(PAPER_ACCOUNT)
        assert abs(position.average_cost * 110 - (fill.value - 1)) < Decimal("1e-12")
        trade(tws, AAPL, 110)
        tws.gateway.pulse.beat()
        [gone] = await everything(client)
        assert (gone.position, gone.average_cost) == (0, 0)
        await everything(client, wire.CancelPositions())
        trade(tws, AAPL, 1)
        tws.gateway.pulse.beat()
        assert await everything(client) == []


async def test_a_summary_tells_its_tags_by_name_and_the_ledger(tws: TwsServer) -> None:
    trade(tws, EURO, 1_000)
    async with Client(tws.port) as client:
        await client.log_on()
        ask = wire.RequestAccountSummary(request_id=9, group="All", tags="NetLiquidation,BuyingPower,Nonsense")
        told = await everything(client, ask)
        assert [each.tag for each in told[:-1]] == ["BuyingPower", "NetLiquidation"]
        assert told[-1] == wire.AccountSummaryEnd(request_id=9)
        ledger = wire.RequestAccountSummary(request_id=10, group=PAPER_ACCOUNT, tags="$LEDGER:ALL")
        assert {each.currency for each in (await everything(client, ledger))[:-1]} == {"BASE", "USD", "EUR"}


async def test_a_third_summary_is_refused_until_another_one_is_cancelled(tws: TwsServer) -> None:
    async with Client(tws.port) as client:
        await client.log_on()
        asks = [
            wire.RequestAccountSummary(request_id=number, group="All", tags="NetLiquidation") for number in (1, 2, 3)
        ]
        told = await everything(client, *asks)
        [refused] = of(told, ErrorMessage)
        assert (refused.request_id, refused.code) == (3, 322)
        again = await everything(client, wire.CancelAccountSummary(request_id=1), asks[2])
        assert again[-1] == wire.AccountSummaryEnd(request_id=3)


async def test_multi_requests_tell_one_account_under_their_id(tws: TwsServer) -> None:
    trade(tws, AAPL, 10)
    async with Client(tws.port) as client:
        await client.log_on()
        told = await everything(client, wire.RequestPositionsMulti(request_id=4, account=PAPER_ACCOUNT, model=""))
        assert (told[0].request_id, told[0].position) == (4, 10)
        assert told[1:] == [wire.PositionMultiEnd(request_id=4)]
        ask = wire.RequestAccountUpdatesMulti(request_id=5, account=PAPER_ACCOUNT, model="", wants_ledger=True)
        told = await everything(client, ask)
        assert told[-1] == wire.AccountUpdateMultiEnd(request_id=5)
        assert ("NetLiquidation", "USD") in values(told)
        assert ("BuyingPower", "USD") not in values(told)


async def test_profits_follow_the_market_once_a_second() -> None:
    wall = Wall()
    async with running_tws(wall=wall) as tws, Client(tws.port) as client:
        await client.log_on()
        pin(tws, AAPL, "200")
        trade(tws, AAPL, 100)
        bought = sum(fill.value for fill in tws.gateway.venue.fills(PAPER_ACCOUNT))
        [single] = await everything(
            client, wire.RequestPnlSingle(request_id=7, account=PAPER_ACCOUNT, model="", con_id=AAPL_ID)
        )
        assert (single.position, single.realized, single.value) == (100, None, 20_000)
        assert single.unrealized == single.daily == 20_000 - bought - 1
        pin(tws, AAPL, "210")
        wall.now_ns += 10**9
        tws.gateway.pulse.beat()
        [risen] = await everything(client)
        assert risen.unrealized == single.unrealized + 1_000
        trade(tws, AAPL, -100)
        tws.gateway.pulse.beat()
        [closed] = await everything(client)
        assert (closed.position, closed.value, closed.unrealized) == (0, 0, 0)
        assert closed.realized == closed.daily
        [whole] = await everything(client, wire.RequestPnl(request_id=8, account="", model=""))
        assert (whole.unrealized, whole.realized, whole.daily) == (0, closed.realized, closed.daily)


async def test_profits_of_a_day_count_what_was_held_from_its_mark_at_midnight() -> None:
    wall = Wall()
    async with running_tws(wall=wall) as tws, Client(tws.port) as client:
        await client.log_on()
        trade(tws, AAPL, 100)
        wall.now_ns += 24 * 60 * MINUTE_NS
        venue = tws.gateway.venue
        midnight = wall.now_ns - 10 * 60 * MINUTE_NS - 30 * MINUTE_NS
        start = venue.instrument(AAPL).price(venue.market.price(AAPL, midnight // 10**8))
        [single] = await everything(client, wire.RequestPnlSingle(request_id=7, account="", model="", con_id=AAPL_ID))
        assert single.daily == (venue.mark_price(AAPL) - start) * 100
        assert single.realized is None


@pytest.mark.parametrize(
    "request_of",
    [
        lambda name: wire.RequestPnl(request_id=1, account=name, model=""),
        lambda name: wire.RequestPositionsMulti(request_id=1, account=name, model=""),
        lambda name: wire.RequestAccountSummary(request_id=1, group=name, tags="NetLiquidation"),
        lambda name: wire.RequestAccountUpdates(subscribes=True, account=name),
    ],
)
async def test_an_account_that_is_not_shown_is_an_error(tws: TwsServer, request_of: Callable[[str], object]) -> None:
    async with Client(tws.port) as client:
        await client.log_on()
        [error] = await everything(client, request_of(LIVE_ACCOUNT))
        assert error.code == 321


async def test_a_live_looking_account_can_be_shown_beside_or_instead() -> None:
    async with running_tws(TwsSettings(accounts=(LIVE_ACCOUNT, PAPER_ACCOUNT))) as tws, Client(tws.port) as client:
        assert (await client.log_on())[0] == ManagedAccounts(accounts=f"{LIVE_ACCOUNT},{PAPER_ACCOUNT}")
        ask = wire.RequestAccountSummary(request_id=1, group="All", tags="NetLiquidation")
        told = await everything(client, ask)
        assert {each.account for each in told[:-1]} == {LIVE_ACCOUNT, PAPER_ACCOUNT}


async def test_the_operator_can_show_the_live_looking_account_instead(tws: TwsServer) -> None:
    tws.gateway.faults.add("ibkr", "ibkr.live_account")
    async with Client(tws.port) as client:
        assert (await client.log_on())[0] == ManagedAccounts(accounts=LIVE_ACCOUNT)
        told = await everything(client, wire.RequestAccountSummary(request_id=1, group="All", tags="NetLiquidation"))
        assert [(each.account, each.value) for each in told[:-1]] == [(LIVE_ACCOUNT, "1000000.00")]


async def test_subscriptions_end_with_their_client(tws: TwsServer) -> None:
    before = len(tws.gateway.pulse)

    async def are_gone() -> bool:
        return len(tws.gateway.pulse) == before

    async with Client(tws.port) as client:
        await client.log_on()
        await everything(client, wire.RequestPositions())
        assert not await are_gone()
    await until(are_gone, timeout_s=PATIENCE_S, what="nobody listens for the client any more")
