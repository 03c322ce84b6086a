"""Health, metrics, configuration and pages."""

import asyncio

import pytest

from edgerunner.domain.errors import BrokerUnreachable, JournalUnavailable
from edgerunner.routes import operations
from edgerunner.routes.operations import JournalProbe
from tests.api.harness import CONNECTION_ID, Api
from tests.waiting import until


async def test_ready_without_connections_and_with_a_reconciled_one(api: Api) -> None:
    assert (await api.http.get("/readyz")).json() == {"ready": True, "reasons": []}
    await api.connect()
    assert (await api.http.get("/readyz")).status_code == 200


async def test_not_ready_while_a_connection_has_no_link_and_says_why(trading: Api) -> None:
    trading.broker.script("get_open_orders", *[BrokerUnreachable("no route") for _ in range(5)])
    trading.broker.link_down("cable cut")

    async def is_down() -> bool:
        return (await trading.http.get("/readyz")).status_code == 503

    await until(is_down, timeout_s=5, what="readyz says no")
    body = (await trading.http.get("/readyz")).json()
    assert body["ready"] is False
    (reason,) = body["reasons"]
    assert (reason["code"], reason["connection_id"]) == ("not_connected", CONNECTION_ID)
    assert "cable cut" in reason["detail"]


async def test_not_ready_while_the_journal_takes_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise JournalUnavailable("another process owns this journal")

    monkeypatch.setattr(api.services.journal, "append", fail)
    response = await api.http.get("/readyz")
    assert response.status_code == 503
    assert response.json()["reasons"] == [
        {"code": "journal_unavailable", "detail": "another process owns this journal", "connection_id": None}
    ]


async def test_not_ready_while_the_disk_is_nearly_full(api: Api) -> None:
    probe = JournalProbe(api.services.journal, lambda: 20 * 1024 * 1024)
    assert [(reason.code, reason.connection_id) for reason in await probe.reasons()] == [("disk_full", None)]


async def test_not_ready_while_the_journal_does_not_answer(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(operations, "PROBE_TIMEOUT_S", 0.01)
    monkeypatch.setattr(api.services.journal, "append", hang)
    (reason,) = (await api.http.get("/readyz")).json()["reasons"]
    assert reason["code"] == "journal_unavailable"
    assert "did not answer" in reason["detail"]
    assert (await api.http.get("/healthz")).status_code == 200  # alive all the same


async def test_metrics_count_requests_by_route_and_show_the_state(trading: Api) -> None:
    await trading.http.get("/orders/A1/events")
    await trading.http.request("BREW", "/coffee")
    await trading.trade()
    text = (await trading.http.get("/metrics")).text
    assert (
        'edgerunner_http_requests_total{method="GET",path="/orders/{client_order_id}/events",status="404"} 1.0' in text
    )
    assert 'edgerunner_http_requests_total{method="other",path="unmatched",status="404"} 1.0' in text
    assert f'edgerunner_connection_status{{connection_id="{CONNECTION_ID}",status="connected"}} 1.0' in text
    assert "edgerunner_orders_open 1.0" in text


async def test_the_pages_load_nothing_and_run_no_script(api: Api) -> None:
    for path in ("/", "/app/orders", "/docs"):
        response = await api.http.get(path)
        assert response.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert "<script" not in response.text
        assert "http://" not in response.text
        assert "https://" not in response.text


async def test_the_docs_show_every_call_and_every_code(api: Api) -> None:
    page = (await api.http.get("/docs")).text
    document = (await api.http.get("/openapi.json")).json()
    for path in document["paths"]:
        assert path in page
    assert 'id="idempotency_conflict"' in page


async def test_the_configuration_tells_a_screen_where_everything_is(api: Api) -> None:
    config = (await api.http.get("/config.json")).json()
    assert config["stream_path"] == "/ws/broker"
    assert (config["base_currency"], config["live_allowed"]) == ("USD", False)


async def test_an_answer_carries_the_name_of_its_request_or_one_of_our_own(api: Api) -> None:
    named = await api.http.get("/orders/A1/events", headers={"X-Request-Id": "desk-7.3"})
    assert named.headers["X-Request-Id"] == "desk-7.3"
    for harmful in ("a b", "x" * 65, "<script>", "a\tb"):
        made = (await api.http.get("/healthz", headers={"X-Request-Id": harmful})).headers["X-Request-Id"]
        assert len(made) == 32
        assert made != harmful
