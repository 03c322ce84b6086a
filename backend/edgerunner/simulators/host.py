"""The simulator process: venues, their wire servers, the control port, and the end of it all."""

import asyncio
import contextlib
import errno
import importlib
import json
import logging
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psutil

from edgerunner.simulators.catalogues import CATALOGUES
from edgerunner.simulators.control import BROKERS, ControlServer
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.venue import Mt5Venue
from edgerunner.simulators.simulated_broker import SimulatedBroker
from edgerunner.simulators.synthetic import with_synthetic
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_state import VenueSettings

LOOPBACK = "127.0.0.1"
STOP_S = 5.0
_PROTOCOLS = {"bybit": "bybit", "ibkr": "tws", "mt5": "mt5"}
"""The package that speaks each broker's protocol."""

logger = logging.getLogger(__name__)


class WireServer(Protocol):
    """A broker's wire protocol over a venue."""

    @property
    def port(self) -> int:
        """Port it listens on."""

    async def start(self) -> None:
        """Listen; raises ``OSError`` when the port is in use."""

    async def stop(self) -> None:
        """Drop all clients and stop listening."""

    async def restart(self) -> None:
        """Drop all clients and listen again on the same port."""


class WireServerFactory(Protocol):
    """Makes the wire server of a broker; each takes the kind of venue that its broker is."""

    def __call__(self, venue: Any, faults: FaultBox, *, host: str, port: int) -> WireServer:
        """Return a server that does not listen yet."""


class PortInUse(OSError):
    """A port that somebody else listens on."""


class FolderInUse(OSError):
    """Another simulator process works in the same folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorPorts:
    """Where the simulators listen."""

    control: int
    brokers: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """How to run the simulators.

    Attributes:
        data_dir: The ledgers lie in its folder ``sim``.
        ports: Port per broker to run, 0 = any free one.
        seed: None = as before, or 1.
        speed: Virtual seconds per wall second.
        symbols: How many synthetic instruments Bybit lists besides its own; those listed once stay in a folder.
        parent_pid: Process without which the simulators have no purpose; None = they run until stopped.
        orphan_grace_s: How long they wait for another parent once it is gone.
        on_ready: Told once when everything listens.
        factories: Wire server makers by broker.
    """

    data_dir: Path
    ports: Mapping[str, int] = field(default_factory=lambda: {"bybit": 8101})
    control_port: int = 8100
    seed: int | None = None
    speed: float = 1
    symbols: int = 0
    parent_pid: int | None = None
    orphan_grace_s: float = 120
    wall: Callable[[], int] = time.time_ns
    on_ready: Callable[[SimulatorPorts], None] = lambda _: None
    factories: Mapping[str, WireServerFactory] = field(default_factory=dict)


async def run_simulators(settings: SimulatorSettings) -> None:
    """Run the simulators until canceled, or until their parent has been gone for the grace time.

    Raises ``FolderInUse``, ``PortInUse``, and ``ValueError`` for a broker that has no simulator.
    """
    unknown = sorted(set(settings.ports) - set(BROKERS))
    if unknown or not settings.ports:
        raise ValueError(f"no simulator for {', '.join(unknown) or 'nothing'}; there are {', '.join(BROKERS)}")
    folder = settings.data_dir / "sim"
    folder.mkdir(parents=True, exist_ok=True)
    with _folder_lock(folder):
        await _SimulatorHost(settings, folder).run()


class ParentWatch:
    """Tells when a parent process has been gone for a while. Ids are compared with start times: ids are reused."""

    def __init__(self, pid: int | None, grace_s: float) -> None:
        self._grace_s = grace_s
        self._missing_since: float | None = None
        self._parent: psutil.Process | None = None
        self._is_watching = pid is not None
        if pid is not None:
            self.watch(pid)

    def watch(self, pid: int) -> bool:
        """Watch another process from now on; False (and no change) when it does not exist."""
        try:
            self._parent = psutil.Process(pid)
        except psutil.NoSuchProcess:
            return False
        self._is_watching, self._missing_since = True, None
        return True

    def is_orphaned(self, monotonic_s: float) -> bool:
        """Tell whether the parent has been gone for the grace time."""
        if not self._is_watching or (self._parent is not None and _is_alive(self._parent)):
            self._missing_since = None
            return False
        if self._missing_since is None:
            self._missing_since = monotonic_s
        return monotonic_s - self._missing_since >= self._grace_s


class _SimulatorHost:
    """The running process as the control port sees it."""

    def __init__(self, settings: SimulatorSettings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._watch = ParentWatch(settings.parent_pid, settings.orphan_grace_s)
        self._faults = FaultBox(settings.ports)
        self._venues: dict[str, SimulatedBroker] = {}
        self._servers: dict[str, WireServer] = {}
        self._ports: dict[str, int] = {}

    @property
    def ports(self) -> Mapping[str, int]:
        return self._ports

    async def restart(self, broker: str) -> None:
        await self._servers[broker].restart()

    def watch_parent(self, pid: int) -> bool:
        return self._watch.watch(pid)

    async def run(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            for broker in self._settings.ports:
                venue = self._venues[broker] = self._make_venue(broker)
                stack.callback(venue.close)
            await stack.enter_async_context(self._listening())
            async with asyncio.TaskGroup() as markets:
                tasks = [markets.create_task(venue.run()) for venue in self._venues.values()]
                await self._until_orphaned()
                for task in tasks:
                    task.cancel()

    @contextlib.asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            for broker, port in self._settings.ports.items():
                factory = self._settings.factories.get(broker) or _wire_server_factory(broker)
                server = factory(self._venues[broker], self._faults, host=LOOPBACK, port=port)
                stack.push_async_callback(_stop, server)
                await _start(server, broker, port)
                self._servers[broker], self._ports[broker] = server, server.port
            control = ControlServer(self._venues, self._faults, self, port=self._settings.control_port)
            stack.push_async_callback(_stop, control)
            await _start(control, "control", self._settings.control_port)
            stack.enter_context(_process_file(self._folder, {"control": control.port, **self._ports}))
            self._settings.on_ready(SimulatorPorts(control=control.port, brokers=dict(self._ports)))
            yield

    def _make_venue(self, broker: str) -> SimulatedBroker:
        settings = VenueSettings(
            ledger_path=self._folder / f"{broker}.sqlite",
            wall=self._settings.wall,
            seed=self._settings.seed,
            speed=self._settings.speed,
        )
        if broker not in CATALOGUES:
            return Mt5Venue(self._faults, settings)
        catalogue = CATALOGUES[broker]()
        if broker == "bybit":
            catalogue = with_synthetic(catalogue, _symbols(self._folder, self._settings.symbols))
        return Venue(catalogue, self._faults, settings)

    async def _until_orphaned(self) -> None:
        while not self._watch.is_orphaned(time.monotonic()):  # noqa: ASYNC110 - other processes set no event here
            await asyncio.sleep(1)


class _Server(Protocol):
    async def start(self) -> None: ...

    async def stop(self) -> None: ...


def _wire_server_factory(broker: str) -> WireServerFactory:
    module = importlib.import_module(f"edgerunner.simulators.{_PROTOCOLS[broker]}.server")
    factory: WireServerFactory = module.create_server
    return factory


async def _start(server: _Server, name: str, port: int) -> None:
    try:
        await server.start()
    except PortInUse:
        raise  # of a further port of its own
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        sentence = f"port {port} of the {name} simulator port is in use; stop what listens there or choose another"
        raise PortInUse(errno.EADDRINUSE, sentence) from error


async def _stop(server: _Server) -> None:
    try:
        async with asyncio.timeout(STOP_S):
            await server.stop()
    except TimeoutError:
        logger.warning("%s did not stop within %s s", type(server).__name__, STOP_S)


def _symbols(folder: Path, wanted: int) -> int:
    """Return how many synthetic symbols to list: the ledger may hold orders of any that was listed before."""
    file = folder / "symbols"
    known = int(file.read_text()) if file.exists() else 0
    if wanted > known:
        file.write_text(str(wanted))
    return max(wanted, known)


@contextlib.contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    """Hold an SQLite lock on a file of the folder: it works on every system and dies with the process."""
    lock = sqlite3.connect(folder / "lock", isolation_level=None, timeout=0)
    try:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise FolderInUse(
                f"another simulator process works in {folder}; stop it or choose another data folder"
            ) from error
        yield
    finally:
        lock.close()


@contextlib.contextmanager
def _process_file(folder: Path, ports: Mapping[str, int]) -> Iterator[None]:
    """Tell in ``process.json`` who runs here and where, as long as it does."""
    file = folder / "process.json"
    process = {"pid": os.getpid(), "create_time": psutil.Process().create_time(), **ports}
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(process))
    draft.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
