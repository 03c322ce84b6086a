"""One strategy in one worker process, from its start until it stops or faults.

Five tasks share a run: the driver hands out one turn at a time, the listener takes what the worker
says, the desk carries out its wishes, the printer keeps what the code prints, the watch measures
memory. Whatever breaks a limit ends all of them, and the process.
"""

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from edgerunner.adapters.broker import Feed
from edgerunner.domain.errors import EdgerunnerError
from edgerunner.domain.market import Timeframe
from edgerunner.domain.orders import OrderStatus
from edgerunner.domain.positions import Position
from edgerunner.metrics import STRATEGY_TURN_SECONDS, STRATEGY_TURNS_OVER_LIMIT
from edgerunner.services.market_service import MarketService
from edgerunner.services.position_view import mark_of_ticker
from edgerunner.services.strategies.book import Step, StrategyBook
from edgerunner.services.strategies.conversion import fill_shown, order_state, position_state, refused_state
from edgerunner.services.strategies.desk import Desk, Trader
from edgerunner.services.strategies.inbox import Hole, Inbox
from edgerunner.services.strategies.limits import Allowance
from edgerunner.services.strategies.market_data import MarketData, chunks
from edgerunner.services.strategies.opening import start_message
from edgerunner.services.strategies.run_values import Fault, Reporter, Surroundings
from edgerunner.services.strategies.worker_process import WorkerEnded, WorkerProcess
from edgerunner.storage.strategy_store import LogLevel, StoredStrategy
from edgerunner.strategies.market_data import Bar
from edgerunner.strategy_worker.messages import (
    Cancel,
    ClassSource,
    Done,
    Faulted,
    FromWorker,
    GoLive,
    History,
    LogLine,
    Market,
    Modify,
    Money,
    OrderNews,
    OrderState,
    Ping,
    Start,
    Stop,
    Submit,
    Subscribe,
    Turn,
    Wish,
)

HISTORY_CHUNK = 20
"""Bars of the past per turn: a slow ``on_bar`` must not look like an endless loop."""

PING_EVERY_S = 1.0
WATCH_EVERY_S = 0.5
LONGEST_LINE = 2_000
OUTPUT_KEPT = 20_000

_FEEDS = {"bars": Feed.BARS, "ticks": Feed.QUOTES, "book": Feed.DEPTH}


class _Stopped(Exception):
    """The strategy was stopped and its worker is done."""


class StrategyRun:
    """Runs one strategy; ``run`` lasts until it is over.

    ``is_paused`` may be changed at any time: wishes are dropped then, with a line in the log.
    """

    def __init__(
        self,
        strategy: StoredStrategy,
        source: ClassSource,
        markets: Sequence[Market],
        *,
        around: Surroundings,
        book: StrategyBook,
        money: Callable[[], Money | None],
        reporter: Reporter,
        is_paused: bool = False,
    ) -> None:
        self.is_paused = is_paused
        self._strategy = strategy
        self._source = source
        self._around = around
        self._limits = around.limits
        self._book = book
        self._money = money
        self._reporter = reporter
        self._trader = Trader(
            strategy_id=strategy.strategy_id,
            connection_id=strategy.connection_id,
            account_id=strategy.account_id,
            markets={market.key: market for market in markets},
        )
        self._inbox = Inbox(around.limits.waiting)
        self._data = MarketData(markets=around.markets, inbox=self._inbox, clock=around.clock, log=self._info)
        self._desk = Desk(
            self._trader,
            orders=around.orders,
            journal=around.journal,
            clock=around.clock,
            on_refusal=self._hear_refusal,
            log=self._info,
        )
        now_ns = around.clock.monotonic_ns()
        self._wishes = Allowance(per_s=self._limits.wishes_per_s, burst=self._limits.wish_burst, now_ns=now_ns)
        self._messages = Allowance(per_s=self._limits.messages_per_s, burst=self._limits.message_burst, now_ns=now_ns)
        self._turn = 0
        self._turn_done = asyncio.Event()
        self._told_money: Money | None = None
        self._subscribed: list[Subscribe] = []
        self._seen: dict[str, OrderState] = {}
        self._is_stopping = False
        self._is_last_turn = False
        self._is_over = False

    def newest_close(self, connection_id: str, instrument_id: str) -> float | None:
        """Return the newest closing price of an instrument: a float, for showing only."""
        return self._data.closes.get(self._trader.key_at(connection_id, instrument_id) or "")

    async def run(self) -> None:
        """Run until stopped; raises ``Fault``."""
        async with self._around.starting:
            worker = await self._started()
        try:
            await self._run(worker)
        finally:
            await worker.end()
            await self._data.close()

    async def _started(self) -> WorkerProcess:
        """Start a worker and wait for its greeting."""
        try:
            worker = await WorkerProcess.spawn()
        except WorkerEnded as error:
            raise Fault(str(error)) from error
        try:
            async with asyncio.timeout(self._limits.hello_s):
                await worker.hello()
        except BaseException as error:
            await worker.end()
            match error:
                case TimeoutError():
                    raise Fault(f"the worker did not start within {self._limits.hello_s:g} s") from None
                case WorkerEnded():
                    raise Fault(str(error)) from error
            raise
        return worker

    def stop(self) -> None:
        """Let the strategy handle ``on_stop``, then end the run."""
        self._is_stopping = True
        self._inbox.wake()

    def hear(self, step: Step) -> None:
        """Tell the strategy what became of one of its orders."""
        order = step.order
        if order is None:
            return
        key = self._trader.key_of(order)
        state = order_state(order, key)
        if step.fill is None and not self._is_news(state):
            return
        self._inbox.put(
            OrderNews(
                turn=0,
                order=state,
                fill=None if step.fill is None else fill_shown(step.fill, order.client_order_id, key),
                position=None if step.position is None else position_state(step.position, key),
                now_ns=self._around.clock.now_ns(),
            )
        )

    def _is_news(self, state: OrderState) -> bool:
        """Tell whether the strategy would see a difference; acknowledgements and raw ids are none."""
        seen = msgspec.structs.replace(state, time_ns=0)
        if state.status == OrderStatus.INITIALIZED or self._seen.get(state.order_id) == seen:
            return False
        if OrderStatus(state.status).is_closed:
            self._seen.pop(state.order_id, None)
        else:
            self._seen[state.order_id] = seen
        return True

    async def _run(self, worker: WorkerProcess) -> None:
        self._desk.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                for part in (self._drive, self._listen, self._print, self._watch):
                    tasks.create_task(part(worker))
        except ExceptionGroup as group:
            if group.subgroup(_Stopped) is None:
                raise _reason_of(group) from group
        finally:
            await self._desk.stop()

    async def _drive(self, worker: WorkerProcess) -> None:
        """Start the strategy, warm it up, and hand out what comes, one turn at a time."""
        self._told_money = self._money()
        start = start_message(
            self._strategy,
            self._source,
            self._trader,
            book=self._book,
            money=self._told_money,
            limits=self._limits,
            now_ns=self._now_ns(),
        )
        await self._take(worker, start, limit_s=self._limits.start_s)
        await self._warm_up(worker)
        while not self._is_stopping:
            item = await self._inbox.get(PING_EVERY_S)
            if self._inbox.is_overfull:
                raise Fault(f"the strategy does not keep up: more than {self._limits.waiting} events wait for it")
            match item:
                case None:
                    await self._take(worker, Ping(turn=0, now_ns=self._now_ns()))
                case Hole():
                    await self._replay(worker, await self._data.missed(item))
                case news:
                    await self._tell_money(worker)
                    await self._take(worker, news)
            if self._subscribed:
                await self._catch_up(worker)
                self._data.go_live()
        self._is_last_turn = True
        await self._take(worker, Stop(turn=0, now_ns=self._now_ns()))
        await self._desk.finish()
        raise _Stopped

    async def _warm_up(self, worker: WorkerProcess) -> None:
        """Subscribe, replay history, go live: every bar reaches the strategy once."""
        for key in self._trader.markets:
            self._subscribed.append(Subscribe(feed="bars", key=key, timeframe=self._strategy.timeframe.value))
        bars = await self._catch_up(worker)
        await self._take(worker, GoLive(turn=0, now_ns=self._now_ns()))
        self._data.go_live()
        self._reporter.went_live()
        self._info(f"live after {bars} bars of history")

    async def _catch_up(self, worker: WorkerProcess) -> int:
        """Begin the feeds that the strategy asked for and replay their past; returns how many bars that was."""
        wanted, self._subscribed = self._subscribed, []
        try:
            for feed in wanted:
                timeframe = None if feed.timeframe is None else Timeframe(feed.timeframe)
                await self._data.add(_FEEDS[feed.feed], self._trader.markets[feed.key], timeframe)
        except (EdgerunnerError, ValueError, KeyError) as error:
            raise Fault(f"market data cannot be had: {error}") from error
        history = await self._data.history()
        await self._replay(worker, history)
        return len(history)

    async def _replay(self, worker: WorkerProcess, bars: list[Bar]) -> None:
        for chunk in chunks(bars, HISTORY_CHUNK):
            if self._is_stopping:
                return
            await self._take(worker, History(turn=0, bars=chunk))

    async def _take(self, worker: WorkerProcess, turn: Turn, *, limit_s: float | None = None) -> None:
        """Hand out one turn and wait until the strategy has handled it; ``Fault`` when that takes too long."""
        self._turn += 1
        self._turn_done.clear()
        seconds = limit_s or self._limits.turn_s
        try:
            with STRATEGY_TURN_SECONDS.time():
                async with asyncio.timeout(seconds):
                    await worker.send(msgspec.structs.replace(turn, turn=self._turn))
                    await self._turn_done.wait()
        except TimeoutError:
            STRATEGY_TURNS_OVER_LIMIT.inc()
            what = _callback(turn)
            raise Fault(f"{what} did not return within {seconds:g} s: endless loop or too much work") from None

    async def _tell_money(self, worker: WorkerProcess) -> None:
        money = self._money()
        if money is not None and money != self._told_money:
            self._told_money = money
            await worker.send(money)

    async def _listen(self, worker: WorkerProcess) -> None:
        while not self._is_over:
            message = await worker.receive()
            if not self._messages.take(self._around.clock.monotonic_ns()):
                raise Fault(f"flood: more than {self._limits.messages_per_s} messages a second")
            self._hear(message)

    def _hear(self, message: FromWorker) -> None:
        match message:
            case Done():
                if message.state is not None:
                    self._reporter.keep(message.state)
                if message.turn == self._turn:
                    self._turn_done.set()
                    self._is_over = self._is_last_turn
            case Submit() | Cancel() | Modify():
                self._wish(message)
            case LogLine():
                self._reporter.log(LogLevel.INFO, message.text[:LONGEST_LINE])
            case Subscribe():
                self._subscribed.append(message)
            case Faulted():
                self._reporter.log(LogLevel.ERROR, message.traceback)
                raise Fault(message.reason)
            case _:
                raise Fault(f"the worker sent an unexpected {type(message).__name__}")

    def _wish(self, wish: Wish) -> None:
        if not self._wishes.take(self._around.clock.monotonic_ns()):
            self._desk.drop_all()
            raise Fault(
                f"flood: more than {self._limits.wish_burst} orders, changes and cancels at once "
                f"or {self._limits.wishes_per_s} a second; the excess was not sent"
            )
        if self.is_paused and isinstance(wish, Submit | Modify):
            self._info(f"paused: not sent: {_sentence(wish)}")
            if isinstance(wish, Submit):
                self._hear_refusal(refused_state(wish, "the strategy is paused", self._now_ns()))
            return
        self._desk.put(wish)

    def _hear_refusal(self, order: OrderState) -> None:
        self._inbox.put(OrderNews(turn=0, order=order, fill=None, position=None, now_ns=self._now_ns()))

    async def _print(self, worker: WorkerProcess) -> None:
        rest = ""
        async for piece in worker.output():
            *lines, rest = f"{rest}{piece}"[-OUTPUT_KEPT:].split("\n")
            for line in filter(None, lines):
                self._reporter.log(LogLevel.OUTPUT, line[:LONGEST_LINE])
        if rest:
            self._reporter.log(LogLevel.OUTPUT, rest[:LONGEST_LINE])

    async def _watch(self, worker: WorkerProcess) -> None:
        """Measure memory: the process's own bound does not exist on every system."""
        before = worker.memory()
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            growth = worker.memory() - before
            if growth > self._limits.memory_bytes:
                raise Fault(f"memory grew by {growth >> 20} MiB; {self._limits.memory_bytes >> 20} MiB are allowed")

    def _info(self, text: str) -> None:
        self._reporter.log(LogLevel.INFO, text)

    def _now_ns(self) -> int:
        return self._around.clock.now_ns()


def _callback(turn: Turn) -> str:
    match turn:
        case Start():
            return "loading the class and on_start"
        case History() | GoLive():
            return "on_bar during the warm-up"
        case Ping():
            return "on_timer"
        case OrderNews():
            return "on_fill or on_order"
        case _:
            return f"on_{type(turn).__name__.removesuffix('News').lower()}"


def _sentence(wish: Submit | Modify) -> str:
    match wish:
        case Submit():
            return f"{wish.side} {wish.quantity} {wish.key} {wish.order_type}"
        case Modify():
            return f"change of {wish.order_id}"


def _reason_of(group: ExceptionGroup[Exception]) -> Exception:
    """Return why a run ended: what the strategy told comes before the end of its process, a defect before both."""
    _, defects = group.split((Fault, WorkerEnded))
    found: Exception = defects or group.subgroup(Fault) or group
    while isinstance(found, ExceptionGroup):
        found = found.exceptions[0]
    return Fault(str(found)) if isinstance(found, WorkerEnded) else found


def newest_mark(position: Position, markets: MarketService, run: StrategyRun | None) -> Decimal | None:
    """Return the streamed price of a position's instrument, else the close of the run's newest bar."""
    key = position.key
    quote = markets.quote(key.connection_id, key.instrument_id)
    mark = None if quote is None else mark_of_ticker(quote.ticker)
    if mark is not None:
        return mark.price
    close = None if run is None else run.newest_close(key.connection_id, key.instrument_id)
    return None if close is None else Decimal(repr(close))
