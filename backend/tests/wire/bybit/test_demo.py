"""Demo accounts, and the keys that alone have disconnect-cancel-all."""

import asyncio
from urllib.parse import urlencode

import orjson
import pytest

from edgerunner.simulators.bybit.auth import ApiKey
from edgerunner.simulators.bybit.dead_man import DeadMan
from tests.wire.bybit.kit import ACCOUNT, Frame, Reply, Simulator, limit_order, now_ms, sign, signed_headers, until

DEMO_KEY, DEMO_SECRET = "sim-demo-key", "sim-demo-secret"
MONEY, DCP = "/v5/account/demo-apply-money", "/v5/order/disconnected-cancel-all"


async def demo(simulator: Simulator, method: str, path: str, fields: Frame) -> Reply:
    text = urlencode(fields) if method == "GET" else orjson.dumps(fields).decode()
    headers = signed_headers(text, key=DEMO_KEY, secret=DEMO_SECRET)
    if method == "GET":
        return await simulator.request(method, path, query=text, headers=headers)
    return await simulator.request(method, path, text=text, headers=headers)


async def authenticated(simulator: Simulator, path: str, key: str, secret: str) -> tuple[Frame, object]:
    socket = await simulator.open(path)
    expires = now_ms() + 5000
    return await socket.ask({"op": "auth", "args": [key, expires, sign(f"GET/realtime{expires}", secret)]}), socket


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("GET", "/v5/account/fee-rate", {"category": "linear"}),
        ("GET", "/v5/user/query-api", {}),
        ("GET", "/v5/asset/coin/query-info", {}),
        ("POST", DCP, {"timeWindow": 10}),
        ("POST", "/v5/order/pre-check", {"category": "linear"}),
        ("POST", "/v5/order/create-batch", {"category": "spot", "request": []}),
    ],
)
async def test_what_a_demo_account_lacks_says_so(simulator: Simulator, method: str, path: str, fields: Frame) -> None:
    reply = await demo(simulator, method, path, fields)
    assert (reply.code, reply.body["retMsg"]) == (10032, "Demo trading are not supported.")


async def test_a_demo_account_trades_over_rest_and_hears_of_it(simulator: Simulator) -> None:
    answer, stream = await authenticated(simulator, "/v5/private", DEMO_KEY, DEMO_SECRET)
    assert answer["success"] is True
    assert (await stream.ask({"op": "subscribe", "args": ["order"]}))["success"] is True  # type: ignore[attr-defined]
    assert (await demo(simulator, "POST", "/v5/order/create", limit_order(simulator, "demo"))).code == 0
    frame = await stream.wait_for(lambda frame: frame.get("topic") == "order")  # type: ignore[attr-defined]
    assert frame["data"][0]["orderLinkId"] == "demo"
    rows = (await demo(simulator, "GET", "/v5/order/realtime", {"category": "linear", "symbol": "BTCUSDT"})).result
    assert [row["orderLinkId"] for row in rows["list"]] == ["demo"]


async def test_a_demo_account_has_no_trade_socket_and_no_dcp_topics(simulator: Simulator) -> None:
    answer, _ = await authenticated(simulator, "/v5/trade", DEMO_KEY, DEMO_SECRET)
    assert (answer["retCode"], answer["retMsg"]) == (10032, "Demo trading are not supported.")
    _, stream = await authenticated(simulator, "/v5/private", DEMO_KEY, DEMO_SECRET)
    refused = await stream.ask({"op": "subscribe", "args": ["dcp.future"]})  # type: ignore[attr-defined]
    assert (refused["success"], refused["ret_msg"]) == (False, "Demo trading are not supported.")


async def test_play_money_is_given_once_a_minute_up_to_a_limit(simulator: Simulator) -> None:
    before = {row.currency: row.total for row in simulator.venue.balances(ACCOUNT)}
    wish = {"adjustType": 0, "utaDemoApplyMoney": [{"coin": "USDT", "amountStr": "5000"}]}
    assert (await demo(simulator, "POST", MONEY, wish)).code == 0
    after = {row.currency: row.total for row in simulator.venue.balances(ACCOUNT)}
    assert after["USDT"] - before["USDT"] == 5000
    assert (await demo(simulator, "POST", MONEY, wish)).code == 10006
    assert (await simulator.post(MONEY, wish)).code == 10005


@pytest.mark.parametrize(
    "wrong", [{}, {"coin": "USDT", "amountStr": "100001"}, {"coin": "DOGE", "amountStr": "1"}, {"coin": "BTC"}]
)
async def test_wrong_wishes_for_money_are_refused(simulator: Simulator, wrong: Frame) -> None:
    assert (await demo(simulator, "POST", MONEY, {"utaDemoApplyMoney": [wrong]})).code == 10001


async def test_dead_man_cancel_is_for_keys_that_have_it(simulator: Simulator) -> None:
    assert (await simulator.post(DCP, product="DERIVATIVES", timeWindow=10)).code == 10005
    simulator.server.keys.add(
        ApiKey(key="sim-key", secret="sim-secret", account_id=ACCOUNT, user_id=1, has_dead_man=True)
    )
    assert (await simulator.post(DCP, product="DERIVATIVES", timeWindow=2)).code == 10001
    assert (await simulator.post(DCP, product="FUTURES", timeWindow=3)).code == 10001
    assert (await simulator.post(DCP, product="DERIVATIVES", timeWindow=30)).code == 0
    [info] = (await simulator.read("/v5/account/query-dcp-info")).result["dcpInfos"]
    assert info == {"product": "DERIVATIVES", "dcpStatus": "ON", "timeWindow": "30"}


async def test_orders_are_cancelled_when_the_last_guarding_socket_has_been_gone_for_the_window(
    simulator: Simulator,
) -> None:
    waits: list[float] = []
    go_on = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await go_on.wait()

    guard = DeadMan(simulator.venue, sleep=sleep)
    key = ApiKey(key="k", secret="s", account_id=ACCOUNT, user_id=1, has_dead_man=True)
    guard.set_window(key, {"product": "DERIVATIVES", "timeWindow": 5})
    for body in (limit_order(simulator, "gone"), limit_order(simulator, "spot", category="spot", price="60000.00")):
        assert (await simulator.post("/v5/order/create", body)).code == 0
    guard.guard(ACCOUNT, "dcp.future")
    guard.guard(ACCOUNT, "dcp.future")
    guard.leave(ACCOUNT, "dcp.future")
    guard.leave(ACCOUNT, "dcp.future")
    await until(lambda: waits == [5], "the clock")
    guard.guard(ACCOUNT, "dcp.future")
    guard.leave(ACCOUNT, "dcp.future")
    await until(lambda: waits == [5, 5], "the clock once more")
    go_on.set()
    await until(lambda: len(simulator.venue.open_orders(ACCOUNT)) == 1, "the cancel")
    await guard.stop()
    rows = (await simulator.read("/v5/order/history", category="linear", orderLinkId="gone")).result["list"]
    assert (rows[0]["orderStatus"], rows[0]["cancelType"]) == ("Cancelled", "CancelByDCP")


async def test_a_private_socket_guards_while_it_is_open(simulator: Simulator) -> None:
    simulator.server.keys.add(
        ApiKey(key="sim-key", secret="sim-secret", account_id=ACCOUNT, user_id=1, has_dead_man=True)
    )
    assert (await simulator.post(DCP, product="DERIVATIVES", timeWindow=3)).code == 0
    socket = await simulator.open_private("dcp.future")
    assert (await simulator.post("/v5/order/create", limit_order(simulator))).code == 0
    await socket.close()
    await until(lambda: simulator.venue.open_orders(ACCOUNT) == [], "the cancel after 3 seconds")


async def test_a_pre_check_tells_the_rates_before_and_after_and_places_nothing(simulator: Simulator) -> None:
    path = "/v5/order/pre-check"
    result = (await simulator.post(path, limit_order(simulator, "checked", qty="0.5"))).result
    assert result["preImrE4"] == 0 < result["postMmrE4"] < result["postImrE4"]
    assert result["orderLinkId"] == "checked"
    assert simulator.venue.open_orders(ACCOUNT) == []
    assert (await simulator.post(path, limit_order(simulator, qty="500"))).code == 110007
    assert (await simulator.post(path, limit_order(simulator, qty="x"))).code == 10001
    assert (await simulator.post("/v5/order/create", limit_order(simulator, "checked"))).code == 0
