"""Bars of five seconds, told when they are over; the same that history tells of them later."""

from typing import Final

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.history.views import bar_of
from edgerunner.simulators.tws.market.board import Board
from edgerunner.simulators.tws.market.days import is_within
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.wire.market_messages import RealTimeBar
from edgerunner.simulators.venue_types import TradePrinted

LENGTH_NS: Final = 5 * NANOSECONDS
VIEWS_SHOWN: Final = frozenset({"TRADES", "MIDPOINT", "BID", "ASK"})
_MOST_A_BEAT: Final = 200


class RealTimeBars:
    """One subscription to bars of five seconds; the first one is the bar that begins next."""

    def __init__(
        self, session: Session, request_id: int, listing: Listing, *, what: str, is_regular: bool, board: Board
    ) -> None:
        self._session = session
        self._request_id = request_id
        self._listing = listing
        self._what = what
        self._is_regular = is_regular
        self._board = board
        self._spread = board.prices.spread(listing)
        self._next_ns = -(-board.now_ns() // LENGTH_NS) * LENGTH_NS
        self.symbol = board.look(listing).symbol

    def trade(self, printed: TradePrinted) -> None:
        """Let a trade pass: the market itself tells the bar."""

    def beat(self) -> None:
        """Tell the bars that are over; of a great many the newest, and after a reset of the clock the next ones."""
        newest = self._board.now_ns() // LENGTH_NS - 1
        earliest, latest = (newest - _MOST_A_BEAT + 1) * LENGTH_NS, (newest + 2) * LENGTH_NS
        self._next_ns = min(max(self._next_ns, earliest), latest)
        while self._next_ns <= newest * LENGTH_NS:
            if self._trades_at(self._next_ns):
                self._session.send(self._bar(self._next_ns))
            self._next_ns += LENGTH_NS

    def _trades_at(self, time_ns: int) -> bool:
        schedule = self._listing.schedule
        if self._is_regular:
            return is_within(schedule.liquid, schedule.zone, time_ns)
        return not self._board.keeps_hours or is_within(schedule.trading, schedule.zone, time_ns)

    def _bar(self, start_ns: int) -> RealTimeBar:
        prices = self._board.prices.bar(self._listing, start_ns, start_ns + LENGTH_NS)
        bar = bar_of("", prices, self._what, self._spread)
        return RealTimeBar(
            request_id=self._request_id,
            time_s=start_ns // NANOSECONDS,
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            volume=bar.volume,
            average=bar.average,
            count=bar.count,
        )
