"""What holding a position costs: funding of perpetuals and overnight swaps."""

from collections.abc import Iterable
from decimal import Decimal

from edgerunner.backtest.account import Account
from edgerunner.backtest.agenda import Action, Agenda
from edgerunner.backtest.config import Swap, TimedRate
from edgerunner.backtest.grid import from_money, half_even
from edgerunner.backtest.market import Market
from edgerunner.backtest.records import MILLISECOND_NS, Journal
from edgerunner.backtest.result import CashMovement

DAY_NS = 86_400_000_000_000
_THURSDAY = 3  # 1970-01-01, with Monday as 0
_SATURDAY = 5


class Carry:
    """Books funding and swaps at their times, on the worth at the newest price."""

    def __init__(self, account: Account, journal: Journal, agenda: Agenda) -> None:
        self._account = account
        self._journal = journal
        self._agenda = agenda

    def plan_funding(self, market: Market, rates: Iterable[TimedRate], *, start_ns: int) -> None:
        """Plan the settlements from ``start_ns`` on; a long pays rate times worth, a short receives it."""
        for time_ns, rate in rates:
            if time_ns >= start_ns:
                self._agenda.plan(time_ns, self._funding(market, rate))

    def plan_swaps(self, market: Market, swap: Swap, *, start_ns: int) -> None:
        """Plan the nights from ``start_ns`` on."""
        offset_ns = swap.minute * 60_000_000_000
        first_ns = start_ns - (start_ns - offset_ns) % DAY_NS
        self._agenda.plan(first_ns if first_ns >= start_ns else first_ns + DAY_NS, self._night(market, swap))

    def _funding(self, market: Market, rate: Decimal) -> Action:
        def settle(due_ns: int) -> None:
            self._book("funding", market, -rate if market.lots > 0 else rate, due_ns)

        return settle

    def _night(self, market: Market, swap: Swap) -> Action:
        def settle(due_ns: int) -> None:
            self._agenda.plan(due_ns + DAY_NS, settle)
            weekday = (due_ns // DAY_NS + _THURSDAY) % 7
            if weekday < _SATURDAY:
                nights = 3 if weekday == swap.triple_weekday else 1
                self._book("swap", market, (swap.long if market.lots > 0 else swap.short) * nights, due_ns)

        return settle

    def _book(self, kind: str, market: Market, rate: Decimal, due_ns: int) -> None:
        if not market.lots:
            return
        account = self._account
        account.now_ns = due_ns
        numerator, denominator = rate.as_integer_ratio()
        worth = market.grid.worth(abs(market.lots), market.mark)
        amount = account.to_base(market, half_even(worth * numerator, denominator))
        account.add_cash(amount)
        for held in account.held.values():
            account.set_ruin(held)
            held.reset_alarms()
        movement = CashMovement(
            kind=kind, instrument_id=market.key, amount=from_money(amount), time_ms=due_ns // MILLISECOND_NS
        )
        self._journal.movements.append(movement)
