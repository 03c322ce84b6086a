"""Executions become fills, the same by stream and by REST, with the fee in its true coin."""

from decimal import Decimal

import pytest

from edgerunner.adapters.broker import FillReport
from edgerunner.adapters.bybit.executions import ExecutionMapper, is_cash_only, is_fill
from edgerunner.adapters.bybit.instruments import Listing
from edgerunner.adapters.bybit.values import Malformed, Strangers
from edgerunner.domain.orders import Liquidity, Money, Side
from tests.unit.adapters.bybit.samples import ACCOUNT, execution, linear, spot


def fill(listing: Listing | None = None, /, **changes: object) -> FillReport:
    return ExecutionMapper(ACCOUNT).report(execution(**changes), listing or linear())


def test_trade_becomes_a_fill() -> None:
    report = fill()
    assert report.client_order_id == "01KAVAE4Y0000000000000000"
    assert report.fill.trade_id == "e0cbe81d-0f18-5866-9415-cf319b5dab3b"
    assert (report.fill.side, report.fill.quantity, report.fill.price) == (
        Side.BUY,
        Decimal("0.1"),
        Decimal("60004.9"),
    )
    assert report.fill.fee == Money(currency="USDT", amount=Decimal("3.30027"))
    assert report.fill.liquidity is Liquidity.TAKER
    assert report.ts_event_ns == 1684738540600000000


def test_stream_and_rest_give_the_same_fill() -> None:
    streamed = fill(category="linear", isLeverage="0", seq=4688002127, feeCurrency=None)
    assert streamed.fill == fill(seq=4688002127).fill
    assert streamed.fill.rank == 4688002127


@pytest.mark.parametrize(
    ("side", "fee", "is_maker", "coin"),
    [
        ("Buy", "0.0001", False, "BTC"),
        ("Sell", "6.5", False, "USDT"),
        ("Buy", "0.0001", True, "BTC"),
        ("Buy", "-0.5", True, "USDT"),
        ("Sell", "-0.00001", True, "BTC"),
        ("Sell", "-0.5", False, "USDT"),
    ],
)
def test_coin_of_a_spot_fee_that_names_none(side: str, fee: str, is_maker: bool, coin: str) -> None:
    report = fill(spot(), side=side, execFee=fee, isMaker=is_maker, feeCurrency="")
    assert report.fill.fee == Money(currency=coin, amount=Decimal(fee))


def test_named_fee_coin_wins() -> None:
    assert fill(spot(), feeCurrency="MNT", execFee="1.25").fill.fee == Money(currency="MNT", amount=Decimal("1.25"))


@pytest.mark.parametrize("exec_type", ["Trade", "AdlTrade", "BustTrade", "Delivery", "Settle", "BlockTrade"])
def test_types_that_change_a_holding(exec_type: str) -> None:
    assert is_fill(exec_type, Strangers())


def test_funding_is_cash_and_no_fill() -> None:
    strangers = Strangers()
    assert not is_fill("Funding", strangers)
    assert is_cash_only("Funding")
    assert not strangers.counts


def test_unknown_type_is_reported_and_no_fill() -> None:
    strangers = Strangers()
    assert not is_fill("CorporateAction", strangers)
    assert strangers.counts["execType", "CorporateAction"] == 1


@pytest.mark.parametrize("field", ["execId", "execQty", "execPrice", "execTime", "side", "orderId"])
def test_missing_indispensable_field_is_refused(field: str) -> None:
    with pytest.raises(Malformed):
        fill(**{field: ""})
