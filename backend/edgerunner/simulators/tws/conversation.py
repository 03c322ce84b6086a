"""What the simulated TWS answers to one client after startApi.

Nobody can trade here yet, so there are no orders, executions and positions: their lists end at once with their markers.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.answer import Answer
from edgerunner.simulators.tws.contracts.answers import ContractAnswers
from edgerunner.simulators.tws.gateway import Gateway
from edgerunner.simulators.tws.history.answers import HistoryAnswers
from edgerunner.simulators.tws.wire import account, executions, market_requests, orders, session
from edgerunner.simulators.tws.wire.codec import REQUESTS
from edgerunner.simulators.tws.wire.errors import MessageError, UnknownMessage
from edgerunner.simulators.tws.wire.session import NO_REQUEST, ErrorMessage

DEFAULT_CLIENT: Final = 0
_Request = TypeVar("_Request")

_SILENT: Final[frozenset[type[Any]]] = frozenset(
    {
        session.SetServerLogLevel,
        session.RequestNewsBulletins,
        session.CancelNewsBulletins,
        account.CancelPositions,
        account.CancelPositionsMulti,
        account.CancelAccountUpdatesMulti,
        account.CancelAccountSummary,
        account.CancelPnl,
        account.CancelPnlSingle,
        market_requests.RequestMarketDataType,
        market_requests.CancelHeadTimestamp,
        market_requests.CancelHistogram,
    }
)
"""Requests without an answer: there are no bulletins, and nothing of what the others end."""

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
    """Answers one client, request by request. Pure: it neither reads nor writes the socket."""

    def __init__(self, gateway: Gateway, client_id: int, version: int) -> None:
        self._gateway = gateway
        self._client_id = client_id
        self._version = version
        self._handlers: Mapping[type[Any], Callable[[Any], Answer]] = {
            session.StartApi: self._start_again,
            session.RequestIds: lambda _: (self._next_valid_id(),),
            session.RequestManagedAccounts: lambda _: (self._managed_accounts(),),
            session.RequestCurrentTime: lambda _: (session.CurrentTime(time_s=gateway.time_s()),),
            session.RequestUserInfo: _user_info,
            account.RequestPositions: lambda _: (account.PositionEnd(),),
            account.RequestPositionsMulti: self._for_account(_no_positions),
            account.RequestAccountUpdates: self._account_updates,
            account.RequestAccountUpdatesMulti: self._for_account(_no_values),
            orders.RequestOpenOrders: lambda _: (orders.OpenOrderEnd(),),
            orders.RequestAllOpenOrders: lambda _: (orders.OpenOrderEnd(),),
            orders.RequestAutoOpenOrders: self._bind_orders,
            orders.RequestCompletedOrders: lambda _: (orders.CompletedOrdersEnd(),),
            orders.PlaceOrder: _refuse_order,
            orders.CancelOrder: _unknown_order,
            orders.GlobalCancel: lambda _: (),
            executions.RequestExecutions: _no_executions,
            market_requests.CancelMarketData: _unknown_ticker,
            market_requests.CancelHistoricalData: _unknown_history,
            **ContractAnswers(gateway.directory).handlers(),
            **HistoryAnswers(gateway.directory, gateway.prices).handlers(),
        }

    def greet(self) -> Answer:
        """Return what follows startApi: accounts, the next order id, the state of the farms."""
        farms = codes.farm_notices(*self._gateway.settings.farms)
        return (self._managed_accounts(), self._next_valid_id(), *farms)

    def answer(self, payload: bytes) -> Answer:
        """Return the messages that answer a request; one that cannot be read is answered with its error."""
        try:
            request = REQUESTS.decode(payload, self._version)
        except UnknownMessage as error:
            return (codes.unknown_message(error.message_id, error.request_id),)
        except MessageError as error:
            return (codes.read_error(str(error), error.request_id),)
        if self._gateway.is_read_only and isinstance(request, _ORDER_REQUESTS):
            return (codes.read_only(_id_of(request)),)
        if type(request) in _SILENT:
            return ()
        handler = self._handlers.get(type(request))
        if handler is None:
            return (codes.not_served(type(request).__name__, _id_of(request)),)
        return handler(request)

    def _managed_accounts(self) -> session.ManagedAccounts:
        return session.ManagedAccounts(accounts=",".join(self._gateway.settings.accounts))

    def _next_valid_id(self) -> session.NextValidId:
        return session.NextValidId(order_id=self._gateway.next_order_id(self._client_id))

    def _start_again(self, _: session.StartApi) -> Answer:
        return (codes.read_error("the API has been started already"),)

    def _bind_orders(self, _: orders.RequestAutoOpenOrders) -> Answer:
        if self._client_id == DEFAULT_CLIENT:
            return ()
        return (codes.validation_error("Only the default client (i.e 0) can auto bind orders"),)

    def _account_updates(self, request: account.RequestAccountUpdates) -> Answer:
        if not self._gateway.knows_account(request.account):
            return (self._unknown_account(request.account, NO_REQUEST),)
        if not request.subscribes:
            return ()
        name = request.account or self._gateway.settings.accounts[0]
        updated = account.AccountUpdateTime(time=f"{self._gateway.local_time():%H:%M}")
        return (updated, account.AccountDownloadEnd(account=name))

    def _for_account(self, handler: Callable[[_Request], Answer]) -> Callable[[Any], Answer]:
        def checked(request: Any) -> Answer:
            if not self._gateway.knows_account(request.account):
                return (self._unknown_account(request.account, request.request_id),)
            return handler(request)

        return checked

    def _unknown_account(self, name: str, request_id: int) -> ErrorMessage:
        return codes.validation_error(f"Invalid account code '{name}'.", request_id)


def _id_of(request: object) -> int:
    found = getattr(request, "request_id", getattr(request, "order_id", NO_REQUEST))
    return int(found)


def _user_info(request: session.RequestUserInfo) -> Answer:
    return (session.UserInfo(request_id=request.request_id, white_branding_id=""),)


def _no_positions(request: account.RequestPositionsMulti) -> Answer:
    return (account.PositionMultiEnd(request_id=request.request_id),)


def _no_values(request: account.RequestAccountUpdatesMulti) -> Answer:
    return (account.AccountUpdateMultiEnd(request_id=request.request_id),)


def _no_executions(request: executions.RequestExecutions) -> Answer:
    return (executions.ExecutionDetailsEnd(request_id=request.request_id),)


def _refuse_order(request: orders.PlaceOrder) -> Answer:
    text = "Order rejected - reason:This simulator takes no orders yet."
    return (ErrorMessage(request_id=request.order_id, code=codes.ORDER_REJECTED, text=text),)


def _unknown_order(request: orders.CancelOrder) -> Answer:
    text = f"OrderId {request.order_id} that needs to be cancelled is not found."
    return (ErrorMessage(request_id=request.order_id, code=codes.CANCEL_NOT_FOUND, text=text),)


def _unknown_ticker(request: market_requests.CancelMarketData) -> Answer:
    text = f"Can't find EId with tickerId:{request.request_id}"
    return (ErrorMessage(request_id=request.request_id, code=codes.UNKNOWN_TICKER, text=text),)


def _unknown_history(request: market_requests.CancelHistoricalData) -> Answer:
    text = f"No historical data query found for ticker id:{request.request_id}"
    return (ErrorMessage(request_id=request.request_id, code=codes.NO_HISTORY_QUERY, text=text),)
