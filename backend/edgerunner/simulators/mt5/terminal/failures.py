"""Calls that have no value, as the terminal tells the module."""

from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.errors import LastError, last_error_of


class CallRefused(Exception):
    """The terminal's way of saying None; ``error`` is what `last_error` shall say."""

    def __init__(self, error: LastError) -> None:
        super().__init__(error[1])
        self.error = error


def refused(code: int) -> CallRefused:
    """Return the refusal with a code's usual text."""
    return CallRefused(last_error_of(code))


def call_failed() -> CallRefused:
    """Return -1, with which the terminal refuses what has no code of its own."""
    return refused(constants.RES_E_FAIL)


def invalid_params() -> CallRefused:
    """Return -2 for arguments that are well-formed and make no sense."""
    return refused(constants.RES_E_INVALID_PARAMS)
