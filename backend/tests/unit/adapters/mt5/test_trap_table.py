"""The table of traps in docs/brokers/mt5.md names tests that exist, and every numbered trap test is in it."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[3]
PAGE = TESTS.parents[1] / "docs" / "brokers" / "mt5.md"
FOLDERS = (TESTS / "wire" / "mt5_adapter", TESTS / "unit" / "adapters" / "mt5")
TRAPS = 28


def rows() -> dict[int, str]:
    """The last cell of each trap by its number."""
    lines = re.findall(r"^\| (\d+) \|.*\| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {int(number): cell for number, cell in lines}


def existing() -> set[str]:
    files = [file for folder in FOLDERS for file in folder.glob("test_*.py")]
    return {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))}


def test_every_trap_has_a_row_with_tests_that_exist_or_a_reason() -> None:
    assert sorted(rows()) == list(range(1, TRAPS + 1))
    for number, cell in rows().items():
        wanted = re.findall(r"`(test_\w+)`", cell)
        assert wanted or cell.startswith("none: "), number
        assert set(wanted) <= existing(), number


def test_every_numbered_trap_test_stands_in_the_row_of_its_number() -> None:
    for name in existing():
        found = re.match(r"test_trap_(\d{1,2})_", name)
        if found is not None:
            assert f"`{name}`" in rows()[int(found[1])], name
