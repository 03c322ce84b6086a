"""One open session of local execution: the connection's market data, the desk, and what runs beside them."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Final

import structlog

from edgerunner.adapters.broker import (
    CancelOrder,
    LinkHealth,
    LinkStatus,
    MarketDataAdapter,
    MarketUpdate,
    ModifyOrder,
    PlaceOrder,
)
from edgerunner.adapters.buffers import UpdateBuffer, WallClock
from edgerunner.adapters.local.book import PaperBook
from edgerunner.adapters.local.checks import check_scope
from edgerunner.adapters.local.desk import Desk
from edgerunner.adapters.local.options import LocalOptions
from edgerunner.adapters.local.records import Change, LocalOrder
from edgerunner.adapters.local.watch import MarketWatch
from edgerunner.domain.errors import BrokerError, InvalidRequest, NotConnected, NotFound, OutcomeUnknown, Unsupported
from edgerunner.domain.instruments import Instrument, Product
from edgerunner.domain.market import Depth, FundingRate, MarketTrade, Ticker, Timeframe
from edgerunner.domain.orders import OrderTerms

_log = structlog.get_logger(__name__)

TIMER_S: Final = 1.0
LIVE_NS: Final = 60 * 10**9
"""How old a funding time may be to be paid at the present mark; an older one is paid at that minute's open."""

_FUNDINGS: Final = 200


class LocalSession:
    """The parts of an open session; ``start`` and ``close`` bound their life."""

    def __init__(self, data: MarketDataAdapter, path: Path, options: LocalOptions, *, clock: WallClock) -> None:
        self.data = data
        self.options = options
        self._clock = clock
        self.updates = UpdateBuffer(clock)
        self.desk = Desk(path, options, clock=clock, updates=self.updates)
        self.watch = MarketWatch(data, on_update=self._on_market, clock=clock)
        self.desk.on_change = self._watch_needed
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Take the book from its file and begin to follow the market."""
        await self.desk.open()
        coins = await self._coin_markets()
        await self.desk.run(lambda book, now_ns: (None, book.open_account(coins, now_ns)))
        self.watch.start()
        self._watch_needed()
        self.updates.health("orders", LinkStatus.UP, reason=None)
        self._tasks = [
            asyncio.create_task(self._follow_health(), name="local-health"),
            asyncio.create_task(self._keep_time(), name="local-time"),
        ]

    async def close(self) -> None:
        """End everything; the readers' streams end. Idempotent."""
        while self._tasks:
            task = self._tasks.pop()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self.watch.stop()
        await self.desk.close()
        self.updates.close()

    # orders

    async def check(self, account_id: str, terms: OrderTerms) -> Instrument:
        """Return the order's instrument; raises what keeps the order from being taken in."""
        instrument = self.data.get_instrument(terms.instrument_id)
        check_scope(account_id, terms, instrument, self.options.currency)
        await self._ask(instrument)
        self.desk.book.check(terms, instrument, self._clock.time_ns())
        return instrument

    async def place(self, command: PlaceOrder) -> LocalOrder:
        """Take an order in, once: a key that was ever used is not used again."""
        instrument = await self.check(command.account_id, command.terms)
        placed = await self.desk.run_after(
            lambda store: store.find(client_order_id=command.client_order_id, venue_order_id=None),
            lambda book, known, now_ns: (
                (None, Change()) if known is not None else book.place(command, instrument, now_ns)
            ),
        )
        if placed is None:
            raise OutcomeUnknown(
                f"an order with the id {command.client_order_id} was taken in before; its record tells the rest"
            )
        return placed

    async def cancel(self, command: CancelOrder) -> None:
        """End an order."""
        await self.desk.run(lambda book, now_ns: (None, book.cancel(command, now_ns)))

    async def modify(self, command: ModifyOrder) -> None:
        """Change an order."""
        await self._ask(self.data.get_instrument(command.instrument_id))
        await self.desk.run(lambda book, now_ns: (None, book.modify(command, now_ns)))

    # money

    async def refresh_marks(self) -> None:
        """Ask for the price of what is held and has none yet: a start knows no marks."""
        book = self.desk.book
        for instrument_id in book.unmarked:
            instrument = self.instrument(instrument_id)
            await self.watch.ask(instrument)

    async def book_funding(self) -> None:
        """Book what the connection's funding rates make positions pay, once per settlement."""
        for instrument_id, funded_ns in self.desk.book.funding_due(self._clock.time_ns()):
            try:
                funding = await self.data.get_funding(instrument_id, _FUNDINGS)
                for rate in funding.rates:
                    if rate.ts_ns > funded_ns:
                        await self._pay(instrument_id, rate)
            except (BrokerError, NotFound, Unsupported) as error:  # the same rates are asked for again
                _log.warning("funding_not_booked", instrument_id=instrument_id, reason=error.detail)

    async def _pay(self, instrument_id: str, rate: FundingRate) -> None:
        price = await self._price_at(instrument_id, rate.ts_ns)
        await self.desk.run_after(
            lambda store: store.fills_after(instrument_id, rate.ts_ns),
            lambda book, later, now_ns: (
                None,
                book.pay_funding(instrument_id, rate, price, later=later, now_ns=now_ns),
            ),
        )

    async def _price_at(self, instrument_id: str, ts_ns: int) -> Decimal:
        """Return the mark for a settlement of this minute, else that minute's first price."""
        mark = self.desk.book.mark(instrument_id)
        if mark is not None and self._clock.time_ns() - ts_ns <= LIVE_NS:
            return mark
        bars = await self.data.get_chart_data(
            instrument_id, Timeframe.M1, start_ns=ts_ns, end_ns=ts_ns + Timeframe.M1.length_ns, limit=1
        )
        if bars:
            return bars[0].open
        ticker = await self.data.get_ticker(instrument_id)
        price = ticker.mark or ticker.last
        if price is None:
            raise NotConnected(f"{instrument_id} has no price to settle its funding at")
        return price

    def instrument(self, instrument_id: str) -> Instrument:
        """Return an instrument, of those not listed any more what the account knows; raises ``NotFound``."""
        known = self.desk.book.instrument(instrument_id)
        try:
            return self.data.get_instrument(instrument_id)
        except NotFound:
            if known is None:
                raise
            return known

    def booked(self, instrument_id: str) -> Instrument:
        """Return an instrument in the steps that the book counts it in; raises ``NotFound``."""
        return self.desk.book.instrument(instrument_id) or self.data.get_instrument(instrument_id)

    # what runs

    async def _ask(self, instrument: Instrument) -> None:
        """Have a market that orders can meet, if the broker answers."""
        is_fresh = self.desk.book.is_fresh(instrument.instrument_id, self._clock.time_ns())
        await self.watch.ask(instrument, is_needed=not is_fresh)

    def _watch_needed(self) -> None:
        self.watch.watch(self.desk.book.watched)

    async def _on_market(self, update: MarketUpdate) -> None:
        if self.desk.is_down:
            return
        instrument = self.instrument(update.instrument_id)

        def step(book: PaperBook, now_ns: int) -> tuple[None, Change]:
            match update:
                case Depth():
                    return None, book.on_depth(instrument, update, now_ns)
                case Ticker():
                    has_depth = self.watch.has_depth(instrument)
                    return None, book.on_ticker(instrument, update, now_ns, has_depth=has_depth)
                case MarketTrade():
                    return None, book.on_trade(instrument, update, now_ns)
                case _:
                    return None, Change()

        await self.desk.run(step)

    async def _follow_health(self) -> None:
        async for update in self.data.stream_updates():
            if isinstance(update, LinkHealth) and update.link == "data":
                self.updates.health("data", update.status, reason=update.reason, latency_ms=update.latency_ms)

    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(TIMER_S)
            try:
                if self.desk.is_down:
                    await self.desk.revive()
                    continue
                await self.desk.run(lambda book, now_ns: (None, book.on_time(now_ns)))
                for instrument_id in self.desk.book.unmet:
                    await self._ask(self.instrument(instrument_id))
            except BrokerError as error:
                _log.error("paper_book_not_kept", reason=error.detail)
            except Exception:  # noqa: BLE001 - the root of this timer: log whole, go on
                _log.exception("paper_timer_failed")

    async def _coin_markets(self) -> Sequence[Instrument]:
        """Return the spot market of each coin that the account starts with; raises ``InvalidRequest`` without one."""
        if not self.options.coins:
            return []
        listed = await self.data.search_instruments("")
        markets = {
            each.base: each
            for each in listed
            if each.product is Product.SPOT and each.quote == self.options.currency and each.base in self.options.coins
        }
        for coin in self.options.coins:
            if coin not in markets:
                text = f"{coin} has no spot market in {self.options.currency} here"
                raise InvalidRequest.of("options.local.coins", "unknown", text)
        return list(markets.values())
