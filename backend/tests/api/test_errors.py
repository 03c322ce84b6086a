"""Every error is a problem with the contract's code, whatever was wrong with the request."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from edgerunner.domain import errors
from edgerunner.routes.errors import MEANINGS, STATUS_BY_CODE
from tests.api.harness import LINEAR_ID, Api, order_body

pytestmark = pytest.mark.asyncio(loop_scope="module")

MEMBERS = {"type", "title", "status", "detail", "code", "errors"}


def assert_problem(response: httpx.Response, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) == MEMBERS
    assert body["status"] == status
    assert body["code"] == code
    assert body["detail"]
    if field is not None:
        assert field in [item["field"] for item in body["errors"]], body
    for item in body["errors"]:
        assert set(item) == {"field", "code", "message"}
    return body


async def test_every_error_class_of_the_domain_has_a_status_and_a_meaning() -> None:
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    codes = {value.code for value in classes if issubclass(value, errors.EdgerunnerError)}
    assert codes <= set(STATUS_BY_CODE)
    assert set(STATUS_BY_CODE) == set(MEANINGS)


async def test_an_unknown_path_is_a_404_problem(shared_api: Api) -> None:
    assert_problem(await shared_api.http.get("/nowhere"), 404, "not_found")


async def test_a_wrong_method_is_a_405_problem_that_names_the_right_ones(shared_api: Api) -> None:
    response = await shared_api.http.get("/trade")
    assert_problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "POST"


async def test_a_wrong_method_is_answered_with_all_right_ones(shared_api: Api) -> None:
    response = await shared_api.http.put("/orders/A1")
    assert_problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "DELETE, PATCH"


async def test_a_trailing_slash_is_not_redirected(shared_api: Api) -> None:
    assert_problem(await shared_api.http.get("/positions/"), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param(b"{", "body", id="cut-off"),
        pytest.param(b'{"side": "\xff"}', "body", id="bad-utf-8"),
        pytest.param(b'{"side": "\\ud800"}', "body", id="lone-surrogate"),
        pytest.param(b'{"quantity": NaN}', "body", id="nan"),
        pytest.param(b'{"side": "buy", "side": "sell"}', "side", id="repeated-key"),
        pytest.param(b'{"take_profit": {"price": "1", "price": "2"}}', "price", id="repeated-inner-key"),
        pytest.param(b"[" * 100_000, "body", id="bottomless"),
        pytest.param(b"[" * 900 + b"]" * 900, "body", id="deep"),
        pytest.param(b"[]", "body", id="no-object"),
        pytest.param(b"null", "body", id="null"),
        pytest.param(b"", "body", id="nothing"),
    ],
)
async def test_a_body_that_is_no_clear_json_object_is_refused(shared_api: Api, body: bytes, field: str) -> None:
    response = await shared_api.http.post("/trade", content=body, headers={"Content-Type": "application/json"})
    assert_problem(response, 422, "validation_error", field)


async def test_a_body_of_another_type_is_refused_with_the_remedy(shared_api: Api) -> None:
    response = await shared_api.http.post("/trade", content=b"{}", headers={"Content-Type": "text/plain"})
    assert "application/json" in assert_problem(response, 422, "validation_error", "body")["detail"]


async def test_a_body_without_a_type_is_refused(shared_api: Api) -> None:
    assert_problem(await shared_api.http.post("/trade", content=b"{}"), 422, "validation_error", "body")


async def test_a_large_body_is_a_413_problem(shared_api: Api) -> None:
    content = json.dumps({"side": "x" * 2_000_000}).encode()
    response = await shared_api.http.post("/trade", content=content, headers={"Content-Type": "application/json"})
    assert_problem(response, 413, "payload_too_large")


async def test_a_large_body_without_a_length_is_a_413_problem(shared_api: Api) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    response = await shared_api.http.post("/trade", content=chunks(), headers={"Content-Type": "application/json"})
    assert_problem(response, 413, "payload_too_large")


@pytest.mark.parametrize("value", ["0", "-1", "1e3", "NaN", "Infinity", "+1", " 1", "1.", ".5", "1,0", "0x1", ""])
async def test_a_quantity_that_is_no_plain_positive_decimal_is_refused_by_name(shared_trading: Api, value: str) -> None:
    assert_problem(await shared_trading.trade(quantity=value), 422, "validation_error", "quantity")


async def test_a_number_of_sixty_digits_is_refused(shared_trading: Api) -> None:
    assert_problem(await shared_trading.trade(quantity="9" * 60), 422, "validation_error", "quantity")
    assert_problem(await shared_trading.trade(price="0." + "1" * 60), 422, "validation_error", "price")
    assert not shared_trading.broker.commands


@pytest.mark.parametrize("value", [1, 0.1, True, ["1"], {"value": "1"}])
async def test_a_json_number_for_a_quantity_is_refused_with_the_remedy(shared_trading: Api, value: object) -> None:
    body = assert_problem(await shared_trading.trade(quantity=value), 422, "validation_error", "quantity")
    assert "string" in body["errors"][0]["message"]


async def test_every_wrong_field_is_named(shared_trading: Api) -> None:
    wrong = {"side": "up", "quantity": "x", "colour": "red", "take_profit": {"price": 3}, "post_only": "yes"}
    response = await shared_trading.trade(**wrong)
    body = assert_problem(response, 422, "validation_error")
    fields = {item["field"] for item in body["errors"]}
    assert fields == {"side", "quantity", "colour", "take_profit.price", "post_only"}


@pytest.mark.parametrize("name", ["connection_id", "instrument_id", "side", "order_type", "quantity"])
async def test_a_missing_field_is_named(shared_trading: Api, name: str) -> None:
    assert_problem(await shared_trading.trade(**{name: None}), 422, "validation_error", name)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"price": None}, "price"),
        ({"order_type": "market"}, "price"),
        ({"trigger_price": "5"}, "trigger_price"),
        ({"trailing_offset": "5"}, "trailing_offset"),
        ({"time_in_force": "gtd"}, "expires_at"),
        ({"expires_at": "2030-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"post_only": True, "time_in_force": "ioc"}, "post_only"),
        ({"quantity": "1.00001"}, "quantity"),
        ({"price": "100.01"}, "price"),
        ({"instrument_id": "NOPE-LINEAR.BYBIT"}, "instrument_id"),
        ({"instrument_id": "NOPE"}, "instrument_id"),
        ({"account_id": "77"}, "account_id"),
        ({"client_order_id": "has space"}, "client_order_id"),
        ({"client_order_id": "X" * 28}, "client_order_id"),
        ({"connection_id": "Upper"}, "connection_id"),
    ],
)
async def test_what_contradicts_itself_is_refused_by_field(
    shared_trading: Api, changes: dict[str, Any], field: str
) -> None:
    assert_problem(await shared_trading.trade(**changes), 422, "validation_error", field)
    assert not shared_trading.broker.commands


async def test_an_unknown_connection_is_not_found(shared_trading: Api) -> None:
    assert_problem(await shared_trading.trade(connection_id="nobody"), 404, "not_found")


async def test_what_the_broker_cannot_do_is_unsupported_with_the_reason(shared_trading: Api) -> None:
    response = await shared_trading.trade(order_type="stop_market", price=None, trigger_price="90")
    assert "no stop orders" in assert_problem(response, 501, "unsupported")["detail"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/positions?colour=red", "colour"),
        ("/healthz?colour=red", "colour"),
        ("/fills?limit=1&limit=2", "limit"),
        ("/fills?limit=0", "limit"),
        ("/fills?limit=1001", "limit"),
        ("/fills?limit=1.0", "limit"),
        ("/fills?limit=1_0", "limit"),
        ("/fills?limit=", "limit"),
        ("/fills?cursor=%00", "cursor"),
        ("/fills?cursor=nonsense", "cursor"),
        ("/orders/status?cursor=-1", "cursor"),
        ("/orders/status?status=odd", "status"),
        ("/orders/status?client_order_id=%FF", "client_order_id"),
        ("/orders/status?client_order_id=A&limit=5", "limit"),
        ("/orders/%FF/events", "client_order_id"),
        ("/market/ohlc?connection_id=bybit-demo&instrument_id=A.B&timeframe=2m", "timeframe"),
        ("/market/ticker?connection_id=bybit-demo", "instrument_id"),
        ("/journal?format=xml", "format"),
        ("/portfolio?currency=usd", "currency"),
    ],
)
async def test_a_wrong_parameter_is_refused_by_name(shared_trading: Api, path: str, field: str) -> None:
    assert_problem(await shared_trading.http.get(path), 422, "validation_error", field)


@pytest.mark.parametrize("wait_ms", ["-1", "30001", "soon"])
async def test_a_wait_out_of_bounds_is_refused(shared_trading: Api, wait_ms: str) -> None:
    response = await shared_trading.http.post("/trade", params={"wait_ms": wait_ms}, json=order_body())
    assert_problem(response, 422, "validation_error", "wait_ms")


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "\xe9"])
async def test_an_idempotency_key_that_is_no_visible_ascii_is_refused(shared_trading: Api, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode("latin-1"))]
    response = await shared_trading.http.post("/trade", json=order_body(), headers=headers)
    assert_problem(response, 422, "validation_error", "Idempotency-Key")


async def test_a_defect_is_a_500_problem_without_internals(
    shared_trading: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ValueError("secret detail")

    monkeypatch.setattr(shared_trading.services.markets, "ticker", fail)
    query = {"connection_id": "bybit-demo", "instrument_id": LINEAR_ID}
    with capture_logs() as logs:
        response = await shared_trading.http.get("/market/ticker", params=query)
    assert_problem(response, 500, "internal_error")
    assert "secret" not in response.text
    assert [(entry["event"], entry["path"]) for entry in logs] == [("request_failed", "/market/ticker")]
