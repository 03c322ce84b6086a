"""Whatever happens: exits only close, one of two fires, legs stay apart, money adds up, a restart changes nothing."""

import contextlib
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgerunner.simulators.venue_types import (
    ExitOrder,
    Exits,
    ExitScope,
    Leg,
    Trigger,
    TriggerRule,
    TriggerSource,
    VenueOrder,
    VenueReject,
)
from tests.unit.simulators.test_venue_properties import QUICK, bench_on_disk
from tests.unit.simulators.venues import INVERSE, LINEAR, Bench

DISTANCES = st.integers(-40, 40)
SCOPES = st.sampled_from(list(ExitScope))
SYMBOLS = st.sampled_from([LINEAR, INVERSE])
ACTS = st.one_of(
    st.tuples(
        st.just("place"),
        SYMBOLS,
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 300),
        st.one_of(st.none(), DISTANCES),
        st.one_of(st.none(), DISTANCES),
        st.one_of(st.none(), st.tuples(SCOPES, st.integers(1, 40), st.integers(1, 40))),
        st.booleans(),
    ),
    st.tuples(st.just("exits"), SYMBOLS, SCOPES, st.integers(1, 40), st.integers(1, 40), st.integers(1, 300)),
    st.tuples(st.just("trail"), SYMBOLS, st.integers(0, 40), st.one_of(st.none(), DISTANCES)),
    st.tuples(st.just("amend"), st.integers(0, 9), st.integers(1, 300), DISTANCES),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
    st.tuples(st.just("move"), st.sampled_from([-90, -60, -30, 0, 30, 60, 90])),
    st.tuples(st.just("move"), st.sampled_from([-90, -60, -30, 0, 30, 60, 90])),
    st.tuples(st.just("funding"), st.integers(-300, 300)),
    st.tuples(st.just("step"), st.integers(1, 3)),
)
SESSIONS = st.lists(ACTS, min_size=4, max_size=40)
THOROUGH = settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])


def ticks(distance: int) -> int:
    return 600_000 + distance * 10


def leg_of(bench: Bench, symbol: str, *, is_first: bool) -> Leg:
    legs = bench.venue.legs("sim", symbol)
    return legs[0] if is_first else legs[-1]


def act(bench: Bench, step: tuple[Any, ...]) -> None:
    venue = bench.venue
    live = venue.open_orders("sim")
    match step:
        case ("place", *_):
            place(bench, step)
        case ("exits", *_):
            set_exits(bench, step)
        case ("trail", symbol, distance, activation):
            start = None if activation is None else ticks(activation)
            for leg in venue.legs("sim", symbol):
                venue.set_exits("sim", symbol, leg, trailing_ticks=distance * 10, activation_ticks=start)
        case ("amend", index, lots, distance) if index < len(live):
            order = live[index]
            trigger_ticks = ticks(distance) if order.is_waiting else None
            venue.amend("sim", order.order_id, quantity_lots=lots, trigger_ticks=trigger_ticks)
        case ("cancel", index) if index < len(live):
            venue.cancel("sim", live[index].order_id)
        case _:
            let_happen(bench, step)


def let_happen(bench: Bench, step: tuple[Any, ...]) -> None:
    match step:
        case ("move", distance):
            bench.pin(ticks(distance) / 10)
        case ("funding", rate):
            for symbol in (LINEAR, INVERSE):
                bench.venue.operator.settle_funding(symbol, Decimal(rate) / 1_000_000)
        case ("step", count):
            for symbol in (LINEAR, INVERSE):
                bench.steps(count, symbol)


def place(bench: Bench, step: tuple[Any, ...]) -> None:
    _, symbol, side, lots, distance, trigger, exits, is_first = step
    words: dict[str, Any] = {"leg": leg_of(bench, symbol, is_first=is_first)}
    now = int(bench.venue.mark_price(symbol) * 10)
    if trigger:
        rule = TriggerRule.RISE if trigger > 0 else TriggerRule.FALL
        words["trigger"] = Trigger(price_ticks=now + trigger * 10, rule=rule, source=list(TriggerSource)[lots % 3])
    if exits is not None:
        scope, profit, loss = exits
        words["exits"] = bracket(scope, now, profit if side == "buy" else -profit, loss if side == "buy" else -loss)
    price = None if distance is None else Decimal(ticks(distance)) / 10
    bench.place(side, bench.venue.instruments[symbol].quantity(lots), price, symbol=symbol, **words)


def set_exits(bench: Bench, step: tuple[Any, ...]) -> None:
    _, symbol, scope, profit, loss, lots = step
    for leg in bench.venue.legs("sim", symbol):
        held = bench.venue.position("sim", symbol, leg)
        sign = 1 if held.side == "buy" else -1
        if held.quantity_lots:
            exits = bracket(scope, int(bench.venue.mark_price(symbol) * 10), sign * profit, sign * loss)
            bench.venue.set_exits(
                "sim",
                symbol,
                leg,
                scope=scope,
                take_profit=exits.take_profit,
                stop_loss=exits.stop_loss,
                quantity_lots=min(lots, held.quantity_lots),
            )


def bracket(scope: ExitScope, now: int, profit: int, loss: int) -> Exits:
    take_profit = ExitOrder(trigger_ticks=now + 10 * profit)
    return Exits(scope=scope, take_profit=take_profit, stop_loss=ExitOrder(trigger_ticks=now - 10 * loss))


def play(bench: Bench, session: list[tuple[Any, ...]]) -> None:
    for step in session:
        with contextlib.suppress(VenueReject):
            act(bench, step)
        check_exits(bench)


def check_exits(bench: Bench) -> None:
    orders = {order.order_id: order for order in bench.venue.open_orders("sim") + bench.venue.closed_orders("sim")}
    for fill in bench.venue.fills("sim"):
        order = orders.get(fill.order_id)
        if order is not None and (order.exit_kind is not None or order.reduce_only):
            assert fill.closed_lots == fill.quantity_lots
    fired = Counter(order.oco_id for order in orders.values() if order.oco_id is not None and order.filled_lots)
    assert all(count == 1 for count in fired.values())
    for order in bench.venue.open_orders("sim"):
        if order.is_waiting and order.exit_kind is not None:
            check_waiting_exit(bench, order)
    for symbol in (LINEAR, INVERSE):
        assert bench.venue.position("sim", symbol, Leg.LONG).side in {"buy", "none"}
        assert bench.venue.position("sim", symbol, Leg.SHORT).side in {"sell", "none"}


def check_waiting_exit(bench: Bench, order: VenueOrder) -> None:
    held = bench.venue.position("sim", order.symbol, order.leg)
    assert {held.side, order.side} == {"buy", "sell"}
    if order.exit_kind in {"take_profit", "stop_loss", "trailing_stop"}:
        assert order.close_on_trigger


def check_money(bench: Bench) -> None:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for entry in bench.venue.cash_entries("sim"):
        totals[entry.currency] += entry.amount
    assert {each.currency: each.total for each in bench.venue.balances("sim")} == totals
    for symbol in (LINEAR, INVERSE):
        for leg in bench.venue.legs("sim", symbol):
            own = [fill for fill in bench.venue.fills("sim") if (fill.symbol, fill.leg) == (symbol, leg)]
            trades = [fill for fill in own if fill.kind != "funding"]
            net = sum(fill.quantity_lots * (1 if fill.side == "buy" else -1) for fill in trades)
            position = bench.venue.position("sim", symbol, leg)
            assert position.quantity_lots * (-1 if position.side == "sell" else 1) == net
            assert position.cumulative_realized_pnl == sum(fill.realized_pnl for fill in trades)


def switch(bench: Bench, *, hedging: bool) -> None:
    if hedging:
        bench.venue.set_position_mode("sim", True, symbol=LINEAR)


@THOROUGH
@given(st.booleans(), SESSIONS)
def test_exits_only_close_and_legs_stay_apart(hedging: bool, session: list[tuple[Any, ...]]) -> None:
    bench = Bench()
    switch(bench, hedging=hedging)
    play(bench, session)
    check_money(bench)
    bench.venue.close()


@THOROUGH
@given(
    st.sampled_from(["buy", "sell"]),
    st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60), st.integers(1, 200)), min_size=1, max_size=6),
    st.lists(st.sampled_from([-70, -40, -20, 20, 40, 70]), min_size=2, max_size=8),
)
def test_pairs_of_exits_close_once_each_and_never_more_than_there_is(
    side: str, pairs: list[tuple[int, int, int]], moves: list[int]
) -> None:
    bench = Bench()
    bench.place(side, "0.3", symbol=LINEAR)
    for profit, loss, lots in pairs:
        set_exits(bench, ("exits", LINEAR, ExitScope.QUANTITY, profit, loss, lots))
    for distance in moves:
        bench.pin(ticks(distance) / 10)
        check_exits(bench)
    check_money(bench)
    bench.venue.close()


@QUICK
@given(st.booleans(), SESSIONS, SESSIONS)
def test_a_restart_finds_waiting_orders_exits_and_legs_as_they_were(
    hedging: bool, before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]
) -> None:
    with bench_on_disk() as bench:
        switch(bench, hedging=hedging)
        play(bench, before)
        seen = state_of(bench)
        bench.reopen()
        assert state_of(bench) == seen
        play(bench, after)
        check_money(bench)


def state_of(bench: Bench) -> tuple[object, ...]:
    venue = bench.venue
    positions = [
        venue.position("sim", symbol, leg) for symbol in (LINEAR, INVERSE) for leg in venue.legs("sim", symbol)
    ]
    return venue.dump(), venue.balances("sim"), venue.closed_orders("sim"), venue.open_orders("sim"), positions
