"""What the simulated TWS answers to requests for market data."""

from collections.abc import Callable, Mapping
from typing import Any

from edgerunner.simulators.tws.answer import Answer
from edgerunner.simulators.tws.gateway import Gateway
from edgerunner.simulators.tws.market.line_answers import LineAnswers
from edgerunner.simulators.tws.market.past_answers import PastAnswers
from edgerunner.simulators.tws.market.stream_answers import StreamAnswers
from edgerunner.simulators.tws.session import Session


class MarketAnswers:
    """Answers one client's requests for market data; what it subscribed to ends with its session."""

    def __init__(self, gateway: Gateway, session: Session) -> None:
        desk, directory = gateway.market, gateway.directory
        self._parts = (
            LineAnswers(desk, directory, session),
            StreamAnswers(desk, directory, session),
            PastAnswers(desk, directory, session),
        )
        desk.streams.open(session)
        session.on_end(lambda: desk.streams.close(session))

    def handlers(self) -> Mapping[type[Any], Callable[[Any], Answer]]:
        """Return the handler of every request that is answered here."""
        return {request: handler for part in self._parts for request, handler in part.handlers().items()}
