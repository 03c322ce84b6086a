"""What accounts have done since the day began at midnight in New York: profits realized and gained."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.path import STEP_NS
from edgerunner.simulators.tws.account.figures import signed, told_profit
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import FillHappened, HistoryQuery, VenueEvent, VenueFill

ZERO: Final = Decimal(0)
_EVERY_FILL: Final = 10**9


@dataclass(slots=True)
class _Traded:
    """One symbol's fills of a day: lots and value bought less sold, commissions and profit in settle currency."""

    lots: int = 0
    value: Decimal = ZERO
    fees: Decimal = ZERO
    realized: Decimal | None = None


@dataclass(slots=True)
class _Day:
    start_ns: int = -1
    incarnation: int = -1
    traded: dict[tuple[str, str], _Traded] = field(default_factory=lambda: defaultdict(_Traded))


class DayBook:
    """Follows the fills of a venue. A new day, a restart and a reset are read from the ledger."""

    def __init__(self, venue: Venue, local_time: Callable[[], datetime]) -> None:
        self._venue = venue
        self._local_time = local_time
        self._day = _Day()
        venue.add_listener(self._on_event)

    def realized(self, account_id: str, symbol: str) -> Decimal | None:
        """Return what was realized in a symbol today, settle currency; None when nothing was closed."""
        found = self._today().traded.get((account_id, symbol))
        return None if found is None else found.realized

    def realized_by_currency(self, account_id: str) -> dict[str, Decimal]:
        """Return what was realized today by settle currency."""
        found: dict[str, Decimal] = {}
        for (owner, symbol), traded in self._today().traded.items():
            if owner == account_id and traded.realized is not None:
                currency = self._venue.instrument(symbol).instrument.settle
                found[currency] = found.get(currency, ZERO) + traded.realized
        return found

    def symbols(self, account_id: str) -> set[str]:
        """Return what was traded today."""
        return {symbol for owner, symbol in self._today().traded if owner == account_id}

    def gained(self, account_id: str, symbol: str) -> Decimal:
        """Return what a symbol has gained today after commissions, closed or not, settle currency."""
        day, venue = self._today(), self._venue
        traded = day.traded.get((account_id, symbol), _Traded())
        instrument, now = venue.instrument(symbol), signed(venue.position(account_id, symbol))
        mark = instrument.value(venue.market.price(symbol, venue.clock.market_ns() // STEP_NS), 1)
        start = instrument.value(venue.market.price(symbol, day.start_ns // STEP_NS), 1)
        return now * mark - (now - traded.lots) * start - traded.value - traded.fees

    def _today(self) -> _Day:
        midnight = self._local_time().replace(hour=0, minute=0, second=0, microsecond=0)
        start_ns = int(midnight.timestamp()) * NANOSECONDS
        incarnation = self._venue.incarnation
        if (start_ns, incarnation) != (self._day.start_ns, self._day.incarnation):
            self._day = _Day(start_ns=start_ns, incarnation=incarnation)
            for account_id in self._venue.accounts:
                query = HistoryQuery(account_id=account_id, start_ns=start_ns, limit=_EVERY_FILL)
                for fill in self._venue.fill_history(query):
                    self._add(self._day, fill)
        return self._day

    def _on_event(self, event: VenueEvent) -> None:
        is_known = self._day.incarnation == self._venue.incarnation
        if is_known and isinstance(event, FillHappened) and event.fill.time_ns >= self._day.start_ns:
            self._add(self._day, event.fill)

    def _add(self, day: _Day, fill: VenueFill) -> None:
        instrument = self._venue.instrument(fill.symbol)
        traded = day.traded[fill.account_id, fill.symbol]
        sign = 1 if fill.side == "buy" else -1
        traded.lots += sign * fill.quantity_lots
        traded.value += sign * fill.value
        if not instrument.exchanges_money:
            traded.fees += fill.fee
        profit = fill.realized_pnl if instrument.exchanges_money else told_profit(instrument, fill)
        if fill.closed_lots and profit is not None:
            traded.realized = (traded.realized or ZERO) + profit
