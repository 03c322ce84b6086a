"""Error codes of TWS with their texts.

2104, 2106, 2158 and 10147: recorded from a paper gateway. 320, 321 and 326: as users report them; the letters in quotes
of 321 differ by request at TWS and are made up here. 503 and 505 are codes of the client libraries, borrowed here.
"""

from typing import Final

from edgerunner.simulators.tws.wire.errors import MessageError, UnknownMessage
from edgerunner.simulators.tws.wire.session import NO_REQUEST, ErrorMessage

CLIENT_ID_IN_USE: Final = 326
READ_ERROR: Final = 320
VALIDATION_ERROR: Final = 321
NO_CONTRACT: Final = 200
ORDER_REJECTED: Final = 201
HISTORY_ERROR: Final = 162
UNKNOWN_TICKER: Final = 300
NO_HISTORY_QUERY: Final = 366
TOO_FAST: Final = 100
TOO_MANY_LINES: Final = 101
TOO_MANY: Final = 322
TOO_MANY_DEPTHS: Final = 309
UNKNOWN_DEPTH: Final = 310
DEPTH_RESET: Final = 317
NOT_SUBSCRIBED: Final = 354
BAD_REAL_TIME_QUERY: Final = 420
NEEDS_SUBSCRIPTION: Final = 10089
NO_DEPTH: Final = 10092
DELAYED_SHOWN: Final = 10167
DELAYED_DISABLED: Final = 10168
UPDATES_FAILED: Final = 10182
NO_PAST_TICKS: Final = 10187
NO_TICK_BY_TICK: Final = 10189
TOO_MANY_TICK_BY_TICK: Final = 10190
PRICE_INCREMENT: Final = 110
ORDER_WARNING: Final = 399
HELD_FOR_LOCATE: Final = 404
TIF_SET_TO_DAY: Final = 10349
CANCEL_NOT_FOUND: Final = 10147
CANCEL_WRONG_STATE: Final = 10148
COMPETING_SESSION: Final = 10197
NOT_SERVED: Final = 503
UNKNOWN_MESSAGE: Final = 505


def notice(code: int, text: str) -> ErrorMessage:
    """Return a message that answers no request."""
    return ErrorMessage(request_id=NO_REQUEST, code=code, text=text)


def farm_notices(market: str, history: str, contracts: str) -> tuple[ErrorMessage, ...]:
    """Return what TWS tells at log-on when all its farms are connected."""
    return (
        notice(2104, f"Market data farm connection is OK:{market}"),
        notice(2106, f"HMDS data farm connection is OK:{history}"),
        notice(2158, f"Sec-def data farm connection is OK:{contracts}"),
    )


def client_id_in_use() -> ErrorMessage:
    """Return the refusal of a client id that another connection uses."""
    text = "Unable to connect as the client id is already in use. Retry with a unique client id."
    return notice(CLIENT_ID_IN_USE, text)


def read_error(detail: str, request_id: int = NO_REQUEST) -> ErrorMessage:
    """Return the answer to a request that cannot be read."""
    return ErrorMessage(request_id=request_id, code=READ_ERROR, text=f"Error reading request:-'bN' : cause - {detail}")


def validation_error(cause: str, request_id: int = NO_REQUEST) -> ErrorMessage:
    """Return the answer to a request that makes no sense."""
    text = f"Error validating request.-'bW' : cause - {cause}"
    return ErrorMessage(request_id=request_id, code=VALIDATION_ERROR, text=text)


def read_only(request_id: int) -> ErrorMessage:
    """Return the answer to whatever a read-only API does not do."""
    return validation_error("The API interface is currently in Read-Only mode.", request_id)


def processing_error(cause: str, request_id: int = NO_REQUEST) -> ErrorMessage:
    """Return the answer to a request that there are too many of, whose id is in use, or that failed here."""
    text = f"Error processing request.-'bQ' : cause - {cause}"
    return ErrorMessage(request_id=request_id, code=TOO_MANY, text=text)


def history_error(cause: str, request_id: int) -> ErrorMessage:
    """Return the answer of the history service to a request that it cannot fill."""
    text = f"Historical Market Data Service error message:{cause}"
    return ErrorMessage(request_id=request_id, code=HISTORY_ERROR, text=text)


def not_served(name: str, request_id: int) -> ErrorMessage:
    """Return the answer to a request that TWS would serve and this simulator does not yet."""
    text = f"The TWS is out of date and must be upgraded. This simulator does not serve {name} yet."
    return ErrorMessage(request_id=request_id, code=NOT_SERVED, text=text)


def unknown_message(message_id: int, request_id: int) -> ErrorMessage:
    """Return the answer to a message id that does not exist here."""
    text = f"Fatal Error: Unknown message id. {message_id} is not served by this simulator."
    return ErrorMessage(request_id=request_id, code=UNKNOWN_MESSAGE, text=text)


def connection_lost() -> ErrorMessage:
    """Return the notice that TWS has lost its own servers."""
    return notice(1100, "Connectivity between IBKR and Trader Workstation has been lost.")


def not_connected() -> ErrorMessage:
    """Return what a client that logs on is told while TWS has lost its own servers."""
    text = "Connectivity between Trader Workstation and server is broken. It will be restored automatically."
    return notice(2110, text)


def connection_restored(*, is_data_lost: bool) -> ErrorMessage:
    """Return the notice that TWS has its servers again, with or without its market data subscriptions."""
    begin = "Connectivity between IBKR and Trader Workstation has been restored"
    if is_data_lost:
        return notice(1101, f"{begin} - data lost.")
    return notice(1102, f"{begin} - data maintained. All data farms are connected.")


def farm_broken(farm: str) -> ErrorMessage:
    """Return the notice that a market data farm cannot be reached."""
    return notice(2103, f"Market data farm connection is broken:{farm}")


def farm_restored(farm: str) -> ErrorMessage:
    """Return the notice that a market data farm can be reached."""
    return notice(2104, f"Market data farm connection is OK:{farm}")


def competing_session(request_id: int) -> ErrorMessage:
    """Return what a market data request is told when another session takes its data."""
    text = "No market data during competing live session"
    return ErrorMessage(request_id=request_id, code=COMPETING_SESSION, text=text)


def too_fast() -> ErrorMessage:
    """Return what a client is told that sends too many messages a second."""
    return notice(TOO_FAST, "Max rate of messages per second has been exceeded:max=50 rec=51 (1)")


def price_increment(order_id: int) -> ErrorMessage:
    """Return the refusal of an order whose price lies between two increments."""
    text = "The price does not conform to the minimum price variation for this contract."
    return ErrorMessage(request_id=order_id, code=PRICE_INCREMENT, text=text)


def tif_set_to_day(order_id: int) -> ErrorMessage:
    """Return the information that an order works for the day only."""
    text = "Order TIF was set to DAY based on order preset."
    return ErrorMessage(request_id=order_id, code=TIF_SET_TO_DAY, text=text)


def held_for_locate(order_id: int) -> ErrorMessage:
    """Return the information that an order waits until shares to borrow are found."""
    return ErrorMessage(request_id=order_id, code=HELD_FOR_LOCATE, text="Order held while securities are located.")


def cancel_not_found(order_id: int) -> ErrorMessage:
    """Return the answer to the cancel of an order that does not exist."""
    text = f"OrderId {order_id} that needs to be cancelled is not found."
    return ErrorMessage(request_id=order_id, code=CANCEL_NOT_FOUND, text=text)


def cancel_wrong_state(order_id: int, state: str) -> ErrorMessage:
    """Return the answer to the cancel of an order that cannot be cancelled any more."""
    text = f"OrderId {order_id} that needs to be cancelled can not be cancelled, state: {state}."
    return ErrorMessage(request_id=order_id, code=CANCEL_WRONG_STATE, text=text)


def unreadable(error: MessageError) -> ErrorMessage:
    """Return the answer to a message that is no request."""
    if isinstance(error, UnknownMessage):
        return unknown_message(error.message_id, error.request_id)
    return read_error(str(error), error.request_id)
