"""Funding as executions and transaction-log rows, its history, and closed profits."""

from decimal import Decimal

from tests.wire.bybit.kit import ACCOUNT, Frame, Simulator, market_order

CREATE = "/v5/order/create"
BTC: Frame = {"category": "linear", "symbol": "BTCUSDT"}


async def test_funding_is_an_execution_without_an_order_and_moves_the_wallet(simulator: Simulator) -> None:
    simulator.pin()
    await simulator.post(CREATE, market_order())
    stream = await simulator.open_private("execution", "position", "wallet", "order")
    simulator.venue.operator.settle_funding("linear:BTCUSDT", Decimal("0.0001"))
    frame = await stream.wait_for(lambda frame: frame.get("topic") == "execution")
    row = frame["data"][0]
    assert (row["execType"], row["orderId"], row["orderLinkId"], row["side"]) == ("Funding", "", "", "Buy")
    assert (row["execQty"], row["feeRate"], row["orderType"]) == ("0.010", "0.0001", "UNKNOWN")
    assert Decimal(row["execFee"]) == Decimal(row["execValue"]) * Decimal("0.0001") > 0
    await stream.wait_for(lambda frame: frame.get("topic") == "wallet")
    assert stream.topic("order") == []
    [listed] = (await simulator.read("/v5/execution/list", **BTC, execType="Funding")).result["list"]
    assert (listed["execId"], listed["execFee"]) == (row["execId"], row["execFee"])
    assert len((await simulator.read("/v5/execution/list", **BTC)).result["list"]) == 2
    assert len((await simulator.read("/v5/execution/list", **BTC, execType="Trade")).result["list"]) == 1


async def test_the_transaction_log_shows_funding_with_the_opposite_sign(simulator: Simulator) -> None:
    simulator.pin()
    await simulator.post(CREATE, market_order())
    simulator.venue.operator.settle_funding("linear:BTCUSDT", Decimal("-0.0002"))
    [execution] = (await simulator.read("/v5/execution/list", **BTC, execType="Funding")).result["list"]
    [row] = (await simulator.read("/v5/account/transaction-log", type="SETTLEMENT")).result["list"]
    assert Decimal(row["funding"]) == -Decimal(execution["execFee"]) > 0
    assert (row["change"], row["cashFlow"], row["tradeId"]) == (row["funding"], "0", execution["execId"])
    assert row["cashBalance"] == f"{simulator.venue.balances(ACCOUNT)[0].total:f}".rstrip("0")


async def test_funding_history_is_what_the_venue_settles_by(simulator: Simulator) -> None:
    rows = (await simulator.get("/v5/market/funding/history", **BTC, limit=3)).result["list"]
    settled = simulator.venue.funding_history("linear:BTCUSDT", limit=3)
    assert [int(row["fundingRateTimestamp"]) for row in rows] == [each.time_ns // 1_000_000 for each in settled]
    assert [
        abs(Decimal(row["fundingRate"]) - each.rate) < Decimal("0.000001")
        for row, each in zip(rows, settled, strict=True)
    ] == [True] * 3
    [ticker] = (await simulator.get("/v5/market/tickers", **BTC)).result["list"]
    assert int(ticker["nextFundingTime"]) == int(rows[0]["fundingRateTimestamp"]) + 8 * 3_600_000


async def test_closed_profit_is_after_the_fees_of_both_ends(simulator: Simulator) -> None:
    for body in (market_order("in"), market_order("out", side="Sell", reduceOnly=True)):
        assert (await simulator.post(CREATE, body)).code == 0
    [row] = (await simulator.read("/v5/position/closed-pnl", **BTC)).result["list"]
    closing, opening = simulator.venue.fills(ACCOUNT)
    assert (row["orderId"], row["side"], row["closedSize"]) == (closing.order_id, "Sell", "0.010")
    assert Decimal(row["closedPnl"]) == closing.realized_pnl - closing.fee - opening.fee
    assert (Decimal(row["cumEntryValue"]), Decimal(row["cumExitValue"])) == (opening.value, closing.value)
    assert (row["execType"], row["orderType"], row["leverage"]) == ("Trade", "Market", "10")
    assert (await simulator.read("/v5/position/closed-pnl", category="spot")).code == 10001


async def test_closed_profits_are_paged(simulator: Simulator) -> None:
    for _ in range(3):
        for body in (market_order(), market_order(side="Sell", reduceOnly=True)):
            assert (await simulator.post(CREATE, body)).code == 0
    first = (await simulator.read("/v5/position/closed-pnl", **BTC, limit=2)).result
    second = (await simulator.read("/v5/position/closed-pnl", **BTC, limit=2, cursor=first["nextPageCursor"])).result
    ids = [row["orderId"] for row in (*first["list"], *second["list"])]
    assert (len(ids), len(set(ids)), second["nextPageCursor"]) == (3, 3, "")
