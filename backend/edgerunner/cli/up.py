"""``edgerunner up`` and ``edgerunner serve``: the API in this process, the simulators in their own."""

import asyncio
import socket
import time
from collections.abc import Mapping
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx
import structlog

from edgerunner.adapters.broker import Environment
from edgerunner.bootstrap import build
from edgerunner.cli.api_server import serving
from edgerunner.cli.listening import listen, url_of
from edgerunner.cli.output import CommandFailed, ExitCode, Output
from edgerunner.cli.replica import serve_replica
from edgerunner.cli.simulator_process import Simulators, ensure_simulators, stop_simulators
from edgerunner.cli.starting import prepare, run_loop, sole_owner, warn
from edgerunner.cli.stopping import stop_requested
from edgerunner.domain.errors import Conflict, EdgerunnerError, InvalidRequest
from edgerunner.domain.market import Timeframe
from edgerunner.main import create_app
from edgerunner.services.connection_service import ConnectionService, ConnectRequest
from edgerunner.services.strategies.service import StrategyService
from edgerunner.services.strategies.views import CreateRequest
from edgerunner.settings import PREFIX, Settings

SIMULATED_CONNECTIONS: Final[Mapping[str, str]] = {"bybit-sim": "bybit", "ibkr-sim": "ibkr", "mt5-sim": "mt5"}
"""Connection id -> broker."""

SAMPLE_STRATEGY: Final = CreateRequest(
    strategy_id="sample-sma",
    class_name="SmaCross",
    parameters={"fast": 10, "slow": 30, "quantity": 0.01},
    connection_id="bybit-sim",
    instrument_ids=("BTCUSDT-LINEAR.BYBIT",),
    timeframe=Timeframe.M1,
)
"""Offered by ``up``: an average cross on the simulated Bybit."""

_READY_POLL_S: Final = 0.05
_ASK_TIMEOUT_S: Final = 5
_PATIENCE_S: Final = 10
"""After this it is said what is being waited for."""

_log = structlog.get_logger(__name__)


def run_up(output: Output, *, host: str | None, port: int | None, data_dir: Path | None) -> None:
    """Run the API and the simulators until SIGINT or SIGTERM."""
    settings = prepare(output, host=host, port=port, data_dir=data_dir)
    if settings.owner_url is not None:
        raise CommandFailed(ExitCode.USAGE, f"{PREFIX}OWNER_URL makes a replica: `edgerunner serve` runs it.")
    warn(settings)
    run_loop(_up(settings, output))


def run_serve(output: Output, *, host: str | None, port: int | None, data_dir: Path | None) -> None:
    """Run the API alone until SIGINT or SIGTERM: the owner of the data folder, or a replica of that."""
    settings = prepare(output, host=host, port=port, data_dir=data_dir)
    warn(settings)
    owner_url = settings.owner_url
    run_loop(_serve(settings, output) if owner_url is None else serve_replica(settings, output, owner_url))


async def _up(settings: Settings, output: Output) -> None:
    with closing(listen(settings)) as listener, sole_owner(settings), stop_requested() as stop:
        simulators = await ensure_simulators(settings)
        try:
            here = settings.model_copy(update={"sim_control_port": simulators.control})
            await _run_api(here, output, listener, stop, simulators=simulators)
        finally:
            await stop_simulators(simulators)


async def _serve(settings: Settings, output: Output) -> None:
    with closing(listen(settings)) as listener, sole_owner(settings), stop_requested() as stop:
        await _run_api(settings, output, listener, stop, simulators=None)


async def _run_api(
    settings: Settings,
    output: Output,
    listener: socket.socket,
    stop: asyncio.Event,
    *,
    simulators: Simulators | None,
) -> None:
    try:
        async with build(settings) as application, serving(create_app(application.services), listener):
            if simulators is not None and settings.sim_connect:
                await _connect_simulators(settings, application.services.connections)
                await _offer_sample(settings, application.services.strategies)
            await _announce(settings, output, url_of(listener), stop, simulators=simulators)
            await stop.wait()
            output.say("Stopping...")
    except EdgerunnerError as error:
        raise CommandFailed(ExitCode.FAILED, error.detail) from error


async def _connect_simulators(settings: Settings, connections: ConnectionService) -> None:
    """Make the simulated connections once; who deletes one later does not get it back."""
    made = settings.data_dir / "sim" / "connected"
    known = _already_made(made)
    for connection_id, broker in SIMULATED_CONNECTIONS.items():
        if connection_id in known:
            continue
        request = ConnectRequest(broker=broker, environment=Environment.SIMULATED, connection_id=connection_id)
        try:
            await connections.connect(request)
        except Conflict:
            _log.info("simulated_connection_exists", connection_id=connection_id)
    made.write_text("\n".join(SIMULATED_CONNECTIONS), encoding="utf-8")


def _already_made(made: Path) -> set[str]:
    """Return the connections that earlier versions made; the first of them left an empty file."""
    if not made.exists():
        return set()
    return set(made.read_text(encoding="utf-8").split()) or {"bybit-sim"}


async def _offer_sample(settings: Settings, strategies: StrategyService) -> None:
    """Make one strategy to start with a click, once; it is not started."""
    made = settings.data_dir / "sim" / "sample"
    if made.exists():
        return
    try:
        await strategies.create(SAMPLE_STRATEGY)
    except (Conflict, InvalidRequest) as error:  # there is one already, or its connection was deleted
        _log.info("sample_not_made", strategy_id=SAMPLE_STRATEGY.strategy_id, reason=error.detail)
    except EdgerunnerError as error:
        _log.warning("sample_not_made", strategy_id=SAMPLE_STRATEGY.strategy_id, reason=error.detail)
        return
    made.touch(mode=0o600)


async def _announce(
    settings: Settings, output: Output, url: str, stop: asyncio.Event, *, simulators: Simulators | None
) -> None:
    """Say that everything is ready once it is.

    ``up`` waits for every connection. ``serve`` does not start the simulators that its connections may
    need, so it waits a moment only.
    """
    waiting = await _wait_ready(output, url, stop, is_patient=simulators is not None)
    if stop.is_set():
        return
    ports = simulators.ports() if simulators is not None else None
    output.event(event="ready", url=url, api_key_file=_key_file(settings), simulators=ports)
    output.say(_welcome(settings, url, simulators))
    if waiting:
        output.say(f"New orders are not taken yet: {waiting}")


async def _wait_ready(output: Output, url: str, stop: asyncio.Event, *, is_patient: bool) -> str:
    """Return what is still waited for when patience ends: nothing, unless it may end early."""
    deadline, said = time.monotonic() + _PATIENCE_S, ""
    async with httpx.AsyncClient(trust_env=False, timeout=_ASK_TIMEOUT_S) as http:
        while (waiting := await _missing(http, url)) and not stop.is_set():
            if time.monotonic() > deadline and waiting != said:
                _log.warning("not_ready", url=url, waiting_for=waiting)
                if not is_patient:
                    return waiting
                output.say(f"Not ready yet, {url} answers already: {waiting}")
                said = waiting
            await asyncio.sleep(_READY_POLL_S)
    return ""


async def _missing(http: httpx.AsyncClient, url: str) -> str:
    """Return what keeps the API from being ready, empty when it is."""
    try:
        answer = await http.get(f"{url}/readyz")
    except httpx.TimeoutException:
        return "the API has not answered GET /readyz yet"
    match answer.status_code:
        case HTTPStatus.OK:
            return ""
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return "; ".join(reason["detail"] for reason in answer.json()["reasons"])
        case status:
            raise CommandFailed(ExitCode.FAILED, f"GET /readyz ends with HTTP {status}: the log above tells why.")


def _key_file(settings: Settings) -> str | None:
    """Where the key is; None = it came from the environment."""
    return None if settings.api_key is not None else str(settings.api_key_file)


def _welcome(settings: Settings, url: str, simulators: Simulators | None) -> str:
    key = f"in {settings.api_key_file}" if settings.api_key is None else "the one of EDGERUNNER_API_KEY"
    place = f" --url {url}" if not url.endswith(":8000") else ""
    lines = [f"Edgerunner is ready at {url} (calls: {url}/docs).", f"API key: {key}."]
    if simulators is not None:
        lines.append(
            f"Simulated Bybit, TWS and MetaTrader 5 (no real money) on ports {simulators.bybit}, {simulators.ibkr} "
            f"and {simulators.mt5}, control on {simulators.control}."
        )
        lines.append("Try in another terminal:")
        lines.append(f"  edgerunner trade buy 0.01 BTCUSDT-LINEAR.BYBIT{place}")
        lines.append(f"  edgerunner watch BTCUSDT-LINEAR.BYBIT{place}")
        lines.append(f"  edgerunner trade buy 10 AAPL.IBKR --connection ibkr-sim{place}")
        lines.append(f"  edgerunner trade buy 0.1 EURUSD.MT5 --connection mt5-sim{place}")
        lines.append(f"A sample strategy can be started: POST {url}/strategies/{SAMPLE_STRATEGY.strategy_id}/start")
    lines.append("Ctrl-C ends it.")
    return "\n".join(lines)
