"""Order book: price-time priority, self-match rules, times in force."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.matching.book import OrderBook, Plan, RestingOrder, Taker
from edgerunner.matching.execution import decide
from edgerunner.matching.words import SelfMatchRule, Side, TimeInForce, opposite


def resting(order_id: str, side: Side, price: int, lots: int, owner: str = "maker") -> RestingOrder:
    return RestingOrder(order_id=order_id, owner=owner, side=side, price=price, lots=lots)


def taker(
    side: Side,
    lots: int,
    limit: int | None = None,
    self_match: SelfMatchRule = SelfMatchRule.NONE,
    owner: str = "taker",
) -> Taker:
    return Taker(owner=owner, side=side, lots=lots, limit=limit, self_match=self_match)


def matched(plan: Plan) -> list[tuple[str | None, int, int]]:
    return [(match.maker_id, match.price, match.lots) for match in plan.matches]


def test_better_prices_trade_first_and_equal_prices_in_order_of_arrival() -> None:
    book = OrderBook()
    for order in (resting("late", "sell", 101, 5), resting("dear", "sell", 102, 5), resting("cheap", "sell", 100, 5)):
        book.add(order)
    book.add(resting("later", "sell", 101, 5))
    plan = book.match(taker("buy", 13))
    assert matched(plan) == [("cheap", 100, 5), ("late", 101, 5), ("later", 101, 3)]
    assert book.levels("sell", 5) == [(101, 2), (102, 5)]


def test_a_taker_trades_no_further_than_its_limit() -> None:
    book = OrderBook()
    book.add(resting("a", "buy", 100, 5))
    book.add(resting("b", "buy", 99, 5))
    assert matched(book.plan(taker("sell", 10, limit=100))) == [("a", 100, 5)]
    assert book.levels("buy", 5) == [(100, 5), (99, 5)]


def test_outside_liquidity_trades_after_own_orders_of_the_same_price() -> None:
    book = OrderBook()
    book.add(resting("own", "sell", 101, 2))
    plan = book.plan(taker("buy", 9), outside=[(100, 3), (101, 3), (102, 3)])
    assert matched(plan) == [(None, 100, 3), ("own", 101, 2), (None, 101, 3), (None, 102, 1)]


def test_reducing_keeps_the_place_in_the_queue() -> None:
    book = OrderBook()
    book.add(resting("first", "buy", 10, 5))
    book.add(resting("second", "buy", 10, 5))
    book.reduce("first", 4)
    assert matched(book.plan(taker("sell", 3))) == [("first", 10, 1), ("second", 10, 2)]


def test_a_book_refuses_known_ids_empty_orders_and_too_large_reductions() -> None:
    book = OrderBook()
    book.add(resting("a", "buy", 10, 5))
    for bad in (resting("a", "buy", 11, 5), resting("b", "buy", 11, 0)):
        with pytest.raises(ValueError, match="no lots or is in the book"):
            book.add(bad)
    with pytest.raises(ValueError, match="cannot take 6 of 5"):
        book.reduce("a", 6)


@pytest.mark.parametrize(
    ("rule", "trades", "canceled", "taker_canceled"),
    [
        (SelfMatchRule.NONE, [("mine", 100, 5), ("theirs", 100, 5)], (), False),
        (SelfMatchRule.CANCEL_MAKER, [("theirs", 100, 5)], ("mine",), False),
        (SelfMatchRule.CANCEL_TAKER, [], (), True),
        (SelfMatchRule.CANCEL_BOTH, [], ("mine",), True),
    ],
)
def test_self_match_rules_cancel_what_they_say(
    rule: SelfMatchRule, trades: list[tuple[str, int, int]], canceled: tuple[str, ...], taker_canceled: bool
) -> None:
    book = OrderBook()
    book.add(resting("mine", "sell", 100, 5, owner="me"))
    book.add(resting("theirs", "sell", 100, 5))
    plan = book.match(taker("buy", 10, self_match=rule, owner="me"))
    assert (matched(plan), plan.canceled_makers, plan.taker_canceled) == (trades, canceled, taker_canceled)
    assert ("mine" in book) == (rule is SelfMatchRule.CANCEL_TAKER)


@pytest.mark.parametrize(
    ("time_in_force", "traded", "rests", "reason"),
    [("gtc", 3, 7, None), ("ioc", 3, 0, "ioc"), ("fok", 0, 0, "fok"), ("post_only", 0, 0, "post_only")],
)
def test_each_time_in_force_treats_a_partial_match_its_own_way(
    time_in_force: TimeInForce, traded: int, rests: int, reason: str | None
) -> None:
    wish = taker("buy", 10)
    outcome = decide(wish, OrderBook().plan(wish, outside=[(5, 3)]), time_in_force)
    assert (outcome.plan.lots, outcome.rest_lots, outcome.cancel_reason) == (traded, rests, reason)


def test_a_post_only_order_that_meets_nobody_rests() -> None:
    wish = taker("buy", 10, limit=4)
    outcome = decide(wish, OrderBook().plan(wish, outside=[(5, 3)]), "post_only")
    assert (outcome.rest_lots, outcome.cancel_reason) == (10, None)


def test_the_rest_of_a_market_order_is_canceled_for_want_of_liquidity() -> None:
    wish = taker("sell", 10)
    outcome = decide(wish, OrderBook().plan(wish, outside=[(5, 3)]), "ioc", is_market=True)
    assert (outcome.plan.lots, outcome.cancel_reason) == (3, "no_liquidity")


@dataclass
class Session:
    """A random session on a book whose orders cross as they arrive."""

    book: OrderBook = field(default_factory=OrderBook)
    arrivals: list[str] = field(default_factory=list)

    def arrive(self, number: int, side: Side, price: int, lots: int) -> None:
        name = f"o{number}"
        waiting = sorted(
            self.book.orders(opposite(side)),
            key=lambda each: (each.price if side == "buy" else -each.price, self.arrivals.index(each.order_id)),
        )
        reached = [each for each in waiting if (each.price <= price if side == "buy" else each.price >= price)]
        wanted = min(lots, sum(each.lots for each in reached))
        plan = self.book.match(taker(side, lots, limit=price))
        hit = [match.maker_id for match in plan.matches]
        assert hit == [each.order_id for each in reached][: len(hit)]
        assert plan.lots == wanted
        if lots > plan.lots:
            self.book.add(resting(name, side, price, lots - plan.lots))
        self.arrivals.append(name)


@given(
    st.lists(
        st.tuples(st.sampled_from(["buy", "sell"]), st.integers(1, 12), st.integers(1, 20)), min_size=1, max_size=40
    )
)
def test_any_session_keeps_price_time_priority_and_never_crosses(orders: list[tuple[Side, int, int]]) -> None:
    session = Session()
    for number, (side, price, lots) in enumerate(orders):
        session.arrive(number, side, price, lots)
        bid, ask = session.book.best("buy"), session.book.best("sell")
        assert bid is None or ask is None or bid < ask
        for each in ("buy", "sell"):
            assert all(level > 0 for _, level in session.book.levels(each, 50))
