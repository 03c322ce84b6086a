"""What the simulated TWS answers, and that a broken request hurts nobody but its sender."""

import pytest

from edgerunner.simulators.tws.server import TwsServer
from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.tws.wire import account, executions, orders
from edgerunner.simulators.tws.wire.market_requests import CancelHistoricalData, CancelMarketData
from edgerunner.simulators.tws.wire.order_values import OrderTerms
from edgerunner.simulators.tws.wire.session import CurrentTime, RequestCurrentTime, RequestUserInfo, UserInfo
from edgerunner.simulators.tws.wire.values import Contract
from tests.wire.tws.kit import Client, length, running_tws

ORDER = orders.PlaceOrder(
    order_id=5,
    contract=Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD"),
    order=OrderTerms(action="BUY", total_quantity=None, order_type="MKT"),
)


@pytest.mark.parametrize(
    ("request_", "end"),
    [
        (account.RequestPositions(), account.PositionEnd()),
        (account.RequestPositionsMulti(request_id=3, account="", model=""), account.PositionMultiEnd(request_id=3)),
        (orders.RequestOpenOrders(), orders.OpenOrderEnd()),
        (orders.RequestAllOpenOrders(), orders.OpenOrderEnd()),
        (orders.RequestCompletedOrders(only_api=False), orders.CompletedOrdersEnd()),
        (executions.RequestExecutions(request_id=3), executions.ExecutionDetailsEnd(request_id=3)),
        (RequestUserInfo(request_id=3), UserInfo(request_id=3, white_branding_id="")),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_lists_without_entries_end_with_their_marker(tws: TwsServer, request_: object, end: object) -> None:
    async with Client(tws.port) as client:
        await client.log_on()
        assert await client.ask(request_) == end


@pytest.mark.parametrize("name", ["", "DU1000001"])
async def test_account_updates_end_with_the_account(tws: TwsServer, name: str) -> None:
    async with Client(tws.port) as client:
        await client.log_on()
        client.send(account.RequestAccountUpdates(subscribes=True, account=name))
        while isinstance(updated := await client.message(), account.AccountValue):
            assert updated.account == "DU1000001"
        assert updated == account.AccountUpdateTime(time="10:30")
        assert await client.message() == account.AccountDownloadEnd(account="DU1000001")


async def test_an_unknown_account_is_refused(tws: TwsServer) -> None:
    async with Client(tws.port) as client:
        await client.log_on()
        client.send(account.RequestAccountUpdates(subscribes=True, account="DU9"))
        assert (await client.error()).code == 321
        client.send(account.RequestPositionsMulti(request_id=8, account="DU9", model=""))
        refusal = await client.error()
        assert (refusal.request_id, refusal.code) == (8, 321)


@pytest.mark.parametrize(
    ("request_", "request_id", "code"),
    [
        (orders.CancelOrder(order_id=6), 6, 10147),
        (CancelMarketData(request_id=7), 7, 300),
        (CancelHistoricalData(request_id=8), 8, 366),
        (account.RequestAccountSummary(request_id=9, group="Nobody", tags="NetLiquidation"), 9, 321),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_cannot_be_done_is_refused_by_its_id(
    tws: TwsServer, request_: object, request_id: int, code: int
) -> None:
    async with Client(tws.port) as client:
        await client.log_on()
        client.send(request_)
        refusal = await client.error()
        assert (refusal.request_id, refusal.code) == (request_id, code)


async def test_only_client_0_binds_orders_made_by_hand(tws: TwsServer) -> None:
    async with Client(tws.port) as client, Client(tws.port) as default:
        await client.log_on(client_id=1)
        client.send(orders.RequestAutoOpenOrders(binds=True))
        assert (await client.error()).code == 321
        await default.log_on(client_id=0)
        default.send(orders.RequestAutoOpenOrders(binds=True))
        assert isinstance(await default.ask(RequestCurrentTime()), CurrentTime)


@pytest.mark.parametrize(
    ("request_", "request_id"),
    [(ORDER, 5), (orders.CancelOrder(order_id=6), 6), (orders.GlobalCancel(), -1), (orders.RequestOpenOrders(), -1)],
    ids=lambda value: type(value).__name__,
)
async def test_a_read_only_api_refuses_orders(request_: object, request_id: int) -> None:
    async with running_tws(TwsSettings(is_read_only=True)) as tws, Client(tws.port) as client:
        await client.log_on()
        client.send(request_)
        refusal = await client.error()
        assert (refusal.request_id, refusal.code) == (request_id, 321)
        assert "Read-Only" in refusal.text
        assert await client.ask(account.RequestPositions()) == account.PositionEnd()


async def test_an_unknown_message_is_answered_and_the_session_goes_on(tws: TwsServer) -> None:
    async with Client(tws.port) as client:
        await client.log_on()
        client.send_fields(777, 1, 42, "x")
        refusal = await client.error()
        assert (refusal.request_id, refusal.code) == (42, 505)
        assert isinstance(await client.ask(RequestCurrentTime()), CurrentTime)


@pytest.mark.parametrize(
    "payload",
    [b"9\x008\x0042\0", b"8\x001\x00\xff\0", b"8\x001\x00one\0", b"8\x001\x001", b"\0", b"\0\0\0", b"-1\0"],
    ids=["missing fields", "not UTF-8", "no number", "cut field", "empty", "nothing but NUL", "negative id"],
)
async def test_a_malformed_message_is_answered_and_the_session_goes_on(tws: TwsServer, payload: bytes) -> None:
    async with Client(tws.port) as client:
        await client.log_on()
        client.send_bytes(length(len(payload)) + payload)
        assert (await client.error()).code == 320
        assert isinstance(await client.ask(RequestCurrentTime()), CurrentTime)


@pytest.mark.parametrize("data", [length(0), length(2**32 - 1), length(2**20 + 1)], ids=["zero", "huge", "too long"])
async def test_a_broken_frame_ends_its_own_connection_only(tws: TwsServer, data: bytes) -> None:
    async with Client(tws.port) as broken, Client(tws.port) as other:
        await broken.log_on(client_id=1)
        await other.log_on(client_id=2)
        broken.send_bytes(data)
        assert await broken.ended() == []
        assert isinstance(await other.ask(RequestCurrentTime()), CurrentTime)
    async with Client(tws.port) as again:
        await again.log_on(client_id=1)


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"API", b"API\0" + length(9) + b"v157"])
async def test_a_connection_that_breaks_off_or_greets_wrongly_hurts_nobody(tws: TwsServer, data: bytes) -> None:
    async with Client(tws.port) as broken, Client(tws.port) as other:
        await other.log_on(client_id=2)
        broken.send_bytes(data)
        broken._writer.write_eof()
        assert await broken.ended() == []
        assert isinstance(await other.ask(RequestCurrentTime()), CurrentTime)


async def test_a_request_may_arrive_byte_by_byte(tws: TwsServer) -> None:
    async with Client(tws.port) as client:
        await client.log_on()
        for byte in length(5) + b"49\x001\0":
            client.send_bytes(bytes([byte]))
            await client._writer.drain()
        assert isinstance(await client.message(), CurrentTime)
