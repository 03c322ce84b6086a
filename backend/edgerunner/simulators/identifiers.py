"""How the numbers of orders, fills and cash entries are written as ids."""

import uuid
from dataclasses import dataclass
from typing import Protocol


class Identifiers(Protocol):
    """Ids made of a ledger's incarnation (63 random bits) and rising numbers, so that they stay unique over a reset."""

    def order_id(self, incarnation: int, number: int) -> str:
        """Return the id of an order."""

    def trade_id(self, incarnation: int, number: int) -> str:
        """Return the id of a fill."""

    def entry_id(self, incarnation: int, number: int) -> str:
        """Return the id of a cash entry."""


@dataclass(frozen=True, slots=True)
class UuidIdentifiers:
    """UUIDs of incarnation, kind and number."""

    def order_id(self, incarnation: int, number: int) -> str:
        """Return the id of an order."""
        return _uuid(incarnation, 1, number)

    def trade_id(self, incarnation: int, number: int) -> str:
        """Return the id of a fill."""
        return _uuid(incarnation, 2, number)

    def entry_id(self, incarnation: int, number: int) -> str:
        """Return the id of a cash entry."""
        return _uuid(incarnation, 3, number)


def _uuid(incarnation: int, kind: int, number: int) -> str:
    return str(uuid.UUID(int=incarnation << 64 | kind << 56 | number))
