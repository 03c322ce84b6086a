"""What a tester of this simulator may make go wrong: ``edgerunner-sim.json`` in the terminal's folder."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

FILE: Final = "edgerunner-sim.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """Traps of real terminals, all off.

    Attributes:
        login: The account it is logged on to, whatever the ini says; 0 = the ini's, else the hedging one.
        live_account: Show the account as a real one.
        refuse_login: Log-on fails: no broker connection, so no chart and no test.
        mute_expert: The EA is loaded, but never connects.
        exit_after_start: The terminal ends right after it has started.
        empty_first_test: A test without a history cache reports zeros, and leaves the cache behind.
        history_from: ``YYYY.MM.DD``: no older history, so a test begins later than asked.
        ignore_preset: The EA runs with its defaults.
        no_report: A test ends without a report.
        endless_test: A test never ends.
        language: Labels of the report: ``en``, ``de``, ``xx`` (invented, for tests).
    """

    login: int = 0
    live_account: bool = False
    refuse_login: bool = False
    mute_expert: bool = False
    exit_after_start: bool = False
    empty_first_test: bool = False
    history_from: str = ""
    ignore_preset: bool = False
    no_report: bool = False
    endless_test: bool = False
    language: str = "en"


def read_quirks(folder: Path) -> Quirks:
    """Return the folder's quirks. Raises ``ValueError`` for unknown ones."""
    path = folder / FILE
    if not path.is_file():
        return Quirks()
    found = json.loads(path.read_text(encoding="utf-8"))
    unknown = set(found) - {field.name for field in fields(Quirks)}
    if unknown:
        raise ValueError(f"unknown quirks: {', '.join(sorted(unknown))}")
    return Quirks(**found)
