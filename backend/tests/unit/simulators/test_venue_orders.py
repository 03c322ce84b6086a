"""Orders at a simulated venue: what is accepted, refused, traded, and told."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from edgerunner.matching.words import SelfMatchRule
from edgerunner.simulators.faults import FaultMatch
from edgerunner.simulators.venue_types import (
    FillHappened,
    OrderChanged,
    OrderRequest,
    OrderState,
    RejectReason,
    VenueReject,
)
from tests.unit.simulators.venues import LINEAR, SPOT, Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


def refusal(call: Callable[[], object]) -> RejectReason:
    with pytest.raises(VenueReject) as caught:
        call()
    return caught.value.reason


def test_a_market_buy_fills_against_the_book_and_pays_the_taker_fee(bench: Bench) -> None:
    order = bench.place("buy", "0.5", client_key="k1")
    assert (order.state, order.filled_lots, order.live) == (OrderState.FILLED, 500, False)
    [fill] = bench.venue.fills("sim")
    assert fill.fee == fill.value * Decimal("0.00055")
    assert not fill.is_maker
    assert bench.total("USDT") == 100_000 - fill.fee
    [position] = bench.venue.positions("sim")
    assert (position.side, position.quantity_lots, position.entry_price) == ("buy", 500, fill.value / Decimal("0.5"))


def test_events_come_in_true_order_after_the_ledger_knows(bench: Bench) -> None:
    seen: list[str] = []
    bench.venue.add_listener(lambda event: seen.append(f"{type(event).__name__}:{len(bench.venue.fills('sim'))}"))
    bench.place("buy", "0.001")
    assert seen == ["FillHappened:1", "OrderChanged:1", "PositionChanged:1", "BalanceChanged:1", "TradePrinted:1"]


def test_events_caused_by_a_listener_come_after_those_it_listens_to(bench: Bench) -> None:
    names: list[tuple[str, str | None]] = []

    def cancel_on_arrival(event: object) -> None:
        if isinstance(event, OrderChanged):
            names.append((event.order.state, event.order.client_key))
            if event.order.live:
                bench.venue.cancel("sim", event.order.order_id)

    bench.venue.add_listener(cancel_on_arrival)
    late: list[object] = []
    bench.venue.add_listener(lambda event: late.append(getattr(getattr(event, "order", None), "state", None)))
    bench.place("buy", "0.001", 59_000, client_key="a")
    assert names == [("new", "a"), ("canceled", "a")]
    assert late == [OrderState.NEW, OrderState.CANCELED]


def test_a_resting_order_fills_as_maker_at_its_own_price_when_the_market_reaches_it(bench: Bench) -> None:
    order = bench.place("buy", "0.001", 59_990)
    bench.steps(5)
    assert bench.order(order).state == OrderState.NEW
    bench.pin(59_980)
    filled = bench.order(order)
    [fill] = bench.venue.fills("sim")
    assert (filled.state, fill.price_ticks, fill.is_maker) == (OrderState.FILLED, 599_900, True)
    assert fill.fee == fill.value * Decimal("0.0002")


def test_a_large_resting_order_fills_in_parts_as_far_as_the_size_goes(bench: Bench) -> None:
    bench.venue.operator.move_cash("sim", "USDT", Decimal(100_000_000))
    order = bench.place("buy", 400, 59_999)
    bench.pin(59_998.5)
    first = bench.order(order)
    assert first.state == OrderState.PARTIALLY_FILLED
    assert 0 < first.filled_lots < 400_000
    bids, asks = bench.venue.depth(LINEAR, 5)
    assert bids[0][0] < asks[0][0]
    assert (599_990, first.leaves_lots) == bids[0]
    bench.steps(3)
    assert bench.order(order).filled_lots > first.filled_lots


def test_what_a_taker_takes_is_gone_until_the_next_step(bench: Bench) -> None:
    asks = bench.venue.depth(LINEAR, 3)[1]
    bench.place("buy", bench.venue.instruments[LINEAR].quantity(asks[0][1]))
    assert bench.venue.depth(LINEAR, 2)[1] == asks[1:3]


def test_two_clients_orders_meet_inside_the_spread_of_the_generated_book(bench: Bench) -> None:
    bench.pin(60_000)
    price = bench.venue.depth(SPOT, 1)[0][0][0] / 100
    bench.place("buy", "0.1", price, symbol=SPOT)
    taken = bench.place("sell", "0.02", price, symbol=SPOT)
    fills = [event.fill for event in bench.events if isinstance(event, FillHappened)]
    assert taken.state == OrderState.FILLED
    assert [fill.is_maker for fill in fills] == [False, True]


@pytest.mark.parametrize(
    ("rule", "state", "reason"),
    [
        (SelfMatchRule.CANCEL_TAKER, OrderState.CANCELED, "self_match"),
        (SelfMatchRule.CANCEL_MAKER, OrderState.FILLED, None),
    ],
)
def test_self_match_rules_apply_when_asked_for(
    bench: Bench, rule: SelfMatchRule, state: OrderState, reason: str | None
) -> None:
    bid = bench.venue.depth(LINEAR, 1)[0][0][0]
    mine = bench.place("buy", "0.01", bid / 10)
    taker = bench.place("sell", "0.01", bid / 10, self_match=rule)
    assert (taker.state, taker.cancel_reason) == (state, reason)
    assert bench.order(mine).live == (rule is SelfMatchRule.CANCEL_TAKER)


@pytest.mark.parametrize(
    ("time_in_force", "state", "reason", "filled"),
    [
        ("ioc", OrderState.CANCELED, "ioc", True),
        ("fok", OrderState.CANCELED, "fok", False),
        ("post_only", OrderState.CANCELED, "post_only", False),
        ("gtc", OrderState.PARTIALLY_FILLED, None, True),
    ],
)
def test_each_time_in_force_ends_a_crossing_order_its_own_way(
    bench: Bench, time_in_force: Any, state: OrderState, reason: str | None, filled: bool
) -> None:
    bench.venue.operator.move_cash("sim", "USDT", Decimal(100_000_000))
    ask = bench.venue.depth(LINEAR, 1)[1][0][0]
    order = bench.place("buy", 100, ask / 10, time_in_force=time_in_force)
    assert (order.state, order.cancel_reason, order.filled_lots > 0) == (state, reason, filled)


def test_a_market_order_stops_at_the_end_of_the_book(bench: Bench) -> None:
    bench.venue.operator.move_cash("sim", "USDT", Decimal(1_000_000_000))
    orders = [bench.place("buy", 500) for _ in range(3)]
    assert (orders[-1].state, orders[-1].cancel_reason) == (OrderState.CANCELED, "no_liquidity")


def test_a_spot_buy_pays_its_fee_in_coins_and_a_sell_in_quote(bench: Bench) -> None:
    bench.place("buy", "0.01", symbol=SPOT)
    buy = bench.venue.fills("sim")[0]
    assert (buy.fee_currency, buy.fee) == ("BTC", Decimal("0.00001"))
    assert bench.total("BTC") == Decimal("1.00999")
    assert bench.total("USDT") == 100_000 - buy.value
    bench.place("sell", "0.01", symbol=SPOT)
    sell = bench.venue.fills("sim")[0]
    assert (sell.fee_currency, sell.fee) == ("USDT", sell.value / 1000)


def test_a_buy_by_amount_spends_no_more_than_it_says(bench: Bench) -> None:
    order = bench.venue.place(
        OrderRequest(
            account_id="sim", symbol=SPOT, side="buy", order_type="market", quote_amount=Decimal("1000.000001")
        )
    )
    assert (order.state, order.cancel_reason) == (OrderState.CANCELED, "quote_dust")
    assert order.quantity_lots == order.filled_lots > 0
    assert 0 < 1000 - order.filled_value < 1


def test_open_spot_orders_lock_money_and_cancel_frees_it(bench: Bench) -> None:
    buy = bench.place("buy", "0.5", 50_000 + 5_000, symbol=SPOT)
    bench.place("sell", "0.25", 65_000, symbol=SPOT)
    locked = {each.currency: each.locked for each in bench.venue.balances("sim")}
    assert locked == {"USDT": Decimal(27_500), "BTC": Decimal("0.25")}
    bench.venue.amend("sim", buy.order_id, quantity_lots=250_000)
    assert bench.venue.balances("sim")[0].locked == 13_750
    bench.venue.cancel_all("sim")
    assert [each.locked for each in bench.venue.balances("sim")] == [0, 0]


REFUSALS: list[tuple[str, dict[str, Any], RejectReason]] = [
    ("unknown symbol", {"symbol": "linear:XUSDT"}, RejectReason.UNKNOWN_SYMBOL),
    ("unknown account", {"account_id": "nobody"}, RejectReason.UNKNOWN_ACCOUNT),
    ("no quantity", {"quantity_lots": 0}, RejectReason.INVALID_QUANTITY),
    ("negative quantity", {"quantity_lots": -5}, RejectReason.INVALID_QUANTITY),
    ("above the maximum", {"quantity_lots": 1_190_001}, RejectReason.QUANTITY_ABOVE_MAXIMUM),
    ("no price", {"price_ticks": None}, RejectReason.INVALID_PRICE),
    ("price of zero", {"price_ticks": 0}, RejectReason.INVALID_PRICE),
    ("price above the range", {"price_ticks": 10**8, "side": "sell"}, RejectReason.PRICE_OUT_OF_RANGE),
    ("too far through the mark", {"price_ticks": 700_000}, RejectReason.PRICE_OUT_OF_RANGE),
    ("worth too little", {"price_ticks": 40_000, "quantity_lots": 1}, RejectReason.NOTIONAL_BELOW_MINIMUM),
    ("more than the money", {"quantity_lots": 20_000}, RejectReason.INSUFFICIENT_FUNDS),
    ("nothing to reduce", {"reduce_only": True}, RejectReason.REDUCE_ONLY_REJECTED),
    (
        "market above its maximum",
        {"order_type": "market", "price_ticks": None, "quantity_lots": 500_001},
        RejectReason.QUANTITY_ABOVE_MAXIMUM,
    ),
    ("amount to spend on a perpetual", {"quote_amount": Decimal(5)}, RejectReason.INVALID_QUANTITY),
    ("spot without money", {"symbol": SPOT, "quantity_lots": 2_000_000}, RejectReason.PRICE_OUT_OF_RANGE),
]


@pytest.mark.parametrize(("change", "reason"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_a_refused_order_says_why_and_changes_nothing(
    bench: Bench, change: dict[str, Any], reason: RejectReason
) -> None:
    usual: dict[str, Any] = {
        "account_id": "sim",
        "symbol": LINEAR,
        "side": "buy",
        "order_type": "limit",
        "quantity_lots": 10,
        "price_ticks": 590_000,
        "client_key": "once",
    }
    if change.get("symbol") == SPOT:
        change = {**change, "price_ticks": 7_000_000}
    before, told = bench.venue.balances("sim"), len(bench.events)
    assert refusal(lambda: bench.venue.place(OrderRequest(**(usual | change)))) == reason
    assert bench.venue.balances("sim") == before
    assert bench.venue.open_orders("sim") == []
    assert len(bench.events) == told


def test_steps_are_checked_when_numbers_become_ticks_and_lots(bench: Bench) -> None:
    instrument = bench.venue.instruments[LINEAR]
    assert refusal(lambda: instrument.to_ticks(Decimal("60000.05"))) == RejectReason.PRICE_OFF_TICK
    assert refusal(lambda: instrument.to_ticks(Decimal("NaN"))) == RejectReason.INVALID_PRICE
    assert refusal(lambda: instrument.to_lots(Decimal("0.0005"))) == RejectReason.QUANTITY_OFF_STEP
    assert refusal(lambda: instrument.to_lots(Decimal(-1))) == RejectReason.INVALID_QUANTITY


def test_a_client_key_is_good_for_one_order_and_every_placement_counts(bench: Bench) -> None:
    bench.place("buy", "0.001", 59_000, client_key="k")
    assert refusal(lambda: bench.place("buy", "0.001", 59_000, client_key="k")) == RejectReason.DUPLICATE_CLIENT_KEY
    assert refusal(lambda: bench.place("buy", "1000", 59_000, client_key="bad")) == RejectReason.INSUFFICIENT_FUNDS
    bench.venue.count_refused_placement("sim", "bad", LINEAR, "rate_limit")
    dump: Any = bench.venue.dump()
    assert [(row["client_key"], row["placements"]) for row in dump["orders"]] == [("k", 2)]
    assert dump["refused"] == [{"client_key": "bad", "symbol": LINEAR, "reason": "rate_limit", "placements": 2}]


def test_no_more_orders_than_the_limit_may_be_open(bench: Bench) -> None:
    for _ in range(500):
        bench.place("buy", "0.001", 59_000)
    assert refusal(lambda: bench.place("buy", "0.001", 59_000)) == RejectReason.TOO_MANY_ORDERS
    assert bench.place("sell", "0.001").state == OrderState.FILLED


def test_a_halt_refuses_orders_and_lets_cancels_through(bench: Bench) -> None:
    order = bench.place("buy", "0.001", 59_990)
    bench.venue.operator.set_halt(LINEAR, halted=True)
    bench.pin(59_000)
    bench.steps(3)
    assert refusal(lambda: bench.place("buy", "0.001")) == RejectReason.HALTED
    assert bench.venue.cancel("sim", order.order_id).cancel_reason == "user"
    bench.venue.operator.set_halt(LINEAR, halted=False)
    assert bench.venue.mark_price(LINEAR) == 59_000
    assert bench.place("buy", "0.001").state == OrderState.FILLED


def test_amending_moves_price_and_total_and_refuses_what_makes_no_sense(bench: Bench) -> None:
    order = bench.place("buy", "0.01", 59_000)
    amended = bench.venue.amend("sim", order.order_id, quantity_lots=20, price_ticks=591_000)
    assert (amended.quantity_lots, amended.price_ticks, amended.state) == (20, 591_000, OrderState.NEW)
    assert refusal(lambda: bench.venue.amend("sim", order.order_id)) == RejectReason.NOT_MODIFIED
    bench.venue.operator.fill(amended, 15)
    too_low = refusal(lambda: bench.venue.amend("sim", order.order_id, quantity_lots=15))
    assert too_low == RejectReason.QUANTITY_NOT_ABOVE_FILLED
    ask = bench.venue.depth(LINEAR, 1)[1][0][0]
    crossed = bench.venue.amend("sim", order.order_id, price_ticks=ask)
    assert crossed.state == OrderState.FILLED
    assert refusal(lambda: bench.venue.cancel("sim", order.order_id)) == RejectReason.ORDER_CLOSED
    assert refusal(lambda: bench.venue.cancel("sim", "no-such-id")) == RejectReason.UNKNOWN_ORDER


def test_reduce_only_orders_close_and_vanish_with_the_position(bench: Bench) -> None:
    bench.place("buy", "0.5")
    exit_order = bench.place("sell", "0.5", 61_000, reduce_only=True)
    too_much = refusal(lambda: bench.place("sell", "0.501", reduce_only=True))
    assert too_much == RejectReason.REDUCE_ONLY_REJECTED
    bench.place("sell", "0.5", reduce_only=True)
    assert bench.order(exit_order).cancel_reason == "reduce_only"
    assert bench.venue.positions("sim") == []


def test_reduce_only_makers_trade_no_more_than_the_position(bench: Bench) -> None:
    bench.place("buy", "0.5")
    ask = bench.venue.depth(LINEAR, 1)[1][0][0] / 10
    exits = [bench.place("sell", "0.5", ask, reduce_only=True) for _ in range(2)]
    bench.place("buy", "0.8", ask, account="other", time_in_force="ioc")
    assert [bench.order(order).filled_lots for order in exits] == [500, 0]
    assert bench.order(exits[1]).cancel_reason == "reduce_only"
    assert bench.venue.positions("sim") == []


def test_reduce_only_orders_that_the_market_reaches_trade_no_more_than_the_position(bench: Bench) -> None:
    bench.place("sell", "0.5")
    exits = [bench.place("buy", "0.4", price, reduce_only=True) for price in (59_990, 59_991)]
    bench.pin(59_000)
    assert [bench.order(order).filled_lots for order in exits] == [100, 400]
    assert bench.order(exits[0]).cancel_reason == "reduce_only"
    assert bench.venue.positions("sim") == []


def test_leverage_decides_how_much_can_be_opened(bench: Bench) -> None:
    assert refusal(lambda: bench.place("buy", 20, 59_999)) == RejectReason.INSUFFICIENT_FUNDS
    bench.venue.set_leverage("sim", LINEAR, Decimal(20))
    order = bench.place("buy", 20, 59_000)
    assert bench.venue.summary("sim", "USDT").order_margin == 59_000
    assert refusal(lambda: bench.venue.set_leverage("sim", LINEAR, Decimal(20))) == RejectReason.NOT_MODIFIED
    assert refusal(lambda: bench.venue.set_leverage("sim", LINEAR, Decimal(5))) == RejectReason.INSUFFICIENT_FUNDS
    assert refusal(lambda: bench.venue.set_leverage("sim", LINEAR, Decimal(101))) == RejectReason.INVALID_LEVERAGE
    assert bench.order(order).live


def test_a_liquidation_cancels_orders_and_closes_by_an_order_of_the_broker(bench: Bench) -> None:
    bench.place("sell", "0.5")
    resting = bench.place("buy", "0.1", 59_000)
    order = bench.venue.operator.liquidate("sim", LINEAR)
    assert (order.origin, order.side, order.state) == ("liquidation", "buy", OrderState.FILLED)
    assert bench.order(resting).cancel_reason == "liquidation"
    assert bench.venue.fills("sim")[0].kind == "liquidation"
    assert bench.venue.positions("sim") == []


def test_the_partial_fill_fault_leaves_the_rest_to_the_operator(bench: Bench) -> None:
    bench.faults.add("bybit", "partial_fill", match=FaultMatch(client_key="p"), params={"fraction": "0.3"})
    assert bench.place("buy", "0.1").state == OrderState.FILLED
    order = bench.place("buy", "0.1", 60_010, client_key="p")
    bench.steps(3)
    assert (bench.order(order).state, bench.order(order).filled_lots) == (OrderState.PARTIALLY_FILLED, 30)
    done = bench.venue.operator.fill(bench.order(order))
    assert (done.state, done.filled_lots) == (OrderState.FILLED, 100)


def test_history_pages_newest_first_and_the_recent_view_can_be_forgotten(bench: Bench) -> None:
    from edgerunner.simulators.venue_types import HistoryQuery

    for number in range(7):
        order = bench.place("buy", "0.001", 59_000, client_key=f"k{number}")
        bench.wall.pass_steps()
        if number != 3:
            bench.venue.cancel("sim", order.order_id)
    first = bench.venue.order_history(HistoryQuery(account_id="sim", limit=4))
    second = bench.venue.order_history(HistoryQuery(account_id="sim", limit=4, before=first[-1].number))
    assert [order.client_key for order in first + second] == [f"k{number}" for number in range(6, -1, -1)]
    since = bench.venue.order_history(HistoryQuery(account_id="sim", start_ns=first[1].created_ns))
    assert [order.client_key for order in since] == ["k6", "k5"]
    bench.venue.forget_history()
    assert bench.venue.closed_orders("sim") == []
    assert bench.venue.find_order("sim", client_key="k1") is None
    assert bench.venue.find_order("sim", client_key="k3") is not None
    assert bench.venue.order_history(HistoryQuery(account_id="sim", client_key="k1"))[0].state == OrderState.CANCELED


def test_the_ledger_as_json_says_what_the_dump_says(bench: Bench) -> None:
    bench.place("buy", "0.5", client_key="a")
    refusal(lambda: bench.place("buy", 1_000, 59_000, client_key="b"))
    assert json.loads(bench.venue.snapshot().to_json()) == bench.venue.dump()
