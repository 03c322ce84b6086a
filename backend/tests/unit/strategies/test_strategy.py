"""The Strategy class before any host of ours: parameters, facts, orders."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from edgerunner import Bar, OrderHandle, Position, Strategy, parameter
from edgerunner.domain.errors import InvalidRequest, NotFound
from edgerunner.domain.instruments import Instrument, Product, QuantityUnit
from edgerunner.domain.orders import OrderType, Side
from edgerunner.strategies.errors import LookAheadError, StrategyMisuse
from edgerunner.strategies.history import BarHistory
from edgerunner.strategies.intents import ChangeIntent, OrderIntent, instrument_key, split_instrument_key
from edgerunner.strategies.market_data import Tick, utc_time
from edgerunner.strategies.parameters import ParameterValue
from edgerunner.strategies.registry import SHIPPED, shipped_class

EURUSD = Instrument(
    instrument_id="EURUSD.MT5",
    venue_symbol="EURUSD",
    product=Product.FOREX,
    base="EUR",
    quote="USD",
    settle="USD",
    quantity_unit=QuantityUnit.LOTS,
    multiplier=Decimal(100_000),
    tick_size=Decimal("0.00001"),
    lot_step=Decimal("0.01"),
    min_quantity=Decimal("0.01"),
)


class FakeHost:
    """Keeps what it is asked for."""

    instrument_ids: tuple[str, ...] = ("EURUSD.MT5", "mt5-two:EURUSD.MT5")
    timeframe = "1m"
    now_ns = 1_704_067_200_000_000_000
    is_warming_up = False

    def __init__(self) -> None:
        self.sent: list[OrderIntent] = []
        self.canceled: list[OrderHandle] = []
        self.changes: list[ChangeIntent] = []
        self.asked: list[tuple[Any, ...]] = []
        self.held: dict[str, float] = {}
        self.open: list[OrderHandle] = []
        self.bars = BarHistory(3)
        self.worth = 110_000.0

    def account(self) -> tuple[float, float]:
        return 9_000.0, 10_000.0

    def position(self, key: str) -> Position:
        return Position(key, self.held.get(key, 0.0), None, 0.0)

    def open_orders(self, key: str | None = None) -> tuple[OrderHandle, ...]:
        return tuple(order for order in self.open if key in {None, order.instrument_id})

    def instrument(self, key: str) -> Instrument:
        return EURUSD

    def unit_value(self, key: str) -> float:
        return self.worth

    def history(self, key: str, timeframe: str) -> BarHistory:
        self.asked.append((key, timeframe))
        return self.bars

    def submit(self, intent: OrderIntent) -> OrderHandle:
        self.sent.append(intent)
        return OrderHandle(str(len(self.sent)), intent.instrument_id, intent.side, intent.quantity)

    def cancel(self, handle: OrderHandle) -> None:
        self.canceled.append(handle)

    def modify(self, handle: OrderHandle, change: ChangeIntent) -> None:
        self.changes.append(change)

    def subscribe_bars(self, key: str, timeframe: str) -> None:
        self.asked.append(("bars", key, timeframe))

    def subscribe_ticks(self, key: str) -> None:
        self.asked.append(("ticks", key))

    def subscribe_book(self, key: str) -> None:
        self.asked.append(("book", key))

    def set_timer(self, name: str, *, every_s: float | None = None, at: str | None = None) -> None:
        self.asked.append((name, every_s, at))

    def log(self, text: str) -> None:
        self.asked.append((text,))


class Sample(Strategy):
    """Shows every kind of parameter."""

    length: int = parameter(20, minimum=2, maximum=100, step=2, description="bars")
    size: float = parameter(1, exclusive_minimum=0, exclusive_maximum=10)
    mode: str = parameter("fast", choices=("fast", "slow"))
    active: bool = parameter(default=True)

    @classmethod
    def check_parameters(cls, values: Mapping[str, ParameterValue]) -> dict[str, str]:
        if values["mode"] == "slow" and not values["active"]:
            return {"mode": "must be fast while inactive"}
        return {}


class TestParameters:
    def test_defaults_are_typed_and_set_on_the_strategy(self) -> None:
        strategy = Sample(FakeHost(), {"length": 30})
        assert (strategy.length, strategy.size, strategy.mode, strategy.active) == (30, 1.0, "fast", True)
        assert isinstance(strategy.size, float)

    @pytest.mark.parametrize(
        ("name", "value", "remedy"),
        [
            ("length", 1, "at least 2"),
            ("length", 101, "at most 100"),
            ("length", 21, "multiple of 2"),
            ("length", 2.5, "type integer"),
            ("length", "20", "type integer"),
            ("length", True, "type integer"),
            ("size", 0, "greater than 0"),
            ("size", 10.0, "less than 10"),
            ("size", float("nan"), "finite"),
            ("mode", "slower", "one of fast, slow"),
            ("active", 1, "type boolean"),
            ("speed", 1, "known are: length, size, mode, active"),
        ],
    )
    def test_a_wrong_value_is_refused_by_field_with_the_remedy(self, name: str, value: object, remedy: str) -> None:
        with pytest.raises(InvalidRequest) as raised:
            Sample.validated({name: value})
        (error,) = raised.value.errors
        assert error.field == f"parameters.{name}"
        assert remedy in error.message

    def test_all_wrong_values_are_told_at_once_and_comparisons_come_after(self) -> None:
        with pytest.raises(InvalidRequest) as raised:
            Sample.validated({"length": 1, "size": 0})
        assert len(raised.value.errors) == 2
        with pytest.raises(InvalidRequest, match="must be fast while inactive"):
            Sample.validated({"mode": "slow", "active": False})

    def test_the_schema_says_all_of_it(self) -> None:
        schema = Sample.json_schema()
        assert schema["additionalProperties"] is False
        assert schema["title"] == "Sample"
        assert schema["properties"] == {
            "length": {
                "type": "integer",
                "default": 20,
                "minimum": 2,
                "maximum": 100,
                "multipleOf": 2,
                "description": "bars",
            },
            "size": {"type": "number", "default": 1.0, "exclusiveMinimum": 0, "exclusiveMaximum": 10},
            "mode": {"type": "string", "default": "fast", "enum": ["fast", "slow"]},
            "active": {"type": "boolean", "default": True},
        }

    def test_a_subclass_may_change_defaults_and_add_parameters(self) -> None:
        class Longer(Sample):
            length = 40
            pause: int = parameter(3)

        assert [spec.name for spec in Longer.parameter_specs()] == ["length", "size", "mode", "active", "pause"]
        assert Longer(FakeHost()).length == 40
        assert Sample(FakeHost()).length == 20

    def test_a_default_that_its_own_bounds_refuse_is_an_error_of_the_class(self) -> None:
        with pytest.raises(TypeError, match="default 1 of parameter length must be at least 2"):
            type("Broken", (Sample,), {"length": 1})


class TestOrders:
    def one(self, **words: Any) -> OrderIntent:
        host = FakeHost()
        Strategy(host).buy(1, **words)
        return host.sent[0]

    @pytest.mark.parametrize(
        ("words", "kind"),
        [
            ({}, OrderType.MARKET),
            ({"limit": 1.1}, OrderType.LIMIT),
            ({"stop": 1.1}, OrderType.STOP_MARKET),
            ({"stop": 1.1, "limit": 1.2}, OrderType.STOP_LIMIT),
            ({"touch": 1.1}, OrderType.MARKET_IF_TOUCHED),
            ({"touch": 1.1, "limit": 1.2}, OrderType.LIMIT_IF_TOUCHED),
            ({"trail": 0.1}, OrderType.TRAILING_STOP_MARKET),
        ],
    )
    def test_the_prices_given_make_the_type(self, words: dict[str, float], kind: OrderType) -> None:
        assert self.one(**words).order_type is kind

    def test_prices_that_contradict_each_other_raise(self) -> None:
        for words in ({"stop": 1.0, "touch": 1.0}, {"trail": 1.0, "limit": 1.0}):
            with pytest.raises(StrategyMisuse):
                self.one(**words)

    def test_an_order_goes_to_the_main_instrument_or_to_the_one_that_is_named(self) -> None:
        assert self.one().instrument_id == "EURUSD.MT5"
        assert self.one(instrument_id="EURUSD.MT5", connection="mt5-two").instrument_id == "mt5-two:EURUSD.MT5"
        assert split_instrument_key(instrument_key("EURUSD.MT5", "mt5-two")) == ("mt5-two", "EURUSD.MT5")
        assert split_instrument_key("EURUSD.MT5") == (None, "EURUSD.MT5")

    def test_closing_sends_the_opposite_of_what_is_held_and_only_reduces(self) -> None:
        host = FakeHost()
        strategy = Strategy(host)
        assert strategy.close_position() is None
        host.held["EURUSD.MT5"] = -0.3
        strategy.close_position()
        assert (host.sent[0].side, host.sent[0].quantity, host.sent[0].reduce_only) == (Side.BUY, 0.3, True)

    def test_a_target_sends_the_difference(self) -> None:
        host = FakeHost()
        strategy = Strategy(host)
        host.held["EURUSD.MT5"] = 0.3
        strategy.target_quantity(0.1)
        strategy.target_quantity(-0.1, limit=1.1)
        assert strategy.target_quantity(0.3) is None
        assert [(intent.side, round(intent.quantity, 9)) for intent in host.sent] == [
            (Side.SELL, 0.2),
            (Side.SELL, 0.4),
        ]
        assert host.sent[1].limit == 1.1

    def test_a_target_fraction_is_rounded_toward_zero_to_whole_lots(self) -> None:
        host = FakeHost()
        strategy = Strategy(host)
        strategy.target_fraction(0.5)
        strategy.target_fraction(-0.5)
        assert [(intent.side, intent.quantity) for intent in host.sent] == [(Side.BUY, 0.04), (Side.SELL, 0.04)]
        host.worth = float("nan")
        with pytest.raises(StrategyMisuse, match="no price yet"):
            strategy.target_fraction(0.5)

    def test_cancel_all_cancels_what_is_open_there(self) -> None:
        host = FakeHost()
        host.open = [OrderHandle("1", "EURUSD.MT5", Side.BUY, 1), OrderHandle("2", "mt5-two:EURUSD.MT5", Side.BUY, 1)]
        strategy = Strategy(host)
        strategy.cancel_all("EURUSD.MT5", connection="mt5-two")
        assert host.canceled == [host.open[1]]
        strategy.cancel_all()
        assert len(host.canceled) == 3

    def test_a_change_names_only_what_changes(self) -> None:
        host = FakeHost()
        Strategy(host).modify(OrderHandle("1", "EURUSD.MT5", Side.BUY, 1), stop=1.05)
        assert host.changes == [ChangeIntent(trigger=1.05)]


class TestFacts:
    def test_facts_come_from_the_host(self) -> None:
        strategy = Strategy(FakeHost())
        assert (strategy.cash, strategy.equity) == (9_000.0, 10_000.0)
        assert strategy.now.isoformat() == "2024-01-01T00:00:00+00:00"
        assert strategy.instrument() is EURUSD
        assert not strategy.is_warming_up

    def test_subscriptions_and_timers_reach_the_host(self) -> None:
        host = FakeHost()
        strategy = Strategy(host)
        strategy.subscribe_bars("5m")
        strategy.subscribe_ticks("EURUSD.MT5", connection="mt5-two")
        strategy.subscribe_book()
        strategy.set_timer("beat", every_s=5)
        assert host.asked == [
            ("bars", "EURUSD.MT5", "5m"),
            ("ticks", "mt5-two:EURUSD.MT5"),
            ("book", "EURUSD.MT5"),
            ("beat", 5, None),
        ]

    def test_a_class_knows_which_callbacks_it_handles(self) -> None:
        assert not Strategy.handles("on_bar")
        assert shipped_class("SmaCross").handles("on_bar")
        assert not shipped_class("SmaCross").handles("on_fill")


class TestHistory:
    def bar(self, number: int) -> Bar:
        return Bar("X", "1m", number * 60_000_000_000, 1.0, 2.0 + number, 0.5, 1.0 + number, 10.0)

    def test_it_keeps_the_newest_bars_and_no_index_leads_beyond_them(self) -> None:
        history = BarHistory(3)
        for number in range(5):
            history.append(self.bar(number))
        assert len(history) == 3
        assert [bar.close for bar in history] == [3.0, 4.0, 5.0]
        assert (history[-1].close, history[0].close, history[2].close) == (5.0, 3.0, 5.0)
        assert (history.closes(2), history.highs(2), history.lows(1)) == ([4.0, 5.0], [5.0, 6.0], [0.5])
        for index in (3, -4):
            with pytest.raises(LookAheadError):
                history[index]
        with pytest.raises(LookAheadError, match="4 bars were asked for"):
            history.closes(4)

    def test_times_are_read_as_utc(self) -> None:
        assert self.bar(1).time.isoformat() == "1970-01-01T00:01:00+00:00"
        assert utc_time(-1_500_000).isoformat() == "1969-12-31T23:59:59.998500+00:00"
        assert Tick("X", 0, 1.0, 2.0, 1.0, 1.0, 1.5, 1.0).mid == 1.5


def test_shipped_classes_are_found_by_name() -> None:
    assert shipped_class("BracketEntry").__name__ == "BracketEntry"
    assert set(SHIPPED) >= {"SmaCross", "BracketEntry", "WeeklyRebalance"}
    with pytest.raises(NotFound, match="known are SmaCross"):
        shipped_class("GetRich")
