"""What the simulated TWS answers to requests for past ticks, histograms and histories that are kept up to date."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.answer import Answer
from edgerunner.simulators.tws.contracts.directory import Directory
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.history.answers import EARLIEST, HistoryAnswers
from edgerunner.simulators.tws.history.query import BadQuery, parse_bar_size, parse_end
from edgerunner.simulators.tws.history.spans import nanoseconds
from edgerunner.simulators.tws.market.desk import MarketDesk
from edgerunner.simulators.tws.market.histogram import histogram, parse_period
from edgerunner.simulators.tws.market.kept_history import VIEWS_KEPT, KeptHistory
from edgerunner.simulators.tws.market.past_ticks import MOST_TICKS, Row, TickQuery, TickView
from edgerunner.simulators.tws.market.refusals import Refused, checked, no_permission
from edgerunner.simulators.tws.market.rights import DataRights
from edgerunner.simulators.tws.market.streams import StreamKind
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.wire import history_messages as told
from edgerunner.simulators.tws.wire import market_requests as asked
from edgerunner.simulators.tws.wire.session import ErrorMessage

_FAILED = "Failed to request historical ticks:"


class PastAnswers:
    """Answers one client's requests about the past that need the live market too."""

    def __init__(self, desk: MarketDesk, directory: Directory, session: Session) -> None:
        self._desk = desk
        self._directory = directory
        self._session = session
        self._history = HistoryAnswers(directory, desk.board.prices)

    def handlers(self) -> Mapping[type[Any], Callable[[Any], Answer]]:
        """Return the handler of every request that is answered here."""
        bars = self._history.handlers()[asked.RequestHistoricalData]
        keep = checked(self._directory, self._keep)
        return {
            asked.RequestHistoricalData: lambda each: keep(each) if each.keeps_up_to_date else bars(each),
            asked.CancelHistoricalData: self._cancel,
            asked.RequestHistoricalTicks: checked(self._directory, self._ticks),
            asked.RequestHistogram: checked(self._directory, self._histogram),
            asked.CancelHistogram: lambda _: (),
            asked.CancelHeadTimestamp: lambda _: (),
        }

    def _keep(self, request: asked.RequestHistoricalData, listing: Listing) -> Answer:
        self._check_kept(request)
        key = (self._session, StreamKind.HISTORY, request.request_id)
        if self._desk.streams.has(key):
            cause = "Duplicate ticker ID for API historical data query"
            raise Refused(codes.processing_error(cause, request.request_id))
        if self._desk.streams.count(StreamKind.HISTORY) >= self._desk.settings.histories:
            cause = f"Only {self._desk.settings.histories} simultaneous API historical data requests allowed."
            raise Refused(codes.processing_error(cause, request.request_id))
        yield from self._history.bars(request, listing)
        size = parse_bar_size(request.bar_size)
        self._desk.streams.add(key, KeptHistory(self._session, request, listing, size, board=self._desk.board))

    def _check_kept(self, request: asked.RequestHistoricalData) -> None:
        cause = ""
        if request.end:
            cause = "If keepUpToDate is set, endDateTime should not be specified"
        elif request.what_to_show not in VIEWS_KEPT:
            cause = f"keepUpToDate is not available for {request.what_to_show[:40]}"
        elif request.bar_size == "1 secs":
            cause = "keepUpToDate needs bars of 5 secs or more"
        if cause:
            raise Refused(codes.validation_error(cause, request.request_id))

    def _cancel(self, request: asked.CancelHistoricalData) -> Answer:
        if self._desk.streams.remove((self._session, StreamKind.HISTORY, request.request_id)):
            return (
                codes.history_error(f"API historical data query cancelled: {request.request_id}", request.request_id),
            )
        text = f"No historical data query found for ticker id:{request.request_id}"
        return (ErrorMessage(request_id=request.request_id, code=codes.NO_HISTORY_QUERY, text=text),)

    def _ticks(self, request: asked.RequestHistoricalTicks, listing: Listing) -> Answer:
        if self._desk.settings.rights is not DataRights.LIVE:
            raise no_permission(listing, codes.NO_PAST_TICKS, request.request_id, _FAILED)
        query = _tick_query(request, listing, self._directory.now())
        rows: list[Row] = []
        yield from self._desk.past.find(query, rows)
        yield tick_message(request.request_id, query.view, rows)

    def _histogram(self, request: asked.RequestHistogram, listing: Listing) -> Answer:
        levels: list[told.HistogramLevel] = []
        yield from histogram(
            self._desk.board.prices,
            listing,
            parse_period(request.period),
            is_regular=request.is_regular_hours,
            now=self._directory.now(),
            earliest=EARLIEST,
            levels=levels,
        )
        yield told.Histogram(request_id=request.request_id, levels=tuple(levels))


def tick_message(request_id: int, view: TickView, rows: list[Row]) -> object:
    """Return past ticks as one message, which is the last one."""
    match view:
        case TickView.TRADES:
            trades = tuple(row for row in rows if isinstance(row, told.PastTrade))
            return told.HistoricalTrades(request_id=request_id, ticks=trades, is_done=True)
        case TickView.BID_ASK:
            quotes = tuple(row for row in rows if isinstance(row, told.PastQuote))
            return told.HistoricalQuotes(request_id=request_id, ticks=quotes, is_done=True)
        case TickView.MIDPOINT:
            middles = tuple(row for row in rows if isinstance(row, told.PastMiddle))
            return told.HistoricalMiddles(request_id=request_id, ticks=middles, is_done=True)


def _tick_query(request: asked.RequestHistoricalTicks, listing: Listing, now: datetime) -> TickQuery:
    """Read a request's words; raises ``Refused`` with code 10187 (a guess; TWS may say 321)."""

    def refused(cause: str) -> Refused:
        return Refused(ErrorMessage(request_id=request.request_id, code=codes.NO_PAST_TICKS, text=f"{_FAILED}{cause}"))

    if bool(request.start) == bool(request.end):
        raise refused("either the start or the end must be given")
    if not 0 < request.count <= MOST_TICKS:
        raise refused(f"the number of ticks must be 1 to {MOST_TICKS}")
    if request.what_to_show not in list(TickView):
        raise refused(f"{request.what_to_show[:40]} is not TRADES, BID_ASK or MIDPOINT")
    if listing.sec_type == "CASH" and request.what_to_show == TickView.TRADES:
        raise refused(f"no trades of {listing.local_symbol}")
    try:
        moment_ns = nanoseconds(parse_end(request.start or request.end, now))
    except BadQuery as reason:
        raise refused(str(reason)) from reason
    return TickQuery(
        listing=listing,
        view=TickView(request.what_to_show),
        is_regular=request.is_regular_hours,
        count=request.count,
        start_ns=moment_ns if request.start else None,
        end_ns=moment_ns if request.end else None,
        ignores_size=request.ignores_size,
    )
