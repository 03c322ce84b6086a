"""The stage of a drill: a simulator, a proxy before it, and the product on a data folder."""

import asyncio
import json
import os
import random
import subprocess
import sys
from abc import ABC, abstractmethod
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import httpx
from pydantic import SecretStr

from edgerunner.bootstrap import Services, build
from edgerunner.main import create_app
from edgerunner.settings import Settings
from tests.drills.broker import Broker, Json, Market
from tests.drills.invariants import book_violations, dead_here_alive_there, replay_violations
from tests.drills.proxy import FaultProxy
from tests.waiting import until

CONNECTION_ID = "drill"
API_KEY = "a-key-that-only-drills-use-and-nobody-else"
SETTLE_VARIABLE = "DRILLS_SETTLE_S"
"""How a run tells its workers another patience than the broker's own."""

START_TIMEOUT_S = 240
"""A busy machine starts slowly; that is no finding."""

PATIENCE_S = float(os.environ.get("DRILLS_PATIENCE_S", "240"))
"""How long what must happen may take on a busy machine; less where it is known not to happen."""

_POLL_S = 0.1


class Violation(AssertionError):
    """An invariant does not hold."""


class CannotRun(Exception):
    """This machine lacks what a world needs."""


@dataclass
class World(ABC):
    """What every scenario is given. ``api`` speaks to the product, ``control`` to the simulator."""

    folder: Path
    seed: int
    broker: Broker
    api: httpx.AsyncClient = field(init=False)
    control: httpx.AsyncClient = field(init=False)
    proxy: FaultProxy = field(init=False)
    mids: dict[str, Decimal] = field(default_factory=dict)
    unanswered: dict[str, Json] = field(default_factory=dict)
    simulator: "asyncio.subprocess.Process | None" = None
    safety: list[str] = field(default_factory=list)

    @property
    def data_dir(self) -> Path:
        """Return the product's data folder."""
        return self.folder / "data"

    @property
    def market(self) -> Market:
        """Return the first market: a derivative."""
        return self.broker.markets[0]

    async def open(self) -> None:
        """Start everything and connect."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        await self._start_simulator()
        await self.start_product()
        await until(self._connects, timeout_s=PATIENCE_S, what="the connection is made")
        await until(self.is_ready, timeout_s=PATIENCE_S, what="the connection is ready")
        await self.read_prices()

    async def _connects(self) -> bool:
        """Ask for the connection; on a busy machine it may have to be asked for twice."""
        answer = await self.api.post("/broker/connect", json=self.broker.connection(CONNECTION_ID, self.proxy.port))
        assert answer.status_code in {201, 504}, answer.text
        return answer.status_code == 201

    async def close(self) -> None:
        """End everything that was started."""
        if self.simulator is None:
            return
        await self.end_product()
        await self.proxy.stop()
        await self.control.aclose()
        if self.simulator.returncode is None:
            self.simulator.kill()
            await self.simulator.wait()

    @abstractmethod
    async def start_product(self) -> None:
        """Start the product on the data folder; ``api`` speaks to it afterwards."""

    @abstractmethod
    async def end_product(self) -> None:
        """End the product in the way of this world."""

    async def restart_product(self) -> None:
        """End the product and start it again; ready afterwards."""
        await self.end_product()
        await self.start_product()
        await until(self.is_ready, timeout_s=PATIENCE_S, what="the connection is ready again")

    async def read_prices(self) -> None:
        """Read the prices that orders are drawn around."""
        for market in self.broker.markets:
            answer = await self.api.get(
                "/market/ticker", params={"connection_id": CONNECTION_ID, "instrument_id": market.instrument_id}
            )
            answer.raise_for_status()
            self.mids[market.instrument_id] = Decimal(answer.json()["last"])

    async def act(self, path: str, **body: object) -> Json:
        """Call the simulator's control port for this broker."""
        answer = await self.control.post(f"/sim/{path}", json={"broker": self.broker.name, **body})
        assert answer.status_code < 300, answer.text
        return dict(answer.json())

    async def fault(self, name: str, op: str | None = None, /, *, count: int = 1, **params: object) -> None:
        """Have the simulator misbehave at the next matching frames."""
        match = {} if op is None else {"op": op}
        await self.act("faults", fault=name, count=count, match=match, params=params)

    async def ledger(self) -> Json:
        """Return the broker's truth."""
        answer = await self.control.get("/sim/ledger", params={"broker": self.broker.name})
        ledger = dict(answer.json())
        for entry in (*ledger["orders"], *ledger["fills"]):
            if "/" in (entry["client_key"] or ""):  # a key that no order of ours can have: an attached exit's at TWS
                entry["client_key"] = None
        return ledger

    async def heal(self) -> None:
        """Take every fault away."""
        await self.control.delete("/sim/faults")
        await self.control.post("/sim/release", json={"broker": self.broker.name})

    async def settle(self) -> None:
        """Wait until every invariant holds; raises ``Violation`` with what does not after ``settle_s``."""
        await self.heal()
        deadline = asyncio.get_running_loop().time() + float(os.environ.get(SETTLE_VARIABLE, self.broker.settle_s))
        while True:
            self.safety += await dead_here_alive_there(self.api, self.control, CONNECTION_ID, self.broker.name)
            if self.safety:
                raise Violation("; ".join(self.safety[:5]))
            found = await book_violations(self.api, self.control, CONNECTION_ID, self.broker)
            if not found:
                break
            if asyncio.get_running_loop().time() > deadline:
                raise Violation("; ".join(found[:5]))
            await asyncio.sleep(_POLL_S)
        found = await asyncio.to_thread(replay_violations, self.data_dir)
        if found:
            raise Violation("; ".join(found))

    async def until_ready_again(self, opened: int) -> None:
        """Wait until links were made anew since ``opened`` of them were counted, and the connection takes orders.

        A product that has not noticed the cut yet looks ready too.
        """
        await until(lambda: self._is_renewed(opened), timeout_s=PATIENCE_S, what="the connection is ready again")

    async def _is_renewed(self, opened: int) -> bool:
        return self.proxy.opened > opened and await self.is_ready()

    async def is_ready(self) -> bool:
        """Tell whether the connection takes orders."""
        answer = await self.api.get("/broker/connections")
        states: set[str] = {each["status"] for each in answer.json()["connections"]}
        return states == {"connected"}

    async def _start_simulator(self) -> None:
        self.simulator = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edgerunner.cli", "sim", self.broker.name, "--json",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, **self._simulator_settings()},
        )  # fmt: skip
        assert self.simulator.stdout is not None
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                line = await self.simulator.stdout.readline()
            ports = json.loads(line)["simulators"]
        except BaseException:
            if self.simulator.returncode is None:
                self.simulator.kill()
            self.simulator = None
            raise
        self.control = httpx.AsyncClient(base_url=f"http://127.0.0.1:{ports['control']}", timeout=30, trust_env=False)
        self.proxy = FaultProxy(ports[self.broker.name])
        await self.proxy.start()

    def _simulator_settings(self) -> dict[str, str]:
        return {
            "EDGERUNNER_DATA_DIR": str(self.folder / "simulator"),
            "EDGERUNNER_SIM_CONTROL_PORT": "0",
            f"EDGERUNNER_SIM_{self.broker.name.upper()}_PORT": "0",
            "EDGERUNNER_SIM_IBKR_PORT": "0",
            "EDGERUNNER_SIM_MT5_TERMINAL_PORT": "0",
            "EDGERUNNER_SIM_SEED": str(self.seed),
        }


@dataclass
class InsideWorld(World):
    """The product runs in this process; it ends cleanly."""

    _stack: AsyncExitStack | None = None
    services: Services = field(init=False)

    async def start_product(self) -> None:
        """Run the product's own composition and its application without a server."""
        stack = AsyncExitStack()
        settings = Settings(
            api_key=SecretStr(API_KEY), data_dir=self.data_dir, sim_connect=False, sim_control_port=0, port=0
        )
        application = await stack.enter_async_context(build(settings))
        self.services = application.services
        app = create_app(application.services)
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {API_KEY}"}
        self.api = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers, timeout=60)
        )
        self._stack = stack

    async def end_product(self) -> None:
        """Stop it as a signal would."""
        if self._stack is not None:
            stack, self._stack = self._stack, None
            await stack.aclose()


@dataclass
class SmallDiskWorld(InsideWorld):
    """The product's data folder lies on a file system of a few megabytes."""

    async def open(self) -> None:
        """Mount the small disk first; raises ``CannotRun`` where that is not allowed."""
        self.data_dir.mkdir(parents=True)
        reason = await asyncio.to_thread(mount_small_disk, self.data_dir)
        if reason is not None:
            raise CannotRun(f"no small file system here: {reason}")
        await super().open()

    async def close(self) -> None:
        """End everything and unmount."""
        await super().close()
        await asyncio.to_thread(subprocess.run, ["umount", str(self.data_dir)], check=False, capture_output=True)


@dataclass
class ProcessWorld(World):
    """The product is a process of its own; it ends by SIGKILL."""

    process: "asyncio.subprocess.Process | None" = None

    async def start_product(self) -> None:
        """Run ``edgerunner serve``."""
        log = (self.folder / "product.log").open("ab")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edgerunner.cli", "serve", "--json",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log,
            env={**os.environ, **self._settings()},
        )  # fmt: skip
        log.close()
        assert self.process.stdout is not None
        async with asyncio.timeout(START_TIMEOUT_S):
            line = await self.process.stdout.readline()
        assert line, (self.folder / "product.log").read_text()[-2000:]
        url = json.loads(line)["url"]
        headers = {"Authorization": f"Bearer {API_KEY}"}
        limits = httpx.Limits(keepalive_expiry=1)  # before the server closes an idle connection under a request
        self.api = httpx.AsyncClient(base_url=url, headers=headers, timeout=30, limits=limits, trust_env=False)

    async def end_product(self) -> None:
        """Kill it, as a crash would."""
        if self.process is not None:
            if self.process.returncode is None:
                self.process.kill()
                await self.process.wait()
            await self.api.aclose()
            self.process = None

    def _settings(self) -> dict[str, str]:
        return {
            "EDGERUNNER_DATA_DIR": str(self.data_dir),
            "EDGERUNNER_PORT": "0",
            "EDGERUNNER_API_KEY": API_KEY,
            "EDGERUNNER_SIM_CONNECT": "false",
        }


def mount_small_disk(folder: Path, megabytes: int = 24) -> str | None:
    """Mount a small file system in memory; return why not, or None."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return None if done.returncode == 0 else done.stderr.strip() or "mount failed"


def draw_of(seed: int) -> random.Random:
    """Return the random source of one scenario."""
    return random.Random(seed)
