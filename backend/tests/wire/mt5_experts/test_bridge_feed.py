"""An EA's pushes wake the bridge's stream: it says what the terminal shows, long before the next poll."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edgerunner.mt5_bridge.server import BindRefused
from edgerunner.mt5_bridge.settings import PollIntervals
from edgerunner.mt5_surface.structs import TradePosition
from tests.waiting import until
from tests.wire.mt5_bridge.fake_terminal import struct
from tests.wire.mt5_bridge.harness import READER, Bridge, bridge
from tests.wire.mt5_bridge.test_stream import START, Reader
from tests.wire.mt5_experts.test_ea_link import HELLO, TICK, TOKEN, Expert, Link

SELDOM = PollIntervals(ticks_s=600, trades_s=600, account_s=600, probe_s=0.05)
TRANSACTION = {
    "type": "transaction", "kind": "TRADE_TRANSACTION_DEAL_ADD", "symbol": "EURUSD", "deal": 1, "order": 2,
    "order_type": 0, "order_state": 0, "deal_type": 0, "position": 7, "position_by": 0, "price": 1, "price_trigger": 0,
    "sl": 0, "tp": 0, "volume": 0.1, "retcode": 0, "request_id": 0,
}  # fmt: skip


@asynccontextmanager
async def watched(folder: Path, **changes: Any) -> AsyncIterator[tuple[Bridge, Reader]]:
    settings = {"polls": SELDOM, "ea_port": 0, "ea_token": TOKEN, **changes}
    async with bridge(folder, **settings) as running, running.caller(READER).stream() as socket:
        await running.until_state("connected")
        yield running, Reader(socket)


async def attached(running: Bridge) -> Expert:
    link = running.server._running._link  # type: ignore[union-attr]
    assert link is not None
    expert = await Link(link).expert()
    welcome = await expert.hear()
    assert welcome is not None
    assert welcome["type"] == "welcome"
    return expert


async def test_a_transaction_makes_the_stream_say_the_new_position_at_once(tmp_path: Path) -> None:
    async with watched(tmp_path) as (running, reader):
        await reader.op("subscribe", "positions")
        assert await reader.change("positions", "snapshot") == {"positions": []}
        expert = await attached(running)
        running.terminal.positions[7] = struct(TradePosition, ticket=7, symbol="EURUSD", volume=0.1)
        await expert.say({**TRANSACTION, "seq": 2})
        told = await reader.change("positions")
        assert [row["ticket"] for row in told["positions"]] == [7]
        expert.close()


async def test_what_the_ea_says_is_no_truth_of_the_bridge(tmp_path: Path) -> None:
    async with watched(tmp_path) as (running, reader):
        await reader.op("subscribe", "positions")
        await reader.change("positions", "snapshot")
        expert = await attached(running)
        await expert.say({**TRANSACTION, "seq": 2, "position": 99})
        before = running.terminal.count("positions_get")

        async def read_again() -> bool:
            return running.terminal.count("positions_get") > before

        await until(read_again, timeout_s=10, what="the positions are read again")
        running.terminal.positions[7] = struct(TradePosition, ticket=7, symbol="EURUSD", volume=0.1)
        await expert.say({**TRANSACTION, "seq": 3, "position": 99})
        told = await reader.change("positions")
        assert [row["ticket"] for row in told["positions"]] == [7]
        expert.close()


async def test_a_pushed_tick_makes_the_stream_read_the_symbols_ticks(tmp_path: Path) -> None:
    async with watched(tmp_path) as (running, reader):
        running.terminal.ticks = [(START, 1.1, 1.1001, 0.0, 0, START * 1000 + 1, 6, 0.0)]
        await reader.op("subscribe", "ticks:EURUSD")
        await reader.change("ticks:EURUSD", "snapshot")
        expert = await attached(running)
        running.terminal.ticks.append((START, 1.2, 1.2001, 0.0, 0, START * 1000 + 2, 6, 0.0))
        await expert.say({**TICK, "seq": 2, "bid": 1.2, "ask": 1.2001})
        told = await reader.change("ticks:EURUSD")
        assert [tick["bid"] for tick in told["ticks"]] == [1.2]
        expert.close()


async def test_the_status_and_the_audit_log_name_the_eas(tmp_path: Path) -> None:
    async with watched(tmp_path) as (running, _):
        expert = await attached(running)
        status = (await running.caller().ask("GET", "/v1/status")).body["ea_link"]
        assert [one["login"] for one in status["experts"]] == [HELLO["login"]]
        expert.close()
        await running.until_audit(event="ea_closed", reason="closed")
        assert TOKEN not in (running.settings.data_dir / "audit.jsonl").read_text()


async def test_without_its_own_token_the_bridge_opens_no_ea_link(tmp_path: Path) -> None:
    for token in (None, "short"):
        with pytest.raises(BindRefused, match="EA link needs a token"):
            async with bridge(tmp_path, ea_port=0, ea_token=token):
                pass
    async with bridge(tmp_path) as running:
        assert (await running.caller().ask("GET", "/v1/status")).body["ea_link"] is None
