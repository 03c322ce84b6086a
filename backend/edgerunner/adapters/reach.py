"""Connections to hosts that a caller named: what a name leads to is checked when it is dialled, each time anew."""

import asyncio
import socket
from typing import Any

from edgerunner.domain.addresses import objection_to


class AddressRefused(OSError):
    """A host leads to an address where no broker is; the message says which."""


async def permitted_address(host: str, port: int) -> str:
    """Return the first numeric address of a host; to dial that one leaves no moment to change what the name means.

    Raises ``AddressRefused`` when any of its addresses is refused, ``OSError`` when the name is not known.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(place[0]) for *_, place in found]
    for address in addresses:
        _require_permitted(address)
    return addresses[0]


def permitted_socket(info: tuple[Any, ...]) -> socket.socket:
    """Return a socket for one address that was looked up (aiohttp's ``socket_factory``).

    Raises ``AddressRefused``.
    """
    family, kind, protocol, _, place = info
    _require_permitted(str(place[0]))
    return socket.socket(family, kind, protocol)


def _require_permitted(address: str) -> None:
    objection = objection_to(address)
    if objection is not None:
        raise AddressRefused(f"{address} {objection}")
