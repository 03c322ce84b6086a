"""Any session at a venue keeps its books straight, and a restart finds them as they were."""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgerunner.matching.words import SelfMatchRule
from edgerunner.simulators.venue_types import OrderState, VenueReject
from tests.unit.simulators.venues import LINEAR, SPOT, Bench

ACCOUNTS = ("sim", "other")
SYMBOLS = st.sampled_from([LINEAR, SPOT])
SIDES = st.sampled_from(["buy", "sell"])
ACTS = st.one_of(
    st.tuples(
        st.just("place"),
        st.sampled_from(ACCOUNTS),
        SYMBOLS,
        SIDES,
        st.integers(1, 400),
        st.one_of(st.none(), st.integers(-15, 15)),
        st.sampled_from(["gtc", "gtc", "ioc", "fok", "post_only"]),
        st.booleans(),
        st.sampled_from(list(SelfMatchRule)),
    ),
    st.tuples(st.just("amend"), st.integers(0, 9), st.integers(1, 400), st.integers(-15, 15)),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
    st.tuples(st.just("fill"), st.integers(0, 9), st.integers(1, 50)),
    st.tuples(st.just("move"), st.integers(-30, 30)),
    st.tuples(st.just("cash"), st.integers(-500, 500)),
    st.tuples(st.just("liquidate")),
    st.tuples(st.just("step"), st.integers(1, 5)),
)
SESSIONS = st.lists(ACTS, min_size=1, max_size=25)
QUICK = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def price_of(symbol: str, distance: int) -> Decimal:
    return 60_000 + Decimal(distance) * (Decimal("0.5") if symbol == LINEAR else Decimal("0.05"))


def act(bench: Bench, step: tuple[Any, ...]) -> None:
    venue = bench.venue
    live = [order for account in ACCOUNTS for order in venue.open_orders(account)]
    match step:
        case ("place", account, symbol, side, lots, distance, time_in_force, reduce_only, rule):
            price = None if distance is None else price_of(symbol, distance)
            time_in_force = "gtc" if price is None and time_in_force == "post_only" else time_in_force
            quantity = venue.instruments[symbol].quantity(lots * (1 if symbol == LINEAR else 1000))
            words = {"time_in_force": time_in_force, "reduce_only": reduce_only, "self_match": rule}
            bench.place(side, quantity, price, symbol=symbol, account=account, **words)
        case ("amend", index, lots, distance) if index < len(live):
            order = live[index]
            ticks = venue.instruments[order.symbol].to_ticks(price_of(order.symbol, distance))
            venue.amend(order.account_id, order.order_id, quantity_lots=lots, price_ticks=ticks)
        case ("cancel", index) if index < len(live):
            venue.cancel(live[index].account_id, live[index].order_id)
        case ("fill", index, lots) if index < len(live):
            venue.operator.fill(live[index], min(lots, live[index].leaves_lots))
        case ("move", distance):
            bench.pin(float(price_of(LINEAR, distance)))
        case ("cash", amount) if amount:
            venue.operator.move_cash("sim", "USDT", Decimal(amount))
        case ("liquidate",):
            venue.operator.liquidate("sim", LINEAR)
        case ("step", count):
            bench.steps(count, LINEAR)
            venue.step(SPOT)
        case _:
            return


def play(bench: Bench, session: list[tuple[Any, ...]]) -> None:
    for step in session:
        before = {account: bench.venue.position(account, LINEAR).side for account in ACCOUNTS}
        told = len(bench.events)
        try:
            act(bench, step)
        except VenueReject:
            assert len(bench.events) == told or step[0] in {"amend", "place"}
        check_books(bench)
        for account in ACCOUNTS:
            check_reduce_only(bench, step, account, before[account])


def check_books(bench: Bench) -> None:
    for symbol in (LINEAR, SPOT):
        bids, asks = bench.venue.depth(symbol, 20)
        assert bids[0][0] < asks[0][0]
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert all(lots > 0 for _, lots in bids + asks)


def check_reduce_only(bench: Bench, step: tuple[Any, ...], account: str, side_before: str) -> None:
    """A position that changes sides was turned by an order that may open."""
    side = bench.venue.position(account, LINEAR).side
    if step[:2] == ("place", account) and step[7] and {side, side_before} == {"buy", "sell"}:
        raise AssertionError(f"reduce-only turned the position from {side_before} to {side}")
    closable = {"buy": "sell", "sell": "buy"}.get(side)
    for order in bench.venue.open_orders(account):
        assert not order.reduce_only or order.side == closable


def check_money(bench: Bench) -> None:
    for account in ACCOUNTS:
        check_account(bench, account)


def check_account(bench: Bench, account: str) -> None:
    fills = bench.venue.fills(account)
    entries = bench.venue.cash_entries(account)
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        totals[entry.currency] += entry.amount
    assert {each.currency: each.total for each in bench.venue.balances(account)} == totals
    signed = Counter({"buy": 0, "sell": 0})
    for fill in fills:
        if fill.symbol == LINEAR:
            signed[fill.side] += fill.quantity_lots
    position = bench.venue.position(account, LINEAR)
    net = position.quantity_lots * (-1 if position.side == "sell" else 1)
    assert net == signed["buy"] - signed["sell"]
    assert sum(fill.realized_pnl for fill in fills) == position.cumulative_realized_pnl
    for order in bench.venue.closed_orders(account) + bench.venue.open_orders(account):
        own = [fill for fill in fills if fill.order_id == order.order_id]
        assert order.filled_lots == sum(fill.quantity_lots for fill in own)
        assert order.filled_value == sum(fill.value for fill in own)
        assert order.time_in_force != "fok" or order.filled_lots in {0, order.quantity_lots}
        assert (order.state == OrderState.FILLED) == (order.filled_lots == order.quantity_lots)
    spot_buys = [order for order in bench.venue.open_orders(account) if order.symbol == SPOT and order.side == "buy"]
    instrument = bench.venue.instruments[SPOT]
    locked = sum(instrument.value(order.price_ticks or 0, order.leaves_lots) for order in spot_buys)
    assert bench.venue.balances(account)[0].locked == locked


@contextmanager
def bench_on_disk() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(path=Path(folder) / "venue.sqlite")
        try:
            yield bench
        finally:
            bench.venue.close()


@QUICK
@given(SESSIONS)
def test_money_positions_and_books_stay_right_through_any_session(session: list[tuple[Any, ...]]) -> None:
    bench = Bench()
    play(bench, session)
    check_money(bench)
    bench.venue.close()


@QUICK
@given(SESSIONS, SESSIONS)
def test_a_restart_finds_the_state_it_left(before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]) -> None:
    with bench_on_disk() as bench:
        play(bench, before)
        venue = bench.venue
        seen = (venue.dump(), venue.balances("sim"), venue.closed_orders("sim"), venue.position("sim", LINEAR))
        bench.reopen()
        venue = bench.venue
        found = (venue.dump(), venue.balances("sim"), venue.closed_orders("sim"), venue.position("sim", LINEAR))
        assert found == seen
        play(bench, after)
        check_money(bench)
        numbers = sorted(fill.number for account in ACCOUNTS for fill in bench.venue.fills(account))
        assert numbers == list(range(1, len(numbers) + 1))
