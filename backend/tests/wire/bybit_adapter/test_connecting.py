"""Connecting finds out who the key belongs to, and refuses what must not be traded with."""

import asyncio
import json

import pytest

from edgerunner.domain.accounts import AccountMode
from edgerunner.domain.errors import (
    BrokerAuthFailed,
    BrokerUnreachable,
    Conflict,
    InvalidRequest,
    NotConnected,
    Unsupported,
)
from tests.wire.bybit_adapter.conftest import Connect, create, order
from tests.wire.bybit_adapter.scripted import LINEAR, UID, ScriptedBybit, answer, refusal, status


async def test_account_is_the_uid_of_the_key(server: ScriptedBybit) -> None:
    adapter = create(server)
    try:
        (account,) = await adapter.connect()
        assert (account.account_id, account.mode, account.currency) == (UID, AccountMode.NETTING, "USD")
        assert not account.is_live
    finally:
        await adapter.disconnect()


async def failing(server: ScriptedBybit, **options: object) -> Exception:
    """Return the error of connecting; afterwards nothing may be left open."""
    adapter = create(server, **options)
    before = asyncio.all_tasks()
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the caller looks at it
        await adapter.connect()
    left = {task for task in asyncio.all_tasks() - before if "bybit" in task.get_name()}
    assert not left
    with pytest.raises(NotConnected):
        await adapter.get_open_orders()
    return caught.value


async def test_refused_key(server: ScriptedBybit) -> None:
    server.then("/v5/user/query-api", refusal(10003, "API key is invalid."))
    assert isinstance(await failing(server), BrokerAuthFailed)


async def test_refused_stream_login(server: ScriptedBybit) -> None:
    server.login_answer = {"success": False, "ret_msg": "Params Error", "retCode": 10004}
    assert isinstance(await failing(server), BrokerAuthFailed)


async def test_refused_stream_login_without_a_code(server: ScriptedBybit) -> None:
    server.login_answer = {"success": False, "ret_msg": "error:invalid signature"}
    assert isinstance(await failing(server), BrokerAuthFailed)


async def test_address_where_nobody_listens(server: ScriptedBybit) -> None:
    await server.stop()
    assert isinstance(await failing(server), BrokerUnreachable)


async def test_address_where_something_else_answers(server: ScriptedBybit) -> None:
    server.then("/v5/market/time", status(200, "<html>welcome</html>"))
    error = await failing(server)
    assert isinstance(error, BrokerUnreachable)
    assert "no Bybit server" in error.detail


async def test_key_that_may_withdraw_is_refused(server: ScriptedBybit) -> None:
    key = {"userID": 7, "readOnly": 0, "permissions": {"Wallet": ["AccountTransfer", "Withdraw"]}}
    server.baseline["/v5/user/query-api"] = lambda _: key
    error = await failing(server)
    assert isinstance(error, InvalidRequest)
    assert error.errors[0].code == "withdrawal_right"


async def test_key_that_may_withdraw_is_accepted_when_asked_for(server: ScriptedBybit, connect: Connect) -> None:
    key = {"userID": 7, "readOnly": 0, "permissions": {"Wallet": ["Withdraw"]}}
    server.baseline["/v5/user/query-api"] = lambda _: key
    await connect(allow_withdrawal_key=True)


async def test_read_only_key_reads_and_does_not_trade(server: ScriptedBybit, connect: Connect) -> None:
    server.baseline["/v5/user/query-api"] = lambda _: {"userID": 1448939, "readOnly": 1, "permissions": {}}
    client = await connect()
    await client.adapter.get_open_orders()
    with pytest.raises(Unsupported, match="read-only"):
        await client.adapter.place_order(order())
    assert "read-only" in client.adapter.capabilities.products["spot"].unsupported["orders"]
    assert server.sent("/v5/order/create") == []


async def test_demo_does_not_tell_the_uid_and_asks_for_it(server: ScriptedBybit) -> None:
    server.then("/v5/user/query-api", refusal(10032, "Demo trading are not supported."))
    error = await failing(server)
    assert isinstance(error, InvalidRequest)
    assert error.errors[0].field == "options.account_id"


async def test_demo_with_a_given_uid(server: ScriptedBybit, connect: Connect) -> None:
    server.then("/v5/user/query-api", refusal(10032, "Demo trading are not supported."))
    client = await connect(account_id="42", trade_url=None)
    assert client.adapter._session.account_id == "42"


@pytest.mark.parametrize("where", ["probe", "position"])
async def test_hedge_mode_makes_the_account_hedging(server: ScriptedBybit, connect: Connect, where: str) -> None:
    row = {"symbol": "BTCUSDT", "side": "Sell", "size": "0.1", "avgPrice": "1", "updatedTime": "1700000000000"}

    def positions(parameters: dict[str, str]) -> object:
        is_probe = "symbol" in parameters
        if where == "probe":
            empty = {"symbol": "BTCUSDT", "side": "", "size": "0", "updatedTime": "1700000000000"}
            return {"list": [empty | {"positionIdx": 1}, empty | {"positionIdx": 2}] if is_probe else []}
        return {"list": [row | {"positionIdx": 0}] if is_probe else [row | {"positionIdx": 2}]}

    server.baseline["/v5/position/list"] = positions
    client = await connect(trade_url=None)
    assert [account.mode for account in client.adapter._session.accounts] == [AccountMode.HEDGING]
    await client.adapter.place_order(order())
    assert json.loads(server.sent("/v5/order/create")[0].body)["positionIdx"] == 1


async def test_every_page_of_instruments_is_read(server: ScriptedBybit, connect: Connect) -> None:
    spot = server.baseline["/v5/market/instruments-info"]({"category": "spot"})
    server.then(
        "/v5/market/instruments-info",
        answer(spot),
        answer({"list": [LINEAR], "nextPageCursor": "first%3DA"}),
        answer({"list": [LINEAR | {"symbol": "ETHUSDT", "baseCoin": "ETH"}], "nextPageCursor": ""}),
        answer({"list": []}),
    )
    client = await connect()
    assert len(await client.adapter.search_instruments("")) == 3


async def test_instruments_that_do_not_trade_are_left_out(server: ScriptedBybit, connect: Connect) -> None:
    rows = [
        LINEAR,
        LINEAR | {"symbol": "OLDUSDT", "status": "Closed"},
        LINEAR | {"symbol": "BADUSDT", "priceFilter": {}},
    ]
    spot = server.baseline["/v5/market/instruments-info"]({"category": "spot"})
    server.then("/v5/market/instruments-info", answer(spot), answer({"list": rows}))
    client = await connect()
    assert [i.venue_symbol for i in await client.adapter.search_instruments("LINEAR")] == ["BTCUSDT"]


async def test_second_connect_is_a_conflict_and_disconnect_can_be_repeated(
    server: ScriptedBybit, connect: Connect
) -> None:
    client = await connect()
    with pytest.raises(Conflict):
        await client.adapter.connect()
    await client.adapter.disconnect()
    await client.adapter.disconnect()
    with pytest.raises(NotConnected):
        await client.adapter.get_positions()
