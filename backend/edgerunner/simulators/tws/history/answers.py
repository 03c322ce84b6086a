"""What the simulated TWS answers to requests for history."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import partial
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.answer import PAUSE, Answer
from edgerunner.simulators.tws.contracts.answers import no_contract
from edgerunner.simulators.tws.contracts.directory import Directory, NoContract
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.history.bars import label, together
from edgerunner.simulators.tws.history.prices import NoPrices, PriceBar, Prices
from edgerunner.simulators.tws.history.query import BadQuery, BarSize, parse_bar_size, parse_duration, parse_end
from edgerunner.simulators.tws.history.spans import Session, Span, sessions, spans
from edgerunner.simulators.tws.history.views import VIEWS, bar_of
from edgerunner.simulators.tws.wire import history_messages as told
from edgerunner.simulators.tws.wire.market_requests import RequestHeadTimestamp, RequestHistoricalData

EARLIEST: Final = date(2010, 1, 4)
MOST_BARS: Final = 5_000
SCHEDULE: Final = "SCHEDULE"
_EPOCH_SECONDS: Final = 2
_PIECES_A_TURN: Final = 20


class HistoryAnswers:
    """Answers requests for past bars, schedules and the begin of data."""

    def __init__(self, directory: Directory, prices: Prices) -> None:
        self._directory = directory
        self._prices = prices
        self._priced = 0

    def handlers(self) -> Mapping[type[Any], Callable[[Any], Answer]]:
        """Return the handler of every request that is answered here."""
        return {
            RequestHistoricalData: partial(self._checked, self.bars),
            RequestHeadTimestamp: partial(self._checked, self.head),
        }

    def bars(self, request: RequestHistoricalData, listing: Listing) -> Answer:
        """Return all bars, or the sessions when ``SCHEDULE`` is asked for."""
        size = parse_bar_size(request.bar_size)
        if request.what_to_show == SCHEDULE:
            yield self._schedule(request, listing, size)
            return
        _check_view(listing, request.what_to_show)
        found = self._sessions(request, listing)
        wanted = list(islice(spans(found, size), MOST_BARS + 1))
        if len(wanted) > MOST_BARS:
            raise BadQuery(f"more than {MOST_BARS} bars at once")
        if not wanted:
            raise BadQuery(f"HMDS query returned no data: {listing.local_symbol}@{listing.exchanges[0]}")
        yield from self._data(request, listing, size, wanted)

    def head(self, request: RequestHeadTimestamp, listing: Listing) -> Answer:
        """Return when data begin: with the first session of 2010."""
        _check_view(listing, request.what_to_show)
        hours = listing.schedule.liquid if request.is_regular_hours else listing.schedule.trading
        begin = hours.on(EARLIEST)[0].replace(tzinfo=ZoneInfo(listing.schedule.zone))
        is_epoch = request.date_format == _EPOCH_SECONDS
        text = str(int(begin.timestamp())) if is_epoch else f"{begin.astimezone(UTC):%Y%m%d-%H:%M:%S}"
        return (told.HeadTimestamp(request_id=request.request_id, time=text),)

    def _checked(self, handler: Callable[[Any, Listing], Answer], request: Any) -> Answer:
        try:
            listing = self._directory.resolve(request.contract, includes_expired=request.includes_expired)
            yield from handler(request, listing)
        except NoContract as reason:
            yield no_contract(request.request_id, reason)
        except NoPrices as reason:
            yield codes.not_served(f"prices of {reason}", request.request_id)
        except BadQuery as reason:
            yield codes.history_error(str(reason), request.request_id)

    def _sessions(self, request: RequestHistoricalData, listing: Listing) -> list[Session]:
        schedule = listing.schedule
        hours = schedule.liquid if request.is_regular_hours else schedule.trading
        end = parse_end(request.end, self._directory.now())
        return sessions(hours, schedule.zone, parse_duration(request.duration), end=end, earliest=EARLIEST)

    def _schedule(self, request: RequestHistoricalData, listing: Listing, size: BarSize) -> told.HistoricalSchedule:
        if size.unit != "day":
            raise BadQuery("SCHEDULE needs bars of 1 day")
        found = self._sessions(request, listing)
        if not found:
            raise BadQuery(f"HMDS query returned no data: {listing.local_symbol}@{listing.exchanges[0]}")
        hours = listing.schedule.liquid if request.is_regular_hours else listing.schedule.trading
        rows = tuple(
            told.TradingSession(start=f"{begin:%Y%m%d-%H:%M:%S}", end=f"{end:%Y%m%d-%H:%M:%S}", date=f"{day:%Y%m%d}")
            for day, (begin, end) in ((each.day, hours.on(each.day)) for each in found)
        )
        return told.HistoricalSchedule(
            request_id=request.request_id,
            start=rows[0].start,
            end=rows[-1].end,
            time_zone=listing.schedule.zone,
            sessions=rows,
        )

    def _data(self, request: RequestHistoricalData, listing: Listing, size: BarSize, wanted: list[Span]) -> Answer:
        spread = self._prices.spread(listing)
        is_epoch = request.date_format == _EPOCH_SECONDS
        rows: list[told.HistoricalBar] = []
        for span in wanted:
            pieces: list[PriceBar] = []
            yield from self._price(listing, span, pieces)
            date_text = label(span, size, listing, is_epoch=is_epoch)
            rows.append(bar_of(date_text, together(pieces), request.what_to_show, spread))
        yield told.HistoricalData(
            request_id=request.request_id,
            start=self._moment(wanted[0].start_ns),
            end=self._moment(wanted[-1].pieces[-1][1]),
            bars=tuple(rows),
        )

    def _price(self, listing: Listing, span: Span, found: list[PriceBar]) -> Iterator[object]:
        """Append the prices of a span's pieces, with pauses: old days cost about a millisecond each."""
        for start_ns, end_ns in span.pieces:
            found.append(self._prices.bar(listing, start_ns, end_ns))
            self._priced += 1
            if self._priced % _PIECES_A_TURN == 0:
                yield PAUSE

    def _moment(self, time_ns: int) -> str:
        moment = datetime.fromtimestamp(time_ns // NANOSECONDS, UTC).astimezone(self._directory.now().tzinfo)
        return f"{moment:%Y%m%d  %H:%M:%S}"


def _check_view(listing: Listing, what_to_show: str) -> None:
    if what_to_show not in VIEWS:
        raise BadQuery(f"{what_to_show[:40]} is not simulated")
    if listing.sec_type == "CASH" and VIEWS[what_to_show].needs_trades:
        raise BadQuery(f"No historical market data for {listing.symbol}/CASH@FXSUBPIP {what_to_show}")
