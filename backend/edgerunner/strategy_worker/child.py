"""The loop of a worker process: one message at a time, the strategy's callbacks in between."""

import os
import queue
import threading
import time
import traceback
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import msgspec

from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.market import Timeframe
from edgerunner.strategies.market_data import Bar, OrderUpdate
from edgerunner.strategies.strategy import Strategy
from edgerunner.strategy_worker import loading
from edgerunner.strategy_worker.confinement import bound_memory, free_memory_bound
from edgerunner.strategy_worker.framing import (
    LARGEST_FROM_WORKER,
    LARGEST_TO_WORKER,
    FrameRefused,
    decode_for_worker,
    encode,
    read_frame,
)
from edgerunner.strategy_worker.live_host import LiveHost
from edgerunner.strategy_worker.messages import (
    VERSION,
    BarNews,
    BookNews,
    Check,
    Checked,
    Describe,
    Described,
    Done,
    Faulted,
    FromWorker,
    GoLive,
    Hello,
    History,
    Money,
    OrderNews,
    Ping,
    Start,
    State,
    Stop,
    TickNews,
    ToWorker,
    Turn,
    WrongParameter,
)

_STOPPING = "the strategy is stopping: orders are not taken any more"
_LONGEST_TRACEBACK = 20_000
_LARGEST_STATE = 256 * 1024
_NS_PER_S = 1_000_000_000


class Wire:
    """The pipe to the API, from any thread of the strategy's code."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: FromWorker) -> None:
        """Hand a message over; the process ends when nobody is there to take it."""
        frame = encode(message, LARGEST_FROM_WORKER)
        try:
            with self._lock:
                self._stream.write(frame)
                self._stream.flush()
        except OSError:
            os._exit(0)


class Inbound:
    """Reads the API's messages on a thread; the end of the pipe ends the process, whatever it is doing."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._messages: queue.Queue[ToWorker] = queue.Queue(maxsize=16)
        threading.Thread(target=self._read, name="from-api", daemon=True).start()

    def next(self, timeout_s: float | None) -> ToWorker | None:
        """Return the next message, None when none came in time."""
        try:
            return self._messages.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def _read(self) -> None:
        try:
            while (body := read_frame(self._stream, LARGEST_TO_WORKER)) is not None:
                self._messages.put(decode_for_worker(body))
        finally:
            os._exit(0)


class Child:
    """Runs what the API asks for: describes and checks classes, or one strategy until it stops or faults."""

    def __init__(self, inbound: Inbound, wire: Wire) -> None:
        self._inbound = inbound
        self._wire = wire
        self._strategy: Strategy | None = None
        self._host: LiveHost | None = None
        self._kept = b"{}"

    def run(self) -> int:
        """Serve until the strategy stopped or faulted; returns the exit code."""
        self._wire.send(Hello(version=VERSION, pid=os.getpid()))
        try:
            while not self._serve(self._inbound.next(self._patience_s())):
                pass
        except BaseException as error:  # noqa: BLE001 - whatever the strategy's code raises, SystemExit too, is told
            free_memory_bound()
            self._wire.send(_fault_of(error))
            return 1
        return 0

    def _serve(self, message: ToWorker | None) -> bool:
        """Handle one message, or the timers when there is none; returns whether that was the last."""
        match message:
            case None:
                self._run_timers()
            case Describe():
                bound_memory(message.memory_bytes)
                self._wire.send(_described(message))
                return True
            case Check():
                bound_memory(message.memory_bytes)
                self._wire.send(_checked(message))
                return True
            case Money():
                self._live_host.hear_money(message)
            case Start():
                self._start(message)
                self._done(message)
            case _:
                self._take(message)
                self._done(message)
        return isinstance(message, Stop)

    def _start(self, start: Start) -> None:
        bound_memory(start.memory_bytes)
        known = loading.strategy_class(start.source)
        self._host = LiveHost(start, self._wire.send, history_length=known.history_length)
        self._strategy = known(self._host, start.parameters)
        self._strategy.state = dict(start.state)
        self._kept = msgspec.json.encode(self._strategy.state)
        self._strategy.on_start()

    def _take(self, turn: Turn) -> None:
        host, strategy = self._live_host, self._live_strategy
        match turn:
            case History():
                self._replay(turn.bars)
            case GoLive():
                host.now_ns, host.is_warming_up, host.refusal = turn.now_ns, False, None
                if host.dropped:
                    host.log(f"warmed up; {host.dropped} orders of the past were not sent")
                    host.dropped = 0
            case BarNews():
                self._bar(turn.bar, turn.now_ns)
            case TickNews():
                host.hear_tick(turn.tick)
                self._begin(f"tick:{turn.tick.instrument_id}:{turn.tick.time_ns}", turn.now_ns)
                strategy.on_tick(turn.tick)
            case BookNews():
                self._begin(f"book:{turn.book.instrument_id}:{turn.book.time_ns}", turn.now_ns)
                strategy.on_book(turn.book)
            case OrderNews():
                self._order(turn)
            case Stop():
                host.refusal = _STOPPING
                self._begin("stop", turn.now_ns)
                strategy.on_stop()
            case Ping() | Start():
                host.now_ns = turn.now_ns

    def _replay(self, bars: list[Bar]) -> None:
        """Hand out bars of the past: whatever is wanted then is dropped."""
        host, strategy = self._live_host, self._live_strategy
        before = (host.is_warming_up, host.refusal)
        host.is_warming_up, host.refusal = True, "the bar is of the past: orders count on live bars"
        for end_ns, group in groupby(bars, key=_end_ns):
            together = list(group)
            host.now_ns = end_ns
            for bar in together:  # all histories first, as in a backtest
                host.hear_bar(bar)
            for bar in together:
                strategy.on_bar(bar)
        host.is_warming_up, host.refusal = before

    def _bar(self, bar: Bar, now_ns: int) -> None:
        self._live_host.hear_bar(bar)
        self._begin(f"bar:{bar.instrument_id}:{bar.timeframe}:{bar.time_ns}", now_ns)
        self._live_strategy.on_bar(bar)

    def _order(self, news: OrderNews) -> None:
        host, strategy, order = self._live_host, self._live_strategy, news.order
        handle = host.hear_order(order)
        if news.position is not None:
            host.hear_position(news.position)
        trade = "" if news.fill is None else str(news.fill.time_ns)
        self._begin(f"order:{order.order_id}:{order.status}:{order.filled_quantity}:{trade}", news.now_ns)
        if news.fill is not None:
            strategy.on_fill(news.fill)
        strategy.on_order(
            OrderUpdate(
                order_id=order.order_id,
                instrument_id=order.key,
                status=handle.status,
                filled_quantity=handle.filled_quantity,
                average_price=handle.average_price,
                reason=handle.reason,
                time_ns=order.time_ns,
            )
        )

    def _run_timers(self) -> None:
        host = self._live_host
        while (due := host.timers.pop_due(time.time_ns())) is not None:
            self._begin(f"timer:{due.name}:{due.time_ns}", time.time_ns())
            self._live_strategy.on_timer(due.name)
        state = self._changed_state()
        if state is not None:
            self._wire.send(Done(turn=0, state=state))

    def _patience_s(self) -> float | None:
        """Return how long to wait for a message: until the next timer of a live strategy."""
        if self._host is None or self._host.is_warming_up:
            return None
        next_ns = self._host.timers.next_ns()
        return None if next_ns is None else max(0.0, (next_ns - time.time_ns()) / _NS_PER_S)

    def _begin(self, cause: str, now_ns: int) -> None:
        self._live_host.now_ns = now_ns
        self._live_host.begin(cause)

    def _done(self, turn: Turn) -> None:
        self._wire.send(Done(turn=turn.turn, state=self._changed_state()))

    def _changed_state(self) -> State | None:
        """Return the strategy's state when it is another than the one told last."""
        try:
            kept = msgspec.json.encode(self._live_strategy.state)
        except TypeError as error:
            raise TypeError(f"state must hold JSON values only: {error}") from error
        if kept == self._kept:
            return None
        if len(kept) > _LARGEST_STATE:
            raise ValueError(f"state has {len(kept)} bytes; {_LARGEST_STATE} are allowed")
        self._kept = kept
        return msgspec.json.decode(kept, type=State)

    @property
    def _live_host(self) -> LiveHost:
        if self._host is None:
            raise AssertionError("Start comes before any other turn")
        return self._host

    @property
    def _live_strategy(self) -> Strategy:
        if self._strategy is None:
            raise AssertionError("Start comes before any other turn")
        return self._strategy


def serve(from_api: BinaryIO, to_api: BinaryIO, *, before: Callable[[], None]) -> int:
    """Run one worker on its two pipes; ``before`` is called once the pipes are in use. Returns the exit code."""
    child = Child(Inbound(from_api), Wire(to_api))
    before()
    return child.run()


def _described(request: Describe) -> Described:
    try:
        classes = [loading.described(known) for known in loading.classes_in(Path(request.path))]
    except BaseException as error:  # noqa: BLE001 - a user's file may raise anything
        free_memory_bound()
        return Described(classes=[], error=_last_lines(error))
    return Described(classes=classes, error=None if classes else "defines no strategy class")


def _checked(request: Check) -> Checked:
    try:
        values = loading.checked_parameters(loading.strategy_class(request.source), request.parameters)
    except InvalidRequest as error:
        wrong = [WrongParameter(field=item.field, code=item.code, message=item.message) for item in error.errors]
        return Checked(values={}, errors=wrong)
    except BaseException as error:  # noqa: BLE001 - a user's file may raise anything
        free_memory_bound()
        wrong = [WrongParameter(field="class", code="invalid", message=_last_lines(error))]
        return Checked(values={}, errors=wrong)
    return Checked(values=dict(values), errors=[])


def _end_ns(bar: Bar) -> int:
    return bar.time_ns + Timeframe(bar.timeframe).length_ns


def _last_lines(error: BaseException) -> str:
    return "".join(traceback.format_exception(error, limit=-2))[-2_000:].strip()


def _fault_of(error: BaseException) -> Faulted:
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    match error:
        case FrameRefused():
            reason = f"the strategy sent {error}"
        case MemoryError():
            reason = "MemoryError: the strategy wanted more memory than it may have"
    text = "".join(traceback.format_exception(error))
    return Faulted(reason=reason[:1_000], traceback=text[-_LONGEST_TRACEBACK:])
