"""What a connection's options say about the orders it sends."""

from dataclasses import dataclass
from typing import Final

TRIGGER_SOURCES: Final = ("LastPrice", "MarkPrice", "IndexPrice")
EXIT_MODES: Final = ("Full", "Partial")


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What a connection's options say about orders.

    Attributes:
        trigger_by: The price that triggers contracts' conditional orders and exits.
        exit_mode: ``Full``: attached exits protect the whole position, at market. ``Partial``: they
            are orders of their own over what the order filled.
    """

    trigger_by: str = "LastPrice"
    exit_mode: str = "Full"
