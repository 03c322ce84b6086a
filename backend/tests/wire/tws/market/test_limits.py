"""Limits at the socket: too many messages, slow readers, many lines at once."""

import asyncio
import socket
from typing import Self

from edgerunner.simulators.tws.contracts import dated, standing
from edgerunner.simulators.tws.market.rights import MarketDataSettings
from edgerunner.simulators.tws.settings import ConnectionLimits, TwsSettings
from edgerunner.simulators.tws.wire.market_requests import RequestHistoricalData, RequestMarketData
from edgerunner.simulators.tws.wire.session import CurrentTime, ErrorMessage, RequestCurrentTime
from edgerunner.simulators.tws.wire.values import Contract
from tests.waiting import until
from tests.wire.tws.kit import HOST, MONDAY, PATIENCE_S, Client, running_tws
from tests.wire.tws.market.moving import AAPL, answers, moving_tws, told


async def test_the_fifty_first_message_of_a_second_is_dropped_with_code_100() -> None:
    async with running_tws() as tws, Client(tws.port) as client:
        await client.log_on()
        for _ in range(60):
            client.send(RequestCurrentTime())
        found = [await client.message() for _ in range(51)]
        assert [each.code for each in found if isinstance(each, ErrorMessage)] == [100]
        assert len([each for each in found if isinstance(each, CurrentTime)]) == 50


async def test_a_client_that_stays_too_fast_is_cut_and_others_stay() -> None:
    async with running_tws() as tws, Client(tws.port) as fast, Client(tws.port) as other:
        await fast.log_on(client_id=1)
        await other.log_on(client_id=2)
        ended = asyncio.create_task(fast.ended())

        async def is_cut() -> bool:
            for _ in range(80):
                fast.send(RequestCurrentTime())
            return ended.done()

        await until(is_cut, timeout_s=PATIENCE_S, what="the fast client is cut")
        assert tws.gateway.sessions.get(1) is None
        assert tws.gateway.sessions.get(2) is not None


async def test_identical_requests_for_small_bars_are_refused() -> None:
    request = RequestHistoricalData(
        request_id=3,
        contract=AAPL,
        end="20261123 10:00:00",
        bar_size="5 secs",
        duration="60 S",
        is_regular_hours=True,
        what_to_show="TRADES",
        date_format=1,
    )
    async with running_tws() as tws, Client(tws.port) as client:
        await client.log_on()
        assert len((await client.ask(request)).bars) == 12
        client.send(request)
        refusal = await client.error()
        assert (refusal.request_id, refusal.code, refusal.text.endswith("pacing violation")) == (3, 162, True)


class SmallReader(Client):
    """A client whose system takes little before it is read."""

    async def __aenter__(self) -> Self:
        small = socket.socket()
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        small.setblocking(False)
        await asyncio.get_running_loop().sock_connect(small, (HOST, self._port))
        self._reader, self._writer = await asyncio.open_connection(sock=small)
        return self


async def test_a_reader_that_does_not_read_its_ticks_is_cut_and_its_lines_end() -> None:
    settings = TwsSettings(limits=ConnectionLimits(waiting_bytes=4096))
    async with moving_tws(settings) as moving, SmallReader(moving.port) as slow, Client(moving.port) as other:
        await slow.log_on(client_id=1)
        await other.log_on(client_id=2)
        for request_id in range(200):
            slow.send(RequestMarketData(request_id=request_id, contract=AAPL, generic_ticks="233"))
        await told(slow)
        await answers(other, RequestMarketData(request_id=1, contract=AAPL))
        slow.stop_reading()

        async def is_cut() -> bool:
            moving.pass_s(5)
            await told(other)
            return moving.server.gateway.sessions.get(1) is None

        await until(is_cut, timeout_s=60, what="the slow reader is cut")
        assert len(moving.server.gateway.market.streams) == 1


async def ids_told(client: Client) -> set[int]:
    """The request ids of the ticks that a client was told, read without decoding them."""
    client.send(RequestCurrentTime())
    found = set()
    while (fields := (await client.payload()).split(b"\0"))[0] != b"49":
        assert fields[0] in {b"1", b"2", b"21", b"45", b"46", b"58", b"81"}, fields
        found.add(int(fields[1 if fields[0] in {b"21", b"81"} else 2]))
    return found


async def test_a_hundred_lines_of_ten_clients_are_served() -> None:
    today = MONDAY.date()
    listings = [*standing.STANDING, *dated.listed_futures(today), *dated.listed_options(today)[400:]][:100]
    settings = TwsSettings(market_data=MarketDataSettings(lines=100))
    async with moving_tws(settings) as moving:
        clients = [Client(moving.port) for _ in range(10)]
        try:
            for number, client in enumerate(clients):
                await client.__aenter__()
                await client.log_on(client_id=number)
                for request_id, listing in enumerate(listings):
                    client.send(RequestMarketData(request_id=request_id, contract=Contract(con_id=listing.con_id)))
                found = await ids_told(client)
                assert found == set(range(100))
            moving.pass_s(1)
            for client in clients:
                assert len(await ids_told(client)) > 80
        finally:
            for client in clients:
                await client.__aexit__(None, None, None)
