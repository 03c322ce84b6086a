"""What happens to positions by the calendar: funding at every interval, daily settlement, delivery at expiry.

Times are market time. What fell due while the process was down happens when it is up again, at the prices of then.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from edgerunner.domain.instruments import Product
from edgerunner.domain.numbers import exact_arithmetic
from edgerunner.simulators.accounts import Account
from edgerunner.simulators.engine import Engine
from edgerunner.simulators.ledger import Ledger
from edgerunner.simulators.market import FUNDING_INTERVAL_NS, Market
from edgerunner.simulators.order_factory import OrderFactory, closing_side
from edgerunner.simulators.path import STEP_NS
from edgerunner.simulators.settlement import Settlement
from edgerunner.simulators.venue_types import FundingRate, Leg, OrderRequest, VenueInstrument
from edgerunner.simulators.work import Work

SETTLED_UNTIL = "settled_until"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An open position: whose, in what, which leg, signed lots."""

    account_id: str
    instrument: VenueInstrument
    leg: Leg
    lots: int


class TimedSettlements:
    """Settles funding and deliveries when they fall due, each in one change of its own."""

    def __init__(
        self,
        *,
        instruments: Mapping[str, VenueInstrument],
        accounts: Mapping[str, Account],
        market: Market,
        ledger: Ledger,
        engine: Engine,
        settlement: Settlement,
        factory: OrderFactory,
        commit: Callable[[Work], None],
    ) -> None:
        self._instruments = instruments
        self._accounts = accounts
        self._market = market
        self._ledger = ledger
        self._engine = engine
        self._settlement = settlement
        self._factory = factory
        self._commit = commit
        self._until_ns = 0
        self._next_ns = 0

    def restore(self, now_ns: int) -> None:
        """Go on from where the ledger was left; a new ledger starts now."""
        stored = self._ledger.get(SETTLED_UNTIL)
        if stored is None:
            self._ledger.put(SETTLED_UNTIL, str(now_ns))
        self._until_ns = now_ns if stored is None else int(stored)
        self._next_ns = self._due_after(self._until_ns)

    def listed(self) -> None:
        """Take note that there is another instrument, which may expire before anything else falls due."""
        self._next_ns = self._due_after(self._until_ns)

    def advance(self, now_ns: int) -> None:
        """Settle everything that has fallen due by ``now_ns``."""
        while self._next_ns <= now_ns:
            due = self._next_ns
            work = Work()
            with exact_arithmetic():
                for instrument in self._instruments.values():
                    if has_funding(instrument) and due % FUNDING_INTERVAL_NS == 0:
                        rate = self._market.funding_rate(instrument.symbol, due)
                        self.pay_funding(work, instrument, rate=rate, ticks=self._mark(instrument, due), time_ns=due)
                    if _settles_at(instrument, due):
                        self._pay_profits(work, instrument, due)
                    if instrument.instrument.expires_at_ns == due:
                        self._deliver(work, instrument, due)
            self._until_ns, self._next_ns = due, self._due_after(due)
            work.transaction.meta[SETTLED_UNTIL] = str(due)
            self._commit(work)

    def pay_funding(self, work: Work, instrument: VenueInstrument, *, rate: Decimal, ticks: int, time_ns: int) -> None:
        """Let every position in an instrument pay or receive ``rate`` of its value at a mark price."""
        for held in self.held(instrument.symbol):
            value = instrument.value(ticks, abs(held.lots))
            self._settlement.funding(
                work,
                instrument,
                account_id=held.account_id,
                leg=held.leg,
                lots=held.lots,
                paid=value * rate if held.lots > 0 else -value * rate,
                value=value,
                rate=rate,
                price_ticks=ticks,
                time_ns=time_ns,
            )

    def held(self, symbol: str) -> Iterator[Held]:
        """Yield the open positions in a symbol."""
        instrument = self._instruments[symbol]
        for account in self._accounts.values():
            for leg in account.legs(symbol):
                lots = account.position(instrument, leg).net.lots
                if lots:
                    yield Held(account_id=account.account_id, instrument=instrument, leg=leg, lots=lots)

    def history(self, symbol: str, *, start_ns: int | None, end_ns: int, limit: int) -> list[FundingRate]:
        """Return the settlements from ``start_ns`` to ``end_ns`` (both included), newest first."""
        instrument = self._instruments[symbol]
        if not has_funding(instrument):
            return []
        newest = end_ns // FUNDING_INTERVAL_NS
        oldest = max(newest - limit, -1 if start_ns is None else -(-start_ns // FUNDING_INTERVAL_NS) - 1)
        times = (index * FUNDING_INTERVAL_NS for index in range(newest, oldest, -1))
        return [
            FundingRate(
                symbol=symbol,
                rate=self._market.funding_rate(symbol, time_ns),
                mark_price=instrument.price(self._mark(instrument, time_ns)),
                time_ns=time_ns,
            )
            for time_ns in times
        ]

    def _deliver(self, work: Work, instrument: VenueInstrument, time_ns: int) -> None:
        """End an expired instrument: orders are canceled, positions closed at the mark price without a fee."""
        for account in self._accounts.values():
            for order in list(account.orders.live()):
                if order.symbol == instrument.symbol:
                    self._engine.close(work, order, "expired")
        for held in list(self.held(instrument.symbol)):
            request = OrderRequest(
                account_id=held.account_id,
                symbol=instrument.symbol,
                side=closing_side(held.lots),
                order_type="market",
                quantity_lots=abs(held.lots),
                reduce_only=True,
                leg=held.leg,
                origin="delivery",
            )
            order = self._factory.numbered(self._factory.new(request))
            self._engine.close_position(work, order, self._mark(instrument, time_ns), fee_rate=Decimal(0))

    def _pay_profits(self, work: Work, instrument: VenueInstrument, time_ns: int) -> None:
        lot_value = instrument.value(self._mark(instrument, time_ns), 1)
        for held in list(self.held(instrument.symbol)):
            self._settlement.pay_profit(work, instrument, account_id=held.account_id, leg=held.leg, lot_value=lot_value)

    def _mark(self, instrument: VenueInstrument, time_ns: int) -> int:
        return self._market.price(instrument.symbol, time_ns // STEP_NS)

    def _due_after(self, time_ns: int) -> int:
        """Return the next funding, daily settlement or expiry after a time."""
        expiries = (instrument.instrument.expires_at_ns for instrument in self._instruments.values())
        later = [each for each in expiries if each is not None and each > time_ns]
        daily = {each.daily_settlement for each in self._instruments.values() if each.daily_settlement is not None}
        later += [each.next_ns(time_ns) for each in daily]
        return min([(time_ns // FUNDING_INTERVAL_NS + 1) * FUNDING_INTERVAL_NS, *later])


def _settles_at(instrument: VenueInstrument, time_ns: int) -> bool:
    daily = instrument.daily_settlement
    return daily is not None and daily.next_ns(time_ns - 1) == time_ns


def has_funding(instrument: VenueInstrument) -> bool:
    """Tell whether positions in an instrument pay funding: perpetuals do."""
    return instrument.instrument.product is Product.PERPETUAL
