"""Bybit's product categories, and how they map onto the venue's instrument keys."""

from enum import StrEnum


class Category(StrEnum):
    """Product categories of Bybit V5; the first part of a venue instrument key."""

    SPOT = "spot"
    LINEAR = "linear"
    INVERSE = "inverse"
    OPTION = "option"

    @property
    def is_spot(self) -> bool:
        """Tell whether spot rules and spot error codes apply."""
        return self is Category.SPOT


def venue_key(category: Category, symbol: str) -> str:
    """Return the venue's key of an instrument, such as ``linear:BTCUSDT``."""
    return f"{category}:{symbol}"
