"""Orders over HTTP, on the real order path."""

import asyncio
from dataclasses import replace

import pytest

from edgerunner.domain.orders import Denial, OrderStatus
from edgerunner.services.order_drafts import Placed
from tests.api.harness import CONNECTION_ID, LINEAR_ID, Api, Json, order_body
from tests.api.test_errors import assert_problem
from tests.fakes.broker import Lost, Reject
from tests.fakes.events import initialized, order_after
from tests.waiting import until

ORDER_FIELDS = {
    "client_order_id", "venue_order_id", "connection_id", "account_id", "instrument_id", "strategy_id", "source",
    "side", "order_type", "quantity", "quantity_unit", "price", "trigger_price", "trailing_offset", "time_in_force",
    "post_only", "reduce_only", "position_id", "status", "outcome_unknown", "held", "needs_operator",
    "filled_quantity", "average_price", "fees", "parent_id", "denied", "broker", "created_at", "updated_at",
}  # fmt: skip


async def order_of(api: Api, client_order_id: str) -> Json:
    response = await api.http.get("/orders/status", params={"client_order_id": client_order_id})
    assert response.status_code == 200, response.text
    (order,) = response.json()["orders"]
    return dict(order)


async def test_a_placed_order_is_answered_with_every_field(trading: Api) -> None:
    response = await trading.trade(client_order_id="A1", quantity="1.50")
    assert response.status_code == 201
    body = response.json()
    assert set(body) == {"order", "children"}
    assert set(body["order"]) == ORDER_FIELDS
    assert body["children"] == []
    assert body["order"]["status"] == "accepted"
    assert body["order"]["quantity"] == "1.5"
    assert body["order"]["source"] == "api"
    assert body["order"]["created_at"].endswith("Z")
    assert body["order"] == await order_of(trading, "A1")


async def test_the_screen_is_named_as_the_source(trading: Api) -> None:
    response = await trading.http.post("/trade", json=order_body(), headers={"X-Edgerunner-Source": "ui"})
    assert response.json()["order"]["source"] == "ui"


async def test_a_refusal_by_the_broker_is_a_201_with_its_words(trading: Api) -> None:
    trading.broker.script("place", Reject(code="110007", text="not enough balance"))
    response = await trading.trade()
    assert response.status_code == 201
    order = response.json()["order"]
    assert order["status"] == "rejected"
    assert order["broker"]["code"] == "110007"


async def test_an_unknown_outcome_is_answered_as_unknown(trading: Api) -> None:
    trading.broker.script("place", Lost(arrives=False))
    order = (await trading.trade()).json()["order"]
    assert order["status"] == "submitted"
    assert set(order["outcome_unknown"]) == {"since", "reason"}


async def test_wait_0_answers_before_the_broker_does(trading: Api) -> None:
    gate = trading.broker.hold("place")
    response = await trading.http.post("/trade", params={"wait_ms": 0}, json=order_body(client_order_id="A1"))
    assert response.status_code == 201
    assert response.json()["order"]["status"] == "submitted"
    gate.release()


async def test_the_same_key_and_body_is_the_same_order_however_often(trading: Api) -> None:
    headers = {"Idempotency-Key": "K1"}
    bodies = [order_body(), order_body(price="100.0"), {**order_body(), "account_id": None}]
    responses = await asyncio.gather(*(trading.http.post("/trade", json=body, headers=headers) for body in bodies * 5))
    assert {response.status_code for response in responses} == {201}
    assert len({response.json()["order"]["client_order_id"] for response in responses}) == 1
    assert sum(trading.broker.placements.values()) == 1


async def test_the_same_key_with_another_body_is_a_conflict(trading: Api) -> None:
    headers = {"Idempotency-Key": "K1"}
    assert (await trading.http.post("/trade", json=order_body(), headers=headers)).status_code == 201
    response = await trading.http.post("/trade", json=order_body(quantity="2"), headers=headers)
    assert_problem(response, 422, "idempotency_conflict")


async def test_an_invalid_order_does_not_use_the_key_up(trading: Api) -> None:
    headers = {"Idempotency-Key": "K1"}
    assert (await trading.http.post("/trade", json=order_body(price="0.01"), headers=headers)).status_code == 422
    assert (await trading.http.post("/trade", json=order_body(), headers=headers)).status_code == 201


async def test_a_used_client_order_id_is_a_conflict(trading: Api) -> None:
    assert (await trading.trade(client_order_id="A1")).status_code == 201
    assert_problem(await trading.trade(client_order_id="A1"), 409, "conflict")


async def test_an_order_is_changed_and_canceled(trading: Api) -> None:
    await trading.trade(client_order_id="A1")
    changed = await trading.http.patch("/orders/A1", json={"price": "99.5", "quantity": "2"})
    assert changed.status_code == 200
    assert (changed.json()["order"]["price"], changed.json()["order"]["quantity"]) == ("99.5", "2")
    canceled = await trading.http.delete("/orders/A1")
    assert canceled.status_code == 200
    assert canceled.json()["order"]["status"] == "canceled"
    assert_problem(await trading.http.delete("/orders/A1"), 409, "order_closed")
    assert_problem(await trading.http.patch("/orders/A1", json={"price": "98"}), 409, "order_closed")


@pytest.mark.parametrize("body", [{}, {"price": None}, {"side": "sell"}, {"price": 5}, {"quantity": "-1"}])
async def test_a_change_that_says_nothing_clear_is_refused(trading: Api, body: Json) -> None:
    await trading.trade(client_order_id="A1")
    assert_problem(await trading.http.patch("/orders/A1", json=body), 422, "validation_error")


async def test_an_unknown_order_is_not_found_everywhere(trading: Api) -> None:
    assert_problem(await trading.http.delete("/orders/NOPE"), 404, "not_found")
    assert_problem(await trading.http.patch("/orders/NOPE", json={"price": "1"}), 404, "not_found")
    assert_problem(await trading.http.get("/orders/NOPE/events"), 404, "not_found")
    assert_problem(await trading.http.get("/orders/status?client_order_id=NOPE"), 404, "not_found")


async def test_cancel_all_has_a_result_per_order(trading: Api) -> None:
    for name in ("A1", "A2", "A3"):
        await trading.trade(client_order_id=name)
    trading.broker.script("cancel", Reject(code="1", text="no"))
    response = await trading.http.post("/orders/cancel-all", json={"connection_id": CONNECTION_ID})
    assert response.status_code == 200
    results = response.json()["results"]
    assert {result["client_order_id"] for result in results} == {"A1", "A2", "A3"}
    assert all(set(result) == {"client_order_id", "ok", "order", "code", "detail"} for result in results)


async def test_cancel_all_needs_no_body(trading: Api) -> None:
    await trading.trade(client_order_id="A1")
    response = await trading.http.post("/orders/cancel-all")
    assert [result["order"]["status"] for result in response.json()["results"]] == ["canceled"]


async def test_positions_are_shown_and_closed(trading: Api) -> None:
    await trading.trade(client_order_id="A1")
    trading.broker.fill("A1", "1", "100", fee="0.06")

    async def position() -> Json | None:
        positions = (await trading.http.get("/positions", params={"connection_id": CONNECTION_ID})).json()["positions"]
        return positions[0] if positions else None

    shown = await until(position, timeout_s=5, what="the position is there")
    assert shown is not None
    assert set(shown) == {
        "connection_id", "account_id", "instrument_id", "position_id", "side", "quantity", "quantity_unit",
        "average_price", "mark_price", "currency", "unrealized_pnl", "realized_pnl", "leverage", "take_profit",
        "stop_loss", "protection", "as_of",
    }  # fmt: skip
    assert (shown["side"], shown["quantity"], shown["average_price"]) == ("long", "1", "100")
    response = await trading.http.post("/positions/close", json={"connection_id": CONNECTION_ID})
    assert response.status_code == 200
    (result,) = response.json()["results"]
    assert result["ok"]
    assert (result["order"]["side"], result["order"]["quantity"]) == ("sell", "1")


async def test_fills_and_commissions_are_listed_newest_first_in_pages(trading: Api) -> None:
    await trading.trade(client_order_id="A1")
    for quantity in ("0.2", "0.3", "0.5"):
        trading.broker.fill("A1", quantity, "100", fee="0.01")

    async def is_filled() -> bool:
        return bool((await order_of(trading, "A1"))["status"] == "filled")

    await until(is_filled, timeout_s=5, what="A1 is filled")
    first = (await trading.http.get("/fills", params={"limit": 2, "client_order_id": "A1"})).json()
    second = (await trading.http.get("/fills", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [fill["quantity"] for fill in first["fills"] + second["fills"]] == ["0.5", "0.3", "0.2"]
    assert second["next_cursor"] is None
    assert set(first["fills"][0]) == {
        "trade_id", "client_order_id", "venue_order_id", "connection_id", "account_id", "instrument_id",
        "strategy_id", "side", "quantity", "price", "liquidity", "fee", "realized_pnl", "time",
    }  # fmt: skip
    ledger = (await trading.http.get("/ledger", params={"connection_id": CONNECTION_ID})).json()
    assert [(row["kind"], row["amount"]) for row in ledger["movements"]] == [("commission", "-0.01")] * 3


async def test_a_time_line_has_three_times_per_event(trading: Api) -> None:
    await trading.trade(client_order_id="A1")
    events = (await trading.http.get("/orders/A1/events")).json()["events"]
    assert [event["type"] for event in events][:2] == ["order_initialized", "order_submitted"]
    accepted = next(event for event in events if event["type"] == "order_accepted")
    assert None not in (accepted["recorded_at"], accepted["broker_time"], accepted["arrived_at"])
    assert events[0]["data"]["terms"]["quantity"] == "1"


async def test_orders_are_listed_in_pages_by_status(trading: Api) -> None:
    for name in ("A1", "A2", "A3"):
        await trading.trade(client_order_id=name)
    await trading.http.delete("/orders/A2")
    params = {"connection_id": CONNECTION_ID, "status": "open", "limit": "1"}
    first = (await trading.http.get("/orders/status", params=params)).json()
    second = (await trading.http.get("/orders/status", params={**params, "cursor": first["next_cursor"]})).json()
    assert [order["client_order_id"] for order in first["orders"] + second["orders"]] == ["A3", "A1"]
    assert second["next_cursor"] is None
    other = await trading.http.get("/orders/status", params={"client_order_id": "A1", "connection_id": "other"})
    assert_problem(other, 404, "not_found")


async def test_an_instrument_id_is_never_a_path(trading: Api) -> None:
    params = {"connection_id": CONNECTION_ID, "instrument_id": LINEAR_ID}
    (instrument,) = (await trading.http.get("/instruments", params=params)).json()["instruments"]
    assert set(instrument) == {
        "instrument_id", "connection_id", "venue_symbol", "product", "base", "quote", "settle", "quantity_unit",
        "multiplier", "tick_size", "price_bands", "lot_step", "min_quantity", "max_quantity", "min_notional",
        "sessions", "timezone",
    }  # fmt: skip
    unknown = await trading.http.get("/instruments", params={**params, "instrument_id": "A/B#.IBKR"})
    assert_problem(unknown, 404, "not_found")


async def test_a_denied_order_is_a_422_problem_that_carries_it(trading: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    accepted = order_after(initialized())
    denied = replace(accepted, status=OrderStatus.DENIED, denied=Denial(code="max_notional", text="too large"))

    async def deny(*_: object, **__: object) -> Placed:
        return Placed(order=denied)

    monkeypatch.setattr(trading.services.orders, "place", deny)
    response = await trading.trade()
    body = response.json()
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert set(body) == {"type", "title", "status", "detail", "code", "errors", "order"}
    assert (body["code"], body["detail"], body["order"]["status"]) == ("denied_by_risk", "too large", "denied")
    assert body["order"]["denied"] == {"code": "max_notional", "text": "too large"}
    assert set(body["order"]) == ORDER_FIELDS


async def test_children_are_orders_with_a_kind(trading: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = order_after(initialized())

    async def place(*_: object, **__: object) -> Placed:
        return Placed(order=parent, children=(replace(parent, client_order_id="C1", parent_id="ORDER-1"),))

    monkeypatch.setattr(trading.services.orders, "place", place)
    (child,) = (await trading.trade()).json()["children"]
    assert set(child) == ORDER_FIELDS | {"kind"}
    assert (child["kind"], child["parent_id"]) == ("order", "ORDER-1")


async def test_a_broker_that_closes_no_position_by_another_says_so_and_records_nothing(trading: Api) -> None:
    body = {"connection_id": CONNECTION_ID, "position_id": "1", "opposite_position_id": "2"}
    response = await trading.http.post("/positions/close-by", json=body)
    assert_problem(response, 501, "unsupported")
    assert "close each with an order" in response.json()["detail"]
    assert (await trading.http.get("/orders/status")).json()["orders"] == []
