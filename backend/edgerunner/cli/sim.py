"""``edgerunner sim``: simulated brokers in this process."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from edgerunner.cli.output import CommandFailed, ExitCode, Output
from edgerunner.cli.starting import prepare_folder, run_loop
from edgerunner.cli.stopping import first_of, stop_requested
from edgerunner.settings import PREFIX, Settings

_WORDS: Final = {
    "bybit": "Simulated Bybit listens on http://127.0.0.1:{port} (key sim-key, secret sim-secret). ",
    "ibkr": "A simulated TWS listens on 127.0.0.1:{port} (account DU1000001, any client id). ",
    "mt5": "A bridge to a simulated MetaTrader 5 listens on http://127.0.0.1:{port} (token sim-token). ",
}
_REPLAY_TIMEOUT_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class SimRequest:
    """The options of the command; None = the setting.

    ``port`` is that of the one broker, or of Bybit where all are started.
    ``speed`` is that of the virtual clock, and with ``replay`` that of the recording.
    """

    which: str
    seed: int | None
    speed: float | None
    data_dir: Path | None
    port: int | None
    ibkr_port: int | None
    mt5_port: int | None
    mt5_terminal_port: int | None
    control_port: int | None
    symbols: int
    replay: Path | None
    symbol: str | None
    parent: int | None


def run_sim(output: Output, request: SimRequest) -> None:
    """Run simulated brokers until SIGINT or SIGTERM."""
    if (request.replay is None) != (request.symbol is None):
        raise CommandFailed(ExitCode.USAGE, "--replay and --symbol belong together: give both or none.")
    settings = prepare_folder(
        output,
        data_dir=request.data_dir,
        sim_seed=request.seed,
        sim_speed=request.speed if request.replay is None else None,
        sim_bybit_port=request.port if request.which in {"bybit", "all"} else None,
        sim_ibkr_port=request.port if request.which == "ibkr" else request.ibkr_port,
        sim_mt5_port=request.port if request.which == "mt5" else request.mt5_port,
        sim_mt5_terminal_port=request.mt5_terminal_port,
        sim_control_port=request.control_port,
    )
    run_loop(_sim(settings, output, request))


async def _sim(settings: Settings, output: Output, request: SimRequest) -> None:
    from edgerunner.cli.simulated_mt5 import bridged_terminal_factory
    from edgerunner.simulators.host import FolderInUse, PortInUse, SimulatorSettings, run_simulators
    from edgerunner.simulators.ledger_file import LedgerOutdated

    ready: asyncio.Future[dict[str, int]] = asyncio.get_running_loop().create_future()
    plan = SimulatorSettings(
        data_dir=settings.data_dir,
        ports=_ports(settings, request.which),
        control_port=settings.sim_control_port,
        seed=settings.sim_seed,
        speed=settings.sim_speed,
        symbols=request.symbols,
        parent_pid=request.parent,
        factories={
            "mt5": bridged_terminal_factory(settings.data_dir, terminal_port=settings.sim_mt5_terminal_port),
        },
        on_ready=lambda ports: ready.set_result({"control": ports.control, **ports.brokers}),
    )
    try:
        with stop_requested() as stop:
            await first_of(run_simulators(plan), _announce(output, request, ready, stop), stop.wait())
    except PortInUse as error:
        names = ("CONTROL_PORT", "BYBIT_PORT", "IBKR_PORT", "MT5_PORT", "MT5_TERMINAL_PORT")
        remedy = f"Set {', '.join(f'{PREFIX}SIM_{name}' for name in names)} (0 = any free port)."
        raise CommandFailed(ExitCode.UNREACHABLE, f"{error.strerror}. {remedy}") from error
    except (FolderInUse, LedgerOutdated) as error:
        raise CommandFailed(ExitCode.FAILED, str(error)) from error


async def _announce(
    output: Output, request: SimRequest, ready: "asyncio.Future[dict[str, int]]", stop: asyncio.Event
) -> None:
    ports = await ready
    if request.replay is not None:
        await _replay(ports["control"], request)
    simulators = {name: ports.get(name) for name in ("control", "bybit", "ibkr", "mt5")}
    output.event(event="ready", url=None, api_key_file=None, simulators=simulators)
    brokers = "".join(_WORDS[name].format(port=port) for name, port in ports.items() if name in _WORDS)
    output.say(f"{brokers}Their control is on http://127.0.0.1:{ports['control']}. Ctrl-C ends it.")
    await stop.wait()


def _ports(settings: Settings, which: str) -> dict[str, int]:
    every = {"bybit": settings.sim_bybit_port, "ibkr": settings.sim_ibkr_port, "mt5": settings.sim_mt5_port}
    return every if which == "all" else {which: every[which]}


async def _replay(control: int, request: SimRequest) -> None:
    """Start the recording as ``POST /sim/market`` does for everybody."""
    recording = {"file": str(request.replay), "speed": 1 if request.speed is None else request.speed}
    broker = "bybit" if request.which == "all" else request.which
    body = {"broker": broker, "symbol": request.symbol, "replay": recording}
    async with httpx.AsyncClient(trust_env=False, timeout=_REPLAY_TIMEOUT_S) as http:
        answer = await http.post(f"http://127.0.0.1:{control}/sim/market", json=body)
    if answer.is_error:
        raise CommandFailed(ExitCode.FAILED, f"{request.replay} cannot be replayed: {answer.json()['detail']}.")
