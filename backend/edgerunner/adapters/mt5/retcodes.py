"""What a trade return code proves about the request, and the words for it. Pure.

Names and meanings: the package's documentation "Return codes of the trade server"; what may be concluded from each:
the rule of section 1.4 of the project's protocol notes.
"""

from enum import Enum
from typing import Final

from edgerunner.domain.errors import BrokerRejected, OutcomeUnknown
from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.retcodes import RETCODES, SUCCESSES
from edgerunner.mt5_surface.structs import OrderSendResult


class Verdict(Enum):
    """What an answer proves."""

    TAKEN = "taken"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


_UNKNOWN: Final = frozenset(
    {
        constants.TRADE_RETCODE_ERROR,
        constants.TRADE_RETCODE_TIMEOUT,
        constants.TRADE_RETCODE_TOO_MANY_REQUESTS,
        constants.TRADE_RETCODE_LOCKED,
        constants.TRADE_RETCODE_CONNECTION,
    }
)
_REMEDIES: Final = {
    constants.TRADE_RETCODE_REQUOTE: "the price moved beyond the deviation; send a new order if you still want it",
    constants.TRADE_RETCODE_PRICE_CHANGED: "the price moved; send a new order if you still want it",
    constants.TRADE_RETCODE_INVALID_PRICE: "a limit order waits on its side of the market; to trade at once send a "
    "market order",
    constants.TRADE_RETCODE_PRICE_OFF: "there are no quotes to trade at",
    constants.TRADE_RETCODE_CLIENT_DISABLES_AT: "switch AutoTrading on in the terminal's toolbar",
    constants.TRADE_RETCODE_SERVER_DISABLES_AT: "the broker forbids automated trading on this account",
    constants.TRADE_RETCODE_INVALID_FILL: "the symbol does not take this filling mode",
}


def verdict(retcode: int) -> Verdict:
    """Return what a return code proves; one that is not known proves nothing."""
    if retcode in SUCCESSES:
        return Verdict.TAKEN
    if retcode == constants.TRADE_RETCODE_NO_CHANGES:
        return Verdict.UNCHANGED
    if retcode in _UNKNOWN or retcode not in RETCODES:
        return Verdict.UNKNOWN
    return Verdict.REFUSED


def words(retcode: int, comment: str) -> str:
    """Return the broker's words, with the remedy where the code has one."""
    name = RETCODES.get(retcode, "unknown return code")
    text = f"{comment} [{name}]" if comment else name
    remedy = _REMEDIES.get(retcode)
    return text if remedy is None else f"{text}: {remedy}"


def require_taken(result: OrderSendResult) -> None:
    """Raise ``BrokerRejected`` or ``OutcomeUnknown`` unless the request was taken, or there was nothing to change."""
    match verdict(result.retcode):
        case Verdict.REFUSED:
            raise BrokerRejected(str(result.retcode), words(result.retcode, result.comment))
        case Verdict.UNKNOWN:
            raise OutcomeUnknown(f"MetaTrader 5: {words(result.retcode, result.comment)} ({result.retcode})")
        case Verdict.TAKEN | Verdict.UNCHANGED:
            return
