"""Books from events: each fact once, and the same books in every way of getting there."""

from dataclasses import replace
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from edgerunner.domain.events import (
    CashMoved,
    EventBody,
    OrderAccepted,
    OrderFilled,
    OrderSubmitted,
    PositionAdjusted,
    RecordedEvent,
)
from edgerunner.domain.orders import OrderStatus, Side
from edgerunner.domain.positions import PositionKey
from edgerunner.domain.projection import Changes, MemoryBooks, project
from tests.fakes.events import ACCOUNT, CONNECTION, LINEAR, ORDER_ID, filled, initialized, recorded

LINEAR_ID = "BTCUSDT-LINEAR.BYBIT"


def books_after(*bodies: EventBody) -> tuple[MemoryBooks, list[Changes]]:
    books = MemoryBooks()
    return books, [books.record(recorded(body, seq=seq, stamp=seq * 10)) for seq, body in enumerate(bodies, start=1)]


def linear(leg: str = "net") -> PositionKey:
    return PositionKey(connection_id=CONNECTION, account_id=ACCOUNT, instrument_id=LINEAR_ID, leg=leg)


def funding(movement_id: str = "M1", *, amount: str = "-0.5", currency: str = "USDT") -> CashMoved:
    return CashMoved(
        movement_id=movement_id,
        kind="funding",
        currency=currency,
        amount=Decimal(amount),
        instrument_id=LINEAR_ID,
    )


def test_a_fill_changes_order_position_and_ledger_together() -> None:
    books, changes = books_after(initialized(), OrderSubmitted(), filled("T1", "0.4", "100", fee="0.02"))
    last = changes[-1]
    assert last.order is not None
    assert last.order.status is OrderStatus.PARTIALLY_FILLED
    assert last.position is not None
    assert last.position.quantity == Decimal("0.4")
    assert [(m.movement_id, m.kind, m.currency, m.amount, m.trade_id) for m in last.movements] == [
        ("fee:T1", "commission", "USDT", Decimal("-0.02"), "T1")
    ]
    assert last.fill is not None
    assert (last.fill.client_order_id, last.fill.realized_pnl, last.fill.ts_event_ns) == (ORDER_ID, Decimal(0), 30)
    assert books.has_fill(CONNECTION, ACCOUNT, "T1")


def test_a_repeated_fill_changes_nothing_anywhere() -> None:
    fill = filled("T1", "0.4", fee="0.02")
    books, changes = books_after(initialized(), fill, fill)
    assert changes[-1] == Changes()
    other_order = recorded(fill, seq=9, client_order_id="ORDER-2")
    assert project(books, other_order) == Changes()


def test_the_same_trade_id_of_another_account_is_another_fill() -> None:
    books, _ = books_after(initialized(), filled("T1", "0.4"))
    changes = project(books, recorded(filled("T1", "0.4"), seq=9, client_order_id=None, account_id="2"))
    assert changes.fill is not None
    assert changes.fill.account_id == "2"


def test_a_fill_of_no_known_order_still_moves_position_and_ledger() -> None:
    books = MemoryBooks()
    changes = books.record(recorded(filled("T1", "1", fee="0.1"), client_order_id=None))
    assert changes.order is None
    assert changes.position is not None
    assert changes.position.quantity == 1
    assert len(changes.movements) == 1


def test_a_fill_without_a_fee_makes_no_cash_movement() -> None:
    _, changes = books_after(initialized(), filled("T1", "1"))
    assert changes[-1].movements == ()


def late_fee(amount: str = "-0.02", *, currency: str = "USDT", instrument_id: str = LINEAR_ID) -> CashMoved:
    return CashMoved(
        movement_id="fee:T1",
        kind="commission",
        currency=currency,
        amount=Decimal(amount),
        instrument_id=instrument_id,
        trade_id="T1",
    )


def test_a_late_commission_becomes_the_fee_of_its_fill() -> None:
    books, _ = books_after(initialized(), filled("T1", "0.4"), late_fee(), late_fee())
    at_once, _ = books_after(initialized(), filled("T1", "0.4", fee="0.02"))
    assert books.fills == at_once.fills
    assert books.orders[ORDER_ID].fees == at_once.orders[ORDER_ID].fees
    assert books.positions[linear()].fees == at_once.positions[linear()].fees
    assert [movement.amount for movement in books.movements.values()] == [Decimal("-0.02")]


def test_a_commission_told_before_its_fill_is_booked_once() -> None:
    books, changes = books_after(initialized(), late_fee(), filled("T1", "0.4", fee="0.02"))
    assert (len(books.movements), changes[-1].movements) == (1, ())
    assert [fill.fee.amount for fill in books.fills.values()] == [Decimal("0.02")]
    assert books.orders[ORDER_ID].fees[0].amount == Decimal("0.02")


def test_a_late_commission_in_the_coin_leaves_the_inventory() -> None:
    spot = "BTCUSDT-SPOT.BYBIT"
    fill, fee = filled("T1", "1", "100", instrument_id=spot), late_fee("-0.1", currency="BTC", instrument_id=spot)
    books, _ = books_after(initialized(), fill, fee)
    position = next(iter(books.positions.values()))
    assert (position.quantity, position.average_price) == (Decimal("0.9"), Decimal(100))


def test_a_derived_fill_gives_way_to_the_real_ones_and_moves_nothing_twice() -> None:
    books, changes = books_after(
        initialized(),
        filled("D1", "0.6", "100", derived=True),
        filled("T1", "0.4", "101", fee="0.01"),
        filled("T2", "0.2", "102", fee="0.01"),
        filled("D1", "0.6", "100", derived=True),
    )
    assert [change.replaced_fills for change in changes] == [(), (), (), ("D1",), ()]
    assert [trade_id for _, _, trade_id in books.fills] == ["T1", "T2"]
    order, position = books.orders[ORDER_ID], books.positions[linear()]
    assert order.filled_quantity == position.quantity == Decimal("0.6")
    assert order.filled_value == position.entry_value == Decimal("60.8")
    assert changes[-1] == Changes()


def test_an_event_that_changes_nothing_projects_nothing() -> None:
    _, changes = books_after(initialized(), OrderSubmitted(), OrderAccepted(), OrderSubmitted())
    assert changes[-1] == Changes()


def test_funding_is_booked_once_in_the_ledger_and_on_the_open_leg() -> None:
    books, changes = books_after(
        initialized(),
        filled("T1", "1", leg="short", side=Side.SELL),
        funding(),
        funding(),
        funding("M2", currency="BTC"),
    )
    assert books.positions[linear("short")].funding == Decimal("-0.5")
    assert changes[3] == Changes()
    assert changes[4].position is None
    assert [movement.amount for movement in books.movements.values()] == [Decimal("-0.5"), Decimal("-0.5")]


def test_funding_without_an_open_position_is_in_the_ledger_alone() -> None:
    _, changes = books_after(funding())
    assert (changes[0].position, len(changes[0].movements)) == (None, 1)


def test_an_adjustment_is_booked_once() -> None:
    adjusted = PositionAdjusted(
        adjustment_id="A1",
        instrument_id=LINEAR_ID,
        contract=LINEAR,
        leg="net",
        quantity=Decimal(1),
        average_price=Decimal(100),
        reason="history was cut off",
    )
    books, changes = books_after(adjusted, filled("T1", "1"), adjusted)
    assert changes[-1] == Changes()
    assert books.positions[linear()].quantity == 2


QUANTITIES = st.integers(1, 30).map(lambda tenths: Decimal(tenths) / 10)
PRICES = st.decimals(min_value="1", max_value="1000", places=2)
ACCOUNTS = ("1", "2", "3")


@st.composite
def account_line(draw: st.DrawFn, account_id: str) -> list[RecordedEvent]:
    """What one account's stream tells, without repeats; its time is 1000 times the place in it."""
    order_id = f"ORDER-{account_id}"
    bodies: list[EventBody] = [initialized("100"), OrderSubmitted(), OrderAccepted(venue_order_id="V1")]
    for trade in range(draw(st.integers(0, 6))):
        side, fee = draw(st.sampled_from(Side)), draw(PRICES)
        bodies.append(filled(f"T{trade}", draw(QUANTITIES), draw(PRICES), side=side, fee=fee))
        if draw(st.booleans()):
            bodies.append(funding(f"M{trade}", amount=str(draw(PRICES))))
    return [
        recorded(body, stamp=1000 * place, client_order_id=order_id, account_id=account_id)
        for place, body in enumerate(bodies, start=1)
    ]


@st.composite
def interleaved(draw: st.DrawFn) -> tuple[list[RecordedEvent], list[RecordedEvent]]:
    """Three accounts' lines one after the other, and shuffled into one with repeats.

    Each account keeps its own order; what was told before may be told again at any time.
    """
    lines = [draw(account_line(account_id)) for account_id in ACCOUNTS]
    mixed: list[RecordedEvent] = []
    places = [0] * len(lines)
    turns = draw(st.permutations([index for index, line in enumerate(lines) for _ in line]))
    for index in turns:
        mixed.append(lines[index][places[index]])
        places[index] += 1
        if draw(st.booleans()):
            mixed.append(draw(st.sampled_from(mixed)))
    return [event for line in lines for event in line], mixed


def fold(line: list[RecordedEvent]) -> MemoryBooks:
    books = MemoryBooks()
    for event in line:
        books.record(event)
    return books


@given(interleaved())
def test_every_interleaving_with_repeats_gives_equal_books(
    lines: tuple[list[RecordedEvent], list[RecordedEvent]],
) -> None:
    told, mixed = lines
    assert fold(mixed) == fold(told)


@given(account_line("1"), st.randoms(use_true_random=False))
def test_fills_told_in_any_order_give_the_brokers_positions_and_profits(
    line: list[RecordedEvent], shuffled: Random
) -> None:
    fills = [event for event in line if isinstance(event.event.body, OrderFilled)]
    mixed = list(fills)
    shuffled.shuffle(mixed)
    told, late = fold(fills), fold(mixed)
    assert late.fills == told.fills
    without_fees = [{key: replace(p, fees=()) for key, p in books.positions.items()} for books in (told, late)]
    assert without_fees[0] == without_fees[1]


@given(interleaved())
def test_the_books_agree_with_themselves(lines: tuple[list[RecordedEvent], list[RecordedEvent]]) -> None:
    books = fold(lines[1])
    for account_id in ACCOUNTS:
        fills = [fill for fill in books.fills.values() if fill.account_id == account_id]
        order = books.orders[f"ORDER-{account_id}"]
        assert order.filled_quantity == sum(fill.quantity for fill in fills)
        assert order.trade_ids == {fill.trade_id for fill in fills}
        position = books.position(PositionKey(connection_id=CONNECTION, account_id=account_id, instrument_id=LINEAR_ID))
        if position is None:
            assert not fills
            continue
        assert position.quantity == sum(fill.side.sign * fill.quantity for fill in fills)
        assert position.realized_pnl == sum(fill.realized_pnl or 0 for fill in fills)
        commissions = [
            m.amount for m in books.movements.values() if (m.account_id, m.kind) == (account_id, "commission")
        ]
        assert -sum(commissions) == sum(fee.amount for fee in position.fees)
