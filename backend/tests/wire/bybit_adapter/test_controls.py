"""Account controls on the wire: what is written, and what each answer proves."""

import json
from decimal import Decimal

import pytest

from edgerunner.domain.accounts import AccountMode, MarginMode
from edgerunner.domain.errors import BrokerRejected, NotFound, OutcomeUnknown, Unsupported
from tests.wire.bybit_adapter.conftest import LINEAR_ID, SPOT_ID, Client, Connect
from tests.wire.bybit_adapter.scripted import (
    UID,
    Behaviour,
    Json,
    ScriptedBybit,
    answer,
    garbage,
    refusal,
    reset,
    silence,
    status,
)

LEVERAGE, STOP = "/v5/position/set-leverage", "/v5/position/trading-stop"
MODE, MARGIN = "/v5/position/switch-mode", "/v5/account/set-margin-mode"
ROW: Json = {"symbol": "BTCUSDT", "side": "Buy", "size": "1", "positionIdx": 0, "updatedTime": "1700000000000"}
UNPROVEN: dict[str, Behaviour] = {
    "silence": silence,
    "reset": reset,
    "garbage": garbage(),
    "502": status(502),
    "too many": refusal(10006),
    "server": refusal(10016),
    "unheard of": refusal(987654),
}


def written(client: Client, path: str) -> list[Json]:
    return [json.loads(request.body) for request in client.server.sent(path)]


async def set_leverage(client: Client, value: str = "5") -> None:
    await client.adapter.set_leverage(UID, LINEAR_ID, Decimal(value))


async def trail(client: Client, offset: str | None, activation: str | None = None, leg: str | None = None) -> None:
    await client.adapter.set_trailing_stop(
        UID,
        LINEAR_ID,
        position_id=leg,
        offset=None if offset is None else Decimal(offset),
        activation_price=None if activation is None else Decimal(activation),
    )


async def test_both_sides_get_the_leverage_in_plain_digits(connect: Connect) -> None:
    client = await connect()
    await set_leverage(client, "1E+1")
    body = {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "10", "sellLeverage": "10"}
    assert written(client, LEVERAGE) == [body]


async def test_trailing_stop_is_a_full_position_exit_and_zero_takes_it_away(connect: Connect) -> None:
    client = await connect()
    await trail(client, "500", "70000")
    await trail(client, None)
    address = {"category": "linear", "symbol": "BTCUSDT", "tpslMode": "Full", "positionIdx": 0}
    assert written(client, STOP) == [
        {**address, "trailingStop": "500", "activePrice": "70000"},
        {**address, "trailingStop": "0"},
    ]


async def test_trailing_stop_names_the_leg_in_hedge_mode(server: ScriptedBybit, connect: Connect) -> None:
    server.baseline["/v5/position/list"] = lambda p: {
        "list": [ROW | {"positionIdx": index, "size": "0", "side": ""} for index in (1, 2)] if "symbol" in p else []
    }
    client = await connect()
    await trail(client, "500", leg="short")
    assert written(client, STOP)[0]["positionIdx"] == 2


@pytest.mark.parametrize("code", [110043, 110025, 110026, 110027, 34040])
async def test_not_modified_is_success(server: ScriptedBybit, connect: Connect, code: int) -> None:
    client = await connect()
    for path in (LEVERAGE, STOP, MODE, MARGIN):
        server.then(path, refusal(code, "not modified"))
    await set_leverage(client)
    await trail(client, "500")
    await client.adapter.change_settings(UID, position_mode=AccountMode.NETTING, margin_mode=MarginMode.CROSS)


@pytest.mark.parametrize("code", [10001, 110013, 110024, 110028, 3400045])
async def test_refusal_keeps_code_and_text(server: ScriptedBybit, connect: Connect, code: int) -> None:
    client = await connect()
    for path in (LEVERAGE, STOP, MODE, MARGIN):
        server.then(path, refusal(code, "not now"))
    changes = [
        set_leverage(client),
        trail(client, "500"),
        client.adapter.change_settings(UID, position_mode=AccountMode.HEDGING, margin_mode=None),
        client.adapter.change_settings(UID, position_mode=None, margin_mode=MarginMode.ISOLATED),
    ]
    for change in changes:
        with pytest.raises(BrokerRejected) as caught:
            await change
        assert (caught.value.broker_code, caught.value.text) == (str(code), "not now")


@pytest.mark.parametrize("behaviour", UNPROVEN)
@pytest.mark.parametrize("is_done", [True, False])
async def test_answer_that_proves_nothing_is_settled_by_reading_back(
    server: ScriptedBybit, connect: Connect, behaviour: str, is_done: bool
) -> None:
    client = await connect()
    shown = ROW | ({"leverage": "5", "trailingStop": "500"} if is_done else {"leverage": "10", "trailingStop": "0"})
    server.baseline["/v5/position/list"] = lambda p: {"list": [shown] if "symbol" in p else []}
    for path, change in ((LEVERAGE, set_leverage(client)), (STOP, trail(client, "500"))):
        server.then(path, UNPROVEN[behaviour])
        if is_done:
            await change
        else:
            with pytest.raises(OutcomeUnknown):
                await change
        assert len(server.sent(path)) == 1


@pytest.mark.parametrize("is_done", [True, False])
async def test_modes_without_an_answer_are_read_back(server: ScriptedBybit, connect: Connect, is_done: bool) -> None:
    client = await connect()
    server.then(MARGIN, silence)
    server.baseline["/v5/account/info"] = lambda _: {"marginMode": "ISOLATED_MARGIN" if is_done else "REGULAR_MARGIN"}
    change = client.adapter.change_settings(UID, position_mode=None, margin_mode=MarginMode.ISOLATED)
    if is_done:
        assert (await change).margin_mode is MarginMode.ISOLATED
    else:
        with pytest.raises(OutcomeUnknown):
            await change


async def test_activation_price_cannot_be_read_back_so_silence_stays_unknown(
    server: ScriptedBybit, connect: Connect
) -> None:
    client = await connect()
    server.baseline["/v5/position/list"] = lambda _: {"list": [ROW | {"trailingStop": "500"}]}
    server.then(STOP, silence)
    with pytest.raises(OutcomeUnknown):
        await trail(client, "500", "70000")


async def test_switched_position_mode_is_asked_anew_and_the_next_order_follows_it(
    server: ScriptedBybit, connect: Connect
) -> None:
    client = await connect(trade_url=None)
    server.baseline["/v5/position/list"] = lambda p: {
        "list": [ROW | {"positionIdx": index, "size": "0", "side": ""} for index in (1, 2)] if "symbol" in p else []
    }
    after = await client.adapter.change_settings(UID, position_mode=AccountMode.HEDGING, margin_mode=None)
    assert after.position_mode is AccountMode.HEDGING
    assert written(client, MODE) == [{"category": "linear", "coin": "USDT", "mode": 3}]
    from tests.wire.bybit_adapter.conftest import order

    await client.adapter.place_order(order())
    assert written(client, "/v5/order/create")[0]["positionIdx"] == 1


async def test_isolated_mode_frees_what_its_rule_says(server: ScriptedBybit, connect: Connect) -> None:
    coin = {"coin": "USDT", "walletBalance": "100", "totalPositionIM": "30", "totalOrderIM": "5", "locked": "1"}
    server.baseline["/v5/account/wallet-balance"] = lambda _: {"list": [{"coin": [coin]}]}
    client = await connect()
    [before] = await client.adapter.get_account_summary()
    assert before.balances[0].available is None
    server.baseline["/v5/account/info"] = lambda _: {"marginMode": "ISOLATED_MARGIN"}
    await client.adapter.change_settings(UID, position_mode=None, margin_mode=MarginMode.ISOLATED)
    [after] = await client.adapter.get_account_summary()
    assert after.balances[0].available == Decimal(64)


async def test_read_only_key_reads_settings_and_changes_none(server: ScriptedBybit, connect: Connect) -> None:
    server.baseline["/v5/user/query-api"] = lambda _: {"userID": int(UID), "readOnly": 1, "permissions": {}}
    client = await connect()
    assert (await client.adapter.get_settings(UID)).margin_mode is MarginMode.CROSS
    assert client.adapter.capabilities.position_modes == frozenset()
    with pytest.raises(Unsupported, match="read-only"):
        await set_leverage(client)
    assert server.sent(LEVERAGE) == []


async def test_spot_and_portfolio_margin_are_refused_before_sending(connect: Connect) -> None:
    client = await connect()
    with pytest.raises(Unsupported):
        await client.adapter.set_leverage(UID, SPOT_ID, Decimal(2))
    with pytest.raises(Unsupported):
        await client.adapter.change_settings(UID, position_mode=None, margin_mode=MarginMode.PORTFOLIO)
    with pytest.raises(NotFound):
        await client.adapter.get_settings("another")
    assert [client.server.sent(path) for path in (LEVERAGE, MARGIN)] == [[], []]


async def test_unreadable_positions_do_not_pass_for_the_wanted_state(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    server.then(LEVERAGE, silence)
    server.then("/v5/position/list", answer({"list": []}))
    with pytest.raises(OutcomeUnknown):
        await set_leverage(client)
