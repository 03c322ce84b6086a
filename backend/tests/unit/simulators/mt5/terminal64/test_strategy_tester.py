"""The simulated Strategy Tester's arithmetic, and its report read by the adapter's parser."""

from decimal import Decimal

import pytest

from edgerunner.adapters.mt5.experts.report import parse_report
from edgerunner.adapters.mt5.experts.text_files import decode_text
from edgerunner.simulators.mt5.terminal64.desk import RateBar, SymbolTerms
from edgerunner.simulators.mt5.terminal64.report import ReportHead, html_report
from edgerunner.simulators.mt5.terminal64.statistics import statistics_of
from edgerunner.simulators.mt5.terminal64.strategy import BadInputs, Run, run_crossing

TERMS = SymbolTerms("EURUSD", 5, Decimal("0.00001"), "USD")
INPUTS = {"InpFastPeriod": "1", "InpSlowPeriod": "2", "InpLots": "0.10"}
CLOSES = ("1.10000", "1.10100", "1.10200", "1.10050", "1.09900", "1.10400", "1.10500")


def profit(is_buy: bool, volume: Decimal, opened: Decimal, closed: Decimal) -> Decimal:
    moved = closed - opened if is_buy else opened - closed
    return (moved * volume * 100_000).quantize(Decimal("0.01"))


def bars() -> list[RateBar]:
    opens = (CLOSES[0], *CLOSES)
    return [RateBar(3600 * index, Decimal(opens[index]), Decimal(close), 10) for index, close in enumerate(CLOSES)]


def crossed() -> Run:
    return run_crossing(bars(), INPUTS, TERMS, deposit=Decimal("10000.00"), profit=profit)


def test_a_cross_is_seen_at_a_bars_end_and_traded_at_the_next_open_with_the_spread() -> None:
    told = [(deal.kind, deal.direction, deal.price) for deal in crossed().deals if deal.order is not None]
    assert told == [
        ("buy", "in", Decimal("1.10110")),  # the closes rose to 1.101: bought at the third bar's open, at the ask
        ("sell", "out", Decimal("1.10050")),
        ("sell", "in", Decimal("1.10050")),
        ("buy", "out", Decimal("1.10410")),
        ("buy", "in", Decimal("1.10410")),
        ("sell", "out", Decimal("1.10400")),
    ]


def test_balance_is_the_deposit_and_the_profits_of_closed_trades() -> None:
    run = crossed()
    assert [deal.profit for deal in run.deals if deal.direction == "out"] == [
        Decimal("-6.00"), Decimal("-36.00"), Decimal("-1.00"),
    ]  # fmt: skip
    assert run.deals[-1].balance == Decimal("9957.00")


def test_the_figures_are_those_of_the_deals() -> None:
    figures = statistics_of(crossed())
    assert (figures.net, figures.gross_profit, figures.gross_loss) == (Decimal("-43.00"), Decimal(0), Decimal("-43.00"))
    assert (figures.trades, figures.deals, figures.long_trades, figures.short_trades) == (3, 6, 2, 1)
    assert (figures.balance.absolute, figures.balance.maximal) == (Decimal("43.00"), Decimal("43.00"))
    assert figures.equity.maximal >= figures.balance.maximal
    assert figures.profit_factor == 0


@pytest.mark.parametrize("changes", [{"InpFastPeriod": "2"}, {"InpFastPeriod": "0"}, {"InpLots": "0"}])
def test_inputs_that_make_no_sense_fail_the_test(changes: dict[str, str]) -> None:
    with pytest.raises(BadInputs):
        run_crossing(bars(), {**INPUTS, **changes}, TERMS, deposit=Decimal(1), profit=profit)


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_report_says_what_the_run_did_to_whoever_reads_it(language: str) -> None:
    head = ReportHead(
        expert="A & B",
        symbol="EURUSD",
        period="H1 (2026.01.01 - 2026.01.02)",
        inputs=INPUTS,
        company="Edgerunner",
        server="Edgerunner-Sim",
        build=5836,
        currency="USD",
        leverage="1:100",
        language=language,
        digits=5,
    )
    run = crossed()
    report = parse_report(decode_text(html_report(head, run)))
    assert report.language == language
    assert report.settings["expert"] == "A & B"
    assert report.inputs == INPUTS
    assert report.metrics["net_profit"] == Decimal("-43.00")
    assert [(deal.kind, deal.price, deal.profit) for deal in report.deals] == [
        (deal.kind, deal.price, deal.profit) for deal in run.deals
    ]
