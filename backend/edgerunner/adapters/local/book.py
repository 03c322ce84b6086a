"""The paper broker: orders against the market, money, liquidation, funding. No input or output, no clock.

Each method returns the ``Change`` it made in memory; the adapter writes it before anybody hears of it. When it cannot
be written, this object is thrown away and made anew from what is on disk.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from edgerunner.adapters.broker import CancelOrder, ModifyOrder, PlaceOrder, PositionReport
from edgerunner.adapters.local.bookkeeping import FUNDING_LAG_NS, Bookkeeping
from edgerunner.adapters.local.checks import check_change, check_reduces, check_rules, check_sides, wanted_terms
from edgerunner.adapters.local.money import Account, Line, require_money
from edgerunner.adapters.local.options import LocalOptions
from edgerunner.adapters.local.positions import position_report
from edgerunner.adapters.local.records import Change, Holding, LocalFill, LocalOrder, StoredBook
from edgerunner.adapters.local.units import Units, working_order
from edgerunner.domain.errors import BrokerRejected
from edgerunner.domain.instruments import Instrument, Product
from edgerunner.domain.market import Depth, FundingRate, MarketTrade, Ticker
from edgerunner.domain.numbers import exact_arithmetic, round_money
from edgerunner.domain.orders import OrderTerms, OrderType, Side, TimeInForce
from edgerunner.matching.position import NetPosition
from edgerunner.matching.quote_fill import Assumptions
from edgerunner.matching.working_order import OrderEvent, TriggerSource, WorkingOrder
from edgerunner.matching.working_orders import WorkingOrders

STALE_AFTER_NS = 10 * 10**9
"""Older market data fill nothing."""


@dataclass(slots=True, kw_only=True)
class Market:
    """One instrument as far as the account has to do with it."""

    units: Units
    working: WorkingOrders
    mark: Decimal | None = None


class PaperBook:
    """One paper account."""

    def __init__(self, stored: StoredBook, options: LocalOptions) -> None:
        self._options = options
        self._known = dict(stored.instruments)
        self._books = Bookkeeping(stored, options)
        self._markets: dict[str, Market] = {}
        self._is_new = not stored.balances
        for instrument_id in {*stored.holdings, *(order.terms.instrument_id for order in stored.live_orders)}:
            self._restore(stored.instruments[instrument_id])

    def _restore(self, instrument: Instrument) -> None:
        market = self.market(instrument)
        mine = [o.working for o in self._books.live.values() if o.terms.instrument_id == instrument.instrument_id]
        market.working.restore(mine)

    # what there is

    def market(self, instrument: Instrument) -> Market:
        """Return an instrument's market, made at the first time.

        When the broker changes an instrument's steps, what is held or works goes on in the steps that it began with.
        """
        known = self._markets.get(instrument.instrument_id)
        is_outdated = known is not None and known.units.instrument != instrument
        if known is None or (is_outdated and instrument.instrument_id not in self.watched):
            assumptions = Assumptions(
                beyond_levels=self._options.slippage_levels,
                beyond_ticks=self._options.slippage_ticks,
                stale_after_ns=STALE_AFTER_NS,
            )
            position = self._books.holding(instrument.instrument_id).net.lots
            known = Market(
                units=Units.of(instrument), working=WorkingOrders(assumptions=assumptions, position=position)
            )
            self._markets[instrument.instrument_id] = known
        return known

    def instrument(self, instrument_id: str) -> Instrument | None:
        """Return an instrument that the account ever traded."""
        return self._known.get(instrument_id)

    @property
    def watched(self) -> frozenset[str]:
        """Return the instruments whose market matters: orders work on them or something is held."""
        ordered = {order.terms.instrument_id for order in self._books.live.values()}
        return frozenset(ordered | {name for name, held in self._books.holdings.items() if held.net.lots})

    @property
    def unmarked(self) -> frozenset[str]:
        """Return what is held and has no mark yet."""
        held = (name for name, holding in self._books.holdings.items() if holding.net.lots)
        return frozenset(name for name in held if self._markets[name].mark is None)

    def is_fresh(self, instrument_id: str, now_ns: int) -> bool:
        """Tell whether an instrument's market may be traded on as it is known."""
        market = self._markets.get(instrument_id)
        return market is not None and market.working.is_fresh(now_ns)

    def mark(self, instrument_id: str) -> Decimal | None:
        """Return the newest mark of an instrument that the account has to do with."""
        market = self._markets.get(instrument_id)
        return None if market is None else market.mark

    @property
    def unmet(self) -> frozenset[str]:
        """Return the instruments on which a triggered or new order waits for a fresh market."""
        return frozenset(
            order.terms.instrument_id
            for order in self._books.live.values()
            if not order.working.is_waiting and not self._is_resting(order)
        )

    @property
    def open_orders(self) -> tuple[LocalOrder, ...]:
        """Return the live orders, oldest first."""
        return tuple(sorted(self._books.live.values(), key=lambda order: order.number))

    @property
    def account(self) -> Account:
        """Return the account's money as it stands."""
        lines = tuple(self._line(name) for name in self._markets)
        return Account(options=self._options, balances=self._books.balances, lines=lines)

    def positions(self, now_ns: int) -> list[PositionReport]:
        """Return what is held, as a broker reports it."""
        held = (self.position(name, now_ns) for name in sorted(self._books.holdings))
        return [report for report in held if report.quantity]

    def position(self, instrument_id: str, now_ns: int) -> PositionReport:
        """Return one position, flat ones too."""
        exits = [order for order in self._books.live.values() if order.terms.instrument_id == instrument_id]
        return position_report(self._line(instrument_id), exits, leverage=self._options.leverage, now_ns=now_ns)

    def funding_due(self, now_ns: int) -> list[tuple[str, int]]:
        """Return perpetuals that are, or were just now, held, and until when their funding is booked (UTC ns)."""
        return [
            (name, held.funded_ns)
            for name, held in self._books.holdings.items()
            if self._known[name].product is Product.PERPETUAL
            and (held.net.lots or now_ns - held.changed_ns <= FUNDING_LAG_NS)
        ]

    # commands

    def open_account(self, coin_markets: Iterable[Instrument], now_ns: int) -> Change:
        """Pay the starting money into a new account; nothing for one that exists.

        ``coin_markets``: the spot market of each coin among it.
        """
        change = Change()
        if not self._is_new:
            return change
        self._is_new = False
        start = {self._options.currency: self._options.balance, **self._options.coins}
        for currency, amount in start.items():
            self._books.move_cash(change, amount, kind="deposit", currency=currency, now_ns=now_ns)
        for instrument in coin_markets:
            lots = Units.of(instrument).lots(self._options.coins[instrument.base])
            self._know(change, instrument)
            self._books.hold(change, instrument.instrument_id, Holding(net=NetPosition(lots=lots)))
            self.market(instrument)
        return change

    def pay_in(self, amount: Decimal, now_ns: int) -> Change:
        """Pay money of the account's currency in, or out with a negative amount."""
        change = Change()
        kind = "deposit" if amount > 0 else "withdrawal"
        self._books.move_cash(change, amount, kind=kind, currency=self._options.currency, now_ns=now_ns)
        return change

    def check(self, terms: OrderTerms, instrument: Instrument, now_ns: int) -> WorkingOrder:
        """Return the order as it would work; raises what keeps it from that, apart from money."""
        market = self.market(instrument)
        working = working_order(
            self._books.next_order_id(), terms, market.units, source=self._source(market), now_ns=now_ns
        )
        source = working.trigger.source if working.trigger is not None else "quote"
        check_sides(terms, working, seen=market.working.last(source, working.side), units=market.units)
        return working

    def place(self, command: PlaceOrder, instrument: Instrument, now_ns: int) -> tuple[LocalOrder, Change]:
        """Take an order in; raises ``BrokerRejected`` and what ``check`` raises, having changed nothing."""
        terms, market = command.terms, self.market(instrument)
        check_rules(terms, instrument, market.mark, now_ns)
        check_rules(terms, market.units.instrument, market.mark, now_ns)
        working = self.check(terms, instrument, now_ns)
        is_immediate = working.limit is None or working.time_in_force != "gtc"
        if working.trigger is None and is_immediate and not market.working.is_recent(now_ns):
            raise BrokerRejected(
                "stale_market", f"there is no quote of {instrument.instrument_id} younger than 10 s to fill it on"
            )
        check_reduces(working, market.working.position)
        require_money(self.account, self._line(instrument.instrument_id), working)
        change = Change()
        self._know(change, market.units.instrument)
        order = self._books.take_in(working, terms, client_order_id=command.client_order_id, now_ns=now_ns, code=None)
        self._book(change, market, market.working.add(working, now_ns), now_ns)
        return order, change

    def cancel(self, command: CancelOrder, now_ns: int) -> Change:
        """End an order; raises ``BrokerRejected`` for one that does not work."""
        order = self._live(command)
        market = self._markets[order.terms.instrument_id]
        change = Change()
        self._book(change, market, market.working.cancel(order.venue_order_id), now_ns)
        return change

    def modify(self, command: ModifyOrder, now_ns: int) -> Change:
        """Change an order; raises ``BrokerRejected`` and then changed nothing."""
        order = self._live(command)
        market = self._markets[order.terms.instrument_id]
        wanted = wanted_terms(order, command)
        change = Change()
        if wanted == order.terms:
            return change
        units = market.units
        trigger = order.working.trigger
        seen = None if trigger is None else market.working.last(trigger.source, order.working.side)
        check_change(order, wanted, units, seen=seen)
        working = working_order(order.venue_order_id, wanted, units, source=self._source(market), now_ns=now_ns)
        if not order.working.reduce_only:
            line = self._line(units.instrument.instrument_id)
            require_money(self.account, line, replace(working, filled=order.working.filled))
        events = market.working.modify(
            order.venue_order_id,
            lots=working.lots,
            limit=working.limit,
            trigger=None if command.trigger_price is None else units.ticks(command.trigger_price),
            now_ns=now_ns,
        )
        self._book(change, market, events, now_ns)
        return change

    # the market

    def on_depth(self, instrument: Instrument, depth: Depth, now_ns: int) -> Change:
        """Let a book meet the orders."""
        market, change = self.market(instrument), Change()
        bids, asks = market.units.levels(depth.bids), market.units.levels(depth.asks)
        self._book(change, market, market.working.on_depth(bids, asks, now_ns), now_ns)
        self._liquidate(change, market, now_ns)
        return change

    def on_ticker(self, instrument: Instrument, ticker: Ticker, now_ns: int, *, has_depth: bool) -> Change:
        """Let quote, last and mark meet the orders; where books come too, they alone are traded on."""
        market, change = self.market(instrument), Change()
        units, working = market.units, market.working
        market.mark = _mark(ticker) or market.mark
        if not has_depth:
            events = working.on_quote(
                None if ticker.bid is None else units.ticks(ticker.bid),
                None if ticker.bid_size is None else units.lots(ticker.bid_size),
                None if ticker.ask is None else units.ticks(ticker.ask),
                None if ticker.ask_size is None else units.lots(ticker.ask_size),
                now_ns=now_ns,
            )
            self._book(change, market, events, now_ns)
        if ticker.last is not None:
            self._book(change, market, working.on_price("last", units.ticks(ticker.last), now_ns), now_ns)
        if ticker.mark is not None:
            self._book(change, market, working.on_price("mark", units.ticks(ticker.mark), now_ns), now_ns)
        if not has_depth:  # else the book follows, and the position is closed at its prices
            self._liquidate(change, market, now_ns)
        return change

    def on_trade(self, instrument: Instrument, trade: MarketTrade, now_ns: int) -> Change:
        """Let a public trade meet the orders."""
        market, change = self.market(instrument), Change()
        lots = market.units.lots(trade.quantity)
        events = market.working.on_trade(market.units.ticks(trade.price), lots, trade.side.value, now_ns)
        self._book(change, market, events, now_ns)
        return change

    def on_time(self, now_ns: int) -> Change:
        """Let orders expire, and contracts be delivered at their last mark."""
        change = Change()
        for market in self._markets.values():
            self._book(change, market, market.working.on_time(now_ns), now_ns)
            expiry = market.units.instrument.expires_at_ns
            if expiry is not None and now_ns >= expiry and market.mark is not None:
                self._deliver(change, market, now_ns)
        return change

    def pay_funding(
        self, instrument_id: str, rate: FundingRate, price: Decimal, *, later: Sequence[LocalFill], now_ns: int
    ) -> Change:
        """Book one funding payment on what was held at its time: longs pay a positive rate, shorts receive it.

        ``later``: the fills since then. A payment that is booked already changes nothing.
        """
        change, market = Change(), self._markets[instrument_id]
        held = self._books.holding(instrument_id)
        if rate.ts_ns <= held.funded_ns:
            return change
        lots = held.net.lots - sum(fill.side.sign * fill.lots for fill in later)
        worth = market.units.worth(price, lots)
        with exact_arithmetic():
            amount = round_money(worth * rate.rate * (-1 if lots > 0 else 1))
        if amount:
            self._books.move_cash(
                change,
                amount,
                kind="funding",
                currency=market.units.instrument.settle,
                now_ns=now_ns,
                due_ns=rate.ts_ns,
                instrument_id=instrument_id,
            )
        self._books.hold(change, instrument_id, replace(held, funded_ns=rate.ts_ns))
        return change

    # what is inside

    def _book(self, change: Change, market: Market, events: Iterable[OrderEvent], now_ns: int) -> None:
        told = list(events)
        if told:
            self._know(change, market.units.instrument)
            self._books.book(change, market.units, told, now_ns)
            self._books.remember(change, market.working.orders)

    def _know(self, change: Change, instrument: Instrument) -> None:
        if self._known.get(instrument.instrument_id) != instrument:
            self._known[instrument.instrument_id] = instrument
            change.instruments[instrument.instrument_id] = instrument

    def _line(self, instrument_id: str) -> Line:
        market = self._markets[instrument_id]
        return Line(
            units=market.units,
            holding=self._books.holding(instrument_id),
            orders=market.working.orders,
            mark=market.mark,
        )

    def _is_resting(self, order: LocalOrder) -> bool:
        working = self._markets[order.terms.instrument_id].working.get(order.venue_order_id)
        return working is None or working.is_resting

    def _source(self, market: Market) -> TriggerSource:
        """Return what triggers watch: the wanted price, or quotes where the market shows no such price."""
        wanted = self._options.trigger_by
        has_quotes = market.working.last("quote", "buy") is not None
        return "quote" if has_quotes and market.working.last(wanted, "buy") is None else wanted

    def _live(self, command: CancelOrder | ModifyOrder) -> LocalOrder:
        for order in self._books.live.values():
            is_named = command.venue_order_id in {None, order.venue_order_id}
            if order.client_order_id == command.client_order_id or (command.venue_order_id and is_named):
                return order
        raise BrokerRejected("not_working", f"no order {command.client_order_id} works here")

    def _liquidate(self, change: Change, market: Market, now_ns: int) -> None:
        """Close a position at the market once the account's margin is used up; its orders end first."""
        is_held = market.working.position and not market.units.instrument.contract.is_inventory
        if is_held and market.working.is_fresh(now_ns) and self.account.is_ruined:
            self._cancel_all(change, market, "liquidation", now_ns)
            self._close(change, market, "liquidation", now_ns)

    def _deliver(self, change: Change, market: Market, now_ns: int) -> None:
        """Close an expired contract at its last mark."""
        self._cancel_all(change, market, "delivery", now_ns)
        if market.working.position and market.mark is not None:
            ticks = market.units.ticks(market.mark)
            market.working.on_quote(ticks, None, ticks, None, now_ns=now_ns)
            self._close(change, market, "delivery", now_ns)

    def _cancel_all(self, change: Change, market: Market, reason: str, now_ns: int) -> None:
        for order in market.working.orders:
            if market.working.get(order.order_id) is not None:
                self._book(change, market, market.working.cancel(order.order_id, reason), now_ns)

    def _close(self, change: Change, market: Market, code: str, now_ns: int) -> None:
        """Trade a whole position away by an order of the broker's own."""
        lots, units = market.working.position, market.units
        terms = OrderTerms(
            instrument_id=units.instrument.instrument_id,
            side=Side.SELL if lots > 0 else Side.BUY,
            order_type=OrderType.MARKET,
            quantity=units.quantity(abs(lots)),
            quantity_unit=units.instrument.quantity_unit,
            time_in_force=TimeInForce.IOC,
            reduce_only=True,
        )
        working = WorkingOrder(
            order_id=self._books.next_order_id(), side=terms.side.value, lots=abs(lots), reduce_only=True
        )
        self._books.take_in(working, terms, client_order_id=None, now_ns=now_ns, code=code)
        self._book(change, market, market.working.add(working, now_ns), now_ns)


def _mark(ticker: Ticker) -> Decimal | None:
    """Return what positions are valued with: the mark, else the last trade, else the middle of the quote."""
    price = ticker.mark or ticker.last
    if price is None and ticker.bid is not None and ticker.ask is not None:
        price = (ticker.bid + ticker.ask) / 2
    return price
