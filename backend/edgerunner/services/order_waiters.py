"""Waiting for an order to move, without polling."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress

from edgerunner.domain.orders import Order
from edgerunner.storage.journal import Commit, Journal


class OrderWaiters:
    """Wakes callers when a committed change of their order satisfies them."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._waiting: dict[str, set[tuple[Callable[[Order], bool], asyncio.Future[Order]]]] = defaultdict(set)
        journal.add_listener(self._on_commit)

    async def wait(self, client_order_id: str, is_enough: Callable[[Order], bool], timeout_s: float) -> Order:
        """Return the order as soon as ``is_enough``, or as it stands after ``timeout_s``.

        Raises ``KeyError`` for an order the journal does not have.
        """
        order = await self._journal.order(client_order_id)
        if order is None:
            raise KeyError(client_order_id)
        if is_enough(order) or timeout_s <= 0:
            return order
        moved: asyncio.Future[Order] = asyncio.get_running_loop().create_future()
        entry = (is_enough, moved)
        self._waiting[client_order_id].add(entry)
        try:
            latest = await self._journal.order(client_order_id)
            if latest is not None and is_enough(latest):
                return latest
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    return await moved
        finally:
            self._waiting[client_order_id].discard(entry)
            if not self._waiting[client_order_id]:
                del self._waiting[client_order_id]
        return await self._journal.order(client_order_id) or order

    def _on_commit(self, commit: Commit) -> None:
        for order in commit.orders:
            for is_enough, future in self._waiting.get(order.client_order_id, ()):
                if not future.done() and is_enough(order):
                    future.set_result(order)
