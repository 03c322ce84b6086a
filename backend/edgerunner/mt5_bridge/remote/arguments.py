"""From a caller's arguments to the bridge's JSON, with the package's own refusals."""

from collections.abc import Mapping
from typing import Any, Final

from edgerunner.mt5_surface.arguments import ArgumentsRefused, read_arguments
from edgerunner.mt5_surface.errors import LastError
from edgerunner.mt5_surface.functions import Calling, Function

COMMENT_LIMIT: Final = 64
"""What the bridge lets pass; the broker's own limit is below it, and the terminal tells."""


class CallRefusedError(Exception):
    """A call that fails without an answer of the terminal; ``error`` is what `last_error()` will say."""

    def __init__(self, error: LastError) -> None:
        super().__init__(error[1])
        self.error = error


def check_calling(function: Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Raise ``TypeError`` as the package's function does: for arguments or names where it has none."""
    if kwargs and function.calling is not Calling.NAMED:
        raise TypeError(f"{function.name}() takes no keyword arguments")
    if args and function.calling is Calling.NO_ARGUMENTS:
        raise TypeError(f"{function.name}() takes no arguments ({len(args)} given)")


def bind(function: Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the named JSON arguments of a call; raises ``CallRefusedError`` where the package would answer -2."""
    try:
        return read_arguments(function, args, kwargs or None, comment_limit=COMMENT_LIMIT)
    except ArgumentsRefused as refused:
        raise CallRefusedError(refused.error) from None
