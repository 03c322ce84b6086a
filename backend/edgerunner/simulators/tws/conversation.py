"""What the simulated TWS answers to one client after startApi: requests are decoded here, their owners answer them."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.account.answers import AccountAnswers
from edgerunner.simulators.tws.answer import Answer
from edgerunner.simulators.tws.contracts.answers import ContractAnswers
from edgerunner.simulators.tws.gateway import Gateway
from edgerunner.simulators.tws.history.answers import HistoryAnswers
from edgerunner.simulators.tws.market.answers import MarketAnswers
from edgerunner.simulators.tws.orders.answers import OrderAnswers
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.session_answers import SessionAnswers
from edgerunner.simulators.tws.wire import orders
from edgerunner.simulators.tws.wire.codec import REQUESTS
from edgerunner.simulators.tws.wire.session import NO_REQUEST

_ORDER_REQUESTS: Final = (
    orders.PlaceOrder,
    orders.CancelOrder,
    orders.GlobalCancel,
    orders.RequestOpenOrders,
    orders.RequestAllOpenOrders,
    orders.RequestAutoOpenOrders,
    orders.RequestCompletedOrders,
)
"""What a read-only API refuses (a guess beyond placing and cancelling; ib_async skips the lists in that mode)."""


class Conversation:
    """Answers one client, request by request. It neither reads nor writes the socket itself."""

    def __init__(self, gateway: Gateway, session: Session) -> None:
        self._gateway = gateway
        self._session = session
        self._greeting = SessionAnswers(gateway, session)
        self._handlers: Mapping[type[Any], Callable[[Any], Answer]] = {
            **self._greeting.handlers(),
            **ContractAnswers(gateway.directory).handlers(),
            **HistoryAnswers(gateway.directory, gateway.prices).handlers(),
            **AccountAnswers(gateway, session).handlers(),
            **OrderAnswers(gateway, session).handlers(),
            **MarketAnswers(gateway, session).handlers(),
        }

    def greet(self) -> Answer:
        """Return what follows startApi."""
        return self._greeting.greet()

    def read(self, payload: bytes) -> object:
        """Return the request in a payload; raises ``MessageError``."""
        return REQUESTS.decode(payload, self._session.version)

    def answer(self, request: object) -> Answer:
        """Carry a request out and return the messages that answer it."""
        if self._gateway.is_read_only and isinstance(request, _ORDER_REQUESTS):
            return (codes.read_only(_id_of(request)),)
        handler = self._handlers.get(type(request))
        if handler is None:
            return (codes.not_served(type(request).__name__, _id_of(request)),)
        return handler(request)


def _id_of(request: object) -> int:
    found = getattr(request, "request_id", getattr(request, "order_id", NO_REQUEST))
    return int(found)
