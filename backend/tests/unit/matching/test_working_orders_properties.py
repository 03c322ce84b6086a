"""What no sequence of orders and market events can break, checked against plain sums."""

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from edgerunner.matching.quote_fill import Assumptions
from edgerunner.matching.words import Side
from edgerunner.matching.working_order import (
    Exits,
    Filled,
    OrderEvent,
    Triggered,
    WorkingOrder,
    stop_trigger,
    touch_trigger,
)
from edgerunner.matching.working_orders import SIDES, WorkingOrders

Levels = tuple[tuple[int, int], ...]

BEYOND_TICKS, BEYOND_LEVELS = 3, 2
PRICES = st.integers(90, 110)
LOTS = st.integers(1, 12)


@dataclass(frozen=True)
class Place:
    order: WorkingOrder


@dataclass(frozen=True)
class Show:
    bids: Levels
    asks: Levels


@dataclass(frozen=True)
class ShowAgain:
    pass


@dataclass(frozen=True)
class Trade:
    price: int
    lots: int
    taker: Side


@dataclass(frozen=True)
class Cancel:
    index: int


Action = Place | Show | ShowAgain | Trade | Cancel


@st.composite
def books(draw: st.DrawFn) -> Show:
    """A book that is not crossed, up to four levels a side."""
    middle = draw(PRICES)
    bids = tuple((middle - 1 - step, draw(LOTS)) for step in range(draw(st.integers(0, 4))))
    asks = tuple((middle + 1 + step, draw(LOTS)) for step in range(draw(st.integers(0, 4))))
    return Show(bids, asks)


@st.composite
def orders(draw: st.DrawFn) -> WorkingOrder:
    side, price = draw(st.sampled_from(SIDES)), draw(PRICES)
    return WorkingOrder(
        order_id="",
        side=side,
        lots=draw(LOTS),
        limit=draw(st.one_of(st.none(), PRICES)),
        trigger=draw(st.sampled_from([None, None, stop_trigger(side, price), touch_trigger(side, price)])),
        time_in_force=draw(st.sampled_from(["gtc", "gtc", "ioc", "fok"])),
        reduce_only=draw(st.booleans()),
        exits=draw(st.sampled_from([None, Exits(take_profit=price + 3, stop=price - 3), Exits(stop=price)])),
    )


ACTIONS: st.SearchStrategy[list[Action]] = st.lists(
    st.one_of(
        st.builds(Place, orders()),
        books(),
        st.builds(ShowAgain),
        st.builds(Trade, PRICES, LOTS, st.sampled_from(SIDES)),
        st.builds(Cancel, st.integers(0, 5)),
    ),
    max_size=40,
)


@dataclass
class Session:
    """Runs actions and keeps what happened."""

    working: WorkingOrders = field(
        default_factory=lambda: WorkingOrders(
            assumptions=Assumptions(beyond_levels=BEYOND_LEVELS, beyond_ticks=BEYOND_TICKS)
        )
    )
    book: Show = field(default_factory=lambda: Show((), ()))
    told: list[OrderEvent] = field(default_factory=list)
    number: int = 0

    def do(self, action: Action) -> list[OrderEvent]:
        self.number += 1
        events = self._done(action)
        self.told += events
        return events

    def _done(self, action: Action) -> list[OrderEvent]:
        match action:
            case Place(order=order):
                return self.working.add(replace(order, order_id=f"O{self.number}"), self.number)
            case Trade(price=price, lots=lots, taker=taker):
                return self.working.on_trade(price, lots, taker, self.number)
            case Cancel(index=index):
                alive = self.working.orders
                return self.working.cancel(alive[index % len(alive)].order_id) if alive else []
            case Show():
                self.book = action
            case ShowAgain():
                pass
        return self.working.on_depth(self.book.bids, self.book.asks, self.number)

    def shown(self, side: Side) -> Levels:
        """What an order of this side can take."""
        return self.book.asks if side == "buy" else self.book.bids


def filled(events: list[OrderEvent]) -> list[Filled]:
    return [event for event in events if isinstance(event, Filled)]


def offered(levels: Levels, side: Side) -> dict[int, int]:
    """The shown levels and those assumed behind them."""
    if not levels:
        return {}
    price, lots = levels[-1]
    away = BEYOND_TICKS if side == "buy" else -BEYOND_TICKS
    return dict(levels) | {price + away * step: lots for step in range(1, BEYOND_LEVELS + 1)}


@settings(max_examples=120, deadline=None)
@given(actions=ACTIONS)
def test_no_order_fills_beyond_its_limit_its_quantity_its_position_or_before_its_trigger(
    actions: list[Action],
) -> None:
    session, triggered, position, done = Session(), set[str](), 0, dict[str, int]()
    for event in (event for action in actions for event in session.do(action)):
        order = event.order
        if isinstance(event, Triggered):
            triggered.add(order.order_id)
        if isinstance(event, Filled):
            is_buy = order.side == "buy"
            assert order.limit is None or (event.price <= order.limit if is_buy else event.price >= order.limit)
            assert order.trigger is None or order.order_id in triggered
            before, position = position, position + (event.lots if is_buy else -event.lots)
            done[order.order_id] = done.get(order.order_id, 0) + event.lots
            assert done[order.order_id] == order.filled <= order.lots
            assert not order.reduce_only or (abs(position) < abs(before) and position * before >= 0)
    assert session.working.position == position


@settings(max_examples=120, deadline=None)
@given(actions=ACTIONS)
def test_takers_get_no_more_of_one_snapshot_than_it_offers_and_makers_no_more_than_was_traded(
    actions: list[Action],
) -> None:
    session = Session()
    taken: dict[tuple[Side, int], int] = {}
    for action in actions:
        if isinstance(action, Show):
            taken = {}
        if isinstance(action, ShowAgain):  # what lies beyond the view is assumed anew with each showing
            taken = {key: lots for key, lots in taken.items() if key[1] in dict(session.shown(key[0]))}
        fills = filled(session.do(action))
        if isinstance(action, Trade):
            makers = [each for each in fills if each.is_maker]
            assert sum(each.lots for each in makers) <= action.lots
            assert action.taker not in {each.order.side for each in makers}
        for each in fills:
            if not each.is_maker:
                key = (each.order.side, each.price)
                taken[key] = taken.get(key, 0) + each.lots
                assert taken[key] <= offered(session.shown(each.order.side), each.order.side)[each.price]
        if isinstance(action, Show | ShowAgain):
            for side in SIDES:
                total = sum(each.lots for each in fills if each.order.side == side)
                assert total <= sum(offered(session.shown(side), side).values())


@settings(max_examples=80, deadline=None)
@given(actions=ACTIONS)
def test_the_same_book_shown_again_and_again_fills_nothing_more(actions: list[Action]) -> None:
    session = Session()
    for action in actions:
        session.do(action)
    session.do(ShowAgain())
    assert [filled(session.do(ShowAgain())) for _ in range(3)] == [[], [], []]


@settings(max_examples=80, deadline=None)
@given(actions=ACTIONS)
def test_exits_of_an_order_never_close_more_than_it_filled(actions: list[Action]) -> None:
    session = Session()
    for action in actions:
        session.do(action)
    opened, closed = dict[str, int](), dict[str, int]()
    for each in filled(session.told):
        opened[each.order.order_id] = opened.get(each.order.order_id, 0) + each.lots
        if each.order.parent_id is not None:
            closed[each.order.parent_id] = closed.get(each.order.parent_id, 0) + each.lots
    assert all(lots <= opened[parent] for parent, lots in closed.items())


@settings(max_examples=80, deadline=None)
@given(actions=ACTIONS, lots=st.tuples(LOTS, LOTS))
def test_resting_orders_of_different_sides_fill_alike_in_whichever_order_they_came(
    actions: list[Action], lots: tuple[int, int]
) -> None:
    buy = WorkingOrder(order_id="B", side="buy", lots=lots[0], limit=95)
    sell = WorkingOrder(order_id="S", side="sell", lots=lots[1], limit=105)
    told: list[list[tuple[str, int, int]]] = []
    for pair in ((buy, sell), (sell, buy)):
        session = Session()
        for each in pair:
            session.working.add(each, 0)
        for action in actions:
            if not isinstance(action, Place | Cancel):
                session.do(action)
        told.append(sorted((each.order.order_id, each.price, each.lots) for each in filled(session.told)))
    assert told[0] == told[1]
