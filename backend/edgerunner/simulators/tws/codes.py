"""Error codes of TWS with their texts.

2104, 2106, 2158 and 10147: recorded from a paper gateway. 320, 321 and 326: as users report them; the letters in quotes
of 321 differ by request at TWS and are made up here. 503 and 505 are codes of the client libraries, borrowed here.
"""

from typing import Final

from edgerunner.simulators.tws.wire.session import NO_REQUEST, ErrorMessage

CLIENT_ID_IN_USE: Final = 326
READ_ERROR: Final = 320
VALIDATION_ERROR: Final = 321
NO_CONTRACT: Final = 200
ORDER_REJECTED: Final = 201
HISTORY_ERROR: Final = 162
UNKNOWN_TICKER: Final = 300
NO_HISTORY_QUERY: Final = 366
CANCEL_NOT_FOUND: Final = 10147
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
