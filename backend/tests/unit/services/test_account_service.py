"""Accounts: positions with marks, one currency for everything, equity over time."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from edgerunner.adapters.broker import Feed, LinkStatus, MarketSubscription
from edgerunner.domain.accounts import AccountSummary, Balance
from edgerunner.domain.errors import BrokerUnreachable, JournalUnavailable, NotConnected, NotFound
from edgerunner.domain.orders import Side
from edgerunner.domain.positions import Position, PositionKey, apply_fill
from edgerunner.services.account_service import AccountService
from edgerunner.services.market_service import MarketService
from edgerunner.storage.store import EquityPoint
from edgerunner.storage.values import Commit, Page
from tests.fakes.broker import FakeBroker, flat_position
from tests.fakes.clock import FakeClock
from tests.fakes.connections import FakeConnections, health
from tests.fakes.events import filled
from tests.fakes.instruments import INVERSE_ID, LINEAR_ID, SPOT_ID
from tests.waiting import until

CONNECTION = "sim"


class FakePositions:
    """The journal's positions, set by the test."""

    def __init__(self) -> None:
        self.held: list[Position] = []
        self._listeners: list[Callable[[Commit], None]] = []

    def positions(self, connection_id: str | None = None) -> list[Position]:
        named = {None, connection_id} if connection_id else None
        return [p for p in self.held if p.quantity and (named is None or p.key.connection_id in named)]

    async def all_positions(self) -> list[Position]:
        return self.held

    def add_listener(self, listener: Callable[[Commit], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def hold(self, *positions: Position) -> None:
        self.held = list(positions)
        for listener in list(self._listeners):
            listener(Commit(positions=positions))


class FakeEquity:
    """Equity points in a list."""

    def __init__(self) -> None:
        self.points: list[EquityPoint] = []
        self.failures: list[JournalUnavailable] = []

    async def append(self, *points: EquityPoint) -> None:
        if self.failures:
            raise self.failures.pop()
        self.points += points

    async def page(
        self, *, connection_id: str | None = None, account_id: str | None = None, limit: int, cursor: str | None = None
    ) -> Page[EquityPoint]:
        found = [p for p in self.points if connection_id in {None, p.connection_id}]
        return Page(items=found[::-1][:limit], next_cursor=cursor)


class Desk:
    """Accounts over one connection."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.broker = FakeBroker(clock=self.clock)
        self.connections = FakeConnections()
        self.session = self.connections.open(CONNECTION, self.broker)
        self.journal = FakePositions()
        self.equity = FakeEquity()
        self.markets = MarketService(connections=self.connections, clock=self.clock)
        self.accounts = AccountService(
            journal=self.journal,
            connections=self.connections,
            markets=self.markets,
            equity=self.equity,
            clock=self.clock,
            base_currency="USD",
        )

    def report_account(self, equity: str | None, *, currency: str = "USD", balances: tuple[Balance, ...] = ()) -> None:
        self.session.summaries["1"] = summary(equity, currency=currency, balances=balances, as_of=self.clock.now_ns())


@asynccontextmanager
async def running() -> AsyncIterator[Desk]:
    desk = Desk()
    await desk.markets.start()
    await desk.accounts.start()
    try:
        yield desk
    finally:
        await desk.accounts.stop()
        await desk.markets.stop()


async def eventually(condition: Callable[[], object], what: str) -> None:
    async def holds() -> object:
        return condition()

    await until(holds, timeout_s=5, what=what)


def summary(
    equity: str | None, *, currency: str = "USD", balances: tuple[Balance, ...] = (), as_of: int = 0
) -> AccountSummary:
    return AccountSummary(
        account_id="1",
        currency=currency,
        balance=Decimal(90),
        equity=None if equity is None else Decimal(equity),
        margin_initial=None,
        margin_maintenance=None,
        margin_available=None,
        unrealized_pnl=None,
        realized_pnl=None,
        balances=balances,
        as_of_ns=as_of,
    )


def valued(currency: str, total: str, value: str) -> Balance:
    return Balance(currency=currency, total=Decimal(total), available=None, locked=None, value=Decimal(value))


def held(
    quantity: str, price: str, *, instrument_id: str = LINEAR_ID, side: Side = Side.BUY, leg: str = "net"
) -> Position:
    key = PositionKey(connection_id=CONNECTION, account_id="1", instrument_id=instrument_id, leg=leg)
    fill = filled("T1", quantity, price, side=side, instrument_id=instrument_id, leg=leg)
    return apply_fill(None, key, fill, ts_ns=5, seq=1)[0]


async def test_a_position_is_marked_by_its_streamed_quote_while_it_is_open() -> None:
    async with running() as desk:
        desk.journal.hold(held("2", "100"))
        quotes = MarketSubscription(feed=Feed.QUOTES, instrument_id=LINEAR_ID)
        await eventually(lambda: quotes in desk.broker.subscribed, "quotes of the position")
        desk.broker.quote(LINEAR_ID, "110")
        await eventually(lambda: desk.accounts.positions()[0].mark_price, "a mark")
        view = desk.accounts.positions(CONNECTION)[0]
        assert (view.side, view.quantity, view.average_price) == ("long", Decimal(2), Decimal(100))
        assert (view.unrealized_pnl, view.currency, view.position_id) == (Decimal(20), "USDT", "net")
        desk.journal.hold(replace(held("2", "100"), quantity=Decimal(0)))
        await eventually(lambda: not desk.broker.subscribed, "no quotes without a position")


async def test_a_position_on_a_connection_that_comes_back_is_marked_again() -> None:
    async with running() as desk:
        desk.connections.close(CONNECTION)
        desk.journal.hold(held("2", "100"))
        assert desk.accounts.positions()[0].mark_price is None
        fresh = FakeBroker(clock=desk.clock)
        desk.connections.open(CONNECTION, fresh)
        await eventually(lambda: fresh.subscribed, "quotes at the new session")


async def test_a_position_is_completed_with_the_brokers_report() -> None:
    desk = Desk()
    desk.journal.held = [held("2", "100", side=Side.SELL)]
    desk.session.positions["1", LINEAR_ID, "net"] = replace(
        flat_position("1", LINEAR_ID),
        quantity=Decimal(-2),
        mark_price=Decimal(90),
        leverage=Decimal(10),
        stop_loss=Decimal(120),
        ts_event_ns=77,
    )
    view = desk.accounts.positions()[0]
    assert (view.side, view.quantity, view.unrealized_pnl) == ("short", Decimal(2), Decimal(20))
    assert (view.leverage, view.stop_loss, view.protection) == (Decimal(10), Decimal(120), "broker")
    assert view.as_of_ns == 77


async def test_without_a_mark_nothing_is_made_up() -> None:
    desk = Desk()
    desk.journal.held = [held("2", "100")]
    view = desk.accounts.positions()[0]
    assert (view.mark_price, view.unrealized_pnl, view.protection) == (None, None, "none")
    with pytest.raises(NotFound):
        desk.accounts.positions("none")


async def test_a_flat_position_and_a_named_leg_keep_their_sides() -> None:
    desk = Desk()
    short = held("2", "100", side=Side.SELL, leg="short")
    assert desk.accounts.position_view(short).side == "short"
    assert desk.accounts.position_view(replace(short, quantity=Decimal(0))).side == "flat"
    missing = desk.accounts.position_view(held("1", "100", side=Side.SELL, leg="long"))
    assert (missing.side, missing.quantity) == ("long", Decimal(-1))


async def test_the_summary_is_what_the_broker_said_last() -> None:
    desk = Desk()
    asked = await desk.accounts.summary()
    assert [view.summary.equity for view in asked] == [Decimal(100_000)]
    desk.report_account("123")
    views = await desk.accounts.summary(CONNECTION, "1")
    assert [(view.connection.connection_id, view.summary.equity) for view in views] == [(CONNECTION, Decimal(123))]
    assert desk.broker.queries["get_account_summary"] == 1
    with pytest.raises(NotFound):
        await desk.accounts.summary(account_id="2")
    desk.connections.close(CONNECTION)
    assert await desk.accounts.summary() == []
    with pytest.raises(NotConnected):
        await desk.accounts.summary(CONNECTION)


async def test_a_portfolio_in_the_accounts_own_currency_needs_no_rate() -> None:
    desk = Desk()
    desk.report_account("1000")
    portfolio = await desk.accounts.portfolio()
    assert (portfolio.currency, portfolio.equity, portfolio.missing_rates) == ("USD", Decimal(1000), ())
    worth = portfolio.accounts[0].converted
    assert (worth.amount, worth.rate, worth.source, worth.age_s) == (Decimal(1000), Decimal(1), None, None)
    assert (portfolio.unrealized_pnl, portfolio.realized_pnl) == (Decimal(0), Decimal(0))


async def test_a_stablecoin_is_not_taken_for_a_dollar() -> None:
    desk = Desk()
    desk.report_account("1000")
    desk.journal.held = [held("2", "100")]
    desk.broker.quote(LINEAR_ID, "110")
    portfolio = await desk.accounts.portfolio()
    assert portfolio.equity == 1000
    assert (portfolio.unrealized_pnl, portfolio.missing_rates) == (None, (("USDT", "USD"),))
    exposure = portfolio.exposure[0]
    assert (exposure.notional, exposure.currency, exposure.converted.amount) == (Decimal(220), "USDT", None)


async def test_the_brokers_own_valuation_of_a_coin_is_a_rate() -> None:
    desk = Desk()
    desk.report_account("1000", balances=(valued("USDT", "500", "499"),))
    desk.journal.held = [held("2", "100"), replace(held("1", "1"), quantity=Decimal(0), realized_pnl=Decimal(50))]
    desk.broker.quote(LINEAR_ID, "110")
    desk.clock.advance(3)
    portfolio = await desk.accounts.portfolio()
    assert portfolio.unrealized_pnl == 20 * Decimal("0.998")
    assert portfolio.realized_pnl == 50 * Decimal("0.998")
    worth = portfolio.exposure[0].converted
    assert (worth.rate, worth.source, worth.age_s) == (Decimal("0.998"), "sim wallet value", 3.0)
    assert worth.amount == 220 * Decimal("0.998")


async def test_converted_money_is_rounded_to_8_decimals_and_its_rate_to_12() -> None:
    desk = Desk()
    desk.report_account("1000", balances=(valued("USDT", "3", "1"),))
    desk.journal.held = [held("2", "100")]
    desk.broker.quote(LINEAR_ID, "110")
    worth = (await desk.accounts.portfolio()).exposure[0].converted
    assert (worth.amount, worth.rate) == (Decimal("73.33333333"), Decimal("0.333333333333"))


async def test_markets_of_the_connections_are_rates() -> None:
    desk = Desk()
    desk.report_account("2", currency="BTC")
    desk.broker.quote(SPOT_ID, "100000")
    portfolio = await desk.accounts.portfolio("USDT")
    assert portfolio.equity == 200_000
    assert portfolio.accounts[0].converted.source == f"{SPOT_ID} on sim"


async def test_a_missing_rate_makes_the_total_unknown_and_tells_the_rest() -> None:
    desk = Desk()
    desk.report_account("1000")
    other = FakeBroker(clock=desk.clock)
    desk.connections.open("other", other).summaries["1"] = summary("7", currency="JPY")
    portfolio = await desk.accounts.portfolio()
    assert (portfolio.equity, portfolio.equity_known) == (None, Decimal(1000))
    assert portfolio.missing_rates == (("JPY", "USD"),)


async def test_a_connection_that_cannot_tell_makes_the_total_unknown() -> None:
    desk = Desk()
    desk.report_account("1000")
    mute = FakeBroker(clock=desk.clock)
    mute.script("get_account_summary", BrokerUnreachable("no route"))
    desk.connections.open("mute", mute)
    desk.connections.sessions["gone"] = None
    portfolio = await desk.accounts.portfolio()
    assert (portfolio.equity, portfolio.equity_known) == (None, Decimal(1000))
    assert portfolio.missing_connections == ("mute", "gone")


async def test_a_position_of_unknown_cost_is_named_and_not_counted() -> None:
    desk = Desk()
    desk.report_account("1000", balances=(valued("USDT", "1", "1"),))
    unknown = replace(held("1", "100", instrument_id=SPOT_ID), entry_value=None)
    desk.journal.held = [unknown, held("1", "100")]
    desk.broker.quote(SPOT_ID, "120")
    desk.broker.quote(LINEAR_ID, "110")
    portfolio = await desk.accounts.portfolio()
    assert portfolio.unrealized_pnl == 10
    assert portfolio.unknown_costs == ((CONNECTION, "1", SPOT_ID),)
    assert [item.notional for item in portfolio.exposure] == [Decimal(120), Decimal(110)]


async def test_an_inverse_exposure_is_in_coins_with_its_sign() -> None:
    desk = Desk()
    desk.report_account("1000", balances=(valued("BTC", "1", "50000"),))
    desk.journal.held = [held("100", "50000", instrument_id=INVERSE_ID, side=Side.SELL)]
    desk.broker.quote(INVERSE_ID, "50000")
    exposure = (await desk.accounts.portfolio()).exposure[0]
    assert (exposure.notional, exposure.currency, exposure.converted.amount) == (
        Decimal("-0.002"),
        "BTC",
        Decimal(-100),
    )


async def test_the_newest_known_mark_serves_while_the_broker_is_away() -> None:
    desk = Desk()
    desk.report_account("1000", balances=(valued("USDT", "1", "1"),))
    desk.journal.held = [held("2", "100")]
    desk.session.positions["1", LINEAR_ID, "net"] = replace(
        flat_position("1", LINEAR_ID), quantity=Decimal(2), mark_price=Decimal(105)
    )
    desk.broker.script("get_ticker", BrokerUnreachable("no route"))
    assert (await desk.accounts.portfolio()).unrealized_pnl == 10


async def test_equity_is_sampled_of_ready_sessions_only() -> None:
    desk = Desk()
    desk.report_account("1000")
    assert await desk.accounts.sample() == 1
    desk.session.orders = health("orders", LinkStatus.DOWN)
    assert await desk.accounts.sample() == 0
    page = await desk.accounts.history(limit=10)
    assert page.items == [
        EquityPoint(
            connection_id=CONNECTION,
            account_id="1",
            currency="USD",
            equity=Decimal(1000),
            balance=Decimal(90),
            ts_ns=desk.clock.now_ns(),
        )
    ]


async def test_sampling_goes_on_after_a_full_disk() -> None:
    desk = Desk()
    desk.report_account("1000")
    desk.equity.failures = [JournalUnavailable("disk full")]
    await desk.accounts.start()
    try:
        await eventually(lambda: desk.equity.points, "a sample after the failed one")
    finally:
        await desk.accounts.stop()
