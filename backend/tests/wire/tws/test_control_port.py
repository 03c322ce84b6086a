"""The control port steers the simulated TWS: faults, holds, restart and ledger over HTTP, seen by a client."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from edgerunner.simulators.faults import COMMON_FAULTS
from edgerunner.simulators.host import SimulatorPorts, SimulatorSettings, run_simulators
from edgerunner.simulators.tws.delivery.definitions import DEFINITIONS
from tests.waiting import until
from tests.wire.tws.kit import Client, listening
from tests.wire.tws.orders_kit import limit, told, words


@dataclass
class Control:
    """The control port of a running simulator process, and the port of its TWS."""

    http: ClientSession
    port: int

    async def call(self, method: str, path: str, *, status: int = 200, **body: Any) -> Any:
        async with self.http.request(method, f"/sim/{path}", json=body or None) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()

    async def fault(self, name: str, **words: Any) -> str:
        found = await self.call("POST", "faults", broker="ibkr", fault=name, **words)
        return str(found["id"])


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[Control]:
    ready: asyncio.Future[SimulatorPorts] = asyncio.get_running_loop().create_future()
    settings = SimulatorSettings(
        data_dir=tmp_path, ports={"ibkr": 0}, control_port=0, seed=3, on_ready=ready.set_result
    )
    task = asyncio.create_task(run_simulators(settings))
    starting: set[asyncio.Future[Any]] = {task, ready}
    await asyncio.wait(starting, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    ports = ready.result()
    async with ClientSession(f"http://127.0.0.1:{ports.control}") as http:
        yield Control(http, ports.brokers["ibkr"])
    task.cancel()
    await asyncio.wait({task}, timeout=10)


@pytest.fixture
async def client(control: Control) -> AsyncIterator[Client]:
    async with Client(control.port) as connected:
        await connected.log_on(1)
        yield connected


async def test_every_fault_is_listed_with_its_meaning(control: Control) -> None:
    listed = {fault["name"]: fault for fault in (await control.call("GET", "faults"))["faults"]}
    assert set(listed) == {fault.name for fault in (*COMMON_FAULTS, *DEFINITIONS)}
    assert all(fault["brokers"] == ["ibkr"] and fault["description"] for fault in listed.values())
    assert listed["ibkr.connection_lost"]["params"]["restored"].startswith("1101 or 1102")


@pytest.mark.parametrize(
    ("name", "params", "field"),
    [
        ("ibkr.profile", {"name": "nonsense"}, "params.name"),
        ("ibkr.connection_lost", {"restored": "1103"}, "params.restored"),
        ("ibkr.connection_lost", {"after_s": "soon"}, "params.after_s"),
        ("ibkr.roll_back_ids", {"ids": "x"}, "params.ids"),
        ("ibkr.nonsense", {}, "fault"),
    ],
)
async def test_a_fault_that_makes_no_sense_is_refused(
    control: Control, name: str, params: dict[str, Any], field: str
) -> None:
    problem = await control.call("POST", "faults", status=422, broker="ibkr", fault=name, params=params)
    assert problem["errors"][0]["field"] == field


async def test_a_lost_connection_lasts_until_its_fault_is_deleted(control: Control, client: Client) -> None:
    fault = await control.fault("ibkr.connection_lost", params={"restored": "1101"})
    assert await words(client, 1) == ["error 1100"]
    await control.call("DELETE", f"faults/{fault}")
    assert await words(client, 1) == ["error 1101"]


async def test_a_held_order_is_in_the_ledger_and_goes_on_when_it_is_released(control: Control, client: Client) -> None:
    await control.call("POST", "hold", broker="ibkr", at="accepted")
    client.send(limit(1, ref="mine"))

    async def ledger() -> Any:
        found = await control.call("GET", "ledger?broker=ibkr")
        return found if found["held"] else None

    found = await until(ledger, timeout_s=5, what="a held frame")
    assert [(order["client_key"], order["symbol"]) for order in found["orders"]] == [("mine", "AAPL")]
    assert found["held"] == [{"at": "accepted", "client_key": "mine"}]
    assert await told(client) == []
    await control.fault("ibkr.profile", count=0, params={"name": "direct"})
    await control.call("POST", "release", broker="ibkr")
    assert (await words(client, 2))[0].startswith("open ")


async def test_a_profile_lasts_until_its_fault_is_deleted(control: Control, client: Client) -> None:
    fault = await control.fault("ibkr.profile", params={"name": "stepped"})
    client.send(limit(1))
    assert await told(client) == ["open PreSubmitted", "PreSubmitted", "open Submitted", "Submitted"]
    await control.call("DELETE", f"faults/{fault}")
    await control.fault("ibkr.profile", params={"name": "direct"})
    client.send(limit(2))
    assert await told(client) == ["open Submitted", "Submitted"]


async def test_a_restart_cuts_the_client_and_listens_on_the_same_port(control: Control, client: Client) -> None:
    answer = await control.call("POST", "restart", broker="ibkr")
    assert answer["port"] == control.port
    assert await client.ended() == []
    await listening(control.port)
