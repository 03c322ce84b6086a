"""Whose order is this? Keys by their magic number, which survives where the server rewrites comments."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from edgerunner.domain.identifiers import CLIENT_ORDER_ID, magic_number
from edgerunner.mt5_surface import constants as mt5
from edgerunner.mt5_surface.structs import TradeOrder

REMEMBERED: Final = 100_000
"""Most keys kept; the oldest are forgotten, and then known by their comments alone."""


class OwnKeys:
    """Keys that we have sent or that are being looked for."""

    def __init__(self) -> None:
        self._by_magic: OrderedDict[int, str] = OrderedDict()
        self._sent: OrderedDict[str, None] = OrderedDict()

    def remember(self, keys: Iterable[str]) -> None:
        """Take note of keys that orders at the broker may carry."""
        for key in keys:
            self._by_magic[magic_number(key)] = key
            self._by_magic.move_to_end(magic_number(key))
        while len(self._by_magic) > REMEMBERED:
            self._by_magic.popitem(last=False)

    def claim(self, key: str) -> bool:
        """Take a key for a placement; False when it was taken before: MT5 itself would make a second order."""
        if key in self._sent:
            return False
        self._sent[key] = None
        if len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)
        self.remember([key])
        return True

    def release(self, key: str) -> None:
        """Give a key back whose placement was provably not sent."""
        self._sent.pop(key, None)

    def key_of_order(self, order: TradeOrder) -> str | None:
        """Return the key of an order that we sent, or None for a foreign one.

        The trades that the broker makes of a position (stop loss, take profit, stop-out...) carry the magic of the
        order that opened it, and are not that order.
        """
        return None if order.reason > mt5.ORDER_REASON_EXPERT else self.key_of(magic=order.magic, comment=order.comment)

    def key_of(self, *, magic: int, comment: str) -> str | None:
        """Return the key of whoever made an order or position, or None for a stranger.

        The magic decides: a comment is believed only where it fits the magic, since anybody can write anything there.
        """
        known = self._by_magic.get(magic)
        if known is not None:
            return known
        if CLIENT_ORDER_ID.fullmatch(comment) and magic_number(comment) == magic:
            return comment
        return None
