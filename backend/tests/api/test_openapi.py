"""The OpenAPI document: complete, honest, and unchanged without intent.

After an intended change ``PYTHONPATH=backend .venv/bin/python backend/tests/api/test_openapi.py`` writes the
new snapshot.
"""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from edgerunner.adapters.broker import Feed
from edgerunner.routes.channels import BOOK_CHANNELS
from tests.api.harness import running_api

SNAPSHOT = Path(__file__).with_name("openapi.json")
PUBLIC = {"/healthz", "/readyz", "/config.json", "/signals/{strategy_id}", "/auth/login", "/auth/refresh"}
PLACEHOLDER_VERSION = "0.0.0"

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]


async def make_document(folder: Path) -> Json:
    """Return the document with a version that does not change with every release."""
    async with running_api(folder) as api:
        document: Json = (await api.http.get("/openapi.json")).json()
    document["info"]["version"] = PLACEHOLDER_VERSION
    return document


def written(document: Json) -> str:
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def document(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Json]:
    yield await make_document(tmp_path_factory.mktemp("openapi"))


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


async def test_the_document_is_the_one_that_was_reviewed(document: Json) -> None:
    assert written(document) == SNAPSHOT.read_text(), "intended? See the head of this file."


async def test_every_call_of_the_contract_is_there(document: Json) -> None:
    assert {name for name, _ in operations(document)} == {
        "POST /broker/connect", "GET /broker/connections", "DELETE /broker/connections/{connection_id}",
        "GET /account/summary", "GET /positions", "POST /trade",
        "POST /trade/preview", "GET /orders/status",
        "DELETE /orders/{client_order_id}", "PATCH /orders/{client_order_id}", "POST /orders/cancel-all",
        "POST /positions/close", "GET /fills", "GET /ledger", "GET /orders/{client_order_id}/events",
        "GET /portfolio", "GET /account/history", "GET /instruments", "GET /market/ohlc", "GET /market/ticker",
        "GET /market/depth", "GET /market/funding", "GET /journal", "GET /metrics", "GET /healthz", "GET /readyz",
        "GET /config.json", "GET /risk", "PUT /risk/limits", "POST /risk/halt", "POST /risk/resume", "POST /risk/arm",
        "POST /risk/disarm", "GET /strategies/classes", "GET /strategies", "POST /strategies",
        "GET /strategies/{strategy_id}", "POST /strategies/{strategy_id}/start",
        "POST /strategies/{strategy_id}/pause", "POST /strategies/{strategy_id}/stop",
        "GET /strategies/{strategy_id}/log",
        "GET /datasets", "POST /datasets", "POST /datasets/download", "GET /datasets/{dataset_id}",
        "DELETE /datasets/{dataset_id}", "DELETE /datasets/{dataset_id}/download",
        "GET /account/settings", "POST /account/settings", "POST /positions/leverage",
        "POST /positions/trailing-stop", "DELETE /positions/trailing-stop", "POST /positions/close-by",
        "POST /signals/{strategy_id}", "GET /strategies/{strategy_id}/signals",
        "POST /strategies/{strategy_id}/signal-secret", "POST /backtest/run", "GET /backtest/runs",
        "GET /backtest/runs/{run_id}", "DELETE /backtest/runs/{run_id}", "GET /backtest/runs/{run_id}/trades",
        "GET /backtest/runs/{run_id}/equity", "GET /backtest/runs/{run_id}/refusals",
        "GET /backtest/runs/{run_id}/report",
        "GET /experts", "GET /experts/terminals", "POST /experts/launch",
        "POST /experts/{expert_id}/message", "POST /experts/{expert_id}/stop", "POST /experts/backtest",
        "GET /experts/backtests", "GET /experts/backtests/{run_id}", "DELETE /experts/backtests/{run_id}",
        "POST /auth/login", "POST /auth/refresh", "POST /auth/logout", "GET /auth/me", "POST /auth/password",
        "POST /auth/totp", "POST /auth/totp/confirm", "POST /auth/totp/remove", "POST /auth/stream-ticket",
        "GET /users", "POST /users", "PATCH /users/{user}", "DELETE /users/{user}",
        "GET /api-keys", "POST /api-keys", "DELETE /api-keys/{key_id}", "GET /audit",
    }  # fmt: skip


async def test_every_operation_declares_its_errors_with_examples(document: Json) -> None:
    for name, operation in operations(document):
        assert operation["tags"], name
        assert operation["description"], name
        for status, response in operation["responses"].items():
            if int(status) < 400 or (name, status) == ("GET /readyz", "503"):
                continue
            content = response["content"]["application/problem+json"]
            assert content["examples"] or "DeniedProblem" in str(content["schema"]), (name, status)
        assert {"401", "403", "422", "500"} <= set(operation["responses"]), name


async def test_only_the_public_paths_are_without_the_key(document: Json) -> None:
    assert document["security"] == [{"api_key": []}, {"access_token": []}]
    public = {name.split()[1] for name, operation in operations(document) if operation.get("security") == []}
    assert public == PUBLIC


async def test_every_request_body_has_examples(document: Json) -> None:
    for name, operation in operations(document):
        if "requestBody" in operation:
            for content in operation["requestBody"]["content"].values():
                assert content["examples"], name


async def test_prices_and_quantities_are_strings_everywhere(document: Json) -> None:
    numbers = {"sequence", "seq", "latency_ms", "age_s", "depth_levels", "open_minute", "close_minute", "status"}
    numbers |= {"rows", "bytes", "progress", "gaps", "missing", "missing_bars", "breaks", "off_grid", "zero_volume"}
    numbers |= {"spread_negative", "spread_unknown", "outliers", "same_time"}
    numbers |= {"keep_old_s", "seed", "progress", "bars_held"}
    numbers |= {"minutes", "max_open_orders", "max_orders_per_second", "orders_last_second"}
    numbers |= {"orders", "open_orders", "fills", "trades", "winning_trades"}
    numbers |= {"login", "build", "process_id", "exit_code", "leverage", "execution_delay_ms", "timeout_s"}
    numbers |= {"hello_timeout_s"}
    for name, schema in document["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            kinds = {part.get("type") for part in described.get("anyOf", [described])}
            if kinds & {"number", "integer"}:
                assert field in numbers | {"from_seq"}, f"{name}.{field}"


async def test_answers_require_every_field(document: Json) -> None:
    for name, schema in document["components"]["schemas"].items():
        if name.endswith(("Answer", "Problem", "Page", "List", "Message")) and "properties" in schema:
            assert set(schema["required"]) == set(schema["properties"]), name


async def test_the_stream_messages_are_exported(document: Json) -> None:
    names = {"AuthenticateOperation", "SubscribeOperation", "UnsubscribeOperation", "AckMessage", "ErrorMessage"}
    assert names | {"ChannelMessage"} <= set(document["components"]["schemas"])


async def test_the_data_of_every_channel_has_a_schema(document: Json) -> None:
    channels = document["x-stream-channels"]
    assert set(channels) == {*BOOK_CHANNELS, *Feed}
    for reference in channels.values():
        assert reference["$ref"].removeprefix("#/components/schemas/") in document["components"]["schemas"]
    assert "AlertAnswer" in document["components"]["schemas"]


if __name__ == "__main__":
    import asyncio
    import tempfile

    with tempfile.TemporaryDirectory() as temporary:
        SNAPSHOT.write_text(written(asyncio.run(make_document(Path(temporary)))))
