"""DonchianBreakout over hand-made price paths."""

import pytest

from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.orders import OrderStatus
from edgerunner.strategies.shipped.donchian_breakout import DonchianBreakout
from tests.fakes.instruments import LINEAR, LINEAR_ID, SPOT
from tests.fakes.strategy_host import FakeHost, Holding, bars_of

PARAMETERS: dict[str, object] = {"entry": 3, "exit": 2, "atr_period": 3, "stop_atrs": 2.0, "quantity": 0.5}
# Bars reach 1 beyond their bodies, so the first three ranges are 2 2 2: highest high 101, lowest low 99, average 2.
CALM = [100.0, 100.0, 100.0]
RISE = [*CALM, 102.0, 104.0]
FALL = [*CALM, 98.0, 96.0]


def host() -> FakeHost:
    return FakeHost({LINEAR_ID: LINEAR})


def run(fake: FakeHost, closes: list[float], first: int = 0) -> list[tuple[int, str]]:
    asked = []
    for place, bar in enumerate(bars_of(LINEAR_ID, closes, reach=1.0, first=first)):
        before = len(fake.sent)
        fake.bar(bar)
        asked += [(place, sentence) for sentence in fake.sent[before:]]
    return asked


def test_a_break_upward_is_bought_with_a_stop_two_ranges_below() -> None:
    fake = host()
    fake.start(DonchianBreakout, PARAMETERS)
    assert run(fake, RISE) == [(3, "buy 0.5"), (3, "sell 0.5 stop 98 reduce")]  # 102 - 2 * 2


def test_a_close_at_the_edge_is_no_break() -> None:
    fake = host()
    fake.start(DonchianBreakout, PARAMETERS)
    assert run(fake, [*CALM, 101.0]) == []
    short = host()
    short.start(DonchianBreakout, PARAMETERS)
    assert run(short, [*CALM, 99.0]) == []


def test_a_close_at_the_edge_of_the_exit_channel_is_held() -> None:
    for closes, edge in ((RISE, 101.0), (FALL, 99.0)):
        fake = host()
        fake.start(DonchianBreakout, {**PARAMETERS, "stop_atrs": 10.0})
        run(fake, closes)
        assert run(fake, [edge], first=5) == []
        assert fake.cancels == []


def test_nothing_is_traded_before_the_average_range_is_known() -> None:
    fake = host()
    fake.start(DonchianBreakout, {**PARAMETERS, "atr_period": 5})
    assert run(fake, [*CALM, 102.0, 104.0, 106.0])[0] == (5, "buy 0.5")


def test_bars_of_another_instrument_count_for_nothing() -> None:
    fake = host()
    fake.start(DonchianBreakout, PARAMETERS)
    for bar in bars_of("ELSE.BYBIT", [*CALM, 50.0, 60.0], reach=1.0):
        fake.bar(bar)
    assert fake.sent == []
    assert run(fake, RISE)[0] == (3, "buy 0.5")


def test_an_entry_on_its_way_is_not_sent_twice() -> None:
    fake = host()
    fake.is_holding = True
    fake.start(DonchianBreakout, PARAMETERS)
    assert run(fake, [*RISE, 106.0, 108.0]) == [(3, "buy 0.5")]


def test_a_break_downward_is_sold_only_when_allowed() -> None:
    for allow_short, expected in ((True, [(3, "sell 0.5"), (3, "buy 0.5 stop 102 reduce")]), (False, [])):
        fake = host()
        fake.start(DonchianBreakout, {**PARAMETERS, "allow_short": allow_short})
        assert run(fake, FALL) == expected


def test_coins_are_never_sold_short_and_their_stop_is_a_plain_one() -> None:
    for closes, expected in ((FALL, []), (RISE, [(3, "buy 0.5"), (3, "sell 0.5 stop 98")])):
        fake = FakeHost({LINEAR_ID: SPOT})
        fake.start(DonchianBreakout, PARAMETERS)
        assert run(fake, closes) == expected


def test_a_break_of_the_exit_channel_cancels_the_stop_and_closes() -> None:
    fake = host()
    fake.start(DonchianBreakout, {**PARAMETERS, "stop_atrs": 10.0})
    run(fake, [*RISE, 105.0])
    fake.intents.clear()
    # The lowest low of the two bars before is 101 (104 opened at 102).
    assert run(fake, [105.0, 102.5], first=10) == [(1, "sell 0.5 reduce")]
    assert fake.cancels == ["order-2"]
    assert fake.position(LINEAR_ID).quantity == 0
    assert fake.open_orders() == ()


def test_the_stop_takes_the_position_out_and_the_next_break_is_traded_again() -> None:
    fake = host()
    fake.start(DonchianBreakout, {**PARAMETERS, "allow_short": False})
    run(fake, RISE)
    assert run(fake, [97.0], first=5) == []
    assert fake.position(LINEAR_ID).quantity == 0
    assert run(fake, [97.0, 97.0, 97.0, 110.0], first=6)[0] == (3, "buy 0.5")


def test_a_restart_keeps_the_position_and_its_stop() -> None:
    fake = host()
    fake.start(DonchianBreakout, PARAMETERS)
    run(fake, RISE)
    fake.start(DonchianBreakout, PARAMETERS)
    fake.is_warming_up = True
    run(fake, [*CALM, 103.0], first=10)
    fake.is_warming_up = False
    fake.intents.clear()
    assert run(fake, [104.0, 106.0], first=14) == []
    assert [order.quantity for order in fake.open_orders()] == [0.5]


def test_history_replayed_after_a_restart_moves_neither_position_nor_stop() -> None:
    fake = host()
    fake.start(DonchianBreakout, PARAMETERS)
    run(fake, RISE)
    fake.start(DonchianBreakout, PARAMETERS)
    fake.is_warming_up = True
    fake.intents.clear()
    assert run(fake, [150.0, 150.0, 150.0, 120.0], first=10) == []  # breaks the exit channel in the replay
    assert fake.cancels == []
    assert fake.strategy is not None
    assert fake.strategy.state["range"] == 2.0


def test_a_position_found_without_any_state_gets_its_stop_once_the_range_is_known() -> None:
    fake = host()
    fake.holdings[LINEAR_ID] = Holding()
    fake.holdings[LINEAR_ID].trade(0.5, 100.0)
    fake.start(DonchianBreakout, PARAMETERS)
    assert run(fake, [100.0] * 5) == [(3, "sell 0.5 stop 96 reduce")]


def test_a_stop_that_was_lost_while_away_is_put_back_where_it_was() -> None:
    fake = host()
    fake.start(DonchianBreakout, PARAMETERS)
    run(fake, RISE)
    fake.cancel(fake.open_orders()[0])
    fake.start(DonchianBreakout, PARAMETERS)
    fake.intents.clear()
    assert run(fake, [104.0], first=10) == [(0, "sell 0.5 stop 98 reduce")]


def test_a_refused_stop_closes_the_position_at_once() -> None:
    fake = host()
    fake.is_holding = True
    fake.start(DonchianBreakout, PARAMETERS)
    run(fake, [*CALM, 102.0])
    (entry,) = fake.open_orders()
    fake.fill(entry, 102.0)
    fake.settle()
    (stop,) = fake.open_orders()
    fake.reject(stop, "in the market")
    fake.settle()
    assert fake.sent == ["buy 0.5", "sell 0.5 stop 98 reduce", "sell 0.5 reduce"]
    assert "in the market" in fake.lines[0]


def test_a_rejected_entry_is_no_refused_stop_and_the_next_break_is_traded() -> None:
    fake = host()
    fake.rejects[LINEAR_ID] = "no margin"
    fake.start(DonchianBreakout, PARAMETERS)
    assert run(fake, [*CALM, 102.0]) == [(3, "buy 0.5")]
    assert fake.lines == []
    fake.rejects.clear()
    assert run(fake, [104.0], first=4) == [(0, "buy 0.5"), (0, "sell 0.5 stop 98.6667 reduce")]


def test_a_rejected_close_is_tried_again_once_with_every_bar() -> None:
    fake = host()
    fake.start(DonchianBreakout, {**PARAMETERS, "stop_atrs": 10.0})
    run(fake, RISE)
    fake.rejects[LINEAR_ID] = "market closed"
    fake.intents.clear()
    assert run(fake, [90.0, 90.0], first=5) == [(0, "sell 0.5 reduce"), (1, "sell 0.5 reduce")]
    assert fake.position(LINEAR_ID).quantity == 0.5
    fake.rejects.clear()
    run(fake, [90.0], first=7)
    assert fake.position(LINEAR_ID).quantity == 0


def test_a_stop_that_fills_in_part_while_it_is_being_canceled_is_left_alone() -> None:
    fake = leaving_with_a_slow_cancel()
    (stop,) = fake.open_orders()
    fake.fill(stop, 84.0, 0.2)
    fake.settle()
    assert stop.quantity == 0.5
    fake.confirm_cancels()
    assert fake.sent == ["sell 0.3 reduce"]
    assert fake.position(LINEAR_ID).quantity == 0


def leaving_with_a_slow_cancel() -> FakeHost:
    """A position whose stop is being canceled because the exit channel broke."""
    fake = host()
    fake.start(DonchianBreakout, {**PARAMETERS, "stop_atrs": 10.0})
    run(fake, [*RISE, 105.0])
    fake.keeps_canceled = True
    fake.intents.clear()
    assert run(fake, [105.0, 102.5], first=10) == []
    assert fake.cancels == ["order-2"]
    return fake


def test_the_close_waits_until_the_stop_is_gone() -> None:
    fake = leaving_with_a_slow_cancel()
    fake.confirm_cancels()
    assert fake.sent == ["sell 0.5 reduce"]
    assert fake.position(LINEAR_ID).quantity == 0


def test_a_stop_that_fills_before_its_cancel_needs_no_close() -> None:
    fake = leaving_with_a_slow_cancel()
    (stop,) = fake.open_orders()
    fake.fill(stop, 84.0)
    fake.settle()
    assert fake.position(LINEAR_ID).quantity == 0
    assert fake.sent == []


def test_a_position_that_was_being_left_is_left_after_a_restart() -> None:
    fake = leaving_with_a_slow_cancel()
    fake.confirm_cancels_unheard()
    fake.start(DonchianBreakout, {**PARAMETERS, "stop_atrs": 10.0})
    assert run(fake, [105.0], first=20) == [(0, "sell 0.5 reduce")]


def test_a_stop_refused_on_the_spot_closes_the_position() -> None:
    fake = host()
    fake.refuses_stops = "the trigger is beyond the market"
    fake.start(DonchianBreakout, PARAMETERS)
    run(fake, RISE)
    assert fake.sent[:3] == ["buy 0.5", "sell 0.5 stop 98 reduce", "sell 0.5 reduce"]
    assert "beyond the market" in fake.lines[0]
    assert fake.position(LINEAR_ID).quantity == 0


def test_the_stop_grows_with_an_entry_that_fills_in_parts() -> None:
    fake = host()
    fake.is_holding = True
    fake.start(DonchianBreakout, PARAMETERS)
    run(fake, [*CALM, 102.0])
    (entry,) = fake.open_orders()
    for _ in range(2):
        fake.fill(entry, 102.0, 0.25)
        fake.settle()
    assert entry.status is OrderStatus.FILLED
    (stop,) = fake.open_orders()
    assert stop.quantity == 0.5
    assert fake.sent == ["buy 0.5", "sell 0.25 stop 98 reduce"]
    run(fake, [103.0], first=4)
    assert fake.changes == [stop.order_id]  # one of the right size is left alone


def test_an_exit_on_its_way_is_not_sent_twice() -> None:
    fake = host()
    fake.start(DonchianBreakout, {**PARAMETERS, "stop_atrs": 10.0})
    run(fake, RISE)
    fake.is_holding = True
    fake.intents.clear()
    assert run(fake, [90.0, 80.0], first=10) == [(0, "sell 0.5 reduce")]


def test_the_exit_channel_may_be_as_long_as_the_entry_channel() -> None:
    assert DonchianBreakout.validated({"entry": 5, "exit": 5})["exit"] == 5


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"entry": 5, "exit": 6}, "exit"), ({"stop_atrs": 0}, "stop_atrs"), ({"entry": 1}, "entry"), ({"x": 1}, "x")],
)
def test_impossible_parameters_are_refused_by_name(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidRequest, match=f"parameters.{field}"):
        DonchianBreakout.validated(wrong)
