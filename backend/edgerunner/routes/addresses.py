"""Where a request comes from: the peer's address, or what a trusted proxy says. Pure."""

from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from edgerunner.services.identity.directory import Network, is_within

ADDRESS: Final = "edgerunner.address"
"""Where the guard leaves the address in the scope of a request."""

UNKNOWN: Final = "unknown"


def address_of(scope: Scope, trusted_proxies: tuple[Network, ...]) -> str:
    """Return the address of the caller.

    ``X-Forwarded-For`` is believed from a trusted proxy alone, and of its entries the last one that no
    trusted proxy added: everything before it was written by the caller.
    """
    client = scope.get("client")
    address = UNKNOWN if client is None else str(client[0])
    if not trusted_proxies:
        return address
    told = [word.strip() for line in Headers(scope=scope).getlist("x-forwarded-for") for word in line.split(",")]
    while told and is_within(address, trusted_proxies):
        address = told.pop()
    return address
