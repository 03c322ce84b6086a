"""The keys of our answers against payloads recorded by others (JKorf/Bybit.Net, MIT, not in this repository)."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.wire.bybit.kit import Frame, Simulator, limit_order, market_order

RECORDED = Path(__file__).resolve().parents[5] / "shared" / "recorded" / "bybit" / "jkorf"

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded payloads are not beside the repository")

LINEAR: Frame = {"category": "linear", "symbol": "BTCUSDT"}
READS = {
    "rest_ExchangeData_GetKlines": {**LINEAR, "interval": "1"},
    "rest_ExchangeData_GetIndexPriceKlines": {**LINEAR, "interval": "1"},
    "rest_ExchangeData_GetLinearInverseSymbols": LINEAR,
    "rest_ExchangeData_GetOpenInterest": {**LINEAR, "intervalTime": "1h"},
    "rest_ExchangeData_GetOrderPriceLimit": LINEAR,
    "rest_ExchangeData_GetRiskLimit": LINEAR,
    "rest_ExchangeData_GetSpotTickers": {"category": "spot", "symbol": "BTCUSDT"},
    "rest_ExchangeData_GetTradeHistory": {"category": "spot", "symbol": "BTCUSDT"},
    "rest_Account_GetApiKeyInfo": {},
    "rest_Account_GetFeeRate": LINEAR,
    "rest_Account_GetMarginAccountInfo": {},
    "rest_Account_GetTransactionHistory": {},
    "rest_Trading_GetOrders": {**LINEAR, "openOnly": 1},
    "rest_Trading_GetOrderHistory": LINEAR,
}
STREAMS = {
    "ws_Linear_Trades": ("/v5/public/linear", "publicTrade.BTCUSDT"),
    "ws_Spot_Trades": ("/v5/public/spot", "publicTrade.BTCUSDT"),
    "ws_Spot_Ticker": ("/v5/public/spot", "tickers.BTCUSDT"),
    "ws_Private_MinimalUserTrades": ("/v5/private", "execution.fast"),
    "ws_Private_Position": ("/v5/private", "position"),
}
DELIBERATE: dict[str, set[str]] = {
    # The recording shows a tick direction on spot trades; today's documentation says that spot has none.
    "ws_Spot_Trades": {"data[].L"},
}


def recorded(name: str) -> Frame:
    loaded: Frame = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def key_paths(value: Any, at: str = "") -> set[str]:
    """Return the paths of all keys; the elements of a list count as one."""
    if isinstance(value, dict):
        here = {f"{at}{key}" for key in value}
        return here.union(*(key_paths(item, f"{at}{key}.") for key, item in value.items()))
    if isinstance(value, list):
        return set().union(*(key_paths(item, f"{at.rstrip('.')}[].") for item in value))
    return set()


async def traded(simulator: Simulator) -> None:
    for body in (limit_order(simulator, "resting"), market_order("traded")):
        assert (await simulator.post("/v5/order/create", body)).code == 0


@pytest.mark.parametrize("name", READS)
async def test_rest_answers_have_every_recorded_key(simulator: Simulator, name: str) -> None:
    await traded(simulator)
    sample = recorded(name)
    query = simulator.read if sample["auth"] else simulator.get
    reply = await query(sample["path"], **READS[name])
    assert reply.code == sample["retCode"] == 0
    missing = key_paths({"result": sample["result"]}) - key_paths({"result": reply.body["result"]})
    assert missing - DELIBERATE.get(name, set()) == set()


@pytest.mark.parametrize("name", STREAMS)
async def test_stream_messages_have_every_recorded_key(simulator: Simulator, name: str) -> None:
    path, topic = STREAMS[name]
    pushes = [frame["msg"] for frame in recorded(name)["frames"] if frame["dir"] == "push"]
    if path == "/v5/private":
        socket = await simulator.open_private(topic)
        await traded(simulator)
    else:
        socket = await simulator.open(path)
        await socket.ask({"op": "subscribe", "args": [topic]})
    frame = await socket.wait_for(lambda frame: frame.get("topic") == topic)
    assert key_paths(pushes[0]) - key_paths(frame) - DELIBERATE.get(name, set()) == set()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("rest_Trading_CancelOrder", {**LINEAR, "orderLinkId": "resting"}),
        ("rest_Trading_EditOrder", {**LINEAR, "orderLinkId": "resting", "qty": "0.02"}),
        ("rest_Trading_CancelAllOrder", {"category": "linear", "settleCoin": "USDT"}),
        ("rest_Account_SetLeverage", {**LINEAR, "buyLeverage": "7", "sellLeverage": "7"}),
        (
            "rest_Trading_CancelMultipleOrders",
            {"category": "linear", "request": [{"symbol": "BTCUSDT", "orderLinkId": "resting"}]},
        ),
    ],
)
async def test_commands_answer_with_every_recorded_key(simulator: Simulator, name: str, body: Frame) -> None:
    await traded(simulator)
    sample = recorded(name)
    reply = await simulator.post(sample["path"], body)
    parts = ("result", "retExtInfo")
    ours, theirs = ({part: answer[part] for part in parts} for answer in (reply.body, sample))
    assert key_paths(theirs) - key_paths(ours) == set()


async def test_placements_answer_with_every_recorded_key(simulator: Simulator) -> None:
    single = await simulator.post("/v5/order/create", limit_order(simulator))
    assert single.result.keys() == recorded("rest_Trading_PlaceOrder")["result"].keys()
    sample = recorded("rest_Trading_PlaceMultipleOrders")
    batch = await simulator.post("/v5/order/create-batch", category="linear", request=[limit_order(simulator)])
    assert key_paths(sample["result"]) == key_paths(batch.result)
    assert key_paths(sample["retExtInfo"]) == key_paths(batch.body["retExtInfo"])
