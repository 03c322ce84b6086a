"""Limits of a run: the checks of live trading, at the run's own time, prices and money."""

import json
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from edgerunner import run_backtest
from edgerunner.backtest.columns import tick_columns
from edgerunner.backtest.report import csv_texts, html
from edgerunner.backtest.result import Result
from edgerunner.backtesting import run
from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.instruments import Session
from edgerunner.domain.orders import OrderStatus
from edgerunner.risk.limits import RiskLimits, parse_limits
from edgerunner.strategies.shipped.sma_cross import SmaCross
from tests.unit.backtest.runs import (
    MINUTE_MS,
    START_MS,
    Script,
    columns,
    config,
    fills_of,
    flat,
    instrument,
    keep,
    play,
    scripted,
    statuses,
)

DENIED, ACCEPTED, FILLED = OrderStatus.DENIED, OrderStatus.ACCEPTED, OrderStatus.FILLED
DAY_BARS = 1_440


def codes(result: Result) -> list[tuple[str, int]]:
    return [(refusal.code, refusal.orders) for refusal in result.refusals]


def limited(**limits: Any) -> dict[str, Any]:
    return {"limits": parse_limits(limits)}


@pytest.mark.parametrize(
    ("limits", "quantity", "words", "code"),
    [
        ({"max_order_quantity": 1}, 1.001, {}, "order_quantity"),
        ({"max_order_quantity": 1}, 1.0, {}, None),
        ({"max_order_notional": 200}, 2.001, {}, "order_notional"),
        ({"max_order_notional": 200}, 2.0, {}, None),
        ({"max_order_notional": 200}, 2.1, {"limit": 95.0}, None),
        ({"max_instrument_exposure": 200}, 2.001, {}, "instrument_exposure"),
        ({"max_account_exposure": 200}, 2.001, {}, "account_exposure"),
        ({"price_collar": "0.1"}, 1.0, {"limit": 110.1}, "price_collar"),
        ({"price_collar": "0.1"}, 1.0, {"limit": 110.0}, None),
        ({"max_quote_age_s": 1}, 1.0, {}, None),
        ({"reduce_only": True}, 1.0, {}, "reduce_only"),
        ({}, 50.0, {}, None),
    ],
)
def test_an_order_beyond_a_limit_is_refused_by_the_code_of_live_trading(
    limits: dict[str, object], quantity: float, words: dict[str, Any], code: str | None
) -> None:
    result, strategy = play(flat(100, 3), {0: lambda s: s.buy(quantity, **words)}, **limited(**limits))
    assert codes(result) == ([] if code is None else [(code, 1)])
    assert (statuses(result)[0] is DENIED) is (code is not None)
    assert (strategy.updates[0].status is DENIED) is (code is not None)


def test_refused_orders_are_counted_with_the_sentence_of_the_first_in_every_report() -> None:
    steps = {number: (lambda s: s.buy(3)) for number in range(4)} | {4: lambda s: s.buy(1.0005)}
    result, _ = play(flat(100, 6), steps, **limited(max_order_notional="250.5"))
    assert codes(result) == [("order_notional", 4), ("off_step", 1)]
    first = result.refusals[0]
    assert first.text == "the order is worth 300; the limit is 250.5"
    assert (first.first_time_ms, first.last_time_ms) == (START_MS + MINUTE_MS, START_MS + 4 * MINUTE_MS)
    assert result.counts["orders_refused"] == 5
    assert json.loads(result.to_json())["refusals"][0] == {
        "code": "order_notional",
        "orders": 4,
        "text": first.text,
        "first_time": "2024-01-01T00:01:00.000000Z",
        "last_time": "2024-01-01T00:04:00.000000Z",
    }
    assert first.text in dict(csv_texts(result))["refusals.csv"]
    page = html(result)
    assert first.text in page
    assert "max_order_notional 250.5" in page


def test_working_orders_count_for_exposure_and_for_the_number_of_orders() -> None:
    steps = {0: lambda s: s.buy(1, limit=90.0), 1: lambda s: s.buy(1, limit=90.0)}
    result, _ = play(flat(100, 3), steps, **limited(max_instrument_exposure=150))
    assert statuses(result) == [ACCEPTED, DENIED]
    result, _ = play(flat(100, 3), steps, **limited(max_open_orders=1))
    assert codes(result) == [("open_orders", 1)]


def test_an_ended_order_counts_no_longer() -> None:
    steps = {
        0: keep("first", lambda s: s.buy(1, limit=90.0)),
        1: lambda s: s.cancel(s.kept["first"]),
        2: lambda s: s.buy(1, limit=90.0),
    }
    result, _ = play(flat(100, 4), steps, **limited(max_open_orders=1, max_instrument_exposure=150))
    assert statuses(result) == [OrderStatus.CANCELED, ACCEPTED]


def test_too_many_orders_of_one_moment_and_the_same_order_again_are_refused() -> None:
    def three(strategy: Script) -> None:
        for limit in (90.0, 91.0, 92.0):
            strategy.buy(1, limit=limit)

    result, _ = play(flat(100, 3), {0: three, 1: three}, **limited(max_orders_per_second=2))
    assert codes(result) == [("order_rate", 2)]
    again = {number: (lambda s: s.buy(1, limit=90.0)) for number in (0, 1, 3)}
    result, _ = play(flat(100, 5), again, **limited(duplicate_window_s=90))
    assert statuses(result) == [ACCEPTED, DENIED, ACCEPTED]
    assert codes(result) == [("duplicate_order", 1)]


def test_what_only_reduces_passes_every_limit_on_new_risk() -> None:
    steps = {0: lambda s: s.buy(2), 2: lambda s: s.sell(2), 4: lambda s: s.buy(1), 6: lambda s: s.close_position()}
    rows = [*flat(100, 4), *flat(200, 6)]
    result, _ = play(rows, steps, **limited(max_order_notional=201, max_order_quantity=2))
    assert statuses(result) == [FILLED] * 4
    result, _ = play(flat(100, 5), {0: lambda s: s.buy(2), 2: lambda s: s.sell(3)}, **limited(max_order_quantity=2))
    assert codes(result) == [("order_quantity", 1)]  # it would turn the position round


def test_after_a_daily_loss_only_exits_pass_until_the_next_day() -> None:
    rows = [*flat(100, 3), *flat(50, DAY_BARS)]
    steps = {
        0: lambda s: s.buy(2),
        5: lambda s: s.buy(1),
        6: lambda s: s.close_position(),
        DAY_BARS - 2: lambda s: s.buy(1),
        DAY_BARS - 1: lambda s: s.buy(1),
    }
    result, _ = play(rows, steps, **limited(max_daily_loss=100))
    assert statuses(result) == [FILLED, DENIED, FILLED, DENIED, FILLED]
    text = (
        "the account has lost 100 today; the limit is 100; only orders that reduce a position are taken until 00:00 UTC"
    )
    assert [(refusal.code, refusal.orders, refusal.text) for refusal in result.refusals] == [("reducing", 2, text)]
    assert [line.text for line in result.log] == [f"daily_loss: {text}"]


def test_a_drawdown_ends_new_risk_for_good_though_no_order_was_sent_meanwhile() -> None:
    rows = [*flat(100, 3), *flat(40, 1), *flat(100, DAY_BARS)]
    steps = {0: lambda s: s.buy(20), 6: lambda s: s.close_position(), DAY_BARS: lambda s: s.buy(1)}
    result, _ = play(rows, steps, **limited(max_drawdown="0.1"))
    assert statuses(result) == [FILLED, FILLED, DENIED]
    assert "equity is 12 % below its peak; the limit is 10 %" in result.refusals[0].text
    assert result.log[0].time_ns == (START_MS + 4 * MINUTE_MS) * 1_000_000


def test_a_change_beyond_a_limit_is_left_undone_and_logged() -> None:
    steps = {
        0: keep("order", lambda s: s.buy(1, limit=90.0)),
        1: lambda s: s.modify(s.kept["order"], quantity=3),
        2: lambda s: s.modify(s.kept["order"], limit=95.0),
    }
    result, _ = play(flat(100, 4), steps, **limited(max_order_quantity=2))
    (order,) = result.orders
    assert (order.quantity, order.limit) == (Decimal(1), Decimal(95))
    assert [line.text for line in result.log] == [
        "change of order 1 refused: order_quantity: 3 is more than 2 per order"
    ]


def test_trading_hours_are_kept_when_the_limits_say_so() -> None:
    hours = instrument(sessions=(Session(open_minute=2, close_minute=4),), timezone="UTC")
    result, _ = play(flat(100, 6), {4: lambda s: s.buy(1)}, hours, **limited(session_hours=True))
    assert statuses(result) == [DENIED]


def test_other_instruments_count_for_the_account_in_its_currency() -> None:
    other = instrument(instrument_id="ETHBTC-LINEAR.BYBIT", base="ETH", quote="BTC", settle="BTC")
    first = instrument()

    def both(strategy: Script) -> None:
        strategy.buy(1.0, instrument_id=other.instrument_id)
        strategy.buy(3.0)

    asked = config(
        scripted({1: both, 3: lambda s: s.buy(2.0)}),
        instruments={first.instrument_id: first, other.instrument_id: other},
        rates={"BTC": ((0, Decimal(2)),)},
        **limited(max_account_exposure=450),
    )
    result = run(asked, {first.instrument_id: columns(flat(100, 6)), other.instrument_id: columns(flat(100, 6))})
    assert codes(result) == [("account_exposure", 1)]
    assert result.refusals[0].text == "with all orders filled the account holds 500; the limit is 450"


def test_inverse_contracts_are_worth_their_quantity() -> None:
    inverse = instrument(
        instrument_id="BTCUSD-INVERSE.BYBIT",
        quote="USD",
        settle="BTC",
        lot_step=Decimal(1),
        min_quantity=Decimal(1),
    )
    words: dict[str, Any] = {"base_currency": "USD", "rates": {"BTC": ((0, Decimal(100)),)}}
    steps = {0: lambda s: s.buy(251), 1: lambda s: s.buy(250)}
    result, _ = play(flat(100, 3), steps, inverse, **words, **limited(max_order_notional=250))
    assert codes(result) == [("order_notional", 1)]
    assert result.refusals[0].text == "the order is worth 251; the limit is 250"


def test_a_run_on_quotes_checks_the_side_that_an_order_takes_and_the_age_of_the_quote() -> None:
    class Taker(Script):
        def on_tick(self, tick: Any) -> None:
            self.buy(1, limit=101.0)

    traded = instrument()
    time = START_MS + 1000 * np.arange(2, dtype=np.int64)
    ticks = tick_columns({"time": time, "bid": [99.0, 99.0], "ask": [100.0, 101.0]}, source="test")
    Taker.steps = {}
    result = run(config(Taker, timeframe="tick", **limited(price_collar="0.005")), {traded.instrument_id: ticks})
    assert [order.status is DENIED for order in result.orders] == [True, False]


def test_without_limits_nothing_is_refused_for_risk() -> None:
    result, _ = play(flat(100, 3), {0: lambda s: s.buy(50)})
    assert codes(result) == []
    assert result.assumptions["limits"] == "none: no order is refused for risk"


def test_run_backtest_takes_limits_by_name() -> None:
    bars = columns([(price, price, price, price) for price in (100.0, 99.0, 98.0, 103.0, 104.0, 105.0)])
    words: dict[str, Any] = {"parameters": {"fast": 1, "slow": 2, "quantity": 2}}
    free = run_backtest(SmaCross, bars, **words)
    assert fills_of(free)
    kept = run_backtest(SmaCross, bars, limits={"max_order_notional": 100.5}, **words)
    assert codes(kept) == [("order_notional", 1)]
    same = run_backtest(SmaCross, bars, limits=RiskLimits(max_order_notional=Decimal("100.5")), **words)
    assert same.refusals == kept.refusals


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"max_loss": 3}, "limits.max_loss"),
        ({"max_daily_loss": -1}, "limits.max_daily_loss"),
        ({"max_daily_loss": "much"}, "limits.max_daily_loss"),
        ({"max_open_orders": 1.5}, "limits.max_open_orders"),
        ({"reduce_only": "perhaps"}, "limits.reduce_only"),
    ],
)
def test_a_wrong_limit_is_named(limits: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        run_backtest(SmaCross, columns(flat(100, 40)), limits=limits)
    assert [error.field for error in caught.value.errors] == [field]


def test_fees_and_equity_are_those_of_a_run_without_limits_while_none_is_reached() -> None:
    rng = np.random.default_rng(7)
    closes = np.round(100 + np.cumsum(rng.normal(0, 0.5, 3_000)), 1).tolist()
    bars = columns([(price, price, price, price) for price in closes])
    wide = {"max_daily_loss": 10**9, "max_drawdown": "0.99", "max_open_orders": 50, "max_account_exposure": 10**9}
    terms: dict[str, Any] = {"parameters": {"fast": 3, "slow": 9}, "fees": {"taker": "0.0005"}}
    free, kept = run_backtest(SmaCross, bars, **terms), run_backtest(SmaCross, bars, limits=wide, **terms)
    assert kept.fills == free.fills
    assert kept.final_equity == free.final_equity
