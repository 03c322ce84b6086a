"""Broker sessions through the API."""

from collections.abc import Mapping
from typing import cast
from urllib.parse import quote

from edgerunner.client.transport import ApiTransport
from edgerunner.client.types import Connection


class ConnectionsApi:
    """Make, list and remove connections."""

    def __init__(self, transport: ApiTransport) -> None:
        self._transport = transport

    async def connect(
        self,
        broker: str,
        environment: str,
        *,
        execution: str | None = None,
        connection_id: str | None = None,
        credentials: Mapping[str, str] | None = None,
        options: Mapping[str, object] | None = None,
        timeout_s: float = 60,
    ) -> Connection:
        """Open a session and wait until it is reconciled with the broker's records (at most ``timeout_s``)."""
        body = {
            "broker": broker,
            "environment": environment,
            "execution": execution,
            "connection_id": connection_id,
            "credentials": dict(credentials) if credentials is not None else None,
            "options": dict(options) if options is not None else None,
        }
        answer = await self._transport.command("POST", "/broker/connect", body, timeout_s=timeout_s)
        return cast("Connection", answer)

    async def all(self) -> list[Connection]:
        """Return all connections."""
        return cast("list[Connection]", (await self._transport.get("/broker/connections"))["connections"])

    async def delete(self, connection_id: str) -> None:
        """Close a connection and forget its credentials; its history stays."""
        await self._transport.command("DELETE", f"/broker/connections/{quote(connection_id, safe='')}")
