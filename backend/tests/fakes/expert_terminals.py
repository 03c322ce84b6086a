"""Terminals for EAs that exist in memory alone: ``sim`` takes launches and tests, everything else is not found."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from edgerunner.domain.errors import BrokerRejected, Conflict, InvalidRequest, NotConnected, NotFound, Unsupported
from edgerunner.domain.experts import (
    NO_CHART_CONTROL,
    BacktestOutcome,
    BacktestRequest,
    BacktestState,
    ExpertView,
    Hello,
    JournalLine,
    LaunchRequest,
    LaunchState,
    OptimizationPass,
    StrategyDeal,
    StrategyReport,
    TerminalView,
)

HELLO = Hello(
    expert="EdgerunnerBridge",
    version="1.00",
    login=1000001,
    server="Edgerunner-Sim",
    symbol="EURUSD",
    period="PERIOD_H1",
    build=5836,
    is_demo=True,
    may_trade=False,
)
DEAL = StrategyDeal(
    time="2026.09.01 03:00:00",
    deal="2",
    symbol="EURUSD",
    kind="buy",
    direction="in",
    volume=Decimal("0.10"),
    price=Decimal("1.10512"),
    order="2",
    commission=Decimal("0.00"),
    swap=Decimal("0.00"),
    profit=Decimal("0.00"),
    balance=Decimal("10000.00"),
    comment="",
)
REPORT = StrategyReport(
    language="en",
    settings={"expert": "Moving Averages"},
    inputs={"InpFastPeriod": "5"},
    metrics={"net_profit": Decimal("-12.50")},
    deals=(DEAL,),
    raw=(("Total Net Profit", "-12.50"),),
)
OUTCOME = BacktestOutcome(
    state=BacktestState.COMPLETED,
    exit_code=0,
    report=REPORT,
    passes=(OptimizationPass(values={"Pass": Decimal(0), "InpName": "a"}),),
    warnings=("The EA made no trade.",),
    journal=(JournalLine(time="10:00:00.000", source="Tester", text="automatical testing started"),),
)


class FakeExpertTerminals:
    """What a test looks at: ``launches`` and ``tests`` asked for; ``go`` lets a test end."""

    def __init__(self) -> None:
        self.launches: list[LaunchRequest] = []
        self.tests: list[BacktestRequest] = []
        self.go = asyncio.Event()
        self.is_stopped = False
        self._experts: dict[str, ExpertView] = {}

    def attach(self, terminal: str, expert: str) -> None:
        raise Unsupported(f"{expert} cannot be attached in {terminal!r}: {NO_CHART_CONTROL}.")

    async def launch(self, request: LaunchRequest) -> ExpertView:
        self._check(request.terminal, request.expert)
        self.launches.append(request)
        view = ExpertView(
            expert_id=f"ea-{len(self.launches):06d}",
            terminal=request.terminal,
            expert=request.expert,
            symbol=request.symbol,
            period=request.period,
            state=LaunchState.STARTED,
            connected=True,
            process_id=4242,
            exit_code=None,
            hello=HELLO,
            started_at_ns=1_700_000_000_000_000_000,
            journal=OUTCOME.journal,
        )
        self._experts[view.expert_id] = view
        return view

    async def check_backtest(self, request: BacktestRequest) -> None:
        self._check(request.terminal, request.expert)
        if request.to_date <= request.from_date:
            raise InvalidRequest.of("to_date", "out_of_range", "must lie after from_date")

    async def backtest(self, request: BacktestRequest) -> BacktestOutcome:
        self.tests.append(request)
        await self.go.wait()
        if request.symbol == "LATE":
            raise Conflict("somebody started the terminal meanwhile")
        return OUTCOME

    async def message(
        self, expert_id: str, name: str, args: Mapping[str, object], *, timeout_s: float
    ) -> Mapping[str, object]:
        view = await self.expert(expert_id)
        if name == "order_send":
            raise Unsupported("orders go by the order path")
        if not view.connected:
            raise NotConnected("the EA is not connected")
        if name != "ping":
            raise BrokerRejected(name, f"unknown command {name}")
        return {"time": 7, "args": dict(args), "timeout_s": timeout_s}

    async def stop_expert(self, expert_id: str) -> ExpertView:
        view = await self.expert(expert_id)
        self._experts[expert_id] = replace(view, state=LaunchState.STOPPED, connected=False, exit_code=0)
        return self._experts[expert_id]

    async def experts(self) -> list[ExpertView]:
        return list(reversed(self._experts.values()))

    async def expert(self, expert_id: str) -> ExpertView:
        if expert_id not in self._experts:
            raise NotFound(f"No EA {expert_id!r} was launched here.")
        return self._experts[expert_id]

    async def terminals(self) -> list[TerminalView]:
        return [
            TerminalView(name="sim", folder="secret", environment="simulated", is_running=False, experts=("Own/X",))
        ]

    async def stop(self) -> None:
        self.is_stopped = True

    def _check(self, terminal: str, expert: str) -> None:
        if terminal != "sim":
            raise NotFound(f"There is no terminal {terminal!r} in the settings.")
        if expert == "Missing":
            raise NotFound("The terminal 'sim' has no MQL5/Experts/Missing.ex5.")
