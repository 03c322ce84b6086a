"""Arguments as the package reads them (`mt5_surface.arguments`); what it refuses is a failed call."""

from collections.abc import Mapping
from typing import Any

from edgerunner.mt5_surface import arguments
from edgerunner.mt5_surface.functions import Function
from edgerunner.simulators.mt5.client import CallFailed


def read_arguments(
    function: Function, unnamed: tuple[Any, ...], named: Mapping[str, Any] | None, *, comment_limit: int
) -> arguments.Arguments:
    """Return what to send; raises ``CallFailed`` (-2). See `mt5_surface.arguments.read_arguments`."""
    try:
        return arguments.read_arguments(function, unnamed, named, comment_limit=comment_limit)
    except arguments.ArgumentsRefused as refused:
        raise CallFailed(refused.error) from None
