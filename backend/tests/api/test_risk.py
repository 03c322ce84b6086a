"""Limits, halts and the arming of live accounts over HTTP, on the real order path."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner.adapters.broker import PositionReport
from edgerunner.domain.accounts import AccountSummary
from tests.api.harness import CONNECTION_ID, LINEAR_ID, Api, Json, order_body, running_api
from tests.api.test_errors import assert_problem
from tests.fakes.broker import FakeBroker
from tests.fakes.broker_records import ACCOUNT_ID, flat_position
from tests.waiting import until

ACCOUNT_SCOPE = f"account:{CONNECTION_ID}:{ACCOUNT_ID}"


async def denied(api: Api, **changes: object) -> str:
    """Place an order that must be denied; return the code."""
    response = await api.trade(**changes)
    assert response.status_code == 422, response.text
    body = response.json()
    assert body["code"] == "denied_by_risk"
    order = body["order"]
    assert order["status"] == "denied"
    stored = await api.http.get("/orders/status", params={"client_order_id": order["client_order_id"]})
    assert stored.json()["orders"] == [order]
    assert api.broker.placements[order["client_order_id"]] == 0
    return str(order["denied"]["code"])


async def risk(api: Api) -> Json:
    response = await api.http.get("/risk")
    assert response.status_code == 200
    return dict(response.json())


async def limit(api: Api, scope: str = "all", **limits: object) -> Json:
    response = await api.http.put("/risk/limits", json={"scope": scope, "limits": limits})
    assert response.status_code == 200, response.text
    return dict(response.json())


def position(quantity: str) -> PositionReport:
    return replace(flat_position(ACCOUNT_ID, LINEAR_ID, "net"), quantity=Decimal(quantity))


def summary(equity: str) -> AccountSummary:
    return AccountSummary(
        account_id=ACCOUNT_ID,
        currency="USDT",
        balance=Decimal(equity),
        equity=Decimal(equity),
        margin_initial=None,
        margin_maintenance=None,
        margin_available=None,
        unrealized_pnl=None,
        realized_pnl=None,
        balances=(),
        as_of_ns=0,
    )


async def test_a_halt_denies_new_orders_and_lets_cancels_pass(trading: Api) -> None:
    working = (await trading.trade(client_order_id="W")).json()["order"]
    answer = await trading.http.post("/risk/halt", json={"scope": "all", "cancel_orders": False, "reason": "test"})
    assert answer.status_code == 200
    assert answer.json() == {
        "scope": "all",
        "state": "halted",
        "steps": [{"step": "halt", "ok": True, "detail": None, "results": []}],
    }
    assert await denied(trading) == "halted"
    patched = await trading.http.patch("/orders/W", json={"price": "99"})
    assert_problem(patched, 422, "denied_by_risk")
    assert patched.json()["errors"][0]["code"] == "halted"
    canceled = await trading.http.delete(f"/orders/{working['client_order_id']}")
    assert canceled.json()["order"]["status"] == "canceled"


async def test_the_kill_switch_halts_cancels_and_flattens_with_a_result_each(trading: Api) -> None:
    await trading.trade(client_order_id="W")
    trading.broker.set_position(position("2"))
    await until(lambda: _has_position(trading), timeout_s=5, what="the position is known")
    body = {"scope": f"connection:{CONNECTION_ID}", "flatten": True}
    steps = (await trading.http.post("/risk/halt", json=body)).json()["steps"]
    assert [(step["step"], step["ok"]) for step in steps] == [
        ("halt", True),
        ("cancel_orders", True),
        ("flatten", True),
    ]
    (canceled,) = steps[1]["results"]
    assert (canceled["client_order_id"], canceled["order"]["status"]) == ("W", "canceled")
    (closed,) = steps[2]["results"]
    assert (closed["order"]["side"], closed["order"]["quantity"]) == ("sell", "2")
    assert await denied(trading) == "halted"


async def _has_position(api: Api) -> bool:
    return bool(api.services.connections.session(CONNECTION_ID).positions)


async def test_cancel_and_flatten_work_before_the_book_is_reconciled(trading: Api) -> None:
    await trading.trade(client_order_id="W")
    trading.broker.set_position(position("2"))
    session = trading.services.connections.session(CONNECTION_ID)
    await until(lambda: _has_position(trading), timeout_s=5, what="the position is known")
    session.is_reconciled = False
    steps = (await trading.http.post("/risk/halt", json={"flatten": True})).json()["steps"]
    assert [step["ok"] for step in steps] == [True, True, True]


async def test_a_halt_and_limits_survive_the_process(tmp_path: Path) -> None:
    broker = FakeBroker()
    async with running_api(tmp_path, broker=broker) as api:
        await api.connect()
        await api.http.post("/risk/halt", json={"scope": ACCOUNT_SCOPE})
        await limit(api, ACCOUNT_SCOPE, max_open_orders=3)
    async with running_api(tmp_path, broker=FakeBroker()) as api:
        await until(lambda: _is_ready(api), timeout_s=10, what="the connection is back")
        assert await denied(api) == "halted"
        resumed = await api.http.post("/risk/resume", json={"scope": ACCOUNT_SCOPE})
        assert resumed.json()["limits"]["max_open_orders"] == 3
        assert (await api.trade()).status_code == 201


async def _is_ready(api: Api) -> bool:
    views = api.services.connections.views()
    return bool(views) and all(view.status == "connected" for view in views)


async def test_a_denied_order_uses_its_key_up(trading: Api) -> None:
    await trading.http.post("/risk/halt")
    headers = {"Idempotency-Key": "k"}
    first = await trading.http.post("/trade", json=order_body(), headers=headers)
    await trading.http.post("/risk/resume")
    second = await trading.http.post("/trade", json=order_body(), headers=headers)
    assert (first.status_code, second.status_code) == (422, 422)
    assert first.json()["order"] == second.json()["order"]


async def test_scopes_add_up_and_the_strictest_limit_holds(trading: Api) -> None:
    await limit(trading, "all", max_order_quantity="5", max_quote_age_s="10")
    await limit(trading, f"connection:{CONNECTION_ID}", max_order_quantity="2")
    assert await denied(trading, quantity="3") == "order_quantity"
    await limit(trading, f"connection:{CONNECTION_ID}")
    assert (await trading.trade(quantity="3")).status_code == 201
    assert await denied(trading, quantity="6") == "order_quantity"
    shown = await risk(trading)
    assert shown["limits"]["max_order_quantity"] == "5"
    assert {scope["scope"] for scope in shown["scopes"]} == {"all", f"connection:{CONNECTION_ID}"}


async def test_many_orders_at_once_do_not_pass_a_limit_together(trading: Api) -> None:

    await limit(trading, "all", max_open_orders=5)
    answers = await asyncio.gather(*(trading.trade() for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [422] * 15
    assert sum(trading.broker.placements.values()) == 5


async def test_a_stale_price_refuses_new_risk_and_a_fresh_one_takes_it(trading: Api) -> None:
    del trading.broker.tickers[LINEAR_ID]
    assert await denied(trading, order_type="market", price=None) == "no_quote"
    trading.broker.quote(LINEAR_ID, "100")
    assert (await trading.trade(order_type="market", price=None)).status_code == 201


async def test_a_price_far_beyond_the_market_is_a_mistake(trading: Api) -> None:
    assert await denied(trading, price="111") == "price_collar"
    assert (await trading.trade(price="50")).status_code == 201
    assert await denied(trading, price="50", side="sell") == "price_collar"


async def test_a_daily_loss_leaves_only_exits_until_it_is_resumed(trading: Api) -> None:
    await limit(trading, "all", max_daily_loss="100")
    trading.broker.set_summary(summary("1000"))
    await until(lambda: _day_start_is(trading, "0"), timeout_s=10, what="the day's start is known")
    trading.broker.set_summary(summary("900"))
    await until(lambda: _state_is(trading, "reducing"), timeout_s=10, what="the loss is seen")
    assert await denied(trading) == "reducing"
    (use,) = (await risk(trading))["use"]
    assert (use["daily_loss"], use["equity"], use["drawdown"]) == ("100", "900", "0.1")
    await limit(trading, "all", max_daily_loss="500")
    await trading.http.post("/risk/resume", json={"scope": ACCOUNT_SCOPE})
    assert (await trading.trade()).status_code == 201


async def _day_start_is(api: Api, loss: str) -> bool:
    return all(use["daily_loss"] == loss for use in (await risk(api))["use"])


async def _state_is(api: Api, state: str) -> bool:
    return all(use["state"] == state for use in (await risk(api))["use"])


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/risk/halt", {"scope": "everything"}, "scope"),
        ("/risk/halt", {"scope": "all", "flaten": True}, "flaten"),
        ("/risk/halt", {"cancel_orders": "yes"}, "cancel_orders"),
        ("/risk/resume", {"scope": "account:x"}, "scope"),
        ("/risk/arm", {"connection_id": CONNECTION_ID, "account_id": ACCOUNT_ID, "confirm": ACCOUNT_ID}, "account_id"),
    ],
)
async def test_wrong_requests_are_refused_by_field(trading: Api, path: str, body: Json, field: str) -> None:
    response = await trading.http.post(path, json=body)
    assert_problem(response, 422, "validation_error")
    assert response.json()["errors"][0]["field"] == field


async def test_limits_are_plain_decimals_above_zero(trading: Api) -> None:
    for value in (0.1, "1e3", "-1", "0"):
        response = await trading.http.put("/risk/limits", json={"limits": {"price_collar": value}})
        assert_problem(response, 422, "validation_error")
        assert response.json()["errors"][0]["field"] == "limits.price_collar"


async def test_an_unknown_connection_is_not_halted_in_silence(trading: Api) -> None:
    assert_problem(await trading.http.post("/risk/halt", json={"scope": "connection:nobody"}), 404, "not_found")


@asynccontextmanager
async def live_api(folder: Path) -> AsyncIterator[Api]:
    broker = FakeBroker()
    broker.accounts = tuple(replace(account, is_live=True) for account in broker.accounts)
    async with running_api(folder, broker=broker, allow_live=True) as api:
        await api.connect(environment="live", credentials={"api_key": "k", "api_secret": "s"})
        yield api


async def test_a_live_account_trades_only_while_it_is_armed(tmp_path: Path) -> None:
    async with live_api(tmp_path) as api:
        assert_problem(await api.trade(client_order_id="A"), 403, "live_not_allowed")
        assert_problem(await api.http.get("/orders/status", params={"client_order_id": "A"}), 404, "not_found")
        arm = {"connection_id": CONNECTION_ID, "account_id": ACCOUNT_ID, "confirm": "yes", "minutes": 5}
        refused = await api.http.post("/risk/arm", json=arm)
        assert_problem(refused, 422, "validation_error")
        assert refused.json()["errors"][0]["field"] == "confirm"
        armed = await api.http.post("/risk/arm", json={**arm, "confirm": ACCOUNT_ID})
        assert armed.status_code == 200
        assert (await api.trade(client_order_id="A")).status_code == 201
        assert (await risk(api))["armed"] == [armed.json()]
        api.broker.clock.advance(5 * 60)
        assert_problem(await api.trade(client_order_id="B"), 403, "live_not_allowed")
        assert_problem(await api.http.patch("/orders/A", json={"price": "99"}), 403, "live_not_allowed")
        assert (await api.http.delete("/orders/A")).status_code == 200
        assert (await risk(api))["armed"] == []


async def test_disarming_ends_it_at_once_and_getting_out_needs_no_arming(tmp_path: Path) -> None:
    async with live_api(tmp_path) as api:
        body = {"connection_id": CONNECTION_ID, "account_id": ACCOUNT_ID}
        await api.http.post("/risk/arm", json={**body, "confirm": ACCOUNT_ID})
        assert (await api.http.post("/risk/disarm", json=body)).json()["armed"] == []
        assert_problem(await api.trade(), 403, "live_not_allowed")
        api.broker.set_position(position("2"))
        await until(lambda: _has_position(api), timeout_s=5, what="the position is known")
        closed = await api.http.post("/positions/close", json={"connection_id": CONNECTION_ID})
        assert closed.json()["results"][0]["ok"] is True
