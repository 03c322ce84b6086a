"""Files that a terminal writes or reads: tester reports, optimisation tables, journals, sources, ini and preset."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from edgerunner.adapters.mt5.experts.files import encode_ini, encode_preset
from edgerunner.adapters.mt5.experts.inputs import preset_lines, read_inputs
from edgerunner.adapters.mt5.experts.journal import journal_warnings, parse_journal, verdict_of
from edgerunner.adapters.mt5.experts.optimization import UnreadableTable, parse_optimization
from edgerunner.adapters.mt5.experts.report import parse_report, report_warnings
from edgerunner.adapters.mt5.experts.text_files import decode_text
from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.experts import InputValue
from edgerunner.simulators.mt5.terminal64.command_line import parse_command_line
from edgerunner.simulators.mt5.terminal64.folder import read_ini, read_preset
from tests.fuzz.damage import damaged_bytes, hostile_texts, rubbish
from tests.fuzz.declared import decoded, require, require_plain
from tests.fuzz.target import Check, Target, pure

DEAL = "<tr>" + "".join(
    f"<td>{cell}</td>"
    for cell in ("2026.11.23 04:00:00", "2", "EURUSD", "buy", "in", "0.10", "1.08", "2", "0.00", "-0.5", "10 000.00",
                 "10 000.00", "x")
) + "</tr>"  # fmt: skip
REPORT = (
    "<html><body><table><tr><td>Expert:</td><td>MA</td></tr><tr><td>Symbol:</td><td>EURUSD</td></tr>"
    "<tr><td>Inputs:</td><td>InpLots=0.1</td></tr><tr><td></td><td>InpFast=10</td></tr>"
    "<tr><td>Bars:</td><td>1 200</td><td>Ticks:</td><td>4 238 991</td><td>Total Net Profit:</td><td>1 847.36</td></tr>"
    "<tr><td>Balance Drawdown Maximal:</td><td>410.10 (4.02%)</td><td>Total Trades:</td><td>12</td></tr>"
    f"{DEAL}{DEAL}</table></body></html>"
)
TABLE = (
    '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
    'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet><Table>'
    "<Row><Cell><Data>Pass</Data></Cell><Cell><Data>Result</Data></Cell><Cell><Data>InpFast</Data></Cell></Row>"
    "<Row><Cell><Data>1</Data></Cell><Cell><Data>1847.36</Data></Cell>"
    '<Cell ss:Index="3"><Data>10</Data></Cell></Row></Table></Worksheet></Workbook>'
)
BOMBS = [
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>', b"<a>" * 20_000,
    b'<?xml version="1.0" encoding="utf-7"?><x/>', ("<td>" * 50_000).encode(), b"<!--" * 50_000,
    b"<a " * 50_000, b"<![CDATA[" * 5_000,
    b'<Row xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Cell/></Row>',
]  # fmt: skip
SOURCE = (
    'input int InpFast = 10; // fast\nsinput string InpName = "a;b"; /* x */\ninput group "G"\n'
    "input double InpLots = 0.1;\ninput ENUM_TIMEFRAMES InpPeriod = PERIOD_H1;\ninput bool InpFlag=true;\n"
)
JOURNAL = (
    'KS\t0\t04:00:00.001\tTester\tlast test passed with result "successfully finished" in 0:00:01\r\n'
    "KS\t2\t04:00:00.002\tTester\tstart time changed to 2020.01.01 to provide data at beginning\r\nno columns\r\n"
)  # fmt: skip
INI = "[Common]\r\nLogin=5\r\n[Tester]\r\nExpert=Examples\\MA\r\nSymbol=EURUSD\r\nFromDate=2024.01.01\r\n"


def _texts(*samples: str) -> st.SearchStrategy[bytes]:
    """Return files near to ``samples`` in the encodings that terminals write."""
    files = [sample.encode(encoding) for sample in samples for encoding in ("utf-8", "utf-16", "cp1252")]
    return st.one_of(damaged_bytes(files, most_edits=8), rubbish, hostile_texts.map(lambda text: text.encode("utf-8")))


def _report(data: bytes) -> None:
    report = parse_report(decode_text(data))
    require_plain(report)
    report_warnings(report, {"InpLots": "0.1"})


def _table(data: bytes) -> None:
    passes = decoded(parse_optimization, decode_text(data), error=UnreadableTable)
    for each in passes or ():
        require_plain(each)


def _source(data: bytes) -> None:
    specs = read_inputs(decode_text(data))
    require(all(spec.name.isidentifier() for spec in specs), "an input without a name")


def _journal(data: bytes) -> None:
    lines = parse_journal(decode_text(data))
    journal_warnings(lines)
    verdict_of(lines)


@contextmanager
def _file(read: Callable[[Path], Any]) -> Iterator[Check]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "terminal.ini"

        def check(data: bytes) -> None:
            place.write_bytes(data)
            found = decoded(read, place, error=ValueError)
            require(found is None or isinstance(found, dict), "no sections")

        yield check


@contextmanager
def _round_trip() -> Iterator[Check]:
    """What is written for a terminal is read as it was meant, or refused before it is written."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "EA.set"
        specs = read_inputs(SOURCE)

        def check(values: dict[str, InputValue]) -> None:
            lines = decoded(preset_lines, specs, values, error=InvalidRequest)
            if lines is None:
                return
            place.write_bytes(encode_preset(lines))
            found = read_preset(place)
            require(found.keys() == values.keys(), f"{values} is read as {found}")
            ini = decoded(
                encode_ini, {"Tester": {name: str(value) for name, value in values.items()}}, error=InvalidRequest
            )
            if ini is not None:
                place.write_bytes(ini)
                require(read_ini(place).keys() == {"Tester"}, "a value has become a section")

        yield check


_values = st.dictionaries(
    st.sampled_from(("InpFast", "InpName", "InpLots", "InpPeriod", "InpFlag", "InpNone")),
    st.one_of(hostile_texts, st.integers(), st.booleans(), st.decimals()), max_size=3,
)  # fmt: skip

TARGETS: tuple[Target, ...] = (
    pure(
        "mt5_reports",
        "adapters.mt5.experts.report: tester reports",
        st.one_of(_texts(REPORT), st.sampled_from(BOMBS)),
        _report,
    ),
    pure(
        "mt5_optimizations",
        "adapters.mt5.experts.optimization: optimisation tables",
        st.one_of(_texts(TABLE), st.sampled_from(BOMBS)),
        _table,
    ),
    pure("mt5_sources", "adapters.mt5.experts.inputs: inputs in MQL5 sources", _texts(SOURCE), _source),
    pure("mt5_journals", "adapters.mt5.experts.journal: terminal journals", _texts(JOURNAL), _journal),
    Target(
        name="mt5_ini",
        decoder="simulators.mt5.terminal64.folder: ini files",
        inputs=_texts(INI),
        opened=partial(_file, lambda path: dict(read_ini(path))),
    ),
    Target(
        name="mt5_presets",
        decoder="simulators.mt5.terminal64.folder: .set files",
        inputs=_texts("InpFast=10||1||1||20||Y\r\n;x\r\nInpName=a\r\n"),
        opened=partial(_file, read_preset),
    ),
    Target(
        name="mt5_preset_round_trip",
        decoder="adapters.mt5.experts.inputs and files: presets and ini",
        inputs=_values,
        opened=_round_trip,
    ),
    pure(
        "mt5_command_line",
        "simulators.mt5.terminal64.command_line",
        st.lists(
            st.one_of(hostile_texts, st.sampled_from(("/config:a", "/login:5", "/login:²", "/portable", "p"))),
            max_size=4,
        ),
        lambda words: decoded(parse_command_line, words, error=ValueError),
    ),
)
