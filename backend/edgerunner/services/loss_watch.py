"""What each account's losses are measured from: equity at 00:00 UTC and its peak, kept over restarts."""

from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

from edgerunner.domain.cash import CashMovement
from edgerunner.risk.facts import EquityFacts
from edgerunner.storage.risk_store import Baseline

OUTSIDE_MONEY = frozenset({"deposit", "withdrawal"})

RISES_KEPT = 1_000
"""Most rises of a peak that are remembered; beyond it the oldest is forgotten, and money told later than that
counts from the oldest one left."""

_Account = tuple[str, str]
_Rise = tuple[int, Decimal]
"""When a peak rose (UTC nanoseconds), and from what."""


class BaselineStore(Protocol):
    """Where baselines are kept."""

    async def baselines(self) -> list[Baseline]:
        """Return the baseline of every account."""
        ...

    async def save_baseline(self, baseline: Baseline) -> None:
        """Store an account's baseline."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A baseline, and when its figures were taken (UTC nanoseconds): money paid since then is not part of them."""

    baseline: Baseline
    is_stored: bool
    day_since_ns: int
    peak_since_ns: int


class LossWatch:
    """Follows equity; the first figure of a UTC day is that day's start."""

    def __init__(self, store: BaselineStore) -> None:
        self._store = store
        self._known: dict[_Account, _Known] = {}
        self._rises: dict[_Account, deque[_Rise]] = {}

    async def load(self) -> None:
        """Read what was known when the process ended; raises ``JournalUnavailable``."""
        for baseline in await self._store.baselines():
            account = (baseline.connection_id, baseline.account_id)
            since_ns = _midnight_ns(baseline.day)
            self._known[account] = _Known(
                baseline=baseline, is_stored=True, day_since_ns=since_ns, peak_since_ns=since_ns
            )

    def note(self, account: _Account, equity: Decimal, now_ns: int) -> None:
        """Take in an account's newest equity."""
        day = datetime.fromtimestamp(now_ns // 10**9, tz=UTC).date().isoformat()
        known = self._known.get(account)
        if known is None:
            first = Baseline(connection_id=account[0], account_id=account[1], day=day, day_start=equity, peak=equity)
            self._known[account] = _Known(baseline=first, is_stored=False, day_since_ns=now_ns, peak_since_ns=now_ns)
            return
        baseline = known.baseline
        changed = replace(
            baseline,
            day=day,
            day_start=baseline.day_start if baseline.day == day else equity,
            peak=max(baseline.peak, equity),
        )
        if changed.peak != baseline.peak:
            self._rises.setdefault(account, deque(maxlen=RISES_KEPT)).append((now_ns, baseline.peak))
        if changed != baseline:
            since_ns = known.day_since_ns if baseline.day == day else now_ns
            self._known[account] = replace(known, baseline=changed, is_stored=False, day_since_ns=since_ns)

    def shift(self, movement: CashMovement, amount: Decimal) -> None:
        """Move the baselines with money that was paid in or out; ``amount`` in the account's currency.

        What was paid before the baselines were taken is part of them already, however late it is told:
        the first reading of an account's history tells its opening deposit.
        """
        account = (movement.connection_id, movement.account_id)
        known = self._known.get(account)
        if known is None:
            return
        baseline = known.baseline
        if movement.ts_event_ns >= known.day_since_ns:
            baseline = replace(baseline, day_start=baseline.day_start + amount)
        if movement.ts_event_ns >= known.peak_since_ns:
            baseline = replace(baseline, peak=self._moved_peak(account, movement.ts_event_ns, amount))
        if baseline != known.baseline:
            self._known[account] = replace(known, baseline=baseline, is_stored=False)

    def _moved_peak(self, account: _Account, paid_at_ns: int, amount: Decimal) -> Decimal:
        """Return the peak with money paid at a time: equity seen since then has it in it already."""
        peak = self._known[account].baseline.peak
        for rose_at_ns, before in self._rises.get(account, ()):
            if rose_at_ns >= paid_at_ns:
                return max(before + amount, peak)
        return peak + amount

    def facts(self, account: _Account, equity: Decimal | None) -> EquityFacts:
        """Return an account's equity and what it is compared with."""
        known = self._known.get(account)
        if known is None:
            return EquityFacts(now=equity, day_start=None, peak=None)
        return EquityFacts(now=equity, day_start=known.baseline.day_start, peak=known.baseline.peak)

    async def save(self) -> None:
        """Write what has changed; raises ``JournalUnavailable``, and the next call writes it then."""
        for account, known in list(self._known.items()):
            if known.is_stored:
                continue
            await self._store.save_baseline(known.baseline)
            if self._known[account] is known:
                self._known[account] = replace(known, is_stored=True)


def _midnight_ns(day: str) -> int:
    """Return when a UTC day began: the earliest that a stored baseline can have been taken."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 10**9
