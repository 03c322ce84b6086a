"""The command line as processes: ready lines, exit codes, crashes and clean ends."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from edgerunner.client import EdgerunnerClient
from tests.system.product import CONNECTION_ID, Product

pytestmark = pytest.mark.system

INSTRUMENT_ID = "BTCUSDT-LINEAR.BYBIT"
FREE_PORTS = {
    f"EDGERUNNER_{name}": "0"
    for name in (
        *("PORT", "SIM_CONTROL_PORT", "SIM_BYBIT_PORT", "SIM_IBKR_PORT"),
        *("SIM_MT5_PORT", "SIM_MT5_TERMINAL_PORT"),
    )
}


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    data_dir = tmp_path / "a folder with spaces"
    data_dir.mkdir()
    product = Product(data_dir)
    yield product
    product.end()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One installation that is up, for tests that do not end it."""
    product = Product(tmp_path_factory.mktemp("data"))
    try:
        product.start()
        yield product
    finally:
        product.end()


def edgerunner(*words: str, data_dir: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "edgerunner.cli", *words],
        env={**os.environ, **FREE_PORTS, "EDGERUNNER_DATA_DIR": str(data_dir), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def events_of(finished: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    return [json.loads(line) for line in finished.stdout.splitlines()]


def simulator_of(product: Product) -> psutil.Process:
    pid = product.simulator_pid()
    assert pid is not None
    return psutil.Process(pid)


async def ledger_of(product: Product) -> dict[str, Any]:
    async with product.control() as control:
        ledger: dict[str, Any] = (await control.get("/sim/ledger", params={"broker": "bybit"})).json()
    return {name: ledger[name] for name in ("orders", "fills")}


async def delay_replies(product: Product) -> None:
    """Let the broker answer queries late, so that a ready line that does not wait for it is too early."""
    slow = {"broker": "bybit", "fault": "delay_reply", "count": 3, "match": {"op": "query"}, "params": {"delay_s": 1}}
    async with product.control() as control:
        assert (await control.post("/sim/faults", json=slow)).is_success


async def test_up_is_ready_when_it_says_so_and_sigterm_ends_everything(product: Product) -> None:
    ready = await asyncio.to_thread(product.start)
    assert ready["api_key_file"] == str(product.data_dir / "api_key")
    assert ready["simulators"]["ibkr"] > 0
    assert ready["simulators"]["mt5"] > 0
    async with product.client() as client:
        assert (await client.get("/readyz")).status_code == 200
        connections = (await client.get("/broker/connections")).json()["connections"]
    found = {each["connection_id"]: (each["environment"], each["status"]) for each in connections}
    assert found == dict.fromkeys((CONNECTION_ID, "ibkr-sim", "mt5-sim"), ("simulated", "connected"))
    simulator = simulator_of(product)
    assert await asyncio.to_thread(product.stop) == 0
    assert not simulator.is_running()
    assert product.simulator_pid() is None


async def test_a_killed_up_leaves_the_simulator_and_the_next_one_finds_the_same_ledger(product: Product) -> None:
    await asyncio.to_thread(product.start)
    trade = ("trade", "buy", "0.01", INSTRUMENT_ID, "--url", product.url, "--json")
    bought = await asyncio.to_thread(edgerunner, *trade, data_dir=product.data_dir)
    assert bought.returncode == 0, bought.stderr
    before, simulator = await ledger_of(product), simulator_of(product)
    assert len(before["fills"]) >= 1

    await asyncio.to_thread(product.kill)
    assert simulator.is_running()
    await delay_replies(product)
    ready = await asyncio.to_thread(product.start)
    async with product.client() as client:
        assert (await client.get("/readyz")).status_code == 200
        (order,) = (await client.get("/orders/status")).json()["orders"]
    assert simulator_of(product) == simulator
    assert await ledger_of(product) == before
    assert (order["status"], order["filled_quantity"]) == ("filled", "0.01")

    assert await asyncio.to_thread(product.stop) == 0
    assert not simulator.is_running()
    again = await asyncio.to_thread(product.start)
    assert again["simulators"]["control"] != 0
    assert again["simulators"] != ready["simulators"]
    assert await ledger_of(product) == before


async def test_the_commands_trade_change_cancel_list_and_watch(running: Product) -> None:
    url, folder = running.url, running.data_dir

    async def run(*words: str, code: int = 0) -> list[dict[str, Any]]:
        finished = await asyncio.to_thread(edgerunner, *words, "--url", url, "--json", data_dir=folder)
        assert finished.returncode == code, finished.stderr
        return events_of(finished)

    async def linear_positions() -> list[dict[str, Any]]:
        positions = [line["position"] for line in await run("trade", "positions")]
        return [position for position in positions if position["instrument_id"] == INSTRUMENT_ID]

    terms = ("--type", "limit", "--price", "20000", "--post-only", "--client-order-id", "A1")
    (placed,) = await run("trade", "buy", "0.01", INSTRUMENT_ID, *terms)
    assert (placed["order"]["client_order_id"], placed["order"]["status"]) == ("A1", "accepted")
    (changed,) = await run("trade", "modify", "A1", "--price", "20001")
    assert changed["order"]["price"] == "20001"
    assert [line["order"]["client_order_id"] for line in await run("trade", "orders")] == ["A1"]
    (canceled,) = await run("trade", "cancel", "A1")
    assert canceled["order"]["status"] == "canceled"
    await run("trade", "cancel", "A1", code=4)
    await run("trade", "buy", "0.01", INSTRUMENT_ID)
    position = (await linear_positions())[0]
    assert (position["side"], position["quantity"]) == ("long", "0.01")
    messages = await run("watch", INSTRUMENT_ID, "--once")
    channels = {message["channel"] for message in messages if message["event"] == "message"}
    assert channels == {
        "connections",
        "account",
        "positions",
        "pnl",
        "orders",
        f"quotes:{CONNECTION_ID}:{INSTRUMENT_ID}",
    }
    await run("trade", "close", code=2)
    (closed,) = await run("trade", "close", "--instrument", INSTRUMENT_ID)
    assert closed["ok"]
    assert await linear_positions() == []
    (error,) = await run("trade", "buy", "0.01", "NOTHING.BYBIT", code=4)
    assert error["event"] == "error"
    (error,) = await run("trade", "buy", "1e-3", INSTRUMENT_ID, code=4)
    assert error["problem"]["errors"][0]["field"] == "quantity"


async def test_a_second_up_on_the_same_data_folder_is_refused_and_harms_nothing(running: Product) -> None:
    second = await asyncio.to_thread(edgerunner, "up", data_dir=running.data_dir)
    assert second.returncode == 1
    assert "Another Edgerunner works in the data folder" in second.stderr
    assert simulator_of(running).is_running()
    async with running.client() as client:
        assert (await client.get("/readyz")).status_code == 200


async def test_a_person_gets_tables_and_sentences(running: Product) -> None:
    folder, url = running.data_dir, running.url
    watched = await asyncio.to_thread(edgerunner, "watch", INSTRUMENT_ID, "--once", "--url", url, data_dir=folder)
    assert watched.returncode == 0, watched.stderr
    assert "SIMULATED" in watched.stdout
    assert INSTRUMENT_ID in watched.stdout
    port = url.rpartition(":")[2]
    examined = await asyncio.to_thread(edgerunner, "doctor", data_dir=folder, EDGERUNNER_PORT=port)
    assert examined.returncode == 0, examined.stdout
    assert f"{CONNECTION_ID} (bybit, SIMULATED): connected" in examined.stdout


def test_a_port_in_use_is_exit_3_and_starts_no_simulator(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        refused = edgerunner("up", "--json", data_dir=tmp_path, EDGERUNNER_PORT=port)
    assert refused.returncode == 3
    assert refused.stderr.count("\n") == 1
    assert f"Port {port} on 127.0.0.1 is in use" in refused.stderr
    assert not (tmp_path / "sim").exists()
    assert [event["event"] for event in events_of(refused)] == ["error"]


def test_a_simulator_port_in_use_is_exit_3_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        refused = edgerunner("up", data_dir=tmp_path, EDGERUNNER_SIM_BYBIT_PORT=port)
    assert refused.returncode == 3, refused.stderr
    assert port in refused.stderr
    assert not (tmp_path / "sim" / "process.json").exists()


def test_a_data_folder_that_cannot_be_written_is_exit_1(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    refused = edgerunner("up", data_dir=file / "data")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "cannot be written" in refused.stderr


def test_a_wrong_setting_is_exit_2(tmp_path: Path) -> None:
    refused = edgerunner("up", data_dir=tmp_path, EDGERUNNER_SIM_SPEED="fast")
    assert refused.returncode == 2
    assert refused.stderr.startswith("EDGERUNNER_SIM_SPEED is 'fast': ")
    assert refused.stderr.count("\n") == 1


def test_the_port_of_the_simulated_terminal_in_use_is_exit_3(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = edgerunner("sim", "mt5", "--mt5-terminal-port", port, data_dir=tmp_path)
    assert refused.returncode == 3
    assert f"port {port} of the simulated terminal is in use" in refused.stderr
    assert not (tmp_path / "sim" / "process.json").exists()


def test_nobody_there_is_exit_3(tmp_path: Path) -> None:
    nobody = edgerunner(
        "trade",
        "positions",
        "--url",
        "http://127.0.0.1:9",
        data_dir=tmp_path,
        EDGERUNNER_API_KEY="q8Wz_4tRk1" * 4 + "x",
    )
    assert nobody.returncode == 3
    assert "does not answer" in nobody.stderr


async def test_serve_alone_is_ready_starts_no_simulator_and_ends_on_sigterm(tmp_path: Path) -> None:
    key = "q8Wz_4tRk1-Lm7" * 2 + "Pz9Xc"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edgerunner.cli", "serve", "--json", "--port", "0", "--data-dir", str(tmp_path)),
        env={**os.environ, "EDGERUNNER_API_KEY": key},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            ready = json.loads(await process.stdout.readline())
        assert (ready["event"], ready["api_key_file"], ready["simulators"]) == ("ready", None, None)
        async with EdgerunnerClient(ready["url"], key) as client:
            assert await client.connections.all() == []
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            rest, log = await process.communicate()
        assert process.returncode == 0
        assert rest == b""
        assert key.encode() not in log
        assert not (tmp_path / "sim").exists()
        assert not (tmp_path / "api_key").exists()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_sim_alone_is_ready_replays_a_file_and_ends_on_sigint(tmp_path: Path) -> None:
    bars = tmp_path / "bars.csv"
    rows = [f"{1_700_000_000_000 + minute * 60_000},50000,50010,49990,50000,1" for minute in range(30)]
    bars.write_text("\n".join(["time,open,high,low,close,volume", *rows]) + "\n")
    words = (
        "sim",
        "bybit",
        "--json",
        "--port",
        "0",
        "--control-port",
        "0",
        "--replay",
        str(bars),
        "--symbol",
        "BTCUSDT",
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edgerunner.cli", *words, "--data-dir", str(tmp_path / "data")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            ready = json.loads(await process.stdout.readline())
        product = Product(tmp_path / "data", control_url=f"http://127.0.0.1:{ready['simulators']['control']}")
        assert product.simulator_pid() == process.pid
        assert (await ledger_of(product))["orders"] == []
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(30):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("words", [("--version",), ("--help",), ("trade", "--help")])
def test_words_about_itself_are_quick_and_load_nothing_heavy(words: tuple[str, ...], tmp_path: Path) -> None:
    heavy = ("fastapi", "sqlalchemy", "aiohttp", "rich", "structlog", "httpx")
    program = (
        "import sys\nfrom edgerunner.cli.app import app\n"
        f"try:\n    app({list(words)!r})\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        f"loaded = [name for name in {heavy!r} if name in sys.modules]\nassert not loaded, loaded\n"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert finished.returncode == 0, finished.stderr
