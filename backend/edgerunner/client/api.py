"""The client: one object for the HTTP calls and the stream."""

from types import TracebackType
from typing import Self

import httpx

from edgerunner.client.accounts import AccountsApi
from edgerunner.client.backtests import BacktestsApi
from edgerunner.client.connections import ConnectionsApi
from edgerunner.client.datasets import DatasetsApi
from edgerunner.client.experts import ExpertsApi
from edgerunner.client.identity import IdentityApi
from edgerunner.client.market import MarketApi
from edgerunner.client.orders import OrdersApi
from edgerunner.client.risk import RiskApi
from edgerunner.client.signals import SignalsApi
from edgerunner.client.strategies import StrategiesApi
from edgerunner.client.stream import Stream
from edgerunner.client.transport import ApiTransport


class EdgerunnerClient:
    """The API at ``url`` as typed calls; use it as ``async with``.

    ``timeout_s`` bounds connecting and each answer. Every call raises ``ClientError``: see
    ``edgerunner.client.errors``.
    """

    def __init__(
        self, url: str, api_key: str, *, timeout_s: float = 10, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._url = url.rstrip("/")
        self._api_key = api_key
        self._transport = ApiTransport(self._url, api_key, timeout_s=timeout_s, transport=transport)
        self.connections = ConnectionsApi(self._transport)
        self.orders = OrdersApi(self._transport)
        self.signals = SignalsApi(self._transport)
        self.backtests = BacktestsApi(self._transport)
        self.accounts = AccountsApi(self._transport)
        self.risk = RiskApi(self._transport)
        self.market = MarketApi(self._transport)
        self.strategies = StrategiesApi(self._transport)
        self.datasets = DatasetsApi(self._transport)
        self.experts = ExpertsApi(self._transport)
        self.identity = IdentityApi(self._transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._transport.close()

    def stream(self) -> Stream:
        """Return a stream that is not connected yet."""
        return Stream(self._url, self._api_key)
