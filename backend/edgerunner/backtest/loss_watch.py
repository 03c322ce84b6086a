"""Watches a run's equity against its loss limits, as the live watch does."""

from collections.abc import Callable

from edgerunner.backtest.account import Account
from edgerunner.backtest.agenda import Agenda
from edgerunner.backtest.grid import from_money
from edgerunner.risk.checks import loss_reached
from edgerunner.risk.facts import EquityFacts, Facts
from edgerunner.risk.limits import RiskLimits, TradingState

_DAY_NS = 86_400_000_000_000


class LossWatch:
    """Equity at 00:00 UTC and at its peak, and what happens once a limit is reached.

    Live, somebody resumes an account that reached a limit. A run has nobody: after a daily loss it takes no new risk
    until the next day (UTC), after a drawdown none to its end.

    Attributes:
        reached: The sentence of the limit that was reached and still holds, or None.
    """

    def __init__(self, limits: RiskLimits, account: Account, log: Callable[[str], None]) -> None:
        self._limits = limits
        self._account = account
        self._log = log
        self.is_needed = limits.max_daily_loss is not None or limits.max_drawdown is not None
        self._peak = self._day_start = account.cash
        self._day = -1
        self.reached: str | None = None
        self._is_for_good = False

    def plan(self, agenda: Agenda, *, start_ns: int, every_ns: int) -> None:
        """Look at the equity every so often from ``start_ns`` on; nothing is planned without a loss limit."""
        if not self.is_needed:
            return

        def look(due_ns: int) -> None:
            self._account.now_ns = due_ns
            self.look()
            agenda.plan(due_ns + every_ns, look)

        agenda.plan(start_ns, look)

    def look(self) -> EquityFacts:
        """Take note of the equity now and return what the checks want to know of it."""
        if not self.is_needed:
            return EquityFacts(now=None, day_start=None, peak=None)
        equity = self._account.equity()
        day = self._account.now_ns // _DAY_NS
        if day != self._day:
            self._day, self._day_start = day, equity
            self.reached = self.reached if self._is_for_good else None
        self._peak = max(self._peak, equity)
        facts = EquityFacts(now=from_money(equity), day_start=from_money(self._day_start), peak=from_money(self._peak))
        if self.reached is None:
            self._judge(facts)
        return facts

    def _judge(self, equity: EquityFacts) -> None:
        now_ns = self._account.now_ns
        facts = Facts(now_ns=now_ns, state=TradingState.ACTIVE, limits=self._limits, quote=None, equity=equity)
        denial = loss_reached(facts)
        if denial is None:
            return
        self._is_for_good = denial.code == "drawdown"
        until = "to the end of the run" if self._is_for_good else "until 00:00 UTC"
        self.reached = f"{denial.text}; only orders that reduce a position are taken {until}"
        self._log(f"{denial.code}: {self.reached}")
