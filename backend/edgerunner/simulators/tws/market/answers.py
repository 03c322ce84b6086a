"""What the simulated TWS answers to requests for market data."""

from collections.abc import Callable, Mapping
from typing import Any

from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.answer import Answer
from edgerunner.simulators.tws.gateway import Gateway
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.wire import market_requests
from edgerunner.simulators.tws.wire.session import ErrorMessage


class MarketAnswers:
    """Answers one client's requests for market data."""

    def __init__(self, gateway: Gateway, session: Session) -> None:
        self._gateway = gateway
        self._session = session

    def handlers(self) -> Mapping[type[Any], Callable[[Any], Answer]]:
        """Return the handler of every request that is answered here."""
        return {
            market_requests.RequestMarketDataType: lambda _: (),
            market_requests.CancelHeadTimestamp: lambda _: (),
            market_requests.CancelHistogram: lambda _: (),
            market_requests.CancelMarketData: _unknown_ticker,
            market_requests.CancelHistoricalData: _unknown_history,
        }


def _unknown_ticker(request: market_requests.CancelMarketData) -> Answer:
    text = f"Can't find EId with tickerId:{request.request_id}"
    return (ErrorMessage(request_id=request.request_id, code=codes.UNKNOWN_TICKER, text=text),)


def _unknown_history(request: market_requests.CancelHistoricalData) -> Answer:
    text = f"No historical data query found for ticker id:{request.request_id}"
    return (ErrorMessage(request_id=request.request_id, code=codes.NO_HISTORY_QUERY, text=text),)
