import random
from decimal import Decimal

import pytest

from edgerunner.adapters.ibkr.depth_book import DepthBook, Operation, Side
from edgerunner.adapters.ibkr.ears import RowChange


def book_of(*changes: tuple[int, Operation, Side, str, str], rows: int = 20) -> DepthBook:
    book = DepthBook(rows)
    for row, operation, side, value, size in changes:
        book.apply(RowChange(row, operation, side, float(value), float(size)))
    return book


def texts(book: DepthBook) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    bids, asks = book.levels()
    return [(str(p), str(s)) for p, s in bids], [(str(p), str(s)) for p, s in asks]


def test_an_inserted_row_pushes_the_others_down() -> None:
    book = book_of(
        (0, Operation.INSERT, Side.BID, "10.0", "1"),
        (1, Operation.INSERT, Side.BID, "9.8", "2"),
        (1, Operation.INSERT, Side.BID, "9.9", "3"),
    )
    assert texts(book)[0] == [("10", "1"), ("9.9", "3"), ("9.8", "2")]


def test_a_deleted_row_pulls_the_others_up() -> None:
    book = book_of(
        (0, Operation.INSERT, Side.ASK, "10.1", "1"),
        (1, Operation.INSERT, Side.ASK, "10.2", "2"),
        (0, Operation.DELETE, Side.ASK, "0", "0"),
        (0, Operation.UPDATE, Side.ASK, "10.2", "5"),
        (7, Operation.DELETE, Side.ASK, "0", "0"),
    )
    assert texts(book)[1] == [("10.2", "5")]


def test_a_row_pushed_past_the_rows_asked_for_is_gone() -> None:
    inserts = [(0, Operation.INSERT, Side.BID, f"{price}", "1") for price in (9, 10, 11)]
    assert texts(book_of(*inserts, rows=2))[0] == [("11", "1"), ("10", "1")]


def test_equal_prices_of_several_exchanges_are_one_level() -> None:
    book = book_of(
        (0, Operation.INSERT, Side.BID, "10.0", "1"),
        (1, Operation.INSERT, Side.BID, "10.0", "4"),
        (2, Operation.INSERT, Side.BID, "10.5", "2"),
    )
    assert texts(book)[0] == [("10.5", "2"), ("10", "5")]


@pytest.mark.parametrize("change", [(-1, 0, 1), (20, 0, 1), (0, 0, 7), (0, 9, 1)])
def test_nonsense_changes_nothing(change: tuple[int, int, int]) -> None:
    book = book_of((0, Operation.INSERT, Side.BID, "10.0", "1"))
    book.apply(RowChange(*change, 5.0, 5.0))
    assert texts(book) == ([("10", "1")], [])


@pytest.mark.parametrize("seed", range(20))
def test_any_edits_lead_to_the_book_that_sent_them(seed: int) -> None:
    randomness = random.Random(seed)
    rows: list[tuple[float, float]] = []
    book = DepthBook(20)
    for _ in range(200):
        operation = randomness.choice([Operation.INSERT, Operation.UPDATE, Operation.DELETE])
        row = randomness.randrange(len(rows) + (operation is Operation.INSERT)) if rows else 0
        told = (round(randomness.uniform(1, 2), 4), float(randomness.randrange(1, 9)))
        if operation is Operation.INSERT or not rows:
            rows.insert(row, told)
            del rows[20:]
            book.apply(RowChange(row, Operation.INSERT, Side.BID, *told))
        elif operation is Operation.UPDATE:
            rows[row] = told
            book.apply(RowChange(row, operation, Side.BID, *told))
        else:
            del rows[row]
            book.apply(RowChange(row, operation, Side.BID, 0.0, 0.0))
    sums: dict[Decimal, Decimal] = {}
    for value, size in rows:
        sums[Decimal(str(value))] = sums.get(Decimal(str(value)), Decimal(0)) + Decimal(int(size))
    assert dict(book.levels()[0]) == sums, f"seed {seed}"
