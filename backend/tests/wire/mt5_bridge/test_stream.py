"""The stream: snapshots, deltas without holes, and nothing polled that nobody reads."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp

from edgerunner.mt5_bridge.worker import Priority
from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.structs import TradeDeal, TradeOrder, TradePosition
from tests.waiting import until
from tests.wire.mt5_bridge.fake_terminal import FakeTerminal, struct
from tests.wire.mt5_bridge.harness import READER, Bridge, bridge

START = int(time.time()) // 60 * 60


def tick(msc: int, bid: float = 1.1) -> tuple[Any, ...]:
    return (START + msc // 1000, bid, bid + 0.0001, 0.0, 0, START * 1000 + msc, 6, 0.0)


def position(ticket: int, profit: float = 0.0, sl: float = 0.0) -> TradePosition:
    return struct(TradePosition, ticket=ticket, symbol="EURUSD", volume=0.1, profit=profit, sl=sl)


class Reader:
    """One client of the stream that checks the numbers of what it gets."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.seq: dict[str, int] = {}
        self._passed: list[dict[str, Any]] = []

    async def op(self, op: str, channel: str) -> dict[str, Any]:
        await self.socket.send_json({"op": op, "channel": channel})
        passed = []

        def is_answer(message: dict[str, Any]) -> bool:
            passed.append(message)
            return message["kind"] in {"ack", "error"}

        answer = await self.next(is_answer)
        self._passed = passed[:-1]
        return answer

    async def next(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async with asyncio.timeout(10):
            while True:
                message = self._passed.pop(0) if self._passed else await self._receive()
                if wanted(message):
                    return dict(message)

    async def change(self, channel: str, kind: str = "delta") -> Any:
        return (await self.next(lambda message: message.get("channel") == channel and message["kind"] == kind))["data"]

    async def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = await self.socket.receive_json()
        self._number(message)
        return message

    def _number(self, message: dict[str, Any]) -> None:
        if message["kind"] == "snapshot":
            self.seq[message["channel"]] = message["seq"]
        if message["kind"] == "delta":
            assert message["seq"] == self.seq[message["channel"]] + 1
            self.seq[message["channel"]] += 1
        if message["kind"] == "heartbeat" and message["channel"] in self.seq:
            assert message["seq"] == self.seq[message["channel"]]


@contextlib.asynccontextmanager
async def reading(running: Bridge, *channels: str) -> AsyncIterator[Reader]:
    await running.until_state("connected")
    async with running.caller(READER).stream() as socket:
        reader = Reader(socket)
        for channel in channels:
            assert (await reader.op("subscribe", channel))["kind"] == "ack"
        yield reader


async def test_every_tick_comes_once_and_in_order(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        running.terminal.ticks = [tick(0), tick(100)]
        async with reading(running, "ticks:EURUSD") as reader:
            snapshot = await reader.change("ticks:EURUSD", "snapshot")
            assert [row["time_msc"] for row in snapshot["ticks"]] == [START * 1000 + 100]
            sent = [tick(100 * n, bid=1.1 + n / 10_000) for n in range(2, 40)]
            sent.insert(20, tick(2000, bid=1.5))  # two ticks in one millisecond
            seen: list[tuple[Any, ...]] = []
            for at in range(0, len(sent), 7):
                running.terminal.ticks += sent[at : at + 7]
                while len(seen) < min(at + 7, len(sent)):
                    seen += [tuple(row.values()) for row in (await reader.change("ticks:EURUSD"))["ticks"]]
            assert seen == sorted(sent, key=lambda row: row[5])


async def test_more_ticks_than_one_call_brings_all_come(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        running.terminal.ticks = [tick(0)]
        async with reading(running, "ticks:EURUSD") as reader:
            await reader.change("ticks:EURUSD", "snapshot")
            burst = [tick(500, bid=1 + n / 100_000) for n in range(5000)]  # all within one millisecond
            running.terminal.ticks += burst
            seen = 0
            while seen < len(burst):
                seen += len((await reader.change("ticks:EURUSD"))["ticks"])
            assert seen == len(burst)


async def test_positions_come_change_and_go(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        terminal = running.terminal
        async with reading(running, "positions") as reader:
            assert await reader.change("positions", "snapshot") == {"positions": []}
            terminal.positions = {1: position(1), 2: position(2)}
            assert [row["ticket"] for row in (await reader.change("positions"))["positions"]] == [1, 2]
            terminal.positions = {1: position(1, sl=1.05), 2: position(2)}
            changed = await reader.change("positions")
            assert ([row["ticket"] for row in changed["positions"]], changed["gone"]) == ([1], [])
            terminal.positions = {1: position(1, sl=1.05)}
            assert await reader.change("positions") == {"positions": [], "gone": [2]}


async def test_deals_and_ended_orders_come_once(tmp_path: Path) -> None:
    now = int(time.time())
    async with bridge(tmp_path) as running:
        terminal = running.terminal
        terminal.deals = [struct(TradeDeal, ticket=1, time=now - 100), struct(TradeDeal, ticket=0, time=now - 900_000)]
        async with reading(running, "deals", "history_orders") as reader:
            snapshot = await reader.change("deals", "snapshot")
            assert [row["ticket"] for row in snapshot["deals"]] == [1]
            terminal.deals.append(struct(TradeDeal, ticket=3, time=now))
            assert [row["ticket"] for row in (await reader.change("deals"))["deals"]] == [3]
            terminal.deals.append(struct(TradeDeal, ticket=2, time=now - 300))  # late, and older than the last
            assert [row["ticket"] for row in (await reader.change("deals"))["deals"]] == [2]
            terminal.history.append(struct(TradeOrder, ticket=9, time_done=now, state=constants.ORDER_STATE_CANCELED))
            assert [row["ticket"] for row in (await reader.change("history_orders"))["history_orders"]] == [9]


async def test_the_connection_tells_kill_lease_and_loss(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running, reading(running, "connection") as reader:
        assert (await reader.change("connection", "snapshot"))["terminal"]["state"] == "connected"
        trader = await running.trader()
        assert (await reader.change("connection"))["lease"] == {"client": "test"}
        await trader.ask("POST", "/v1/kill", {"reason": "enough"})
        assert (await reader.change("connection"))["kill"]["engaged"] is True
        running.terminal.is_up = running.terminal.is_initialized = False
        assert (await reader.change("connection"))["terminal"]["state"] == "disconnected"


async def test_another_account_sends_everything_anew(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        trader = await running.trader()
        async with reading(running, "account", "positions") as reader:
            assert (await reader.change("account", "snapshot"))["account"]["login"] == 1001
            await trader.call("login", login=1002)
            running.terminal.positions = {5: position(5)}

            def is_new(message: dict[str, Any]) -> bool:
                return message["kind"] == "snapshot" and bool(message["data"].get("account", {}).get("login") == 1002)

            await reader.next(is_new)


async def test_resync_gives_a_snapshot_and_leaving_stops_the_polling(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        terminal = running.terminal
        async with reading(running, "orders") as reader:
            await reader.change("orders", "snapshot")
            await reader.op("resync", "orders")
            await reader.change("orders", "snapshot")
            assert (await reader.op("unsubscribe", "orders"))["kind"] == "ack"

            async def is_quiet() -> bool:
                before = terminal.count("orders_get")
                for _ in range(5):
                    await running.caller().call("version")
                return terminal.count("orders_get") == before

            await until(is_quiet, timeout_s=5, what="nobody polls orders")
            assert (await reader.op("resync", "orders"))["code"] == "conflict"


async def test_a_closed_reader_stops_the_polling(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        async with reading(running, "positions", "ticks:EURUSD") as reader:
            await reader.change("positions", "snapshot")
        hub = running.server._running._hub  # type: ignore[union-attr]

        async def is_empty() -> bool:
            return not hub._polled

        await until(is_empty, timeout_s=5, what="no channel is polled")


async def test_heartbeats_repeat_the_number(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running, reading(running, "positions") as reader:
        await reader.change("positions", "snapshot")
        beat = await reader.next(lambda message: message["kind"] == "heartbeat")
        assert (beat["channel"], beat["data"], beat["seq"]) == ("positions", None, reader.seq["positions"])
        assert beat["epoch"] == (await running.caller().ask("GET", "/v1/status")).body["epoch"]


async def test_channels_that_are_none_are_errors(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running, reading(running) as reader:
        assert (await reader.op("subscribe", "fills"))["code"] == "not_found"
        assert (await reader.op("subscribe", "ticks:"))["code"] == "validation_error"
        assert (await reader.op("subscribe", 'ticks:EURUSD"); x'))["code"] == "validation_error"
        for number in range(64):
            assert (await reader.op("subscribe", f"ticks:S{number}"))["kind"] == "ack"
        assert (await reader.op("subscribe", "ticks:S64"))["code"] == "overloaded"


async def test_what_is_no_operation_closes_the_stream(tmp_path: Path) -> None:
    frames = ["x", "[]", '{"op":"drop","channel":"orders"}', '{"op":"subscribe","channel":1}', "[" * 4000]
    async with bridge(tmp_path) as running:
        await running.until_state("connected")
        for frame in frames:
            async with running.caller().stream() as socket:
                await socket.send_str(frame)
                assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
                assert socket.close_code == 4400
        async with running.caller().stream() as socket:
            await socket.send_str(json.dumps({"op": "subscribe", "channel": "x" * 5000}))
            await socket.receive(timeout=5)
            assert socket.close_code == 1009


async def test_a_strange_answer_of_the_terminal_ends_no_channel(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        terminal = running.terminal
        async with reading(running, "positions") as reader:
            await reader.change("positions", "snapshot")
            terminal.answer_of = {"positions_get": ("no struct",), "account_info": "no struct"}
            await running.until_state("disconnected")
            terminal.answer_of = {}
            terminal.positions = {7: position(7)}
            await running.until_state("connected")

            def is_new(message: dict[str, Any]) -> bool:
                return message["kind"] != "heartbeat" and len(message["data"]["positions"]) == 1

            await reader.next(is_new)


async def test_a_reader_that_does_not_read_is_closed(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        now = int(time.time())
        running.terminal.deals = [struct(TradeDeal, ticket=number, time=now) for number in range(4000)]
        async with running.caller(READER).stream() as socket:
            await socket.send_json({"op": "subscribe", "channel": "deals"})
            hub = running.server._running._hub  # type: ignore[union-attr]
            for _ in range(40):
                await socket.send_json({"op": "resync", "channel": "deals"})

            async def is_gone() -> bool:
                return not hub._polled

            await until(is_gone, timeout_s=20, what="the reader is closed")


async def test_commands_go_before_polling(tmp_path: Path) -> None:
    terminal = FakeTerminal()
    async with bridge(tmp_path, terminal) as running:
        trader = await running.trader()
        async with reading(running, *(f"ticks:S{n}" for n in range(60)), "orders", "positions", "deals") as reader:
            terminal.hang_in = "version"
            version = running.caller().call("version")
            hanging = asyncio.create_task(version)
            await asyncio.to_thread(terminal.hanging.wait, 5)
            first = len(terminal.calls)
            sending = asyncio.create_task(trader.send("key-1"))

            async def is_queued() -> bool:
                queues = running.server._running._worker._waiting  # type: ignore[union-attr]
                return bool(queues[Priority.ORDER]) and len(queues[Priority.POLL]) > 30

            await until(is_queued, timeout_s=5, what="an order and many polls wait")
            terminal.hang_in = None
            terminal.go_on.set()
            assert (await sending).status == 200
            await hanging
            assert [name for name, _, _ in terminal.calls[first : first + 2]] == ["account_info", "order_send"]
            assert reader.seq is not None
