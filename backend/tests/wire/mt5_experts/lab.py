"""A runner of EAs with a simulated terminal of its own."""

import itertools
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from edgerunner.adapters.mt5.experts.run_ea import ExpertRunner
from edgerunner.adapters.mt5.experts.terminal import ExpertTerminal
from edgerunner.mt5_bridge.ea_link import EaLink
from edgerunner.simulators.mt5.terminal64.programs import install_terminal

PROGRAM = (sys.executable, "-m", "edgerunner.simulators.mt5.terminal64")


class Lab:
    """One terminal named ``lab``, a link, and the runner."""

    def __init__(self, runner: ExpertRunner, link: EaLink, terminal: ExpertTerminal) -> None:
        self.runner, self.link, self.terminal = runner, link, terminal

    @property
    def folder(self) -> Path:
        return self.terminal.folder

    def quirks(self, **quirks: Any) -> None:
        """Make the terminal behave badly from its next start on."""
        (self.folder / "edgerunner-sim.json").write_text(json.dumps(quirks))

    def install(self, name: str, program: Path) -> None:
        """Put a compiled EA with its source into the terminal."""
        compiled = self.folder / "MQL5" / "Experts" / f"{name}.ex5"
        compiled.write_bytes(program.read_bytes())
        compiled.chmod(0o755)

    def preset_files(self) -> list[Path]:
        return list((self.folder / "MQL5" / "Presets").glob("*.set"))


@asynccontextmanager
async def running_lab(folder: Path, **terms: Any) -> AsyncIterator[Lab]:
    """Run a lab in a folder; ``terms`` change its terminal."""
    home = folder / "lab"
    install_terminal(home)
    terminal = ExpertTerminal(
        **{"name": "lab", "folder": home, "launcher": PROGRAM, "environment": "simulated", **terms}
    )
    link = EaLink()
    await link.start()
    numbers = itertools.count(1)
    runner = ExpertRunner(
        {"lab": terminal}, link, clock_ns=time.time_ns, new_id=lambda: f"{next(numbers):06d}", allow_live=False
    )
    try:
        yield Lab(runner, link, terminal)
    finally:
        await runner.stop()
        await link.stop()
