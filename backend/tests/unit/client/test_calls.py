"""Calls of the client: what goes over the wire, and what each failure says."""

import json
from collections.abc import Callable
from decimal import Decimal

import httpx
import pytest

from edgerunner.client import ApiError, ApiUnreachable, EdgerunnerClient, OutcomeUnknown

Handler = Callable[[httpx.Request], httpx.Response]


def client_over(handler: Handler) -> EdgerunnerClient:
    return EdgerunnerClient("http://api.test", "the-key", transport=httpx.MockTransport(handler))


async def test_a_trade_carries_key_id_and_plain_decimals() -> None:
    seen: list[httpx.Request] = []

    def accept(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json={"order": {"status": "accepted"}, "children": []})

    async with client_over(accept) as client:
        placed = await client.orders.trade(
            "bybit-sim",
            "BTCUSDT-LINEAR.BYBIT",
            "buy",
            Decimal("1E-5"),
            order_type="limit",
            price=60000,
            take_profit={"price": Decimal(70000)},
            post_only=None,
            idempotency_key="once",
            wait_ms=50,
        )
    (request,) = seen
    body = json.loads(request.content)
    assert placed["order"]["status"] == "accepted"
    assert request.headers["Authorization"] == "Bearer the-key"
    assert request.headers["Idempotency-Key"] == "once"
    assert request.url.params["wait_ms"] == "50"
    assert len(body.pop("client_order_id")) == 26
    assert body == {
        "connection_id": "bybit-sim",
        "instrument_id": "BTCUSDT-LINEAR.BYBIT",
        "side": "buy",
        "quantity": "0.00001",
        "order_type": "limit",
        "price": "60000",
        "take_profit": {"price": "70000"},
    }


async def test_a_problem_becomes_an_error_with_code_and_fields() -> None:
    problem = {
        "type": "about:blank",
        "title": "Unprocessable",
        "status": 422,
        "detail": "price: must be a multiple of 0.1",
        "code": "validation_error",
        "errors": [{"field": "price", "code": "tick", "message": "must be a multiple of 0.1"}],
    }
    async with client_over(lambda _: httpx.Response(422, json=problem)) as client:
        with pytest.raises(ApiError) as caught:
            await client.orders.trade("c", "I.X", "buy", "1")
    assert (caught.value.status, caught.value.code) == (422, "validation_error")
    assert [(field.field, field.code) for field in caught.value.fields] == [("price", "tick")]


async def test_a_command_without_an_answer_has_an_unknown_outcome() -> None:
    def hang_up(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("timed out", request=request)

    async with client_over(hang_up) as client:
        with pytest.raises(OutcomeUnknown) as caught:
            await client.orders.trade("c", "I.X", "buy", "1", client_order_id="A1", idempotency_key="K1")
        assert (caught.value.client_order_id, caught.value.idempotency_key) == ("A1", "K1")
        with pytest.raises(OutcomeUnknown):
            await client.orders.cancel("A1")
        with pytest.raises(ApiUnreachable):
            await client.accounts.positions()


async def test_a_refused_connection_is_never_an_unknown_outcome() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    async with client_over(refuse) as client:
        with pytest.raises(ApiUnreachable):
            await client.orders.trade("c", "I.X", "buy", "1")


async def test_the_api_itself_not_knowing_is_an_unknown_outcome() -> None:
    problem = {"code": "outcome_unknown", "detail": "no answer from the broker", "errors": []}
    async with client_over(lambda _: httpx.Response(504, json=problem)) as client:
        with pytest.raises(OutcomeUnknown, match="no answer from the broker"):
            await client.orders.modify("A1", price="5")


async def test_another_server_on_the_port_is_named() -> None:
    async with client_over(lambda _: httpx.Response(200, text="<html>hello</html>")) as client:
        with pytest.raises(ApiUnreachable, match="no Edgerunner"):
            await client.connections.all()


async def test_instrument_ids_travel_as_parameters_and_order_ids_as_segments() -> None:
    seen: list[str] = []

    def note(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path.decode())
        return httpx.Response(200, json={"order": {}, "bid": None})

    async with client_over(note) as client:
        await client.market.ticker("ib", "EUR/USD.IBKR")
        await client.orders.cancel("A_1-b", wait_ms=0)
    assert seen == ["/market/ticker?connection_id=ib&instrument_id=EUR%2FUSD.IBKR", "/orders/A_1-b?wait_ms=0"]


async def test_a_preview_is_asked_without_an_order_id() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"account_id": "1", "estimate": None, "unsupported": "no"})

    async with client_over(answer) as client:
        found = await client.orders.preview("ibkr", "AAPL.IBKR", "buy", 10, order_type="limit", price=Decimal("100.10"))
    assert found["unsupported"] == "no"
    assert seen[0].url.path == "/trade/preview"
    assert json.loads(seen[0].content) == {
        "connection_id": "ibkr",
        "instrument_id": "AAPL.IBKR",
        "side": "buy",
        "quantity": "10",
        "order_type": "limit",
        "price": "100.10",
    }
