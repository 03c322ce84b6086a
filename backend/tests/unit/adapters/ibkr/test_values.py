from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.adapters.ibkr.account_values import Profit, base_currency, summary_of
from edgerunner.adapters.ibkr.values import nanoseconds, number, price


@given(st.decimals(min_value=-(10**7), max_value=10**7, places=6))
def test_number_written_by_tws_comes_back_exactly(exact: Decimal) -> None:
    assert number(float(str(exact))) == exact


@pytest.mark.parametrize(
    "unset", [1.7976931348623157e308, 2147483647, 2**63 - 1, float("nan"), float("inf"), "", None, "n/a"]
)
def test_15_unset_numbers_are_nothing(unset: float | str | None) -> None:
    assert number(unset) is None


@pytest.mark.parametrize(
    ("value", "size", "exact"),
    [
        (-1.0, 0.0, None),
        (0.0, 0.0, None),
        (-1.0, 5.0, Decimal(-1)),
        (-37.63, 2.0, Decimal("-37.63")),
        (1.09815, 0.0, Decimal("1.09815")),
    ],
)
def test_price_without_a_quote_is_nothing_and_negative_prices_are_prices(
    value: float, size: float, exact: Decimal | None
) -> None:
    assert price(value, size) == exact


def test_times_are_exact_nanoseconds() -> None:
    assert nanoseconds(date(2026, 11, 23)) == 1_795_392_000 * 10**9
    assert nanoseconds(datetime(2026, 11, 23, 0, 0, 0, 123457, tzinfo=UTC)) == 1_795_392_000_123_457_000


VALUES = {
    ("NetLiquidation", "USD"): "1000123.45",
    ("TotalCashValue", "USD"): "900000",
    ("InitMarginReq", "USD"): "1000.5",
    ("MaintMarginReq", "USD"): "800",
    ("AvailableFunds", "USD"): "899000",
    ("TotalCashBalance", "USD"): "880000",
    ("TotalCashBalance", "GBP"): "16000",
    ("TotalCashBalance", "BASE"): "900000",
    ("ExchangeRate", "USD"): "1.00",
    ("ExchangeRate", "GBP"): "1.25",
    ("UnrealizedPnL", "BASE"): "12.5",
    ("RealizedPnL", "BASE"): "-3",
}


def test_summary_is_in_the_currency_of_the_net_liquidation_value() -> None:
    assert base_currency(VALUES) == "USD"
    summary = summary_of("DU1", VALUES, Profit(), 5)
    assert (summary.currency, summary.equity, summary.balance) == ("USD", Decimal("1000123.45"), Decimal(900000))
    assert (summary.margin_initial, summary.margin_maintenance, summary.margin_available) == (
        Decimal("1000.5"),
        Decimal(800),
        Decimal(899000),
    )
    assert (summary.unrealized_pnl, summary.realized_pnl) == (Decimal("12.5"), Decimal(-3))


def test_balances_carry_the_worth_that_tws_counts_them_with() -> None:
    summary = summary_of("DU1", VALUES, Profit(), 5)
    assert {balance.currency: (balance.total, balance.value) for balance in summary.balances} == {
        "USD": (Decimal(880000), Decimal(880000)),
        "GBP": (Decimal(16000), Decimal(20000)),
    }


def test_streamed_profit_is_newer_than_the_values() -> None:
    summary = summary_of("DU1", VALUES, Profit(unrealized=Decimal(7)), 5)
    assert (summary.unrealized_pnl, summary.realized_pnl) == (Decimal(7), Decimal(-3))


def test_nothing_told_is_nothing_known() -> None:
    summary = summary_of("DU1", {}, Profit(), 5)
    assert (summary.currency, summary.equity, summary.balances) == ("", None, ())
