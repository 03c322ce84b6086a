"""Which files of a data folder belong into a backup."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edgerunner.storage.database import FILE_NAME
from edgerunner.storage.master_keys import KEY_FILE_NAME
from edgerunner.storage.sqlite_snapshot import COMPANIONS

ALWAYS: Final = (FILE_NAME, "local", "strategies")
"""The journal with everything beside it, the books of paper accounts, the user's strategies."""

KEYS: Final = ("api_key", KEY_FILE_NAME)
DATA: Final = ("backtests", "datasets", "sim")
"""What can be fetched, computed or played again: history, results, the simulators' ledgers."""

_PASSING: Final = frozenset({"lock", "process.json", "simulators.log", "__pycache__"})
"""Files of a process that runs, and what it can make again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What to include beside what always is."""

    keys: bool = False
    data: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names in the data folder."""
        return (*ALWAYS, *(KEYS if self.keys else ()), *(DATA if self.data else ()))


def files_of(data_dir: Path, contents: Contents) -> Iterator[Path]:
    """Yield the files to archive, the journal first.

    First, because what a paper broker knows beyond it is found again at the next start, as after a
    crash; an order that only the journal knew would have an outcome that nobody can tell.
    """
    for name in contents.names:
        place = data_dir / name
        if place.is_file() and not place.is_symlink():
            yield place
        elif place.is_dir() and not place.is_symlink():
            yield from sorted(path for path in place.rglob("*") if _belongs(path, data_dir))


def _belongs(path: Path, data_dir: Path) -> bool:
    parts = path.relative_to(data_dir).parts
    is_passing = any(part in _PASSING or part.startswith(".") or part.endswith(".draft") for part in parts)
    return not is_passing and not path.is_symlink() and path.is_file() and not path.name.endswith(COMPANIONS)
