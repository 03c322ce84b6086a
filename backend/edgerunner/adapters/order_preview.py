"""The optional part of the adapter contract: what an order would cost, asked of the broker without placing it."""

from typing import Protocol, runtime_checkable

from edgerunner.domain.order_preview import OrderEstimate
from edgerunner.domain.orders import OrderTerms


@runtime_checkable
class OrderPreviews(Protocol):
    """A session whose broker estimates orders."""

    async def preview_order(self, account_id: str, terms: OrderTerms) -> OrderEstimate:
        """Return the estimate; nothing is placed.

        Raises ``BrokerRejected`` when the broker would refuse the order, ``Unsupported``, or another ``BrokerError``.
        """
        ...
