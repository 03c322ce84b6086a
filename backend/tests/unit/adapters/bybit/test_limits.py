"""The rate limits hold whatever the network does, and cancels go first."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.adapters.bybit.errors import NotSent
from edgerunner.adapters.bybit.limits import NS_PER_S, Bucket, Priority, Scheduler
from tests.unit.adapters.bybit.samples import HandClock

JOURNEYS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=1, max_size=60)


@given(capacity=st.integers(1, 10), journeys=JOURNEYS)
def test_server_never_sees_more_than_the_limit_in_a_rolling_second(
    capacity: int, journeys: list[tuple[int, int]]
) -> None:
    """Each request takes some ms to the server and some back; all want to leave at once."""
    bucket = Bucket(capacity)
    now, answers, seen = 0, list[int](), list[int]()
    for there, back in journeys:
        while (ready := bucket.ready_ns(now)) is None or ready > now:
            due = [at for at in answers if at <= now]
            for at in due:
                answers.remove(at)
                bucket.give_back(at)
            now = now if due else min([*answers, *([] if ready is None else [ready])])
        bucket.take()
        seen.append(now + there * 1_000_000)
        answers.append(now + (there + back) * 1_000_000)
        answers.sort()
    for first in seen:
        assert sum(first <= at < first + NS_PER_S for at in seen) <= capacity


def test_block_holds_back_even_with_free_places() -> None:
    bucket = Bucket(5)
    bucket.block(700)
    assert bucket.ready_ns(100) == 700
    assert bucket.ready_ns(800) == 800


async def test_cancels_are_served_however_many_wait_and_a_placement_gives_up() -> None:
    clock, sent = HandClock(), list[int]()
    scheduler = Scheduler(clock)

    async def cancel(number: int) -> None:
        async with scheduler.place("linear.cancel", Priority.CANCEL, 0.01):
            sent.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(45):
            group.create_task(cancel(number))
        await settled(lambda: len(sent) == 10)
        with pytest.raises(NotSent):
            async with scheduler.place("linear.cancel", Priority.PLACE, 0.01):
                raise AssertionError("there is no place")
        for served in (20, 30, 40, 45):
            clock.advance(1000)
            scheduler._grant()
            await settled(lambda: len(sent) == served)  # noqa: B023 - awaited in this very turn
    assert sent == list(range(45))


async def test_cancel_overtakes_queued_placements_and_queries() -> None:
    clock, order = HandClock(), list[str]()
    scheduler = Scheduler(clock)
    scheduler._address.capacity = 1

    async def request(name: str, bucket: str, priority: Priority, leave: asyncio.Event) -> None:
        async with scheduler.place(bucket, priority, 5):
            order.append(name)
            await leave.wait()
            clock.advance(6)

    holding, done = asyncio.Event(), asyncio.Event()
    done.set()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(request("first", "q", Priority.QUERY, holding))
        await settled(lambda: order == ["first"])
        for name, priority in (("query", Priority.QUERY), ("place", Priority.PLACE), ("cancel", Priority.CANCEL)):
            group.create_task(request(name, name, priority, done))
        await settled(lambda: len(scheduler._waiting) == 3)
        holding.set()
        await first
        clock.advance(6)
        scheduler._grant()
        for expected in (2, 3, 4):
            await settled(lambda: len(order) >= expected)  # noqa: B023 - awaited in this very turn
            clock.advance(6)
            scheduler._grant()
    assert order == ["first", "cancel", "place", "query"]


async def test_request_without_a_free_place_is_not_sent() -> None:
    scheduler = Scheduler(HandClock())
    async with scheduler.place("b", Priority.PLACE, 5) as place:
        place.learn(limit=1)
        with pytest.raises(NotSent, match="not sent"):
            async with scheduler.place("b", Priority.PLACE, 0.01):
                raise AssertionError("granted beyond the limit")


async def test_limit_is_learned_from_answers() -> None:
    scheduler = Scheduler(HandClock())
    async with scheduler.place("linear.place", Priority.PLACE, 5) as place:
        place.learn(limit=2)
        async with scheduler.place("linear.place", Priority.PLACE, 5):
            with pytest.raises(NotSent):
                async with scheduler.place("linear.place", Priority.PLACE, 0.01):
                    raise AssertionError("granted beyond the limit")


async def settled(condition: object) -> None:
    for _ in range(100):
        if condition():  # type: ignore[operator]
            return
        await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(None, int), 5)
    raise AssertionError("never came about")
