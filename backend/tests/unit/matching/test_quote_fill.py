"""What the market shows is used once, and assumptions begin only where it ends."""

from edgerunner.matching.quote_fill import UNLIMITED, Assumptions, ShownBook, ShownSide

ASSUMED = Assumptions(beyond_ticks=2, beyond_levels=3)


def asks(*levels: tuple[int, int]) -> ShownSide:
    side = ShownSide("sell")
    side.show(levels)
    return side


def test_what_was_taken_is_not_there_again_when_the_same_book_is_shown_again() -> None:
    side = asks((100, 5), (101, 7))
    side.take(100, 4)
    side.show(((100, 5), (101, 7)))
    assert list(side.left()) == [(100, 1), (101, 7)]


def test_what_a_level_grows_by_is_new() -> None:
    side = asks((100, 5))
    side.take(100, 5)
    side.show(((100, 8),))
    assert list(side.left()) == [(100, 3)]


def test_a_level_that_shrinks_below_what_was_taken_offers_nothing_until_it_grows() -> None:
    side = asks((100, 5))
    side.take(100, 5)
    side.show(((100, 2),))
    assert list(side.left()) == []
    side.show(((100, 3),))
    assert list(side.left()) == [(100, 1)]


def test_a_level_that_left_the_view_counts_as_new_when_it_comes_back() -> None:
    side = asks((100, 5))
    side.take(100, 5)
    side.show(((101, 1),))
    side.show(((100, 5),))
    assert list(side.left()) == [(100, 5)]


def test_assumed_levels_lie_behind_the_last_shown_one_and_have_its_size() -> None:
    assert list(asks((100, 5), (103, 7)).left_and_assumed(ASSUMED)) == [
        (100, 5), (103, 7), (105, 7), (107, 7), (109, 7),
    ]  # fmt: skip


def test_assumed_bids_end_above_a_price_of_zero() -> None:
    side = ShownSide("buy")
    side.show(((3, 1),))
    assert list(side.left_and_assumed(ASSUMED)) == [(3, 1), (1, 1)]


def test_nothing_is_assumed_where_nothing_is_shown() -> None:
    assert list(ShownSide("sell").left_and_assumed(ASSUMED)) == []


def test_limit_orders_use_no_assumed_level() -> None:
    book = ShownBook()
    book.show((), ((100, 5),), 0)
    assert book.plan("buy", 9, 200, ASSUMED)[1].lots == 5
    assert book.plan("buy", 9, None, ASSUMED)[1].lots == 9


def test_size_at_a_price_is_known_inside_the_view_and_unknown_beyond_it() -> None:
    side = asks((100, 5), (102, 7))
    assert [side.lots_at(price) for price in (99, 100, 101, 102, 103)] == [0, 5, 0, 7, None]
    assert ShownSide("buy").lots_at(1) is None


def test_freshness_ends_at_its_age_and_without_an_age_never() -> None:
    book = ShownBook()
    limited = Assumptions(stale_after_ns=10)
    assert not book.is_fresh(0, limited)
    book.show((), (), 5)
    assert book.is_fresh(15, limited)
    assert not book.is_fresh(16, limited)
    assert book.is_fresh(UNLIMITED, Assumptions())
