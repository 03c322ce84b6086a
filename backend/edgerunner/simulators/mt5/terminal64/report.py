"""Reports in the form of MT5: HTML of a test (UTF-16), SpreadsheetML of an optimisation (UTF-8).

From published reports: the labels, their order and pairing, the columns of the tables, bold values, blanks between
thousands. Guesses: style attributes, empty rows, the missing pictures, rounding.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from typing import Final

from edgerunner.simulators.mt5.terminal64.statistics import Drawdown, Statistics, statistics_of
from edgerunner.simulators.mt5.terminal64.strategy import Deal, Run

_GERMAN: Final = {
    "Expert": "Expertenprogramm",
    "Symbol": "Symbol",
    "Period": "Periode",
    "Inputs": "Eingaben",
    "Company": "Firma",
    "Currency": "Währung",
    "Initial Deposit": "Ersteinlage",
    "Leverage": "Hebel",
    "History Quality": "Qualität der Historie",
    "Bars": "Balken",
    "Total Net Profit": "Nettogewinn gesamt",
    "Gross Profit": "Bruttogewinn",
    "Gross Loss": "Bruttoverlust",
    "Profit Factor": "Profitfaktor",
    "Expected Payoff": "Erwartetes Ergebnis",
    "Sharpe Ratio": "Sharpe-Ratio",
    "Balance Drawdown Maximal": "Rückgang Kontostand maximal",
    "Equity Drawdown Maximal": "Rückgang Equity maximal",
    "Total Trades": "Gesamtanzahl Trades",
}
_DEAL_HEAD: Final = (
    *("Time", "Deal", "Symbol", "Type", "Direction", "Volume", "Price", "Order"),
    *("Commission", "Swap", "Profit", "Balance", "Comment"),
)
_ORDER_HEAD: Final = (
    *("Open Time", "Order", "Symbol", "Type", "Volume", "Price"),
    *("S / L", "T / P", "Time", "State", "Comment"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHead:
    """What a report says of the test itself; ``period`` with its dates."""

    expert: str
    symbol: str
    period: str
    inputs: Mapping[str, str]
    company: str
    server: str
    build: int
    currency: str
    leverage: str
    language: str
    digits: int


def html_report(head: ReportHead, run: Run) -> bytes:
    """Return a test's report."""
    figures = statistics_of(run)
    body = [
        _title("Strategy Tester Report", f"{head.server} (Build {head.build})"),
        _heading("Settings"),
        *_settings(head, run),
        _heading("Results"),
        *(_row(head, cells) for cells in _results(run, figures)),
    ]
    orders = [_line(_order_cells(deal, head.digits)) for deal in run.deals if deal.order is not None]
    deals = [_line(_deal_cells(deal, head.digits)) for deal in run.deals]
    tables = [
        _table(body),
        _table([_heading("Orders"), _line(_ORDER_HEAD, bold=True), *orders]),
        _table([_heading("Deals"), _line(_DEAL_HEAD, bold=True), *deals, _totals(run)]),
    ]
    title = escape(f"{head.expert}: Strategy Tester Report")
    text = f"<!DOCTYPE html>\r\n<html><head><title>{title}</title></head><body><div align=center>"
    return b"\xff\xfe" + "\r\n".join([text, *tables, "</div></body></html>"]).encode("utf-16-le")


def _settings(head: ReportHead, run: Run) -> Iterable[str]:
    yield _setting(head, "Expert", head.expert)
    yield _setting(head, "Symbol", head.symbol)
    yield _setting(head, "Period", head.period)
    label = "Inputs"
    for name, value in head.inputs.items():
        yield _setting(head, label, f"{name}={value}")
        label = ""
    yield _setting(head, "Company", head.company)
    yield _setting(head, "Currency", head.currency)
    yield _setting(head, "Initial Deposit", _money(run.deposit))
    yield _setting(head, "Leverage", head.leverage)


def _results(run: Run, f: Statistics) -> Sequence[Sequence[tuple[str, str]]]:
    return (
        [("History Quality", "100%" if run.bars else "0%")],
        [("Bars", str(run.bars)), ("Ticks", str(run.bars)), ("Symbols", "1" if run.bars else "0")],
        [
            ("Total Net Profit", _money(f.net)),
            ("Balance Drawdown Absolute", _money(f.balance.absolute)),
            ("Equity Drawdown Absolute", _money(f.equity.absolute)),
        ],
        [
            ("Gross Profit", _money(f.gross_profit)),
            ("Balance Drawdown Maximal", _maximal(f.balance)),
            ("Equity Drawdown Maximal", _maximal(f.equity)),
        ],
        [
            ("Gross Loss", _money(f.gross_loss)),
            ("Balance Drawdown Relative", _relative(f.balance)),
            ("Equity Drawdown Relative", _relative(f.equity)),
        ],
        [("Profit Factor", f"{f.profit_factor:.2f}"), ("Expected Payoff", f"{f.expected_payoff:.2f}")],
        [("Recovery Factor", f"{f.recovery_factor:.2f}"), ("Sharpe Ratio", f"{f.sharpe:.2f}")],
        [
            ("Total Trades", str(f.trades)),
            ("Short Trades (won %)", _share(f.short_trades, f.short_won, f.short_trades)),
            ("Long Trades (won %)", _share(f.long_trades, f.long_won, f.long_trades)),
        ],
        [
            ("Total Deals", str(f.deals)),
            ("Profit Trades (% of total)", _share(len(f.won), len(f.won), f.trades)),
            ("Loss Trades (% of total)", _share(len(f.lost), len(f.lost), f.trades)),
        ],
        [
            ("Largest profit trade", _money(max(f.won, default=Decimal(0)))),
            ("Largest loss trade", _money(min(f.lost, default=Decimal(0)))),
        ],
        [("Average profit trade", _money(_mean(f.won))), ("Average loss trade", _money(_mean(f.lost)))],
    )


def _mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values) if values else Decimal(0)


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}".replace(",", " ")


def _maximal(fall: Drawdown) -> str:
    return f"{_money(fall.maximal)} ({fall.maximal_percent:.2f}%)"


def _relative(fall: Drawdown) -> str:
    return f"{fall.relative_percent:.2f}% ({_money(fall.relative)})"


def _share(shown: int, part: int, whole: int) -> str:
    return f"{shown} ({100 * part / whole if whole else 0:.2f}%)"


def _title(text: str, below: str) -> str:
    return f'<tr align="center"><td colspan="13"><b>{text}</b><br><b>{escape(below)}</b></td></tr>'


def _heading(text: str) -> str:
    return f'<tr align="center"><td colspan="13"><div style="font: 10pt Tahoma"><b>{text}</b></div></td></tr>'


def _setting(head: ReportHead, label: str, value: str) -> str:
    shown = f"{_label(head, label)}:" if label else ""
    return (
        f'<tr align="right"><td nowrap colspan="3">{shown}</td>'
        f'<td nowrap colspan="10" align="left"><b>{escape(value)}</b></td></tr>'
    )


def _row(head: ReportHead, cells: Sequence[tuple[str, str]]) -> str:
    shown = (
        f'<td nowrap colspan="3">{escape(_label(head, label))}:</td><td nowrap><b>{value}</b></td>'
        for label, value in cells
    )
    return f'<tr align="right">{"".join(shown)}</tr>'


def _label(head: ReportHead, label: str) -> str:
    if head.language == "de":
        return _GERMAN.get(label, label)
    return f"?{label[::-1]}" if head.language == "xx" else label


def _table(rows: Iterable[str]) -> str:
    return "\r\n".join(['<table cellspacing="1" cellpadding="3" border="0">', *rows, "</table>"])


def _line(cells: Iterable[str], *, bold: bool = False) -> str:
    shown = (f"<td><b>{escape(cell)}</b></td>" if bold else f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr bgcolor="#F7F7F7" align="right">{"".join(shown)}</tr>'


def _order_cells(deal: Deal, digits: int) -> list[str]:
    volume = f"{deal.volume:.2f}"
    when = _stamp(deal.time_s)
    head = [when, str(deal.order), deal.symbol, deal.kind, f"{volume} / {volume}", f"{deal.price:.{digits}f}"]
    return [*head, "", "", when, "filled", ""]


def _deal_cells(deal: Deal, digits: int) -> list[str]:
    return [
        _stamp(deal.time_s),
        str(deal.ticket),
        deal.symbol,
        deal.kind,
        deal.direction,
        f"{deal.volume:.2f}" if deal.volume is not None else "",
        f"{deal.price:.{digits}f}" if deal.price is not None else "",
        str(deal.order) if deal.order is not None else "",
        "0.00",
        "0.00",
        _money(deal.profit),
        _money(deal.balance),
        "",
    ]


def _totals(run: Run) -> str:
    profit = _money(sum((deal.profit for deal in run.deals), Decimal(0)))
    balance = _money(run.deals[-1].balance)
    return (
        f'<tr align="right"><td colspan="8"></td><td><b>0.00</b></td><td><b>0.00</b></td>'
        f"<td><b>{profit}</b></td><td><b>{balance}</b></td><td></td></tr>"
    )


def _stamp(time_s: int) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC):%Y.%m.%d %H:%M:%S}"


def xml_report(passes: Sequence[tuple[Mapping[str, str], Run]]) -> bytes:
    """Return an optimisation's table: one row per pass, the best result first."""
    head = ["Pass", "Result", "Profit", "Expected Payoff", "Profit Factor", "Recovery Factor", "Sharpe Ratio"]
    head += ["Custom", "Equity DD %", "Trades", *(passes[0][0] if passes else ())]
    rows = sorted((_pass_cells(number, *one) for number, one in enumerate(passes)), key=_result, reverse=True)
    cells = "".join(_xml_row(row) for row in (head, *rows))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        f'<Worksheet ss:Name="Tester Optimizator Results"><Table>{cells}</Table></Worksheet></Workbook>'
    ).encode()


def _pass_cells(number: int, inputs: Mapping[str, str], run: Run) -> list[str]:
    figures = statistics_of(run)
    shown = [str(number), f"{run.deposit + figures.net:.2f}", f"{figures.net:.2f}", f"{figures.expected_payoff:.6f}"]
    shown += [f"{figures.profit_factor:.6f}", f"{figures.recovery_factor:.6f}", f"{figures.sharpe:.6f}", "0"]
    return [*shown, f"{figures.equity.relative_percent:.4f}", str(figures.trades), *inputs.values()]


def _result(row: Sequence[str]) -> Decimal:
    return Decimal(row[1])


def _xml_row(cells: Iterable[str]) -> str:
    shown = (f'<Cell><Data ss:Type="{_xml_type(cell)}">{escape(cell)}</Data></Cell>' for cell in cells)
    return f"<Row>{''.join(shown)}</Row>"


def _xml_type(cell: str) -> str:
    return "Number" if cell.replace(".", "").lstrip("-").isdigit() else "String"
