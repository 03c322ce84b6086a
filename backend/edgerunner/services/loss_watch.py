"""What each account's losses are measured from: equity at 00:00 UTC and its peak, kept over restarts."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

from edgerunner.domain.cash import CashMovement
from edgerunner.risk.facts import EquityFacts
from edgerunner.storage.risk_store import Baseline

OUTSIDE_MONEY = frozenset({"deposit", "withdrawal"})

_Account = tuple[str, str]


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
    baseline: Baseline
    is_stored: bool


class LossWatch:
    """Follows equity; the first figure of a UTC day is that day's start."""

    def __init__(self, store: BaselineStore) -> None:
        self._store = store
        self._known: dict[_Account, _Known] = {}

    async def load(self) -> None:
        """Read what was known when the process ended; raises ``JournalUnavailable``."""
        for baseline in await self._store.baselines():
            self._known[baseline.connection_id, baseline.account_id] = _Known(baseline=baseline, is_stored=True)

    def note(self, account: _Account, equity: Decimal, now_ns: int) -> None:
        """Take in an account's newest equity."""
        day = datetime.fromtimestamp(now_ns // 10**9, tz=UTC).date().isoformat()
        known = self._known.get(account)
        if known is None:
            first = Baseline(connection_id=account[0], account_id=account[1], day=day, day_start=equity, peak=equity)
            self._known[account] = _Known(baseline=first, is_stored=False)
            return
        baseline = known.baseline
        changed = replace(
            baseline,
            day=day,
            day_start=baseline.day_start if baseline.day == day else equity,
            peak=max(baseline.peak, equity),
        )
        if changed != baseline:
            self._known[account] = _Known(baseline=changed, is_stored=False)

    def shift(self, movement: CashMovement, amount: Decimal) -> None:
        """Move the baselines with money that was paid in or out; ``amount`` in the account's currency."""
        account = (movement.connection_id, movement.account_id)
        known = self._known.get(account)
        if known is None:
            return
        moved = replace(known.baseline, day_start=known.baseline.day_start + amount, peak=known.baseline.peak + amount)
        self._known[account] = _Known(baseline=moved, is_stored=False)

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
