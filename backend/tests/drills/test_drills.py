"""One scenario of each row, with a fresh seed: the whole bench is `make drills`."""

import random

import pytest

from tests.drills.broker import BYBIT, IBKR, MT5
from tests.drills.red import BACKEND, BREAKS
from tests.drills.rows import BY_NAME, ROWS, Row
from tests.drills.running import run, run_in_one_world
from tests.drills.table import PAGE, page_with_table
from tests.drills.world import ProcessWorld

pytestmark = pytest.mark.system

IBKR_ROWS = ("B1 B3 B5 B7 B8 F2b F3a F4 F4b F5a F5b F7 F9", "B2 F1a")
"""One of every family that Interactive Brokers is drilled in, but for those that wait for a time-out."""

MT5_ROWS = ("M1 M2 M3 M4 B9 F2b F3a F5a F5b F7 F9 F17", "F1a")

IBKR_FAMILIES = {"B1", "B2", "B3", "B5", "B7", "B8", *(f"F{number}" for number in range(1, 10))}

SLOW = {"F6", "F8"}
"""Rows that wait for a time-out of the product by nature; the bench runs them."""


@pytest.mark.parametrize("row", [row for row in ROWS if row.name not in SLOW], ids=lambda row: row.name)
async def test_the_book_is_right_after_the_fault(row: Row) -> None:
    seed = random.SystemRandom().randrange(2**31)
    outcomes = [outcome async for outcome in run(row, [seed], BYBIT)]
    for outcome in outcomes:
        if outcome.skipped:
            pytest.skip(outcome.skipped)
        assert outcome.failure is None, f"row {row.name}, seed {seed}"


@pytest.mark.parametrize("names", IBKR_ROWS, ids=lambda names: names.partition(" ")[0])
async def test_the_book_at_interactive_brokers_is_right_after_each_fault(names: str) -> None:
    """One world for many rows: each start of a simulated TWS takes seconds."""
    seed = random.SystemRandom().randrange(2**31)
    rows = [BY_NAME[name] for name in names.split()]
    outcomes = [outcome async for outcome in run_in_one_world(rows, seed, IBKR)]
    for outcome in outcomes:
        assert outcome.failure is None, f"row {outcome.row}, seed {seed}"
    assert len(outcomes) == len(rows)


@pytest.mark.parametrize("names", MT5_ROWS, ids=lambda names: names.partition(" ")[0])
async def test_the_book_at_metatrader_is_right_after_each_fault(names: str) -> None:
    """Through the bridge, on the hedging account of the simulated terminal."""
    seed = random.SystemRandom().randrange(2**31)
    rows = [BY_NAME[name] for name in names.split()]
    outcomes = [outcome async for outcome in run_in_one_world(rows, seed, MT5)]
    for outcome in outcomes:
        assert outcome.failure is None, f"row {outcome.row}, seed {seed}"
    assert len(outcomes) == len(rows)


def test_a_full_run_is_as_large_as_promised() -> None:
    assert sum(row.count for row in ROWS if row.name not in MT5.without) >= 1_000
    assert sum(row.count for row in ROWS) >= 2_000
    assert sum(row.count for row in ROWS if row.world is ProcessWorld) >= 300
    families = [row for row in ROWS if row.name not in IBKR.without and _family(row) in IBKR_FAMILIES]
    assert {_family(row) for row in families} == IBKR_FAMILIES - {"F8"}
    assert sum(row.count for row in families) >= 1_000


def test_the_documents_table_is_the_rows_of_the_bench() -> None:
    """Run ``python -m tests.drills.table`` after a change."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == page_with_table(page)


def test_every_row_has_a_break_that_turns_it_red() -> None:
    assert set(BREAKS) == {row.name for row in ROWS}
    for name, chosen in BREAKS.items():
        for edit in chosen.edits():
            assert edit.old in (BACKEND / "edgerunner" / edit.file).read_text(encoding="utf-8"), name


def _family(row: Row) -> str:
    return row.name.rstrip("abcd")
