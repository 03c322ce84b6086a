"""The order book of one contract for one client, told row by row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from edgerunner.matching.words import Side
from edgerunner.simulators.noise import mix
from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.market.board import Board, View
from edgerunner.simulators.tws.market.tape import places
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.wire.market_messages import Depth, DepthOfMaker
from edgerunner.simulators.tws.wire.session import ErrorMessage
from edgerunner.simulators.venue_types import Level, TradePrinted

MOST_ROWS: Final = 20
_INSERT, _UPDATE, _DELETE = 0, 1, 2
_SIDES: Final[tuple[tuple[Literal[0, 1], Side], ...]] = ((1, "buy"), (0, "sell"))
_JUMP: Final = Decimal("0.005")
_RESET: Final = "Market depth data has been RESET. Please empty deep book contents before applying any new entries."


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a side: ``rank`` orders it (lower is better) and, with the maker, says which row it is."""

    rank: int
    price: Decimal
    size: Decimal
    maker: str = ""

    @property
    def key(self) -> tuple[int, str]:
        """Return what makes it the same row with another size."""
        return self.rank, self.maker


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One operation on a side: rows below an inserted row move down, below a deleted one up."""

    operation: int
    position: int
    row: Row


def edits(before: Sequence[Row], after: Sequence[Row]) -> Iterator[Change]:
    """Yield the operations that lead from one side to another; there are never more rows than at one of the ends."""
    rows, wanted = list(before), {row.key for row in after}
    for position in range(len(rows) - 1, -1, -1):
        if rows[position].key not in wanted:
            yield Change(operation=_DELETE, position=position, row=rows.pop(position))
    for position, row in enumerate(after):
        if position < len(rows) and rows[position].key == row.key:
            if rows[position] != row:
                yield Change(operation=_UPDATE, position=position, row=row)
        else:
            rows.insert(position, row)
            yield Change(operation=_INSERT, position=position, row=row)


class DepthStream:
    """One subscription to an order book; a smart one tells which exchange stands behind each row."""

    def __init__(
        self, session: Session, request_id: int, listing: Listing, *, rows: int, is_smart: bool, board: Board
    ) -> None:
        self._session = session
        self._request_id = request_id
        self._listing = listing
        self._most = min(max(rows, 1), MOST_ROWS)
        self._is_smart = is_smart
        self._board = board
        self._told: dict[Side, list[Row]] = {"buy": [], "sell": []}
        self._version = -1
        self.symbol = board.look(listing).symbol

    def trade(self, printed: TradePrinted) -> None:
        """Let a trade pass: the book itself tells what it took."""

    def beat(self) -> None:
        """Tell what has changed; a book that jumps is reset first."""
        view = self._board.look(self._listing)
        version = self._board.venue.book_version(view.symbol) if view.is_live else view.step
        if version == self._version:
            return
        self._version = version
        sides = self._sides(view)
        if self._has_jumped(sides):
            self._told = {"buy": [], "sell": []}
            self._session.send(ErrorMessage(request_id=self._request_id, code=codes.DEPTH_RESET, text=_RESET))
        for number, side in _SIDES:
            changes = edits(self._told[side], sides[side])
            self._session.send(*(self._message(number, change) for change in changes))
        self._told = sides

    def _has_jumped(self, sides: dict[Side, list[Row]]) -> bool:
        """Tell whether a best price has moved by more than half a percent at once."""
        pairs = [(self._told[side][0], rows[0]) for side, rows in sides.items() if rows and self._told[side]]
        return any(abs(after.price - before.price) > before.price * _JUMP for before, after in pairs)

    def _sides(self, view: View) -> dict[Side, list[Row]]:
        if not view.is_open:
            return {"buy": [], "sell": []}
        bids, asks = self._board.venue.depth(view.symbol, self._most)
        return {"buy": self._rows(view, bids, -1), "sell": self._rows(view, asks, 1)}

    def _rows(self, view: View, levels: Sequence[Level], sign: int) -> list[Row]:
        rows: list[Row] = []
        for ticks, lots in levels:
            price = view.instrument.price(ticks)
            for maker, part in self._makers(ticks, lots):
                size = view.instrument.quantity(part)
                rows.append(Row(rank=sign * ticks, price=price, size=size, maker=maker))
            if len(rows) >= self._most:
                break
        return rows[: self._most]

    def _makers(self, ticks: int, lots: int) -> list[tuple[str, int]]:
        """Divide a level among the exchanges that show it, the same way as long as the level stays."""
        if not self._is_smart:
            return [("", lots)]
        names = sorted(places(self._listing))
        bits = mix(ticks)
        shown = [name for place, name in enumerate(names) if bits >> place & 1] or [names[bits % len(names)]]
        share, rest = divmod(lots, len(shown))
        parts = [(name, share + (rest if place == 0 else 0)) for place, name in enumerate(shown)]
        return [(name, part) for name, part in parts if part]

    def _message(self, side: int, change: Change) -> object:
        is_delete = change.operation == _DELETE
        price, size = (Decimal(0), Decimal(0)) if is_delete else (change.row.price, change.row.size)
        if not self._is_smart:
            return Depth(
                request_id=self._request_id,
                position=change.position,
                operation=change.operation,
                side=side,
                price=price,
                size=size,
            )
        return DepthOfMaker(
            request_id=self._request_id,
            position=change.position,
            market_maker=change.row.maker,
            operation=change.operation,
            side=side,
            price=price,
            size=size,
            is_smart=True,
        )
