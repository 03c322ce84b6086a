"""A book as TWS tells it: rows that are inserted, changed and deleted by their place.

An inserted row pushes those below it down, a deleted one pulls them up (market depth of the TWS API). ib_async 2.1.0
overwrites the row at the place of an insert instead, so its book goes wrong with the first one. Rows of SMART depth are
of different exchanges: equal prices are added up, and the order of rows is not relied upon.
"""

from decimal import Decimal
from enum import IntEnum

from edgerunner.adapters.ibkr.ears import RowChange
from edgerunner.adapters.ibkr.values import number


class Operation(IntEnum):
    """What a message does to its row."""

    INSERT = 0
    UPDATE = 1
    DELETE = 2


class Side(IntEnum):
    """Which side of the book."""

    ASK = 0
    BID = 1


Levels = tuple[tuple[Decimal, Decimal], ...]


class DepthBook:
    """One instrument's book, so many rows a side; rows are floats as they came, readers get exact numbers."""

    def __init__(self, most_rows: int) -> None:
        self._most_rows = most_rows
        self._rows: dict[int, list[tuple[float, float]]] = {Side.ASK: [], Side.BID: []}

    def clear(self) -> None:
        """Forget every row, as TWS asks for with code 317."""
        for rows in self._rows.values():
            rows.clear()

    def apply(self, change: RowChange) -> None:
        """Take a change in. A place past the end is the end: TWS may begin with an update, or repeat a delete.

        A row that an insert pushes beyond the rows asked for is gone: TWS numbers no such row.
        """
        rows, row = self._rows.get(change.side), change.row
        if rows is None or not 0 <= row < self._most_rows:
            return
        match change.operation:
            case Operation.INSERT:
                rows.insert(row, (change.value, change.size))
                del rows[self._most_rows :]
            case Operation.UPDATE:
                rows[row : row + 1] = [(change.value, change.size)]
            case Operation.DELETE:
                del rows[row : row + 1]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing has been told yet."""
        return not any(self._rows.values())

    def levels(self) -> tuple[Levels, Levels]:
        """Return bids and asks, best first."""
        return self._side(Side.BID), self._side(Side.ASK)

    def _side(self, side: Side) -> Levels:
        sums: dict[Decimal, Decimal] = {}
        for price, size in self._rows[side]:
            exact, quantity = number(price), number(size)
            if exact is not None and quantity:
                sums[exact] = sums.get(exact, Decimal(0)) + quantity
        return tuple(sorted(sums.items(), reverse=side is Side.BID))
