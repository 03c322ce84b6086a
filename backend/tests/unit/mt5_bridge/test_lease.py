"""The lease: one controller, an end, and a way to take over."""

import pytest

from edgerunner.mt5_bridge.lease import LeaseDesk
from edgerunner.mt5_bridge.problems import Code, Problem


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(clock: Clock) -> LeaseDesk:
    return LeaseDesk(clock, lambda: 1_000_000.0)


def taken(desk: LeaseDesk, client: str = "a", token: str = "t", *, take_over: bool = False) -> str:
    return desk.acquire(client=client, token_name=token, ttl_s=15, take_over=take_over).lease_id


def code_of(refused: "pytest.ExceptionInfo[Problem]") -> Code:
    return refused.value.code


def test_a_second_program_waits_for_the_end(desk: LeaseDesk, clock: Clock) -> None:
    taken(desk)
    clock.now += 14.9
    with pytest.raises(Problem) as refused:
        taken(desk, "b", "other")
    assert code_of(refused) is Code.CONFLICT
    clock.now += 0.2
    taken(desk, "b", "other")
    assert desk.current is not None
    assert desk.current.client == "b"
    clock.now += 15
    assert desk.current is None


def test_a_heartbeat_moves_the_end(desk: LeaseDesk, clock: Clock) -> None:
    lease = taken(desk)
    for _ in range(5):
        clock.now += 10
        desk.extend(lease, token_name="t")
    assert desk.current is not None


def test_a_late_heartbeat_revives_a_lease_that_nobody_took(desk: LeaseDesk, clock: Clock) -> None:
    lease = taken(desk)
    clock.now += 100
    desk.extend(lease, token_name="t")
    assert desk.current is not None
    clock.now += 100
    taken(desk, "b")
    with pytest.raises(Problem) as refused:
        desk.extend(lease, token_name="t")
    assert code_of(refused) is Code.LEASE_LOST


def test_taking_over_needs_the_word_and_the_same_token(desk: LeaseDesk) -> None:
    taken(desk)
    for token, take_over in (("t", False), ("other", True)):
        with pytest.raises(Problem):
            taken(desk, "b", token, take_over=take_over)
    taken(desk, "b", "t", take_over=True)


def test_a_returned_lease_is_free_and_worthless(desk: LeaseDesk) -> None:
    lease = taken(desk)
    desk.release(lease, token_name="t")
    with pytest.raises(Problem) as refused:
        desk.extend(lease, token_name="t")
    assert code_of(refused) is Code.LEASE_LOST
    taken(desk, "b", "other")


@pytest.mark.parametrize("lease_id", [None, ""])
def test_no_lease_is_another_answer_than_a_lost_one(desk: LeaseDesk, lease_id: str | None) -> None:
    taken(desk)
    with pytest.raises(Problem) as refused:
        desk.extend(lease_id, token_name="t")
    assert code_of(refused) is Code.LEASE_REQUIRED
