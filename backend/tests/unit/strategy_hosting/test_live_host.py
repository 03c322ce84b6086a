"""What a trading strategy knows and wants: exact numbers, stable order ids, its own position only."""

from decimal import Decimal

import pytest

from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.orders import OrderType, Side
from edgerunner.strategies.errors import StrategyMisuse
from edgerunner.strategies.intents import ChangeIntent, OrderIntent
from edgerunner.strategies.market_data import Bar
from edgerunner.strategy_worker.exact import exact_distance, exact_price, exact_quantity
from edgerunner.strategy_worker.live_host import LiveHost
from edgerunner.strategy_worker.messages import (
    Cancel,
    ClassSource,
    FromWorker,
    Market,
    Modify,
    OrderState,
    PositionState,
    Start,
    Submit,
    Subscribe,
)
from edgerunner.strategy_worker.timers import Timers
from tests.fakes.instruments import LINEAR, LINEAR_ID, SPOT

SECOND_NS = 1_000_000_000
OTHER = f"other:{SPOT.instrument_id}"


class Sent(list[FromWorker]):
    """What the host sent."""

    def newest_order(self) -> Submit:
        return [message for message in self if isinstance(message, Submit)][-1]


def host_of(sent: Sent, *, salt: str = "run-1", held: str = "0") -> LiveHost:
    """Return a live host of a linear instrument and one of another connection."""
    position = PositionState(key=LINEAR_ID, quantity=Decimal(held), average_price=Decimal(100))
    start = Start(
        turn=1,
        strategy_id="s",
        source=ClassSource(name="X"),
        parameters={},
        markets=[
            Market(key=LINEAR_ID, connection_id="main", instrument=LINEAR),
            Market(key=OTHER, connection_id="other", instrument=SPOT),
        ],
        timeframe="1m",
        state={},
        positions=[position],
        orders=[],
        money=None,
        order_salt=salt,
        memory_bytes=1,
        now_ns=0,
    )
    host = LiveHost(start, sent.append, history_length=10)
    host.is_warming_up, host.refusal = False, None
    return host


def intent(size: float = 1.0, *, side: Side = Side.BUY, **words: object) -> OrderIntent:
    terms = {"instrument_id": LINEAR_ID, "side": side, "order_type": OrderType.MARKET, "quantity": size, **words}
    return OrderIntent(**terms)  # type: ignore[arg-type]


def bar(close: float, time_ns: int = 0) -> Bar:
    return Bar(LINEAR_ID, "1m", time_ns, close, close, close, close, 1.0)


def state(order: Submit, status: str, done: str = "0") -> OrderState:
    return OrderState(
        order_id=order.order_id,
        key=order.key,
        side=order.side,
        order_type=order.order_type,
        quantity=order.quantity,
        status=status,
        filled_quantity=Decimal(done),
        average_price=None,
        reason="",
        time_ns=0,
    )


def test_a_price_moves_to_the_nearest_tick_and_a_quantity_by_float_noise_only() -> None:
    assert exact_price(100.14, LINEAR, "limit") == Decimal("100.1")
    assert exact_price(0.1 + 0.2, LINEAR, "limit") == Decimal("0.3")
    assert exact_distance(0.01, LINEAR, "trail") == Decimal("0.1")
    assert exact_quantity(0.1 + 0.2, LINEAR) == Decimal("0.300")
    assert exact_quantity(0.0004, LINEAR) == Decimal("0.0004")
    with pytest.raises(InvalidRequest, match="limit: is nan"):
        exact_price(float("nan"), LINEAR, "limit")


def test_the_same_event_of_the_same_run_makes_the_same_order_ids() -> None:
    def ids(salt: str, cause: str) -> list[str]:
        sent = Sent()
        host = host_of(sent, salt=salt)
        host.begin(cause)
        return [host.submit(intent()).order_id for _ in range(2)]

    first = ids("run-1", "bar:A:1m:60")
    assert first == ids("run-1", "bar:A:1m:60")
    assert len({*first, *ids("run-2", "bar:A:1m:60"), *ids("run-1", "bar:A:1m:120")}) == 6
    assert all(len(name) == 26 and name.isalnum() for name in first)


def test_orders_of_the_past_are_dropped_and_counted() -> None:
    sent = Sent()
    host = host_of(sent)
    host.refusal = "warming up"
    handle = host.submit(intent())
    assert (handle.status, handle.is_open, handle.reason) == ("denied", False, "warming up")
    assert (sent, host.dropped) == ([], 1)


def test_reducing_is_bound_to_the_strategys_own_position_less_what_reduces_it_already() -> None:
    sent = Sent()
    host = host_of(sent, held="1")
    first = host.submit(intent(0.6, side=Side.SELL, reduce_only=True))
    second = host.submit(intent(0.6, side=Side.SELL, reduce_only=True))
    wrong_side = host.submit(intent(0.1, reduce_only=True))
    assert first.is_open
    assert second.reason == "reduce_only: 0.4 of the strategy's own position are left to reduce"
    assert wrong_side.reason == "reduce_only: 0 of the strategy's own position are left to reduce"
    assert not sent.newest_order().reduce_only  # other strategies may hold the other side of the account

    host.hear_order(state(sent.newest_order(), "canceled"))
    assert host.submit(intent(1.0, side=Side.SELL, reduce_only=True)).is_open


def test_a_resting_reduce_only_order_carries_the_flag() -> None:
    sent = Sent()
    host = host_of(sent, held="1")
    host.submit(intent(1.0, side=Side.SELL, order_type=OrderType.LIMIT, limit=120.0, reduce_only=True))
    assert sent.newest_order().reduce_only


def test_an_order_expires_after_its_bars() -> None:
    sent = Sent()
    host = host_of(sent)
    handle = host.submit(intent(order_type=OrderType.LIMIT, limit=90.0, expire_after_bars=2))
    host.hear_bar(bar(100.0, 60))
    assert not [message for message in sent if isinstance(message, Cancel)]
    host.hear_bar(bar(100.0, 120))
    assert sent[-1] == Cancel(order_id=handle.order_id)


def test_a_change_and_a_cancel_name_the_order_and_a_closed_one_is_left_alone() -> None:
    sent = Sent()
    host = host_of(sent)
    handle = host.submit(intent(order_type=OrderType.LIMIT, limit=90.0))
    host.modify(handle, ChangeIntent(limit=91.04))
    changed = Modify(order_id=handle.order_id, quantity=None, price=Decimal("91.0"), trigger_price=None)
    assert sent[-1] == changed
    host.hear_order(state(sent.newest_order(), "filled", "1"))
    host.cancel(handle)
    assert sent[-1] == changed
    with pytest.raises(StrategyMisuse, match="is filled"):
        host.modify(handle, ChangeIntent(limit=92.0))


def test_the_open_profit_follows_the_newest_price() -> None:
    host = host_of(Sent(), held="-2")
    host.hear_bar(bar(90.0))
    shown = host.position(f"main:{LINEAR_ID}")
    assert (shown.quantity, shown.average_price, shown.unrealized_pnl) == (-2.0, 100.0, 20.0)
    assert host.position(OTHER).quantity == 0.0


def test_unknown_instruments_and_bars_are_named() -> None:
    sent = Sent()
    host = host_of(sent)
    with pytest.raises(StrategyMisuse, match=r"'DOGE\.X' is none of the strategy's instruments"):
        host.position("DOGE.X")
    with pytest.raises(StrategyMisuse, match="5m bars"):
        host.history(LINEAR_ID, "5m")
    host.subscribe_bars(LINEAR_ID, "5m")
    host.subscribe_bars(LINEAR_ID, "5m")
    assert sent == [Subscribe(feed="bars", key=LINEAR_ID, timeframe="5m")]
    assert len(host.history(LINEAR_ID, "5m")) == 0


def test_a_timer_repeats_and_a_late_one_is_due_once() -> None:
    timers = Timers()
    timers.set("often", every_s=1, at=None, now_ns=0)
    assert timers.pop_due(SECOND_NS - 1) is None
    due = timers.pop_due(5 * SECOND_NS)
    assert due is not None
    assert (due.name, due.time_ns) == ("often", SECOND_NS)
    assert timers.pop_due(5 * SECOND_NS) is None
    assert timers.next_ns() == 6 * SECOND_NS


def test_a_daily_timer_is_due_at_its_time_of_day() -> None:
    timers = Timers()
    timers.set("noon", every_s=None, at="12:00", now_ns=13 * 3600 * SECOND_NS)
    assert timers.next_ns() == 36 * 3600 * SECOND_NS
    timers.set("noon", every_s=None, at="14:30", now_ns=13 * 3600 * SECOND_NS)
    assert timers.next_ns() == (14 * 3600 + 1800) * SECOND_NS


@pytest.mark.parametrize("words", [{"every_s": 0.01, "at": None}, {"every_s": None, "at": "25:00"}])
def test_a_timer_that_makes_no_sense_is_refused(words: dict[str, object]) -> None:
    with pytest.raises(StrategyMisuse):
        Timers().set("t", now_ns=0, **words)  # type: ignore[arg-type]
