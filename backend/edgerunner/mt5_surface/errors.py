"""What `last_error()` says: codes are in `constants` (`RES_*`), the texts are those of the package."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from edgerunner.mt5_surface import constants

LastError = tuple[int, str]
"""What `last_error()` returns: code and text."""

TERMINAL_NOT_FOUND: Final = "MetaTrader 5 x64 not found"

ERROR_TEXTS: Final[Mapping[int, str]] = MappingProxyType(
    {
        constants.RES_S_OK: "Success",
        constants.RES_E_FAIL: "Terminal: Call failed",
        constants.RES_E_INVALID_PARAMS: "Terminal: Invalid params",
        constants.RES_E_NO_MEMORY: "Terminal: Out of memory",
        constants.RES_E_NOT_FOUND: "Terminal: Not found",
        constants.RES_E_INVALID_VERSION: (
            "Terminal: Incompatible versions, please install the latest version of Terminal and Python module"
        ),
        constants.RES_E_AUTH_FAILED: "Terminal: Authorization failed",
        constants.RES_E_UNSUPPORTED: "Terminal: Unsupported function",
        constants.RES_E_AUTO_TRADING_DISABLED: "Auto-Trading using Python API disabled in Terminal",
        constants.RES_E_INTERNAL_FAIL: "IPC call failed",
        constants.RES_E_INTERNAL_FAIL_SEND: "IPC send failed",
        constants.RES_E_INTERNAL_FAIL_RECEIVE: "IPC recv failed",
        constants.RES_E_INTERNAL_FAIL_INIT: f"IPC initialize failed, {TERMINAL_NOT_FOUND}",
        constants.RES_E_INTERNAL_FAIL_CONNECT: "No IPC connection",
        constants.RES_E_INTERNAL_FAIL_TIMEOUT: "IPC timeout",
    }
)
"""Code -> its usual text."""

SUCCESS: Final[LastError] = (constants.RES_S_OK, "Success")

INVALID_ARGUMENTS: Final = "Invalid arguments"
INVALID_NUMBER_OF_ARGUMENTS: Final = "Invalid number of arguments"
UNNAMED_NOT_ALLOWED: Final = "Unnamed arguments not allowed"
UNSUPPORTED_AUTHORIZATION: Final = "Unsupported authorization mode, OTP or certificate password needed"

_ORDINALS: Final = ("1st", "2nd", "3rd")

NAMED_ARGUMENTS: Final = (
    "action", "magic", "order", "symbol", "volume", "price", "stoplimit", "sl", "tp", "deviation", "type",
    "type_filling", "type_time", "expiration", "comment", "position", "position_by",
    "login", "server", "password", "timeout", "path", "ticket", "group",
)  # fmt: skip
"""Arguments and request fields that a refusal can name."""


def last_error_of(code: int) -> LastError:
    """Return the code with its usual text; raises ``KeyError`` for a code that the package does not have."""
    return code, ERROR_TEXTS[code]


def invalid_params(text: str) -> LastError:
    """Return the error of a call whose arguments are refused with ``text``."""
    return constants.RES_E_INVALID_PARAMS, text


def invalid_argument(name: str) -> LastError:
    """Return the error that names a request field or keyword argument, such as ``Invalid "comment" argument``."""
    return invalid_params(f'Invalid "{name}" argument')


def invalid_unnamed(position: int) -> LastError:
    """Return the error that counts an unnamed argument from 0; those past the third have no text of their own."""
    if position >= len(_ORDINALS):
        return invalid_params(INVALID_ARGUMENTS)
    return invalid_params(f"Invalid {_ORDINALS[position]} unnamed argument")
