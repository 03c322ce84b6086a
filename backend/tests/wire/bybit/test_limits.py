"""Rate limits: rolling windows per UID and endpoint, headers, and the limit per address."""

import pytest

from edgerunner.simulators.bybit.categories import Category
from edgerunner.simulators.bybit.limits import AddressLimit, RollingWindow, rate_of
from edgerunner.simulators.bybit.server import WireSettings
from tests.wire.bybit.kit import Simulator, limit_order, now_ms, running_simulator


def test_a_window_rolls_instead_of_starting_anew() -> None:
    window = RollingWindow(2)
    assert [window.take(0), window.take(600), window.take(900)] == [1, 1, 0]
    assert window.wait_ms(900) == 100
    assert window.take(1000) == 1
    assert window.take(1001) == 0
    assert window.take(1600, 5) == 1


@pytest.mark.parametrize(
    ("endpoint", "category", "rate"),
    [
        ("create", Category.LINEAR, 10),
        ("create", Category.SPOT, 20),
        ("amend", Category.SPOT, 10),
        ("cancel-all", Category.OPTION, 1),
        ("create-batch", Category.SPOT, 20),
        ("wallet-balance", None, 50),
        ("fee-rate", None, 5),
        ("transaction-log", None, 25),
    ],
)
def test_the_rates_are_those_of_the_documentation(endpoint: str, category: Category | None, rate: int) -> None:
    assert rate_of(endpoint, category) == rate


async def test_every_private_answer_tells_what_is_left(simulator: Simulator) -> None:
    first = await simulator.read("/v5/account/fee-rate", category="linear")
    second = await simulator.read("/v5/account/fee-rate", category="nonsense")
    assert (first.headers["X-Bapi-Limit"], first.headers["X-Bapi-Limit-Status"]) == ("5", "4")
    assert (second.code, second.headers["X-Bapi-Limit-Status"]) == (10001, "3")
    assert abs(int(second.headers["X-Bapi-Limit-Reset-Timestamp"]) - now_ms()) < 1000


async def test_one_request_too_many_is_10006_with_a_reset_in_the_future(simulator: Simulator) -> None:
    replies = [await simulator.read("/v5/account/fee-rate", category="linear") for _ in range(6)]
    assert [reply.code for reply in replies] == [0] * 5 + [10006]
    last = replies[-1]
    assert (last.status, last.body["retMsg"], last.headers["X-Bapi-Limit-Status"]) == (200, "Too many visits!", "0")
    assert 0 < int(last.headers["X-Bapi-Limit-Reset-Timestamp"]) - last.body["time"] <= 1000


async def test_the_excess_orders_of_a_batch_fail_singly_in_a_bucket_of_their_own(simulator: Simulator) -> None:
    orders = [limit_order(simulator, f"b{index}") for index in range(12)]
    reply = await simulator.post("/v5/order/create-batch", category="linear", request=orders)
    assert reply.code == 0
    assert [row["code"] for row in reply.body["retExtInfo"]["list"]] == [0] * 10 + [10006] * 2
    assert (await simulator.post("/v5/order/create", limit_order(simulator))).code == 0
    refused = {row["client_key"]: row["placements"] for row in simulator.ledger("refused")}
    assert refused == {"b10": 1, "b11": 1}


async def test_rest_and_trade_socket_share_a_limit(simulator: Simulator) -> None:
    socket = await simulator.open_trade()
    await simulator.post("/v5/order/create", limit_order(simulator))
    header = {"X-BAPI-TIMESTAMP": now_ms()}
    answer = await socket.ask({"op": "order.create", "header": header, "args": [limit_order(simulator)]})
    assert (answer["header"]["X-Bapi-Limit"], answer["header"]["X-Bapi-Limit-Status"]) == ("10", "8")


async def test_an_address_that_asks_too_often_is_banned_with_403() -> None:
    settings = WireSettings(address_limit=AddressLimit(requests=3, span_s=60, ban_s=60))
    async with running_simulator(settings) as simulator:
        statuses = [(await simulator.get("/v5/market/time")).status for _ in range(5)]
        assert statuses == [200, 200, 200, 403, 403]


async def test_a_forced_limit_can_reset_in_the_past(simulator: Simulator) -> None:
    simulator.faults.add("bybit", "bybit.rate_reset_in_past")
    reply = await simulator.post("/v5/order/create", limit_order(simulator, "limited"))
    assert reply.code == 10006
    assert int(reply.headers["X-Bapi-Limit-Reset-Timestamp"]) < reply.body["time"]
    simulator.faults.add("bybit", "rate_limit", params={"reset_s": 2})
    reply = await simulator.post("/v5/order/create", limit_order(simulator, "limited"))
    assert int(reply.headers["X-Bapi-Limit-Reset-Timestamp"]) - reply.body["time"] >= 1900
    assert (await simulator.post("/v5/order/create", limit_order(simulator, "limited"))).code == 0
