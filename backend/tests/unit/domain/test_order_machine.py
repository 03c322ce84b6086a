"""The table of order states: each row a case, and what holds beside it."""

from decimal import Decimal

import pytest

from edgerunner.domain.events import (
    CashMoved,
    OrderAccepted,
    OrderAcknowledged,
    OrderAdopted,
    OrderCanceled,
    OrderCancelRejected,
    OrderDenied,
    OrderEvent,
    OrderExpired,
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
)
from edgerunner.domain.order_machine import OVERFILLED, REOPENED, apply
from edgerunner.domain.orders import BrokerWords, Money, Order, OrderStatus
from tests.fakes.events import filled, fold, initialized, order_after, recorded, terms

REFUSED = BrokerWords(code="110007", text="not enough balance")
NEW_PRICE = OrderUpdated(price=Decimal(101))

PATHS: dict[OrderStatus, tuple[OrderEvent, ...]] = {
    OrderStatus.INITIALIZED: (),
    OrderStatus.DENIED: (OrderDenied(code="max_quantity", text="too large"),),
    OrderStatus.SUBMITTED: (OrderSubmitted(),),
    OrderStatus.ACCEPTED: (OrderSubmitted(), OrderAccepted()),
    OrderStatus.TRIGGERED: (OrderSubmitted(), OrderAccepted(), OrderTriggered()),
    OrderStatus.PARTIALLY_FILLED: (OrderSubmitted(), OrderAccepted(), filled("T1", "0.4")),
    OrderStatus.PENDING_UPDATE: (OrderSubmitted(), OrderAccepted(), OrderPendingUpdate()),
    OrderStatus.PENDING_CANCEL: (OrderSubmitted(), OrderAccepted(), OrderPendingCancel()),
    OrderStatus.REJECTED: (OrderSubmitted(), OrderRejected(broker=REFUSED)),
    OrderStatus.CANCELED: (OrderSubmitted(), OrderAccepted(), OrderCanceled()),
    OrderStatus.EXPIRED: (OrderSubmitted(), OrderAccepted(), OrderExpired()),
    OrderStatus.FILLED: (OrderSubmitted(), OrderAccepted(), filled("T1", "1")),
}

EVENTS: dict[str, OrderEvent] = {
    "denied": OrderDenied(code="max_quantity", text="too large"),
    "submitted": OrderSubmitted(),
    "accepted": OrderAccepted(),
    "triggered": OrderTriggered(),
    "part": filled("T9", "0.1"),
    "all": filled("T9", "1"),
    "pending_update": OrderPendingUpdate(),
    "updated": NEW_PRICE,
    "modify_rejected": OrderModifyRejected(broker=REFUSED),
    "pending_cancel": OrderPendingCancel(),
    "cancel_rejected": OrderCancelRejected(broker=REFUSED),
    "rejected": OrderRejected(broker=REFUSED),
    "canceled": OrderCanceled(),
    "expired": OrderExpired(),
    "reopened": OrderReopened(),
}

# status before -> status after, in the order of EVENTS; "." = the status stays
TABLE = """
                  denied submitted accepted triggered part             all    pending_update updated modify_rejected pending_cancel cancel_rejected rejected canceled expired reopened
initialized       denied submitted accepted triggered partially_filled filled .              accepted .              .              .               rejected canceled expired .
denied            .      .         .        .         .                .      .              .       .               .              .               .        .        .       .
submitted         .      .         accepted triggered partially_filled filled .              accepted .              pending_cancel .               rejected canceled expired .
accepted          .      .         .        triggered partially_filled filled pending_update .       .               pending_cancel .               rejected canceled expired .
triggered         .      .         .        .         partially_filled filled pending_update .       .               pending_cancel .               rejected canceled expired .
partially_filled  .      .         .        .         .                filled pending_update .       .               pending_cancel .               canceled canceled expired .
pending_update    .      .         .        .         .                filled .              accepted accepted       pending_cancel .               rejected canceled expired .
pending_cancel    .      .         .        .         .                filled .              .       .               .              accepted        rejected canceled expired .
rejected          .      .         .        .         canceled         filled .              .       .               .              .               .        .        .       accepted
canceled          .      .         .        .         .                filled .              .       .               .              .               .        .        .       accepted
expired           .      .         .        .         .                filled .              .       .               .              .               .        .        .       accepted
filled            .      .         .        .         .                .      .              .       .               .              .               .        .        .       .
"""  # noqa: E501 - a table is read by its columns


def _cases() -> list[tuple[str, str, str]]:
    header, *rows = [line.split() for line in TABLE.strip().splitlines()]
    assert header == list(EVENTS)
    return [
        (before, event, before if after == "." else after)
        for before, *cells in rows
        for event, after in zip(header, cells, strict=True)
    ]


@pytest.mark.parametrize(("before", "event", "after"), _cases())
def test_every_event_in_every_state_leads_where_the_table_says(before: str, event: str, after: str) -> None:
    order = order_after(initialized(), *PATHS[OrderStatus(before)])
    assert order.status == before
    assert order_after(EVENTS[event], before=order).status == after


def test_an_event_that_changes_nothing_returns_the_same_object() -> None:
    order = order_after(initialized(), *PATHS[OrderStatus.ACCEPTED])
    assert apply(order, recorded(OrderAccepted(), seq=99)) is order
    assert apply(order, recorded(initialized(), seq=99)) is order
    movement = CashMoved(movement_id="M1", kind="funding", currency="USDT", amount=Decimal(1))
    assert apply(order, recorded(movement, seq=99)) is order


def test_an_unknown_order_is_made_by_initialized_and_adopted_alone() -> None:
    assert apply(None, recorded(OrderAccepted(venue_order_id="V1"))) is None
    assert apply(None, recorded(filled("T1", "1"))) is None
    assert apply(None, recorded(initialized(), client_order_id=None)) is None


@pytest.mark.parametrize(
    ("claimed", "shown"),
    [
        (OrderStatus.ACCEPTED, OrderStatus.ACCEPTED),
        (OrderStatus.TRIGGERED, OrderStatus.TRIGGERED),
        (OrderStatus.PARTIALLY_FILLED, OrderStatus.ACCEPTED),
        (OrderStatus.FILLED, OrderStatus.ACCEPTED),
        (OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_CANCEL),
        (OrderStatus.CANCELED, OrderStatus.CANCELED),
        (OrderStatus.EXPIRED, OrderStatus.EXPIRED),
        (OrderStatus.REJECTED, OrderStatus.REJECTED),
    ],
)
def test_an_adopted_order_enters_in_its_state_and_is_filled_by_its_fills_alone(
    claimed: OrderStatus, shown: OrderStatus
) -> None:
    adopted = OrderAdopted(terms=terms(), status=claimed, venue_order_id="V7")
    order = fold([recorded(adopted, stamp=50)])
    assert order is not None
    assert (order.status, order.venue_order_id, order.filled_quantity) == (shown, "V7", Decimal(0))
    assert order.created_at_ns == 50
    assert order_after(filled("T1", "1"), before=order).status is OrderStatus.FILLED


def test_a_fill_while_an_update_is_pending_keeps_it_pending_until_answered() -> None:
    order = order_after(initialized(), *PATHS[OrderStatus.PENDING_UPDATE], filled("T1", "0.4"))
    assert order.status is OrderStatus.PENDING_UPDATE
    assert order_after(NEW_PRICE, before=order).status is OrderStatus.PARTIALLY_FILLED
    assert order_after(OrderModifyRejected(broker=REFUSED), before=order).status is OrderStatus.PARTIALLY_FILLED


def test_a_fill_beats_a_pending_cancel_and_a_cancel_keeps_what_was_filled() -> None:
    pending = order_after(initialized(), *PATHS[OrderStatus.PENDING_CANCEL], filled("T1", "0.4"))
    assert pending.status is OrderStatus.PENDING_CANCEL
    assert order_after(filled("T2", "0.6"), OrderCanceled(), before=pending).status is OrderStatus.FILLED
    canceled = order_after(OrderCanceled(), before=pending)
    assert (canceled.status, canceled.filled_quantity) == (OrderStatus.CANCELED, Decimal("0.4"))
    late = order_after(filled("T2", "0.6"), before=canceled)
    assert (late.status, late.filled_quantity) == (OrderStatus.FILLED, Decimal(1))


def test_a_refused_cancel_returns_to_the_update_that_is_still_unanswered() -> None:
    order = order_after(initialized(), *PATHS[OrderStatus.PENDING_UPDATE], OrderPendingCancel())
    assert order.status is OrderStatus.PENDING_CANCEL
    refused = order_after(OrderCancelRejected(broker=REFUSED), before=order)
    assert refused.status is OrderStatus.PENDING_UPDATE
    assert order_after(NEW_PRICE, before=refused).status is OrderStatus.ACCEPTED


def test_a_rejection_after_a_partial_fill_is_a_cancel_that_keeps_the_filled_quantity() -> None:
    order = order_after(
        initialized(), *PATHS[OrderStatus.PARTIALLY_FILLED], OrderRejected(broker=BrokerWords(code="201"))
    )
    assert (order.status, order.filled_quantity) == (OrderStatus.CANCELED, Decimal("0.4"))
    assert order.broker.code == "201"
    assert order.needs_operator is None


@pytest.mark.parametrize("status", [OrderStatus.REJECTED, OrderStatus.DENIED])
def test_a_fill_of_a_refused_order_is_booked_and_shown_to_an_operator(status: OrderStatus) -> None:
    order = order_after(initialized(), *PATHS[status], filled("T1", "0.4"))
    assert order.filled_quantity == Decimal("0.4")
    assert order.needs_operator is not None


def test_a_lost_answer_marks_the_order_until_the_broker_shows_it() -> None:
    unknown = order_after(initialized(), OrderSubmitted(), OrderOutcomeUnknown(reason="no answer in 5 s"))
    assert unknown.status is OrderStatus.SUBMITTED
    assert unknown.outcome_unknown is not None
    assert unknown.outcome_unknown.reason == "no answer in 5 s"
    resolving: list[OrderEvent] = [
        OrderAcknowledged(venue_order_id="V1"),
        OrderAccepted(venue_order_id="V1"),
        OrderTriggered(),
        filled("T1", "0.1"),
        OrderCanceled(),
        OrderRejected(broker=REFUSED),
    ]
    for event in resolving:
        assert order_after(event, before=unknown).outcome_unknown is None, event


def test_a_second_doubt_keeps_since_when_and_why_of_the_first() -> None:
    first = order_after(initialized(), OrderSubmitted(), OrderOutcomeUnknown(reason="no answer in 5 s"))
    assert order_after(OrderOutcomeUnknown(reason="again"), before=first) is first


def test_news_that_overtook_the_lost_answer_leaves_nothing_unknown() -> None:
    order = order_after(initialized(), OrderSubmitted(), OrderAccepted(), OrderOutcomeUnknown(reason="time-out"))
    assert order.outcome_unknown is None


def test_a_refused_cancel_does_not_tell_what_became_of_an_unknown_placement() -> None:
    order = order_after(
        initialized(),
        OrderSubmitted(),
        OrderOutcomeUnknown(reason="time-out"),
        OrderPendingCancel(),
        OrderCancelRejected(broker=REFUSED),
    )
    assert order.status is OrderStatus.SUBMITTED
    assert order.outcome_unknown is not None


def test_filled_beyond_its_quantity_is_booked_and_shown_until_a_later_update_explains_it() -> None:
    order = order_after(initialized(), OrderSubmitted(), filled("T1", "0.7"), filled("T2", "0.7"))
    assert (order.status, order.filled_quantity) == (OrderStatus.FILLED, Decimal("1.4"))
    assert order.needs_operator == OVERFILLED
    explained = order_after(OrderUpdated(quantity=Decimal(2)), before=order)
    assert (explained.status, explained.needs_operator) == (OrderStatus.PARTIALLY_FILLED, None)


def test_what_an_operator_must_see_is_not_overwritten_by_arithmetic() -> None:
    order = order_after(initialized(), OrderSubmitted(), OrderFlagged(reason="look"), filled("T1", "1"))
    assert order.needs_operator == "look"


def test_a_held_order_waits_until_it_is_triggered() -> None:
    held = OrderAccepted(held="untriggered")
    order = order_after(initialized(), OrderSubmitted(), held)
    assert (order.status, order.held) == (OrderStatus.ACCEPTED, "untriggered")
    triggered = order_after(OrderTriggered(), held, before=order)
    assert (triggered.status, triggered.held) == (OrderStatus.TRIGGERED, None)


def test_reopened_lives_again_for_an_operator_and_outlives_repeats_of_the_old_ending() -> None:
    line = [
        recorded(initialized(), seq=1),
        recorded(OrderSubmitted(), seq=2),
        recorded(OrderRejected(broker=BrokerWords(status="Inactive")), seq=3, stamp=10),
        recorded(OrderReopened(broker=BrokerWords(status="Submitted")), seq=4, stamp=20),
        recorded(OrderRejected(broker=BrokerWords(status="Inactive")), seq=5, stamp=10),
    ]
    order = fold(line)
    assert order is not None
    assert (order.status, order.needs_operator, order.broker.status) == (OrderStatus.ACCEPTED, REOPENED, "Submitted")
    ended = fold([recorded(OrderCanceled(), seq=6, stamp=30), line[3]], before=order)
    assert ended is not None
    assert ended.status is OrderStatus.CANCELED


def test_reopened_with_fills_is_partially_filled() -> None:
    order = order_after(initialized(), *PATHS[OrderStatus.PARTIALLY_FILLED], OrderCanceled(), OrderReopened())
    assert order.status is OrderStatus.PARTIALLY_FILLED


def test_a_repeat_of_an_old_update_does_not_answer_a_new_one() -> None:
    line = [
        recorded(initialized(), seq=1),
        recorded(OrderAccepted(), seq=2, stamp=10),
        recorded(OrderPendingUpdate(price=Decimal(101)), seq=3),
        recorded(NEW_PRICE, seq=4, stamp=20),
        recorded(OrderPendingUpdate(price=Decimal(102)), seq=5),
        recorded(NEW_PRICE, seq=6, stamp=20),
    ]
    order = fold(line)
    assert order is not None
    assert order.status is OrderStatus.PENDING_UPDATE
    answered = fold([recorded(OrderUpdated(price=Decimal(102)), seq=7, stamp=30)], before=order)
    assert answered is not None
    assert (answered.status, answered.terms.price) == (OrderStatus.ACCEPTED, Decimal(102))


def _derived_then(*real: tuple[str, str, str]) -> Order:
    return order_after(
        initialized(),
        OrderSubmitted(),
        OrderAccepted(),
        filled("D1", "0.5", "100", derived=True),
        *(filled(trade_id, quantity, price, fee="0.1") for trade_id, quantity, price in real),
    )


def test_a_real_fill_takes_the_place_of_the_derived_one_with_its_own_price_and_fee() -> None:
    order = _derived_then(("T1", "0.5", "101"))
    assert (order.filled_quantity, order.average_price) == (Decimal("0.5"), Decimal(101))
    assert order.fees == (Money(currency="USDT", amount=Decimal("0.1")),)
    assert order.derived == ()


def test_several_real_fills_replace_a_derived_one_piece_by_piece_and_then_add() -> None:
    order = _derived_then(("T1", "0.2", "101"))
    assert (order.filled_quantity, order.derived_quantity) == (Decimal("0.5"), Decimal("0.3"))
    order = _derived_then(("T1", "0.2", "101"), ("T2", "0.6", "103"))
    assert order.filled_quantity == Decimal("0.8")
    assert order.filled_value == Decimal("0.2") * 101 + Decimal("0.6") * 103


def test_real_fills_replace_a_derived_one_in_any_order() -> None:
    pieces = (("T1", "0.2", "101"), ("T2", "0.3", "102"), ("T3", "0.4", "103"))
    forward, backward = _derived_then(*pieces), _derived_then(*reversed(pieces))
    assert (forward.filled_quantity, forward.filled_value) == (backward.filled_quantity, backward.filled_value)
    assert forward.filled_quantity == Decimal("0.9")


def test_one_real_fill_takes_the_place_of_several_derived_ones_the_oldest_first() -> None:
    order = order_after(
        initialized(),
        OrderSubmitted(),
        filled("D1", "0.3", "100", derived=True),
        filled("D2", "0.3", "110", derived=True),
        filled("T1", "0.4", "120"),
    )
    assert (order.filled_quantity, order.derived_quantity) == (Decimal("0.6"), Decimal("0.2"))
    assert [part.trade_id for part in order.derived] == ["D2"]
    assert order.filled_value == Decimal("0.4") * 120 + Decimal("0.2") * 110
