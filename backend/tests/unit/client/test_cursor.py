"""Sequence numbers: holes are noticed, repeats dropped, snapshots believed."""

from hypothesis import given
from hypothesis import strategies as st

from edgerunner.client.cursor import Cursor, Verdict, advance


def after(*messages: tuple[str, int, str]) -> tuple[Cursor, list[Verdict]]:
    cursor, verdicts = Cursor(), []
    for kind, seq, epoch in messages:
        cursor, verdict = advance(cursor, kind=kind, seq=seq, epoch=epoch)
        verdicts.append(verdict)
    return cursor, verdicts


def test_deltas_before_the_first_snapshot_are_dropped() -> None:
    _, verdicts = after(("delta", 7, "a"), ("snapshot", 7, "a"), ("delta", 8, "a"))
    assert verdicts == [Verdict.DROP, Verdict.DELIVER, Verdict.DELIVER]


def test_a_hole_asks_once_and_drops_until_the_state_is_there() -> None:
    cursor, verdicts = after(
        ("snapshot", 1, "a"), ("delta", 3, "a"), ("delta", 4, "a"), ("snapshot", 4, "a"), ("delta", 5, "a")
    )
    assert verdicts == [Verdict.DELIVER, Verdict.RESYNC, Verdict.DROP, Verdict.DELIVER, Verdict.DELIVER]
    assert cursor == Cursor(seq=5, epoch="a")


def test_a_resync_may_be_answered_by_the_missing_deltas() -> None:
    _, verdicts = after(("snapshot", 1, "a"), ("delta", 3, "a"), ("delta", 2, "a"), ("delta", 3, "a"))
    assert verdicts == [Verdict.DELIVER, Verdict.RESYNC, Verdict.DELIVER, Verdict.DELIVER]


def test_a_new_epoch_asks_for_the_state_even_when_the_number_fits() -> None:
    _, verdicts = after(("snapshot", 1, "a"), ("delta", 2, "b"))
    assert verdicts == [Verdict.DELIVER, Verdict.RESYNC]


def test_repeats_are_dropped() -> None:
    _, verdicts = after(("snapshot", 5, "a"), ("delta", 5, "a"), ("delta", 4, "a"))
    assert verdicts == [Verdict.DELIVER, Verdict.DROP, Verdict.DROP]


def test_a_heartbeat_reveals_a_lost_last_delta() -> None:
    _, verdicts = after(("snapshot", 5, "a"), ("heartbeat", 5, "a"), ("heartbeat", 6, "a"))
    assert verdicts == [Verdict.DELIVER, Verdict.DELIVER, Verdict.RESYNC]


messages = st.tuples(
    st.sampled_from(["snapshot", "delta", "heartbeat"]), st.integers(0, 6), st.sampled_from(["a", "b"])
)


@given(st.lists(messages, max_size=60))
def test_whatever_arrives_what_is_delivered_has_no_hole(arriving: list[tuple[str, int, str]]) -> None:
    cursor, position = Cursor(), None
    for kind, seq, epoch in arriving:
        cursor, verdict = advance(cursor, kind=kind, seq=seq, epoch=epoch)
        if verdict is not Verdict.DELIVER:
            continue
        if kind == "delta":
            assert position == (seq - 1, epoch)
        elif kind == "heartbeat":
            assert position == (seq, epoch)
        position = (seq, epoch)
