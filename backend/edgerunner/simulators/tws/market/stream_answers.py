"""What the simulated TWS answers to requests for order books, single ticks and bars of five seconds."""

from collections.abc import Callable, Mapping
from typing import Any

from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.answer import Answer
from edgerunner.simulators.tws.contracts.directory import Directory
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.market import rights
from edgerunner.simulators.tws.market.depth import DepthStream
from edgerunner.simulators.tws.market.desk import MarketDesk
from edgerunner.simulators.tws.market.exchanges import DEPTH_EXCHANGES, SMART_COMPONENTS, US_STOCKS_MAP, has_depth
from edgerunner.simulators.tws.market.past_answers import tick_message
from edgerunner.simulators.tws.market.past_ticks import MOST_TICKS, Row, TickQuery, TickView
from edgerunner.simulators.tws.market.real_time_bars import VIEWS_SHOWN, RealTimeBars
from edgerunner.simulators.tws.market.refusals import Refused, checked, no_permission, unknown_ticker
from edgerunner.simulators.tws.market.rights import DataRights, DataType
from edgerunner.simulators.tws.market.single_ticks import SingleTickKind, SingleTicks
from edgerunner.simulators.tws.market.streams import Key, StreamKind
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.wire import market_requests as asked
from edgerunner.simulators.tws.wire.market_messages import DepthExchanges, SmartComponents
from edgerunner.simulators.tws.wire.session import ErrorMessage


class StreamAnswers:
    """Answers one client's requests for streams other than ticks."""

    def __init__(self, desk: MarketDesk, directory: Directory, session: Session) -> None:
        self._desk = desk
        self._directory = directory
        self._session = session

    def handlers(self) -> Mapping[type[Any], Callable[[Any], Answer]]:
        """Return the handler of every request that is answered here."""
        return {
            asked.RequestDepth: checked(self._directory, self._depth),
            asked.CancelDepth: self._cancel_depth,
            asked.RequestDepthExchanges: lambda _: (DepthExchanges(exchanges=DEPTH_EXCHANGES),),
            asked.RequestSmartComponents: _smart_components,
            asked.RequestTickByTick: checked(self._directory, self._single_ticks),
            asked.CancelTickByTick: self._canceler(StreamKind.SINGLE_TICKS),
            asked.RequestRealTimeBars: checked(self._directory, self._real_time_bars),
            asked.CancelRealTimeBars: self._canceler(StreamKind.REAL_TIME_BARS),
        }

    @property
    def _is_live(self) -> bool:
        return self._desk.settings.rights is DataRights.LIVE

    def _depth(self, request: asked.RequestDepth, listing: Listing) -> Answer:
        request_id = request.request_id
        if not self._is_live:
            raise Refused(rights.refusal(DataType.LIVE, self._desk.settings.rights, request_id))
        exchange = request.contract.exchange or listing.exchanges[0]
        if not has_depth(listing, exchange, is_smart=request.is_smart):
            text = "Deep market data is not supported for this combination of security type/exchange"
            raise Refused(ErrorMessage(request_id=request_id, code=codes.NO_DEPTH, text=text))
        key = self._free_key(StreamKind.DEPTH, request_id)
        symbols = self._desk.streams.symbols(StreamKind.DEPTH)
        most = self._desk.settings.depths
        if self._desk.board.look(listing).symbol not in symbols and len(symbols) >= most:
            text = f"Max number ({most}) of market depth requests has been reached"
            raise Refused(ErrorMessage(request_id=request_id, code=codes.TOO_MANY_DEPTHS, text=text))
        is_smart = request.is_smart and exchange == "SMART"
        stream = DepthStream(
            self._session, request_id, listing, rows=request.rows, is_smart=is_smart, board=self._desk.board
        )
        self._desk.streams.add(key, stream)
        stream.beat()
        return ()

    def _cancel_depth(self, request: asked.CancelDepth) -> Answer:
        if self._desk.streams.remove((self._session, StreamKind.DEPTH, request.request_id)):
            return ()
        text = f"Can't find the subscribed market depth with tickerId:{request.request_id}"
        return (ErrorMessage(request_id=request.request_id, code=codes.UNKNOWN_DEPTH, text=text),)

    def _single_ticks(self, request: asked.RequestTickByTick, listing: Listing) -> Answer:
        request_id = request.request_id
        if request.tick_type not in list(SingleTickKind):
            raise Refused(codes.validation_error(f"Invalid tick type {request.tick_type[:40]}", request_id))
        kind = SingleTickKind(request.tick_type)
        if not 0 <= request.count <= MOST_TICKS:
            raise Refused(codes.validation_error(f"Invalid number of ticks {request.count}", request_id))
        before = "Failed to request tick-by-tick data."
        if not self._is_live:
            raise no_permission(listing, codes.NO_TICK_BY_TICK, request_id, before)
        if listing.sec_type == "CASH" and kind.view is TickView.TRADES:
            text = f"{before}{kind} is not available for CASH"
            raise Refused(ErrorMessage(request_id=request_id, code=codes.NO_TICK_BY_TICK, text=text))
        key = self._free_key(StreamKind.SINGLE_TICKS, request_id)
        if self._desk.streams.count(StreamKind.SINGLE_TICKS) >= self._desk.settings.single_ticks:
            text = "Max number of tick-by-tick requests has been reached."
            raise Refused(ErrorMessage(request_id=request_id, code=codes.TOO_MANY_TICK_BY_TICK, text=text))
        stream = SingleTicks(self._session, request_id, listing, kind, board=self._desk.board)
        stream.ignores_size = request.ignores_size
        if request.count:
            yield from self._earlier_ticks(request, listing, stream)
        self._desk.streams.add(key, stream)

    def _earlier_ticks(self, request: asked.RequestTickByTick, listing: Listing, stream: SingleTicks) -> Answer:
        query = TickQuery(
            listing=listing,
            view=SingleTickKind(request.tick_type).view,
            is_regular=False,
            count=request.count,
            end_ns=stream.begin_ns,
            ignores_size=request.ignores_size,
        )
        rows: list[Row] = []
        yield from self._desk.past.find(query, rows)
        yield tick_message(request.request_id, query.view, rows)

    def _real_time_bars(self, request: asked.RequestRealTimeBars, listing: Listing) -> Answer:
        request_id, what = request.request_id, request.what_to_show
        if what not in VIEWS_SHOWN:
            raise Refused(codes.validation_error("What to show field is missing or incorrect.", request_id))
        before = "Invalid Real-time Query:"
        if not self._is_live:
            raise no_permission(listing, codes.BAD_REAL_TIME_QUERY, request_id, before)
        if listing.sec_type == "CASH" and what == "TRADES":
            text = f"{before}No historical market data for {listing.symbol}/CASH@FXSUBPIP {what}"
            raise Refused(ErrorMessage(request_id=request_id, code=codes.BAD_REAL_TIME_QUERY, text=text))
        key = self._free_key(StreamKind.REAL_TIME_BARS, request_id)
        stream = RealTimeBars(
            self._session,
            request_id,
            listing,
            what=what,
            is_regular=request.is_regular_hours,
            board=self._desk.board,
        )
        self._desk.streams.add(key, stream)
        return ()

    def _free_key(self, kind: StreamKind, request_id: int) -> Key:
        key = (self._session, kind, request_id)
        if self._desk.streams.has(key):
            raise Refused(codes.processing_error("Duplicate ticker id", request_id))
        return key

    def _canceler(self, kind: StreamKind) -> Callable[[Any], Answer]:
        def cancel(request: Any) -> Answer:
            was_there = self._desk.streams.remove((self._session, kind, request.request_id))
            return () if was_there else (unknown_ticker(request.request_id),)

        return cancel


def _smart_components(request: asked.RequestSmartComponents) -> Answer:
    if request.bbo_exchange != US_STOCKS_MAP:
        cause = f"Invalid BBO exchange {request.bbo_exchange[:40]}"
        return (codes.validation_error(cause, request.request_id),)
    return (SmartComponents(request_id=request.request_id, components=SMART_COMPONENTS),)
