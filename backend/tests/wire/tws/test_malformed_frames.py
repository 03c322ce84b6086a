"""Broken bytes hurt nobody but their sender: a well-behaved client beside is served all the time."""

import random
from collections.abc import AsyncIterator

import pytest

from edgerunner.simulators.tws.server import TwsServer
from edgerunner.simulators.tws.settings import ConnectionLimits, TwsSettings
from edgerunner.simulators.tws.wire.frames import frame
from edgerunner.simulators.tws.wire.session import CurrentTime, RequestCurrentTime
from tests.wire.tws.kit import Client, length, running_tws
from tests.wire.tws.orders_kit import market, told

FILL = ["open Submitted", "Submitted", "execution 5", "Filled", "commission"]


@pytest.fixture
async def tws() -> AsyncIterator[TwsServer]:
    settings = TwsSettings(profile="direct", limits=ConnectionLimits(start_s=1))
    async with running_tws(settings) as server:
        yield server


@pytest.fixture
async def neighbour(tws: TwsServer) -> AsyncIterator[Client]:
    async with Client(tws.port) as client:
        await client.log_on(1)
        yield client


async def is_served(neighbour: Client, order_id: int = 1) -> None:
    assert isinstance(await neighbour.ask(RequestCurrentTime()), CurrentTime)
    neighbour.send(market(order_id))
    assert await told(neighbour) == FILL


@pytest.mark.parametrize(
    "data",
    [
        length(2**31),
        length(2**32 - 1) + b"x" * 100,
        length(0),
        length(10) + b"123",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    ],
    ids=["huge", "hugest", "zero", "cut", "another protocol"],
)
async def test_broken_framing_ends_its_own_connection_only(tws: TwsServer, neighbour: Client, data: bytes) -> None:
    async with Client(tws.port) as culprit:
        await culprit.log_on(2)
        culprit.send_bytes(data)
        await is_served(neighbour)
    await is_served(neighbour, 2)
    async with Client(tws.port) as again:
        await again.log_on(3)


@pytest.mark.parametrize(
    "payload",
    [
        b"\xff\xfe\x80\x00",
        b"3\x00\xff\xff\x00",
        b"3\x001\x00",
        b"3\x00" + b"\x00" * 200,
        b"99999999999999999999\x00",
        b"-1\x00",
        b"\x00",
        b"no number\x001\x00",
        b"1\x0011\x00notanid\x00",
        b"20\x001\x00" + b"9" * 5000 + b"\x00",
        b"4\x001\x002147483648\x00\x00",
    ],
)
async def test_a_message_that_makes_no_sense_is_answered_and_its_sender_goes_on(
    tws: TwsServer, neighbour: Client, payload: bytes
) -> None:
    async with Client(tws.port) as culprit:
        await culprit.log_on(2)
        culprit.send_bytes(frame(payload))
        answers = await told(culprit)
        assert answers
        assert all(answer.startswith("error") for answer in answers), answers
        await is_served(culprit)
        await is_served(neighbour)


@pytest.mark.parametrize(
    "data",
    [
        b"API\0",
        b"API\0" + length(9) + b"v1..",
        b"API\0" + frame(b"nonsense"),
        b"API\0" + frame(b"v300..400"),
        b"\0" * 64,
    ],
    ids=["no offer", "cut offer", "no versions", "later versions", "zeros"],
)
async def test_a_handshake_that_fails_ends_its_own_connection_only(
    tws: TwsServer, neighbour: Client, data: bytes
) -> None:
    async with Client(tws.port) as culprit:
        culprit.send_bytes(data)
        await is_served(neighbour)
        await culprit.ended()
    await is_served(neighbour, 2)


async def test_a_flood_is_refused_and_its_sender_cut(tws: TwsServer, neighbour: Client) -> None:
    async with Client(tws.port) as culprit:
        await culprit.log_on(2)
        for _ in range(500):
            culprit.send(RequestCurrentTime())
        said = [await culprit.message() for _ in range(51)]
        assert [message.code for message in said if not isinstance(message, CurrentTime)] == [100]


@pytest.mark.parametrize("seed", range(20))
async def test_random_bytes_hurt_nobody_else(tws: TwsServer, neighbour: Client, seed: int) -> None:
    noise = random.Random(seed)
    async with Client(tws.port) as culprit:
        await culprit.log_on(2)
        for _ in range(20):
            culprit.send_bytes(frame(noise.randbytes(noise.randrange(1, 200))))
        culprit.send_bytes(noise.randbytes(50))
        await is_served(neighbour)
