"""Changes of an order book: whoever applies them in order has the book."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from edgerunner.simulators.tws.market.depth import Change, Row, edits

ROWS = st.dictionaries(
    st.tuples(st.integers(0, 12), st.sampled_from(("", "ARCA", "NYSE"))), st.integers(1, 3), max_size=10
)


def side(levels: dict[tuple[int, str], int]) -> list[Row]:
    return [
        Row(rank=rank, price=Decimal(rank), size=Decimal(size), maker=maker)
        for (rank, maker), size in sorted(levels.items())
    ]


def applied(rows: list[Row], changes: list[Change]) -> tuple[list[Row], int]:
    most = len(rows)
    for change in changes:
        match change.operation:
            case 0:
                rows.insert(change.position, change.row)
            case 1:
                assert rows[change.position].key == change.row.key
                rows[change.position] = change.row
            case _:
                del rows[change.position]
        most = max(most, len(rows))
    return rows, most


@given(ROWS, ROWS)
def test_edits_lead_from_one_side_to_the_other_without_ever_being_longer_than_both(
    before: dict[tuple[int, str], int], after: dict[tuple[int, str], int]
) -> None:
    first, last = side(before), side(after)
    rows, most = applied(list(first), list(edits(first, last)))
    assert rows == last
    assert most <= max(len(first), len(last))


@given(ROWS)
def test_nothing_is_told_of_a_side_that_stays(levels: dict[tuple[int, str], int]) -> None:
    assert list(edits(side(levels), side(levels))) == []


def test_another_size_is_an_update() -> None:
    first, last = side({(1, ""): 1, (2, ""): 1}), side({(1, ""): 1, (2, ""): 2})
    assert [(each.operation, each.position, each.row.size) for each in edits(first, last)] == [(1, 1, Decimal(2))]
