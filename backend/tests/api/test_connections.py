"""Connections over HTTP."""

from dataclasses import replace
from pathlib import Path

from edgerunner.adapters.broker import LinkHealth, LinkStatus
from edgerunner.domain.errors import BrokerTimeout, BrokerUnreachable
from edgerunner.schemas.scalars import format_time
from edgerunner.services.alert_service import AlertLevel
from tests.api.harness import CONNECTION_ID, Api, running_api
from tests.api.test_errors import assert_problem
from tests.fakes.broker import FakeBroker
from tests.waiting import until

CONNECTION_FIELDS = {
    "connection_id", "broker", "environment", "execution", "status", "accounts", "health", "capabilities",
    "last_error", "connected_at",
}  # fmt: skip


async def test_a_connection_is_made_listed_and_deleted(api: Api) -> None:
    made = await api.connect()
    assert set(made) == CONNECTION_FIELDS
    assert made["status"] == "connected"
    assert set(made["accounts"][0]) == {"account_id", "mode", "currency", "live"}
    assert set(made["health"]) == {"data", "orders"}
    assert set(made["health"]["data"]) == {"status", "since", "latency_ms"}
    assert (await api.http.get("/broker/connections")).json() == {"connections": [made]}
    deleted = await api.http.delete(f"/broker/connections/{CONNECTION_ID}")
    assert (deleted.status_code, deleted.json()["status"]) == (200, "disconnected")
    assert (await api.http.get("/broker/connections")).json() == {"connections": []}
    assert_problem(await api.http.delete(f"/broker/connections/{CONNECTION_ID}"), 404, "not_found")


async def test_an_id_in_use_is_a_conflict(trading: Api) -> None:
    body = {"broker": "bybit", "environment": "demo", "connection_id": CONNECTION_ID}
    assert_problem(await trading.http.post("/broker/connect", json=body), 409, "conflict")


async def test_wrong_credentials_are_refused_and_never_shown(api: Api) -> None:
    body = {"broker": "bybit", "environment": "demo", "credentials": {"api_key": "canary-key", "api_secret": "wrong"}}
    response = await api.http.post("/broker/connect", json=body)
    assert_problem(response, 422, "broker_auth_failed")
    assert "canary" not in response.text
    assert (await api.http.get("/broker/connections")).json() == {"connections": []}


async def test_a_wrong_credential_field_is_named_without_its_value(api: Api) -> None:
    body = {"broker": "bybit", "environment": "demo", "credentials": {"api_key": ["canary-key"]}}
    response = await api.http.post("/broker/connect", json=body)
    assert_problem(response, 422, "validation_error", "credentials.api_key")
    assert "canary" not in response.text


async def test_an_unreachable_broker_is_a_502_and_a_silent_one_a_504(api: Api) -> None:
    body = {"broker": "bybit", "environment": "demo"}
    api.broker.script("connect", BrokerUnreachable("nothing listens there"), BrokerTimeout("no answer in 10 s"))
    assert_problem(await api.http.post("/broker/connect", json=body), 502, "broker_unreachable")
    assert_problem(await api.http.post("/broker/connect", json=body), 504, "broker_timeout")


async def test_what_this_version_cannot_do_is_unsupported(api: Api) -> None:
    for body in (
        {"broker": "ibkr", "environment": "paper"},
        {"broker": "ibkr", "environment": "paper", "execution": "local"},
    ):
        assert_problem(await api.http.post("/broker/connect", json=body), 501, "unsupported")


async def test_live_is_off_unless_switched_on(api: Api) -> None:
    body = {"broker": "bybit", "environment": "live"}
    assert_problem(await api.http.post("/broker/connect", json=body), 403, "live_not_allowed")


async def test_local_execution_on_live_prices_needs_no_permission_and_says_what_it_is(api: Api) -> None:
    body = {"broker": "bybit", "environment": "live", "execution": "local"}
    response = await api.http.post("/broker/connect", json=body)
    assert response.status_code == 201, response.text
    made = response.json()
    assert (made["connection_id"], made["environment"], made["execution"]) == ("bybit-live-local", "live", "local")
    assert [account["live"] for account in made["accounts"]] == [False]
    summary = (await api.http.get("/account/summary", params={"connection_id": "bybit-live-local"})).json()
    assert {account["execution"] for account in summary["accounts"]} == {"local"}
    alert = api.services.alerts.raise_alert(AlertLevel.INFO, "test", "look here", "bybit-live-local")
    assert alert.execution == "local"


async def test_unknown_words_are_refused_by_field(api: Api) -> None:
    wrong = {"broker": "nasdaq", "environment": "dream", "execution": "psychic", "colour": "red"}
    body = assert_problem(await api.http.post("/broker/connect", json=wrong), 422, "validation_error")
    assert {item["field"] for item in body["errors"]} == set(wrong)


async def test_since_of_a_link_is_when_its_status_changed_not_when_its_latency_was_measured(trading: Api) -> None:
    async def data_link() -> dict[str, object]:
        (connection,) = (await trading.http.get("/broker/connections")).json()["connections"]
        return dict(connection["health"]["data"])

    async def is_down() -> bool:
        return (await data_link())["status"] == "down"

    async def is_measured() -> bool:
        return (await data_link())["latency_ms"] == 12.5

    before = await data_link()
    later_ns = trading.broker.clock.now_ns() + 60_000_000_000
    up = LinkHealth(link="data", status=LinkStatus.UP, latency_ms=12.5, reason=None, ts_ns=later_ns)
    trading.broker.push(up)
    await until(is_measured, timeout_s=5, what="the latency shows")
    assert (await data_link())["since"] == before["since"]
    trading.broker.push(replace(up, status=LinkStatus.DOWN))
    await until(is_down, timeout_s=5, what="the link shows as down")
    assert (await data_link())["since"] == format_time(later_ns)


async def test_since_of_a_connection_that_is_not_restored_yet_stands_still(tmp_path: Path) -> None:
    async with running_api(tmp_path) as first:
        await first.connect()
    broker = FakeBroker()
    broker.script("connect", BrokerUnreachable("nothing listens there"))
    async with running_api(tmp_path, broker=broker) as again:
        first_answer = (await again.http.get("/broker/connections")).json()["connections"][0]
        broker.clock.advance(60)
        later_answer = (await again.http.get("/broker/connections")).json()["connections"][0]
    assert later_answer["health"]["orders"]["since"] == first_answer["health"]["orders"]["since"]
