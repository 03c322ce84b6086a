"""The table of traps in docs/simulators/bybit.md names faults and tests that exist, and every trap test is in it."""

import re
from pathlib import Path

from edgerunner.simulators.bybit import bybit_faults
from edgerunner.simulators.faults import FaultBox

WIRE = Path(__file__).parents[1]
PAGE = Path(__file__).parents[4] / "docs" / "simulators" / "bybit.md"
COLUMNS = 5
TRAPS = 28


def rows() -> dict[int, list[str]]:
    """The cells of each trap by its number."""
    lines = [line for line in PAGE.read_text().splitlines() if re.match(r"\| \d+ \|", line)]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {int(row[0]): row for row in cells if len(row) == COLUMNS}


def functions_in(folder: Path, pattern: str) -> dict[str, set[str]]:
    """The names of the tests of each file."""
    return {file.name: set(re.findall(r"def (test_\w+)", file.read_text())) for file in folder.glob(pattern)}


def names(cell: str) -> list[str]:
    return re.findall(r"\btest_\w+\b(?!\.py)", cell)


def test_every_trap_has_a_row() -> None:
    assert sorted(rows()) == list(range(1, TRAPS + 1))


def test_the_faults_of_the_table_can_be_switched_on() -> None:
    box = FaultBox(["bybit"])
    box.register(*bybit_faults.DEFINITIONS)
    known = {definition.name for definition in box.definitions()}
    used = {fault for row in rows().values() for fault in re.findall(r"`([a-z_.]+)`", row[2])}
    assert used <= known
    assert {name for name in known if "trap_" in name} <= used


def test_the_simulators_tests_of_the_table_exist() -> None:
    known = functions_in(WIRE / "bybit", "test_*.py")
    for number, row in rows().items():
        files = re.findall(r"\btest_\w+\.py\b", row[3])
        assert set(files) <= set(known), number
        wanted = names(row[3])
        assert wanted or files, number
        for name in wanted:
            assert any(name in tests for tests in known.values()), (number, name)


def test_every_trap_has_an_adapter_test_of_its_number_or_a_reason() -> None:
    known = {name for tests in functions_in(WIRE / "bybit_adapter", "test_traps_*.py").values() for name in tests}
    told: set[str] = set()
    for number, row in rows().items():
        wanted = names(row[4])
        assert wanted or row[4].startswith("none: "), number
        for name in wanted:
            assert name.startswith(f"test_{number}_"), (number, name)
        told |= set(wanted)
    assert told == known
