"""How a session with the simulated TWS begins and ends."""

import pytest

from edgerunner.simulators.tws.pacing import PacingMode
from edgerunner.simulators.tws.server import TwsServer
from edgerunner.simulators.tws.settings import ConnectionLimits, TwsSettings
from edgerunner.simulators.tws.wire.session import (
    CurrentTime,
    ManagedAccounts,
    NextValidId,
    RequestCurrentTime,
    RequestIds,
    RequestManagedAccounts,
    StartApi,
)
from tests.waiting import until
from tests.wire.tws.kit import NOW_NS, PATIENCE_S, Client, running_tws


async def test_the_server_says_nothing_but_its_version_until_the_api_is_started(tws: TwsServer) -> None:
    async with Client(tws.port) as client:
        await client.shake_hands()
        assert (client.version, client.connected_at) == (178, "20261123 10:30:00 EST")
        client.send(StartApi(client_id=4))
        assert await client.message() == ManagedAccounts(accounts="DU1000001")


async def test_log_on_tells_accounts_the_next_order_id_and_the_farms(tws: TwsServer) -> None:
    async with Client(tws.port) as client:
        accounts, next_id, *notices = await client.log_on()
        assert (accounts, next_id) == (ManagedAccounts(accounts="DU1000001"), NextValidId(order_id=1))
        assert [(notice.request_id, notice.code, notice.text) for notice in notices] == [
            (-1, 2104, "Market data farm connection is OK:usfarm"),
            (-1, 2106, "HMDS data farm connection is OK:ushmds"),
            (-1, 2158, "Sec-def data farm connection is OK:secdefnj"),
        ]


@pytest.mark.parametrize(
    ("offer", "version"), [(b"v157..176", 176), (b"v100..226", 178), (b"v100..193 +PACEAPI", 178), (b"v157..157", 157)]
)
async def test_the_version_is_the_highest_that_both_speak(tws: TwsServer, offer: bytes, version: int) -> None:
    async with Client(tws.port) as client:
        await client.log_on(offer=offer)
        assert client.version == version
        assert await client.ask(RequestCurrentTime()) == CurrentTime(time_s=NOW_NS // 10**9)


async def test_the_server_can_be_an_older_one() -> None:
    async with running_tws(TwsSettings(server_version=165)) as tws, Client(tws.port) as client:
        await client.log_on()
        assert client.version == 165


@pytest.mark.parametrize("offer", [b"v100..156", b"v179..226", b"v1..", b"\xff\xff", b"v178..157"])
async def test_a_client_that_speaks_no_common_version_is_sent_away(tws: TwsServer, offer: bytes) -> None:
    async with Client(tws.port) as client:
        client.send_bytes(b"API\0" + len(offer).to_bytes(4, "big") + offer)
        assert await client.ended() == []


async def test_a_client_that_asks_before_it_has_started_gets_no_answer(tws: TwsServer) -> None:
    async with Client(tws.port) as client:
        await client.shake_hands()
        client.send(RequestCurrentTime())
        assert await client.ended() == []


async def test_a_client_that_does_not_start_in_time_is_cut() -> None:
    settings = TwsSettings(limits=ConnectionLimits(start_s=0.05))
    async with running_tws(settings) as tws, Client(tws.port) as client:
        await client.shake_hands()
        assert await client.ended() == []


async def test_a_client_id_in_use_is_refused_and_the_first_client_stays(tws: TwsServer) -> None:
    async with Client(tws.port) as first, Client(tws.port) as second:
        await first.log_on(client_id=7)
        await second.shake_hands()
        second.send(StartApi(client_id=7))
        refusal = await second.error()
        assert (refusal.request_id, refusal.code) == (-1, 326)
        assert await second.ended() == []
        assert isinstance(await first.ask(RequestCurrentTime()), CurrentTime)


async def test_a_client_id_is_free_again_once_its_client_has_gone(tws: TwsServer) -> None:
    for _ in range(3):
        async with Client(tws.port) as client:
            await client.log_on(client_id=7)
            client._writer.write_eof()
            await client.ended()


async def test_several_clients_are_answered_side_by_side(tws: TwsServer) -> None:
    async with Client(tws.port) as first, Client(tws.port) as second:
        await first.log_on(client_id=1)
        await second.log_on(client_id=2, offer=b"v157..160")
        first.send(RequestIds())
        second.send(RequestManagedAccounts())
        assert await second.message() == ManagedAccounts(accounts="DU1000001")
        assert await first.message() == NextValidId(order_id=1)


async def test_more_clients_than_allowed_are_closed() -> None:
    async with running_tws(TwsSettings(maximum_clients=1)) as tws, Client(tws.port) as first:
        await first.log_on()
        async with Client(tws.port) as second:
            assert await second.ended() == []
        assert isinstance(await first.ask(RequestCurrentTime()), CurrentTime)


async def test_every_account_is_named() -> None:
    async with running_tws(TwsSettings(accounts=("DU1", "U1000001"))) as tws, Client(tws.port) as client:
        assert (await client.log_on())[0] == ManagedAccounts(accounts="DU1,U1000001")


async def test_a_second_start_is_an_error_of_a_session_that_goes_on(tws: TwsServer) -> None:
    async with Client(tws.port) as client:
        await client.log_on()
        client.send(StartApi(client_id=9))
        assert (await client.error()).code == 320
        assert isinstance(await client.ask(RequestCurrentTime()), CurrentTime)


async def test_a_restart_drops_everybody_and_listens_on_the_same_port(tws: TwsServer) -> None:
    port = tws.port
    async with Client(port) as client:
        await client.log_on()
        await tws.restart()
        assert await client.ended() == []
    assert tws.port == port
    async with Client(port) as client:
        await client.log_on()


async def test_a_disabled_api_refuses_connections_until_it_is_enabled(tws: TwsServer) -> None:
    async with Client(tws.port) as client:
        await client.log_on()
        await tws.enable_api(is_enabled=False)
        await client.ended()
    with pytest.raises(ConnectionRefusedError):
        await Client(tws.port).__aenter__()
    await tws.enable_api(is_enabled=True)
    async with Client(tws.port) as client:
        await client.log_on()


async def test_an_api_that_starts_disabled_does_not_listen() -> None:
    async with running_tws(TwsSettings(is_api_enabled=False)) as tws:
        assert tws.port == 0


async def test_a_reader_that_does_not_read_is_cut() -> None:
    accounts = tuple(f"DU{number:07}" for number in range(1000))
    limits = ConnectionLimits(waiting_bytes=4096)
    settings = TwsSettings(accounts=accounts, limits=limits, pacing=PacingMode.LENIENT)
    async with running_tws(settings) as tws, Client(tws.port) as slow, Client(tws.port) as other:
        await slow.log_on(client_id=1)
        await other.log_on(client_id=2)
        slow.stop_reading()
        for _ in range(5000):
            slow.send(RequestManagedAccounts())

        async def is_free() -> bool:
            async with Client(tws.port) as next_one:
                await next_one.shake_hands()
                next_one.send(StartApi(client_id=1))
                return isinstance(await next_one.message(), ManagedAccounts)

        await until(is_free, timeout_s=PATIENCE_S, what="the slow reader is cut and its client id is free")
        assert isinstance(await other.ask(RequestCurrentTime()), CurrentTime)


@pytest.mark.parametrize("version", [156, 179])
def test_a_version_that_is_not_simulated_cannot_be_chosen(version: int) -> None:
    with pytest.raises(ValueError, match="outside of 157 to 178"):
        TwsSettings(server_version=version)
