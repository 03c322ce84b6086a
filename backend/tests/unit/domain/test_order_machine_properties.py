"""What holds for every order whatever the broker says, and in whatever order it says it."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from edgerunner.domain.events import (
    EventBody,
    OrderAccepted,
    OrderAcknowledged,
    OrderAdopted,
    OrderCanceled,
    OrderCancelRejected,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderFlagged,
    OrderModifyRejected,
    OrderOutcomeUnknown,
    OrderPendingCancel,
    OrderPendingUpdate,
    OrderRejected,
    OrderReopened,
    OrderSubmitted,
    OrderTriggered,
    OrderUpdated,
    RecordedEvent,
)
from edgerunner.domain.order_machine import apply
from edgerunner.domain.orders import BrokerWords, Order, OrderStatus
from tests.fakes.events import filled, fold, initialized, recorded, renumbered, terms

PRICES = st.decimals(min_value="0.01", max_value="100000", places=2)
QUANTITIES = st.integers(1, 40).map(lambda tenths: Decimal(tenths) / 10)
WORDS = st.builds(BrokerWords, status=st.sampled_from([None, "New", "Cancelled"]), code=st.sampled_from([None, "201"]))
VENUE_IDS = st.sampled_from([None, "V1", "V2"])
HELD = st.sampled_from([None, "untriggered"])


def _filled(trade: int, quantity: Decimal, price: Decimal, *, derived: bool) -> OrderFilled:
    return filled(f"T{trade}", quantity, price, fee=quantity / 100, derived=derived)


BODIES: st.SearchStrategy[EventBody] = st.one_of(
    st.just(initialized()),
    st.builds(OrderDenied, code=st.just("denied"), text=st.just("")),
    st.just(OrderSubmitted()),
    st.builds(OrderAcknowledged, venue_order_id=st.just("V1")),
    st.builds(OrderOutcomeUnknown, reason=st.just("time-out")),
    st.builds(
        OrderAdopted,
        terms=st.just(terms(quantity="2")),
        status=st.sampled_from(OrderStatus),
        venue_order_id=st.just("V1"),
        held=HELD,
        broker=WORDS,
    ),
    st.builds(OrderAccepted, venue_order_id=VENUE_IDS, held=HELD, broker=WORDS),
    st.builds(OrderTriggered, broker=WORDS),
    st.builds(OrderRejected, broker=WORDS),
    st.builds(OrderPendingUpdate, quantity=st.none() | QUANTITIES),
    st.builds(OrderUpdated, quantity=st.none() | QUANTITIES, price=st.none() | PRICES, venue_order_id=VENUE_IDS),
    st.builds(OrderModifyRejected, broker=WORDS),
    st.just(OrderPendingCancel()),
    st.builds(OrderCancelRejected, broker=WORDS),
    st.builds(OrderCanceled, broker=WORDS),
    st.builds(OrderExpired, broker=WORDS),
    st.builds(OrderReopened, broker=WORDS),
    st.builds(OrderFlagged, reason=st.just("look")),
    st.builds(_filled, st.integers(1, 4), QUANTITIES, PRICES, derived=st.booleans()),
)
STAMPS = st.none() | st.integers(1, 9)


@st.composite
def any_line(draw: st.DrawFn) -> list[RecordedEvent]:
    bodies = draw(st.lists(st.tuples(BODIES, STAMPS), max_size=25))
    return [recorded(body, seq=seq, stamp=stamp) for seq, (body, stamp) in enumerate(bodies, start=1)]


def _steps(line: list[RecordedEvent]) -> list[tuple[Order, RecordedEvent, Order]]:
    before = fold([recorded(initialized(), seq=0)])
    assert before is not None
    steps = []
    for item in line:
        after = apply(before, item)
        assert after is not None
        steps.append((before, item, after))
        before = after
    return steps


@given(any_line())
def test_any_event_in_any_state_is_answered_and_quantities_never_fall(line: list[RecordedEvent]) -> None:
    for before, _, after in _steps(line):
        assert after.filled_quantity >= before.filled_quantity
        assert after.trade_ids >= before.trade_ids
        assert after.derived_quantity <= after.filled_quantity


@given(any_line())
def test_each_trade_id_counts_once(line: list[RecordedEvent]) -> None:
    order = _steps([recorded(initialized(), seq=0), *line])[-1][2]
    booked: dict[str, OrderFilled] = {}
    for item in line:
        if isinstance(item.event.body, OrderFilled):
            booked.setdefault(item.event.body.trade_id, item.event.body)
    real = sum((fill.quantity for fill in booked.values() if not fill.derived), Decimal(0))
    value = sum((fill.quantity * fill.price for fill in booked.values() if not fill.derived), Decimal(0))
    assert order.trade_ids == set(booked)
    assert order.filled_quantity == real + order.derived_quantity
    assert order.filled_value == value + sum(part.quantity * part.price for part in order.derived)


@given(any_line())
def test_closed_stays_closed_except_by_reopening_fills_and_a_raised_quantity(line: list[RecordedEvent]) -> None:
    for before, item, after in _steps(line):
        if before.is_open:
            continue
        match item.event.body:
            case OrderReopened():
                continue
            case OrderUpdated() if before.status is OrderStatus.FILLED:
                continue
            case OrderFilled() | OrderUpdated():
                assert after.status.is_closed
            case _:
                assert after.status is before.status


@given(any_line())
def test_the_status_agrees_with_the_quantities_and_the_marks(line: list[RecordedEvent]) -> None:
    for _, _, order in _steps(line):
        is_complete = bool(order.filled_quantity) and order.filled_quantity >= order.terms.quantity
        assert (order.status is OrderStatus.FILLED) == (is_complete and order.denied is None)
        assert order.status is not OrderStatus.PARTIALLY_FILLED or order.filled_quantity
        assert order.is_open or not (order.pending_update or order.pending_cancel or order.held)
        in_flight = {OrderStatus.SUBMITTED, OrderStatus.PENDING_UPDATE, OrderStatus.PENDING_CANCEL}
        assert order.outcome_unknown is None or order.status in in_flight


@given(any_line())
def test_repeating_an_event_at_once_changes_nothing(line: list[RecordedEvent]) -> None:
    for _, item, after in _steps(line):
        assert apply(after, item) is after


@st.composite
def true_story(draw: st.DrawFn) -> tuple[list[RecordedEvent], list[RecordedEvent]]:
    """What a broker really did with an order of 2, stamped, and what a bad line made of it."""
    bodies: list[EventBody] = [OrderAccepted(venue_order_id="V1", held=draw(HELD))]
    if draw(st.booleans()):
        bodies.append(OrderTriggered())
    quantity, done = Decimal(2), Decimal(0)
    for trade in range(draw(st.integers(0, 5))):
        if draw(st.booleans()):
            quantity = done + draw(QUANTITIES)
            bodies.append(OrderUpdated(quantity=quantity, price=draw(st.none() | PRICES)))
        if draw(st.booleans()):
            bodies.append(OrderUpdated(price=draw(PRICES)))
        part = min(draw(QUANTITIES), quantity - done)
        if not part:
            break
        done += part
        bodies.append(filled(f"T{trade}", part, draw(PRICES), fee=draw(PRICES), fee_currency=draw(CURRENCIES)))
    if done < quantity:
        bodies.append(OrderCanceled() if draw(st.booleans()) else OrderExpired())
    told = [recorded(body, stamp=10 * number) for number, body in enumerate(bodies, start=1)]
    repeats = draw(st.lists(st.sampled_from(told), max_size=6))
    return told, draw(st.permutations(told + repeats))


CURRENCIES = st.sampled_from(["USDT", "BTC"])


def _outcome(line: list[RecordedEvent]) -> Order:
    ours = [recorded(initialized("2")), recorded(OrderSubmitted())]
    order = fold(renumbered(ours + line))
    assert order is not None
    return replace(order, updated_at_ns=0, last_seq=0)


@given(true_story())
def test_every_order_of_the_same_broker_events_ends_the_same(
    story: tuple[list[RecordedEvent], list[RecordedEvent]],
) -> None:
    told, received = story
    assert _outcome(received) == _outcome(told)


@given(true_story())
def test_a_rejection_told_in_any_order_with_fills_ends_canceled(
    story: tuple[list[RecordedEvent], list[RecordedEvent]],
) -> None:
    _, received = story
    fills = [item for item in received if isinstance(item.event.body, OrderFilled)][:1]
    rejected = recorded(OrderRejected(broker=BrokerWords(code="201")), stamp=999)
    for line in ([*fills, rejected], [rejected, *fills]):
        order = _outcome(line)
        expected = OrderStatus.REJECTED
        if order.filled_quantity:
            expected = OrderStatus.FILLED if order.filled_quantity >= 2 else OrderStatus.CANCELED
        assert order.status is expected
