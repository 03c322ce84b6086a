"""Money and positions of the simulated Interactive Brokers, against bookkeeping of its own (``books.py``)."""

import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from edgerunner.simulators.catalogue_ibkr import PAPER_ACCOUNT, ibkr_catalogue
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.tws.account.figures import average_cost, told_profit
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_state import VenueSettings
from edgerunner.simulators.venue_types import (
    FillHappened,
    OrderRequest,
    RejectReason,
    VenueEvent,
    VenueFill,
    VenueOrder,
    VenueReject,
)
from tests.unit.simulators.tws.books import TERMS, Books

MONDAY_NS = int(datetime(2026, 11, 23, 15, 30, tzinfo=UTC).timestamp()) * 10**9
HOUR_NS = 3600 * 10**9
TRADES = 5_000
TINY = Decimal("1e-9")
"""The product rounds shares of a cost to 18 decimals, the books do not round."""


@dataclass
class Bench:
    """A venue with a wall clock in a test's hands."""

    path: Path | None = None
    now_ns: int = MONDAY_NS
    fills: list[VenueFill] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = VenueSettings(ledger_path=self.path, wall=lambda: self.now_ns, seed=5)
        self.venue = Venue(ibkr_catalogue(), FaultBox(["ibkr"]), settings)
        self.venue.add_listener(self._note)

    def _note(self, event: VenueEvent) -> None:
        if isinstance(event, FillHappened):
            self.fills.append(event.fill)

    def symbol(self, name: str) -> str:
        [instrument] = self.venue.operator.instruments_named(name)
        return instrument.symbol

    def trade(self, name: str, side: Any, quantity: int) -> VenueOrder:
        symbol = self.symbol(name)
        request = OrderRequest(
            account_id=PAPER_ACCOUNT,
            symbol=symbol,
            side=side,
            order_type="market",
            time_in_force="ioc",
            quantity_lots=quantity,
        )
        return self.venue.place(request)

    def pin(self, name: str, price: str) -> None:
        self.venue.operator.set_price(self.symbol(name), Decimal(price))

    def cash(self, currency: str) -> Decimal:
        totals = {each.currency: each.total for each in self.venue.balances(PAPER_ACCOUNT)}
        return totals.get(currency, Decimal(0))


@contextmanager
def bench(path: Path | None = None, now_ns: int = MONDAY_NS) -> Iterator[Bench]:
    made = Bench(path, now_ns)
    yield made
    made.venue.close()


def book(books: Books, venue: Venue, fill: VenueFill) -> tuple[str, Decimal]:
    instrument = venue.instrument(fill.symbol)
    quantity, price = instrument.quantity(fill.quantity_lots), instrument.price(fill.price_ticks)
    return books.fill(fill.order_id, instrument.name, fill.side, quantity, price)


def assert_equal(venue: Venue, books: Books) -> None:
    """Compare balances exactly, and positions with their costs, with the independent books."""
    cash = {each.currency: each.total for each in venue.balances(PAPER_ACCOUNT)}
    for currency in cash.keys() | books.cash.keys():
        assert abs(cash.get(currency, Decimal(0)) - books.cash.get(currency, Decimal(0))) < TINY, currency
    for name, held in books.held.items():
        [instrument] = venue.operator.instruments_named(name)
        position = venue.position(PAPER_ACCOUNT, instrument.symbol)
        quantity = instrument.quantity(position.quantity_lots) * (-1 if position.side == "sell" else 1)
        assert quantity == held.quantity, name
        assert abs((position.entry_price or Decimal(0)) - held.price) < TINY, name
        assert abs(average_cost(instrument, position) - held.cost) < TINY, name


def test_5000_random_trades_equal_an_independent_computation(tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    print("seed", seed)  # noqa: T201 - shown when the test fails
    draw, books, realized = random.Random(seed), Books(), dict.fromkeys(TERMS, Decimal(0))
    sizes = {"stock": 400, "london": 20_000, "currency": 300_000, "future": 3, "option": 30}
    path = tmp_path / "ibkr.sqlite"
    with bench(path) as made:
        while len(made.fills) < TRADES:
            name = draw.choice(list(TERMS))
            try:
                made.trade(name, draw.choice(("buy", "sell")), draw.randint(1, sizes[TERMS[name].kind]))
            except VenueReject as reject:
                if reject.reason is not RejectReason.INSUFFICIENT_FUNDS:
                    raise
            made.now_ns += draw.randrange(4) * 10**8
        for fill in made.fills:
            instrument = made.venue.instrument(fill.symbol)
            currency, fee = book(books, made.venue, fill)
            assert (fill.fee_currency, fill.fee) == (currency, fee), fill
            profit = told_profit(instrument, fill)
            if instrument.exchanges_money:
                profit = fill.realized_pnl
            realized[instrument.name] += profit or 0
        assert_equal(made.venue, books)
        now_ns, dump = made.now_ns, made.venue.dump()
    for name, amount in realized.items():
        assert abs(amount - books.held[name].realized) < TINY, name
    with bench(path, now_ns) as again:
        assert again.venue.dump() == dump
        assert_equal(again.venue, books)


def test_a_partial_fill_pays_the_minimum_commission_once() -> None:
    with bench() as made:
        made.trade("AAPL", "buy", 3_000)
        fees = [fill.fee for fill in made.fills]
        assert len(fees) > 1
        assert sum(fees) == Decimal(15)
        made.fills.clear()
        made.trade("MSFT", "buy", 10)
        assert [fill.fee for fill in made.fills] == [Decimal(1)]


def test_the_commission_of_a_cheap_trade_is_one_percent_of_its_value() -> None:
    with bench() as made:
        made.pin("AAPL", "0.50")
        made.trade("AAPL", "buy", 20)
        [fill] = made.fills
        assert fill.fee == fill.value / 100 < 1


def test_a_future_costs_its_multiple_and_commission_as_recorded() -> None:
    with bench() as made:
        made.pin("ES-202612", "6302.25")
        made.trade("ES-202612", "buy", 1)
        symbol = made.symbol("ES-202612")
        position, instrument = made.venue.position(PAPER_ACCOUNT, symbol), made.venue.instrument(symbol)
        price = instrument.price(made.fills[0].price_ticks)
        assert average_cost(instrument, position) == price * 50 + Decimal("2.25")
        assert made.cash("USD") == 1_000_000 - Decimal("2.25")


def test_futures_pay_their_profit_every_afternoon_in_chicago_and_the_rest_when_they_are_closed() -> None:
    with bench() as made:
        made.pin("ES-202612", "6000")
        made.trade("ES-202612", "buy", 2)
        bought = made.fills[0].price_ticks
        made.pin("ES-202612", "6010")
        made.now_ns += 8 * HOUR_NS
        made.venue.quote(made.symbol("ES-202612"))
        [paid] = [entry for entry in made.venue.cash_entries(PAPER_ACCOUNT) if entry.kind == "variation"]
        instrument = made.venue.instrument(made.symbol("ES-202612"))
        gained = (Decimal(6010) - instrument.price(bought)) * 100
        assert paid.amount == gained
        made.pin("ES-202612", "6004")
        made.trade("ES-202612", "sell", 1)
        made.trade("ES-202612", "sell", 1)
        sold = instrument.price(made.fills[-1].price_ticks)
        profit = (sold - instrument.price(bought)) * 100
        assert [fill.realized_pnl for fill in made.fills[-2:]] == [profit / 2] * 2
        assert made.cash("USD") == 1_000_000 + profit - 9


def test_an_exchange_moves_both_currencies_and_counts_as_a_position() -> None:
    with bench() as made:
        made.trade("EUR/USD", "buy", 50_000)
        [fill] = made.fills
        assert made.cash("EUR") == 50_000
        assert made.cash("USD") == 1_000_000 - fill.value - 2
        [position] = made.venue.positions(PAPER_ACCOUNT)
        assert (position.side, position.quantity_lots) == ("buy", 50_000)


def test_pence_are_paid_in_pounds() -> None:
    with bench() as made:
        made.pin("VOD@LSE-GBP", "88.00")
        made.trade("VOD@LSE-GBP", "buy", 50)
        [fill] = made.fills
        price = made.venue.instrument(fill.symbol).price(fill.price_ticks)
        assert made.cash("GBP") == -(price * 50 / 100) - 3
        assert made.cash("USD") == 1_000_000


def test_an_option_in_the_money_is_settled_in_cash_when_it_ends() -> None:
    with bench() as made:
        made.trade("SPY-20261218-C-600", "buy", 3)
        made.trade("SPY-20261218-P-500", "buy", 3)
        made.now_ns += 26 * 24 * HOUR_NS
        made.venue.quote(made.symbol("SPY-20261218-C-600"))
        assert not made.venue.positions(PAPER_ACCOUNT)
        ends = [fill for fill in made.fills if fill.kind == "delivery"]
        assert [fill.fee for fill in ends] == [0, 0]
        call, put = sorted(ends, key=lambda fill: fill.symbol)
        assert call.price_ticks > 0
        assert put.price_ticks == 0


def test_an_order_beyond_the_margin_is_refused() -> None:
    with bench() as made:
        with pytest.raises(VenueReject, match="insufficient_funds"):
            made.trade("ES-202612", "buy", 60)
        with pytest.raises(VenueReject, match="insufficient_funds"):
            made.trade("SPY", "sell", 4_000)
        assert not made.fills


def test_a_short_stock_brings_cash_and_counts_against_the_account() -> None:
    with bench() as made:
        made.trade("SPY", "sell", 1_000)
        sold = sum(fill.value for fill in made.fills)
        value = made.venue.value(PAPER_ACCOUNT)
        assert made.cash("USD") == 1_000_000 + sold - 5
        [row] = value.rows
        assert row.stock_value == -made.venue.lot_mark(made.symbol("SPY")) * 1_000
        assert value.initial_margin == -row.stock_value / 2
        assert value.maintenance_margin == -row.stock_value / 4


def test_contracts_that_are_asked_for_are_listed_and_found_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "ibkr.sqlite"
    with bench(path) as made:
        assert "FUT:MES-202703" not in made.venue.instruments
        made.trade("MES-202703", "buy", 1)
        made.pin("SPY-20261218-P-500", "2.5")
        made.venue.operator.open_account("U1000001")
        dump = made.venue.dump()
    with bench(path) as again:
        assert again.venue.dump() == dump
        assert again.venue.mark_price("OPT:SPY-20261218-P-500") == Decimal("2.5")
        assert again.venue.accounts == [PAPER_ACCOUNT, "U1000001"]


@pytest.mark.parametrize("name", ["ES-202611", "NQ-202612", "SPY-20261217-C-600", "SPY-20261218-C-601", "TSLA", "FUT:"])
def test_what_no_exchange_lists_is_unknown(name: str) -> None:
    with bench() as made:
        assert made.venue.operator.instruments_named(name) == []


def test_an_account_that_falls_to_its_maintenance_margin_is_liquidated() -> None:
    with bench() as made:
        made.pin("ES-202612", "6000")
        made.trade("ES-202612", "buy", 40)
        made.trade("AAPL", "buy", 10)
        made.pin("ES-202612", "5950")
        assert len(made.venue.positions(PAPER_ACCOUNT)) == 2
        made.pin("ES-202612", "5900")
        assert [fill.kind for fill in made.fills if fill.kind != "trade"] == ["liquidation"]
        assert made.venue.positions(PAPER_ACCOUNT)[0].symbol == "STK:AAPL"


def test_money_is_only_taken_in_currencies_that_are_priced() -> None:
    with bench() as made:
        assert made.venue.operator.move_cash(PAPER_ACCOUNT, "GBP", Decimal(500)) == 500
        with pytest.raises(VenueReject, match="no pair that prices CHF"):
            made.venue.operator.move_cash(PAPER_ACCOUNT, "CHF", Decimal(500))
