"""Filling and lifetime of an order, by what its symbol takes. Pure.

``filling_mode`` of a symbol is a mask (1 FOK, 2 IOC, 0 = RETURN alone), ``type_filling`` of a request another counting
(0 FOK, 1 IOC, 2 RETURN). In market execution RETURN is refused for market orders; pending orders take RETURN.
"""

from typing import Final

from edgerunner.domain.errors import Unsupported
from edgerunner.domain.orders import TimeInForce
from edgerunner.mt5_surface import constants, masks
from edgerunner.mt5_surface.structs import SymbolInfo

_LIFETIMES: Final = {
    TimeInForce.GTC: (constants.ORDER_TIME_GTC, masks.SYMBOL_EXPIRATION_GTC),
    TimeInForce.DAY: (constants.ORDER_TIME_DAY, masks.SYMBOL_EXPIRATION_DAY),
    TimeInForce.GTD: (constants.ORDER_TIME_SPECIFIED, masks.SYMBOL_EXPIRATION_SPECIFIED),
}
_TIMES: Final = {
    constants.ORDER_TIME_GTC: TimeInForce.GTC,
    constants.ORDER_TIME_DAY: TimeInForce.DAY,
    constants.ORDER_TIME_SPECIFIED: TimeInForce.GTD,
    constants.ORDER_TIME_SPECIFIED_DAY: TimeInForce.GTD,
}
PENDING_FILLING: Final = constants.ORDER_FILLING_RETURN


def market_filling(info: SymbolInfo, wanted: TimeInForce) -> int:
    """Return ``type_filling`` of a market order.

    ``ioc``, which market orders have by default, takes FOK where the symbol knows no IOC: then all of it is filled or
    nothing. ``fok`` is never weakened: raises ``Unsupported``.
    """
    has_fok = bool(info.filling_mode & masks.SYMBOL_FILLING_FOK)
    if wanted is TimeInForce.FOK:
        if not has_fok:
            raise Unsupported(f"{info.name} does not take fill-or-kill orders at this broker")
        return constants.ORDER_FILLING_FOK
    if info.filling_mode & masks.SYMBOL_FILLING_IOC:
        return constants.ORDER_FILLING_IOC
    return constants.ORDER_FILLING_FOK if has_fok else constants.ORDER_FILLING_RETURN


def lifetime(info: SymbolInfo, wanted: TimeInForce) -> int:
    """Return ``type_time`` of a pending order; raises ``Unsupported`` for what symbol or terminal does not take."""
    if wanted not in _LIFETIMES:
        raise Unsupported(RESTING)
    type_time, mask = _LIFETIMES[wanted]
    if not info.expiration_mode & mask:
        raise Unsupported(f"{info.name} takes no {wanted} orders at this broker")
    return type_time


def time_in_force_of(*, type_time: int, type_filling: int, is_market: bool) -> TimeInForce:
    """Return how long an order works, read back."""
    if is_market:
        return TimeInForce.FOK if type_filling == constants.ORDER_FILLING_FOK else TimeInForce.IOC
    return _TIMES.get(type_time, TimeInForce.GTC)


RESTING: Final = (
    "MetaTrader 5's limit orders rest on the better side of the price until it comes; for an immediate trade send a "
    "market order, which is filled at once or not"
)
