"""Why TWS refuses an order: codes and texts.

Texts of 103 to 111, 134, 135, 201, 202, 334, 337, 355, 383, 387, 392, 403, 413, 434 and 435 are those of the published
list of message codes; 10147 is recorded; 10148, 10243 and the sentence about margin are as users report them. Which
code answers a missing price, a wrong action, a change that the venue refuses or an id that runs backwards is a guess.
"""

from typing import Final

from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.wire.session import ErrorMessage

HIGHEST_ORDER_ID: Final = 2**31 - 1
DUPLICATE_ORDER: Final = 103
ORDER_FILLED: Final = 104
NOT_THE_ORIGINAL: Final = 105
PRICE_VARIATION: Final = 110
MODIFY_FAILED: Final = 134
CANNOT_FIND: Final = 135
ORDER_CANCELED: Final = 202
INVALID_GOOD_TILL: Final = 334
INVALID_TIME: Final = 337
SIZE_RULE: Final = 355
SIZE_LIMIT: Final = 383
UNSUPPORTED_TYPE: Final = 387
CONTRACT_EXPIRED: Final = 392
ORDER_MESSAGE: Final = 399
INVALID_STOP: Final = 403
WHAT_IF_UNTRANSMITTED: Final = 413
SIZE_ZERO: Final = 434
ACCOUNT_MISSING: Final = 435
EVENT_WARNING: Final = 2109
CANCEL_WRONG_STATE: Final = 10148
FRACTION: Final = 10243


class OrderRefused(Exception):
    """TWS does not take an order: ``code`` and ``text`` as it tells them; nothing is stored."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text

    def message(self, order_id: int) -> ErrorMessage:
        """Return the error that a client gets."""
        return ErrorMessage(request_id=order_id, code=self.code, text=self.text)


def invalid(cause: str) -> OrderRefused:
    """Return the refusal of a request that makes no sense (321)."""
    message = codes.validation_error(cause)
    return OrderRefused(message.code, message.text)


def rejected(reason: str) -> OrderRefused:
    """Return the rejection of an order by the broker (201)."""
    return OrderRefused(codes.ORDER_REJECTED, f"Order rejected - reason:{reason}")


def not_simulated(what: str) -> OrderRefused:
    """Return the refusal of something that TWS has and this simulator has not (201)."""
    return rejected(f"This simulator does not simulate {what}.")


def canceled(order_id: int) -> ErrorMessage:
    """Return what follows the status of a canceled order (202)."""
    return ErrorMessage(request_id=order_id, code=ORDER_CANCELED, text="Order Canceled - reason:")


def not_found(order_id: int) -> ErrorMessage:
    """Return the answer to the cancel of an order that the client does not have (10147)."""
    text = f"OrderId {order_id} that needs to be cancelled is not found."
    return ErrorMessage(request_id=order_id, code=codes.CANCEL_NOT_FOUND, text=text)


def wrong_state(order_id: int, status: str) -> ErrorMessage:
    """Return the answer to the cancel of an order that is done (10148)."""
    text = f"OrderId {order_id} that needs to be cancelled cannot be cancelled, state: {status}."
    return ErrorMessage(request_id=order_id, code=CANCEL_WRONG_STATE, text=text)


def unreadable_id(order_id: int) -> OrderRefused:
    """Return the refusal of an order id that is no positive 32-bit number (320)."""
    message = codes.read_error(f'For input string: "{order_id}"')
    return OrderRefused(message.code, message.text)
