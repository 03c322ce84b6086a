"""Rows of the transaction log become the movements that no execution carries."""

from decimal import Decimal

import msgspec
import pytest

from edgerunner.adapters.broker import CashReport
from edgerunner.adapters.bybit.cash import cash_report
from edgerunner.adapters.bybit.values import Strangers
from edgerunner.adapters.bybit.wire import CashRow
from tests.unit.adapters.bybit.samples import ACCOUNT, catalogue, modes

SETTLEMENT = {
    "id": "592324_BTCUSDT_161440249321",
    "symbol": "BTCUSDT",
    "category": "linear",
    "funding": "-0.003676",
    "change": "-0.003676",
    "transactionTime": "1672128000000",
    "type": "SETTLEMENT",
    "currency": "USDT",
    "tradeId": "534c0003-4bf7-486f-aa02-78cee36825e4",
}


def movement(strangers: Strangers | None = None, **changes: object) -> CashReport | None:
    row = msgspec.convert(SETTLEMENT | changes, CashRow)
    return cash_report(
        row, account_id=ACCOUNT, catalogue=catalogue(), strangers=strangers or Strangers(), modes=modes()
    )


def test_funding_is_booked_with_its_contract() -> None:
    report = movement()
    assert report is not None
    assert (report.movement.kind, report.movement.amount) == ("funding", Decimal("-0.003676"))
    assert report.movement.instrument_id == "BTCUSDT-LINEAR.BYBIT"
    assert report.ts_event_ns == 1672128000000000000


@pytest.mark.parametrize(("side", "leg"), [("Buy", "long"), ("Sell", "short"), ("None", None)])
def test_funding_in_hedge_mode_names_its_leg(side: str, leg: str | None) -> None:
    row = msgspec.convert(SETTLEMENT | {"side": side}, CashRow)
    hedged = modes(is_hedged=True)
    report = cash_report(row, account_id=ACCOUNT, catalogue=catalogue(), strangers=Strangers(), modes=hedged)
    assert report is not None
    assert report.movement.leg == leg


def test_session_profit_in_a_settlement_is_not_booked_a_second_time() -> None:
    report = movement(funding="0.5", cashFlow="120", change="120.5")
    assert report is not None
    assert report.movement.amount == Decimal("0.5")


@pytest.mark.parametrize("word", ["TRADE", "LIQUIDATION", "ADL", "DELIVERY"])
def test_what_executions_carry_is_left_to_them(word: str) -> None:
    assert movement(type=word) is None


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("TRANSFER_IN", "deposit"),
        ("TRANSFER_OUT", "withdrawal"),
        ("INTEREST", "interest"),
        ("FEE_REFUND", "commission"),
        ("AIRDROP", "adjustment"),
        ("CURRENCY_BUY", "adjustment"),
    ],
)
def test_kinds(word: str, kind: str) -> None:
    strangers = Strangers()
    report = movement(strangers, type=word, change="12.5")
    assert report is not None
    assert (report.movement.kind, report.movement.amount) == (kind, Decimal("12.5"))
    assert not strangers.counts


def test_unknown_type_is_an_adjustment_and_reported() -> None:
    strangers = Strangers()
    report = movement(strangers, type="SOMETHING_NEW", change="1")
    assert report is not None
    assert report.movement.kind == "adjustment"
    assert strangers.counts["transaction type", "SOMETHING_NEW"] == 1


def test_row_that_moves_nothing_is_no_movement() -> None:
    assert movement(funding="", change="0") is None


def test_rows_that_share_an_id_stay_apart() -> None:
    first, second = movement(), movement(type="INTEREST", tradeId="", orderId="o")
    assert first is not None
    assert second is not None
    assert first.movement.movement_id != second.movement.movement_id
