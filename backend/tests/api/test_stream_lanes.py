"""Market channels of one client do not wait for each other, nor the book for them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edgerunner.domain.errors import Conflict
from edgerunner.domain.market import Timeframe
from edgerunner.routes import stream_lanes
from edgerunner.routes.stream_lanes import Lanes
from tests.api.harness import CONNECTION_ID, LINEAR_ID, Api, served_api
from tests.api.test_stream import reading
from tests.waiting import until

BARS = f"bars:{CONNECTION_ID}:{LINEAR_ID}:1m"
QUOTES = f"quotes:{CONNECTION_ID}:{LINEAR_ID}"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with served_api(tmp_path) as running:
        await running.connect()
        running.broker.bars[LINEAR_ID, Timeframe("1m")] = []
        yield running


async def test_a_slow_market_channel_holds_up_no_other_channel(api: Api) -> None:
    gate = api.broker.hold("get_chart_data")
    async with reading(api) as client:
        await client.send(op="subscribe", channel=BARS)
        await gate.reached()
        await client.subscribe("orders")
        await client.subscribe(QUOTES)
        gate.release()
        assert await client.next() == {"kind": "ack", "op": "subscribe", "channel": BARS, "ok": True}
        assert (await client.of(BARS, "snapshot"))["data"] == {"bars": []}


async def test_operations_on_one_market_channel_keep_their_order(api: Api) -> None:
    gate = api.broker.hold("get_chart_data")
    async with reading(api) as client:
        await client.send(op="subscribe", channel=BARS)
        await client.send(op="unsubscribe", channel=BARS)
        await client.send(op="subscribe", channel=BARS)
        await gate.reached()
        gate.release()
        acknowledged: list[str] = []
        while len(acknowledged) < 3:
            message = await client.next()
            acknowledged += [message["op"]] if message["kind"] == "ack" else []
        assert acknowledged == ["subscribe", "unsubscribe", "subscribe"]
        await client.of(BARS, "snapshot")
    await until(lambda: _nothing_subscribed(api), timeout_s=10, what="the broker's feed is given up")


async def test_a_client_that_leaves_while_a_channel_opens_leaves_nothing_behind(api: Api) -> None:
    gate = api.broker.hold("get_chart_data")
    async with reading(api) as client:
        await client.send(op="subscribe", channel=BARS)
        await gate.reached()
    await until(lambda: _nothing_subscribed(api), timeout_s=10, what="the broker's feed is given up")
    assert api.services.hub.channel(BARS) is None


async def test_a_wrong_market_channel_is_refused_and_the_rest_goes_on(api: Api) -> None:
    async with reading(api) as client:
        await client.send(op="subscribe", channel=f"quotes:{CONNECTION_ID}:NOPE-LINEAR.BYBIT")
        assert (await client.next())["code"] == "not_found"
        await client.subscribe(QUOTES)


async def test_lanes_and_what_waits_in_them_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_lanes, "MOST_WAITING", 1)
    lanes, begun = Lanes(most=1), asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.Event().wait()

    lanes.add("a", work)
    async with asyncio.timeout(5):
        await begun.wait()
    lanes.add("a", work)
    with pytest.raises(Conflict, match="wait on this channel"):
        lanes.add("a", work)
    with pytest.raises(Conflict, match="opened or closed"):
        lanes.add("b", work)
    await lanes.stop()
    assert not lanes.names


async def test_a_defect_in_a_lane_reaches_its_owner() -> None:
    lanes = Lanes(most=1)

    async def work() -> None:
        raise ValueError("defect")

    lanes.add("a", work)
    with pytest.raises(ValueError, match="defect"):
        await lanes.broken
    await lanes.stop()


async def _nothing_subscribed(api: Api) -> bool:
    return not api.broker.subscribed
