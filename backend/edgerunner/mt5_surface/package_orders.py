"""The three functions that the package has in Python: `Buy`, `Sell` and `Close`, on top of the functions in C."""

from collections.abc import Callable
from typing import Any, Final

from edgerunner.mt5_surface import constants

ATTEMPTS: Final = 10
DEVIATION: Final = 10
_AGAIN: Final = frozenset({constants.TRADE_RETCODE_REQUOTE, constants.TRADE_RETCODE_PRICE_OFF})
_CLOSING: Final = {
    constants.POSITION_TYPE_BUY: constants.ORDER_TYPE_SELL,
    constants.POSITION_TYPE_SELL: constants.ORDER_TYPE_BUY,
}


class PackageOrders:
    """Market orders at the current price, tried again on requotes; no filling mode is given, so that it is FOK."""

    def __init__(
        self,
        order_send: Callable[[dict[str, Any]], Any],
        symbol_info_tick: Callable[[str], Any],
        positions_get: Callable[..., Any],
    ) -> None:
        self._order_send = order_send
        self._symbol_info_tick = symbol_info_tick
        self._positions_get = positions_get

    def buy(self, symbol: Any, volume: Any, price: Any = None, *, comment: Any = None, ticket: Any = None) -> Any:
        """Buy at ``price`` (one attempt), else at the ask; None when a call failed.

        Like the original it raises ``AttributeError`` when there is no tick to take the price from.
        """
        order = _market_order(constants.ORDER_TYPE_BUY, symbol, volume, comment=comment, ticket=ticket)
        return self._send_at(order, price) if price is not None else self._send_at_market(order)

    def sell(self, symbol: Any, volume: Any, price: Any = None, *, comment: Any = None, ticket: Any = None) -> Any:
        """Sell at ``price`` (one attempt), else at the bid; otherwise as `buy`."""
        order = _market_order(constants.ORDER_TYPE_SELL, symbol, volume, comment=comment, ticket=ticket)
        return self._send_at(order, price) if price is not None else self._send_at_market(order)

    def raw(self, order_type: int, symbol: Any, volume: Any, *words: Any, **named: Any) -> Any:
        """Send one market order of a side: the package's `_RawOrder(type, symbol, volume, price, comment, ticket)`."""
        given = dict(zip(("price", "comment", "ticket"), words, strict=False)) | named
        order = _market_order(order_type, symbol, volume, comment=given.get("comment"), ticket=given.get("ticket"))
        return self._send_at(order, given["price"])

    def close(self, symbol: Any, *, comment: Any = None, ticket: Any = None) -> Any:
        """Close the position ``ticket``, or all of a symbol: True, "Partially", False, or None when a call failed.

        Like the original it raises ``TypeError`` when the positions cannot be listed.
        """
        chosen = {"symbol": symbol} if ticket is None else {"ticket": ticket}
        tried = done = 0
        for position in self._positions_get(**chosen):
            if position.type not in _CLOSING:
                continue
            tried += 1
            order = _market_order(
                _CLOSING[position.type], symbol, position.volume, comment=comment, ticket=position.ticket
            )
            if (result := self._send_at_market(order, may_lack_tick=True)) is None:
                return None
            done += result.retcode == constants.TRADE_RETCODE_DONE
        if not done:
            return False
        return True if done == tried else "Partially"

    def _send_at_market(self, order: dict[str, Any], *, may_lack_tick: bool = False) -> Any:
        side = "ask" if order["type"] == constants.ORDER_TYPE_BUY else "bid"
        result = None
        for _ in range(ATTEMPTS):
            tick = self._symbol_info_tick(order["symbol"])
            if tick is None and may_lack_tick:
                return None
            result = self._send_at(order, getattr(tick, side))
            if result is None or result.retcode not in _AGAIN:
                break
        return result

    def _send_at(self, order: dict[str, Any], price: Any) -> Any:
        return self._order_send({**order, "price": price})


def _market_order(order_type: int, symbol: Any, volume: Any, *, comment: Any, ticket: Any) -> dict[str, Any]:
    order = {
        "action": constants.TRADE_ACTION_DEAL,
        "symbol": symbol,
        "volume": volume,
        "type": order_type,
        "deviation": DEVIATION,
    }
    if comment is not None:
        order["comment"] = comment
    if ticket is not None:
        order["position"] = ticket
    return order
