"""Recorded payloads of other projects decode, and no field of theirs is lost unseen.

Every field is either one of our shapes' or on the list of those that this version knows and
does not use. The recordings are shared test data beside the repository; without them the
tests are skipped.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgerunner.adapters.bybit import market_wire, wire
from edgerunner.adapters.bybit.account import WalletBook, position_report
from edgerunner.adapters.bybit.cash import cash_report
from edgerunner.adapters.bybit.executions import ExecutionMapper
from edgerunner.adapters.bybit.instruments import listing_of
from edgerunner.adapters.bybit.orders import OrderMapper
from edgerunner.adapters.bybit.values import Strangers
from tests.unit.adapters.bybit.samples import ACCOUNT, catalogue, linear, modes

RECORDED = Path(__file__).resolve().parents[6] / "shared" / "recorded" / "bybit"
pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded payloads in ../shared")

UNUSED: dict[type[msgspec.Struct], str] = {
    wire.Order: """isLeverage blockTradeId createType leavesQty leavesValue cumExecFee cumFeeDetail orderIv tpslMode
        tpLimitPrice tpTriggerBy slTriggerBy triggerBy closeOnTrigger placeType smpType smpGroup smpOrderId feeCurrency
        closedPnl ocoTriggerBy""",
    wire.Execution: """orderPrice orderQty leavesQty createType orderType stopOrderType execValue feeRate tradeIv markIv
        markPrice indexPrice underlyingPrice blockTradeId isLeverage""",
    wire.Position: """riskId riskLimitValue positionValue tradeMode positionStatus autoAddMargin adlRankIndicator
        positionBalance liqPrice bustPrice positionMM positionIM positionIMByMp positionMMByMp tpslMode
        curRealisedPnl cumRealisedPnl sessionAvgPrice seq isReduceOnly mmrSysUpdatedTime leverageSysUpdatedTime
        createdTime""",
    wire.Wallet: "accountIMRate accountType accountMMRate accountLTV totalMarginBalance totalPerpUpl",
    wire.Coin: """availableToBorrow accruedInterest totalPositionMM unrealisedPnl borrowAmount cumRealisedPnl
        collateralSwitch marginCollateral spotHedgingQty""",
    wire.CashRow: "orderLinkId fee cashFlow feeRate bonusChange size qty cashBalance tradePrice",
    market_wire.InstrumentInfo: """launchTime deliveryFeeRate priceScale leverageFilter unifiedMarginTrade
        fundingInterval copyTrading upperFundingRate lowerFundingRate innovation marginTrading""",
    market_wire.TickerRow: """tickDirection price24hPcnt prevPrice24h highPrice24h lowPrice24h prevPrice1h openInterest
        openInterestValue turnover24h volume24h fundingIntervalHour usdIndexPrice""",
    market_wire.BookData: "",
    market_wire.TradeRow: "L BT",
    market_wire.KlineRow: "end interval turnover timestamp",
}


def recording(name: str) -> Any:
    return json.loads((RECORDED / name).read_text())


def known_fields(shape: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(shape)} | set(UNUSED[shape].split())


def rows(name: str) -> list[dict[str, Any]]:
    message = recording(name)
    if "frames" in message:
        message = next(frame["msg"] for frame in message["frames"] if frame["dir"] == "push")
    found = message["result"]["list"] if "result" in message else message["data"]
    return found if isinstance(found, list) else [found]


CASES = [
    ("nautilus/http_get_orders_history.json", wire.Order),
    ("nautilus/http_get_orders_realtime.json", wire.Order),
    ("nautilus/ws_account_order.json", wire.Order),
    ("nautilus/ws_account_order_buy_stop_market.json", wire.Order),
    ("nautilus/ws_account_order_market_if_touched.json", wire.Order),
    ("nautilus/ws_account_order_stop_limit.json", wire.Order),
    ("nautilus/ws_account_order_stop_market.json", wire.Order),
    ("nautilus/ws_account_order_take_profit.json", wire.Order),
    ("jkorf/rest_Trading_GetOrderHistory.json", wire.Order),
    ("jkorf/rest_Trading_GetOrders.json", wire.Order),
    ("nautilus/http_get_executions.json", wire.Execution),
    ("nautilus/ws_account_execution.json", wire.Execution),
    ("nautilus/http_get_positions.json", wire.Position),
    ("nautilus/ws_account_position.json", wire.Position),
    ("nautilus/ws_account_position_short.json", wire.Position),
    ("jkorf/ws_Private_Position.json", wire.Position),
    ("nautilus/http_get_wallet_balance.json", wire.Wallet),
    ("nautilus/http_get_wallet_balance_spot_short.json", wire.Wallet),
    ("nautilus/ws_account_wallet.json", wire.Wallet),
    ("jkorf/rest_Account_GetTransactionHistory.json", wire.CashRow),
    ("nautilus/http_get_instruments_linear.json", market_wire.InstrumentInfo),
    ("nautilus/http_get_instruments_spot.json", market_wire.InstrumentInfo),
    ("jkorf/rest_ExchangeData_GetLinearInverseSymbols.json", market_wire.InstrumentInfo),
    ("nautilus/ws_ticker_linear.json", market_wire.TickerRow),
    ("jkorf/ws_Spot_Ticker.json", market_wire.TickerRow),
    ("jkorf/rest_ExchangeData_GetSpotTickers.json", market_wire.TickerRow),
    ("nautilus/ws_orderbook_snapshot.json", market_wire.BookData),
    ("nautilus/ws_orderbook_delta.json", market_wire.BookData),
    ("jkorf/ws_Spot_Trades.json", market_wire.TradeRow),
    ("jkorf/ws_Linear_Trades.json", market_wire.TradeRow),
    ("nautilus/ws_kline.json", market_wire.KlineRow),
]


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_every_field_is_mapped_or_known_to_be_unused(name: str, shape: type[msgspec.Struct]) -> None:
    for row in rows(name):
        assert set(row) <= known_fields(shape)
        for coin in row.get("coin") or [] if shape is wire.Wallet else []:
            assert set(coin) <= known_fields(wire.Coin)


def test_no_unused_field_is_mapped_at_the_same_time() -> None:
    for shape, names in UNUSED.items():
        assert not {field.encode_name for field in msgspec.structs.fields(shape)} & set(names.split())


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_planted_unknown_fields_break_nothing(name: str, shape: type[msgspec.Struct]) -> None:
    for row in rows(name):
        planted = {"futureField": {"deep": [1]}, **row, "anotherOne": None}
        assert msgspec.json.decode(json.dumps(planted), type=shape) == msgspec.json.decode(json.dumps(row), type=shape)


def decoded(name: str, shape: type[Any]) -> Iterator[Any]:
    return (msgspec.json.decode(json.dumps(row), type=shape) for row in rows(name))


@pytest.mark.parametrize("name", [name for name, shape in CASES if shape is wire.Order])
def test_recorded_orders_map(name: str) -> None:
    strangers = Strangers()
    mapper = OrderMapper(ACCOUNT, strangers)
    reports = [mapper.report(order, linear()) for order in decoded(name, wire.Order)]
    assert reports
    assert not strangers.counts


@pytest.mark.parametrize("name", [name for name, shape in CASES if shape is wire.Execution])
def test_recorded_executions_map(name: str) -> None:
    reports = [ExecutionMapper(ACCOUNT).report(execution, linear()) for execution in decoded(name, wire.Execution)]
    assert all(report.fill.quantity > 0 and report.fill.fee.currency == "USDT" for report in reports)


@pytest.mark.parametrize("name", [name for name, shape in CASES if shape is wire.Position])
def test_recorded_positions_map(name: str) -> None:
    for position in decoded(name, wire.Position):
        report = position_report(ACCOUNT, position, linear())
        assert (report.quantity == 0) == (report.average_price is None)


@pytest.mark.parametrize("name", [name for name, shape in CASES if shape is wire.Wallet])
def test_recorded_wallets_map(name: str) -> None:
    for wallet in decoded(name, wire.Wallet):
        summary = WalletBook(ACCOUNT, catalogue(), margin_mode=None).replace(wallet, 1)
        assert summary.equity is not None
        assert len(summary.balances) == len(wallet.coin)


def test_recorded_instruments_map() -> None:
    for name, category in (("linear", "linear"), ("spot", "spot")):
        for info in decoded(f"nautilus/http_get_instruments_{name}.json", market_wire.InstrumentInfo):
            assert listing_of(category, info).instrument.lot_step > 0


def test_recorded_cash_rows_map_and_trades_are_left_to_executions() -> None:
    found = [
        cash_report(row, account_id=ACCOUNT, catalogue=catalogue(), strangers=Strangers(), modes=modes())
        for row in decoded("jkorf/rest_Account_GetTransactionHistory.json", wire.CashRow)
    ]
    assert [report.movement.kind for report in found if report is not None] == ["funding"]


@pytest.mark.parametrize("name", ["nautilus/ws_auth_success.json", "jkorf"])
def test_recorded_logins_are_understood(name: str) -> None:
    message = (
        recording(name) if name.endswith(".json") else recording("jkorf/ws_Private_Position.json")["frames"][1]["msg"]
    )
    push = msgspec.json.decode(json.dumps(message), type=wire.Push)
    assert push.op == "auth"
    assert not push.is_refusal


def test_recorded_refused_login_is_understood() -> None:
    push = msgspec.json.decode(json.dumps(recording("nautilus/ws_auth_failure.json")), type=wire.Push)
    assert push.is_refusal
    assert push.reason == "Invalid apikey (10003)"


def test_recorded_order_answer_gives_the_broker_id() -> None:
    reply = msgspec.json.decode(json.dumps(recording("nautilus/ws_order_response.json")), type=wire.TradeReply)
    assert (reply.req_id, reply.ret_code) == ("order-req-001", 0)
    assert msgspec.json.decode(reply.data, type=wire.OrderIds).order_id == "1726025498520715008"


@pytest.mark.parametrize("name", ["nautilus/http_get_user_query_api.json", "jkorf/rest_Account_GetApiKeyInfo.json"])
def test_recorded_key_is_understood(name: str) -> None:
    key = msgspec.json.decode(json.dumps(recording(name)["result"]), type=wire.KeyInfo)
    assert key.user_id
    assert "Withdraw" not in (key.permissions["Wallet"] or [])
