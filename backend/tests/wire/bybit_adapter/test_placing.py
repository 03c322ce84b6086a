"""A placement leaves once, and each failure proves exactly what it proves."""

import asyncio
import json
from dataclasses import replace

import pytest

from edgerunner.adapters.broker import CancelOrder, ModifyOrder
from edgerunner.domain.errors import (
    BrokerError,
    BrokerRejected,
    BrokerUnreachable,
    InvalidRequest,
    NotConnected,
    NotFound,
    OutcomeUnknown,
)
from edgerunner.domain.orders import OrderType
from tests.wire.bybit_adapter.conftest import SPOT_ID, Connect, create, order, until
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

CREATE = "/v5/order/create"
REST_ONLY = {"trade_url": None}


@pytest.mark.parametrize(
    "fault",
    [silence, reset, garbage(), status(500), status(502), status(429), refusal(10006), refusal(10016), refusal(987654)],
    ids=["silence", "reset", "garbage", "500", "502", "429", "10006", "10016", "unlisted"],
)
async def test_unclear_answer_leaves_the_outcome_unknown_and_nothing_is_sent_again(
    server: ScriptedBybit, connect: Connect, fault: Behaviour
) -> None:
    client = await connect(**REST_ONLY)
    server.then(CREATE, fault)
    with pytest.raises(OutcomeUnknown):
        await client.adapter.place_order(order())
    assert len(server.sent(CREATE)) == 1


@pytest.mark.parametrize(
    ("fault", "code"),
    [(refusal(110007, "ab not enough"), "110007"), (refusal(10005), "10005"), (status(403), "HTTP 403")],
)
async def test_clear_refusal_is_a_rejection(
    server: ScriptedBybit, connect: Connect, fault: Behaviour, code: str
) -> None:
    client = await connect(**REST_ONLY)
    server.then(CREATE, fault)
    with pytest.raises(BrokerRejected) as caught:
        await client.adapter.place_order(order())
    assert caught.value.broker_code == code
    assert len(server.sent(CREATE)) == 1


async def test_refused_time_stamp_is_a_rejection_and_the_clock_is_measured_again(
    server: ScriptedBybit, connect: Connect
) -> None:
    client = await connect(**REST_ONLY)
    before = len(server.sent("/v5/market/time"))
    server.then(CREATE, refusal(10002, "invalid request, please check your server timestamp"))
    with pytest.raises(BrokerRejected):
        await client.adapter.place_order(order())
    assert len(server.sent("/v5/market/time")) == before + 1
    assert len(server.sent(CREATE)) == 1


async def test_server_that_cannot_be_reached_was_sent_nothing(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect(**REST_ONLY)
    await server.stop()
    with pytest.raises(BrokerError):  # spends the connections that were kept open
        await client.adapter.get_account_summary()
    with pytest.raises(BrokerUnreachable, match="cannot be reached"):
        await client.adapter.place_order(order())


async def test_acknowledgement_carries_the_broker_id(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect(**REST_ONLY)
    ack = await client.adapter.place_order(order(instrument_id=SPOT_ID))
    assert ack.venue_order_id == "order-1"
    body = json.loads(server.sent(CREATE)[0].body)
    assert body["orderLinkId"] == "KEY1"
    assert body["category"] == "spot"


async def test_acknowledgement_without_an_id_is_still_one(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect(**REST_ONLY)
    server.then(CREATE, answer({}))
    assert (await client.adapter.place_order(order())).venue_order_id is None


async def test_too_many_visits_holds_the_next_placement_back_until_the_reset(
    server: ScriptedBybit, connect: Connect
) -> None:
    client = await connect(trade_url=None, queue_timeout_s=0.2)
    server.then(
        CREATE, refusal(10006, headers={"X-Bapi-Limit": "10", "X-Bapi-Limit-Reset-Timestamp": "99999999999999"})
    )
    with pytest.raises(OutcomeUnknown):
        await client.adapter.place_order(order())
    with pytest.raises(BrokerUnreachable, match="not sent"):
        await client.adapter.place_order(order("KEY2"))
    assert len(server.sent(CREATE)) == 1


async def test_reset_in_the_past_does_no_harm(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect(**REST_ONLY)
    server.then(CREATE, refusal(10006, headers={"X-Bapi-Limit-Reset-Timestamp": "1"}))
    with pytest.raises(OutcomeUnknown):
        await client.adapter.place_order(order())
    await client.adapter.place_order(order("KEY2"))


async def test_stranger_account_and_instrument_are_not_found(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect(**REST_ONLY)
    with pytest.raises(NotFound, match="999"):
        await client.adapter.cancel_order(
            CancelOrder(client_order_id="K", venue_order_id=None, account_id="999", instrument_id=SPOT_ID)
        )
    with pytest.raises(NotFound, match="DOGE"):
        await client.adapter.place_order(order(instrument_id="DOGE-SPOT.BYBIT"))
    assert server.sent(CREATE) == []


async def test_nothing_is_placed_without_a_connection(server: ScriptedBybit) -> None:
    with pytest.raises(NotConnected):
        await create(server).place_order(order())


async def test_amendment_to_what_the_order_is_already_succeeds(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect(**REST_ONLY)
    text = "The order remains unchanged as the parameters entered match the existing ones."
    server.then("/v5/order/amend", refusal(10001, text))
    command = ModifyOrder(
        client_order_id="KEY1", venue_order_id="V", account_id=UID, instrument_id=SPOT_ID, price=order().terms.price
    )
    await client.adapter.modify_order(command)


@pytest.mark.parametrize("code", [110001, 170213, 170139, 110010])
async def test_cancel_of_a_closed_order_is_rejected_with_the_code(
    server: ScriptedBybit, connect: Connect, code: int
) -> None:
    client = await connect(**REST_ONLY)
    answers = 3 if code == 170213 else 1  # spot orders are of three kinds
    server.then("/v5/order/cancel", *[refusal(code, "order not exists or too late to cancel")] * answers)
    command = CancelOrder(client_order_id="KEY1", venue_order_id="V", account_id=UID, instrument_id=SPOT_ID)
    with pytest.raises(BrokerRejected) as caught:
        await client.adapter.cancel_order(command)
    assert caught.value.broker_code == str(code)


async def test_waiting_spot_order_is_canceled_among_its_kind(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect(**REST_ONLY)
    server.then("/v5/order/cancel", refusal(170213, "Order does not exist."))
    command = CancelOrder(client_order_id="KEY1", venue_order_id="V", account_id=UID, instrument_id=SPOT_ID)
    assert (await client.adapter.cancel_order(command)).venue_order_id
    bodies = [json.loads(request.body) for request in server.sent("/v5/order/cancel")]
    assert [body.get("orderFilter") for body in bodies] == [None, "StopOrder"]


async def test_trigger_on_the_wrong_side_is_not_sent(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect(**REST_ONLY)
    server.baseline["/v5/market/tickers"] = lambda _: {"list": [{"symbol": "BTCUSDT", "lastPrice": "61000"}]}
    stop = replace(order().terms, order_type=OrderType.STOP_LIMIT, trigger_price=order().terms.price)
    with pytest.raises(InvalidRequest, match="above the market"):
        await client.adapter.place_order(replace(order(), terms=stop))
    await client.adapter.place_order(replace(order("KEY2"), terms=replace(stop, order_type=OrderType.LIMIT_IF_TOUCHED)))
    assert [json.loads(request.body)["triggerDirection"] for request in server.sent(CREATE)] == [2]


async def test_failure_before_the_placement_proves_that_it_was_not_sent(
    server: ScriptedBybit, connect: Connect
) -> None:
    client = await connect(**REST_ONLY)
    server.then("/v5/market/tickers", *[silence] * 5)
    stop = replace(order().terms, order_type=OrderType.STOP_LIMIT, trigger_price=order().terms.price)
    with pytest.raises(BrokerUnreachable, match="not sent"):
        await client.adapter.place_order(replace(order(), terms=stop))
    assert server.sent(CREATE) == []


async def test_mode_is_read_again_after_bybit_contradicts_it(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect(**REST_ONLY)
    server.then(CREATE, refusal(10001, "position idx not match position mode"))
    with pytest.raises(BrokerRejected):
        await client.adapter.place_order(order())
    legs = [{"symbol": "BTCUSDT", "size": "0", "positionIdx": index} for index in (1, 2)]
    server.baseline["/v5/position/list"] = lambda _: {"list": legs}
    await client.adapter.place_order(order("KEY2"))
    assert [json.loads(request.body)["positionIdx"] for request in server.sent(CREATE)] == [0, 1]


async def stream_up(server: ScriptedBybit, connect: Connect, **options: object):  # type: ignore[no-untyped-def]
    client = await connect(**options)
    trade = client.adapter._session.orders._trade
    assert trade is not None
    await until(lambda: trade.is_ready, "the trade stream")
    return client


async def test_orders_leave_by_the_trade_stream_when_it_is_up(server: ScriptedBybit, connect: Connect) -> None:
    client = await stream_up(server, connect)
    ack = await client.adapter.place_order(order())
    assert ack.venue_order_id == "order-1"
    assert server.sent(CREATE) == []
    (message,) = [told for told in server.received["trade"] if told["op"] == "order.create"]
    assert message["args"][0]["orderLinkId"] == "KEY1"
    assert message["header"]["X-BAPI-RECV-WINDOW"] == "5000"
    assert len(message["reqId"]) <= 36


async def test_answers_are_matched_whatever_their_order(server: ScriptedBybit, connect: Connect) -> None:
    client = await stream_up(server, connect)
    held: list[Json] = []

    def answer_in_reverse(message: Json) -> Json | None:
        held.append(message)
        return None

    server.trade = answer_in_reverse
    placing = [asyncio.create_task(client.adapter.place_order(order(f"K{n}"))) for n in range(3)]
    await until(lambda: len(held) == 3, "three placements")
    for message in reversed(held):
        reply = {"reqId": message["reqId"], "retCode": 0, "op": message["op"], "retMsg": "OK"}
        await server.push("trade", reply | {"data": {"orderId": f"id-of-{message['args'][0]['orderLinkId']}"}})
    assert [(await task).venue_order_id for task in placing] == ["id-of-K0", "id-of-K1", "id-of-K2"]


async def test_unanswered_stream_order_is_unknown_and_does_not_go_by_rest_too(
    server: ScriptedBybit, connect: Connect
) -> None:
    client = await stream_up(server, connect)
    server.trade = lambda message: None
    with pytest.raises(OutcomeUnknown, match="no answer"):
        await client.adapter.place_order(order())
    assert server.sent(CREATE) == []


async def test_stream_that_breaks_before_the_answer_leaves_the_outcome_unknown(
    server: ScriptedBybit, connect: Connect
) -> None:
    client = await stream_up(server, connect, request_timeout_s=5.0)

    def hang_up(message: Json) -> None:
        server.hang_up("trade")

    server.trade = hang_up
    with pytest.raises(OutcomeUnknown, match="broke"):
        await client.adapter.place_order(order())
    assert server.sent(CREATE) == []


async def test_rest_stands_in_while_the_stream_is_down(server: ScriptedBybit, connect: Connect) -> None:
    client = await stream_up(server, connect)
    trade = client.adapter._session.orders._trade
    server.hang_up("trade")
    await until(lambda: not trade.is_ready, "the broken stream to be noticed")
    await client.adapter.place_order(order())
    assert len(server.sent(CREATE)) == 1


@pytest.mark.parametrize(
    ("code", "error"), [(110007, BrokerRejected), (10429, OutcomeUnknown), (20006, OutcomeUnknown)]
)
async def test_stream_codes_mean_what_they_mean_by_rest(
    server: ScriptedBybit, connect: Connect, code: int, error: type[Exception]
) -> None:
    client = await stream_up(server, connect)
    server.trade = lambda message: {"retCode": code, "retMsg": "no", "data": {}}
    with pytest.raises(error):
        await client.adapter.place_order(order())
