"""What every run is made of, whatever its market data are."""

from edgerunner.backtest.account import Account
from edgerunner.backtest.agenda import Agenda
from edgerunner.backtest.carry import Carry
from edgerunner.backtest.config import BacktestConfig
from edgerunner.backtest.desk import Desk, Venue
from edgerunner.backtest.execution import Execution
from edgerunner.backtest.host import BacktestHost
from edgerunner.backtest.market import Market
from edgerunner.backtest.records import Journal
from edgerunner.backtest.risk_gate import RiskGate
from edgerunner.risk.limits import RiskLimits
from edgerunner.strategies.strategy import Strategy

WATCH_TICKS_EVERY_NS = 1_000_000_000
"""How often a run on ticks looks at its losses; a run on bars does so at every close."""


class Parts:
    """Markets, account, records, clock and the strategy with its host, wired together.

    ``lead_ns``: how far ahead of an event's own stamp its time reaches: a bar's length, 0 for ticks.
    """

    def __init__(self, config: BacktestConfig, bar_ns: int, *, lead_ns: int) -> None:
        self.config = config
        self.bar_ns = bar_ns
        self.markets = {key: Market(key, instrument) for key, instrument in config.instruments.items()}
        self.journal = Journal()
        self.account = Account(config, self.markets)
        self.agenda = Agenda(lead_ns)
        self.host = BacktestHost(
            config, self.markets, account=self.account, journal=self.journal, agenda=self.agenda, bar_ns=bar_ns
        )
        self.execution = Execution(config, self.account, self.journal, self.host, handles=config.strategy_class.handles)
        self.gate = (
            None
            if config.limits == RiskLimits()
            else RiskGate(config.limits, self.account, self.markets, bar_ns=bar_ns, log=self.host.log)
        )

    def open(self, venue: Venue) -> tuple[Strategy, Desk]:
        """Make the strategy and the desk before the venue."""
        self.strategy = self.config.strategy_class(self.host, self.config.parameters)
        self.desk = Desk(self.execution, venue, self.bar_ns, gate=self.gate)
        self.host.serve(self.strategy, self.desk)
        return self.strategy, self.desk

    def start(self, start_ns: int) -> None:
        """Plan funding and swaps from the first event on and start the strategy."""
        self.account.now_ns = start_ns
        carry = Carry(self.account, self.journal, self.agenda)
        for key, rates in self.config.funding.items():
            carry.plan_funding(self.markets[key], rates, start_ns=start_ns)
        for key, swap in self.config.swaps.items():
            carry.plan_swaps(self.markets[key], swap, start_ns=start_ns)
        if self.gate is not None:
            self.gate.losses.plan(self.agenda, start_ns=start_ns, every_ns=self.bar_ns or WATCH_TICKS_EVERY_NS)
        self.strategy.on_start()
        self.host.tell_updates()

    def stop(self) -> None:
        """Stop the strategy; it cannot trade any more."""
        self.desk.is_closed = True
        self.strategy.on_stop()
