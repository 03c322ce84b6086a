"""One run of a simulated terminal: log on, do what the ini says, write it down, end."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime

from edgerunner.simulators.mt5.settings import SERVER_NAME
from edgerunner.simulators.mt5.terminal64.chart import Chart, ChartSetup
from edgerunner.simulators.mt5.terminal64.command_line import CommandLine
from edgerunner.simulators.mt5.terminal64.desk import Desk
from edgerunner.simulators.mt5.terminal64.folder import Instance, Journal, read_ini, read_preset
from edgerunner.simulators.mt5.terminal64.programs import STAND_INS, chart_command, stand_in_of
from edgerunner.simulators.mt5.terminal64.quirks import read_quirks
from edgerunner.simulators.mt5.terminal64.tester import Tester, TesterSetup

Ini = Mapping[str, Mapping[str, str]]

_REAL = 2


class SimulatedTerminal:
    """A terminal of one folder; ``run`` it until it is told to end."""

    def __init__(self, line: CommandLine, desk: Desk, ending: threading.Event) -> None:
        self._line = line
        self._folder = line.folder
        self._desk = desk
        self._ending = ending
        self._quirks = read_quirks(line.folder)
        self._journal = Journal(line.folder / "logs", _now)
        self._experts_journal = Journal(line.folder / "MQL5" / "Logs", _now)

    def run(self) -> int:
        """Return the exit code. A second terminal in the folder ends at once and reads no ini."""
        instance = Instance.take(self._folder)
        if instance is None:
            return 0
        try:
            self._session()
        finally:
            self._journal.write("Terminal", "exit with code 0")
            instance.release()
        return 0

    def _session(self) -> None:
        self._journal.write("Terminal", f"MetaTrader 5 x64 (simulated) started in {self._folder}")
        ini = self._ini()
        wanted = self._quirks.login or self._line.login or int(ini.get("Common", {}).get("Login", "0")) or None
        if self._quirks.refuse_login or not self._desk.log_on(self._folder / "terminal64.exe", wanted):
            self._journal.write("Network", f"'{wanted}': authorization on {SERVER_NAME} failed (Invalid account)")
            if "Tester" in ini:
                self._journal.write("Tester", "tester didn't start: not synchronized with trade server")
            else:
                self._ending.wait()
            return
        try:
            account = self._desk.account()
            self._journal.write("Network", f"'{account.login}': authorized on {SERVER_NAME}")
            self._work(ini)
        finally:
            self._desk.log_off()

    def _ini(self) -> Ini:
        if self._line.config is None:
            return {}
        self._journal.write("Terminal", f"launched with {self._line.config}")
        try:
            ini = read_ini(self._line.config)
        except (OSError, ValueError):
            self._journal.write("Terminal", f"cannot load config {self._line.config}")
            return {}
        self._journal.write("Terminal", "successfully initialized from start config")
        return ini

    def _work(self, ini: Ini) -> None:
        if self._quirks.exit_after_start:
            return
        if "Expert" in ini.get("Tester", {}):
            self._test(ini["Tester"])
            if ini["Tester"].get("ShutdownTerminal") == "1":
                return
        elif "Expert" in ini.get("StartUp", {}):
            self._chart(ini)
        self._ending.wait()

    def _test(self, section: Mapping[str, str]) -> None:
        agent = Journal(self._folder / "Tester" / "Agent-127.0.0.1-3000" / "logs", _now)
        setup = TesterSetup(
            folder=self._folder,
            section=section,
            quirks=self._quirks,
            company=self._desk.account().company,
            build=self._desk.build(),
        )
        Tester(setup, self._desk, self._journal, agent).run(self._ending.is_set)

    def _chart(self, ini: Ini) -> None:
        start, expert = ini["StartUp"], ini["StartUp"]["Expert"]
        compiled = self._folder / "MQL5" / "Experts" / f"{expert.replace(chr(92), '/')}.ex5"
        command = chart_command(compiled) if compiled.is_file() else None
        if command is None:
            self._journal.write("Experts", f"loading of {expert} failed")
            return
        if self._quirks.mute_expert:
            self._journal.write("Experts", f"expert {expert} ({start['Symbol']},{start['Period']}) loaded successfully")
            return
        account = self._desk.account()
        switches = ini.get("Experts", {})
        may_trade = switches.get("AllowLiveTrading") == "1" and switches.get("Enabled", "1") == "1"
        setup = ChartSetup(
            expert=expert,
            command=command,
            folder=self._folder,
            symbol=start["Symbol"],
            period=start.get("Period", "H1"),
            inputs=self._inputs(start, stand_in_of(compiled)),
            trade_allowed=may_trade and bool(account.trade_allowed),
            trade_mode=_REAL if self._quirks.live_account else int(account.trade_mode),
            login=int(account.login),
            server=str(account.server),
        )
        Chart(setup, self._desk, self._journal, self._experts_journal).run(self._ending.is_set)

    def _inputs(self, start: Mapping[str, str], stand_in: str | None) -> dict[str, str]:
        """Return the inputs: of ``MQL5/Presets``, else of ``Profiles/Tester/<Expert>.set``, else the defaults."""
        known = STAND_INS.get(stand_in or "")
        defaults = known.defaults if known else {}
        presets = self._folder / "MQL5" / "Presets"
        own = self._folder / "MQL5" / "Profiles" / "Tester" / f"{start['Expert'].rsplit(chr(92), maxsplit=1)[-1]}.set"
        named = presets / start["ExpertParameters"] if "ExpertParameters" in start else own
        if self._quirks.ignore_preset or not named.is_file():
            return defaults
        return {**defaults, **{name: value.partition("||")[0] for name, value in read_preset(named).items()}}


def _now() -> datetime:
    return datetime.now(UTC)
