"""The Strategy Tester: a stand-in's test on the simulated market's bars, with the traps of the real one."""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from edgerunner.mt5_surface import constants
from edgerunner.simulators.mt5.settings import SERVER_NAME
from edgerunner.simulators.mt5.terminal64.desk import Desk, RateBar, SymbolTerms
from edgerunner.simulators.mt5.terminal64.folder import Journal, read_preset
from edgerunner.simulators.mt5.terminal64.programs import STAND_INS, stand_in_of
from edgerunner.simulators.mt5.terminal64.quirks import Quirks
from edgerunner.simulators.mt5.terminal64.report import ReportHead, html_report, xml_report
from edgerunner.simulators.mt5.terminal64.strategy import BadInputs, Run, run_crossing

Section = Mapping[str, str]

_MOST_PASSES: Final = 1_000


class TesterFailed(Exception):
    """The test ends without a report; the text is the journal's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TesterSetup:
    """What the tester runs on."""

    folder: Path
    section: Section
    quirks: Quirks
    company: str
    build: int


class Tester:
    """Runs one ``[Tester]`` section."""

    def __init__(self, setup: TesterSetup, desk: Desk, journal: Journal, agent: Journal) -> None:
        self._folder, self._section, self._quirks = setup.folder, setup.section, setup.quirks
        self._setup = setup
        self._desk = desk
        self._journal = journal
        self._agent = agent

    def run(self, is_ending: Callable[[], bool]) -> None:
        """Test and write the report; what goes wrong is in the journal."""
        self._journal.write("Tester", "automatical testing started")
        begun = time.monotonic()
        try:
            report = self._report(is_ending)
        except (TesterFailed, BadInputs, ConnectionError) as error:
            self._journal.write("Tester", f"automatical testing failed: {error}")
            return
        if report is not None and not self._quirks.no_report:
            path = self._folder / f"{self._section['Report']}{'.xml' if self._is_optimization else '.htm'}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(report)
        took = timedelta(seconds=round(time.monotonic() - begun, 3))
        self._journal.write("Tester", f'last test passed with result "successfully finished" in {took}')

    @property
    def _is_optimization(self) -> bool:
        return self._section.get("Optimization", "0") != "0"

    def _report(self, is_ending: Callable[[], bool]) -> bytes | None:
        compiled = self._folder / "MQL5" / "Experts" / f"{self._section['Expert'].replace(chr(92), '/')}.ex5"
        name = stand_in_of(compiled) if compiled.is_file() else None
        known = STAND_INS.get(name or "")
        if known is None or not known.in_tester:
            raise TesterFailed(f"cannot load expert {self._section['Expert']}")
        preset = self._preset(known.defaults)
        terms = self._desk.terms(self._section["Symbol"])
        if terms is None:
            raise TesterFailed(f"symbol {self._section['Symbol']} not exist")
        bars = self._bars(terms)
        if self._quirks.endless_test:
            while not is_ending():
                time.sleep(0.05)
            raise TesterFailed("testing stopped")
        if not self._is_optimization:
            inputs = {name: value.partition("||")[0] for name, value in preset.items()}
            return html_report(self._head(inputs, terms), self._test(bars, inputs, terms))
        passes = [(inputs, self._test(bars, inputs, terms)) for inputs in itertools.islice(_grid(preset), _MOST_PASSES)]
        return xml_report(passes)

    def _preset(self, defaults: Mapping[str, str]) -> dict[str, str]:
        name = self._section.get("ExpertParameters")
        path = self._folder / "MQL5" / "Profiles" / "Tester" / name if name else None
        if path is None or self._quirks.ignore_preset or not path.is_file():
            return dict(defaults)
        given = read_preset(path)
        return {name: given.get(name, default) for name, default in defaults.items()}

    def _bars(self, terms: SymbolTerms) -> list[RateBar]:
        start, end = _day(self._section["FromDate"]), _day(self._section["ToDate"])
        cache = self._folder / "bases" / SERVER_NAME / "history" / terms.name
        if self._quirks.empty_first_test and not cache.is_dir():
            cache.mkdir(parents=True)
            self._agent.write("History", f"{terms.name}: not synchronized with trade server")
            return []
        if self._quirks.history_from and start < _day(self._quirks.history_from):
            start = _day(self._quirks.history_from)
            moved = f"start time changed to {start:%Y.%m.%d} 00:00 to provide data at beginning"
            self._agent.write("Tester", f"{terms.name} : {moved}")
        timeframe = int(getattr(constants, f"TIMEFRAME_{self._section['Period']}"))
        last = end + timedelta(days=1) - timedelta(seconds=1)
        bars = self._desk.bars(terms, timeframe, int(start.timestamp()), int(last.timestamp()))
        if not bars:
            raise TesterFailed(f"{terms.name}: no history data, stop testing")
        return bars

    def _test(self, bars: list[RateBar], inputs: Mapping[str, str], terms: SymbolTerms) -> Run:
        def profit(is_buy: bool, volume: Decimal, opened: Decimal, closed: Decimal) -> Decimal:  # noqa: FBT001 - a local formula
            return self._desk.profit(is_buy=is_buy, symbol=terms.name, volume=volume, opened=opened, closed=closed)

        return run_crossing(bars, inputs, terms, deposit=Decimal(self._section["Deposit"]), profit=profit)

    def _head(self, inputs: Mapping[str, str], terms: SymbolTerms) -> ReportHead:
        section = self._section
        return ReportHead(
            expert=section["Expert"].rsplit("\\", maxsplit=1)[-1],
            symbol=section["Symbol"],
            period=f"{section['Period']} ({section['FromDate']} - {section['ToDate']})",
            inputs=inputs,
            company=self._setup.company,
            server=SERVER_NAME,
            build=self._setup.build,
            currency=section["Currency"],
            leverage=section["Leverage"],
            language=self._quirks.language,
            digits=terms.digits,
        )


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y.%m.%d").replace(tzinfo=UTC)


def _grid(preset: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield every combination of the inputs whose range is switched on (``value||start||step||stop||Y``)."""
    choices = [_tried(value) for value in preset.values()]
    return (dict(zip(preset, values, strict=True)) for values in itertools.product(*choices))


def _tried(value: str) -> list[str]:
    parts = value.split("||")
    if len(parts) != 5 or parts[4] != "Y":
        return parts[:1]
    start, step, stop = (Decimal(part) for part in parts[1:4])
    return [str(start + step * index) for index in range(int((stop - start) / step) + 1)]
