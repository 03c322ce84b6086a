"""A strategy's own orders add up to its own position and its own profit, whatever else the account does."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from edgerunner.domain.events import CashMoved, EventBody, RecordedEvent
from edgerunner.domain.orders import Money, Side
from edgerunner.domain.positions import Position
from edgerunner.services.strategies.book import StrategyBook
from tests.fakes.events import filled, initialized, recorded


def at_100(_: Position) -> Decimal:
    return Decimal(100)


def book_of(*bodies: EventBody) -> StrategyBook:
    book = StrategyBook()
    book.replay(recorded(body, seq=seq) for seq, body in enumerate(bodies, start=1))
    return book


def test_fills_of_every_leg_are_one_signed_position() -> None:
    book = book_of(
        initialized("3"),
        filled("T1", "2", "90", leg="long"),
        filled("T2", "1", "110", side=Side.SELL, leg="short"),
    )
    (position,) = book.positions()
    assert (position.key.leg, position.quantity, position.average_price) == ("net", Decimal(1), Decimal(90))
    assert book.performance(at_100).realized == (Money(currency="USDT", amount=Decimal(20)),)
    assert book.performance(at_100).unrealized == (Money(currency="USDT", amount=Decimal(10)),)


def test_a_round_trip_ends_when_flat_or_on_the_other_side() -> None:
    book = book_of(
        initialized("10"),
        filled("T1", "1", "100"),
        filled("T2", "1", "110", side=Side.SELL),
        filled("T3", "1", "100"),
        filled("T4", "2", "90", side=Side.SELL),
    )
    totals = book.performance(at_100)
    assert (totals.orders, totals.fills, totals.trades, totals.winning_trades) == (1, 4, 2, 1)


def test_without_a_mark_no_profit_is_claimed() -> None:
    book = book_of(initialized("1"), filled("T1", "1", "100", fee="0.5"))
    totals = book.performance(lambda _: None)
    assert totals.unrealized is None
    assert totals.fees == (Money(currency="USDT", amount=Decimal("0.5")),)


def test_a_commission_that_comes_later_than_its_fill_is_a_fee_too() -> None:
    late = CashMoved(
        movement_id="fee:T1",
        kind="commission",
        currency="USDT",
        amount=Decimal("-0.5"),
        instrument_id="BTCUSDT-LINEAR.BYBIT",
        trade_id="T1",
    )
    book = book_of(initialized("1"), filled("T1", "1"), late)
    assert book.performance(at_100).fees == (Money(currency="USDT", amount=Decimal("0.5")),)
    assert (book.performance(at_100).fills, book.performance(at_100).trades) == (1, 0)


def test_an_event_that_was_taken_in_before_changes_nothing() -> None:
    book = book_of(initialized("1"), filled("T1", "1"))
    assert book.record(recorded(filled("T1", "1"), seq=2)) is None
    assert book.positions()[0].quantity == 1


def test_a_real_fill_takes_the_place_of_a_derived_one() -> None:
    book = book_of(initialized("2"), filled("D1", "2", "100", derived=True), filled("T1", "2", "101"))
    (position,) = book.positions()
    assert (position.quantity, position.average_price) == (Decimal(2), Decimal(101))
    assert book.performance(at_100).fills == 1


def test_an_events_step_names_order_fill_and_position() -> None:
    book = book_of(initialized("2"))
    step = book.record(recorded(filled("T1", "1", "99"), seq=2))
    assert step is not None
    assert step.order is not None
    assert (step.order.filled_quantity, step.fill and step.fill.price) == (Decimal(1), Decimal(99))
    assert step.position is not None
    assert step.position.quantity == 1


def test_closed_orders_are_forgotten_in_time_and_open_ones_are_not() -> None:
    book = StrategyBook()
    for number in range(2_100):
        order_id = f"O{number}"
        book.record(_of(order_id, initialized("1"), seq=2 * number + 1))
        if number:
            book.record(_of(order_id, filled(f"T{number}", "1"), seq=2 * number + 2))
    assert [order.client_order_id for order in book.open_orders()] == ["O0"]
    assert book.order("O1") is None
    assert book.performance(at_100).orders == 2_100


@given(st.lists(st.tuples(st.sampled_from(list(Side)), st.integers(1, 5), st.integers(90, 110)), max_size=30))
def test_realized_and_unrealized_add_up_to_proceeds_less_cost(trades: list[tuple[Side, int, int]]) -> None:
    bodies = [filled(f"T{n}", str(size), str(price), side=side) for n, (side, size, price) in enumerate(trades)]
    totals = book_of(initialized("1000"), *bodies).performance(at_100)
    cash = sum(-side.sign * size * price for side, size, price in trades)
    held = sum(side.sign * size for side, size, _ in trades)
    money = sum(money.amount for money in (*totals.realized, *(totals.unrealized or ())))
    assert money == cash + held * 100


def _of(order_id: str, body: EventBody, *, seq: int) -> RecordedEvent:
    made = recorded(body, seq=seq, client_order_id=order_id)
    return replace(made, event=replace(made.event, event_id=f"{order_id}-{seq}"))
