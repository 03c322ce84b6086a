from decimal import Decimal
from typing import Any

import pytest
from ib_async.contract import Contract, ContractDetails

from edgerunner.adapters.ibkr.instrument_ids import ids_of, parse_id
from edgerunner.domain.errors import NotFound


@pytest.mark.parametrize(
    ("instrument_id", "fields"),
    [
        ("AAPL.IBKR", {"secType": "STK", "symbol": "AAPL", "exchange": "SMART", "currency": "USD"}),
        ("BRK B.IBKR", {"secType": "STK", "symbol": "BRK B", "exchange": "SMART", "currency": "USD"}),
        (
            "VOD@LSE-GBP.IBKR",
            {"secType": "STK", "symbol": "VOD", "exchange": "SMART", "primaryExchange": "LSE", "currency": "GBP"},
        ),
        ("EUR/USD.IBKR", {"secType": "CASH", "symbol": "EUR", "currency": "USD", "exchange": "IDEALPRO"}),
        ("ES-202612.IBKR", {"secType": "FUT", "symbol": "ES", "lastTradeDateOrContractMonth": "202612"}),
        (
            "DAX-20261218@EUREX-EUR.IBKR",
            {
                "secType": "FUT",
                "symbol": "DAX",
                "lastTradeDateOrContractMonth": "20261218",
                "exchange": "EUREX",
                "currency": "EUR",
            },
        ),
        (
            "SPY-20261218-C-600.IBKR",
            {
                "secType": "OPT",
                "symbol": "SPY",
                "lastTradeDateOrContractMonth": "20261218",
                "right": "C",
                "strike": 600.0,
                "exchange": "SMART",
                "currency": "USD",
            },
        ),
    ],
)
def test_id_says_what_to_ask_tws_for(instrument_id: str, fields: dict[str, object]) -> None:
    contract = parse_id(instrument_id).contract()
    assert {name: getattr(contract, name) for name in fields} == fields
    silent = {"symbol", "secType", "exchange", "primaryExchange", "currency", "right"} - fields.keys()
    assert {getattr(contract, name) for name in silent} <= {""}


@pytest.mark.parametrize(
    "instrument_id", ["AAPL", "AAPL.BYBIT", ".IBKR", "aapl.IBKR", "EUR/.IBKR", "A@B.IBKR", "AAPL.IBKR "]
)
def test_what_is_no_id_is_not_found_with_examples(instrument_id: str) -> None:
    with pytest.raises(NotFound, match=r"EUR/USD\.IBKR"):
        parse_id(instrument_id)


def test_option_is_found_by_its_trading_class_too() -> None:
    contract = parse_id("SPXW-20261218-P-6012.5.IBKR").by_class()
    assert contract is not None
    assert contract.localSymbol == "SPXW  261218P06012500"


def details(**fields: Any) -> ContractDetails:
    return ContractDetails(contract=Contract(**fields), contractMonth="202612")


@pytest.mark.parametrize(
    ("told", "ids"),
    [
        (
            details(secType="STK", symbol="AAPL", exchange="SMART", primaryExchange="NASDAQ", currency="USD"),
            ["AAPL.IBKR", "AAPL@NASDAQ-USD.IBKR"],
        ),
        (
            details(secType="STK", symbol="VOD", exchange="SMART", primaryExchange="LSE", currency="GBP"),
            ["VOD@LSE-GBP.IBKR"],
        ),
        (details(secType="CASH", symbol="EUR", exchange="IDEALPRO", currency="USD"), ["EUR/USD.IBKR"]),
        (
            details(
                secType="FUT", symbol="ES", exchange="CME", currency="USD", lastTradeDateOrContractMonth="20261218"
            ),
            ["ES-202612.IBKR", "ES-20261218.IBKR", "ES-202612@CME-USD.IBKR", "ES-20261218@CME-USD.IBKR"],
        ),
        (
            details(
                secType="OPT",
                symbol="SPX",
                tradingClass="SPXW",
                exchange="SMART",
                currency="USD",
                lastTradeDateOrContractMonth="20261218",
                right="C",
                strike=6000.5,
            ),
            [
                "SPX-20261218-C-6000.5.IBKR",
                "SPXW-20261218-C-6000.5.IBKR",
                "SPXW-20261218-C-6000.5@SMART-USD.IBKR",
            ],
        ),
        (details(secType="BOND", symbol="IBM"), []),
    ],
)
def test_contract_has_its_ids_from_short_to_exact(told: ContractDetails, ids: list[str]) -> None:
    assert list(ids_of(told)) == ids
    for instrument_id in ids:
        assert parse_id(instrument_id).symbol in {told.contract.symbol, told.contract.tradingClass}  # type: ignore[union-attr]


def test_strike_keeps_its_digits() -> None:
    assert parse_id("SPY-20261218-C-600.125.IBKR").strike == Decimal("600.125")
