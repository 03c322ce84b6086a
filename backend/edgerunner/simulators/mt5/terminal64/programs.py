"""Compiled EAs of a simulated terminal: an ``.ex5`` is a program of this machine, or names a stand-in in Python."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

BROKER_FILE: Final = "broker.txt"
"""Where the simulated broker of a folder listens; wins over the environment."""
_MARK: Final = b"edgerunner-expert:"
MARKER: Final = b"The simulated terminal: start it with python -m edgerunner.simulators.mt5.terminal64 <this file>\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """An EA in Python. ``inputs`` are types, names and defaults of MQL5; ``on_chart`` = it speaks the EA link."""

    inputs: tuple[tuple[str, str, str], ...]
    on_chart: bool
    in_tester: bool

    @property
    def defaults(self) -> dict[str, str]:
        """Return the inputs' defaults as a preset writes them."""
        return {name: default.strip('"') for _, name, default in self.inputs}

    def source(self, name: str) -> str:
        """Return what stands beside the ``.ex5``, for whoever reads inputs from sources."""
        lines = [f"input {kind} {name} = {default};" for kind, name, default in self.inputs]
        return "\n".join([f"// {name}: a stand-in of the simulated terminal; only its inputs are MQL5.", *lines, ""])


STAND_INS: Final[Mapping[str, StandIn]] = {
    "EdgerunnerBridge": StandIn(
        inputs=(
            ("string", "InpBridgeHost", '"127.0.0.1"'),
            ("int", "InpBridgePort", "8105"),
            ("string", "InpBridgeToken", '""'),
            ("string", "InpSession", '""'),
            ("bool", "InpPushTicks", "true"),
            ("int", "InpTimerMs", "100"),
            ("bool", "InpAllowTrading", "false"),
            ("double", "InpMaxVolume", "1.0"),
        ),
        on_chart=True,
        in_tester=False,
    ),
    "Examples/Moving Averages": StandIn(
        inputs=(("int", "InpFastPeriod", "10"), ("int", "InpSlowPeriod", "30"), ("double", "InpLots", "0.1")),
        on_chart=False,
        in_tester=True,
    ),
}


def install_terminal(folder: Path, *, broker: str | None = None) -> Path:
    """Make a simulated terminal's folder with all stand-ins, or complete it; returns its ``terminal64.exe``.

    ``broker`` is where the simulated broker listens (``host:port``); None = as the environment says.
    """
    program = folder / "terminal64.exe"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_bytes(MARKER)
    if broker is not None:
        (folder / BROKER_FILE).write_text(broker, encoding="ascii")
    for name, stand_in in STAND_INS.items():
        compiled = folder / "MQL5" / "Experts" / f"{name}.ex5"
        compiled.parent.mkdir(parents=True, exist_ok=True)
        compiled.write_bytes(_MARK + name.encode() + b"\n")
        compiled.with_suffix(".mq5").write_text(stand_in.source(name), encoding="utf-8")
    return program


def stand_in_of(compiled: Path) -> str | None:
    """Return the stand-in that an ``.ex5`` names; None = it is a program."""
    with compiled.open("rb") as file:
        line = file.readline(200)
    return line[len(_MARK) :].decode().strip() if line.startswith(_MARK) else None


def chart_command(compiled: Path) -> list[str] | None:
    """Return the command that runs an EA on a chart; None = it cannot."""
    name = stand_in_of(compiled)
    if name is None:
        return [str(compiled)] if os.access(compiled, os.X_OK) else None
    known = STAND_INS.get(name)
    if known is None or not known.on_chart:
        return None
    return [sys.executable, "-m", "edgerunner.simulators.mt5.terminal64.link_expert"]
