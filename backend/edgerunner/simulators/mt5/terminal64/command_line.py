"""The terminal's command line: switches that begin with a slash, after the program's own file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """What a terminal was started with. Data always live in the program's folder: only ``/portable`` is played."""

    folder: Path
    config: Path | None = None
    login: int | None = None
    profile: str | None = None
    portable: bool = False


def parse_command_line(words: Sequence[str]) -> CommandLine:
    """Return the meaning of ``PROGRAM /portable /config:FILE /login:N /profile:NAME``.

    Unknown switches are ignored, as the real one does (guess). Raises ``ValueError`` without a program.
    """
    if not words or (words[0].startswith("/") and not Path(words[0]).is_file()):
        raise ValueError("the first word must be the path of terminal64.exe")
    switches = {name.lower(): value for name, _, value in (word[1:].partition(":") for word in words[1:])}
    config, login = switches.get("config"), switches.get("login", "")
    return CommandLine(
        folder=Path(words[0]).absolute().parent,
        config=Path(config.strip('"')) if config else None,
        login=int(login) if login.isdigit() else None,
        profile=switches.get("profile"),
        portable="portable" in switches,
    )
