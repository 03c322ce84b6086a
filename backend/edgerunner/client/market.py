"""Instruments and market data through the API."""

from typing import cast

from edgerunner.client.market_types import Bar, Depth, Funding, Instrument, Ticker
from edgerunner.client.transport import ApiTransport


class MarketApi:
    """Read instruments, bars, quotes, books and funding of one connection's market.

    The same instrument id on two connections is two instruments.
    """

    def __init__(self, transport: ApiTransport) -> None:
        self._transport = transport

    async def instruments(
        self, connection_id: str, *, query: str | None = None, instrument_id: str | None = None
    ) -> list[Instrument]:
        """Return instruments by part of their name, or the one with an id."""
        answer = await self._transport.get(
            "/instruments", connection_id=connection_id, query=query, instrument_id=instrument_id
        )
        return cast("list[Instrument]", answer["instruments"])

    async def bars(
        self,
        connection_id: str,
        instrument_id: str,
        timeframe: str,
        *,
        start: str | None = None,
        end: str | None = None,
        limit: int | None = None,
    ) -> list[Bar]:
        """Return bars, oldest first; ``start`` and ``end`` are RFC 3339 times."""
        answer = await self._transport.get(
            "/market/ohlc",
            connection_id=connection_id,
            instrument_id=instrument_id,
            timeframe=timeframe,
            start=start,
            end=end,
            limit=limit,
        )
        return cast("list[Bar]", answer["bars"])

    async def ticker(self, connection_id: str, instrument_id: str) -> Ticker:
        """Return the newest quote, last, mark and index price."""
        answer = await self._transport.get("/market/ticker", connection_id=connection_id, instrument_id=instrument_id)
        return cast("Ticker", answer)

    async def depth(self, connection_id: str, instrument_id: str, *, limit: int | None = None) -> Depth:
        """Return the best levels of both sides."""
        answer = await self._transport.get(
            "/market/depth", connection_id=connection_id, instrument_id=instrument_id, limit=limit
        )
        return cast("Depth", answer)

    async def funding(self, connection_id: str, instrument_id: str, *, limit: int | None = None) -> Funding:
        """Return past funding rates and the next one."""
        answer = await self._transport.get(
            "/market/funding", connection_id=connection_id, instrument_id=instrument_id, limit=limit
        )
        return cast("Funding", answer)
