"""Journals: lines ``code TAB severity TAB time TAB source TAB text`` in UTF-16, and what they warn of.

The patterns are texts of real journals that users published; a terminal in another language writes most of them in
English all the same. What is not recognised stays in the journal's lines and is no warning.
"""

import re
from collections.abc import Iterable

from edgerunner.domain.experts import JournalLine

_WARNINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), sentence)
    for pattern, sentence in (
        (
            r"start time changed to (?P<what>\d{4}\.\d\d\.\d\d(?: \d\d:\d\d(?::\d\d)?)?)",
            "The tester began later than asked, at {what}: there is no older history.",
        ),
        (r"not synchronized with trade server", "The terminal was not synchronised with the trade server."),
        (r"history synchronization error", "History could not be synchronised: {line}"),
        (r"history check timeout", "Checking the history timed out: {line}"),
        (r"no history data|no prices for symbol", "There is no history: {line}"),
        (r"real ticks (?:absent|discarded)", "Ticks were generated where real ones are missing: {line}"),
        (r"not enough memory|no memory|cannot allocate", "The tester ran out of memory: {line}"),
        (r"not enough money", "Orders were refused for lack of money: {line}"),
        (r"tester (?:agent )?didn'?t start|automatical testing failed", "The tester did not start: {line}"),
        (r"cannot load config", "The terminal could not read its ini: {line}"),
        (r"cannot load (?:expert|[\"']?experts)|expert .*failed|loading of .* failed", "The EA was not loaded: {line}"),
        (r"critical error|array out of range|zero divide|stack overflow", "The EA broke off: {line}"),
        (r"account is not specified|authorization (?:on .* )?failed|invalid account", "No log-on: {line}"),
    )
)

TEST_FINISHED = re.compile(r'last test passed with result "(?P<result>[^"]*)"', re.IGNORECASE)
"""The tester's own verdict, in the terminal's journal."""


def parse_journal(text: str) -> list[JournalLine]:
    """Return the lines of a journal; one without the five columns keeps its whole text."""
    return [_line(line) for line in text.splitlines() if line.strip("\ufeff \t")]


def _line(line: str) -> JournalLine:
    columns = line.lstrip("\ufeff").split("\t")
    if len(columns) >= 5:
        return JournalLine(time=columns[2], source=columns[3], text="\t".join(columns[4:]))
    if len(columns) >= 3:
        return JournalLine(time=columns[0], source=columns[1], text="\t".join(columns[2:]))
    return JournalLine(time="", source="", text=line)


def journal_warnings(lines: Iterable[JournalLine]) -> list[str]:
    """Return what the lines warn of, each sentence once, in the order of its first line."""
    found: dict[str, None] = {}
    for line in lines:
        for pattern, sentence in _WARNINGS:
            if match := pattern.search(line.text):
                what = match.groupdict().get("what", "")
                found.setdefault(sentence.format(what=what, line=line.text), None)
    return list(found)


def verdict_of(lines: Iterable[JournalLine]) -> str | None:
    """Return how the tester itself ended the newest test, such as ``successfully finished``; None = it did not say."""
    verdicts = [match["result"] for line in lines if (match := TEST_FINISHED.search(line.text))]
    return verdicts[-1] if verdicts else None
