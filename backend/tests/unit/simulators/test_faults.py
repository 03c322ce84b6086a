"""Faults are used up by the calls they match; holds keep frames waiting until they are released."""

import asyncio

import pytest

from edgerunner.simulators.faults import FaultBox, FaultDefinition, FaultMatch, HoldPoint, UnknownFault
from tests.waiting import until


@pytest.fixture
def box() -> FaultBox:
    return FaultBox(["bybit"])


async def waiting(box: FaultBox, count: int) -> None:
    async def is_so() -> bool:
        return len(box.held()) == count

    await until(is_so, timeout_s=5, what=f"{count} frames held")


def test_a_fault_hits_as_often_as_its_count_says(box: FaultBox) -> None:
    box.add("bybit", "drop_reply", count=2)
    hits = [box.take("bybit", "drop_reply", op="place") is not None for _ in range(3)]
    assert hits == [True, True, False]
    assert box.active() == []


@pytest.mark.parametrize("count", [0, None])
def test_a_fault_without_a_count_lasts_until_it_is_deleted(box: FaultBox, count: int | None) -> None:
    fault = box.add("bybit", "rate_limit", count=count, params={"reset_s": 2})
    assert [box.take("bybit", "rate_limit") for _ in range(5)] == [{"reset_s": 2}] * 5
    assert (fault.used, box.remove(fault.fault_id)) == (5, [fault.fault_id])
    assert box.take("bybit", "rate_limit") is None


def test_a_fault_hits_only_what_it_matches(box: FaultBox) -> None:
    box.add("bybit", "reject", match=FaultMatch(op="cancel", client_key="a", symbol="BTCUSDT"))
    assert box.take("bybit", "reject", op="place", client_key="a", symbol="BTCUSDT") is None
    assert box.take("bybit", "reject", op="cancel", client_key="b", symbol="BTCUSDT") is None
    assert box.take("bybit", "reject", op="cancel", client_key="a", symbol="BTCUSDT") == {}


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"broker": "ibkr", "name": "reject"}, "broker"),
        ({"broker": "bybit", "name": "explode"}, "fault"),
        ({"broker": "bybit", "name": "reject", "params": {"colour": "red"}}, "params.colour"),
        ({"broker": "bybit", "name": "delay_reply", "params": {"delay_s": "soon"}}, "params.delay_s"),
        ({"broker": "bybit", "name": "reject", "match": FaultMatch(op="dance")}, "match.op"),
    ],
)
def test_an_impossible_fault_is_refused_by_its_field(box: FaultBox, words: dict[str, object], field: str) -> None:
    with pytest.raises(UnknownFault) as caught:
        box.add(**words)  # type: ignore[arg-type]
    assert caught.value.field == field


def test_a_wire_layer_adds_faults_under_its_own_name_only(box: FaultBox) -> None:
    box.register(FaultDefinition(name="bybit.gap", description="A hole.", brokers=frozenset({"bybit"})))
    assert box.add("bybit", "bybit.gap").name == "bybit.gap"
    with pytest.raises(ValueError, match="must be named and limited by its broker"):
        box.register(FaultDefinition(name="gap", description="A hole."))


def test_a_parameter_with_choices_takes_no_other_word(box: FaultBox) -> None:
    definition = FaultDefinition(
        name="bybit.mood",
        description="A mood.",
        params={"word": "good or bad"},
        brokers=frozenset({"bybit"}),
        choices={"word": frozenset({"good", "bad"})},
    )
    box.register(definition)
    box.add("bybit", "bybit.mood", params={"word": "good"})
    with pytest.raises(UnknownFault, match="must be one of bad, good") as caught:
        box.add("bybit", "bybit.mood", params={"word": "fair"})
    assert caught.value.field == "params.word"


def test_a_watcher_hears_of_faults_that_come_and_go_until_it_stops(box: FaultBox) -> None:
    counts: list[int] = []
    stop = box.watch(lambda: counts.append(len(box.active())))
    fault = box.add("bybit", "drop_reply")
    box.remove(fault.fault_id)
    box.add("bybit", "reject")
    box.remove()
    stop()
    box.add("bybit", "reject")
    assert counts == [1, 0, 1, 0]


async def test_frames_wait_at_a_hold_and_are_told_how_to_go_on(box: FaultBox) -> None:
    assert await box.hold_point("bybit", HoldPoint.RECEIVED) == "continue"
    box.hold("bybit", HoldPoint.RECEIVED)
    frames = [asyncio.create_task(box.hold_point("bybit", HoldPoint.RECEIVED, client_key=key)) for key in "ab"]
    await waiting(box, 2)
    assert [held.client_key for held in box.held("bybit")] == ["a", "b"]
    assert await box.hold_point("bybit", HoldPoint.FILL_SENT) == "continue"
    assert len(box.release("bybit", HoldPoint.RECEIVED, action="drop")) == 2
    assert await asyncio.gather(*frames) == ["drop", "drop"]
    assert (box.held(), box.is_holding("bybit", HoldPoint.RECEIVED)) == ([], False)


async def test_a_frame_whose_connection_dies_no_longer_waits(box: FaultBox) -> None:
    box.hold("bybit", HoldPoint.ACCEPTED)
    frame = asyncio.create_task(box.hold_point("bybit", HoldPoint.ACCEPTED))
    await waiting(box, 1)
    frame.cancel()
    await asyncio.wait({frame}, timeout=5)
    assert frame.cancelled()
    assert box.held() == []
