"""The way back to a REST caller: answer, silence, orderly close, or reset."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from aiohttp import web

from edgerunner.simulators.transports import reset_transport

SILENCE_S: Final = 60.0


class RestChannel:
    """Answers one HTTP request, at most once.

    Attributes:
        headers: Headers of the answer.
        status: HTTP status of the answer; other than 200 it goes out without a body.
    """

    def __init__(self, request: web.Request, closing: asyncio.Event) -> None:
        self._request = request
        self._closing = closing
        self._response: web.Response | None = None
        self.headers: Mapping[str, str] = {}
        self.status = 200

    @property
    def response(self) -> web.StreamResponse:
        """Return what the HTTP server is to finish: the answer, or an empty one for a dead connection."""
        return self._response or web.Response(status=500)

    async def send(self, payload: bytes) -> None:
        """Write the answer; a caller that has gone is no error."""
        self._response = web.Response(
            status=self.status,
            body=payload if self.status == 200 else b"",
            headers=self.headers,
            content_type="application/json",
        )
        with suppress(ConnectionError):
            await self._response.prepare(self._request)
            await self._response.write_eof()

    async def stay_silent(self) -> None:
        """Leave the connection open without an answer until the caller's or our time-out, then cut it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SILENCE_S):
                await self._closing.wait()
        self._abort()

    def close(self) -> None:
        """End the connection in an orderly way (FIN)."""
        if self._request.transport is not None:
            self._request.transport.close()

    def reset(self) -> None:
        """Cut the connection with a TCP reset."""
        reset_transport(self._request.transport)

    def _abort(self) -> None:
        if self._request.transport is not None:
            self._request.transport.abort()
