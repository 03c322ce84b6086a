"""What the simulated TWS answers to requests for ticks."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.answer import Answer
from edgerunner.simulators.tws.contracts.directory import Directory
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.market import rights
from edgerunner.simulators.tws.market.desk import MarketDesk
from edgerunner.simulators.tws.market.generic import NEED_STATISTICS
from edgerunner.simulators.tws.market.generic_list import BadGenericTicks, parse_generic_ticks
from edgerunner.simulators.tws.market.lines import Line, Wish
from edgerunner.simulators.tws.market.refusals import Refused, checked, unknown_ticker
from edgerunner.simulators.tws.market.rights import DataType
from edgerunner.simulators.tws.market.streams import StreamKind
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.wire.market_messages import TickSnapshotEnd
from edgerunner.simulators.tws.wire.market_requests import (
    CancelMarketData,
    RequestMarketData,
    RequestMarketDataType,
)
from edgerunner.simulators.tws.wire.session import ErrorMessage

_KIND: Final = StreamKind.TICKS


class LineAnswers:
    """Answers one client's requests for ticks; remembers which kind of data it wants."""

    def __init__(self, desk: MarketDesk, directory: Directory, session: Session) -> None:
        self._desk = desk
        self._directory = directory
        self._session = session
        self._data_type = DataType.LIVE

    def handlers(self) -> Mapping[type[Any], Callable[[Any], Answer]]:
        """Return the handler of every request that is answered here."""
        return {
            RequestMarketDataType: self._choose,
            RequestMarketData: checked(self._directory, self._subscribe),
            CancelMarketData: self._cancel,
        }

    def _choose(self, request: RequestMarketDataType) -> Answer:
        """Take the kind of data for later requests, without an answer (recorded)."""
        if request.data_type not in list(DataType):
            return (codes.validation_error(f"Invalid market data type {request.data_type}"),)
        self._data_type = DataType(request.data_type)
        return ()

    def _subscribe(self, request: RequestMarketData, listing: Listing) -> Answer:
        generic = self._generic(request, listing)
        view = self._desk.board.look(listing)
        wish, allowed = Wish(data_type=self._data_type, generic=generic), self._desk.settings.rights
        if rights.granted(wish.data_type, allowed, is_open=view.is_open) is None:
            raise Refused(rights.refusal(wish.data_type, allowed, request.request_id))
        key = (self._session, _KIND, request.request_id)
        self._check_room(request, view.symbol)
        if generic & NEED_STATISTICS and listing.sec_type != "OPT":
            yield from self._desk.states.statistics.compute(view)
        line = Line(self._session, request.request_id, listing, wish, states=self._desk.states, rights=allowed)
        if not request.is_snapshot:
            self._desk.streams.add(key, line)
        yield from line.open()
        if request.is_snapshot:
            yield TickSnapshotEnd(request_id=request.request_id)

    def _generic(self, request: RequestMarketData, listing: Listing) -> frozenset[int]:
        if request.is_regulatory_snapshot:
            raise Refused(rights.needs_subscription(request.request_id))
        try:
            generic = parse_generic_ticks(request.generic_ticks, listing.sec_type)
        except BadGenericTicks as reason:
            raise Refused(codes.validation_error(str(reason), request.request_id)) from reason
        if generic and request.is_snapshot:
            cause = "Snapshot market data subscription is not applicable to generic ticks"
            raise Refused(codes.validation_error(cause, request.request_id))
        return generic

    def _check_room(self, request: RequestMarketData, symbol: str) -> None:
        """Refuse an id that is in use, and one contract too many."""
        streams = self._desk.streams
        if streams.has((self._session, _KIND, request.request_id)):
            raise Refused(codes.processing_error("Duplicate ticker id", request.request_id))
        watched = streams.symbols(_KIND)
        if not request.is_snapshot and symbol not in watched and len(watched) >= self._desk.settings.lines:
            text = "Max number of tickers has been reached"
            raise Refused(ErrorMessage(request_id=request.request_id, code=codes.TOO_MANY_LINES, text=text))

    def _cancel(self, request: CancelMarketData) -> Answer:
        was_there = self._desk.streams.remove((self._session, _KIND, request.request_id))
        return () if was_there else (unknown_ticker(request.request_id),)
