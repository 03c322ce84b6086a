"""What is new in a look at the terminal: each thing once, and nothing lost where lists lag behind each other."""

from collections.abc import Sequence

import pytest

from edgerunner.adapters.mt5.snapshots import Reading, Seen
from edgerunner.mt5_surface import constants as mt5
from edgerunner.mt5_surface.structs import TradeDeal, TradeOrder, TradePosition
from tests.unit.adapters.mt5.rows import deal, order, position


def look(
    orders: Sequence[TradeOrder] = (),
    positions: Sequence[TradePosition] = (),
    deals: Sequence[TradeDeal] = (),
    ended: Sequence[TradeOrder] = (),
) -> Reading:
    return Reading(orders=orders, positions=positions, deals=deals, ended=ended)


def test_second_look_at_the_same_thing_tells_nothing() -> None:
    seen = Seen()
    reading = look([order()], [position()], [deal()], [order(ticket=5)])
    assert seen.take(reading).is_any
    assert not seen.take(reading).is_any


def test_price_and_profit_alone_are_no_news() -> None:
    seen = Seen()
    seen.take(look([order(price_current=1.0)], [position(price_current=1.0, profit=1.0)]))
    assert not seen.take(look([order(price_current=2.0)], [position(price_current=2.0, profit=2.0)])).is_any


def test_changed_terms_volume_or_exits_are_news() -> None:
    seen = Seen()
    seen.take(look([order()], [position()]))
    assert seen.take(look([order(price_open=1.07)], [position()])).orders
    assert seen.take(look([order(price_open=1.07, volume_current=0.05)], [position()])).orders
    assert seen.take(look([order(price_open=1.07, volume_current=0.05)], [position(sl=1.0)])).positions


def test_order_that_vanished_is_looked_for_until_its_end_is_found() -> None:
    seen = Seen()
    seen.take(look([order()]))
    assert seen.take(look()).vanished == {7}
    assert seen.take(look()).vanished == {7}
    news = seen.take(look(ended=[order(state=mt5.ORDER_STATE_CANCELED)]))
    assert (news.vanished, [each.ticket for each in news.ended]) == (frozenset(), [7])
    assert not seen.take(look(ended=[order(state=mt5.ORDER_STATE_CANCELED)])).is_any


def test_order_that_only_lagged_is_not_looked_for_any_more() -> None:
    seen = Seen()
    seen.take(look([order()]))
    assert seen.take(look()).vanished == {7}
    assert seen.take(look([order()])).vanished == frozenset()


def test_end_that_was_looked_up_is_not_told_again() -> None:
    seen = Seen()
    seen.take(look([order()]))
    seen.take(look())
    seen.found(7)
    assert not seen.take(look(ended=[order(state=mt5.ORDER_STATE_CANCELED)])).is_any


def test_stop_limit_that_became_a_limit_was_activated() -> None:
    seen = Seen()
    seen.take(look([order(type=mt5.ORDER_TYPE_BUY_STOP_LIMIT)]))
    assert seen.take(look([order(type=mt5.ORDER_TYPE_BUY_LIMIT)])).activated == {7}


def test_position_that_is_gone_is_told_as_it_was_last() -> None:
    seen = Seen()
    seen.take(look(positions=[position(sl=1.05)]))
    assert [each.sl for each in seen.take(look()).closed] == [1.05]
    assert not seen.take(look()).is_any


def test_copy_goes_back_to_what_was_known() -> None:
    seen = Seen()
    seen.take(look([order()]))
    before = seen.copy()
    seen.take(look(deals=[deal()]))
    assert before.take(look(deals=[deal()])).deals


def test_memory_is_bounded_and_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgerunner.adapters.mt5.snapshots.REMEMBERED", 10)
    seen = Seen()
    seen.take(look(deals=[deal(ticket=number) for number in range(11)]))
    assert seen.deals == set(range(5, 11))
