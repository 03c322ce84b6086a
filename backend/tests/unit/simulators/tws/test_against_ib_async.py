"""An independent reader and writer agree with the codec: ib_async encodes what we decode and decodes what we encode."""

import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from edgerunner.simulators.tws.wire.codec import HIGHEST_VERSION, LOWEST_VERSION, MESSAGES, REQUESTS
from edgerunner.simulators.tws.wire.contracts import ContractDetails, SymbolSample, SymbolSamples
from edgerunner.simulators.tws.wire.executions import ExecutionDetails
from edgerunner.simulators.tws.wire.order_values import OrderCondition, OrderMargin, OrderTerms
from edgerunner.simulators.tws.wire.orders import CompletedOrder, OpenOrder, PlaceOrder
from edgerunner.simulators.tws.wire.values import Contract, Tag

ib_async = pytest.importorskip("ib_async", reason="ib_async is not installed: it asks for an older tzdata than we do")

VERSIONS = range(LOWEST_VERSION, HIGHEST_VERSION + 1)
READ_LATE = {158}
"""ib_async reads ``duration`` of an open order from 159 on; the field exists since 158."""
AAPL = Contract(con_id=265598, symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD", local_symbol="AAPL")


class _Heard:
    """The wrapper that ib_async's decoder tells: it keeps every call."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.ib = ib_async.IB()
        self.defaultTimezone = None

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.calls.append((name, arguments))


def heard_by_ib_async(message: object, version: int) -> tuple[str, tuple[Any, ...]]:
    heard = _Heard()
    decoder = ib_async.decoder.Decoder(heard, version)
    decoder.interpret(MESSAGES.encode(message, version).decode().split("\0")[:-1])
    assert len(heard.calls) == 1, heard.calls
    return heard.calls[0]


def sent_by_ib_async(version: int, call: str, *arguments: Any) -> bytes:
    class Sender(ib_async.client.Client):  # type: ignore[misc, name-defined]
        def isConnected(self) -> bool:  # noqa: N802
            return True

        def serverVersion(self) -> int:  # noqa: N802
            return version

        def sendMsg(self, message: str) -> None:  # noqa: N802
            sent.append(message.encode())

    sent: list[bytes] = []
    sender = Sender(None)
    sender.clientId = 7
    getattr(sender, call)(*arguments)
    return sent[0]


@pytest.mark.parametrize("version", VERSIONS)
def test_orders_of_ib_async_are_read_whole(version: int) -> None:
    order = ib_async.LimitOrder(
        "BUY",
        7,
        101.25,
        orderRef="mine",
        algoStrategy="Vwap",
        algoParams=[ib_async.TagValue("maxPctVol", "0.1")],
        hedgeType="D",
        hedgeParam="1",
        scalePriceIncrement=0.5,
        deltaNeutralOrderType="MKT",
        conditions=[
            ib_async.PriceCondition(price=3, conId=9, exch="SMART", triggerMethod=2),
            ib_async.ExecutionCondition(secType="STK", exch="SMART", symbol="MSFT"),
            ib_async.TimeCondition(time="20261123-10:00:00"),
        ],
        conditionsCancelOrder=True,
        cashQty=12.5,
        manualOrderTime="20261123-10:00:00",
        autoCancelParent=True,
    )
    raw = sent_by_ib_async(version, "placeOrder", 42, ib_async.Stock("AAPL", "SMART", "USD"), order)
    placed = REQUESTS.decode(raw, version)
    assert isinstance(placed, PlaceOrder)
    terms = placed.order
    assert (placed.order_id, placed.contract.symbol, terms.action) == (42, "AAPL", "BUY")
    assert (terms.total_quantity, terms.limit_price, terms.order_ref) == (Decimal(7), Decimal("101.25"), "mine")
    assert (terms.algo_params, terms.hedge_param) == ((Tag(tag="maxPctVol", value="0.1"),), "1")
    assert [condition.condition_type for condition in terms.conditions] == [1, 5, 3]
    assert (terms.conditions[0].trigger_method, terms.conditions[1].symbol) == (2, "MSFT")
    assert (terms.conditions_cancel, terms.cash_quantity) == (True, Decimal("12.5"))
    assert terms.manual_time == ("20261123-10:00:00" if version >= 169 else "")
    assert terms.cancels_parent == (version >= 162)


@pytest.mark.parametrize("order_type", ["MKT", "PEG BENCH", "PEG BEST", "PEG MID"])
@pytest.mark.parametrize("version", [157, 170, 178])
def test_pegged_orders_of_ib_async_are_read_whole(version: int, order_type: str) -> None:
    order = ib_async.Order(
        action="SELL",
        totalQuantity=1,
        orderType=order_type,
        competeAgainstBestOffset=float("inf"),
        midOffsetAtHalf=0.25,
        referenceExchangeId="ISLAND",
    )
    raw = sent_by_ib_async(version, "placeOrder", 1, ib_async.Stock("AAPL", "IBKRATS", "USD"), order)
    terms = REQUESTS.decode(raw, version).order
    assert terms.reference_exchange == ("ISLAND" if order_type == "PEG BENCH" else "")
    tells_offsets = version >= 170 and order_type in {"PEG BEST", "PEG MID"}
    assert terms.middle_offset_half == (Decimal("0.25") if tells_offsets else None)


def every_request() -> list[tuple[Any, ...]]:
    stock = ib_async.Stock("AAPL", "SMART", "USD")
    leg = ib_async.ComboLeg(conId=1, ratio=1, action="BUY", exchange="X")
    bag = ib_async.Bag(symbol="AAPL", exchange="SMART", currency="USD", comboLegs=[leg])
    return [
        ("reqMktData", 1, stock, "233,236", False, False, []),
        ("reqMktData", 1, bag, "", True, False, [ib_async.TagValue("a", "b")]),
        ("cancelMktData", 1),
        ("placeOrder", 1, bag, ib_async.MarketOrder("BUY", 1)),
        ("cancelOrder", 1, ""),
        ("reqOpenOrders",),
        ("reqAllOpenOrders",),
        ("reqAutoOpenOrders", True),
        ("reqAccountUpdates", True, "DU1"),
        ("reqExecutions", 1, ib_async.ExecutionFilter()),
        ("reqIds", 1),
        ("reqContractDetails", 1, stock),
        ("reqMktDepth", 1, stock, 5, False, []),
        ("cancelMktDepth", 1, False),
        ("reqNewsBulletins", True),
        ("cancelNewsBulletins",),
        ("setServerLogLevel", 5),
        ("reqManagedAccts",),
        ("reqHistoricalData", 1, stock, "", "1 D", "1 min", "TRADES", True, 1, False, []),
        ("reqHistoricalData", 1, bag, "", "1 D", "1 min", "TRADES", True, 1, False, []),
        ("cancelHistoricalData", 1),
        ("reqCurrentTime",),
        ("reqRealTimeBars", 1, stock, 5, "TRADES", True, []),
        ("cancelRealTimeBars", 1),
        ("reqGlobalCancel",),
        ("reqMarketDataType", 3),
        ("reqPositions",),
        ("cancelPositions",),
        ("reqAccountSummary", 1, "All", "NetLiquidation"),
        ("cancelAccountSummary", 1),
        ("reqPositionsMulti", 1, "DU1", ""),
        ("cancelPositionsMulti", 1),
        ("reqAccountUpdatesMulti", 1, "DU1", "", False),
        ("cancelAccountUpdatesMulti", 1),
        ("reqSecDefOptParams", 1, "SPY", "", "STK", 756733),
        ("reqMatchingSymbols", 1, "AAP"),
        ("reqMktDepthExchanges",),
        ("reqSmartComponents", 1, "a6"),
        ("reqHeadTimeStamp", 1, stock, "TRADES", True, 1),
        ("cancelHeadTimeStamp", 1),
        ("reqHistogramData", 1, stock, True, "1 week"),
        ("cancelHistogramData", 1),
        ("reqMarketRule", 26),
        ("reqPnL", 1, "DU1", ""),
        ("cancelPnL", 1),
        ("reqPnLSingle", 1, "DU1", "", 265598),
        ("cancelPnLSingle", 1),
        ("reqHistoricalTicks", 1, stock, "", "20261123 10:00:00 UTC", 10, "TRADES", True, False, []),
        ("reqTickByTickData", 1, stock, "Last", 0, False),
        ("cancelTickByTickData", 1),
        ("reqCompletedOrders", False),
        ("reqUserInfo", 1),
        ("startApi",),
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_request_of_ib_async_is_read_and_none_is_forgotten(version: int) -> None:
    read = {type(REQUESTS.decode(sent_by_ib_async(version, *request), version)) for request in every_request()}
    assert read == set(REQUESTS.types)


def terms_with_everything() -> OrderTerms:
    return OrderTerms(
        action="BUY",
        total_quantity=Decimal(7),
        order_type="LMT",
        limit_price=Decimal("101.25"),
        neutral_order_type="None",
        trail_stop_price=Decimal("99.5"),
        scale_increment=Decimal("0.5"),
        hedge_type="D",
        hedge_param="1",
        is_delta_neutral=True,
        delta_con_id=11,
        algo_strategy="Vwap",
        algo_params=(Tag(tag="maxPctVol", value="0.1"),),
        conditions=(OrderCondition(condition_type=6, conjunction="o", value="100", con_id=9, exchange="SMART"),),
        conditions_ignore_hours=True,
        cash_quantity=Decimal("12.5"),
        cancels_parent=True,
        middle_offset_half=Decimal("0.25"),
    )


@pytest.mark.parametrize("version", [version for version in VERSIONS if version not in READ_LATE])
def test_ib_async_reads_open_orders(version: int) -> None:
    message = OpenOrder(
        order_id=42,
        contract=AAPL,
        client_id=3,
        perm_id=99,
        order=terms_with_everything(),
        margin=OrderMargin(status="Submitted", warning="w"),
    )
    name, (order_id, contract, order, state) = heard_by_ib_async(message, version)
    assert (name, order_id, contract.conId, contract.tradingClass) == ("openOrder", 42, 265598, "")
    assert (order.permId, order.clientId, order.lmtPrice, order.trailStopPrice) == (99, 3, 101.25, 99.5)
    assert (order.algoParams[0].value, order.hedgeParam, order.cashQty) == ("0.1", "1", 12.5)
    assert (state.status, state.warningText, len(order.conditions)) == ("Submitted", "w", 1)
    assert order.conditionsIgnoreRth
    assert order.autoCancelParent == (version >= 162)
    assert (order.midOffsetAtHalf == 0.25) == (version >= 170)


@pytest.mark.parametrize("version", VERSIONS)
def test_ib_async_reads_completed_orders(version: int) -> None:
    message = CompletedOrder(
        contract=AAPL,
        perm_id=99,
        order=dataclasses.replace(terms_with_everything(), filled_quantity=Decimal(5)),
        margin=OrderMargin(status="Cancelled"),
        completed_time="20261123 10:00:00 US/Eastern",
        completed_status="Cancelled by Trader",
    )
    name, (contract, order, state) = heard_by_ib_async(message, version)
    assert (name, contract.symbol, order.permId, order.filledQuantity) == ("completedOrder", "AAPL", 99, 5)
    assert (state.completedStatus, order.autoCancelParent) == ("Cancelled by Trader", True)


@pytest.mark.parametrize("version", VERSIONS)
def test_ib_async_reads_executions(version: int) -> None:
    message = ExecutionDetails(
        request_id=-1,
        order_id=42,
        contract=AAPL,
        execution_id="0001",
        time="20261123 10:00:00 US/Eastern",
        account="DU1",
        exchange="ISLAND",
        side="BOT",
        shares=Decimal(7),
        price=Decimal("101.25"),
        perm_id=99,
        client_id=3,
        liquidation=0,
        cumulative=Decimal(7),
        average_price=Decimal("101.25"),
        order_ref="mine",
        economic_value_rule="",
        economic_value_multiplier="",
        model="",
        last_liquidity=2,
        is_price_pending=True,
    )
    name, (request_id, contract, execution) = heard_by_ib_async(message, version)
    assert (name, request_id, contract.symbol, execution.price) == ("execDetails", -1, "AAPL", 101.25)
    assert (execution.lastLiquidity, execution.pendingPriceRevision) == (2, version >= 178)


def details(**changes: Any) -> ContractDetails:
    texts = {field.name: "" for field in dataclasses.fields(ContractDetails) if field.default is dataclasses.MISSING}
    numbers = {"request_id": 5, "con_id": 265598, "price_magnifier": 1, "underlying_con_id": 0, "aggregate_group": 1}
    decimals = {"strike": None, "min_tick": Decimal("0.01"), "security_ids": (Tag(tag="ISIN", value="US0378331005"),)}
    values: dict[str, Any] = {**texts, **numbers, **decimals, **changes}
    return ContractDetails(**values)


@pytest.mark.parametrize("version", VERSIONS)
def test_ib_async_reads_contract_details(version: int) -> None:
    message = details(
        last_trade="20261218 08:30 US/Central",
        long_name="Größe",
        multiplier="50",
        stock_type="COMMON",
        suggested_size_increment=Decimal(100),
    )
    name, (request_id, found) = heard_by_ib_async(message, version)
    assert (name, request_id, found.contract.conId, found.minTick) == ("contractDetails", 5, 265598, 0.01)
    assert (found.contract.lastTradeDateOrContractMonth, found.timeZoneId) == ("20261218", "US/Central")
    assert (found.longName, found.contract.multiplier, found.stockType) == ("Größe", "50", "COMMON")
    assert found.secIdList[0].value == "US0378331005"
    assert found.suggestedSizeIncrement == (100 if version >= 163 else 0)


@pytest.mark.parametrize("version", VERSIONS)
def test_ib_async_reads_symbol_samples(version: int) -> None:
    sample = SymbolSample(
        con_id=1, symbol="AAPL", sec_type="STK", primary_exchange="NASDAQ", currency="USD", description="APPLE INC"
    )
    name, (request_id, found) = heard_by_ib_async(SymbolSamples(request_id=5, samples=(sample, sample)), version)
    assert (name, request_id, len(found)) == ("symbolSamples", 5, 2)
    assert found[1].contract.description == ("APPLE INC" if version >= 176 else "")
