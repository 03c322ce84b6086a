"""A history that is kept up to date: the running bar again and again, and every bar a last time when it is over."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.history.answers import EARLIEST
from edgerunner.simulators.tws.history.bars import label, together
from edgerunner.simulators.tws.history.query import BarSize, Duration
from edgerunner.simulators.tws.history.spans import Session as TradedSession
from edgerunner.simulators.tws.history.spans import Span, sessions, spans_since
from edgerunner.simulators.tws.history.views import bar_of
from edgerunner.simulators.tws.market.board import Board
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.wire.history_messages import HistoricalBar, HistoricalDataUpdate
from edgerunner.simulators.tws.wire.market_requests import RequestHistoricalData
from edgerunner.simulators.venue_types import TradePrinted

VIEWS_KEPT: Final = frozenset({"TRADES", "MIDPOINT", "BID", "ASK"})
_EPOCH_SECONDS: Final = 2
_REACH: Final = {
    "second": Duration(count=2, unit="D"),
    "day": Duration(count=2, unit="D"),
    "week": Duration(count=2, unit="W"),
    "month": Duration(count=2, unit="M"),
}
"""How far back the running bar and the one before it may begin."""


class KeptHistory:
    """One history that is kept up to date. Updates come at most once a second of market time."""

    def __init__(
        self, session: Session, request: RequestHistoricalData, listing: Listing, size: BarSize, *, board: Board
    ) -> None:
        self._session = session
        self._request = request
        self._listing = listing
        self._size = size
        self._board = board
        self._spread = board.prices.spread(listing)
        self._second = board.now_ns() // NANOSECONDS
        self._start_ns = self._running_start()
        self._told = [self._bar(span) for span in self._spans(self._start_ns)][-1:]
        self.symbol = board.look(listing).symbol

    def trade(self, printed: TradePrinted) -> None:
        """Let a trade pass: the market itself tells the bar."""

    def beat(self) -> None:
        """Tell the bars that have changed, oldest first."""
        second = self._board.now_ns() // NANOSECONDS
        if second == self._second:
            return
        if second < self._second:  # the clock was reset
            self._start_ns = self._running_start()
        self._second = second
        for span in self._spans(self._start_ns):
            self._start_ns = span.start_ns
            bar = self._bar(span)
            if self._told != [bar]:
                self._told = [bar]
                self._session.send(self._update(bar))

    def _running_start(self) -> int:
        found = list(self._spans(0)) if self._size.unit != "second" else []
        if found:
            return found[-1].start_ns
        sessions_found = self._sessions()
        if not sessions_found:
            return self._board.now_ns()
        newest = sessions_found[-1]
        length_ns = self._size.seconds * NANOSECONDS
        passed = (newest.end_ns - 1 - newest.midnight_ns) // length_ns
        return max(newest.start_ns, newest.midnight_ns + passed * length_ns)

    def _spans(self, start_ns: int) -> Iterator[Span]:
        return spans_since(self._sessions(), self._size, start_ns)

    def _sessions(self) -> list[TradedSession]:
        schedule = self._listing.schedule
        hours = schedule.liquid if self._request.is_regular_hours else schedule.trading
        end = datetime.fromtimestamp(self._board.now_ns() // NANOSECONDS, UTC)
        return sessions(hours, schedule.zone, _REACH[self._size.unit], end=end, earliest=EARLIEST)

    def _bar(self, span: Span) -> HistoricalBar:
        prices = [self._board.prices.bar(self._listing, *piece) for piece in span.pieces]
        is_epoch = self._request.date_format == _EPOCH_SECONDS
        date = label(span, self._size, self._listing, is_epoch=is_epoch)
        return bar_of(date, together(prices), self._request.what_to_show, self._spread)

    def _update(self, bar: HistoricalBar) -> HistoricalDataUpdate:
        return HistoricalDataUpdate(
            request_id=self._request.request_id,
            count=bar.count,
            date=bar.date,
            open=bar.open,
            close=bar.close,
            high=bar.high,
            low=bar.low,
            average=bar.average,
            volume=bar.volume,
        )
