"""A call on its way through the terminal, and what a fault's match can name of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from edgerunner.simulators.mt5.ipc import FrameError
from edgerunner.simulators.mt5.terminal.requests import OPERATIONS

ORDER_SEND: Final = "order_send"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a program: ``op``, ``client_key`` and ``symbol`` are what faults are matched with."""

    name: str
    arguments: Mapping[str, Any]
    op: str
    client_key: str | None
    symbol: str | None

    @property
    def is_order(self) -> bool:
        """Tell whether it changes orders or positions, so that it waits at hold points."""
        return self.name == ORDER_SEND


def call_of(name: str, arguments: Mapping[str, Any]) -> Call:
    """Return a call with its words; an order's own are in its request. Raises ``FrameError`` when it has none."""
    words = arguments
    op = "query"
    if name == ORDER_SEND:
        words = arguments.get("request", None)
        if not isinstance(words, dict):
            raise FrameError("an order without a request")
        action = words.get("action", 0)
        op = OPERATIONS.get(action, "place") if isinstance(action, int) else "place"
    return Call(
        name=name, arguments=arguments, op=op, client_key=_text(words, "comment"), symbol=_text(words, "symbol")
    )


def _text(words: Mapping[str, Any], name: str) -> str | None:
    value = words.get(name)
    return value if isinstance(value, str) and value else None
