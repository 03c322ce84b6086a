"""Whatever a client does with its orders, what it is told agrees with what the venue has."""

import asyncio
from collections import defaultdict
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgerunner.simulators.catalogue_ibkr import ibkr_catalogue
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.tws.gateway import Gateway
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.tws.wire.executions import CommissionReport, ExecutionDetails
from edgerunner.simulators.tws.wire.order_values import OrderTerms
from edgerunner.simulators.tws.wire.orders import OrderStatus, PlaceOrder
from edgerunner.simulators.tws.wire.session import ErrorMessage
from edgerunner.simulators.tws.wire.values import Contract
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_state import VenueSettings

AAPL = Contract(con_id=265598, symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
NOW_NS = 1_795_447_800_000_000_000
ACCOUNT = "DU1000001"
DONE = {"Filled", "Cancelled", "Inactive", "ApiCancelled"}
PRICES = st.integers(250, 280).map(Decimal)
KINDS = ("MKT", "LMT", "STP", "STP LMT", "TRAIL", "MIT", "LIT")

TERMS = st.fixed_dictionaries(
    {
        "action": st.sampled_from(("BUY", "SELL")),
        "total_quantity": st.integers(1, 900).map(Decimal),
        "order_type": st.sampled_from(KINDS),
        "limit_price": PRICES,
        "aux_price": PRICES,
        "time_in_force": st.sampled_from(("DAY", "GTC", "IOC", "FOK")),
        "parent_id": st.sampled_from((0, 0, 1, 2, 3)),
        "oca_group": st.sampled_from(("", "", "pair")),
        "oca_type": st.integers(1, 3),
        "transmit": st.sampled_from((True, True, True, False)),
    }
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("place"), TERMS),
        st.tuples(st.just("bracket"), st.integers(1, 900).map(Decimal), PRICES),
        st.tuples(st.just("change"), st.integers(1, 9), TERMS),
        st.tuples(st.just("cancel"), st.integers(1, 9)),
        st.tuples(st.just("move"), PRICES),
        st.tuples(st.just("move"), PRICES),
        st.tuples(st.just("cancel all")),
    ),
    max_size=14,
)


class Desk:
    """A gateway and everything that its one client hears."""

    def __init__(self) -> None:
        faults = FaultBox(["ibkr"])
        self.heard: list[Any] = []
        self.venue = Venue(
            ibkr_catalogue((ACCOUNT,)), faults, VenueSettings(ledger_path=None, wall=lambda: NOW_NS, seed=1)
        )
        self.gateway = Gateway(self.venue, faults, TwsSettings(profile="stepped"))
        self.session = Session(1, 178, lambda *messages: self.heard.extend(messages))
        self.gateway.sessions.add(self.session)
        self.next_id = 1
        self.move(Decimal(265))

    def move(self, price: Decimal) -> None:
        self.venue.operator.set_price("STK:AAPL", price)

    def carry_out(self, step: tuple[Any, ...]) -> None:
        match step:
            case ("place", terms):
                self.send(self.next_id, terms)
                self.next_id += 1
            case ("bracket", quantity, price):
                self.send_bracket(quantity, price)
            case ("change", order_id, terms) if order_id < self.next_id:
                self.send(order_id, terms)
            case ("cancel", order_id):
                self.gateway.desk.cancel(self.session, order_id)
            case ("move", price):
                self.move(price)
            case ("cancel all",):
                self.gateway.desk.cancel_all(self.session)
        self.gateway.delivery.flush()

    def send_bracket(self, quantity: Decimal, price: Decimal) -> None:
        """A buy at a limit, its profit above and its loss below."""
        parent_id = self.next_id
        self.next_id += 3
        common = {"total_quantity": quantity, "time_in_force": "GTC"}
        opening = {"action": "BUY", "order_type": "LMT", "limit_price": price, **common}
        closing = {"action": "SELL", "parent_id": parent_id, **common}
        self.send(parent_id, {**opening, "transmit": False})
        self.send(parent_id + 1, {**closing, "order_type": "LMT", "limit_price": price + 8, "transmit": False})
        self.send(parent_id + 2, {**closing, "order_type": "STP", "aux_price": price - 8})

    def send(self, order_id: int, terms: dict[str, Any]) -> None:
        if terms["order_type"] == "TRAIL":
            terms = {**terms, "aux_price": Decimal(3)}
        request = PlaceOrder(order_id=order_id, contract=AAPL, order=OrderTerms(**terms))
        self.gateway.desk.place(self.session, request)


async def run(steps: list[tuple[Any, ...]]) -> None:
    desk = Desk()
    try:
        for step in steps:
            desk.carry_out(step)
            check_what_was_heard(desk)
        desk.carry_out(("cancel all",))
        assert desk.venue.open_orders(ACCOUNT) == []
    finally:
        desk.venue.close()


def check_what_was_heard(desk: Desk) -> None:
    latest: dict[int, OrderStatus] = {}
    traded: defaultdict[int, Decimal] = defaultdict(Decimal)
    for message in desk.heard:
        if isinstance(message, OrderStatus):
            before = latest.get(message.order_id)
            assert before is None or before.status not in DONE, (before, message)
            assert before is None or message.filled >= before.filled
            latest[message.order_id] = message
        elif isinstance(message, ExecutionDetails):
            traded[message.perm_id] += message.shares
            assert message.cumulative == traded[message.perm_id]
    live = {order.attributes["order_id"]: order for order in desk.venue.open_orders(ACCOUNT)}
    for order_id, status in latest.items():
        assert (status.status not in DONE) == (str(order_id) in live), status
        assert status.filled == traded[status.perm_id]
    for key, order in live.items():
        told = latest[int(key)]
        assert (told.filled, told.remaining) == (Decimal(order.filled_lots), Decimal(order.leaves_lots))
        standing = desk.gateway.desk.reports.standing(order)
        assert (told.status, told.why_held) == (standing.status, standing.why_held)
    check_families(desk)
    fills = [each.execution_id for each in desk.heard if isinstance(each, ExecutionDetails)]
    reports = [each.execution_id for each in desk.heard if isinstance(each, CommissionReport)]
    assert sorted(fills) == sorted(reports) == sorted(fill.trade_id for fill in desk.venue.fills(ACCOUNT))
    assert all(each.code != 320 for each in desk.heard if isinstance(each, ErrorMessage))


def check_families(desk: Desk) -> None:
    """No child waits for a parent that is done."""
    for order in desk.venue.open_orders(ACCOUNT):
        if order.state == "held":
            assert order.parent_id is not None
            parent = desk.venue.find_order(ACCOUNT, order_id=order.parent_id)
            assert parent is not None
            assert parent.live


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_a_client_knows_what_the_venue_knows(steps: list[tuple[Any, ...]]) -> None:
    asyncio.run(run(steps))
