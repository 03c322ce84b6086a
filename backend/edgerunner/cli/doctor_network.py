"""The doctor's checks of ports, the simulators, and the brokers of the stored connections."""

import socket
from urllib.parse import urlsplit

import httpx

from edgerunner.cli.api_access import api_url
from edgerunner.cli.doctor_checks import Finding, note, ok, trouble
from edgerunner.cli.listening import listen
from edgerunner.cli.output import CommandFailed
from edgerunner.cli.simulator_process import find_simulators
from edgerunner.client import ClientError, EdgerunnerClient
from edgerunner.client.types import Connection
from edgerunner.settings import PREFIX, DataFolderError, Settings, read_api_key

_ASK_TIMEOUT_S = 3


async def check_port(settings: Settings) -> Finding:
    """Check that the API's port is free, or that it is Edgerunner which holds it."""
    url = api_url(settings)
    if settings.port != 0 and await _is_edgerunner(url):
        return ok("API port", f"{url} answers")
    try:
        listen(settings).close()
    except CommandFailed as error:
        return trouble("API port", error.sentence)
    return ok("API port", f"{settings.port} is free" if settings.port else "any free port")


async def check_simulators(settings: Settings) -> list[Finding]:
    """Check the running simulators, or that their ports are free."""
    found = await find_simulators(settings.data_dir)
    if found is not None:
        where = f"control http://127.0.0.1:{found.control}, bybit {found.bybit}, ibkr {found.ibkr}, mt5 {found.mt5}"
        return [ok("simulators", f"process {found.pid}, {where}")]
    ports = {
        "SIM_CONTROL_PORT": settings.sim_control_port,
        "SIM_BYBIT_PORT": settings.sim_bybit_port,
        "SIM_IBKR_PORT": settings.sim_ibkr_port,
        "SIM_MT5_PORT": settings.sim_mt5_port,
        "SIM_MT5_TERMINAL_PORT": settings.sim_mt5_terminal_port,
    }
    taken = [
        trouble("simulators", f"port {port} is in use: stop the other program, or set {PREFIX}{name} to another port.")
        for name, port in ports.items()
        if port and not _is_free(port)
    ]
    return taken or [ok("simulators", "not running, their ports are free")]


async def check_brokers(settings: Settings) -> list[Finding]:
    """Check each connection of the running API; without one there is nobody to ask."""
    if not await _is_edgerunner(api_url(settings)):
        return [note("brokers", "not asked: the API is not running. Start `edgerunner up` and run the doctor again.")]
    try:
        async with EdgerunnerClient(api_url(settings), read_api_key(settings).get_secret_value()) as client:
            connections = await client.connections.all()
    except (ClientError, DataFolderError) as error:
        return [trouble("brokers", str(error))]
    return [_judge(connection) for connection in connections] or [note("brokers", "no connections")]


def _judge(connection: Connection) -> Finding:
    name = f"{connection['connection_id']} ({connection['broker']}, {connection['environment'].upper()})"
    status, error = connection["status"], connection["last_error"]
    if status == "connected":
        return ok("brokers", f"{name}: connected")
    if status in {"connecting", "reconciling"} and error is None:
        return note("brokers", f"{name}: {status}")
    reason = f": {error['detail']}" if error else ""
    return trouble("brokers", f"{name}: {status}{reason}")


async def _is_edgerunner(url: str) -> bool:
    if not urlsplit(url).port:
        return False
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=_ASK_TIMEOUT_S) as http:
            response = await http.get(f"{url}/healthz")
            return bool(response.is_success and response.json().get("status") == "ok")
    except (httpx.HTTPError, ValueError, AttributeError):
        return False


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
