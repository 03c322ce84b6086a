"""Is this address really our simulator? Only its own health answer is believed."""

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from edgerunner.domain.errors import BrokerUnreachable, InvalidRequest

_TIMEOUT_S = 5.0


async def require_simulator(control_url: str, broker: str, addresses: Iterable[str]) -> None:
    """Check that every address is a loopback port which the simulators report as their own.

    Raises ``InvalidRequest`` for an address that is not theirs and ``BrokerUnreachable`` when
    the simulators' control port does not answer.
    """
    listening = (await _health(control_url)).get("listening")
    port = listening.get(broker) if isinstance(listening, dict) else None
    for address in addresses:
        parts = urlsplit(address)
        if not _is_loopback(parts.hostname) or parts.port != port:
            raise InvalidRequest.of(
                "environment",
                "not_simulated",
                f"{address} is not the {broker} simulator that {control_url} reports; "
                "start it with `edgerunner sim`, or name the environment that the address really is",
            )


async def simulator_port(control_url: str, broker: str) -> int:
    """Return the port on which the simulator of a broker listens; raises ``BrokerUnreachable``."""
    listening = (await _health(control_url)).get("listening")
    port = listening.get(broker) if isinstance(listening, dict) else None
    if not isinstance(port, int):
        raise BrokerUnreachable(f"no {broker} simulator runs behind {control_url}; start it with `edgerunner sim`")
    return port


async def _health(control_url: str) -> dict[str, object]:
    parts = urlsplit(control_url)
    is_plain = parts.scheme == "http" and parts.username is None and not (parts.path.strip("/") or parts.query)
    if not (is_plain and _is_loopback(parts.hostname)):
        raise InvalidRequest.of("options.control_url", "invalid", "must be an address on this machine")
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as client:
            answer = await client.get(f"{control_url}/sim/health")
            answer.raise_for_status()
            health = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise BrokerUnreachable(
            f"no simulators answer at {control_url}; start them with `edgerunner up` or `edgerunner sim all`"
        ) from error
    return health if isinstance(health, dict) else {}


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return host is not None and ip_address(host).is_loopback
    except ValueError:
        return False
