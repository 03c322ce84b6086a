"""The values of an account as TWS names them: totals in the base currency, and a ledger row set per currency."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edgerunner.domain.numbers import exact_arithmetic, to_plain
from edgerunner.simulators.pooled_funds import CurrencyValue, Valuation

ZERO: Final = Decimal(0)
TOTAL: Final = "BASE"
_CENT: Final = Decimal("0.01")
_DAY_TRADING_POWER: Final = 4
"""Buying power per available fund of a margin account."""
_ABSENT_TOTALS: Final = (
    *("AccruedCash", "AccruedDividend", "Billable", "Guarantee", "IndianStockHaircut", "NetLiquidationUncertainty"),
    *("PASharesValue", "PhysicalCertificateValue", "PostExpirationExcess", "PostExpirationMargin"),
    *("TotalDebitCardPendingCharges",),
)
_ABSENT_ROWS: Final = (
    *("AccruedCash", "CorporateBondValue", "Cryptocurrency", "FundValue", "FutureOptionValue", "FxCashBalance"),
    *("IssuerOptionValue", "MoneyMarketFundValue", "MutualFundValue", "NetDividend", "TBillValue", "TBondValue"),
    *("WarrantValue",),
)
"""What no simulated account has; TWS tells it as 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value: its tag, text and currency (empty where it is no money)."""

    tag: str
    text: str
    currency: str = ""


def totals(value: Valuation) -> Iterator[Value]:
    """Yield what holds for the whole account. Everything counts as securities (segment S), nothing as commodities."""
    securities = value.total(lambda row: row.stock_value)
    options = value.total(lambda row: row.option_value)
    with_loan = value.equity - options
    available = value.equity - value.initial_margin
    excess = value.equity - value.maintenance_margin
    money = {
        "AvailableFunds": available,
        "EquityWithLoanValue": with_loan,
        "ExcessLiquidity": excess,
        "FullAvailableFunds": available,
        "FullExcessLiquidity": excess,
        "FullInitMarginReq": value.initial_margin,
        "FullMaintMarginReq": value.maintenance_margin,
        "GrossPositionValue": value.total(lambda row: row.gross_value),
        "InitMarginReq": value.initial_margin,
        "LookAheadAvailableFunds": available,
        "LookAheadExcessLiquidity": excess,
        "LookAheadInitMarginReq": value.initial_margin,
        "LookAheadMaintMarginReq": value.maintenance_margin,
        "MaintMarginReq": value.maintenance_margin,
        "NetLiquidation": value.equity,
        "TotalCashValue": value.total(lambda row: row.cash),
    }
    for tag, amount in money.items():
        for name, part in ((tag, amount), (f"{tag}-C", ZERO), (f"{tag}-S", amount)):
            yield Value(tag=name, text=_cents(part), currency=value.base)
    own = {
        "BuyingPower": max(ZERO, available) * _DAY_TRADING_POWER,
        "PreviousDayEquityWithLoanValue": with_loan,
        "RegTEquity": with_loan,
        "RegTMargin": securities / 2 if securities > 0 else ZERO,
        "SMA": max(ZERO, available),
        **dict.fromkeys(_ABSENT_TOTALS, ZERO),
    }
    for tag, amount in own.items():
        yield Value(tag=tag, text=_cents(amount), currency=value.base)
    yield from _words(value, excess)


def ledger(value: Valuation, realized: Mapping[str, Decimal]) -> Iterator[Value]:
    """Yield the rows of every currency and, under the name BASE, their sums; ``realized`` = of today, by currency."""
    rates = {row.currency: row.rate for row in value.rows}
    base = CurrencyValue(
        currency=TOTAL,
        rate=Decimal(1),
        cash=value.total(lambda row: row.cash),
        stock_value=value.total(lambda row: row.stock_value),
        option_value=value.total(lambda row: row.option_value),
        futures_profit=value.total(lambda row: row.futures_profit),
        unrealized_pnl=value.total(lambda row: row.unrealized_pnl),
    )
    earned = sum((amount * rates.get(name, ZERO) for name, amount in realized.items()), ZERO)
    yield from _rows(value.account_id, base, earned)
    for row in value.rows:
        yield from _rows(value.account_id, row, realized.get(row.currency, ZERO))


def _rows(account_id: str, row: CurrencyValue, realized: Decimal) -> Iterator[Value]:
    texts = {
        "AccountOrGroup": account_id,
        "CashBalance": _exact(row.cash),
        "Currency": row.currency,
        "ExchangeRate": _exact(row.rate),
        "FuturesPNL": _cents(row.futures_profit),
        "NetLiquidationByCurrency": _cents(row.net),
        "OptionMarketValue": _cents(row.option_value),
        "RealCurrency": row.currency,
        "RealizedPnL": _cents(realized),
        "StockMarketValue": _cents(row.stock_value),
        "TotalCashBalance": _exact(row.cash),
        "UnrealizedPnL": _cents(row.unrealized_pnl),
        **dict.fromkeys(_ABSENT_ROWS, _cents(ZERO)),
    }
    return (Value(tag=tag, text=text, currency=row.currency) for tag, text in texts.items())


def _words(value: Valuation, excess: Decimal) -> Iterator[Value]:
    gross = value.total(lambda row: row.gross_value)
    cushion = excess / value.equity if value.equity > 0 else ZERO
    leverage = gross / value.equity if value.equity > 0 else ZERO
    words = {
        "AccountCode": value.account_id,
        "AccountReady": "true",
        "AccountType": "INDIVIDUAL",
        "Cushion": _places(cushion, "0.000001"),
        "DayTradesRemaining": "-1",
        "Leverage-S": _places(leverage, "0.01"),
        "LookAheadNextChange": "0",
        "NLVAndMarginInReview": "false",
        "SegmentTitle-C": "US Commodities",
        "SegmentTitle-S": "US Securities",
        "TradingType-S": "STKNOPT",
        "WhatIfPMEnabled": "false",
    }
    return (Value(tag=tag, text=text) for tag, text in words.items())


def _cents(amount: Decimal) -> str:
    return _places(amount, "0.01")


def _places(amount: Decimal, step: str) -> str:
    with exact_arithmetic():
        return f"{amount.quantize(Decimal(step)) + 0:f}"


def _exact(amount: Decimal) -> str:
    """Write an amount exactly, with two decimals at least."""
    with exact_arithmetic():
        return f"{amount.quantize(_CENT):f}" if amount == amount.quantize(_CENT) else to_plain(amount)
