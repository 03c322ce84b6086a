"""DepthGrid over hand-made books."""

import random

import pytest

from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.orders import OrderStatus
from edgerunner.strategies.errors import StrategyMisuse
from edgerunner.strategies.market_data import Book, OrderUpdate
from edgerunner.strategies.shipped.depth_grid import DepthGrid
from tests.fakes.instruments import LINEAR, LINEAR_ID
from tests.fakes.strategy_host import FakeHost

PARAMETERS: dict[str, object] = {"levels": 2, "spacing": 10.0, "quantity": 1.0, "inventory_limit": 3}


def host() -> FakeHost:
    return FakeHost({LINEAR_ID: LINEAR})


def resting(fake: FakeHost) -> list[str]:
    """Open orders as side and price, the dearest first."""
    found = [(intent.limit or 0.0, order.side) for order, intent in fake.working.values()]
    return [f"{side} {price:g}" for price, side in sorted(found, reverse=True)]


def test_it_asks_for_the_book_and_rests_orders_on_both_sides() -> None:
    fake = host()
    fake.start(DepthGrid, PARAMETERS)
    assert fake.books == {LINEAR_ID}
    fake.book(999.0, 1001.0)
    assert resting(fake) == ["sell 1020", "sell 1010", "buy 990", "buy 980"]
    assert all("post" in sentence for sentence in fake.sent)


def test_what_was_bought_is_offered_one_level_higher() -> None:
    fake = host()
    fake.start(DepthGrid, PARAMETERS)
    fake.book(999.0, 1001.0)
    fake.book(988.0, 990.0)  # the level at 990 is bought; the outermost sell goes, its place is at the other end
    fake.book(988.0, 990.0)
    assert resting(fake) == ["sell 1010", "sell 1000", "buy 980", "buy 970"]
    fake.book(1000.0, 1002.0)
    fake.book(1000.0, 1002.0)
    assert fake.position(LINEAR_ID).quantity == 0
    assert resting(fake) == ["sell 1020", "sell 1010", "buy 990", "buy 980"]


def test_orders_that_stay_due_are_left_alone() -> None:
    fake = host()
    fake.start(DepthGrid, PARAMETERS)
    fake.book(999.0, 1001.0)
    before = list(fake.sent)
    for middle in (1003.0, 997.0, 1009.0):
        fake.book(middle - 0.5, middle + 0.5)
    assert fake.sent == before
    assert fake.cancels == []


def test_it_is_laid_out_afresh_when_the_market_has_left_it() -> None:
    fake = host()
    fake.start(DepthGrid, {**PARAMETERS, "inventory_limit": 1})
    fake.book(999.0, 1001.0)
    assert resting(fake) == ["sell 1010", "buy 990"]
    fake.book(1100.0, 1102.0)
    fake.book(1100.0, 1102.0)
    # One lot short: sold at 1010, bought back one level below the new middle at 1101 + 10 - 10.
    assert fake.position(LINEAR_ID).quantity == -1
    assert resting(fake) == ["buy 1091", "buy 1081"]


def test_a_new_grid_waits_until_the_old_one_is_gone_and_each_cancel_is_asked_once() -> None:
    fake = host()
    fake.start(DepthGrid, PARAMETERS)
    fake.book(999.0, 1001.0)
    fake.keeps_canceled = True
    fake.intents.clear()
    for _ in range(3):
        fake.book(959.0, 961.0)  # two lots are bought on the way, then the market is beyond the grid
    assert fake.position(LINEAR_ID).quantity == 2
    assert fake.sent == []
    assert len(fake.cancels) == len(set(fake.cancels)) > 0
    kept = fake.open_orders()[0]
    fake.refuse_cancel(kept)
    fake.book(959.0, 961.0)
    assert fake.cancels.count(kept.order_id) == 2  # the first came to nothing
    fake.confirm_cancels()
    fake.book(959.0, 961.0)
    assert fake.sent != []


def test_inventory_never_passes_its_limit_on_a_random_market() -> None:
    for seed in range(20):
        source = random.Random(seed)
        fake = host()
        fake.start(DepthGrid, PARAMETERS)
        middle = 1000.0
        for _ in range(400):
            middle += source.choice([-25.0, -7.0, -3.0, 3.0, 7.0, 25.0])
            fake.book(middle - 1, middle + 1)
            held = fake.position(LINEAR_ID).quantity
            assert abs(held) <= 3, f"seed {seed}"
            buys = sum(order.quantity for order in fake.open_orders() if order.side == "buy")
            sells = sum(order.quantity for order in fake.open_orders() if order.side == "sell")
            assert held + buys <= 3, f"seed {seed}"
            assert held - sells >= -3, f"seed {seed}"
            prices = resting(fake)
            assert len(prices) == len(set(prices)), f"seed {seed}"


def test_a_lot_bought_in_part_counts_against_the_limit_of_a_new_grid() -> None:
    fake = host()
    fake.start(DepthGrid, {**PARAMETERS, "levels": 3, "allow_short": False})
    fake.book(999.0, 1001.0)
    nearest = next(order for order, intent in fake.working.values() if intent.limit == 990.0)
    fake.fill(nearest, 990.0, 0.6)
    fake.settle()
    for _ in range(2):
        fake.book(1199.0, 1201.0)
    assert fake.position(LINEAR_ID).quantity == 0.6
    assert resting(fake) == ["buy 1190", "buy 1180"]


def test_the_market_has_left_the_grid_when_it_is_beyond_one_more_level() -> None:
    fake = host()
    fake.start(DepthGrid, {**PARAMETERS, "allow_short": False})
    fake.book(999.0, 1001.0)
    fake.book(1029.0, 1031.0)
    assert resting(fake) == ["buy 990", "buy 980"]
    for _ in range(2):
        fake.book(1029.2, 1031.0)
    assert resting(fake) == ["buy 1020.1", "buy 1010.1"]


def test_a_market_that_has_only_filled_one_side_has_not_left_the_grid() -> None:
    for middle, held, rests in (
        (979.0, 2, ["sell 1000", "sell 990", "buy 970"]),
        (1021.0, -2, ["sell 1030", "buy 1010", "buy 1000"]),
    ):
        fake = host()
        fake.start(DepthGrid, PARAMETERS)
        fake.book(999.0, 1001.0)
        for _ in range(2):
            fake.book(middle - 1, middle + 1)
        assert fake.position(LINEAR_ID).quantity == held
        assert resting(fake) == rests


@pytest.mark.parametrize(
    ("bid", "ask", "centre"), [(1000.0, 1000.1, 1000.0), (1000.0, 1000.12, 1000.1), (1000.1, 1000.2, 1000.2)]
)
def test_the_grid_lies_around_the_tick_nearest_to_the_middle(bid: float, ask: float, centre: float) -> None:
    fake = host()
    fake.start(DepthGrid, {**PARAMETERS, "levels": 1})
    fake.book(bid, ask)
    assert resting(fake) == [f"sell {centre + 10:g}", f"buy {centre - 10:g}"]


@pytest.mark.parametrize(
    ("middle", "held", "rests"),
    [
        (500.0, 2, ["sell 520", "sell 510", "buy 490"]),
        (1500.0, -2, ["sell 1510", "buy 1490", "buy 1480"]),
    ],
)
def test_a_grid_laid_out_afresh_with_inventory_has_its_middle_at_the_market(
    middle: float, held: int, rests: list[str]
) -> None:
    fake = host()
    fake.start(DepthGrid, PARAMETERS)
    fake.book(999.0, 1001.0)
    for _ in range(2):  # one side is filled on the way, the other taken out of the book first
        fake.book(middle - 1, middle + 1)
    assert fake.position(LINEAR_ID).quantity == held
    assert resting(fake) == rests


def test_without_short_sales_only_what_is_held_is_offered() -> None:
    fake = host()
    fake.start(DepthGrid, {**PARAMETERS, "allow_short": False})
    fake.book(999.0, 1001.0)
    assert resting(fake) == ["buy 990", "buy 980"]
    fake.book(988.0, 990.0)
    assert "sell 1000" in resting(fake)


def test_a_restart_keeps_the_grid_and_cancels_an_order_of_unknown_level() -> None:
    fake = host()
    fake.start(DepthGrid, PARAMETERS)
    fake.book(999.0, 1001.0)
    kept = resting(fake)
    assert fake.strategy is not None
    lost = fake.open_orders()[0].order_id
    del fake.strategy.state["orders"][lost]
    fake.start(DepthGrid, PARAMETERS)
    fake.intents.clear()
    fake.book(999.0, 1001.0)
    assert fake.cancels == [lost]
    fake.book(999.0, 1001.0)
    assert resting(fake) == kept
    assert len(fake.sent) == 1


def test_after_a_refusal_nothing_is_placed_for_a_while() -> None:
    for refusal in ("refuses", "rejects"):
        fake = host()
        getattr(fake, refusal)[LINEAR_ID] = "post only would cross"
        fake.start(DepthGrid, {**PARAMETERS, "levels": 1, "retry_s": 5.0})
        fake.book(999.0, 1001.0)
        asked = len(fake.sent)
        assert 1 <= asked <= 2
        fake.book(999.0, 1001.0, after_s=4.0)
        assert len(fake.sent) == asked
        getattr(fake, refusal).clear()
        fake.book(999.0, 1001.0, after_s=1.0)
        assert resting(fake) == ["sell 1010", "buy 990"]
        assert "post only would cross" in fake.lines[0]


def test_a_level_that_would_take_liquidity_is_left_out() -> None:
    fake = host()
    fake.start(DepthGrid, PARAMETERS)
    fake.book(985.0, 1015.0)
    fake.book(999.0, 1001.0)
    assert "buy 990" in resting(fake)
    wide = host()
    wide.start(DepthGrid, {**PARAMETERS, "levels": 1})
    wide.book(999.0, 1001.0)
    wide.cancel(wide.open_orders()[0])
    for ask in (989.0, 990.0):
        wide.book(980.0, ask)
        assert "buy 990" not in resting(wide)
    wide.book(980.0, 990.1)
    assert "buy 990" in resting(wide)
    high = host()
    high.start(DepthGrid, {**PARAMETERS, "levels": 1})
    high.book(999.0, 1001.0)
    high.cancel(high.open_orders()[1])
    for bid in (1011.0, 1010.0):
        high.book(bid, 1020.0)
        assert "sell 1010" not in resting(high)
    high.book(1009.9, 1020.0)
    assert "sell 1010" in resting(high)


def test_lots_are_counted_in_the_grids_own_size() -> None:
    fake = host()
    fake.start(DepthGrid, {**PARAMETERS, "quantity": 0.5})
    fake.book(978.0, 980.0)
    for _ in range(2):
        fake.book(957.0, 959.0)
    assert fake.position(LINEAR_ID).quantity == 1.0
    assert resting(fake) == ["sell 979", "sell 969", "buy 949"]


def test_a_cancel_that_is_told_to_be_on_its_way_is_not_asked_again() -> None:
    fake = host()
    fake.start(DepthGrid, PARAMETERS)
    fake.book(999.0, 1001.0)
    fake.keeps_canceled = True
    fake.book(988.0, 990.0)
    (asked,) = fake.cancels
    order = next(order for order in fake.open_orders() if order.order_id == asked)
    status = OrderStatus.PENDING_CANCEL
    fake.running.on_order(OrderUpdate(asked, LINEAR_ID, status, 0.0, None, None, fake.now_ns))
    fake.book(988.0, 990.0)
    assert fake.cancels == [order.order_id]


def test_stopping_takes_the_grid_out_of_the_book() -> None:
    fake = host()
    strategy = fake.start(DepthGrid, PARAMETERS)
    fake.book(999.0, 1001.0)
    strategy.on_stop()
    assert resting(fake) == []


def test_a_one_sided_book_and_a_warm_up_place_nothing() -> None:
    fake = host()
    fake.start(DepthGrid, PARAMETERS)
    fake.is_warming_up = True
    fake.book(999.0, 1001.0)
    assert fake.sent == []
    fake.is_warming_up = False
    side = ((1000.0, 1.0),)
    for bids, asks in ((side, ()), ((), side), ((), ())):
        fake.running.on_book(Book(LINEAR_ID, 1, bids, asks))
    assert fake.sent == []


def test_impossible_parameters_are_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"parameters\.levels"):
        DepthGrid.validated({"levels": 0})
    with pytest.raises(StrategyMisuse, match="one tick"):
        host().start(DepthGrid, {"spacing": 0.05})
    host().start(DepthGrid, {"spacing": 0.1})
