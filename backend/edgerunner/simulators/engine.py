"""Orders in and out of the books: matching, resting, canceling, trading by hand."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from edgerunner.matching.book import Match, Plan, RestingOrder, Taker, Usable
from edgerunner.matching.execution import Outcome, decide
from edgerunner.matching.words import Side, opposite
from edgerunner.simulators.accounts import Account
from edgerunner.simulators.books import SymbolBook
from edgerunner.simulators.clock import VirtualClock
from edgerunner.simulators.rules import market_limit
from edgerunner.simulators.settlement import Execution, Settlement
from edgerunner.simulators.venue_types import (
    BalanceChanged,
    Leg,
    OrderChanged,
    OrderState,
    PositionChanged,
    RejectReason,
    TradePrinted,
    VenueInstrument,
    VenueOrder,
    VenuePosition,
    VenueReject,
)
from edgerunner.simulators.work import Work


class Engine:
    """Changes books and accounts within a ``Work``; what rules and money forbid was refused before."""

    def __init__(
        self,
        *,
        instruments: Mapping[str, VenueInstrument],
        accounts: Mapping[str, Account],
        books: Mapping[str, SymbolBook],
        clock: VirtualClock,
        settlement: Settlement,
    ) -> None:
        self._instruments = instruments
        self._accounts = accounts
        self._books = books
        self._clock = clock
        self._settlement = settlement

    def plan(self, order: VenueOrder, mark_ticks: int, cap_lots: int | None = None) -> tuple[Taker, Plan]:
        """Return an order as a taker and what it would trade now, at most ``cap_lots`` when that is given."""
        book, instrument = self._books[order.symbol], self._instruments[order.symbol]
        limit = order.price_ticks
        if limit is None:
            limit = market_limit(instrument, order.side, mark_ticks)
        taker = Taker(
            owner=order.account_id,
            side=order.side,
            lots=order.leaves_lots,
            limit=limit,
            self_match=order.self_match,
        )
        if order.quote_amount is not None:
            everything = replace(taker, lots=instrument.max_market_lots)
            taker = replace(taker, lots=_affordable(instrument, self._plan(book, everything), order.quote_amount))
        bounded = taker if cap_lots is None else replace(taker, lots=min(taker.lots, cap_lots))
        return taker, self._plan(book, bounded)

    def execute(
        self,
        work: Work,
        order: VenueOrder,
        taker: Taker,
        plan: Plan,
        *,
        listed: VenueOrder | None = None,
        park: bool = False,
    ) -> VenueOrder:
        """Carry out a plan under the order's time in force and return the order as it then stands.

        ``listed`` = the order as its account lists it so far (None = a new one); ``park`` keeps the rest out of
        the book.
        """
        outcome = decide(taker, plan, order.time_in_force, is_market=order.order_type == "market")
        book, instrument = self._books[order.symbol], self._instruments[order.symbol]
        for match in outcome.plan.matches:
            execution = Execution(price_ticks=match.price, lots=match.lots, is_maker=False)
            order = self._settlement.fill(work, instrument, order, execution)
            self._print(work, order.side)
            if match.maker_id is None:
                book.take(opposite(order.side), match.price, match.lots)
            else:
                self._fill_maker(work, book, match)
        for order_id in outcome.plan.canceled_makers:
            self.close(work, self._live(order.account_id, order_id), "self_match")
        order = self.stamped(_concluded(instrument, order, outcome))
        if order.live:
            self.rest(order, park=park)
        self.save(work, listed, order)
        self._enforce_reduce_only(work, order.symbol)
        return order

    def close(self, work: Work, order: VenueOrder, reason: str, state: OrderState = OrderState.CANCELED) -> VenueOrder:
        """Cancel a live order, or end it in another state."""
        if order.is_waiting and self._instruments[order.symbol].is_spot:
            state = OrderState.DEACTIVATED
        elif not order.is_waiting and order.state is not OrderState.TRIGGERED:
            self.withdraw(order)
        after = self.stamped(replace(order, state=state, cancel_reason=reason, live=False))
        self.save(work, order, after)
        return after

    def wait(
        self,
        work: Work,
        order: VenueOrder,
        *,
        listed: VenueOrder | None = None,
        state: OrderState = OrderState.UNTRIGGERED,
    ) -> VenueOrder:
        """List an order that waits, for its trigger unless ``state`` says held; ``listed`` = as it is listed so far."""
        after = self.stamped(replace(order, state=state))
        self.save(work, listed, after)
        return after

    def rest(self, order: VenueOrder, *, park: bool = False) -> None:
        """Put a live order in its book, behind the others at its price, or keep it parked beside the book."""
        book = self._books[order.symbol]
        book.reduce_only_count += order.reduce_only
        if park:
            book.parked.add(order.order_id)
            return
        book.book.add(
            RestingOrder(
                order_id=order.order_id,
                owner=order.account_id,
                side=order.side,
                price=order.price_ticks or 0,
                lots=order.leaves_lots,
                reduce_only=order.reduce_only,
                leg=order.leg,
            )
        )
        book.changed()

    def withdraw(self, order: VenueOrder) -> None:
        """Take a live order out of its book."""
        book = self._books[order.symbol]
        if order.order_id in book.book:
            book.book.remove(order.order_id)
            book.changed()
        book.parked.discard(order.order_id)
        book.reduce_only_count -= order.reduce_only

    def shrink(self, work: Work, order: VenueOrder, wanted: VenueOrder) -> VenueOrder:
        """Let a resting order become one of no larger quantity, which keeps its place in the queue."""
        book = self._books[order.symbol]
        less = order.quantity_lots - wanted.quantity_lots
        if less and order.order_id in book.book:
            book.book.reduce(order.order_id, less)
            book.changed()
        after = self.stamped(wanted)
        self.save(work, order, after)
        return after

    def replace_order(
        self, work: Work, before: VenueOrder, after: VenueOrder, *, taker: Taker, plan: Plan
    ) -> VenueOrder:
        """Take a resting order out and let its new version meet the book like a new order."""
        self.withdraw(before)
        return self.execute(work, after, taker, plan, listed=before)

    def fill_resting(self, work: Work, order: VenueOrder, lots: int) -> VenueOrder:
        """Trade lots of a resting order at its own price, as maker."""
        execution = Execution(price_ticks=order.price_ticks or 0, lots=lots, is_maker=True)
        after = self._settlement.fill(work, self._instruments[order.symbol], order, execution)
        self._shorten(order, after, lots)
        self.save(work, order, after)
        self._print(work, opposite(order.side))
        return after

    def fill_by_hand(self, work: Work, order: VenueOrder, lots: int) -> VenueOrder:
        """Trade lots of a resting order at its own price, because the broker says so."""
        after = self.fill_resting(work, order, lots)
        self._enforce_reduce_only(work, order.symbol)
        return after

    def close_position(
        self, work: Work, order: VenueOrder, price_ticks: int, fee_rate: Decimal | None = None
    ) -> VenueOrder:
        """Trade the whole of a closing order that the broker made (origin = kind), at the price the broker gives."""
        execution = Execution(
            price_ticks=price_ticks, lots=order.quantity_lots, is_maker=False, kind=order.origin, fee_rate=fee_rate
        )
        after = self._settlement.fill(work, self._instruments[order.symbol], order, execution)
        self.save(work, None, after)
        self._print(work, order.side)
        self._enforce_reduce_only(work, order.symbol)
        return after

    def are_resting(self, symbol: str) -> bool:
        """Tell whether users' orders rest in a book."""
        return bool(len(self._books[symbol].book))

    def cross_market(self, work: Work, symbol: str) -> None:
        """Fill resting orders that the generated opposite side reaches: at their prices, as far as its size goes."""
        book = self._books[symbol]
        sides: tuple[Side, Side] = ("buy", "sell")
        for side in sides:
            best = book.book.best(side)
            if best is None or (best < book.ask if side == "buy" else best > book.bid):
                continue
            pool = _Pool(book, opposite(side))
            for resting in list(book.book.orders(side)):
                order = self._live(resting.owner, resting.order_id)
                wanted = min(resting.lots, self.closable(order)) if order.reduce_only else resting.lots
                lots = pool.draw(wanted, resting.price)
                if lots:
                    self.fill_resting(work, order, lots)
                elif wanted:
                    break
        self._enforce_reduce_only(work, symbol)

    def closable(self, order: VenueOrder) -> int:
        """Return how many lots of its position an order can close."""
        position = self._accounts[order.account_id].position(self._instruments[order.symbol], order.leg)
        return position.net.closable(order.side)

    def finish(self, work: Work, view: Callable[[Account, VenueInstrument, Leg], VenuePosition]) -> None:
        """Complete a work: positions and balances it touched follow its orders and fills, the tape comes last."""
        for account_id, symbol, leg in work.positions:
            account, instrument = self._accounts[account_id], self._instruments[symbol]
            work.transaction.positions[account_id, symbol, leg] = account.position(instrument, leg)
            work.events.append(PositionChanged(position=view(account, instrument, leg)))
        work.events.extend(BalanceChanged(account_id=account_id) for account_id in work.accounts)
        work.events.extend(work.prints)

    def _plan(self, book: SymbolBook, taker: Taker) -> Plan:
        return book.book.plan(taker, book.outside(opposite(taker.side)), self._usable(book))

    def _usable(self, book: SymbolBook) -> Usable | None:
        """Hold back reduce-only makers beyond what their owners' positions let them close."""
        if not book.reduce_only_count:
            return None
        instrument = self._instruments[book.symbol]
        used: dict[tuple[str, Leg], int] = {}

        def usable(maker: RestingOrder, wanted: int) -> int:
            leg = Leg(maker.leg)
            before = used.get((maker.owner, leg), 0)
            if maker.reduce_only:
                net = self._accounts[maker.owner].position(instrument, leg).net
                wanted = max(0, min(wanted, net.closable(maker.side) - before))
            used[maker.owner, leg] = before + wanted
            return wanted

        return usable

    def _fill_maker(self, work: Work, book: SymbolBook, match: Match) -> None:
        resting = book.book.get(match.maker_id or "")
        maker = self._live(resting.owner, resting.order_id)
        execution = Execution(price_ticks=match.price, lots=match.lots, is_maker=True)
        after = self._settlement.fill(work, self._instruments[maker.symbol], maker, execution)
        self._shorten(maker, after, match.lots)
        self.save(work, maker, after)

    def _shorten(self, before: VenueOrder, after: VenueOrder, lots: int) -> None:
        if not after.live:
            self.withdraw(before)
            return
        book = self._books[before.symbol]
        if before.order_id in book.book:
            book.book.reduce(before.order_id, lots)
            book.changed()

    def _enforce_reduce_only(self, work: Work, symbol: str) -> None:
        if not self._books[symbol].reduce_only_count:
            return
        for account_id, touched, leg in list(work.positions):
            if touched == symbol:
                for order in list(self._accounts[account_id].orders.live()):
                    is_of_leg = order.symbol == symbol and order.leg is leg and not order.is_waiting
                    if is_of_leg and order.reduce_only and not self.closable(order):
                        self.close(work, order, "reduce_only")

    def _live(self, account_id: str, order_id: str) -> VenueOrder:
        order = self._accounts[account_id].orders.get_live(order_id)
        if order is None:
            raise VenueReject(RejectReason.UNKNOWN_ORDER, f"order {order_id} is not live")
        return order

    def stamped(self, order: VenueOrder) -> VenueOrder:
        """Return an order with the time and number of a change."""
        return replace(order, updated_ns=self._clock.now_ns(), sequence=self._settlement.numbers.next_sequence())

    def save(self, work: Work, listed: VenueOrder | None, order: VenueOrder) -> None:
        """List, write and tell a changed order; ``listed`` = as its account lists it so far."""
        instrument = self._instruments[order.symbol]
        self._accounts[order.account_id].track(instrument, listed, order)
        work.transaction.orders[order.order_id] = order
        work.events.append(OrderChanged(order=order))
        if instrument.is_spot and (order.live or listed is not None):
            work.accounts[order.account_id] = None

    def _print(self, work: Work, taker_side: Side) -> None:
        """Print the newest fill on the tape."""
        fill = work.transaction.fills[-1]
        work.prints.append(
            TradePrinted(
                symbol=fill.symbol,
                price_ticks=fill.price_ticks,
                quantity_lots=fill.quantity_lots,
                taker_side=taker_side,
                trade_id=fill.trade_id,
                time_ns=fill.time_ns,
                sequence=self._books[fill.symbol].step * 8 + 7,
            )
        )


class _Pool:
    """Generated lots of one side that resting orders use up, best price first."""

    def __init__(self, book: SymbolBook, side: Side) -> None:
        self._book = book
        self._side = side
        self._levels = book.outside(side)
        self._level = next(self._levels, None)

    def draw(self, wanted: int, limit: int) -> int:
        """Take up to ``wanted`` lots that reach a resting order's price."""
        got = 0
        while got < wanted and self._level is not None:
            price, left = self._level
            if price > limit if self._side == "sell" else price < limit:
                break
            lots = min(wanted - got, left)
            self._book.take(self._side, price, lots)
            got += lots
            self._level = (price, left - lots) if left > lots else next(self._levels, None)
        return got


def _affordable(instrument: VenueInstrument, plan: Plan, amount: Decimal) -> int:
    """Return how many lots an amount of quote currency buys."""
    lots = 0
    for match in plan.matches:
        lot_value = instrument.value(match.price, 1)
        bought = min(match.lots, int(amount // lot_value))
        amount -= lot_value * bought
        lots += bought
    return lots


def _concluded(instrument: VenueInstrument, order: VenueOrder, outcome: Outcome) -> VenueOrder:
    """Return an order after its matches: filled, resting or canceled."""
    if order.quote_amount is not None:
        unspent = order.quote_amount - order.filled_value
        lots = order.filled_lots
        if not unspent:
            return replace(order, quantity_lots=lots, state=OrderState.FILLED, live=False)
        is_dust = bool(lots) and unspent < instrument.value(outcome.plan.matches[-1].price, 1)
        reason = "quote_dust" if is_dust else "no_liquidity"
        return replace(order, quantity_lots=lots, state=OrderState.CANCELED, cancel_reason=reason, live=False)
    if outcome.cancel_reason is not None:
        return replace(order, state=OrderState.CANCELED, cancel_reason=outcome.cancel_reason, live=False)
    return order
