"""Events and values as text: exact, plain, canonical, and readable when shapes have changed."""

import random
from dataclasses import fields
from decimal import Decimal
from typing import get_args

import pytest

from edgerunner.domain.events import (
    EVENT_TYPES,
    CashMoved,
    EventBody,
    OrderAdopted,
    OrderFlagged,
    OrderPendingUpdate,
    OrderRejected,
    PositionAdjusted,
)
from edgerunner.domain.orders import BrokerWords, Order, OrderStatus
from edgerunner.storage.codec import EventCodec, UnreadableEvent, canonical, decoder_of, encode
from edgerunner.storage.database import Database
from edgerunner.storage.journal import Journal
from tests.fakes.clock import FakeClock
from tests.fakes.events import LINEAR, filled, initialized, order_after, terms
from tests.unit.storage.journal_events import event, new

FULL_BODIES: list[EventBody] = [
    initialized("0.001"),
    OrderAdopted(terms=terms(), status=OrderStatus.TRIGGERED, venue_order_id="V", broker=BrokerWords(text="x")),
    OrderPendingUpdate(price=Decimal("1E-7"), quantity=Decimal("2E+3")),
    OrderRejected(broker=BrokerWords(status="Rejected", code="110007", text='"quoted" é \u2028')),
    filled("T1", "0.00000001", "123456789.123456789", fee="-0.1"),
    CashMoved(movement_id="m", kind="funding", currency="USDT", amount=Decimal("-0E-8")),
    PositionAdjusted(
        adjustment_id="a",
        instrument_id="BTCUSDT-LINEAR.BYBIT",
        contract=LINEAR,
        leg="net",
        quantity=Decimal(-3),
        average_price=None,
        reason="missed history",
    ),
]


def test_every_type_of_event_has_a_name() -> None:
    bodies = {body for union in get_args(EventBody) for body in (get_args(union) or (union,))}
    assert bodies == set(EVENT_TYPES.values())


@pytest.mark.parametrize("body", FULL_BODIES, ids=lambda body: type(body).__name__)
def test_an_event_comes_back_as_it_was(body: EventBody) -> None:
    codec = EventCodec()
    original = event(body, stamp=17, raw='{"a":1}')
    recorded = codec.from_row(5, 2, codec.to_row(original))
    assert recorded.event == original
    assert (recorded.seq, recorded.owner_epoch) == (5, 2)


@pytest.mark.parametrize(
    "number", ["1E-7", "0.0000001", "1E+3", "0E-10", "-5E-9", "12345678901234567890.000000000000000001"]
)
def test_decimals_are_written_without_exponent(number: str) -> None:
    text = encode(OrderPendingUpdate(price=Decimal(number)))
    assert "E" not in text
    assert decoder_of(OrderPendingUpdate)(text).price == Decimal(number)


def test_words_that_look_like_an_exponent_stay_as_they_are() -> None:
    flag = OrderFlagged(reason="1E-7 and TYPE-X")
    assert decoder_of(OrderFlagged)(encode(flag)) == flag


def test_an_order_with_everything_in_it_comes_back_as_it_was() -> None:
    order = order_after(initialized("2"), filled("T2", "0.5", fee="1"), filled("T1", "1E-7", derived=True))
    assert decoder_of(Order)(encode(order)) == order
    assert {field.name for field in fields(order)} == set(decoder_of(dict)(encode(order)))


def test_equal_values_have_equal_canonical_texts() -> None:
    one = OrderPendingUpdate(price=Decimal("1.50"), quantity=Decimal("1E+1"))
    other = OrderPendingUpdate(price=Decimal("1.5"), quantity=Decimal(10))
    assert canonical(one) == canonical(other)
    assert canonical(one) != canonical(OrderPendingUpdate(price=Decimal("1.51")))


def test_sets_are_written_in_one_order_whatever_the_hash_seed() -> None:
    names = [f"T{number}" for number in range(50)]
    random.Random(1).shuffle(names)
    assert encode(frozenset(names)) == encode(sorted(names))


OLD_FLAG = '{"text":"look"}'
LIFTED = EventCodec(
    versions={"order_flagged": 3},
    upcasters={
        ("order_flagged", 1): lambda payload: {"why": payload["text"]},
        ("order_flagged", 2): lambda payload: {"reason": payload["why"]},
    },
)


async def plant(database: Database, *, version: int, payload: str, type_name: str = "order_flagged") -> None:
    """Put an event as an older or newer program would have written it."""
    connection = database.connect()
    connection.execute(
        "INSERT INTO events (seq, event_id, type, version, connection_id, account_id, client_order_id, actor, source,"
        " ts_init_ns, owner_epoch, payload) VALUES (2, 'old', ?, ?, 'bybit-sim', '1', 'A', 'sync', 'api', 1, 1, ?)",
        (type_name, version, payload),
    )
    connection.close()


async def reopened(database: Database, codec: EventCodec) -> Journal:
    first = await Journal.open(database, clock_ns=FakeClock().now_ns)
    await first.append(new("A"))
    await first.close()
    return await Journal.open(database, clock_ns=FakeClock().now_ns, codec=codec)


@pytest.mark.parametrize(
    ("version", "payload"), [(1, OLD_FLAG), (2, '{"why":"look"}'), (3, '{"reason":"look"}')], ids=["1", "2", "3"]
)
async def test_an_old_version_is_lifted_step_by_step(database: Database, version: int, payload: str) -> None:
    journal = await reopened(database, LIFTED)
    await plant(database, version=version, payload=payload)
    assert [record.event.body for record in (await journal.events("A"))[1:]] == [OrderFlagged(reason="look")]
    await journal.close()


@pytest.mark.parametrize(
    ("type_name", "version", "payload", "reason"),
    [
        ("order_flagged", 2, "{}", "which a newer Edgerunner wrote"),
        ("order_teleported", 1, "{}", "which a newer Edgerunner wrote"),
        ("order_flagged", 1, "{}", "cannot be read: .*reason"),
        ("order_flagged", 1, "nonsense", "cannot be read"),
    ],
)
async def test_an_event_that_cannot_be_read_is_named(
    database: Database, type_name: str, version: int, payload: str, reason: str
) -> None:
    journal = await reopened(database, EventCodec())
    await plant(database, version=version, payload=payload, type_name=type_name)
    with pytest.raises(UnreadableEvent, match=rf"event 2 .*{reason}"):
        await journal.events("A")
    await journal.close()


async def test_a_missing_upcaster_is_named(database: Database) -> None:
    journal = await reopened(database, EventCodec(versions={"order_flagged": 2}))
    await plant(database, version=1, payload=OLD_FLAG)
    with pytest.raises(UnreadableEvent, match="event 2 "):
        await journal.events("A")
    await journal.close()
