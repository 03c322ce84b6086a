"""The control port of a running simulator process, over HTTP."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiohttp import ClientSession

from edgerunner.simulators.faults import FaultBox, HoldPoint
from edgerunner.simulators.host import (
    FolderInUse,
    ParentWatch,
    PortInUse,
    SimulatorPorts,
    SimulatorSettings,
    run_simulators,
)
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import OrderRequest
from tests.unit.simulators.venues import LINEAR, SPOT
from tests.waiting import until


@dataclass
class FakeWire:
    """A wire server that listens for nobody and tells what was asked of it."""

    venue: Venue
    faults: FaultBox
    port: int = 4711
    calls: list[str] = field(default_factory=list)

    async def start(self) -> None:
        self.calls.append("start")

    async def stop(self) -> None:
        self.calls.append("stop")

    async def restart(self) -> None:
        self.calls.append("restart")


@dataclass
class Simulators:
    http: ClientSession
    ports: SimulatorPorts
    wire: FakeWire
    task: "asyncio.Task[None]"

    async def get(self, path: str) -> Any:
        async with self.http.get(path) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def act(self, path: str, body: dict[str, Any]) -> Any:
        return await self.post(path, **body)

    async def post(self, path: str, status: int = 200, **body: Any) -> Any:
        async with self.http.post(path, json=body) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()


@asynccontextmanager
async def running(folder: Path, **words: Any) -> AsyncIterator[Simulators]:
    ready: asyncio.Future[SimulatorPorts] = asyncio.get_running_loop().create_future()
    wires: list[FakeWire] = []

    def wire(venue: Venue, faults: FaultBox, *, host: str, port: int) -> FakeWire:
        assert (host, port) == ("127.0.0.1", 0)
        wires.append(FakeWire(venue, faults))
        return wires[-1]

    settings = SimulatorSettings(
        data_dir=folder,
        ports={"bybit": 0},
        control_port=0,
        on_ready=ready.set_result,
        factories={"bybit": wire},
        **words,
    )
    task = asyncio.create_task(run_simulators(settings))
    starting: set[asyncio.Future[Any]] = {task, ready}
    await asyncio.wait(starting, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    ports = ready.result()
    async with ClientSession(f"http://127.0.0.1:{ports.control}") as http:
        yield Simulators(http, ports, wires[0], task)
    task.cancel()
    await asyncio.wait({task}, timeout=10)
    assert task.done()
    assert wires[0].calls[-1] == "stop"


@pytest.fixture
async def simulators(tmp_path: Path) -> AsyncIterator[Simulators]:
    async with running(tmp_path, seed=5) as found:
        yield found


async def test_health_tells_process_seed_time_and_ports(simulators: Simulators) -> None:
    health = await simulators.get("/sim/health")
    assert list(health) == ["pid", "seed", "now", "listening"]
    assert (health["pid"], health["seed"]) == (os.getpid(), 5)
    assert health["listening"] == {"bybit": 4711, "ibkr": None, "mt5": None}
    assert health["now"].endswith("Z")


async def test_a_manual_order_a_manual_fill_and_cash_show_in_the_ledger(simulators: Simulators) -> None:
    words: dict[str, Any] = {"broker": "bybit", "symbol": "BTCUSDT"}
    await simulators.post("/sim/market", price="60000", **words)
    order = await simulators.post(
        "/sim/orders", side="buy", order_type="limit", quantity="0.01", price="59000", **words
    )
    await simulators.post("/sim/fill", broker="bybit", venue_order_id=order["venue_order_id"], quantity="0.004")
    await simulators.post("/sim/cash", broker="bybit", currency="USDT", amount="-1000")
    ledger = await simulators.get("/sim/ledger?broker=bybit")
    [row] = ledger["orders"]
    assert (row["client_key"], row["filled_quantity"], row["average_price"]) == (None, "0.004", "59000")
    assert (row["status"], row["live"], row["placements"]) == ("partially_filled", True, 0)
    [fill] = ledger["fills"]
    assert fill["fee"] == {"currency": "USDT", "amount": "0.0472"}
    [account] = ledger["accounts"]
    assert {"currency": "USDT", "total": "98999.9528"} in account["balances"]
    assert account["positions"][0]["average_price"] == "59000"
    await simulators.post("/sim/liquidate", **words)
    assert (await simulators.get("/sim/ledger?broker=bybit"))["accounts"][0]["positions"] == []


async def test_a_manual_order_names_its_leg_in_hedging_mode(simulators: Simulators) -> None:
    simulators.wire.venue.set_position_mode("1000001", True, symbol=LINEAR)
    order = {"broker": "bybit", "symbol": "BTCUSDT", "side": "sell", "order_type": "market", "quantity": "0.01"}
    refused = await simulators.post("/sim/orders", 409, **order)
    assert refused["code"] == "position_mode"
    await simulators.act("/sim/orders", order | {"leg": "short"})
    [account] = (await simulators.get("/sim/ledger?broker=bybit"))["accounts"]
    assert [(row["leg"], row["side"]) for row in account["positions"]] == [("short", "short")]
    await simulators.act("/sim/liquidate", {"broker": "bybit", "symbol": "BTCUSDT"})
    assert simulators.wire.venue.positions("1000001") == []


async def test_the_market_can_be_replayed_halted_and_shown_wrong(simulators: Simulators, tmp_path: Path) -> None:
    venue, words = simulators.wire.venue, {"broker": "bybit", "symbol": "BTCUSDT"}
    file = tmp_path / "ticks.csv"
    file.write_text("time,bid,ask\n0,50000,50001\n")
    moved = await simulators.act("/sim/market", words | {"replay": {"file": str(file), "speed": 2}})
    assert moved == {"symbols": [LINEAR, SPOT]}
    assert (venue.quote(LINEAR).bid, venue.quote(SPOT).ask) == (Decimal(50_000), Decimal(50_001))
    await simulators.act("/sim/market", words | {"product": "spot", "halt": True})
    assert (venue.market.is_halted(SPOT), venue.market.is_halted(LINEAR)) == (True, False)
    await simulators.act("/sim/market", words | {"bad_tick": "NaN"})
    assert venue.last_price(LINEAR).is_nan()
    await simulators.act("/sim/market", words | {"price": None})
    assert venue.mark_price(LINEAR) not in {50_000, 50_001}


async def test_a_replay_begins_at_the_time_it_is_given(simulators: Simulators, tmp_path: Path) -> None:
    venue, hour_ns = simulators.wire.venue, 3_600_000_000_000
    file = tmp_path / "bars.csv"
    file.write_text("time,open,high,low,close\n0,50000,50002,49999,50001\n60000,50001,50001,50001,50001\n")
    start_ns = venue.now_ns() // hour_ns * hour_ns - hour_ns
    start = datetime.fromtimestamp(start_ns / 1e9, UTC).isoformat()
    words = {"broker": "bybit", "symbol": "BTCUSDT", "product": "linear", "replay": {"file": str(file), "start": start}}
    await simulators.act("/sim/market", words)
    (bar,) = venue.bars(LINEAR, 60, start_ns, start_ns + 60_000_000_000)
    assert (bar.open_ticks, bar.high_ticks, bar.low_ticks, bar.close_ticks) == (500_000, 500_020, 499_990, 500_010)
    assert venue.mark_price(LINEAR) == 50_001


async def test_the_ledger_counts_placements_and_shows_held_frames(simulators: Simulators) -> None:
    venue, faults = simulators.wire.venue, simulators.wire.faults
    request = OrderRequest(
        account_id="1000001", symbol=LINEAR, side="buy", order_type="market", quantity_lots=1, client_key="k"
    )
    venue.place(request)
    await simulators.post("/sim/hold", broker="bybit", at="received")
    frame = asyncio.create_task(faults.hold_point("bybit", HoldPoint.RECEIVED, client_key="k2"))

    async def held() -> Any:
        return (await simulators.get("/sim/ledger?broker=bybit"))["held"]

    assert await until(held, timeout_s=5, what="a held frame") == [{"at": "received", "client_key": "k2"}]
    ledger = await simulators.get("/sim/ledger?broker=bybit")
    assert ledger["orders"][0]["placements"] == 1
    released = await simulators.post("/sim/release", action="drop")
    assert released == {"released": [{"at": "received", "client_key": "k2"}]}
    assert await frame == "drop"


async def test_faults_are_listed_switched_on_and_deleted(simulators: Simulators) -> None:
    listed = await simulators.get("/sim/faults")
    assert {fault["name"] for fault in listed["faults"]} >= {"drop_reply", "clock_offset", "stall_stream"}
    added = await simulators.post(
        "/sim/faults", broker="bybit", fault="delay_reply", count=3, match={"op": "place"}, params={"delay_s": 1}
    )
    [active] = (await simulators.get("/sim/faults"))["active"]
    assert (active["id"], active["count"], active["match"]["op"]) == (added["id"], 3, "place")
    async with simulators.http.delete(f"/sim/faults/{added['id']}") as answer:
        assert await answer.json() == {"deleted": [added["id"]]}
    async with simulators.http.delete(f"/sim/faults/{added['id']}") as answer:
        assert answer.status == 404


async def test_the_clock_can_be_wrong_by_call_and_by_fault(simulators: Simulators) -> None:
    venue = simulators.wire.venue
    right = venue.wall_now_ns()
    await simulators.post("/sim/clock", offset_s="-3600")
    assert venue.wall_now_ns() < right - 3_000 * 10**9
    await simulators.post("/sim/clock", offset_s=0)
    await simulators.post("/sim/faults", broker="bybit", fault="clock_offset", count=0, params={"offset_s": 7200})
    assert venue.wall_now_ns() > right + 7_000 * 10**9
    assert venue.now_ns() > right + 7_000 * 10**9


async def test_restart_forgets_recent_orders_and_reset_everything(simulators: Simulators) -> None:
    venue = simulators.wire.venue
    request = OrderRequest(account_id="1000001", symbol=LINEAR, side="buy", order_type="market", quantity_lots=1)
    order = venue.place(request)
    await simulators.post("/sim/restart", broker="bybit")
    assert simulators.wire.calls == ["start", "restart"]
    assert venue.closed_orders("1000001") == []
    assert len((await simulators.get("/sim/ledger?broker=bybit"))["orders"]) == 1
    assert await simulators.post("/sim/reset", seed=9) == {"brokers": ["bybit"], "seed": 9}
    assert (await simulators.get("/sim/health"))["seed"] == 9
    ledger = await simulators.get("/sim/ledger?broker=bybit")
    assert (ledger["orders"], ledger["accounts"][0]["balances"][0]["total"]) == ([], "100000")
    assert venue.place(request).order_id != order.order_id


BAD: list[tuple[str, dict[str, Any], int, str | None]] = [
    ("/sim/faults", {"broker": "bybit", "fault": "nope"}, 422, "fault"),
    ("/sim/faults", {"broker": "bybit", "fault": "reject", "colour": 1}, 422, "colour"),
    ("/sim/faults", {"broker": "bybit", "fault": "reject", "match": {"op": "x"}}, 422, "match.op"),
    ("/sim/faults", {"broker": "bybit", "fault": "reject", "count": -1}, 422, "count"),
    ("/sim/hold", {"broker": "bybit", "at": "never"}, 422, "at"),
    ("/sim/hold", {"at": "received"}, 422, "broker"),
    ("/sim/market", {"broker": "bybit", "symbol": "XYZ", "price": "1"}, 422, "symbol"),
    ("/sim/market", {"broker": "bybit", "symbol": "BTCUSDT"}, 422, "price"),
    ("/sim/market", {"broker": "bybit", "symbol": "BTCUSDT", "price": "0.003"}, 422, "price"),
    ("/sim/market", {"broker": "bybit", "symbol": "BTCUSDT", "price": "1e5"}, 422, "price"),
    ("/sim/market", {"broker": "bybit", "symbol": "BTCUSDT", "bad_tick": "high"}, 422, "bad_tick"),
    ("/sim/market", {"broker": "bybit", "symbol": "BTCUSDT", "replay": {"file": "/no/file"}}, 422, "replay.file"),
    ("/sim/orders", {"broker": "bybit", "symbol": "BTCUSDT", "side": "up"}, 422, "order_type"),
    (
        "/sim/market",
        {"broker": "bybit", "symbol": "BTCUSDT", "replay": {"file": "/no/file", "start": "2026-11-23T12:00:00"}},
        422,
        "replay.start",
    ),
    ("/sim/fill", {"broker": "bybit", "client_key": "none"}, 409, None),
    ("/sim/cash", {"broker": "bybit", "currency": "USDT", "amount": "0"}, 422, "amount"),
    ("/sim/liquidate", {"broker": "bybit", "symbol": "BTCUSDT"}, 409, None),
    ("/sim/reset", {"seed": "seven"}, 422, "seed"),
    ("/sim/parent", {"pid": 0}, 422, "pid"),
    ("/sim/clock", {}, 422, "offset_s"),
]


@pytest.mark.parametrize(("path", "body", "status", "field_name"), BAD)
async def test_a_bad_request_is_a_problem_that_names_its_field(
    simulators: Simulators, path: str, body: dict[str, Any], status: int, field_name: str | None
) -> None:
    async with simulators.http.post(path, json=body) as answer:
        problem = await answer.json(content_type="application/problem+json")
    assert (answer.status, problem["status"]) == (status, status)
    assert [error["field"] for error in problem["errors"]] == ([field_name] if field_name else [])


async def test_what_is_no_json_object_is_refused(simulators: Simulators) -> None:
    for raw in (b"[1]", b"{", b"\xff\xfe"):
        async with simulators.http.post("/sim/cash", data=raw) as answer:
            assert answer.status == 422


async def test_the_process_tells_where_it_listens_while_it_runs(tmp_path: Path) -> None:
    file = tmp_path / "sim" / "process.json"
    async with running(tmp_path) as simulators:
        process = json.loads(file.read_text())
        assert (process["pid"], process["bybit"]) == (os.getpid(), 4711)
        assert process["control"] == simulators.ports.control
    assert not file.exists()


async def test_a_second_process_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path):
        with pytest.raises(FolderInUse, match="another simulator process works in"):
            async with running(tmp_path):
                pass


async def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as simulators:
        taken = simulators.ports.control
        settings = SimulatorSettings(
            data_dir=tmp_path / "b",
            ports={"bybit": 0},
            control_port=taken,
            factories={"bybit": lambda venue, faults, **_: FakeWire(venue, faults)},
        )
        with pytest.raises(PortInUse, match=f"port {taken} of the control"):
            await run_simulators(settings)


async def test_state_and_ids_go_on_after_a_restart_of_the_process(tmp_path: Path) -> None:
    request = OrderRequest(account_id="1000001", symbol=LINEAR, side="buy", order_type="market", quantity_lots=1)
    async with running(tmp_path) as simulators:
        simulators.wire.venue.place(request)
        before = await simulators.get("/sim/ledger?broker=bybit")
    async with running(tmp_path) as simulators:
        assert await simulators.get("/sim/ledger?broker=bybit") == before
        assert simulators.wire.venue.place(request).number == 2


async def test_synthetic_symbols_that_were_listed_once_stay_listed(tmp_path: Path) -> None:
    symbol = "linear:SYN002USDT"
    request = OrderRequest(account_id="1000001", symbol=symbol, side="buy", order_type="market", quantity_lots=10)
    async with running(tmp_path, symbols=2) as simulators:
        simulators.wire.venue.place(request)
        before = await simulators.get("/sim/ledger?broker=bybit")
    async with running(tmp_path) as simulators:
        assert await simulators.get("/sim/ledger?broker=bybit") == before
        assert "linear:SYN003USDT" not in simulators.wire.venue.instruments
    async with running(tmp_path, symbols=3) as simulators:
        assert "linear:SYN003USDT" in simulators.wire.venue.instruments


async def test_without_a_living_parent_the_process_ends_by_itself(tmp_path: Path) -> None:
    gone = max(psutil.pids()) + 100_000
    async with running(tmp_path, parent_pid=gone, orphan_grace_s=0.01) as simulators:
        await asyncio.wait({simulators.task}, timeout=10)
        assert simulators.task.done()


def test_an_orphan_waits_for_the_grace_time_and_a_new_parent_ends_it() -> None:
    gone = max(psutil.pids()) + 100_000
    watch = ParentWatch(gone, 120)
    assert [watch.is_orphaned(at) for at in (0.0, 119.0, 120.0)] == [False, False, True]
    assert not watch.watch(gone)
    assert watch.watch(os.getpid())
    assert not watch.is_orphaned(500)
    assert not ParentWatch(None, 0).is_orphaned(1e9)
