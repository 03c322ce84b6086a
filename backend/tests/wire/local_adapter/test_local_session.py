"""Local execution over the wire: without a key, over restarts, without a market, with a full disk."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner.adapters.broker import BrokerUpdate, Environment, LinkHealth, OrderReport, PlaceOrder
from edgerunner.adapters.bybit.public_data import BybitMarketData, create_bybit_market_data
from edgerunner.adapters.bybit.signing import Signer
from edgerunner.adapters.local.options import LocalDefaults
from edgerunner.adapters.local_adapter import LocalAdapter, create_local_adapter
from edgerunner.domain.errors import BrokerRejected, Conflict, InvalidRequest, NotConnected, OutcomeUnknown
from edgerunner.domain.instruments import QuantityUnit
from edgerunner.domain.market import Bar, Funding, FundingRate
from edgerunner.domain.orders import Liquidity, OrderStatus, OrderTerms, OrderType, Side
from edgerunner.matching.fees import FeeSchedule
from edgerunner.simulators.bybit.server import WireServer
from edgerunner.simulators.faults import FaultMatch
from tests.wire.bybit.kit import until
from tests.wire.local_adapter.site import Site, running_site

LINEAR_ID = "BTCUSDT-LINEAR.BYBIT"
REST_ATTEMPTS = 8
"""How often a query reaches the wire before its failure is told: four attempts, each asked twice by the client."""

DEFAULTS = LocalDefaults(currency="USDT", fees=FeeSchedule(maker=Decimal(0), taker=Decimal("0.001")))


class ShiftedClock:
    """The machine's clock, moved ahead by a test."""

    def __init__(self) -> None:
        self.ahead_ns = 0

    def time_ns(self) -> int:
        return time.time_ns() + self.ahead_ns

    def monotonic_ns(self) -> int:
        return time.monotonic_ns() + self.ahead_ns


@dataclass
class Paper:
    """A connected adapter and what it told."""

    adapter: LocalAdapter
    clock: ShiftedClock
    updates: list[BrokerUpdate] = field(default_factory=list)

    async def read(self, stream: AsyncIterator[BrokerUpdate]) -> None:
        async for update in stream:
            self.updates.append(update)

    def health(self, link: str) -> list[str]:
        return [u.status.value for u in self.updates if isinstance(u, LinkHealth) and u.link == link]

    def statuses(self, key: str) -> list[OrderStatus]:
        return [u.status for u in self.updates if isinstance(u, OrderReport) and u.client_order_id == key]

    async def price(self, share: str) -> Decimal:
        ticker = await self.adapter.get_ticker(LINEAR_ID)
        assert ticker.bid is not None
        return (ticker.bid * Decimal(share)).quantize(Decimal("0.1"))

    async def place(self, key: str, price: Decimal | None = None, side: Side = Side.BUY) -> None:
        terms = OrderTerms(
            instrument_id=LINEAR_ID,
            side=side,
            order_type=OrderType.MARKET if price is None else OrderType.LIMIT,
            quantity=Decimal("0.01"),
            quantity_unit=QuantityUnit.COINS,
            price=price,
        )
        await self.adapter.place_order(PlaceOrder(client_order_id=key, account_id="local", terms=terms))


def market_data(server: WireServer, clock: ShiftedClock, *, timeout_s: float = 2.0) -> BybitMarketData:
    return create_bybit_market_data(
        environment=Environment.SIMULATED,
        options={"base_url": f"http://127.0.0.1:{server.port}", "request_timeout_s": timeout_s},
        clock=clock,
        random=random.Random(5),
    )


@asynccontextmanager
async def paper_on(site: Site, folder: Path, **options: object) -> AsyncIterator[Paper]:
    clock = ShiftedClock()
    adapter = create_local_adapter(
        market_data(site.server, clock),
        connection_id="paper",
        folder=folder,
        options=options,
        defaults=DEFAULTS,
        clock=clock,
    )
    await adapter.connect()
    paper = Paper(adapter, clock)
    reading = asyncio.create_task(paper.read(adapter.stream_updates()))
    try:
        yield paper
    finally:
        await adapter.disconnect()
        await reading


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running_site() as running:
        yield running


async def test_nothing_is_signed_and_no_order_reaches_the_broker(site: Site, tmp_path: Path) -> None:
    async with paper_on(site, tmp_path) as paper:
        await paper.place("A")
        await paper.place("B", await paper.price("0.9"))
        await paper.adapter.get_account_summary()
    assert site.venue.dump()["orders"] == []
    with pytest.raises(NotConnected, match="no API key"):
        Signer(None, 5000).headers(timestamp_ms=0, payload="")


async def test_orders_positions_and_money_outlive_the_session(site: Site, tmp_path: Path) -> None:
    async with paper_on(site, tmp_path) as paper:
        await paper.place("A")
        await paper.place("B", await paper.price("0.9"))
        orders = await paper.adapter.get_open_orders()
        fills = await paper.adapter.get_fills(0)
        cash = await paper.adapter.get_cash_movements(0)
        (money,) = await paper.adapter.get_account_summary()
    async with paper_on(site, tmp_path) as paper:
        assert await paper.adapter.get_open_orders() == orders
        assert await paper.adapter.get_fills(0) == fills
        assert await paper.adapter.get_cash_movements(0) == cash
        (after,) = await paper.adapter.get_account_summary()
        assert (after.balance, after.balances[0].total) == (money.balance, money.balances[0].total)
        assert after.unrealized_pnl is not None
        (position,) = await paper.adapter.get_positions()
        assert (position.quantity, position.average_price) == (Decimal("0.01"), fills[0].fill.price)
        assert position.mark_price is not None


async def test_a_key_of_an_earlier_session_is_never_placed_again(site: Site, tmp_path: Path) -> None:
    async with paper_on(site, tmp_path) as paper:
        await paper.place("A")
    async with paper_on(site, tmp_path) as paper:
        with pytest.raises(OutcomeUnknown, match="taken in before"):
            await paper.place("A")
        assert len(await paper.adapter.get_fills(0)) == 1


async def test_nothing_fills_while_it_is_down_and_the_market_counts_from_then_on(site: Site, tmp_path: Path) -> None:
    async with paper_on(site, tmp_path) as paper:
        price = await paper.price("0.99")
        await paper.place("A", price)
    site.set_price("0.98")
    site.set_price("1.01")
    async with paper_on(site, tmp_path) as paper:
        assert [order.client_order_id for order in await paper.adapter.get_open_orders()] == ["A"]
        assert await paper.adapter.get_fills(0) == []
        site.set_price("0.97")
        await until(lambda: OrderStatus.FILLED in paper.statuses("A"), "the order to fill")
        (fill,) = await paper.adapter.get_fills(0)
        assert fill.fill.price == price


async def test_order_that_was_passed_while_it_was_down_fills_at_its_own_price(site: Site, tmp_path: Path) -> None:
    async with paper_on(site, tmp_path) as paper:
        price = await paper.price("0.99")
        await paper.place("A", price)
    site.set_price("0.97")
    async with paper_on(site, tmp_path) as paper:
        await until(lambda: OrderStatus.FILLED in paper.statuses("A"), "the order to fill")
        (fill,) = await paper.adapter.get_fills(0)
        assert (fill.fill.price, fill.fill.liquidity) == (price, Liquidity.MAKER)


async def test_without_a_quote_market_orders_are_refused_and_limit_orders_wait(site: Site, tmp_path: Path) -> None:
    async with paper_on(site, tmp_path) as paper:
        price = await paper.price("1.05")
        await paper.place("A", await paper.price("0.9"))
        await site.server.stop()
        paper.clock.ahead_ns = 11 * 10**9
        with pytest.raises(BrokerRejected) as caught:
            await paper.place("B")
        assert caught.value.broker_code == "stale_market"
        await paper.place("C", price)
        assert [order.client_order_id for order in await paper.adapter.get_open_orders()] == ["A", "C"]
        assert await paper.adapter.get_fills(0) == []


async def test_market_order_asks_again_when_the_broker_fails_to_tell_the_market(site: Site, tmp_path: Path) -> None:
    async with paper_on(site, tmp_path) as paper:
        fault = site.venue.faults.add("bybit", "close_after_accept", count=None, match=FaultMatch(op="query"))
        placing = asyncio.create_task(paper.place("A"))
        await until(lambda: placing.done() or fault.used > REST_ATTEMPTS, "the market to be asked for again")
        site.venue.faults.remove(fault.fault_id)
        await placing
        await until(lambda: OrderStatus.FILLED in paper.statuses("A"), "the order to fill")


async def test_order_that_cannot_be_written_is_unknown_and_leaves_no_trace(site: Site, tmp_path: Path) -> None:
    async with paper_on(site, tmp_path) as paper:
        price = await paper.price("0.9")
        await paper.place("A", price)
        store = paper.adapter._session.desk._open_store()
        (pages,) = store._db.execute("PRAGMA page_count").fetchone()
        store._db.execute(f"PRAGMA max_page_count = {pages}")
        store._db.execute("PRAGMA wal_autocheckpoint = 1")
        placed = 0
        with pytest.raises(OutcomeUnknown):  # noqa: PT012 - how many fit into the last page is the file's affair
            for number in range(200):
                await paper.place(f"B{number}", price)
                placed += 1
        with pytest.raises(NotConnected, match="full"):
            await paper.place("C", price)
        store._db.execute("PRAGMA max_page_count = 1000000")
        await until(lambda: paper.health("orders") == ["up", "down", "up"], f"the link: {paper.health('orders')}")
        await paper.place("C", price)
        names = [order.client_order_id for order in await paper.adapter.get_open_orders()]
        assert names == ["A", *(f"B{number}" for number in range(placed)), "C"]
        lookup = await paper.adapter.find_order(
            client_order_id=f"B{placed}", venue_order_id=None, instrument_id=LINEAR_ID, sent_at_ns=1
        )
        assert (lookup.report, lookup.is_proof_of_absence) == (None, True)


async def test_two_sessions_do_not_share_a_book(site: Site, tmp_path: Path) -> None:
    async with paper_on(site, tmp_path):
        with pytest.raises(Conflict, match="one writer"):
            async with paper_on(site, tmp_path):
                pass


async def test_an_account_stays_in_its_currency(site: Site, tmp_path: Path) -> None:
    async with paper_on(site, tmp_path) as paper:
        await paper.adapter.get_account_summary()
    with pytest.raises(InvalidRequest, match="is in USDT"):
        async with paper_on(site, tmp_path, currency="BTC"):
            pass


async def test_funding_that_fell_due_while_it_was_down_is_booked_once(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with paper_on(site, tmp_path) as paper:
        await paper.place("A")
    due_ns = time.time_ns()

    async def told(_self: BybitMarketData, _instrument_id: str, _limit: int) -> Funding:
        return Funding(rates=(FundingRate(ts_ns=due_ns, rate=Decimal("0.01")),), next=None)

    async def first_price(_self: BybitMarketData, *_: object, start_ns: int, **_more: object) -> list[Bar]:
        price = Decimal(50_000)
        return [
            Bar(open_ns=start_ns, open=price, high=price, low=price, close=price, volume=Decimal(1), is_complete=True)
        ]

    monkeypatch.setattr(BybitMarketData, "get_funding", told)
    monkeypatch.setattr(BybitMarketData, "get_chart_data", first_price)
    async with paper_on(site, tmp_path) as paper:
        await paper.adapter.get_account_summary()  # so that a present mark is known
        paper.clock.ahead_ns = 3600 * 10**9  # long after: paid at that minute's first price
        once, twice = [await paper.adapter.get_cash_movements(0) for _ in range(2)]
        assert once == twice
        assert [each.ts_event_ns for each in once if each.movement.kind == "funding"] == [due_ns]
        assert once[-1].movement.amount == -5
        since_booked = await paper.adapter.get_cash_movements(due_ns + 1800 * 10**9)
        assert [each.movement.kind for each in since_booked] == ["funding"]


@pytest.mark.parametrize(
    ("options", "field_name"),
    [
        ({"balance": "-1"}, "options.local.balance"),
        ({"leverage": "0.5"}, "options.local.leverage"),
        ({"maker_fee": 0.5}, "options.local.maker_fee"),
        ({"trigger_by": "index"}, "options.local.trigger_by"),
        ({"currency": "usdt"}, "options.local.currency"),
        ({"slippage_ticks": 0}, "options.local.slippage_ticks"),
        ({"coins": {"BTC": "none"}}, "options.local.coins"),
        ({"colour": "red"}, "options.local.colour"),
    ],
)
def test_wrong_options_are_named(options: dict[str, object], field_name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest) as caught:
        create_local_adapter(
            market_data_nowhere(), connection_id="x", folder=tmp_path, options=options, defaults=DEFAULTS, clock=time
        )
    assert [error.field for error in caught.value.errors] == [field_name]


def market_data_nowhere() -> BybitMarketData:
    return create_bybit_market_data(
        environment=Environment.LIVE, options={}, clock=ShiftedClock(), random=random.Random(1)
    )


async def test_coins_without_a_market_are_named(site: Site, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="NOSUCH has no spot market"):
        async with paper_on(site, tmp_path, coins={"NOSUCH": "1"}):
            pass
