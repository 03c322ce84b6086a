"""Typed Python client of the HTTP API and of the stream.

    async with EdgerunnerClient("http://127.0.0.1:8000", api_key) as client:
        placed = await client.orders.trade("bybit-sim", "BTCUSDT-LINEAR.BYBIT", "buy", "0.01")

It speaks only the public API, in the words and number formats of its answers: prices, quantities and
money are decimal strings, times RFC 3339 strings.
"""

from edgerunner.client.api import EdgerunnerClient
from edgerunner.client.errors import ApiError, ApiUnreachable, ClientError, OutcomeUnknown, StreamRefused
from edgerunner.client.stream import LinkChange, Stream, StreamMessage, SubscriptionRefused

__all__ = [
    "ApiError",
    "ApiUnreachable",
    "ClientError",
    "EdgerunnerClient",
    "LinkChange",
    "OutcomeUnknown",
    "Stream",
    "StreamMessage",
    "StreamRefused",
    "SubscriptionRefused",
]
