"""The Strategy Tester's HTML report: labels and values, deals by the shape of their rows, numbers exact."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from html import unescape

from edgerunner.adapters.mt5.experts.report_labels import LANGUAGES, METRICS, REQUIRED, SETTINGS
from edgerunner.domain.experts import StrategyDeal, StrategyReport

Row = Sequence[str]

_TAG = re.compile(r"<([/!?]?[^<>\s/]*)[^<>]*>")
_STAMP = re.compile(r"\d{4}\.\d{2}\.\d{2} \d{2}:\d{2}(?::\d{2})?", re.ASCII)
_BLANKS = re.compile(r"[\s\u00a0\u2007\u202f]+")
_NUMBER = re.compile(r"[-+]?\d[\d\s\u00a0\u202f.,]*%?")
_THOUSANDS_BY_COMMA = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")
_DEAL_COLUMNS = 13


def _rows_of(text: str) -> list[list[str]]:
    """Return the text of table cells, row by row; nested tables become rows of their own.

    Read by its tags alone, in time that grows with the text: Python's own parser of HTML takes minutes for 100 KB of
    tags that never close.
    """
    rows: list[list[str]] = []
    cell: list[str] | None = None
    for place, piece in enumerate(_TAG.split(text)):
        if place % 2 == 0:
            if cell is not None:
                cell.append(unescape(piece))
            continue
        match piece.lower():
            case "tr":
                rows.append([])
            case "td" | "th":
                cell = []
            case "/td" | "/th" if cell is not None:
                if not rows:
                    rows.append([])
                rows[-1].append(_BLANKS.sub(" ", "".join(cell)).strip())
                cell = None
    return rows


def parse_report(text: str) -> StrategyReport:
    """Return what a report says. An unknown language gives no metrics, only ``raw``.

    Deals are found by the shape of their row (13 cells that begin with a time and a ticket), not by a heading.
    """
    rows = _rows_of(text)
    pairs = tuple(_pairs(rows))
    language = _language({label for label, _ in pairs})
    known = _in_english(pairs, language)
    return StrategyReport(
        language=language,
        settings={name: known[label] for label, name in SETTINGS.items() if label in known and label != "inputs"},
        inputs=dict(_inputs(rows, language)),
        metrics=dict(_metrics(known)),
        deals=tuple(_deal(row) for row in rows if _is_deal(row)),
        raw=pairs,
    )


def _pairs(rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
    for row in rows:
        for index, cell in enumerate(row[:-1]):
            if cell.endswith(":") and not row[index + 1].endswith(":"):
                yield cell.rstrip(": "), row[index + 1]


def _language(labels: set[str]) -> str | None:
    present = {label.lower() for label in labels}
    for language, words in LANGUAGES.items():
        needed = {own for own, english in words.items() if english in REQUIRED}
        if needed <= present:
            return language
    return None


def _in_english(pairs: Iterable[tuple[str, str]], language: str | None) -> dict[str, str]:
    words = LANGUAGES[language] if language else {}
    found: dict[str, str] = {}
    for label, value in pairs:
        if english := words.get(label.lower()):
            found.setdefault(english, value)
    return found


def _metrics(known: Mapping[str, str]) -> Iterator[tuple[str, Decimal]]:
    for label, metric in METRICS.items():
        numbers = numbers_in(known.get(label, ""))
        for name, number in zip((metric.first, metric.second), numbers, strict=False):
            if name is not None:
                yield name, number


def _inputs(rows: Iterable[Row], language: str | None) -> Iterator[tuple[str, str]]:
    """Yield ``name, value``: the first stands beside the label, the others below it beside an empty cell."""
    if language is None:
        return
    label = next(own for own, english in LANGUAGES[language].items() if english == "inputs")
    is_inside = False
    for row in rows:
        if len(row) < 2:
            continue
        head = row[0].rstrip(": ").lower()
        is_inside = head == label or (is_inside and not head)
        if is_inside and "=" in row[1]:
            name, _, value = row[1].partition("=")
            yield name.strip(), value.strip()


def _is_deal(row: Row) -> bool:
    return len(row) == _DEAL_COLUMNS and bool(_STAMP.fullmatch(row[0])) and row[1].replace(" ", "").isdigit()


def _deal(row: Row) -> StrategyDeal:
    return StrategyDeal(
        time=row[0],
        deal=row[1],
        symbol=row[2],
        kind=row[3],
        direction=row[4],
        volume=number_of(row[5].partition("/")[0]),
        price=number_of(row[6]),
        order=row[7],
        commission=number_of(row[8]),
        swap=number_of(row[9]),
        profit=number_of(row[10]),
        balance=number_of(row[11]),
        comment=row[12],
    )


def numbers_in(text: str) -> list[Decimal]:
    """Return the numbers of a value such as ``1 847.36 (18.37%)``, in order."""
    found = (number_of(part) for part in _NUMBER.findall(text))
    return [number for number in found if number is not None]


def number_of(text: str) -> Decimal | None:
    """Return a number as a terminal writes it: ``-23 861.79``, ``4,238,991``, ``10.000,00``, ``18.37%``; else None.

    Where both separators occur, the last one is the decimal's; a comma alone is one unless groups of three follow.
    """
    plain = _BLANKS.sub("", text).rstrip("%")
    if "," in plain and "." in plain:
        thousands = "," if plain.rindex(".") > plain.rindex(",") else "."
        plain = plain.replace(thousands, "").replace(",", ".")
    elif _THOUSANDS_BY_COMMA.fullmatch(plain):
        plain = plain.replace(",", "")
    else:
        plain = plain.replace(",", ".")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def report_warnings(report: StrategyReport, sent: Mapping[str, str]) -> list[str]:
    """Return why a report should not be trusted; ``sent`` are the inputs of the preset, as written."""
    if report.language is None:
        return ["The report's language is not known: there are no metrics, only raw labels and values."]
    warnings = []
    if not report.metrics.get("bars") and not report.metrics.get("total_trades"):
        warnings.append(
            "The report is all zero: the first run after a log-on downloads history instead of testing. Run it again."
        )
    elif not report.metrics.get("total_trades"):
        warnings.append("The EA made no trade.")
    if sent and report.inputs:
        warnings += [
            f"The tester used {name}={report.inputs[name]}, not {value} as sent."
            for name, value in sent.items()
            if name in report.inputs and not _same(report.inputs[name], value)
        ]
        missing = sorted(set(sent) - set(report.inputs))
        if missing:
            warnings.append(f"The report does not name the inputs {', '.join(missing)}: they may not have been taken.")
    elif sent:
        warnings.append("The report names no inputs: whether the preset was taken is not known.")
    return warnings


def _same(reported: str, sent: str) -> bool:
    if reported == sent:
        return True
    left, right = number_of(reported), number_of(sent)
    return left is not None and left == right
