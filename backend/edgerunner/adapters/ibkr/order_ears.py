"""The order news of a TWS as it arrives, before ib_async interprets it.

ib_async's ``Trade`` objects are no truth: an informational error code turns them into Cancelled, a reconnect empties
them. So the order path listens to the decoded messages themselves; ib_async still sees each of them first.
"""
# ruff: noqa: N802, N803, D102 - names and meanings are those of ib_async's Wrapper

from typing import Any, Protocol

from ib_async.contract import Contract
from ib_async.objects import CommissionReport, Execution
from ib_async.order import Order, OrderState

from edgerunner.adapters.ibkr.ears import Ears


class OrderListener(Protocol):
    """Who hears the order news; every method returns at once and raises nothing."""

    def open_order(self, contract: Contract, order: Order, state: OrderState) -> None:
        """Take an openOrder message (5) that answers no what-if."""

    def open_orders_end(self) -> None:
        """Take the end of the open orders (53)."""

    def completed_order(self, contract: Contract, order: Order, state: OrderState) -> None:
        """Take a completedOrder message (101)."""

    def completed_orders_end(self) -> None:
        """Take the end of the completed orders (102)."""

    def order_status(
        self, *, order_id: int, client_id: int, perm_id: int, status: str, filled: float, average: float, why_held: str
    ) -> None:
        """Take an orderStatus message (3)."""

    def execution(self, contract: Contract, execution: Execution) -> None:
        """Take an execDetails message (11), live or asked for."""

    def executions_end(self, request_id: int) -> None:
        """Take the end of asked executions (55)."""

    def commission(self, report: CommissionReport) -> None:
        """Take a commissionReport message (59)."""


class OrderEars(Ears):
    """Ears that hand order messages to ``listener``, once there is one."""

    listener: OrderListener | None = None

    def openOrder(self, orderId: int, contract: Contract, order: Order, orderState: OrderState) -> None:
        super().openOrder(orderId, contract, order, orderState)
        if self.listener is not None and not order.whatIf:
            self.listener.open_order(contract, order, orderState)

    def openOrderEnd(self) -> None:
        super().openOrderEnd()  # type: ignore[no-untyped-call]
        if self.listener is not None:
            self.listener.open_orders_end()

    def completedOrder(self, contract: Contract, order: Order, orderState: OrderState) -> None:
        if "completedOrders" in self._results:  # ib_async takes them only while somebody asks through it
            super().completedOrder(contract, order, orderState)
        if self.listener is not None:
            self.listener.completed_order(contract, order, orderState)

    def completedOrdersEnd(self) -> None:
        super().completedOrdersEnd()  # type: ignore[no-untyped-call]
        if self.listener is not None:
            self.listener.completed_orders_end()

    def orderStatus(self, *fields: Any) -> None:
        super().orderStatus(*fields)
        order_id, status, filled, _remaining, average, perm_id, _parent, _last, client_id, why_held = fields[:10]
        if self.listener is not None:
            self.listener.order_status(
                order_id=order_id,
                client_id=client_id,
                perm_id=perm_id,
                status=status,
                filled=filled,
                average=average,
                why_held=why_held,
            )

    def execDetails(self, reqId: int, contract: Contract, execution: Execution) -> None:
        super().execDetails(reqId, contract, execution)
        if self.listener is not None:
            self.listener.execution(contract, execution)

    def execDetailsEnd(self, reqId: int) -> None:
        super().execDetailsEnd(reqId)
        if self.listener is not None:
            self.listener.executions_end(reqId)

    def commissionReport(self, commissionReport: CommissionReport) -> None:
        super().commissionReport(commissionReport)
        if self.listener is not None:
            self.listener.commission(commissionReport)
