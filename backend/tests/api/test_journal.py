"""The journal, exported."""

import csv
import io
import json

import pytest

from tests.api.harness import Api
from tests.api.test_errors import assert_problem


async def exported(api: Api, **parameters: object) -> bytes:
    response = await api.http.get("/journal", params={name: str(value) for name, value in parameters.items()})
    assert response.status_code == 200, response.text
    return response.content


async def test_an_empty_journal_is_a_whole_document(api: Api) -> None:
    assert json.loads(await exported(api)) == {"events": []}
    assert (await exported(api, format="csv")).count(b"\n") == 1


async def test_json_and_csv_say_the_same(trading: Api) -> None:
    await trading.trade(client_order_id="A1")
    await trading.http.delete("/orders/A1")
    events = json.loads(await exported(trading))["events"]
    rows = list(csv.DictReader(io.StringIO((await exported(trading, format="csv")).decode())))
    assert [row["type"] for row in rows] == [event["type"] for event in events]
    assert [json.loads(row["data"]) for row in rows] == [event["data"] for event in events]
    assert [int(row["seq"]) for row in rows] == list(range(1, len(events) + 1))


async def test_parquet_says_the_same(trading: Api) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    await trading.trade(client_order_id="A1")
    events = json.loads(await exported(trading))["events"]
    table = parquet.read_table(io.BytesIO(await exported(trading, format="parquet"))).to_pylist()
    assert [row["event_id"] for row in table] == [event["event_id"] for event in events]
    assert [row["seq"] for row in table] == [event["seq"] for event in events]


async def test_parquet_without_its_package_is_unsupported_with_the_remedy(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgerunner.routes.journal_export.find_spec", lambda _: None)
    response = await api.http.get("/journal", params={"format": "parquet"})
    assert "pyarrow" in assert_problem(response, 501, "unsupported")["detail"]


async def test_an_export_goes_on_where_it_ended(trading: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgerunner.routes.journal_export.PAGE", 2)
    for name in ("A1", "A2", "A3"):
        await trading.trade(client_order_id=name)
    everything = json.loads(await exported(trading))["events"]
    first = json.loads(await exported(trading, limit=3))["events"]
    rest = json.loads(await exported(trading, after_seq=first[-1]["seq"]))["events"]
    assert len(first) == 3
    assert first + rest == everything


async def test_a_journal_that_cannot_be_read_is_an_error_and_no_half_answer(
    trading: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgerunner.domain.errors import JournalUnavailable

    async def fail(*_: object) -> None:
        raise JournalUnavailable("the disk is gone")

    await trading.trade()
    monkeypatch.setattr(trading.services.journal, "export", fail)
    assert_problem(await trading.http.get("/journal"), 503, "journal_unavailable")
