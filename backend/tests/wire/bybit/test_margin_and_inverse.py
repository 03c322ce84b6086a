"""Margin modes, isolated margin, inverse contracts, dated futures, liquidation and deleveraging."""

from decimal import Decimal

from tests.wire.bybit.kit import ACCOUNT, Frame, Simulator, limit_order, market_order

CREATE = "/v5/order/create"
MODE, ADD, AUTO = "/v5/account/set-margin-mode", "/v5/position/add-margin", "/v5/position/set-auto-add-margin"
BTC: Frame = {"category": "linear", "symbol": "BTCUSDT"}
INVERSE: Frame = {"category": "inverse", "symbol": "BTCUSD"}


async def position(simulator: Simulator, **params: object) -> Frame:
    row: Frame = (await simulator.read("/v5/position/list", **(BTC | params))).result["list"][0]
    return row


async def test_isolated_margin_empties_the_account_totals(simulator: Simulator) -> None:
    assert (await simulator.post(MODE, setMarginMode="REGULAR_MARGIN")).code == 110026
    assert (await simulator.post(MODE, setMarginMode="PORTFOLIO_MARGIN")).code == 3400045
    assert (await simulator.post(MODE, setMarginMode="SOME_MARGIN")).code == 10001
    assert (await simulator.post(MODE, setMarginMode="ISOLATED_MARGIN")).result == {"reasons": []}
    assert (await simulator.read("/v5/account/info")).result["marginMode"] == "ISOLATED_MARGIN"
    wallet = (await simulator.read("/v5/account/wallet-balance", accountType="UNIFIED")).result["list"][0]
    assert (wallet["totalAvailableBalance"], wallet["totalInitialMargin"]) == ("", "")
    assert Decimal(wallet["totalEquity"]) > 0
    assert (await simulator.post("/v5/order/pre-check", limit_order(simulator))).code == 10001


async def test_margin_is_added_to_an_isolated_position_and_moves_its_liquidation_price(simulator: Simulator) -> None:
    simulator.pin()
    assert (await simulator.post(CREATE, market_order(qty="0.1"))).code == 0
    body = {**BTC, "positionIdx": 0, "margin": "100"}
    assert (await simulator.post(ADD, body)).code == 10001
    assert (await simulator.post(MODE, setMarginMode="ISOLATED_MARGIN")).code == 0
    before = await position(simulator)
    assert Decimal(before["liqPrice"]) < Decimal(before["avgPrice"])
    assert Decimal(before["bustPrice"]) < Decimal(before["liqPrice"])
    assert before["tradeMode"] == 1
    added = (await simulator.post(ADD, body)).result
    assert (added["category"], added["symbol"]) == ("linear", "BTCUSDT")
    assert Decimal(added["liqPrice"]) < Decimal(before["liqPrice"])
    assert (await simulator.post(ADD, body | {"margin": "-100"})).code == 0
    for wrong in ({"margin": "-1"}, {"margin": "x"}, {"symbol": "NOPE"}, {"category": "spot"}):
        assert (await simulator.post(ADD, body | wrong)).code == 10001, wrong
    assert (await simulator.post(ADD, body | {"margin": "1000000"})).code == 110007


async def test_margin_is_not_added_by_itself(simulator: Simulator) -> None:
    body = {**BTC, "positionIdx": 0}
    assert (await simulator.post(AUTO, body | {"autoAddMargin": 0})).code == 110027
    assert (await simulator.post(AUTO, body | {"autoAddMargin": 1})).code == 10001
    assert (await simulator.post(AUTO, body | {"autoAddMargin": 2})).code == 10001


async def test_an_inverse_contract_settles_in_coins(simulator: Simulator) -> None:
    stream = await simulator.open_private("order", "execution", "position", "wallet")
    body = market_order("inverse", **INVERSE, qty="1000")
    assert (await simulator.post(CREATE, body)).code == 0
    execution = (await stream.wait_for(lambda frame: frame.get("topic") == "execution"))["data"][0]
    price, value = Decimal(execution["execPrice"]), Decimal(execution["execValue"])
    assert abs(value - Decimal(execution["execQty"]) / price) < Decimal("1e-15")
    assert (execution["category"], execution["feeCurrency"]) == ("inverse", "BTC")
    held = await position(simulator, **INVERSE)
    assert (held["side"], held["size"]) == ("Buy", "1000")
    assert abs(Decimal(held["positionValue"]) - 1000 / Decimal(held["avgPrice"])) < Decimal("1e-7")
    order = (await simulator.read("/v5/order/history", **INVERSE)).result["list"][0]
    assert abs(Decimal(order["avgPrice"]) - price) < 1
    total = next(row.total for row in simulator.venue.balances(ACCOUNT) if row.currency == "BTC")
    assert total == 1 - sum(fill.fee for fill in simulator.venue.fills(ACCOUNT))
    [row] = (await simulator.read("/v5/account/transaction-log", category="inverse")).result["list"][:1]
    assert (row["currency"], row["category"]) == ("BTC", "inverse")
    leverage = {**INVERSE, "buyLeverage": "5", "sellLeverage": "5"}
    assert (await simulator.post("/v5/position/set-leverage", leverage)).code == 0
    assert (await simulator.post("/v5/position/set-leverage", leverage)).code == 110043
    assert (await simulator.post("/v5/position/switch-mode", **INVERSE, mode=3)).code == 110029
    assert (await simulator.post("/v5/position/switch-mode", **INVERSE, mode=0)).code == 110025


async def test_inverse_market_data_has_the_linear_shape(simulator: Simulator) -> None:
    [info] = (await simulator.get("/v5/market/instruments-info", **INVERSE)).result["list"]
    assert (info["contractType"], info["settleCoin"], info["lotSizeFilter"]["qtyStep"]) == (
        "InversePerpetual",
        "BTC",
        "1",
    )
    [ticker] = (await simulator.get("/v5/market/tickers", **INVERSE)).result["list"]
    assert int(ticker["nextFundingTime"]) > 0
    socket = await simulator.open("/v5/public/inverse")
    await socket.ask({"op": "subscribe", "args": ["orderbook.1000.BTCUSD", "tickers.BTCUSD", "publicTrade.BTCUSD"]})
    book = await socket.wait_for(lambda frame: frame.get("topic") == "orderbook.1000.BTCUSD")
    assert (book["type"], len(book["data"]["b"])) == ("snapshot", 1000)
    await socket.wait_for(lambda frame: frame.get("topic") == "tickers.BTCUSD")


async def test_dated_futures_have_a_delivery_time_and_no_funding(simulator: Simulator) -> None:
    rows = (await simulator.get("/v5/market/instruments-info", category="linear")).result["list"]
    dated = [row for row in rows if row["contractType"] == "LinearFutures"]
    assert dated
    for info in dated:
        assert int(info["deliveryTime"]) > 0
        query = {"category": "linear", "symbol": info["symbol"]}
        [ticker] = (await simulator.get("/v5/market/tickers", **query)).result["list"]
        assert (ticker["deliveryTime"], ticker["fundingRate"]) == (info["deliveryTime"], "")
        assert (await simulator.get("/v5/market/funding/history", **query)).result["list"] == []
        assert (await simulator.post(CREATE, market_order(**query))).code == 0


async def test_liquidation_and_deleveraging_are_told_in_their_words(simulator: Simulator) -> None:
    simulator.pin()
    stream = await simulator.open_private("order", "execution", "position")
    assert (await simulator.post(CREATE, market_order(qty="0.1"))).code == 0
    assert (await simulator.post(CREATE, limit_order(simulator, "resting"))).code == 0
    simulator.venue.operator.adl(ACCOUNT, "linear:BTCUSDT", 40)
    frame = await stream.wait_for(
        lambda frame: frame.get("topic") == "execution" and frame["data"][0]["execType"] == "AdlTrade"
    )
    assert (frame["data"][0]["execQty"], frame["data"][0]["createType"]) == ("0.040", "CreateByAdl_PassThrough")
    simulator.venue.operator.liquidate(ACCOUNT, "linear:BTCUSDT")
    frame = await stream.wait_for(
        lambda frame: frame.get("topic") == "execution" and frame["data"][0]["execType"] == "BustTrade"
    )
    assert frame["data"][0]["createType"] == "CreateByLiq"
    rows = (await simulator.read("/v5/position/closed-pnl", **BTC)).result["list"]
    assert {row["execType"] for row in rows} == {"AdlTrade", "BustTrade"}
