"""``MT5Adapter.run_ea``: the PRD's one call for launches and tests."""

import random
import time
from datetime import date
from pathlib import Path

import pytest

from edgerunner.adapters.broker import Environment
from edgerunner.adapters.mt5.experts.run_ea import ExpertRunner
from edgerunner.adapters.mt5_adapter import MT5Adapter, create_mt5_adapter
from edgerunner.domain.errors import Unsupported
from edgerunner.domain.experts import BacktestOutcome, BacktestRequest, ExpertView, LaunchRequest, LaunchState
from tests.wire.mt5_experts.lab import running_lab

LAUNCH = LaunchRequest(terminal="lab", expert="EdgerunnerBridge", symbol="EURUSD", hello_timeout_s=20)


def adapter(experts: ExpertRunner | None) -> MT5Adapter:
    return create_mt5_adapter(
        connection_id="mt5-demo",
        environment=Environment.DEMO,
        credentials={"login": "1000001", "bridge_token": "sim-token"},
        options={"bridge_url": "http://127.0.0.1:1"},
        clock=time,
        random=random.Random(1),
        experts=experts,
    )


async def test_run_ea_launches_and_tests_in_a_terminal_of_its_own(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        mt5 = adapter(lab.runner)
        assert mt5.capabilities.run_ea
        test = BacktestRequest(
            terminal="lab",
            expert="Examples/Moving Averages",
            symbol="EURUSD",
            from_date=date(2026, 9, 1),
            to_date=date(2026, 9, 7),
            timeout_s=60,
        )
        outcome = await mt5.run_ea(test)
        assert isinstance(outcome, BacktestOutcome)
        assert outcome.report is not None
        expert = await mt5.run_ea(LAUNCH)
        assert isinstance(expert, ExpertView)
        assert expert.state is LaunchState.STARTED


async def test_without_a_terminal_of_its_own_run_ea_is_unsupported_with_the_reason() -> None:
    mt5 = adapter(None)
    assert not mt5.capabilities.run_ea
    with pytest.raises(Unsupported, match="no API to attach"):
        await mt5.run_ea(LAUNCH)
