"""The streamed order book: snapshots, deltas, holes, and everything the topics are known to do."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.adapters.bybit.book import Applied, Book
from edgerunner.adapters.bybit.market_wire import BookData
from edgerunner.adapters.bybit.values import Malformed


def data(bids: list[list[str]], asks: list[list[str]], u: int) -> BookData:
    return msgspec.convert({"s": "BTCUSDT", "b": bids, "a": asks, "u": u}, BookData)


def opened(u: int = 10) -> Book:
    book = Book()
    assert book.snapshot(data([["100", "1"], ["99", "2"]], [["101", "3"], ["102", "4"]], u)) is Applied.CHANGED
    return book


def levels(book: Book) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    bids, asks = book.levels()
    return [(int(p), int(q)) for p, q in bids], [(int(p), int(q)) for p, q in asks]


def test_levels_are_best_first() -> None:
    assert levels(opened()) == ([(100, 1), (99, 2)], [(101, 3), (102, 4)])
    assert opened().best() == ((Decimal(100), Decimal(1)), (Decimal(101), Decimal(3)))


def test_delta_sets_inserts_and_deletes() -> None:
    book = opened()
    assert book.delta(data([["100", "5"], ["98", "1"]], [["101", "0"]], 11)) is Applied.CHANGED
    assert levels(book) == ([(100, 5), (99, 2), (98, 1)], [(102, 4)])


def test_delete_of_an_unknown_level_is_nothing() -> None:
    assert opened().delta(data([["42", "0"]], [], 11)) is Applied.NOTHING


def test_delta_before_any_snapshot_is_ignored() -> None:
    book = Book()
    assert book.delta(data([["100", "1"]], [], 5)) is Applied.NOTHING
    assert not book.is_valid


def test_repeated_and_older_deltas_change_nothing() -> None:
    book = opened()
    book.delta(data([["100", "5"]], [], 11))
    assert book.delta(data([["100", "7"]], [], 11)) is Applied.NOTHING
    assert book.delta(data([["100", "7"]], [], 9)) is Applied.NOTHING
    assert levels(book)[0][0] == (100, 5)


def test_missing_delta_is_a_hole_until_the_next_snapshot() -> None:
    book = opened()
    assert book.delta(data([["100", "5"]], [], 12)) is Applied.HOLE
    assert not book.is_valid
    assert book.delta(data([["100", "5"]], [], 13)) is Applied.NOTHING
    book.snapshot(data([["90", "1"]], [["91", "1"]], 20))
    assert levels(book) == ([(90, 1)], [(91, 1)])


def test_restart_of_the_service_overwrites_with_a_lower_number() -> None:
    book = opened(5000)
    assert book.snapshot(data([["90", "1"]], [["91", "1"]], 1)) is Applied.CHANGED
    assert book.delta(data([["90", "2"]], [], 2)) is Applied.CHANGED
    assert levels(book) == ([(90, 2)], [(91, 1)])


def test_repeated_snapshot_of_level_one_changes_nothing() -> None:
    book = opened()
    again = data([["100", "1"], ["99", "2"]], [["101", "3"], ["102", "4"]], 10)
    assert book.snapshot(again) is Applied.NOTHING


def test_crossed_book_is_a_hole() -> None:
    assert opened().delta(data([["101", "1"]], [], 11)) is Applied.HOLE


def test_topic_whose_numbers_never_follow_is_no_longer_held_to_them() -> None:
    book = Book()
    for start in (100, 200, 300):
        book.snapshot(data([["100", "1"]], [["101", "1"]], start))
        assert book.delta(data([["100", "2"]], [], start + 7)) is Applied.HOLE
    book.snapshot(data([["100", "1"]], [["101", "1"]], 400))
    assert book.delta(data([["100", "2"]], [], 407)) is Applied.CHANGED


def test_rare_holes_of_a_proven_topic_are_always_repaired() -> None:
    book = Book()
    for round_ in range(6):
        base = round_ * 1000 + 1
        book.snapshot(data([["100", "1"]], [["101", "1"]], base))
        for step in range(1, 25):
            assert book.delta(data([["100", str(step + 1)]], [], base + step)) is Applied.CHANGED
        assert book.delta(data([["100", "9"]], [], base + 90)) is Applied.HOLE


def test_number_that_is_none_is_refused() -> None:
    with pytest.raises(Malformed):
        opened().delta(data([["NaN", "1"]], [], 11))


CHANGES = st.lists(st.tuples(st.booleans(), st.integers(1, 9), st.integers(0, 3)), min_size=1, max_size=60)


@given(CHANGES)
def test_book_equals_a_plain_replay_of_its_deltas(changes: list[tuple[bool, int, int]]) -> None:
    book, bids, asks = Book(), {1: 1}, {100: 1}
    book.snapshot(data([["1", "1"]], [["100", "1"]], 1))
    for number, (is_bid, price, quantity) in enumerate(changes, start=2):
        level = price if is_bid else 90 + price
        side = bids if is_bid else asks
        side[level] = quantity
        row = [[str(level), str(quantity)]]
        book.delta(data(row if is_bid else [], [] if is_bid else row, number))
    assert levels(book) == (
        [(p, q) for p, q in sorted(bids.items(), reverse=True) if q],
        [(p, q) for p, q in sorted(asks.items()) if q],
    )
    best_bid, best_ask = (
        max((p for p, q in bids.items() if q), default=None),
        min((p for p, q in asks.items() if q), default=None),
    )
    assert [level and level[0] for level in book.best()] == [best_bid, best_ask]
