"""Single ticks as they happen: every trade, every quote, every middle price."""

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Final

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.path import STEP_NS
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.market.board import Board, Top
from edgerunner.simulators.tws.market.past_ticks import TickView, quote_row
from edgerunner.simulators.tws.market.tape import trade_of
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.wire.history_messages import PastMiddle, PastQuote
from edgerunner.simulators.tws.wire.market_messages import TickByTick
from edgerunner.simulators.venue_types import TradePrinted

_MOST_STEPS_A_BEAT: Final = 600


class SingleTickKind(StrEnum):
    """What a client wants; ``Last`` and ``AllLast`` are the same here: there are no trades that are left out."""

    LAST = "Last"
    ALL_LAST = "AllLast"
    BID_ASK = "BidAsk"
    MIDDLE = "MidPoint"

    @property
    def view(self) -> TickView:
        """Return the same ticks of the past."""
        return _VIEWS[self]

    @property
    def number(self) -> int:
        """Return the number of the kind on the wire."""
        return list(SingleTickKind).index(self) + 1


_VIEWS: Final = {
    SingleTickKind.LAST: TickView.TRADES,
    SingleTickKind.ALL_LAST: TickView.TRADES,
    SingleTickKind.BID_ASK: TickView.BID_ASK,
    SingleTickKind.MIDDLE: TickView.MIDPOINT,
}


class SingleTicks:
    """One subscription to single ticks. It begins with the step after the current one: history reaches up to there."""

    def __init__(
        self, session: Session, request_id: int, listing: Listing, kind: SingleTickKind, *, board: Board
    ) -> None:
        self._session = session
        self._request_id = request_id
        self._listing = listing
        self._kind = kind
        self._board = board
        self.ignores_size = False
        view = board.look(listing)
        self._instrument = view.instrument
        self.symbol = view.symbol
        self._is_open = view.is_open
        self._step = board.now_ns() // STEP_NS
        self.begin_ns = (self._step + 1) * STEP_NS
        """Time of the first tick at the earliest."""
        self._top: Top | None = None

    def trade(self, printed: TradePrinted) -> None:
        """Tell a trade at once."""
        if self._kind.view is not TickView.TRADES or not self._is_open:
            return
        trade = trade_of(self._listing, self._instrument, printed)
        self._session.send(
            TickByTick(
                request_id=self._request_id,
                tick_type=self._kind.number,
                time_s=trade.time_s,
                price=trade.price,
                size=trade.size,
                exchange=trade.exchange,
            )
        )

    def beat(self) -> None:
        """Tell the quotes of every step since the last beat."""
        view = self._board.look(self._listing)
        self._is_open = view.is_open
        if self._kind.view is not TickView.TRADES and view.is_open:
            self._session.send(*self._quotes(view.step, self._board.top(view)))
        self._step = view.step if view.is_open else self._board.now_ns() // STEP_NS

    def _quotes(self, now: int, current: Top) -> Iterator[TickByTick]:
        for step in range(max(self._step + 1, now - _MOST_STEPS_A_BEAT), now + 1):
            top = current if step == now else self._board.past_top(self._instrument, step)
            before = self._top or self._board.past_top(self._instrument, step - 1)
            row = quote_row(self._kind.view, step * STEP_NS // NANOSECONDS, top, before, ignores_size=self.ignores_size)
            self._top = top
            if row is not None:
                yield self._tick(row)

    def _tick(self, row: PastQuote | PastMiddle) -> TickByTick:
        tick = TickByTick(request_id=self._request_id, tick_type=self._kind.number, time_s=row.time_s)
        if isinstance(row, PastMiddle):
            return replace(tick, middle=row.price)
        return replace(tick, bid=row.bid, ask=row.ask, bid_size=row.bid_size, ask_size=row.ask_size)
