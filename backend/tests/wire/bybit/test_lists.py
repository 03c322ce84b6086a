"""Lists: paging, windows, what is open, closed, forgotten; and money that adds up."""

from decimal import Decimal

import pytest

from edgerunner.simulators.bybit import codes, paging
from tests.wire.bybit.kit import ACCOUNT, Frame, Simulator, limit_order, market_order, now_ms

ORDERS = {"category": "linear", "symbol": "BTCUSDT"}


async def pages(simulator: Simulator, path: str, **params: object) -> list[list[Frame]]:
    found: list[list[Frame]] = []
    while True:
        result = (await simulator.read(path, **params)).result
        found.append(result["list"])
        if not result["nextPageCursor"]:
            return found
        params["cursor"] = result["nextPageCursor"]


async def test_open_orders_are_paged_newest_first(simulator: Simulator) -> None:
    for index in range(5):
        await simulator.post("/v5/order/create", limit_order(simulator, f"o{index}"))
    found = await pages(simulator, "/v5/order/realtime", **ORDERS, limit=2)
    assert [[row["orderLinkId"] for row in page] for page in found] == [["o4", "o3"], ["o2", "o1"], ["o0"]]
    assert (await simulator.read("/v5/order/realtime", category="linear")).code == 10001
    assert len((await simulator.read("/v5/order/realtime", category="linear", settleCoin="USDT")).result["list"]) == 5
    assert (await simulator.read("/v5/order/realtime", category="linear", baseCoin="ETH")).result["list"] == []
    assert (await simulator.read("/v5/order/realtime", **ORDERS, limit=51)).code == 10001


async def test_an_id_finds_open_and_recent_closed_orders_until_the_venue_forgets(simulator: Simulator) -> None:
    await simulator.post("/v5/order/create", market_order("done"))
    by_id = {"category": "linear", "orderLinkId": "done"}
    assert (await simulator.read("/v5/order/realtime", **ORDERS)).result["list"] == []
    [order] = (await simulator.read("/v5/order/realtime", **by_id)).result["list"]
    assert order["orderStatus"] == "Filled"
    [closed] = (await simulator.read("/v5/order/realtime", **ORDERS, openOnly=1)).result["list"]
    assert closed == order
    simulator.venue.forget_history()
    assert (await simulator.read("/v5/order/realtime", **by_id)).result["list"] == []
    assert (await simulator.read("/v5/order/realtime", **ORDERS, openOnly=1)).result["list"] == []
    assert (await simulator.read("/v5/order/history", **by_id)).result["list"] == [order]
    [execution] = (await simulator.read("/v5/execution/list", **by_id)).result["list"]
    assert execution["orderId"] == order["orderId"]


async def test_history_shows_closed_orders_only_and_filters_by_status(simulator: Simulator) -> None:
    await simulator.post("/v5/order/create", limit_order(simulator, "open"))
    await simulator.post("/v5/order/create", limit_order(simulator, "gone"))
    await simulator.post("/v5/order/create", market_order("filled"))
    await simulator.post("/v5/order/cancel", **ORDERS, orderLinkId="gone")
    found = await pages(simulator, "/v5/order/history", category="linear", limit=1)
    assert [page[0]["orderLinkId"] for page in found] == ["filled", "gone"]
    [only] = (await simulator.read("/v5/order/history", category="linear", orderStatus="Filled")).result["list"]
    assert only["orderLinkId"] == "filled"


async def test_windows_longer_than_seven_days_are_refused(simulator: Simulator) -> None:
    end = now_ms()
    for path in ("/v5/order/history", "/v5/execution/list"):
        assert (await simulator.read(path, category="linear", startTime=end - paging.WEEK_MS, endTime=end)).code == 0
        assert (
            await simulator.read(path, category="linear", startTime=end - paging.WEEK_MS - 1, endTime=end)
        ).code == 10001
        assert (await simulator.read(path, category="linear", startTime=end, endTime=end - 1)).code == 10001
        assert (await simulator.read(path, category="linear", startTime="soon")).code == 10001


@pytest.mark.parametrize(
    ("params", "start", "end"),
    [
        ({}, 1000 - paging.WEEK_MS, 1000),
        ({"startTime": "5"}, 5, 5 + paging.WEEK_MS),
        ({"endTime": "900000000"}, 900_000_000 - paging.WEEK_MS, 900_000_000),
        ({"startTime": "5", "endTime": "9"}, 5, 9),
    ],
)
def test_one_end_of_a_window_gives_the_other(params: dict[str, str], start: int, end: int) -> None:
    assert paging.parse_window(params, 1000) == paging.TimeWindow(start_ms=start, end_ms=end)


def test_cursors_are_percent_encoded_and_read_back_encoded_once_or_not_at_all() -> None:
    cursor = paging.encode_cursor(42)
    assert cursor == "page_args%3D42%26"
    assert paging.decode_cursor({"cursor": cursor}) == paging.decode_cursor({"cursor": "page_args=42&"}) == 42
    with pytest.raises(codes.WireError):
        paging.decode_cursor({"cursor": "page_args%3Dx"})


async def test_executions_are_paged_without_holes(simulator: Simulator) -> None:
    for index in range(4):
        await simulator.post("/v5/order/create", market_order(f"e{index}"))
    found = await pages(simulator, "/v5/execution/list", category="linear", limit=3)
    ids = [row["execId"] for page in found for row in page]
    assert ids == [fill.trade_id for fill in simulator.venue.fills(ACCOUNT)]
    assert (await simulator.read("/v5/execution/list", category="linear", execType="Funding")).result["list"] == []
    assert (await simulator.read("/v5/execution/list", category="spot")).result["list"] == []


async def test_the_transaction_log_explains_the_wallet_to_the_last_digit(simulator: Simulator) -> None:
    spot = {"category": "spot", "symbol": "BTCUSDT", "orderType": "Market"}
    for body in (
        market_order(qty="0.5"),
        market_order(qty="0.2", side="Sell"),
        {**spot, "side": "Buy", "qty": "5000"},
        {**spot, "side": "Sell", "qty": "0.3"},
        market_order(qty="0.3", side="Sell"),
    ):
        assert (await simulator.post("/v5/order/create", body)).code == 0
    found = await pages(simulator, "/v5/account/transaction-log", limit=3)
    rows = [row for page in found for row in page]
    assert len({(row["tradeId"] or row["id"], row["currency"]) for row in rows}) == len(rows)
    sums: dict[str, Decimal] = {}
    for row in rows:
        change, cash, fee = Decimal(row["change"]), Decimal(row["cashFlow"]), Decimal(row["fee"])
        assert change == cash - fee
        sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + change
    [wallet] = (await simulator.read("/v5/account/wallet-balance", accountType="UNIFIED")).result["list"]
    assert {coin["coin"]: Decimal(coin["walletBalance"]) for coin in wallet["coin"]} == sums
    newest = {row["currency"]: row["cashBalance"] for row in reversed(rows)}
    assert {coin["coin"]: coin["walletBalance"] for coin in wallet["coin"]} == newest
    trades = [row for row in rows if row["type"] == "TRADE"]
    assert all(row["orderId"] and row["tradePrice"] for row in trades)
    linear = (await simulator.read("/v5/account/transaction-log", category="linear")).result["list"]
    assert {row["category"] for row in linear} == {"linear"}


async def test_the_wallet_counts_totals_in_dollars(simulator: Simulator) -> None:
    await simulator.post("/v5/order/create", market_order(qty="0.5"))
    [wallet] = (await simulator.read("/v5/account/wallet-balance", accountType="UNIFIED")).result["list"]
    coins = {coin["coin"]: coin for coin in wallet["coin"]}
    total = sum(Decimal(coin["usdValue"]) for coin in coins.values())
    assert abs(Decimal(wallet["totalEquity"]) - total) < Decimal("0.0001")
    margin = Decimal(coins["USDT"]["totalPositionIM"]) + Decimal(coins["USDT"]["totalOrderIM"])
    assert Decimal(wallet["totalInitialMargin"]) == margin
    assert Decimal(wallet["totalAvailableBalance"]) == Decimal(wallet["totalMarginBalance"]) - margin
    path = "/v5/account/wallet-balance"
    chosen = (await simulator.read(path, accountType="UNIFIED", coin="BTC,ETH")).result["list"][0]["coin"]
    assert [coin["coin"] for coin in chosen] == ["BTC"]
    assert (await simulator.read(path, accountType="SPOT")).code == 10001


async def test_positions_need_a_selector_and_show_flat_ones_by_symbol_only(simulator: Simulator) -> None:
    path = "/v5/position/list"
    assert (await simulator.read(path, category="linear")).code == 10001
    assert (await simulator.read(path, category="spot", symbol="BTCUSDT")).code == 10001
    assert (await simulator.read(path, category="linear", settleCoin="USDT")).result["list"] == []
    [flat] = (await simulator.read(path, category="linear", symbol="BTCUSDT")).result["list"]
    assert (flat["side"], flat["size"], flat["avgPrice"], flat["seq"], flat["createdTime"]) == ("", "0", "0", -1, "0")
    await simulator.post("/v5/order/create", market_order(side="Sell"))
    [short] = (await simulator.read(path, category="linear", settleCoin="USDT")).result["list"]
    assert (short["side"], short["size"], short["positionIdx"]) == ("Sell", "0.010", 0)
