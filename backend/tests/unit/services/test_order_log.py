"""What the log tells of an order: all of its steps under its id, and nothing while nothing happens."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from edgerunner.logs import configure_logs
from edgerunner.services.order_log import OrderLog
from tests.api.harness import CONNECTION_ID, LINEAR_ID, running_api
from tests.waiting import until

Line = dict[str, object]


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


async def test_a_search_for_an_orders_id_tells_its_story(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", as_json=True)
    order_log = OrderLog()
    order_log.start()
    async with running_api(tmp_path) as api:
        await api.connect()
        api.services.journal.add_listener(order_log.on_commit)
        response = await api.http.request(
            "POST", "/trade", json=_order("STORY-1"), headers={"X-Request-Id": "request-of-story-1"}
        )
        assert response.status_code == 201
        await api.trade(client_order_id="OTHER-2", quantity="2")
        api.broker.fill("STORY-1", "1", "100", fee="0.06")

        async def is_filled() -> bool:
            order = await api.services.journal.order("STORY-1")
            return order is not None and not order.is_open

        await until(is_filled, timeout_s=5, what="the order is filled")
    order_log.stop()
    lines: list[Line] = [json.loads(line) for line in capsys.readouterr().err.splitlines() if "STORY-1" in line]
    events = [line["event"] for line in lines]
    assert events[0] == "order_received"
    for event in ("order_submitted", "order_accepted", "order_filled"):
        assert events.count(event) == 1, events
    for line in lines:
        assert (line["client_order_id"], line["connection_id"]) == ("STORY-1", CONNECTION_ID)
        assert {"level", "timestamp", "actor"} <= set(line)
    received, filled = lines[0], next(line for line in lines if line["event"] == "order_filled")
    assert (received["request_id"], received["actor"]) == ("request-of-story-1", "api-key")
    assert filled["venue_order_id"] == api.broker.order("STORY-1").venue_order_id
    assert (filled["quantity"], filled["price"]) == ("1", "100")


async def test_a_task_that_outlives_its_request_is_not_named_after_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("info", as_json=True)
    async with running_api(tmp_path) as api:
        body = {"broker": "bybit", "environment": "demo", "connection_id": CONNECTION_ID}
        await api.http.post("/broker/connect", json=body, headers={"X-Request-Id": "made-the-connection"})
        capsys.readouterr()
        api.broker.link_down("cable cut")

        async def is_told() -> str | None:
            heard.append(capsys.readouterr().err)
            return next((line for text in heard for line in text.splitlines() if "cable cut" in line), None)

        heard: list[str] = []
        line = await until(is_told, timeout_s=5, what="the break is in the log")
    assert "request_id" not in json.loads(line)


def _order(client_order_id: str) -> Line:
    return {
        "connection_id": CONNECTION_ID,
        "instrument_id": LINEAR_ID,
        "side": "buy",
        "order_type": "limit",
        "quantity": "1",
        "price": "100",
        "client_order_id": client_order_id,
    }
