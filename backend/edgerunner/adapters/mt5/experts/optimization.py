"""The Strategy Tester's table of an optimisation: SpreadsheetML (``Workbook``, ``Worksheet``, ``Table``, ``Row``)."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import XML, Element, ParseError

from edgerunner.domain.experts import OptimizationPass

_NAMESPACE = "{urn:schemas-microsoft-com:office:spreadsheet}"
_INDEX = f"{_NAMESPACE}Index"


class UnreadableTable(ValueError):
    """The file is no SpreadsheetML table with a heading."""


def parse_optimization(text: str) -> tuple[OptimizationPass, ...]:
    """Return the passes of an optimisation, in the file's order, by the names of its own columns.

    Raises ``UnreadableTable``. A document type is refused: entities have no place in such a file.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise UnreadableTable("the table declares a document type")
    rows = _rows(text)
    heading = next(rows, None)
    if heading is None:
        raise UnreadableTable("the table has no row")
    names = [heading[index] for index in sorted(heading)]
    return tuple(
        OptimizationPass(
            values={
                name: _value(row[index]) for name, index in zip(names, sorted(heading), strict=True) if index in row
            }
        )
        for row in rows
    )


def _rows(text: str) -> Iterator[dict[int, str]]:
    try:
        workbook = XML(_without_declaration(text))
    except ParseError as error:
        raise UnreadableTable(f"the table is no XML: {error}") from None
    return map(_cells, workbook.iter(f"{_NAMESPACE}Row"))


def _without_declaration(text: str) -> str:
    """Take away the XML declaration: the text is decoded already, whatever encoding it names."""
    stripped = text.lstrip("\ufeff \r\n\t")
    return stripped.partition("?>")[2] if stripped.startswith("<?xml") else stripped


def _cells(row: Element) -> dict[int, str]:
    """Return the texts of a row by column; ``ss:Index`` skips columns."""
    found: dict[int, str] = {}
    column = 0
    for cell in row.findall(f"{_NAMESPACE}Cell"):
        column = int(cell.get(_INDEX, column + 1))
        found[column] = "".join(cell.itertext()).strip()
    return found


def _value(text: str) -> Decimal | str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text
