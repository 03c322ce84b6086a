"""The classes of the user's folder: described ahead, once per state of a file."""

import asyncio
import os
from pathlib import Path

from edgerunner.services.strategies.class_catalogue import ClassCatalogue, Classes
from edgerunner.services.strategies.limits import Limits
from tests.waiting import until

SOURCE = '''"""Counts how often it is executed."""
from pathlib import Path
from edgerunner import Strategy

with Path({marker!r}).open("a") as marker:
    marker.write("x")


class Mine(Strategy):
    """Does nothing."""
'''


def written(folder: Path, marker: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "mine.py"
    path.write_text(SOURCE.format(marker=str(marker)))
    return path


def executions(marker: Path) -> int:
    return len(marker.read_text()) if marker.exists() else 0


def names(classes: Classes) -> set[str]:
    return {known.name for known in classes.classes}


async def test_a_file_is_described_before_anybody_asks_and_only_once(tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    written(tmp_path / "strategies", marker)
    catalogue = ClassCatalogue(tmp_path / "strategies", Limits())
    catalogue.start()
    try:

        async def is_executed() -> bool:
            return executions(marker) == 1

        await until(is_executed, timeout_s=20, what="the file was described without being asked for")
        answers = await asyncio.gather(*(catalogue.classes() for _ in range(3)))
        assert all("mine.Mine" in names(answer) for answer in answers)
        assert executions(marker) == 1
    finally:
        await catalogue.stop()


async def test_a_file_that_changed_is_described_anew_for_who_asks_next(tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    path = written(tmp_path / "strategies", marker)
    catalogue = ClassCatalogue(tmp_path / "strategies", Limits())
    assert "mine.Mine" in names(await catalogue.classes())
    path.write_text(path.read_text().replace("class Mine", "class Yours"))
    os.utime(path, ns=(1, 1))
    classes = await catalogue.classes()
    assert "mine.Yours" in names(classes)
    assert "mine.Mine" not in names(classes)
    assert executions(marker) == 2
