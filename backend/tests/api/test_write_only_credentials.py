"""Credentials go in and never come out: no answer, export, stream or error shows them."""

import json

import pytest

from edgerunner.routes.journal_export import COLUMNS
from tests.api.harness import CONNECTION_ID, LINEAR_ID, Api
from tests.canary import CREDENTIALS, leaks_in

SECRETS = frozenset(CREDENTIALS.values())
VALUES = {
    "connection_id": CONNECTION_ID,
    "instrument_id": LINEAR_ID,
    "timeframe": "1m",
    "client_order_id": "one",
    "strategy_id": "one",
    "limit": "5",
}


def calls_that_read(api: Api) -> list[tuple[str, dict[str, str]]]:
    """Every GET of the document, its path and query filled in as far as we know values."""
    found = []
    for path, operations in api.app.openapi()["paths"].items():
        if "get" in operations:
            query = {name: VALUES[name] for name in _query_names(operations["get"]) if name in VALUES}
            found.append((path.format_map(_Values()), query))
    return found


class _Values(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return VALUES.get(name, "01ARZ3NDEKTSV4RRFFQ69G5FAV")


def _query_names(operation: dict[str, list[dict[str, str]]]) -> list[str]:
    return [parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"]


async def test_no_call_that_reads_shows_a_credential(trading: Api) -> None:
    await trading.trade(client_order_id="one")
    statuses = []
    for path, query in calls_that_read(trading):
        answer = await trading.http.get(path, params=query)
        shown = answer.content + repr(answer.headers).encode()
        assert not list(leaks_in(shown, SECRETS)), path
        statuses.append(answer.status_code)
    assert len(statuses) > 40
    assert statuses.count(200) > 20


@pytest.mark.parametrize("form", ["json", "csv", "parquet"])
async def test_no_export_shows_a_credential(trading: Api, form: str) -> None:
    await trading.trade(client_order_id="one")
    answer = await trading.http.get("/journal", params={"format": form})
    assert answer.status_code == 200
    assert not list(leaks_in(answer.content, SECRETS))


async def test_no_channel_shows_a_credential(trading: Api) -> None:
    topics = trading.app.state.topics
    for name in ("orders", "fills", "positions", "account", "pnl", "connections", "strategies", "alerts", "risk"):
        channel = await topics.acquire(name)
        assert not list(leaks_in(repr(vars(channel)).encode(), SECRETS)), name
        await topics.release(name)


async def test_a_refused_connection_does_not_repeat_what_was_sent(trading: Api) -> None:
    for credentials in ({**CREDENTIALS, "api_secret": "wrong"}, {**CREDENTIALS, "odd": ["x"]}):
        body = {"broker": "bybit", "environment": "demo", "connection_id": "second", "credentials": credentials}
        answer = await trading.http.post("/broker/connect", json=body)
        assert answer.status_code == 422
        assert not list(leaks_in(answer.content, SECRETS))


async def test_an_exported_text_is_no_formula(trading: Api) -> None:
    assert (await trading.trade(client_order_id="-1-2")).status_code == 201
    lines = (await trading.http.get("/journal", params={"format": "csv"})).text.splitlines()
    place = COLUMNS.index("client_order_id")
    ids = {line.split(",")[place] for line in lines[1:]}
    assert "'-1-2" in ids
    events = json.loads((await trading.http.get("/journal", params={"format": "json"})).text)["events"]
    assert "-1-2" in {event["client_order_id"] for event in events}
