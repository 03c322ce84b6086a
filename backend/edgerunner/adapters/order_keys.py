"""The optional part of the adapter contract: brokers that may rewrite the text that carries our key.

Such an adapter recognises an order by a number that follows from the key (``identifiers.magic_number``). A number
cannot be turned back into a key, so after a restart the adapter is told the keys of the orders that are still open.
"""

from collections.abc import Iterable
from typing import Protocol, runtime_checkable


@runtime_checkable
class OrderKeys(Protocol):
    """A session that recognises orders by numbers made of their keys."""

    def remember_keys(self, client_order_ids: Iterable[str]) -> None:
        """Take note of keys that orders at the broker may carry; called before its records are read."""
        ...
