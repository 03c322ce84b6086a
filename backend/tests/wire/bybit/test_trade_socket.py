"""Order entry over the trade socket: frames, headers, codes."""

import pytest

from tests.wire.bybit.kit import ACCOUNT, KEY, Frame, Simulator, limit_order, now_ms, sign


def request(operation: str, body: object, request_id: str | None = "r1", **header: object) -> Frame:
    frame: Frame = {"op": operation, "header": {"X-BAPI-TIMESTAMP": str(now_ms())} | header, "args": [body]}
    return frame if request_id is None else frame | {"reqId": request_id}


async def test_create_amend_and_cancel_answer_with_limits_and_ids(simulator: Simulator) -> None:
    socket = await simulator.open_trade()
    created = await socket.ask(request("order.create", limit_order(simulator, "ws-1")))
    assert list(created) == ["reqId", "retCode", "retMsg", "op", "data", "retExtInfo", "header", "connId"]
    assert (created["reqId"], created["retCode"], created["retMsg"], created["op"]) == ("r1", 0, "OK", "order.create")
    assert created["header"].keys() == {
        "X-Bapi-Limit",
        "X-Bapi-Limit-Status",
        "X-Bapi-Limit-Reset-Timestamp",
        "Traceid",
        "Timenow",
    }
    ids = {"category": "linear", "symbol": "BTCUSDT", "orderId": created["data"]["orderId"]}
    amended = await socket.ask(request("order.amend", ids | {"qty": "0.02"}, "r2"))
    assert amended["data"] == created["data"]
    canceled = await socket.ask(request("order.cancel", ids, None))
    assert (canceled["retCode"], "reqId" in canceled) == (0, False)
    assert simulator.venue.open_orders(ACCOUNT) == []


async def test_batches_carry_their_outcomes_in_the_extension(simulator: Simulator) -> None:
    socket = await simulator.open_trade()
    orders = [limit_order(simulator, "a"), limit_order(simulator, "b", positionIdx=2)]
    answer = await socket.ask(request("order.create-batch", {"category": "linear", "request": orders}))
    assert answer["retCode"] == 0
    assert answer["retExtInfo"]["list"] == [
        {"code": 0, "msg": "OK"},
        {"code": 10001, "msg": "position idx not match position mode"},
    ]
    assert [row["orderLinkId"] for row in answer["data"]["list"]] == ["a", "b"]
    canceled = await socket.ask(
        request(
            "order.cancel-batch",
            {"category": "linear", "request": [{"symbol": "BTCUSDT", "orderLinkId": "a"}]},
            "r2",
        )
    )
    assert canceled["retExtInfo"]["list"] == [{"code": 0, "msg": "OK"}]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"op": "order.explode"}, 10404),
        ({"op": None}, 10404),
        ({"args": []}, 10001),
        ({"args": [{}, {}]}, 10001),
        ({"args": "x"}, 10001),
        ({"args": [{"category": "futures"}]}, 10404),
        ({"args": [{"category": 7}]}, 10404),
        ({"args": [{"category": []}]}, 10404),
        ({"header": None}, 10001),
        ({"header": {}}, 10001),
        ({"header": {"X-BAPI-TIMESTAMP": "soon"}}, 10001),
        ({"header": {"X-BAPI-TIMESTAMP": 1}}, 10002),
        ({"reqId": "x" * 37}, 10001),
        ({"reqId": 7}, 10001),
    ],
)
async def test_wrong_frames_get_their_code_and_the_socket_lives_on(
    simulator: Simulator, changes: Frame, code: int
) -> None:
    socket = await simulator.open_trade()
    answer = await socket.ask(request("order.create", limit_order(simulator)) | changes)
    assert answer["retCode"] == code
    assert simulator.venue.open_orders(ACCOUNT) == []
    assert (await socket.ask(request("order.create", limit_order(simulator), "good")))["retCode"] == 0


async def test_timestamps_may_be_numbers_and_windows_are_kept(simulator: Simulator) -> None:
    socket = await simulator.open_trade()
    window: Frame = {"X-BAPI-TIMESTAMP": now_ms() - 300, "X-BAPI-RECV-WINDOW": 100}
    late = await socket.ask(request("order.create", limit_order(simulator), "r1", **window))
    assert (late["retCode"], "recv_window[100]" in late["retMsg"]) == (10002, True)
    window["X-BAPI-RECV-WINDOW"] = "8000"
    assert (await socket.ask(request("order.create", limit_order(simulator), "r2", **window)))["retCode"] == 0


async def test_request_ids_are_used_once(simulator: Simulator) -> None:
    socket = await simulator.open_trade()
    assert (await socket.ask(request("order.create", limit_order(simulator))))["retCode"] == 0
    again = await socket.ask(request("order.create", limit_order(simulator)))
    assert (again["retCode"], again["reqId"]) == (20006, "r1")
    assert len(simulator.venue.open_orders(ACCOUNT)) == 1


async def test_a_second_authentication_is_20001_and_does_not_close(simulator: Simulator) -> None:
    socket = await simulator.open("/v5/trade")
    assert (await socket.ask(request("order.create", limit_order(simulator))))["retCode"] == 10007
    expires = now_ms() + 1000
    wrong = await socket.ask({"op": "auth", "args": [KEY, expires, "wrong"]})
    assert (wrong["retCode"], wrong["op"]) == (10004, "auth")
    assert (await socket.ask({"op": "auth", "args": [KEY]}))["retCode"] == 10001
    auth = {"op": "auth", "reqId": "a", "args": [KEY, expires, sign(f"GET/realtime{expires}")]}
    good = await socket.ask(auth)
    assert list(good) == ["reqId", "retCode", "retMsg", "op", "connId"]
    assert (await socket.ask(auth))["retCode"] == 20001
    pong = await socket.ask({"op": "ping"})
    assert list(pong) == ["retCode", "retMsg", "op", "data", "connId"]
    assert (pong["op"], pong["data"][0].isdigit()) == ("pong", True)
