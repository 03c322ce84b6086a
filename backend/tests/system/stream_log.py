"""A stream client that notes everything and insists on gapless numbers."""

import asyncio
import json
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect

Json = dict[str, Any]


class StreamLog:
    """Reads channels of `/ws/broker`; ``deltas`` and ``snapshots`` hold what came, by channel."""

    def __init__(self, url: str, key: str, channels: tuple[str, ...]) -> None:
        self._url = url.replace("http", "ws", 1) + "/ws/broker"
        self._key = key
        self._channels = channels
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._seq: dict[str, int] = {}
        self.deltas: dict[str, list[Json]] = {channel: [] for channel in channels}
        self.snapshots: dict[str, list[Json]] = {channel: [] for channel in channels}
        self.holes: list[str] = []

    async def __aenter__(self) -> Self:
        self._socket = await connect(self._url, proxy=None)
        await self._send(op="authenticate", token=self._key)
        for channel in self._channels:
            await self._send(op="subscribe", channel=channel)
        self._reader = asyncio.create_task(self._read(self._socket))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Close the socket and end the reader."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader

    def statuses(self, client_order_id: str) -> list[str]:
        """Return the statuses of an order in the order in which the stream told them, repeats left out."""
        told: list[str] = []
        for data in self.deltas["orders"]:
            for order in data["orders"]:
                if order["client_order_id"] == client_order_id and told[-1:] != [order["status"]]:
                    told.append(order["status"])
        return told

    async def _send(self, **request: str) -> None:
        assert self._socket is not None
        await self._socket.send(json.dumps(request))

    async def _read(self, socket: ClientConnection) -> None:
        async for frame in socket:
            message: Json = json.loads(frame)
            if message["kind"] == "snapshot":
                self._seq[message["channel"]] = message["seq"]
                self.snapshots[message["channel"]].append(message["data"])
            elif message["kind"] == "delta":
                self._note_delta(message)

    def _note_delta(self, message: Json) -> None:
        channel, seq = message["channel"], message["seq"]
        if seq != self._seq[channel] + 1:
            self.holes.append(f"{channel}: {seq} after {self._seq[channel]}")
        self._seq[channel] = seq
        self.deltas[channel].append(message["data"])
