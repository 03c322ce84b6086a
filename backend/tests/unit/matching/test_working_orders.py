"""Our orders against an observed market: when they fill, at what price, and when they do not."""

from dataclasses import replace

import pytest

from edgerunner.matching.quote_fill import Assumptions
from edgerunner.matching.words import Side
from edgerunner.matching.working_order import (
    Added,
    Canceled,
    Changed,
    Exits,
    Expired,
    Filled,
    OrderEvent,
    Triggered,
    WorkingOrder,
    stop_trigger,
    touch_trigger,
)
from edgerunner.matching.working_orders import WorkingOrders

BIDS, ASKS = ((99, 10), (98, 20)), ((101, 10), (102, 20))


def market(**changes: object) -> WorkingOrders:
    """A book of 10 at 99 / 101 and 20 behind, last trade 100."""
    working = WorkingOrders(**changes)  # type: ignore[arg-type]
    working.on_depth(BIDS, ASKS, 0)
    working.on_price("last", 100, 0)
    return working


def order(side: Side = "buy", lots: int = 5, order_id: str = "A", **changes: object) -> WorkingOrder:
    return replace(WorkingOrder(order_id=order_id, side=side, lots=lots), **changes)  # type: ignore[arg-type]


def fills(events: list[OrderEvent]) -> list[tuple[str, int, int, bool]]:
    return [(e.order.order_id, e.price, e.lots, e.is_maker) for e in events if isinstance(e, Filled)]


def kinds(events: list[OrderEvent]) -> list[type[OrderEvent]]:
    return [type(event) for event in events]


def reasons(events: list[OrderEvent]) -> list[str]:
    return [event.reason for event in events if isinstance(event, Canceled)]


def test_market_order_walks_the_book_and_then_assumed_levels() -> None:
    events = market().add(order(lots=45), 0)
    assert fills(events) == [("A", 101, 10, False), ("A", 102, 20, False), ("A", 103, 15, False)]
    assert kinds(events)[0] is Added


def test_market_order_beyond_every_level_is_canceled_with_what_it_got() -> None:
    working = market(assumptions=Assumptions(beyond_levels=0))
    events = working.add(order(lots=45), 0)
    assert sum(lots for _, _, lots, _ in fills(events)) == 30
    assert reasons(events) == ["no_liquidity"]
    assert working.orders == ()


def test_two_orders_do_not_take_the_same_lots_of_one_snapshot() -> None:
    working = market()
    first = fills(working.add(order(lots=10, limit=101), 0))
    second = fills(working.add(order(lots=10, order_id="B", limit=101), 0))
    assert (first, second) == ([("A", 101, 10, False)], [])
    working.on_depth(BIDS, ASKS, 1)
    assert working.get("B") is not None
    assert fills(working.on_depth(BIDS, ((101, 14), (102, 20)), 2)) == [("B", 101, 4, True)]


def test_resting_order_fills_at_its_own_price_when_the_opposite_quote_reaches_it() -> None:
    working = market()
    assert fills(working.add(order(limit=100), 0)) == []
    assert fills(working.on_depth(((97, 5),), ((98, 3), (100, 1), (101, 9)), 1)) == [("A", 100, 4, True)]


def test_trade_through_the_limit_fills_by_its_size() -> None:
    working = market()
    working.add(order(limit=98), 0)
    assert fills(working.on_trade(97, 3, "sell", 1)) == [("A", 98, 3, True)]
    assert fills(working.on_trade(97, 9, "sell", 1)) == [("A", 98, 2, True)]


def test_trade_at_the_limit_serves_the_queue_before_us() -> None:
    working = market()
    working.add(order(limit=99), 0)
    assert fills(working.on_trade(99, 8, "sell", 1)) == []
    assert fills(working.on_trade(99, 5, "sell", 2)) == [("A", 99, 3, True)]


def test_smaller_shown_size_shortens_the_queue() -> None:
    working = market()
    working.add(order(limit=99), 0)
    working.on_depth(((99, 2),), ASKS, 1)
    assert fills(working.on_trade(99, 3, "sell", 2)) == [("A", 99, 1, True)]


def test_larger_shown_size_stands_behind_us() -> None:
    working = market()
    working.add(order(limit=99), 0)
    working.on_depth(((99, 100),), ASKS, 1)
    assert fills(working.on_trade(99, 12, "sell", 2)) == [("A", 99, 2, True)]


def test_order_inside_the_spread_is_first_in_its_queue() -> None:
    working = market()
    working.add(order(limit=100), 0)
    assert fills(working.on_trade(100, 1, "sell", 1)) == [("A", 100, 1, True)]


def test_buyers_trade_at_our_bid_fills_nothing() -> None:
    working = market()
    working.add(order(limit=100), 0)
    assert fills(working.on_trade(100, 50, "buy", 1)) == []


def test_trade_of_unknown_side_may_hit_either() -> None:
    working = market()
    working.add(order(limit=100), 0)
    assert fills(working.on_trade(99, 2, None, 1)) == [("A", 100, 2, True)]


def test_one_trade_is_shared_best_price_first_then_oldest() -> None:
    working = market()
    for name, limit in (("A", 98), ("B", 100), ("C", 100)):
        working.add(order(lots=5, order_id=name, limit=limit), 0)
    assert fills(working.on_trade(97, 12, "sell", 1)) == [("B", 100, 5, True), ("C", 100, 5, True), ("A", 98, 2, True)]


def test_crossing_post_only_is_canceled_and_a_resting_one_stays() -> None:
    working = market()
    assert reasons(working.add(order(limit=101, post_only=True), 0)) == ["post_only"]
    assert kinds(working.add(order(order_id="B", limit=100, post_only=True), 0)) == [Added]


def test_ioc_takes_what_there_is_and_ends() -> None:
    events = market().add(order(lots=15, limit=101, time_in_force="ioc"), 0)
    assert (fills(events), reasons(events)) == ([("A", 101, 10, False)], ["ioc"])


def test_fok_fills_whole_or_not_at_all() -> None:
    working = market()
    events = working.add(order(lots=15, limit=101, time_in_force="fok"), 0)
    assert (fills(events), reasons(events)) == ([], ["fok"])
    assert sum(f[2] for f in fills(working.add(order(lots=15, limit=102, time_in_force="fok"), 0))) == 15


def test_stop_fires_once_its_price_is_there_and_takes_the_market() -> None:
    working = market()
    working.add(order("sell", trigger=stop_trigger("sell", 97)), 0)
    assert working.on_price("last", 98, 1) == []
    events = working.on_price("last", 97, 2)
    assert kinds(events) == [Triggered, Filled]
    assert fills(events) == [("A", 99, 5, False)]


def test_trade_outside_the_shown_spread_outdates_a_live_book() -> None:
    working = market(assumptions=Assumptions(stale_after_ns=10))
    working.add(order("sell", trigger=stop_trigger("sell", 97)), 0)
    assert kinds(working.on_trade(97, 1, "sell", 1)) == [Triggered]
    assert fills(working.on_depth(((96, 9),), ((98, 9),), 2)) == [("A", 96, 5, False)]


def test_stop_limit_rests_when_the_market_has_gone_past_its_limit() -> None:
    working = market()
    working.add(order(limit=101, trigger=stop_trigger("buy", 103)), 0)
    events = working.on_depth(((103, 5),), ((104, 5),), 1) + working.on_trade(104, 1, "buy", 1)
    assert kinds(events) == [Triggered]
    assert fills(working.on_depth(((99, 5),), ((100, 5),), 2)) == [("A", 101, 5, True)]


def test_touched_order_waits_for_the_other_direction() -> None:
    working = market()
    working.add(order(trigger=touch_trigger("buy", 98)), 0)
    assert working.on_price("last", 101, 1) == []
    assert kinds(working.on_price("last", 98, 1)) == [Triggered, Filled]


@pytest.mark.parametrize(("source", "price"), [("mark", 103), ("quote", 103)])
def test_trigger_watches_its_own_source_only(source: str, price: int) -> None:
    working = market()
    working.add(order(trigger=stop_trigger("buy", price, source)), 0)  # type: ignore[arg-type]
    assert working.on_price("last", 110, 1) == []
    met = working.on_price("mark", 103, 2) if source == "mark" else working.on_depth(((102, 1),), ((103, 9),), 2)
    assert Triggered in kinds(met)


def test_trailing_stop_follows_the_best_price_and_never_back() -> None:
    working = market()
    working.add(order("sell", trigger=stop_trigger("sell", None), trail=3), 0)
    held = working.get("A")
    assert held is not None
    assert held.trigger is not None
    assert held.trigger.price == 97
    assert kinds(working.on_price("last", 105, 1)) == [Changed]
    assert working.on_price("last", 103, 2) == []
    assert kinds(working.on_price("last", 102, 3)) == [Triggered, Filled]


def test_exits_are_made_as_the_order_fills_and_grow_with_it() -> None:
    working = market()
    working.add(order(lots=6, limit=100, exits=Exits(take_profit=110, stop=95)), 0)
    working.on_trade(99, 2, "sell", 1)
    working.on_trade(99, 3, "sell", 2)
    children = [each for each in working.orders if each.parent_id == "A"]
    assert [(each.side, each.lots, each.reduce_only, each.is_waiting) for each in children] == [
        ("sell", 5, True, True), ("sell", 5, True, True),
    ]  # fmt: skip


def test_exit_that_fires_cancels_the_other() -> None:
    working = market()
    working.add(order(limit=101, exits=Exits(take_profit=110, stop=95)), 0)
    events = working.on_price("last", 95, 1)
    assert fills(events) == [("A-sl5", 99, 5, False)]
    assert reasons(events) == ["oco"]
    assert (working.orders, working.position) == ((), 0)


def test_partly_filled_target_lowers_the_stop_by_as_much() -> None:
    working = market()
    working.add(order(limit=101, exits=Exits(take_profit=110, stop=95)), 0)
    working.on_depth(((110, 2),), ((111, 9),), 1)
    assert fills(working.on_trade(110, 1, "buy", 1)) == [("A-tp5", 110, 2, False)]
    stop = working.get("A-sl5")
    assert stop is not None
    assert stop.left == 3


def test_exits_end_when_the_position_is_closed_otherwise() -> None:
    working = market()
    working.add(order(limit=101, exits=Exits(take_profit=110, stop=95)), 0)
    assert reasons(working.add(order("sell", order_id="B"), 0)) == ["reduce_only", "reduce_only"]


def test_reduce_only_fills_no_more_than_the_position() -> None:
    working = market(position=3)
    events = working.add(order("sell", lots=5, reduce_only=True), 0)
    assert (fills(events), working.position) == ([("A", 99, 3, False)], 0)
    assert reasons(events) == ["reduce_only"]
    assert reasons(working.add(order("sell", order_id="B", reduce_only=True), 0)) == ["reduce_only"]


def test_own_orders_never_meet_each_other() -> None:
    working = market()
    working.add(order(limit=100), 0)
    assert fills(working.add(order("sell", order_id="B", limit=100), 0)) == []
    assert len(working.orders) == 2


def test_order_expires_at_its_time_and_fills_nothing_after_it() -> None:
    working = market()
    working.add(order(limit=98, expires_ns=50), 0)
    assert working.on_time(49) == []
    events = working.on_trade(90, 50, "sell", 50)
    assert kinds(events) == [Expired]


def test_market_order_on_a_stale_book_is_canceled_and_a_limit_order_waits() -> None:
    working = market(assumptions=Assumptions(stale_after_ns=10))
    assert reasons(working.add(order(), 11)) == ["stale_market"]
    assert fills(working.add(order(limit=101), 11)) == []
    assert fills(working.on_depth(BIDS, ASKS, 20)) == [("A", 101, 5, False)]


def test_market_order_on_a_book_that_a_trade_outdated_waits_for_the_next_one() -> None:
    """In a fast market a trade is told before the book that it left: the order is no less welcome for that."""
    working = market(assumptions=Assumptions(stale_after_ns=10))
    working.on_trade(97, 1, "sell", 1)
    assert fills(working.add(order("sell"), 2)) == []
    assert fills(working.on_depth(((96, 9),), ((98, 9),), 3)) == [("A", 96, 5, False)]


def test_market_order_that_no_new_book_comes_for_is_canceled_as_stale() -> None:
    working = market(assumptions=Assumptions(stale_after_ns=10))
    working.on_trade(97, 1, "sell", 1)
    assert kinds(working.add(order("sell"), 2)) == [Added]
    assert working.on_time(10) == []
    assert reasons(working.on_time(11)) == ["stale_market"]


def test_stop_triggered_on_a_stale_book_waits_for_a_fresh_one() -> None:
    working = market(assumptions=Assumptions(stale_after_ns=10))
    working.add(order("sell", trigger=stop_trigger("sell", 97)), 0)
    assert kinds(working.on_price("last", 90, 50)) == [Triggered]
    assert fills(working.on_depth(((89, 9),), ((91, 9),), 51)) == [("A", 89, 5, False)]


def test_change_of_price_loses_the_place_and_a_smaller_quantity_keeps_it() -> None:
    working = market()
    working.add(order(limit=99), 0)
    working.on_trade(99, 10, "sell", 1)
    working.modify("A", lots=4, now_ns=1)
    assert fills(working.on_trade(99, 1, "sell", 2)) == [("A", 99, 1, True)]
    working.modify("A", limit=98, now_ns=2)
    assert fills(working.on_trade(98, 5, "sell", 3)) == []


def test_larger_quantity_goes_to_the_end_of_the_queue() -> None:
    working = market()
    working.add(order(limit=99), 0)
    working.on_trade(99, 10, "sell", 1)
    working.modify("A", lots=6, now_ns=1)
    assert fills(working.on_trade(99, 5, "sell", 2)) == []


def test_orders_that_one_quote_reaches_share_its_size() -> None:
    working = market()
    working.add(order(limit=100), 0)
    working.add(order(order_id="B", limit=99), 0)
    reached = working.on_depth(((97, 5),), ((99, 6),), 1)
    assert fills(reached) == [("A", 100, 5, True), ("B", 99, 1, True)]


def test_changed_limit_that_crosses_takes_the_market() -> None:
    working = market()
    working.add(order(limit=99), 0)
    assert fills(working.modify("A", limit=101, now_ns=1)) == [("A", 101, 5, False)]


def test_quantity_at_or_below_the_filled_one_cannot_be_set() -> None:
    working = market()
    working.add(order(limit=100), 0)
    working.on_trade(99, 2, "sell", 1)
    with pytest.raises(ValueError, match="filled already"):
        working.modify("A", lots=2, now_ns=1)


def test_restored_orders_go_on_where_they_were() -> None:
    before = market()
    before.add(order(limit=99), 0)
    before.add(order("sell", order_id="B", trigger=stop_trigger("sell", 97)), 0)
    after = WorkingOrders()
    after.restore(before.orders)
    after.on_depth(BIDS, ASKS, 9)
    assert fills(after.on_trade(98, 2, "sell", 10)) == [("A", 99, 2, True)]
    assert kinds(after.on_price("last", 97, 11)) == [Triggered, Filled]


def test_quote_without_a_size_fits_any_order() -> None:
    working = WorkingOrders()
    working.on_quote(99, None, 101, None, now_ns=0)
    assert fills(working.add(order(lots=1_000_000), 0)) == [("A", 101, 1_000_000, False)]
