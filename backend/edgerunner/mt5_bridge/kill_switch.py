"""The kill switch: a file, so that it survives a restart and a person can make it without any program."""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILE_NAME: Final = "KILL"


@dataclass(frozen=True, slots=True, kw_only=True)
class KillState:
    """Whether new orders are stopped; ``since`` in seconds since 1970."""

    is_engaged: bool
    reason: str | None = None
    since: float | None = None


class KillSwitch:
    """Stops new orders while its file exists. Closes and cancels go on."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE_NAME

    @property
    def is_engaged(self) -> bool:
        """Whether the file exists; true also when that cannot be told."""
        try:
            self.file.stat()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True

    def engage(self, reason: str) -> None:
        """Make the file; an earlier reason stays. Raises ``OSError``."""
        with contextlib.suppress(FileExistsError), self.file.open("x", encoding="utf-8") as file:
            json.dump({"reason": reason}, file)

    def release(self) -> None:
        """Remove the file. Raises ``OSError``."""
        self.file.unlink(missing_ok=True)

    def state(self) -> KillState:
        """Return the state with what the file says; a file made by hand may say anything."""
        if not self.is_engaged:
            return KillState(is_engaged=False)
        try:
            text = self.file.read_text(encoding="utf-8", errors="replace")[:1000]
            since = self.file.stat().st_mtime
        except OSError:
            return KillState(is_engaged=True)
        return KillState(is_engaged=True, reason=_reason(text), since=since)


def _reason(text: str) -> str | None:
    try:
        content = json.loads(text)
    except ValueError:
        return text.strip() or None
    return str(content["reason"]) if isinstance(content, dict) and "reason" in content else text.strip()
