"""Journals: columns, encodings, warnings, the tester's verdict."""

import pytest

from edgerunner.adapters.mt5.experts.journal import journal_warnings, parse_journal, verdict_of
from edgerunner.adapters.mt5.experts.text_files import decode_text
from edgerunner.domain.experts import JournalLine


def line(text: str) -> JournalLine:
    return JournalLine(time="10:00:00.000", source="Tester", text=text)


def test_a_line_is_taken_apart_by_its_tabs() -> None:
    text = "\ufeffKS\t0\t10:00:01.123\tExperts\texpert X (EURUSD,H1)\tloaded\r\n\r\nno columns\r\n"
    assert parse_journal(text) == [
        JournalLine(time="10:00:01.123", source="Experts", text="expert X (EURUSD,H1)\tloaded"),
        JournalLine(time="", source="", text="no columns"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe" + "größer\r\n".encode("utf-16-le"),
        "größer\r\n".encode("utf-16-le"),
        "größer\r\n".encode(),
        "größer\r\n".encode("cp1252"),
        b"\xef\xbb\xbf" + "größer\r\n".encode(),
    ],
)
def test_text_is_read_in_every_encoding_terminals_have_used(data: bytes) -> None:
    assert decode_text(data) == "größer\r\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "XAUUSD : start time changed to 2026.03.01 00:00 to provide data at beginning",
            "later than asked, at 2026.03.01",
        ),
        ("not synchronized with trade server", "not synchronised"),
        ("USDCHF: history synchronization error", "could not be synchronised"),
        ("EURUSD: no history data, stop testing", "no history"),
        ("EURUSD: history check timeout", "timed out"),
        ("not enough memory for 1024 bytes", "memory"),
        ("tester didn't start", "did not start"),
        ("cannot load config C:\\x.ini", "could not read its ini"),
        ("loading of Own\\X failed", "was not loaded"),
        ("array out of range in 'X.mq5' (10,2)", "broke off"),
        ("real ticks absent for 3 whole days", "Ticks were generated"),
    ],
)
def test_what_a_journal_warns_of_is_said(text: str, said: str) -> None:
    (warning,) = journal_warnings([line("expert X loaded successfully"), line(text), line(text)])
    assert said in warning


def test_an_ordinary_journal_warns_of_nothing() -> None:
    texts = ["automatical testing started", 'last test passed with result "successfully finished" in 0:00:01']
    assert journal_warnings(map(line, texts)) == []
    assert verdict_of(map(line, texts)) == "successfully finished"
    assert verdict_of([line("exit with code 0")]) is None
