"""Past bars, asked for in spans that TWS allows and at the pace it allows."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Final

from ib_async.objects import BarData

from edgerunner.adapters.ibkr.api import Api
from edgerunner.adapters.ibkr.bar_words import EPOCH_DATES, WORDS, bar_of, is_regular_only, shown
from edgerunner.adapters.ibkr.ears import Sink
from edgerunner.adapters.ibkr.history_pace import HistoryPace, Question
from edgerunner.adapters.ibkr.instruments import Listing
from edgerunner.adapters.ibkr.link import Link
from edgerunner.adapters.ibkr.pace import Pace
from edgerunner.adapters.ibkr.values import NS_PER_S, moment_of
from edgerunner.domain.errors import BrokerRejected, BrokerTimeout, NotConnected, RateLimited, Unsupported
from edgerunner.domain.market import Bar, Timeframe

_SERVICE: Final = 162
_NO_DATA: Final = ("no data", "returned no")
_REMARKS: Final = frozenset({2174, 2176})
"""Notes on time zones and fractional sizes that come before the answer."""

PAGES_KEPT: Final = 64
"""Answers about the past that are not asked for again; identical questions are what TWS counts as a violation."""

LONGEST_WAIT_S: Final = 45.0
"""Longer than this nobody waits for a place under the limits: the caller is told when to come back."""


class _Answer(Sink):
    """The bars of one request, or why there are none."""

    def __init__(self) -> None:
        self.bars: list[BarData] = []
        self.done: asyncio.Future[list[BarData]] = asyncio.get_running_loop().create_future()

    def on_bar(self, bar: BarData) -> None:
        self.bars.append(bar)

    def on_bars_end(self) -> None:
        if not self.done.done():
            self.done.set_result(self.bars)

    def on_error(self, code: int, text: str) -> None:
        if code not in _REMARKS and not self.done.done():
            self.done.set_exception(BrokerRejected(str(code), text))


class History:
    """Reads bars of one connection."""

    def __init__(self, link: Link, pace: Pace, monotonic: Callable[[], float]) -> None:
        self._link = link
        self._pace = pace
        self._monotonic = monotonic
        self._limits = HistoryPace()
        self._pages: OrderedDict[Hashable, list[Bar]] = OrderedDict()

    async def bars(
        self, listing: Listing, timeframe: Timeframe, *, start_ns: int | None, end_ns: int | None, limit: int
    ) -> Sequence[Bar]:
        """Return the newest ``limit`` bars that open in [start, end), oldest first.

        Raises ``Unsupported`` for a length that TWS lacks, ``RateLimited`` when its limits are used up, a
        ``BrokerError``.
        """
        if timeframe not in WORDS:
            raise Unsupported(f"TWS has no bars of {timeframe}")
        found: dict[int, Bar] = {}
        until_ns = end_ns
        while len(found) < limit:
            page = await self._span(listing, timeframe, until_ns)
            new = [bar for bar in page if bar.open_ns not in found and (until_ns is None or bar.open_ns < until_ns)]
            found.update((bar.open_ns, bar) for bar in new)
            if new:
                until_ns = min(bar.open_ns for bar in new)
            else:
                until_ns = await self._before_pause(
                    listing, timeframe, self._link.now_ns() if until_ns is None else until_ns
                )
            if until_ns is None or (start_ns is not None and until_ns <= start_ns):
                break
        wanted = [bar for open_ns, bar in sorted(found.items()) if start_ns is None or open_ns >= start_ns]
        return wanted[-limit:]

    async def _before_pause(self, listing: Listing, timeframe: Timeframe, until_ns: int) -> int | None:
        """Return where to look on when the span before ``until_ns`` has no bar, None when there is nothing older.

        Hours tell when trading was on before: nights and weekends are passed with one question.
        """
        span, hour = WORDS[timeframe], WORDS[Timeframe.H1]
        if span.chunk_ns >= hour.chunk_ns:
            return None
        seen_ns = until_ns - span.chunk_ns
        hours = [bar.open_ns for bar in await self._span(listing, Timeframe.H1, until_ns) if bar.open_ns < seen_ns]
        return min(max(hours) + Timeframe.H1.length_ns, seen_ns) if hours else None

    async def _span(self, listing: Listing, timeframe: Timeframe, until_ns: int | None) -> list[Bar]:
        """Return the bars of one span that ends at a time (None = now); none when TWS has none there."""
        key = (listing.con_id, timeframe, until_ns)
        if key in self._pages:
            return self._pages[key]
        page = await self._read(listing, timeframe, until_ns)
        if page and all(bar.is_complete for bar in page) and until_ns is not None:
            self._pages[key] = page
            if len(self._pages) > PAGES_KEPT:
                self._pages.popitem(last=False)
        return page

    async def _read(self, listing: Listing, timeframe: Timeframe, until_ns: int | None) -> list[Bar]:
        try:
            told = await self._ask(listing, timeframe, until_ns)
        except BrokerRejected as error:
            if error.broker_code == str(_SERVICE) and any(words in error.text.lower() for words in _NO_DATA):
                return []
            raise
        now_ns = self._link.now_ns()
        return [bar_of(bar, timeframe, now_ns) for bar in told]

    async def _ask(self, listing: Listing, timeframe: Timeframe, until_ns: int | None) -> list[BarData]:
        words, product = WORDS[timeframe], listing.instrument.product
        moment = moment_of(until_ns if until_ns is not None else self._link.now_ns() + NS_PER_S)
        end = f"{moment:%Y%m%d-%H:%M:%S}"
        market = (listing.con_id, listing.contract.exchange, shown(product))
        await self._turn(Question(market=market, identity=(*market, words.size, words.chunk, end)))
        api, answer = self._link.api, _Answer()
        request_id = api.listen(answer)
        try:
            api.client.reqHistoricalData(
                request_id,
                listing.contract,
                end,
                words.chunk,
                words.size,
                shown(product),
                is_regular_only(product, extended_hours=self._link.options.extended_hours),
                EPOCH_DATES,
                False,  # noqa: FBT003 - not kept up to date
                [],
            )
            return await self._until(api, answer, request_id)
        finally:
            api.unlisten(request_id)

    async def _until(self, api: Api, answer: _Answer, request_id: int) -> list[BarData]:
        timeout_s = self._link.options.history_timeout_s
        waits: set[asyncio.Future[list[BarData]] | asyncio.Future[str]] = {answer.done, api.lost}
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if answer.done.done():
            return answer.done.result()
        if api.lost.done():
            raise NotConnected("the connection to TWS was lost while bars were asked for")
        api.client.cancelHistoricalData(request_id)
        raise BrokerTimeout(f"TWS did not answer for bars within {timeout_s:g} s")

    async def _turn(self, question: Question) -> None:
        """Wait for a place under TWS's limits, and under our own."""
        while (delay_s := self._limits.delay_s(question, self._monotonic())) > 0:
            if delay_s > LONGEST_WAIT_S:
                raise RateLimited("TWS takes 60 questions for history in ten minutes", retry_after_s=delay_s)
            await asyncio.sleep(delay_s)
        self._limits.note(question, self._monotonic())
        await self._pace.turn()
