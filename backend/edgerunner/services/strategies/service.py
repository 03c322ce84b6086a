"""Strategy instances: made, started, paused, stopped, resumed after a crash, and shown."""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import structlog

from edgerunner.domain.errors import Conflict, EdgerunnerError, NotFound
from edgerunner.domain.market import Timeframe
from edgerunner.domain.values import replace
from edgerunner.metrics import STRATEGY_FAULTS
from edgerunner.services.alert_service import AlertLevel, AlertService
from edgerunner.services.key_locks import KeyLocks
from edgerunner.services.strategies.book import Step
from edgerunner.services.strategies.books import StrategyBooks
from edgerunner.services.strategies.class_catalogue import ClassCatalogue, Classes
from edgerunner.services.strategies.market_access import MarketAccess
from edgerunner.services.strategies.notebook import Notebook
from edgerunner.services.strategies.order_policy import settle_orders
from edgerunner.services.strategies.run import StrategyRun, newest_mark
from edgerunner.services.strategies.run_values import Fault, Surroundings
from edgerunner.services.strategies.views import CreateRequest, StrategyView, strategy_view
from edgerunner.services.strategies.worker_process import remove_left_folders
from edgerunner.storage.journal import Journal
from edgerunner.storage.strategy_store import LogEntry, LogLevel, RunState, StoredStrategy, StrategyStore
from edgerunner.storage.values import Page
from edgerunner.strategy_worker.messages import Market, State

_log = structlog.get_logger(__name__)

READY_POLL_S = 0.5
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ALIVE = frozenset({RunState.RUNNING, RunState.PAUSED})

Listener = Callable[[StrategyView], None]


@dataclass
class _Entry:
    stored: StoredStrategy
    run: StrategyRun | None = None
    task: asyncio.Task[None] | None = None
    is_live: bool = False


class StrategyService:
    """Owns every strategy of this installation; ``start`` and ``stop`` bound its tasks and processes."""

    def __init__(
        self,
        *,
        store: StrategyStore,
        journal: Journal,
        access: MarketAccess,
        around: Surroundings,
        catalogue: ClassCatalogue,
        alerts: AlertService,
    ) -> None:
        self._store = store
        self._journal = journal
        self._access = access
        self._around = around
        self._catalogue = catalogue
        self._alerts = alerts
        self._books = StrategyBooks(journal, self._on_step)
        self._notebook = Notebook(store, around.clock)
        self._entries: dict[str, _Entry] = {}
        self._locks = KeyLocks()
        self._listeners: list[Listener] = []

    async def start(self) -> None:
        """Load every instance; those that ran before come back once their connections are ready."""
        await asyncio.to_thread(remove_left_folders)
        self._notebook.start()
        self._books.start()
        self._catalogue.start()
        for stored in await self._store.all():
            await self._books.load(stored.strategy_id)
            entry = self._entries[stored.strategy_id] = _Entry(stored)
            if stored.run_state in _ALIVE:
                self._note(stored.strategy_id, "resumed after a restart of the program")
                self._launch(entry)

    async def stop(self) -> None:
        """End every process; what ran comes back at the next start, its orders stay."""
        tasks = [entry.task for entry in self._entries.values() if entry.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._books.stop()
        await self._catalogue.stop()
        await self._notebook.stop()

    async def classes(self) -> Classes:
        """Return the classes that can be started, and the user's files that cannot be used."""
        return await self._catalogue.classes()

    def views(self) -> list[StrategyView]:
        """Return every strategy, oldest first."""
        return [self._view(entry) for entry in self._entries.values()]

    def view(self, strategy_id: str) -> StrategyView:
        """Return one strategy; raises ``NotFound``."""
        return self._view(self._entry(strategy_id))

    def find(self, strategy_id: str) -> StoredStrategy | None:
        """Return an instance as it is stored, None when there is none of that id."""
        entry = self._entries.get(strategy_id)
        return None if entry is None else entry.stored

    async def log(self, strategy_id: str, *, limit: int, cursor: str | None = None) -> Page[LogEntry]:
        """Return a page of a strategy's log, newest first; raises ``NotFound``."""
        self._entry(strategy_id)
        return await self._notebook.page(strategy_id, limit=limit, cursor=cursor)

    def add_listener(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` on each change of a strategy; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def create(self, request: CreateRequest) -> StrategyView:
        """Check and store an instance; it does not run yet.

        Raises ``InvalidRequest`` that names the field, ``Conflict`` for an id in use, ``NotConnected``
        when the connection cannot be asked for the instruments.
        """
        account_id = self._access.account_id(request.connection_id, request.account_id)
        await self._access.look_up(request.connection_id, request.instrument_ids)
        self._access.checked_markets(request.connection_id, request.instrument_ids)
        source = self._catalogue.source(request.class_name)
        parameters = await self._catalogue.checked(source, request.parameters)
        stored = StoredStrategy(
            strategy_id=request.strategy_id or self._free_id(request.class_name),
            class_name=request.class_name,
            parameters=dict(parameters),
            connection_id=request.connection_id,
            account_id=account_id,
            instrument_ids=request.instrument_ids,
            timeframe=Timeframe(request.timeframe),
            on_stop=request.on_stop,
            created_at_ns=self._around.clock.now_ns(),
        )
        async with self._locks.hold(stored.strategy_id):
            await self._store.add(stored)
            await self._books.load(stored.strategy_id)
            entry = self._entries[stored.strategy_id] = _Entry(stored)
            self._notify(entry)
        return self._view(entry)

    async def start_strategy(self, strategy_id: str) -> StrategyView:
        """Run a strategy, or let a paused one trade again.

        Raises ``NotFound``, ``Conflict`` when it runs, ``InvalidRequest`` and ``NotConnected`` when its
        class or its markets cannot be had.
        """
        async with self._locks.hold(strategy_id):
            entry = self._entry(strategy_id)
            match entry.stored.run_state:
                case RunState.RUNNING:
                    raise Conflict(f"{strategy_id} runs already")
                case RunState.PAUSED:
                    await self._set_paused(entry, is_paused=False)
                case _:
                    await self._start(entry)
            return self._view(entry)

    async def pause(self, strategy_id: str) -> StrategyView:
        """Let a strategy go on without its new orders; raises ``NotFound``, ``Conflict`` unless it runs."""
        async with self._locks.hold(strategy_id):
            entry = self._entry(strategy_id)
            if entry.stored.run_state is not RunState.RUNNING:
                raise Conflict(f"{strategy_id} is {entry.stored.run_state}; only a running strategy can be paused")
            await self._set_paused(entry, is_paused=True)
            return self._view(entry)

    async def stop_strategy(self, strategy_id: str) -> StrategyView:
        """Stop a strategy: ``on_stop`` is called, then its open orders follow its policy.

        Raises ``NotFound``, ``Conflict`` unless it runs or is paused.
        """
        async with self._locks.hold(strategy_id):
            entry = self._entry(strategy_id)
            if entry.stored.run_state not in _ALIVE:
                raise Conflict(f"{strategy_id} is {entry.stored.run_state}; there is nothing to stop")
            await self._end(entry)
            return self._view(entry)

    async def _start(self, entry: _Entry) -> None:
        stored = entry.stored
        self._catalogue.source(stored.class_name)
        await self._access.look_up(stored.connection_id, stored.instrument_ids)
        self._access.ready_markets(stored.connection_id, stored.instrument_ids)
        if entry.task is not None:  # a fault that is still being cleaned up after
            await asyncio.shield(entry.task)
        await self._change(
            entry,
            run_state=RunState.RUNNING,
            reason=None,
            run_no=stored.run_no + 1,
            started_at_ns=self._around.clock.now_ns(),
        )
        self._note(stored.strategy_id, "started")
        self._launch(entry)

    async def _set_paused(self, entry: _Entry, *, is_paused: bool) -> None:
        await self._change(entry, run_state=RunState.PAUSED if is_paused else RunState.RUNNING)
        if entry.run is not None:
            entry.run.is_paused = is_paused
        self._note(entry.stored.strategy_id, "paused: orders are not sent" if is_paused else "goes on")

    async def _end(self, entry: _Entry) -> None:
        """Ask a run to end and wait for it; its limits bound the time."""
        task = entry.task
        if entry.run is not None:
            entry.run.stop()
        elif task is not None:
            task.cancel()
        if task is not None:
            with suppress(asyncio.CancelledError):
                await asyncio.shield(task)
        if entry.stored.run_state in _ALIVE:  # it was still waiting for its connection
            await self._change(entry, run_state=RunState.STOPPED)
            await self._settle_orders(entry)

    def _launch(self, entry: _Entry) -> None:
        entry.task = asyncio.create_task(self._host(entry), name=f"strategy-{entry.stored.strategy_id}")

    async def _host(self, entry: _Entry) -> None:
        """Run one strategy and note how it ended."""
        state, reason = RunState.STOPPED, None
        try:
            markets = await self._until_ready(entry.stored)
            entry.run = self._new_run(entry, markets)
            await entry.run.run()
        except (Fault, EdgerunnerError) as error:
            state, reason = RunState.FAULTED, str(error)
        except Exception as error:  # noqa: BLE001 - a defect of ours must not leave a strategy half alive
            _log.exception("strategy_run_failed", strategy_id=entry.stored.strategy_id)
            state, reason = RunState.FAULTED, f"internal error: {type(error).__name__}"
        finally:
            entry.run, entry.is_live = None, False
        await self._ended(entry, state, reason)

    async def _ended(self, entry: _Entry, state: RunState, reason: str | None) -> None:
        strategy_id = entry.stored.strategy_id
        if reason is not None:
            STRATEGY_FAULTS.inc()
            self._notebook.log(strategy_id, LogLevel.ERROR, f"faulted: {reason}")
            self._alerts.raise_alert(
                AlertLevel.CRITICAL,
                "strategy_faulted",
                f"Strategy {strategy_id} was stopped: {reason}.",
                entry.stored.connection_id,
            )
        else:
            self._note(strategy_id, "stopped")
        try:
            await self._change(entry, run_state=state, reason=reason)
        except EdgerunnerError as error:
            _log.error("strategy_state_not_stored", strategy_id=strategy_id, reason=error.detail)
            entry.stored = replace(entry.stored, run_state=state, reason=reason)
        await self._settle_orders(entry)

    async def _settle_orders(self, entry: _Entry) -> None:
        stored = entry.stored
        book = self._books.book(stored.strategy_id)
        for text, connection_id in await settle_orders(stored, book, self._around.orders):
            self._notebook.log(stored.strategy_id, LogLevel.ERROR, text)
            self._alerts.raise_alert(AlertLevel.CRITICAL, "strategy_order_left", text, connection_id)

    async def _until_ready(self, stored: StoredStrategy) -> list[Market]:
        """Wait until the strategy's connections are reconciled: its book is complete then."""
        while True:
            await self._access.look_up(stored.connection_id, stored.instrument_ids)
            markets = self._access.markets_if_ready(stored.connection_id, stored.instrument_ids)
            if markets is not None:
                return markets
            await asyncio.sleep(READY_POLL_S)

    def _new_run(self, entry: _Entry, markets: list[Market]) -> StrategyRun:
        stored = entry.stored
        return StrategyRun(
            stored,
            self._catalogue.source(stored.class_name),
            markets,
            around=self._around,
            book=self._books.book(stored.strategy_id),
            money=lambda: self._access.money(stored.connection_id, stored.account_id),
            reporter=_Reporter(self, entry),
            is_paused=stored.run_state is RunState.PAUSED,
        )

    async def _change(self, entry: _Entry, **changes: object) -> None:
        await self._store.save(replace(entry.stored, **changes))  # type: ignore[arg-type]  # its callers name fields
        entry.stored = replace(entry.stored, **changes)  # type: ignore[arg-type]  # its state may be newer by now
        self._notify(entry)

    def _on_step(self, strategy_id: str, step: Step) -> None:
        entry = self._entries.get(strategy_id)
        if entry is None:
            return
        if entry.run is not None:
            entry.run.hear(step)
        self._notify(entry)

    def went_live(self, entry: _Entry) -> None:
        """Note that a strategy's warm-up is over."""
        entry.is_live = True
        self._notify(entry)

    def keep(self, entry: _Entry, state: State) -> None:
        """Note a strategy's changed state."""
        entry.stored = replace(entry.stored, kept=state)
        self._notebook.keep(entry.stored.strategy_id, state)

    def write_log(self, entry: _Entry, level: LogLevel, text: str) -> None:
        """Note a line of a strategy's log."""
        self._notebook.log(entry.stored.strategy_id, level, text)

    def _note(self, strategy_id: str, text: str) -> None:
        self._notebook.log(strategy_id, LogLevel.INFO, text)

    def _notify(self, entry: _Entry) -> None:
        view = self._view(entry)
        for listener in list(self._listeners):
            listener(view)

    def _view(self, entry: _Entry) -> StrategyView:
        stored = entry.stored
        return strategy_view(
            stored,
            self._books.book(stored.strategy_id),
            is_live=entry.is_live,
            mark_of=lambda position: newest_mark(position, self._around.markets, entry.run),
            account=self._journal.positions(),
        )

    def _free_id(self, class_name: str) -> str:
        base = _WORD_START.sub("-", class_name.rpartition(".")[2]).lower().replace("_", "-").strip("-")[:24]
        names = (base if number == 1 else f"{base}-{number}" for number in count(1))
        return next(name for name in names if name not in self._entries)

    def _entry(self, strategy_id: str) -> _Entry:
        if strategy_id not in self._entries:
            raise NotFound(f"no strategy is called {strategy_id!r}; GET /strategies lists them")
        return self._entries[strategy_id]


@dataclass(frozen=True, slots=True)
class _Reporter:
    """What a run tells its owner."""

    service: StrategyService
    entry: _Entry

    def log(self, level: LogLevel, text: str) -> None:
        self.service.write_log(self.entry, level, text)

    def keep(self, state: State) -> None:
        self.service.keep(self.entry, state)

    def went_live(self) -> None:
        self.service.went_live(self.entry)
