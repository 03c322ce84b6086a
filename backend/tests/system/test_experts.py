"""Expert Advisors as a user has them: `edgerunner up`, the API and the command line on the simulated terminal."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.system.product import Product
from tests.waiting import until

pytestmark = pytest.mark.system

LAUNCH = {"terminal": "sim", "expert": "EdgerunnerBridge", "symbol": "EURUSD", "period": "M5"}
CROSS = "Examples/Moving Averages"
SPAN = ("--from", "2026-09-01", "--to", "2026-09-15")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("experts"))
    try:
        product.start()
        yield product
    finally:
        product.end()


def ea(product: Product, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run one `edgerunner ea` command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "edgerunner.cli", "ea", *words, "--url", product.url, "--json"],
        env={**os.environ, "EDGERUNNER_DATA_DIR": str(product.data_dir)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def events(done: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def one(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    (event,) = events(done)
    return event


async def test_an_ea_is_launched_messaged_and_stopped_over_http(product: Product) -> None:
    async with product.client() as http:
        response = await http.post("/experts/launch", json=LAUNCH, timeout=90)
        assert response.status_code == 201, response.text
        expert = response.json()
        assert (expert["state"], expert["connected"], expert["hello"]["login"]) == ("started", True, 1000001)
        url = f"/experts/{expert['expert_id']}"
        account = (await http.post(f"{url}/message", json={"name": "account"})).json()["result"]
        assert account["server"] == "Edgerunner-Sim"

        again = await http.post("/experts/launch", json=LAUNCH)
        assert (again.status_code, again.json()["code"]) == (409, "conflict")
        assert "would ignore the ini" in again.json()["detail"]
        running = await http.post("/experts/launch", json={**LAUNCH, "chart": "running"})
        assert (running.status_code, running.json()["code"]) == (501, "unsupported")
        order = await http.post(f"{url}/message", json={"name": "order_send", "args": {"volume": "1"}})
        assert (order.status_code, order.json()["code"]) == (501, "unsupported")

        stopped = (await http.post(f"{url}/stop")).json()
        assert (stopped["state"], stopped["exit_code"]) == ("stopped", 0)
        assert not psutil.pid_exists(expert["process_id"])


async def test_the_launched_terminal_shows_the_simulators_own_broker(product: Product) -> None:
    order = {
        "connection_id": "mt5-sim",
        "instrument_id": "EURUSD.MT5",
        "side": "buy",
        "order_type": "market",
        "quantity": "0.1",
        "client_order_id": "seen-by-the-ea",
    }
    async with product.client() as http:
        placed = await http.post("/trade", json=order)
        assert placed.json()["order"]["status"] == "filled", placed.text
        expert = (await http.post("/experts/launch", json=LAUNCH, timeout=90)).json()
        url = f"/experts/{expert['expert_id']}"
        try:

            async def held() -> list[str]:
                answer = (await http.post(f"{url}/message", json={"name": "positions"})).json()
                return [row["comment"] for row in answer["result"]["positions"]]

            assert await until(held, timeout_s=10, what="the EA sees the position") == ["seen-by-the-ea"]
        finally:
            await http.post(f"{url}/stop")


def test_the_command_line_launches_messages_and_stops(product: Product) -> None:
    terminals = one(ea(product, "terminals"))
    assert (terminals["name"], terminals["experts"]) == ("sim", ["EdgerunnerBridge", CROSS])
    expert = one(ea(product, "launch", "EdgerunnerBridge", "GBPUSD", "--input", "InpTimerMs=50"))
    assert (expert["state"], expert["symbol"]) == ("started", "GBPUSD")
    assert one(ea(product, "message", expert["expert_id"], "ping"))["result"] == {"time": 0}
    assert one(ea(product, "stop", expert["expert_id"]))["state"] == "stopped"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("launch", "Missing", "EURUSD"), "has no MQL5/Experts/Missing.ex5"),
        (
            ("launch", "EdgerunnerBridge", "EURUSD", "--input", "InpTimerMs=fast"),
            "inputs.InpTimerMs: must be an integer",
        ),
        (("launch", "EdgerunnerBridge", "EURUSD", "--input", "InpNothing=1"), "is no input of this EA"),
        (("launch", "EdgerunnerBridge", "EURUSD", "--terminal", "other"), "no terminal 'other'"),
        (("launch", "../../evil", "EURUSD"), "must be a path below MQL5/Experts"),
        (("backtest", CROSS, "EURUSD", "--from", "2026-09-02", "--to", "2026-09-01"), "must lie after from_date"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(product: Product, words: tuple[str, ...], said: str) -> None:
    done = ea(product, *words)
    assert done.returncode == 4, done.stderr
    assert said in done.stderr


def test_a_running_chart_is_said_to_be_out_of_reach(product: Product) -> None:
    done = ea(product, "launch", "EdgerunnerBridge", "EURUSD", "--chart", "running")
    assert done.returncode == 1
    assert "MT5 has no API to attach, start, stop or parametrise an EA on a running chart" in done.stderr


def test_the_command_line_runs_the_strategy_tester(product: Product) -> None:
    run = one(ea(product, "backtest", CROSS, "EURUSD", *SPAN, "--input", "InpFastPeriod=5", "--input", "InpLots=0.2"))
    assert (run["state"], run["warnings"], run["report"]["inputs"]["InpLots"]) == ("completed", [], "0.2")
    assert run["report"]["metrics"]["bars"] == str(15 * 24)
    assert len(run["report"]["deals"]) > 5


def test_the_command_line_optimises(product: Product) -> None:
    words = ("--optimization", "complete", "--range", "InpFastPeriod=5:5:15", "--input", "InpSlowPeriod=30")
    run = one(ea(product, "backtest", CROSS, "EURUSD", *SPAN, *words))
    assert {one["InpFastPeriod"] for one in run["passes"]} == {"5", "10", "15"}


async def test_the_terminals_end_with_the_product(tmp_path: Path) -> None:
    product = Product(tmp_path / "data")
    product.data_dir.mkdir()
    try:
        product.start()
        async with product.client() as http:
            expert = (await http.post("/experts/launch", json=LAUNCH, timeout=90)).json()
        assert psutil.pid_exists(expert["process_id"])
        assert product.stop() == 0

        async def gone() -> bool:
            return not psutil.pid_exists(expert["process_id"])

        await until(gone, timeout_s=10, what="the terminal has ended")
    finally:
        product.end()
