"""What becomes of a strategy's open orders when it stops or faults."""

from edgerunner.domain.errors import EdgerunnerError
from edgerunner.services.strategies.book import StrategyBook
from edgerunner.services.strategies.desk import Orders
from edgerunner.storage.strategy_store import StoredStrategy


async def settle_orders(stored: StoredStrategy, book: StrategyBook, orders: Orders) -> list[tuple[str, str]]:
    """Cancel what is open unless it is to be kept; return (what was not canceled and why, connection).

    Exits attached to an entry guard a position that stays, and so they stay with it.
    """
    if stored.on_stop == "keep":
        return []
    left: list[tuple[str, str]] = []
    for order in [order for order in book.open_orders() if order.parent_id is None]:
        try:
            await orders.cancel(order.client_order_id, actor=f"strategy:{stored.strategy_id}", wait_ms=0)
        except EdgerunnerError as error:
            text = f"Order {order.client_order_id} of {stored.strategy_id} was not canceled: {error.detail}"
            left.append((text, order.connection_id))
    return left
