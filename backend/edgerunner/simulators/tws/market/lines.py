"""Lines: the ticks of one contract for one client, as ``reqMktData`` subscribes to them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.market import rights, ticks
from edgerunner.simulators.tws.market.basic import basic_ticks
from edgerunner.simulators.tws.market.board import Board, View
from edgerunner.simulators.tws.market.exchanges import map_of
from edgerunner.simulators.tws.market.generic import generic_ticks
from edgerunner.simulators.tws.market.models import model_ticks
from edgerunner.simulators.tws.market.rights import DataRights, DataType
from edgerunner.simulators.tws.market.rt_volume import RtVolume
from edgerunner.simulators.tws.market.statistics import StatisticsOfDays
from edgerunner.simulators.tws.market.ticks import Change, Ticks, Value
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.wire.market_messages import MarketDataType, TickRequestParameters
from edgerunner.simulators.venue_types import TradePrinted

_LIVE_PERMISSIONS: Final = 3
_DELAYED_PERMISSIONS: Final = 4
"""Recorded for delayed data; 3 for live ones is what users report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a client wants to see of a contract: the kind of data, and generic ticks by their newer numbers."""

    data_type: DataType
    generic: frozenset[int] = frozenset()


@dataclass(slots=True)
class _State:
    """The ticks of a contract at one version of its book, and how they came from the ones before."""

    version: int
    ticks: Ticks
    before: Ticks
    changed: list[Change]


class States:
    """The ticks of contracts as they are now, computed once for all who want the same."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.statistics = StatisticsOfDays(board)
        self._known: dict[tuple[str, DataType, frozenset[int]], _State] = {}

    def of(self, view: View, granted: DataType, generic: frozenset[int], told: Ticks) -> tuple[Ticks, list[Change]]:
        """Return the ticks of a look, and what has changed in them since ``told``."""
        state = self._state(view, granted, generic)
        changed = state.changed if told is state.before else ticks.changes(told, state.ticks)
        return state.ticks, changed

    def forget(self, symbol: str) -> None:
        """Forget a symbol that nobody watches any more."""
        for key in [key for key in self._known if key[0] == symbol]:
            del self._known[key]

    def _state(self, view: View, granted: DataType, generic: frozenset[int]) -> _State:
        key = (view.symbol, granted, generic)
        version = self.board.venue.book_version(view.symbol) if view.is_live else view.step
        state = self._known.get(key)
        if state is not None and state.version == version:
            return state
        found = self._compute(view, granted, generic)
        before = {} if state is None else state.ticks
        state = _State(version=version, ticks=found, before=before, changed=ticks.changes(before, found))
        self._known[key] = state
        return state

    def _compute(self, view: View, granted: DataType, generic: frozenset[int]) -> Ticks:
        if generic:
            basic = self._state(view, granted, frozenset()).ticks
            return {**basic, **generic_ticks(self.board, view, generic, self.statistics)}
        shows = granted is not DataType.LIVE
        found: dict[int, Value] = basic_ticks(self.board, view, shows_closed_quotes=shows)
        if view.listing.sec_type == "OPT":
            found |= model_ticks(self.board, view, found)
        return found


class Line:
    """One subscription to ticks."""

    def __init__(
        self, session: Session, request_id: int, listing: Listing, wish: Wish, *, states: States, rights: DataRights
    ) -> None:
        self._session = session
        self._request_id = request_id
        self._listing = listing
        self._wish = wish
        self._states = states
        self._rights = rights
        self._told: Ticks = {}
        self._type: DataType | None = None
        self._rt_volume = RtVolume(wish.generic)
        self.symbol = self._look().symbol

    def open(self) -> Iterator[object]:
        """Yield what a new subscription tells at once: kind of data, parameters, the ticks."""
        view = self._look()
        granted = self._granted(view)
        permissions = _DELAYED_PERMISSIONS if granted.is_delayed else _LIVE_PERMISSIONS
        yield MarketDataType(request_id=self._request_id, data_type=granted)
        yield TickRequestParameters(
            request_id=self._request_id,
            min_tick=self._listing.min_tick,
            bbo_exchange=map_of(self._listing),
            snapshot_permissions=permissions,
        )
        if granted.is_delayed:
            yield rights.delayed_notice(self._request_id)
        self._type = granted
        yield from self._news(view, granted)

    def trade(self, printed: TradePrinted) -> None:
        """Take note of a trade for the ticks about volume."""
        self._rt_volume.add(printed)

    def beat(self) -> None:
        """Tell what has changed, once it is open."""
        if self._type is None:
            return
        view = self._look()
        granted = self._granted(view)
        if granted is not self._type:
            self._type = granted
            self._session.send(MarketDataType(request_id=self._request_id, data_type=granted))
        self._session.send(*self._news(view, granted))

    def _news(self, view: View, granted: DataType) -> Iterator[object]:
        self._told, changed = self._states.of(view, granted, self._wish.generic, self._told)
        yield from ticks.messages(self._request_id, changed, is_delayed=granted.is_delayed)
        if not view.is_live:
            self._rt_volume.clear()
        elif self._rt_volume.is_due:
            day = self._states.board.day_bar(view)
            yield from self._rt_volume.tell(self._request_id, view.instrument, day)

    def _look(self) -> View:
        return self._states.board.look(self._listing, is_delayed=self._rights is not DataRights.LIVE)

    def _granted(self, view: View) -> DataType:
        granted = rights.granted(self._wish.data_type, self._rights, is_open=view.is_open)
        if granted is None:
            raise ValueError("a line without rights to its data")
        return granted
