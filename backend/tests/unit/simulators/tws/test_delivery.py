"""Messages about an order reach a client in the order, and as often, as a profile says."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.tws.delivery.definitions import DEFINITIONS
from edgerunner.simulators.tws.delivery.delivery import Answering, Delivery
from edgerunner.simulators.tws.delivery.profiles import PROFILES
from edgerunner.simulators.tws.delivery.stages import Stage
from edgerunner.simulators.tws.wire.account import PositionEnd
from edgerunner.simulators.tws.wire.executions import CommissionReport, ExecutionDetails
from edgerunner.simulators.tws.wire.order_values import OrderMargin, OrderTerms
from edgerunner.simulators.tws.wire.orders import OpenOrder, OrderStatus
from edgerunner.simulators.tws.wire.values import Contract
from tests.waiting import until

AAPL = Contract(con_id=265598, symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")


class Inbox:
    """A session that keeps what it gets, in short words."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def send(self, *messages: object) -> None:
        self.messages += messages

    def stall(self) -> None:
        self.messages.append("stalled")

    @property
    def words(self) -> list[str]:
        return [word_of(message) for message in self.messages]

    async def has(self, count: int) -> None:
        async def is_full() -> bool:
            return len(self.messages) >= count

        await until(is_full, timeout_s=5, what=f"{count} messages")


def word_of(message: Any) -> str:
    match message:
        case OpenOrder():
            return f"5 {message.margin.status}"
        case OrderStatus():
            return f"3 {message.status}"
        case ExecutionDetails():
            return "11"
        case CommissionReport():
            return "59"
        case _:
            return str(message)


def open_order(status: str) -> OpenOrder:
    terms = OrderTerms(action="BUY", total_quantity=Decimal(1), order_type="LMT")
    return OpenOrder(order_id=1, contract=AAPL, client_id=1, perm_id=9, order=terms, margin=OrderMargin(status=status))


def order_status(status: str, why_held: str = "") -> OrderStatus:
    return OrderStatus(
        order_id=1,
        status=status,
        filled=Decimal(0),
        remaining=Decimal(1),
        average_price=Decimal(0),
        perm_id=9,
        parent_id=0,
        last_price=Decimal(0),
        client_id=1,
        why_held=why_held,
        cap_price=Decimal(0),
    )


def execution() -> ExecutionDetails:
    return ExecutionDetails(
        request_id=-1,
        order_id=1,
        contract=AAPL,
        execution_id="e1",
        time="20261123 10:30:00 US/Eastern",
        account="DU1",
        exchange="ISLAND",
        side="BOT",
        shares=Decimal(1),
        price=Decimal(10),
        perm_id=9,
        client_id=1,
        liquidation=0,
        cumulative=Decimal(1),
        average_price=Decimal(10),
        order_ref="",
        economic_value_rule="",
        economic_value_multiplier="",
        model="",
        last_liquidity=1,
    )


def commission() -> CommissionReport:
    return CommissionReport(
        execution_id="e1", commission=Decimal(1), currency="USD", realized_pnl=None, bond_yield=None, yield_date=""
    )


ACKNOWLEDGED = (Stage.ACKNOWLEDGED, (open_order("Submitted"), order_status("Submitted")))
WAITING = (Stage.ACKNOWLEDGED, (open_order("PreSubmitted"), order_status("PreSubmitted", "trigger")))
EXECUTION = (Stage.EXECUTION, (execution(),))
FILLED = (Stage.FILLED, (open_order("Filled"), order_status("Filled")))
COMMISSION = (Stage.COMMISSION, (commission(),))
PENDING_CANCEL = (Stage.PENDING_CANCEL, (order_status("PendingCancel"),))
CANCELLED = (Stage.CANCELLED, (order_status("Cancelled"),))
INSTANT_FILL = (ACKNOWLEDGED, EXECUTION, FILLED, COMMISSION)
Steps = Sequence[tuple[Stage, Sequence[object]]]


def faulty(*faults: tuple[str, dict[str, object]]) -> FaultBox:
    box = FaultBox(["ibkr"])
    box.register(*DEFINITIONS)
    for name, params in faults:
        box.add("ibkr", name, params=params)
    return box


async def told(steps: Steps, *, profile: str = "direct", faults: FaultBox | None = None, op: str = "place") -> Inbox:
    inbox, delivery = Inbox(), Delivery(faults, profile=profile)
    with delivery.answering(Answering(session=inbox, op=op)):
        for stage, messages in steps:
            delivery.deliver(inbox, stage, messages, client_key="key", symbol="AAPL")
    return inbox


@pytest.mark.parametrize(
    ("profile", "steps", "words"),
    [
        ("direct", INSTANT_FILL, ["5 Submitted", "3 Submitted", "11", "3 Filled", "59"]),
        ("stepped", INSTANT_FILL, ["5 PreSubmitted", "3 PreSubmitted", "11", "5 Filled", "3 Filled", "59"]),
        (
            "fast_fill_2023",
            INSTANT_FILL,
            [
                *("5 PreSubmitted", "3 PreSubmitted", "11", "5 Filled", "3 Filled"),
                *("5 Filled", "3 Filled", "59"),
            ],
        ),
        ("no_status", INSTANT_FILL, ["5 Submitted", "11", "59"]),
        ("stepped", (ACKNOWLEDGED,), ["5 PreSubmitted", "3 PreSubmitted", "5 Submitted", "3 Submitted"]),
        ("direct", (ACKNOWLEDGED,), ["5 Submitted", "3 Submitted"]),
        ("direct", (WAITING,), ["5 PreSubmitted", "3 PreSubmitted"] * 2),
        ("direct", (PENDING_CANCEL, CANCELLED), ["3 Cancelled"]),
        ("stepped", (PENDING_CANCEL, CANCELLED), ["3 PendingCancel", "3 Cancelled"]),
    ],
)
async def test_a_profile_decides_the_order_of_messages(profile: str, steps: Steps, words: list[str]) -> None:
    assert (await told(steps, profile=profile)).words == words


async def test_late_execution_tells_filled_first_and_the_execution_later() -> None:
    inbox = await told(INSTANT_FILL, profile="late_execution")
    assert inbox.words == ["5 Submitted", "3 Filled"]
    await inbox.has(4)
    assert inbox.words[2:] == ["11", "59"]


async def test_duplicates_tell_every_status_three_times() -> None:
    words = (await told((ACKNOWLEDGED,), profile="duplicates")).words
    assert [word for word in words if word == "3 Submitted"] == ["3 Submitted"] * 3


async def test_the_seed_decides_what_a_profile_leaves_open_and_nothing_else_does() -> None:
    def many(seed: int) -> list[str]:
        inbox, delivery = Inbox(), Delivery(seed=seed)
        for number in range(30):
            with delivery.answering(Answering(session=inbox, op="place")):
                for stage, messages in INSTANT_FILL:
                    delivery.deliver(inbox, stage, messages, client_key=str(number))
        return inbox.words

    assert many(3) == many(3)
    assert many(3) != many(4)
    assert {"3 Submitted", "3 PreSubmitted"} <= set(many(3))


async def test_a_reset_starts_the_decisions_of_the_seed_again() -> None:
    inbox, delivery = Inbox(), Delivery(seed=3)

    def told_now() -> list[str]:
        inbox.messages.clear()
        for number in range(30):
            with delivery.answering(Answering(session=inbox, op="place")):
                for stage, messages in INSTANT_FILL:
                    delivery.deliver(inbox, stage, messages, client_key=str(number))
        return inbox.words

    first = told_now()
    assert told_now() != first
    delivery.begin_again(3)
    assert told_now() == first


async def test_a_fault_pins_what_the_seed_would_decide() -> None:
    faults = faulty(
        ("ibkr.profile", {"name": "paper_2026", "stepped": "no", "order_at_fill": "yes", "commission_first": "yes"})
    )
    inbox = await told(INSTANT_FILL, faults=faults)
    assert inbox.words == ["5 Submitted", "3 Submitted", "11", "59", "5 Filled", "3 Filled"]


@pytest.mark.parametrize(
    ("name", "params", "words"),
    [
        ("ibkr.fill_before_status", {}, ["11", "5 Submitted", "3 Submitted", "3 Filled", "59"]),
        ("ibkr.missing_status", {}, ["5 Submitted", "11", "59"]),
        ("ibkr.missing_commission", {}, ["5 Submitted", "3 Submitted", "11", "3 Filled"]),
        ("ibkr.late_commission", {"delay_s": 60}, ["5 Submitted", "3 Submitted", "11", "3 Filled"]),
        ("duplicate_event", {}, ["5 Submitted", "3 Submitted", "11", "11", "3 Filled", "59"]),
        ("reorder_events", {}, ["5 Submitted", "3 Submitted", "3 Filled", "11", "59"]),
        ("stall_stream", {}, ["5 Submitted", "3 Submitted", "stalled", "11", "3 Filled", "59"]),
        ("late_event", {"delay_s": 60}, ["5 Submitted", "3 Submitted", "3 Filled", "59"]),
    ],
)
async def test_a_fault_disturbs_the_messages_of_one_order(
    name: str, params: dict[str, object], words: list[str]
) -> None:
    faults = faulty((name, params))
    inbox, delivery = Inbox(), Delivery(faults, profile="direct")
    with delivery.answering(Answering(session=inbox, op="place")):
        for stage, messages in INSTANT_FILL:
            delivery.deliver(inbox, stage, messages, client_key="key", symbol="AAPL")
    assert inbox.words == words
    assert faults.active() == []
    await delivery.stop()


async def test_a_lost_reply_takes_the_acknowledgement_and_leaves_the_events() -> None:
    inbox, delivery = Inbox(), Delivery(profile="direct")
    with delivery.answering(Answering(session=inbox, op="place", is_reply_lost=True)):
        for stage, messages in INSTANT_FILL:
            delivery.deliver(inbox, stage, messages)
    assert inbox.words == ["11", "3 Filled", "59"]


async def test_what_nobody_asked_for_is_sent_on_the_next_turn() -> None:
    inbox, delivery = Inbox(), Delivery(profile="direct")
    delivery.deliver(inbox, *EXECUTION)
    delivery.deliver(inbox, *FILLED)
    assert inbox.words == []
    await inbox.has(2)
    assert inbox.words == ["11", "3 Filled"]


async def test_nothing_is_told_while_the_connection_is_lost() -> None:
    faults = faulty(("ibkr.connection_lost", {}))
    inbox, delivery = Inbox(), Delivery(faults)
    delivery.deliver(inbox, *EXECUTION)
    delivery.flush()
    assert inbox.words == []


def test_the_end_of_a_list_can_be_left_out() -> None:
    delivery = Delivery(faulty(("ibkr.missing_end_marker", {"marker": "positions"})))
    assert [delivery.omits(PositionEnd()) for _ in range(2)] == [True, False]


def test_every_profile_is_described() -> None:
    assert all(profile.description.endswith(".") for profile in PROFILES.values())


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ValueError, match="there are paper_2026"):
        Delivery(profile="nonsense")
