"""What the simulated TWS answers to requests about orders and executions."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.answer import Answer
from edgerunner.simulators.tws.gateway import Gateway
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.wire import executions, orders
from edgerunner.simulators.tws.wire.session import ErrorMessage

DEFAULT_CLIENT: Final = 0


class OrderAnswers:
    """Answers one client's requests about orders."""

    def __init__(self, gateway: Gateway, session: Session) -> None:
        self._gateway = gateway
        self._session = session

    def handlers(self) -> Mapping[type[Any], Callable[[Any], Answer]]:
        """Return the handler of every request that is answered here."""
        return {
            orders.RequestOpenOrders: lambda _: (orders.OpenOrderEnd(),),
            orders.RequestAllOpenOrders: lambda _: (orders.OpenOrderEnd(),),
            orders.RequestAutoOpenOrders: self._bind_orders,
            orders.RequestCompletedOrders: lambda _: (orders.CompletedOrdersEnd(),),
            orders.PlaceOrder: _refuse_order,
            orders.CancelOrder: _unknown_order,
            orders.GlobalCancel: lambda _: (),
            executions.RequestExecutions: _no_executions,
        }

    def _bind_orders(self, _: orders.RequestAutoOpenOrders) -> Answer:
        if self._session.client_id == DEFAULT_CLIENT:
            return ()
        return (codes.validation_error("Only the default client (i.e 0) can auto bind orders"),)


def _no_executions(request: executions.RequestExecutions) -> Answer:
    return (executions.ExecutionDetailsEnd(request_id=request.request_id),)


def _refuse_order(request: orders.PlaceOrder) -> Answer:
    text = "Order rejected - reason:This simulator takes no orders yet."
    return (ErrorMessage(request_id=request.order_id, code=codes.ORDER_REJECTED, text=text),)


def _unknown_order(request: orders.CancelOrder) -> Answer:
    text = f"OrderId {request.order_id} that needs to be cancelled is not found."
    return (ErrorMessage(request_id=request.order_id, code=codes.CANCEL_NOT_FOUND, text=text),)
