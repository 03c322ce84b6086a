"""What the stream knows of the terminal: from what is read again and again to what has changed.

``fetch`` runs on the terminal's thread, everything else on the event loop; a tracker is never in both at once.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from edgerunner.mt5_bridge.terminal_module import CallAnswer, TerminalModule
from edgerunner.mt5_bridge.wire import plain, rows
from edgerunner.mt5_surface import constants

Data = Mapping[str, Any]

WINDOW_S: Final = 2 * 86_400
"""How far back a snapshot of deals and ended orders goes; as far ahead of our clock is asked, for any server zone."""

OVERLAP_S: Final = 600
TICKS_AT_ONCE: Final = 2_000
MOST_TICKS: Final = 200_000
MOST_ENTRIES: Final = 10_000
MOVING_EVERY_S: Final = 1.0


class Tracker(Protocol):
    """One kind of thing that is polled."""

    def fetch(self, module: TerminalModule) -> CallAnswer:
        """Ask the terminal."""

    def take(self, result: Any, now: float) -> Data | None:
        """Take in what the terminal said (never None) and return what changed; ``now`` in seconds since 1970."""

    def snapshot(self) -> Data:
        """Return everything as it was read last."""


class TickTracker:
    """Every tick of a symbol: forward from the last one with a second of overlap, told apart by time and content."""

    def __init__(self, symbol: str) -> None:
        self._symbol = symbol
        self._last: Data | None = None
        self._floor_msc = 0
        self._from_s: int | None = None
        self._count = TICKS_AT_ONCE
        self._seen: set[tuple[Any, ...]] = set()

    def fetch(self, module: TerminalModule) -> CallAnswer:
        """Ask for the last tick at first, then for those since."""
        if self._from_s is None:
            return module.call("symbol_info_tick", self._symbol)
        return module.call("copy_ticks_from", self._symbol, self._from_s, self._count, constants.COPY_TICKS_ALL)

    def take(self, result: Any, now: float) -> Data | None:  # noqa: ARG002 - ticks carry their own time
        """Return the ticks not seen before, oldest first."""
        if self._from_s is None:
            self._start(plain(result))
            return self.snapshot()
        is_full = len(result) >= self._count
        self._count = min(self._count * 2, MOST_TICKS) if is_full else TICKS_AT_ONCE
        ticks = [tick for tick in rows(result) if self._is_new(tick)]
        if not ticks:
            return None
        ticks.sort(key=lambda tick: int(tick["time_msc"]))
        newest = max(ticks[-1], self._last or ticks[-1], key=lambda tick: int(tick["time_msc"]))
        self._last, self._from_s = newest, int(newest["time"]) - 1
        self._seen = {row for row in self._seen if row[0] >= self._from_s}
        return {"symbol": self._symbol, "ticks": ticks}

    def snapshot(self) -> Data:
        """Return the last tick."""
        return {"symbol": self._symbol, "ticks": [self._last] if self._last is not None else []}

    def _start(self, tick: Data) -> None:
        if tick["time_msc"]:  # a symbol without any tick yet shows zeros
            self._last, self._floor_msc, self._from_s = tick, int(tick["time_msc"]), int(tick["time"]) - 1

    def _is_new(self, tick: Data) -> bool:
        content = tuple(tick.values())
        if tick["time_msc"] <= self._floor_msc or content in self._seen:
            return False
        self._seen.add(content)
        return True


class TableTracker:
    """Things that come, change and go: pending orders, positions.

    Fields in ``moving`` change with every tick: they are told at most once a second.
    """

    def __init__(self, name: str, function: str, moving: frozenset[str] = frozenset()) -> None:
        self._name = name
        self._function = function
        self._moving = moving
        self._rows: dict[int, Data] = {}
        self._moved_at = 0.0

    def fetch(self, module: TerminalModule) -> CallAnswer:
        """Ask for all of them."""
        return module.call(self._function)

    def take(self, result: Any, now: float) -> Data | None:
        """Return what is new or changed, and the tickets that are gone."""
        new = {int(row["ticket"]): row for row in map(plain, result)}
        tells_moves = now - self._moved_at >= MOVING_EVERY_S
        if tells_moves:
            self._moved_at = now
        changed = [ticket for ticket, row in new.items() if self._has_changed(ticket, row, tells_moves=tells_moves)]
        gone = [ticket for ticket in self._rows if ticket not in new]
        self._rows = {ticket: new[ticket] if ticket in changed else self._rows[ticket] for ticket in new}
        if not changed and not gone:
            return None
        return {self._name: [new[ticket] for ticket in changed], "gone": gone}

    def snapshot(self) -> Data:
        """Return all of them."""
        return {self._name: list(self._rows.values())}

    def _has_changed(self, ticket: int, row: Data, *, tells_moves: bool) -> bool:
        old = self._rows.get(ticket)
        if old is None:
            return True
        return any(value != old[name] for name, value in row.items() if tells_moves or name not in self._moving)


class HistoryTracker:
    """Things that are only ever added: deals, orders at their end. Keeps the newest 10,000 of two days."""

    def __init__(self, name: str, function: str, time_field: str, wall: Callable[[], float]) -> None:
        self._name = name
        self._function = function
        self._time = time_field
        self._wall = wall
        self._newest = 0
        self._rows: dict[int, Data] = {}

    def fetch(self, module: TerminalModule) -> CallAnswer:
        """Ask from the newest one on, with overlap."""
        now = int(self._wall())
        return module.call(self._function, max(self._newest - OVERLAP_S, now - WINDOW_S), now + WINDOW_S)

    def take(self, result: Any, now: float) -> Data | None:
        """Return those not seen before."""
        new = [row for row in map(plain, result) if int(row["ticket"]) not in self._rows]
        if not new:
            return None
        self._rows |= {int(row["ticket"]): row for row in new}
        self._newest = max(self._newest, *(int(row[self._time]) for row in new))
        oldest = now - WINDOW_S - OVERLAP_S  # none that the next call may ask for again
        kept = {ticket: row for ticket, row in self._rows.items() if int(row[self._time]) >= oldest}
        newest = list(kept.items())[-MOST_ENTRIES:]
        self._rows = dict(newest)
        return {self._name: new}

    def snapshot(self) -> Data:
        """Return those of the last two days."""
        return {self._name: list(self._rows.values())}


class AccountTracker:
    """The account's figures."""

    def __init__(self) -> None:
        self._account: Data | None = None

    def fetch(self, module: TerminalModule) -> CallAnswer:
        """Ask for them."""
        return module.call("account_info")

    def take(self, result: Any, now: float) -> Data | None:  # noqa: ARG002 - the account has no time
        """Return them when one of them changed."""
        account = plain(result)
        if account == self._account:
            return None
        self._account = account
        return self.snapshot()

    def snapshot(self) -> Data:
        """Return them."""
        return {"account": self._account}
