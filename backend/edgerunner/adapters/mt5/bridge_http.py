"""One HTTP exchange with the bridge."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec

from edgerunner.adapters.reach import AddressRefused, permitted_socket
from edgerunner.domain.errors import BrokerTimeout, NotConnected


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a bridge is and what opens it.

    Attributes:
        login, server: The account that its terminal must be logged in to; None = any.
        client: What the lease's holder is called.
    """

    url: str
    token: str = field(repr=False)
    client: str
    login: int | None
    server: str | None


class NotSent(NotConnected):
    """The bridge was not reached at all: nothing was sent."""


class NoAnswer(NotConnected):
    """The exchange broke off; the bridge may have read the request."""


class BridgeHttp:
    """Keeps the connections to one bridge; ``open`` and ``close`` bound their life."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """Return the open session; raises ``NotSent`` while closed."""
        if self._session is None:
            raise NotSent("the connection to the bridge is closed")
        return self._session

    def open(self) -> None:
        """Be ready for exchanges; repeatable."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"Authorization": f"Bearer {self.address.token}"},
                connector=aiohttp.TCPConnector(limit=16, socket_factory=permitted_socket),
                trust_env=False,
            )

    async def close(self) -> None:
        """Close every connection. Idempotent."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def exchange(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        timeout_s: float,
        headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Return status and decoded body (None when it is no JSON).

        Raises ``NotSent`` (no connection could be made), ``NoAnswer`` (broken off), ``BrokerTimeout``.
        """
        url = self.address.url + path
        try:
            async with asyncio.timeout(timeout_s):
                async with self.session.request(
                    method, url, json=body, headers=headers, params=parameters, allow_redirects=False
                ) as answer:
                    return answer.status, decoded(await answer.read())
        except TimeoutError as error:
            raise BrokerTimeout(f"the bridge did not answer within {timeout_s:g} s") from error
        except AddressRefused as error:
            raise NotSent(f"the bridge at {self.address.url} is not dialled: {error}") from error
        except aiohttp.ClientConnectorError as error:
            raise NotSent(f"the bridge at {self.address.url} is not reached: {error.strerror or error}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise NoAnswer(f"the bridge broke off: {str(error) or type(error).__name__}") from error


def decoded(raw: bytes) -> Any:
    """Return an answer's JSON, None when it is none."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
