"""Number lines, replay, conflation and bounds of the stream hub, without sockets."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.services.channel_state import Entry, Keep, ListState, ValueState
from edgerunner.services.hub import CONFLATE_AFTER, REPLAY_FRAMES, Channel, Hub, StreamClient

Json = dict[str, Any]


class Reader:
    """A client whose socket takes frames only when it reads."""

    def __init__(self, *, frames: int = 100_000, octets: int = 100_000_000) -> None:
        self.received: list[Json] = []
        self.client = StreamClient(self._take, queue_frames=frames, queue_bytes=octets)

    async def _take(self, frame: str) -> None:
        self.received.append(json.loads(frame))

    async def read(self) -> list[Json]:
        """Take everything that is queued."""
        self.received.clear()
        await self.client.flush()
        return list(self.received)


def make_hub() -> Hub:
    return Hub(epoch="E1", clock_ns=lambda: 0)


def entry(key: str, value: object, keep: Keep = Keep.ALWAYS) -> Entry:
    return Entry(key=key, body=json.dumps({"key": key, "value": value}).encode(), keep=keep)


def open_list(hub: Hub, *, is_conflated: bool, name: str = "things", recent: int = 500) -> Channel:
    return hub.open(name, ListState("things", recent=recent), is_conflated=is_conflated)


def replayed(messages: Sequence[Json], state: dict[str, object] | None = None) -> dict[str, object]:
    """Return what a client knows after these messages; fails on a hole."""
    known, seq = dict(state or {}), None
    for message in messages:
        if message["kind"] == "snapshot":
            known = {}
        elif message["kind"] == "delta":
            assert seq is None or message["seq"] == seq + 1
        seq = message["seq"]
        for item in message["data"]["things"]:
            known[item["key"]] = item["value"]
    return known


async def test_a_kept_channel_says_everything_in_order() -> None:
    hub, reader = make_hub(), Reader()
    channel = open_list(hub, is_conflated=False)
    hub.subscribe(reader.client, channel, from_seq=None, epoch=None)
    for number in range(100):
        hub.publish("things", [entry("a", number)])
    messages = await reader.read()
    assert [message["kind"] for message in messages] == ["snapshot"] + ["delta"] * 100
    assert [message["seq"] for message in messages] == list(range(101))


async def test_a_lagging_reader_of_a_conflated_channel_gets_the_newest_state_once() -> None:
    hub, reader = make_hub(), Reader()
    channel = open_list(hub, is_conflated=True)
    hub.subscribe(reader.client, channel, from_seq=None, epoch=None)
    await reader.read()
    for number in range(CONFLATE_AFTER + 1):
        hub.publish("things", [entry(str(number % 3), number)])
    (message,) = await reader.read()
    assert message["kind"] == "snapshot"
    assert message["seq"] == channel.seq
    hub.publish("things", [entry("0", "next")])
    (delta,) = await reader.read()
    assert (delta["kind"], delta["seq"]) == ("delta", message["seq"] + 1)


async def test_a_reader_that_keeps_up_is_not_conflated() -> None:
    hub, reader = make_hub(), Reader()
    hub.subscribe(reader.client, open_list(hub, is_conflated=True), from_seq=None, epoch=None)
    await reader.read()
    for number in range(CONFLATE_AFTER):
        hub.publish("things", [entry("a", number)])
    assert len(await reader.read()) == CONFLATE_AFTER


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("publish"), st.sampled_from("abc"), st.sampled_from([Keep.ALWAYS, Keep.RECENT])),
            st.tuples(st.just("read")),
            st.tuples(st.just("resync")),
            st.tuples(st.just("beat")),
        ),
        max_size=120,
    ),
    is_conflated=st.booleans(),
)
def test_whatever_happens_a_reader_ends_with_the_state_and_never_sees_a_hole(
    steps: list[tuple[Any, ...]], is_conflated: bool
) -> None:
    async def scenario() -> None:
        hub, reader = make_hub(), Reader()
        channel = open_list(hub, is_conflated=is_conflated)
        truth: dict[str, object] = {}
        hub.subscribe(reader.client, channel, from_seq=None, epoch=None)
        messages: list[Json] = []
        for number, step in enumerate(steps):
            match step:
                case ("publish", key, keep):
                    truth[key] = number
                    hub.publish("things", [entry(key, number, keep)])
                case ("read",):
                    messages += await reader.read()
                case ("resync",):
                    hub.subscribe(reader.client, channel, from_seq=None, epoch=None)
                case _:
                    hub.beat()
        messages += await reader.read()
        assert all(m["seq"] <= channel.seq for m in messages if m["kind"] == "heartbeat")
        assert replayed([m for m in messages if m["kind"] != "heartbeat"]) == truth

    asyncio.run(scenario())


async def test_a_full_queue_of_a_kept_channel_marks_the_reader_as_too_slow() -> None:
    hub, slow, other = make_hub(), Reader(frames=10), Reader()
    channel = open_list(hub, is_conflated=False)
    for reader in (slow, other):
        hub.subscribe(reader.client, channel, from_seq=None, epoch=None)
    for number in range(20):
        hub.publish("things", [entry("a", number)])
    assert slow.client.too_slow.is_set()
    assert await slow.read() == []
    assert len(await other.read()) == 21


async def test_the_queue_is_bounded_in_bytes_too() -> None:
    hub, slow = make_hub(), Reader(octets=10_000)
    hub.subscribe(slow.client, open_list(hub, is_conflated=False), from_seq=None, epoch=None)
    hub.publish("things", [entry("a", "x" * 20_000)])
    assert slow.client.too_slow.is_set()


async def test_a_conflated_channel_never_makes_a_reader_too_slow() -> None:
    hub, slow = make_hub(), Reader(frames=10, octets=10_000)
    hub.subscribe(slow.client, open_list(hub, is_conflated=True), from_seq=None, epoch=None)
    for _ in range(1_000):
        hub.publish("things", [entry("a", "x" * 1_000)])
    assert not slow.client.too_slow.is_set()
    assert len(await slow.read()) == 1


@pytest.mark.parametrize("missed", [0, 1, REPLAY_FRAMES])
async def test_missed_deltas_are_replayed_while_they_are_kept(missed: int) -> None:
    hub, reader = make_hub(), Reader()
    channel = open_list(hub, is_conflated=False)
    for number in range(REPLAY_FRAMES + 5):
        hub.publish("things", [entry("a", number)])
    seen = channel.seq - missed
    hub.subscribe(reader.client, channel, from_seq=seen, epoch="E1")
    messages = await reader.read()
    assert [message["kind"] for message in messages] == ["delta"] * missed
    assert [message["seq"] for message in messages] == list(range(seen + 1, channel.seq + 1))


@pytest.mark.parametrize(("from_seq", "epoch"), [(4, "E1"), (10**6, "E1"), (1_000, "E0"), (1_000, None), (None, "E1")])
async def test_otherwise_the_state_is_sent(from_seq: int | None, epoch: str | None) -> None:
    hub, reader = make_hub(), Reader()
    channel = open_list(hub, is_conflated=False)
    for number in range(REPLAY_FRAMES + 5):
        hub.publish("things", [entry("a", number)])
    hub.subscribe(reader.client, channel, from_seq=from_seq, epoch=epoch)
    (message,) = await reader.read()
    assert (message["kind"], message["seq"]) == ("snapshot", channel.seq)


async def test_a_line_begun_again_never_repeats_a_number() -> None:
    hub, reader = make_hub(), Reader()
    first = open_list(hub, is_conflated=True)
    for number in range(7):
        hub.publish("things", [entry("a", number)])
    hub.close("things")
    again = open_list(hub, is_conflated=True)
    assert again.seq >= first.seq
    hub.publish("things", [entry("b", 1)])
    hub.subscribe(reader.client, again, from_seq=3, epoch="E1")
    (message,) = await reader.read()
    assert message["kind"] == "snapshot"


async def test_a_heartbeat_waits_behind_what_a_kept_channel_still_has_to_say() -> None:
    hub, reader = make_hub(), Reader()
    hub.subscribe(reader.client, open_list(hub, is_conflated=False), from_seq=None, epoch=None)
    hub.publish("things", [entry("a", 1)])
    hub.beat()
    assert [(m["kind"], m["seq"]) for m in await reader.read()] == [("snapshot", 0), ("delta", 1), ("heartbeat", 1)]


async def test_a_restated_change_is_a_snapshot_with_a_number_of_its_own() -> None:
    hub, reader = make_hub(), Reader()
    hub.subscribe(reader.client, open_list(hub, is_conflated=True), from_seq=None, epoch=None)
    hub.publish("things", [entry("a", 1), entry("b", 2)])
    hub.publish("things", [entry("a", 1, Keep.NOT)], restates=True)
    last = (await reader.read())[-1]
    assert (last["kind"], last["seq"], [item["key"] for item in last["data"]["things"]]) == ("snapshot", 2, ["b"])


def test_recent_entries_make_room_and_open_ones_stay() -> None:
    state = ListState("things", recent=2)
    state.put([entry("open", 0), *(entry(str(number), number, Keep.RECENT) for number in range(5))])
    assert [item["key"] for item in json.loads(state.snapshot())["things"]] == ["open", "4", "3"]
    state.put([entry("open", 1, Keep.RECENT)])
    assert [item["key"] for item in json.loads(state.snapshot())["things"]] == ["open", "4"]


def test_the_newest_value_is_the_state() -> None:
    state = ValueState()
    assert state.snapshot() == b"null"
    state.put([entry("a", 1)])
    assert json.loads(state.snapshot())["value"] == 1
