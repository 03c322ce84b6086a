"""The Strategy Tester in a simulated terminal: reports, optimisations, and the traps it warns of."""

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner.domain.errors import Conflict, InvalidRequest, NotFound
from edgerunner.domain.experts import (
    BacktestOutcome,
    BacktestRequest,
    BacktestState,
    InputRange,
    Optimization,
    StrategyReport,
)
from tests.wire.mt5_experts.lab import Lab, running_lab

TEST = BacktestRequest(
    terminal="lab",
    expert="Examples/Moving Averages",
    symbol="EURUSD",
    from_date=date(2026, 9, 1),
    to_date=date(2026, 9, 30),
    inputs={"InpFastPeriod": 5, "InpSlowPeriod": 20, "InpLots": Decimal("0.20")},
    timeout_s=60,
)


async def run(lab: Lab, request: BacktestRequest = TEST) -> BacktestOutcome:
    return await lab.runner.backtest(request)


def report_of(outcome: BacktestOutcome) -> StrategyReport:
    assert outcome.state is BacktestState.COMPLETED, outcome.warnings
    assert outcome.report is not None
    return outcome.report


async def test_a_test_ends_its_terminal_and_its_report_is_parsed(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        outcome = await run(lab)
        report = report_of(outcome)
        assert (outcome.exit_code, outcome.warnings, report.language) == (0, (), "en")
        assert report.settings["symbol"] == "EURUSD"
        assert report.settings["period"] == "H1 (2026.09.01 - 2026.09.30)"
        assert report.inputs == {"InpFastPeriod": "5", "InpSlowPeriod": "20", "InpLots": "0.2"}
        assert report.metrics["bars"] == 30 * 24
        assert not (await lab.runner.terminals())[0].is_running


async def test_the_metrics_agree_with_the_deals(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        report = report_of(await run(lab))
        deposit, *trades = report.deals
        assert (deposit.kind, deposit.balance) == ("balance", Decimal("10000.00"))
        directions = Counter(deal.direction for deal in trades)
        assert directions["in"] == directions["out"] == report.metrics["total_trades"] > 5
        assert {deal.volume for deal in trades} == {Decimal("0.20")}
        profits = [deal.profit for deal in trades if deal.profit is not None]
        assert sum(profits) == report.metrics["net_profit"]
        assert sum(profit for profit in profits if profit > 0) == report.metrics["gross_profit"]
        balance = Decimal("10000.00")
        for deal in trades:
            assert deal.profit is not None
            balance += deal.profit
            assert deal.balance == balance
        assert report.metrics["total_deals"] == len(trades)


async def test_the_same_test_gives_the_same_report_and_another_input_another(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        first, again = report_of(await run(lab)), report_of(await run(lab))
        assert first.deals == again.deals
        other = report_of(await run(lab, replace(TEST, inputs={**TEST.inputs, "InpFastPeriod": 7})))
        assert other.deals != first.deals


async def test_an_optimisation_gives_every_pass(tmp_path: Path) -> None:
    fast = InputRange(start=Decimal(4), step=Decimal(2), stop=Decimal(8))
    slow = InputRange(start=Decimal(20), step=Decimal(10), stop=Decimal(30))
    request = replace(
        TEST,
        to_date=date(2026, 9, 7),
        optimization=Optimization.COMPLETE,
        ranges={"InpFastPeriod": fast, "InpSlowPeriod": slow},
    )
    async with running_lab(tmp_path) as lab:
        outcome = await run(lab, request)
        assert outcome.state is BacktestState.COMPLETED, outcome.warnings
        tried = {(one.values["InpFastPeriod"], one.values["InpSlowPeriod"]) for one in outcome.passes}
        assert tried == {(Decimal(a), Decimal(b)) for a in (4, 6, 8) for b in (20, 30)}
        results = [one.values["Result"] for one in outcome.passes]
        assert all(isinstance(result, Decimal) for result in results)
        assert results == sorted(results, reverse=True)


async def test_history_that_begins_later_is_warned_of(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        lab.quirks(history_from="2026.09.10")
        outcome = await run(lab)
        assert "The tester began later than asked, at 2026.09.10 00:00: there is no older history." in outcome.warnings
        assert report_of(outcome).metrics["bars"] == 21 * 24


async def test_the_all_zero_first_run_after_a_log_on_is_warned_of_and_the_second_is_good(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        lab.quirks(empty_first_test=True)
        first = await run(lab)
        assert report_of(first).metrics["total_trades"] == 0
        assert any("Run it again" in warning for warning in first.warnings)
        assert any("not synchronised" in warning for warning in first.warnings)
        second = await run(lab)
        assert second.warnings == ()
        assert report_of(second).metrics["total_trades"] > 0


async def test_a_preset_that_the_tester_ignored_is_warned_of(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        lab.quirks(ignore_preset=True)
        outcome = await run(lab)
        assert "The tester used InpFastPeriod=10, not 5 as sent." in outcome.warnings


async def test_a_german_terminal_gives_the_same_metrics_and_an_unknown_language_a_warning(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        english = report_of(await run(lab))
        lab.quirks(language="de")
        german = report_of(await run(lab))
        assert german.language == "de"
        assert german.metrics["net_profit"] == english.metrics["net_profit"]
        assert german.deals == english.deals
        lab.quirks(language="xx")
        outcome = await run(lab)
        assert any("language is not known" in warning for warning in outcome.warnings)
        assert report_of(outcome).metrics == {}
        assert report_of(outcome).deals == english.deals


async def test_a_run_without_a_report_says_why(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        lab.quirks(no_report=True)
        outcome = await run(lab)
        assert (outcome.state, outcome.report) == (BacktestState.NO_REPORT, None)
        assert "ended without a report" in outcome.warnings[0]


async def test_a_tester_without_a_broker_connection_says_so(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        lab.quirks(refuse_login=True)
        outcome = await run(lab)
        assert outcome.state is BacktestState.NO_REPORT
        assert any(warning.startswith("No log-on") for warning in outcome.warnings)
        assert any("did not start" in warning for warning in outcome.warnings)


async def test_an_unknown_symbol_and_a_period_without_history_have_no_report(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        unknown = await run(lab, replace(TEST, symbol="NOSUCH"))
        assert (unknown.state, any("NOSUCH" in line.text for line in unknown.journal)) == (
            BacktestState.NO_REPORT,
            True,
        )
        old = await run(lab, replace(TEST, from_date=date(1990, 1, 1), to_date=date(1990, 2, 1)))
        assert any("no history" in warning for warning in old.warnings)


async def test_a_test_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        lab.quirks(endless_test=True)
        outcome = await run(lab, replace(TEST, timeout_s=3))
        assert outcome.state is BacktestState.TIMED_OUT
        assert outcome.exit_code is not None
        assert "was not done after 3 s" in outcome.warnings[0]
        assert not (await lab.runner.terminals())[0].is_running


async def test_what_is_wrong_is_refused_before_anything_runs(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        with pytest.raises(NotFound):
            await run(lab, replace(TEST, expert="Missing"))
        with pytest.raises(InvalidRequest, match="InpFastPeriod: must be an integer"):
            await run(lab, replace(TEST, inputs={"InpFastPeriod": Decimal("1.5")}))
        with pytest.raises(InvalidRequest, match="to_date"):
            await run(lab, replace(TEST, to_date=TEST.from_date))
        assert not (lab.folder / "logs").exists()


async def test_a_terminal_with_a_running_ea_cannot_test(tmp_path: Path) -> None:
    from edgerunner.domain.experts import LaunchRequest

    async with running_lab(tmp_path) as lab:
        await lab.runner.launch(LaunchRequest(terminal="lab", expert="EdgerunnerBridge", symbol="EURUSD"))
        with pytest.raises(Conflict, match="runs already"):
            await run(lab)
