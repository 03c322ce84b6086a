"""The Strategy Tester's reports: languages, numbers, deals by shape, the table of an optimisation."""
# ruff: noqa: E501 - rows of reports stand as terminals write them

from decimal import Decimal

import pytest

from edgerunner.adapters.mt5.experts.optimization import UnreadableTable, parse_optimization
from edgerunner.adapters.mt5.experts.report import number_of, parse_report, report_warnings

ENGLISH = """<html><body><table>
<tr align="center"><td colspan="13"><b>Strategy Tester Report</b></td></tr>
<tr><td nowrap colspan="3">Expert:</td><td nowrap colspan="10"><b>Cross</b></td></tr>
<tr><td>Symbol:</td><td><b>EURUSD</b></td></tr>
<tr><td>Period:</td><td><b>H1 (2026.01.01 - 2026.02.01)</b></td></tr>
<tr><td>Inputs:</td><td><b>Signals</b></td></tr>
<tr><td></td><td><b>InpFast=10</b></td></tr>
<tr><td></td><td><b>InpName=a=b</b></td></tr>
<tr><td>Company:</td><td><b>A &amp; B</b></td></tr>
<tr><td>Initial Deposit:</td><td><b>10 000.00</b></td></tr>
<tr><td>Bars:</td><td><b>17 720</b></td><td>Ticks:</td><td><b>4,238,991</b></td><td>Symbols:</td><td><b>1</b></td></tr>
<tr><td>Total Net Profit:</td><td><b>-1 696.95</b></td><td>Balance Drawdown Absolute:</td><td><b>0.00</b></td></tr>
<tr><td>Gross Profit:</td><td><b>24&nbsp;558.74</b></td><td>Balance Drawdown Maximal:</td><td><b>1 847.36 (18.37%)</b></td></tr>
<tr><td>Profit Factor:</td><td><b>1.03</b></td><td>Balance Drawdown Relative:</td><td><b>18.37% (1 847.36)</b></td></tr>
<tr><td>Total Trades:</td><td><b>2822</b></td><td>Short Trades (won %):</td><td><b>1 034 (35.59%)</b></td></tr>
</table><table>
<tr><td><b>Time</b></td><td><b>Deal</b></td></tr>
<tr><td>2026.01.02 00:00:00</td><td>1</td><td></td><td>balance</td><td></td><td></td><td></td><td></td><td>0.00</td><td>0.00</td><td>10 000.00</td><td>10 000.00</td><td></td></tr>
<tr><td>2026.01.02 03:00:00</td><td>2</td><td>EURUSD</td><td>buy</td><td>in</td><td>0.10</td><td>1.10512</td><td>2</td><td>-0.35</td><td>0.00</td><td>0.00</td><td>9 999.65</td><td>entry</td></tr>
<tr><td>2026.01.02 03:00:00</td><td>2</td><td>EURUSD</td><td>buy</td><td>0.10 / 0.10</td><td>1.1</td><td></td><td></td><td>2026.01.02 03:00:00</td><td>filled</td><td></td></tr>
</table></body></html>"""

GERMAN = """<table>
<tr><td>Expertenprogramm:</td><td><b>Kreuz</b></td></tr>
<tr><td>Eingaben:</td><td><b>InpFast=10</b></td></tr>
<tr><td>Balken:</td><td>120</td></tr>
<tr><td>Nettogewinn gesamt:</td><td><b>1.234,50</b></td></tr>
<tr><td>Rückgang Equity maximal:</td><td><b>500,50 (4,25%)</b></td></tr>
<tr><td>Gesamtanzahl Trades:</td><td><b>55</b></td></tr></table>"""


def test_an_english_report_gives_settings_inputs_and_exact_metrics() -> None:
    report = parse_report(ENGLISH)
    assert report.language == "en"
    assert report.settings["company"] == "A & B"
    assert report.inputs == {"InpFast": "10", "InpName": "a=b"}
    assert report.metrics["net_profit"] == Decimal("-1696.95")
    assert report.metrics["gross_profit"] == Decimal("24558.74")
    assert report.metrics["ticks"] == 4_238_991
    assert report.metrics["balance_drawdown_maximal"] == Decimal("1847.36")
    assert report.metrics["balance_drawdown_maximal_percent"] == Decimal("18.37")
    assert report.metrics["balance_drawdown_relative_percent"] == Decimal("18.37")
    assert report.metrics["balance_drawdown_relative"] == Decimal("1847.36")
    assert report.metrics["short_trades"] == 1034
    assert report.metrics["short_trades_won_percent"] == Decimal("35.59")


def test_deals_are_told_from_orders_by_the_shape_of_their_rows() -> None:
    balance, entry = parse_report(ENGLISH).deals
    assert (balance.kind, balance.balance, balance.volume) == ("balance", Decimal("10000.00"), None)
    assert (entry.price, entry.volume, entry.commission) == (Decimal("1.10512"), Decimal("0.10"), Decimal("-0.35"))
    assert (entry.direction, entry.comment) == ("in", "entry")


def test_a_german_report_gives_the_same_names() -> None:
    report = parse_report(GERMAN)
    assert report.language == "de"
    assert report.settings == {"expert": "Kreuz"}
    assert report.inputs == {"InpFast": "10"}
    assert report.metrics["net_profit"] == Decimal("1234.50")
    assert report.metrics["equity_drawdown_maximal_percent"] == Decimal("4.25")


def test_an_unknown_language_is_raw_labels_and_a_warning_not_a_guess() -> None:
    report = parse_report(ENGLISH.replace("Total Net Profit", "Vinst").replace("Total Trades", "Affärer"))
    assert report.language is None
    assert report.metrics == {}
    assert ("Vinst", "-1 696.95") in report.raw
    assert len(report.deals) == 2
    (warning,) = report_warnings(report, {"InpFast": "10"})
    assert "language" in warning


def test_inputs_that_the_tester_did_not_take_are_warned_of() -> None:
    report = parse_report(ENGLISH)
    assert report_warnings(report, {"InpFast": "10.0", "InpName": "a=b"}) == []
    assert report_warnings(report, {"InpFast": "12"}) == ["The tester used InpFast=10, not 12 as sent."]
    (missing,) = report_warnings(report, {"InpSlow": "30"})
    assert "InpSlow" in missing


def test_an_all_zero_report_is_the_first_run_after_a_log_on() -> None:
    empty = ENGLISH.replace("17 720", "0").replace("<b>2822</b>", "<b>0</b>")
    (warning,) = report_warnings(parse_report(empty), {})
    assert "Run it again" in warning
    idle = parse_report(ENGLISH.replace("<b>2822</b>", "<b>0</b>"))
    assert report_warnings(idle, {}) == ["The EA made no trade."]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("-23 861.79", "-23861.79"),
        ("10.000,00", "10000.00"),
        ("1.234.567,5", "1234567.5"),
        ("4,238,991", "4238991"),
        ("500,50", "500.50"),
        ("18.37%", "18.37"),
        ("0", "0"),
        ("", None),
        ("balance", None),
        ("NaN", None),
        ("Infinity", None),
    ],
)
def test_numbers_are_read_as_terminals_write_them(text: str, number: str | None) -> None:
    assert number_of(text) == (Decimal(number) if number is not None else None)


TABLE = """<?xml version="1.0" encoding="UTF-16"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="Tester Optimizator Results"><Table>
<Row><Cell><Data ss:Type="String">Pass</Data></Cell><Cell><Data>Profit</Data></Cell><Cell><Data>InpName</Data></Cell></Row>
<Row><Cell><Data ss:Type="Number">7</Data></Cell><Cell><Data>-12.50</Data></Cell><Cell><Data>fast</Data></Cell></Row>
<Row><Cell><Data>8</Data></Cell><Cell ss:Index="3"><Data>slow</Data></Cell></Row>
</Table></Worksheet></Workbook>"""


def test_an_optimisation_gives_its_passes_by_their_own_columns() -> None:
    first, second = parse_optimization(TABLE)
    assert first.values == {"Pass": Decimal(7), "Profit": Decimal("-12.50"), "InpName": "fast"}
    assert second.values == {"Pass": Decimal(8), "InpName": "slow"}


@pytest.mark.parametrize(
    "text",
    ["", "<html>", '<!DOCTYPE x [<!ENTITY a "b">]><Workbook/>', "<Workbook/>"],
)
def test_a_file_that_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(UnreadableTable):
        parse_optimization(text)
