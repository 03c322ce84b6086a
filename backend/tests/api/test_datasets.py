"""Datasets over HTTP: uploads of every temper, downloads, and no path of the server anywhere."""

import gzip
import os
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from edgerunner.domain.market import Bar, Timeframe
from edgerunner.services.dataset_service import DatasetService
from edgerunner.storage.market_files.byte_source import Limits
from tests.api.harness import BASE_URL, CONNECTION_ID, LINEAR_ID, Api, running_api
from tests.waiting import until

GOOD = b"time,open,high,low,close,volume\n1704067200000,100,102,99,101,5\n1704067260000,101,103,100,102,6\n"
FIELDS = {"instrument_id": "EURUSD.MT5"}
MINUTE_NS = 60_000_000_000
UNKNOWN_ID = "01JD8Z4K3V7Q2M5N9R1T6W8X0Y"

Json = dict[str, Any]


async def upload(api: Api, content: bytes = GOOD, file_name: str = "bars.csv", **fields: str) -> httpx.Response:
    return await api.http.post("/datasets", files={"file": (file_name, content)}, data={**FIELDS, **fields})


async def stored(api: Api) -> list[Json]:
    found: list[Json] = (await api.http.get("/datasets")).json()["datasets"]
    return found


async def refused(api: Api, response: httpx.Response, status: int, code: str, field: str | None = None) -> Json:
    """Assert that a request was refused in this way and that nothing was stored."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    problem: Json = response.json()
    assert problem["code"] == code
    if field is not None:
        assert field in [error["field"] for error in problem["errors"]], problem
    assert await stored(api) == []
    return problem


async def test_an_upload_becomes_a_dataset(api: Api) -> None:
    response = await upload(api, file_name="EURUSD_M1.csv")
    assert response.status_code == 201, response.text
    dataset = response.json()
    assert dataset["rows"] == 2
    assert (dataset["start"], dataset["end"]) == ("2024-01-01T00:00:00.000000Z", "2024-01-01T00:01:00.000000Z")
    assert (dataset["kind"], dataset["timeframe"], dataset["name"]) == ("bars", "1m", "EURUSD_M1.csv")
    assert dataset["source"]["bytes"] == len(GOOD)
    assert dataset["checks"]["gaps"] == 0
    assert dataset["download"] is None
    assert await stored(api) == [dataset]
    assert (await api.http.get(f"/datasets/{dataset['dataset_id']}")).json() == dataset
    deleted = await api.http.delete(f"/datasets/{dataset['dataset_id']}")
    assert (deleted.status_code, deleted.json()) == (200, dataset)
    assert await stored(api) == []


async def test_the_fields_of_an_upload_are_heeded(api: Api) -> None:
    content = gzip.compress(b"<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
                            b"2024.07.01\t03:00:00\t1.10000\t1.10020\t1.09990\t1.10010\t5\t0\t12\n"
                            b"2024.07.01\t03:00:00\t1.10000\t1.10020\t1.09990\t1.10010\t5\t0\t12\n"
                            b"2024.07.01\t04:00:00\t1.10010\t1.10030\t1.10000\tx\t6\t0\t8\n")  # fmt: skip
    response = await upload(
        api, content, name="My name", timeframe="1h", timezone="Europe/Athens", format="mt5",
        repairs="skip_bad_rows,drop_duplicates",
    )  # fmt: skip
    assert response.status_code == 201, response.text
    dataset = response.json()
    assert dataset["start"] == "2024-07-01T00:00:00.000000Z"
    assert dataset["timezone"] == "Europe/Athens"
    assert {"what": "dropped as repeated", "rows": 1} in dataset["repaired"]
    assert {"what": "skipped: close not_a_number", "rows": 1} in dataset["repaired"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"instrument_id": ""}, "instrument_id"),
        ({"instrument_id": "EURUSD"}, "instrument_id"),
        ({"unknown": "1"}, "unknown"),
        ({"path": "/etc/passwd"}, "path"),
        ({"timeframe": "7m"}, "timeframe"),
        ({"timeframe": "1h"}, "time"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"timezone": "Europe/Athens"}, "timezone"),
        ({"format": "exe"}, "format"),
        ({"format": "mt5"}, "format"),
        ({"repairs": "everything"}, "repairs"),
        ({"name": "a\nb"}, "name"),
    ],
)
async def test_wrong_fields_are_named(api: Api, fields: dict[str, str], field: str) -> None:
    await refused(api, await api.http.post("/datasets", files={"file": ("x.csv", GOOD)}, data={**FIELDS, **fields}),
                  422, "validation_error", field)  # fmt: skip


async def test_a_bad_row_is_named_and_nothing_is_stored(api: Api) -> None:
    problem = await refused(
        api, await upload(api, GOOD + b"1704067320000,1,2,1,,5\n"), 422, "validation_error", "close"
    )
    assert "row 3, column close" in problem["detail"]


async def test_wrong_bodies_are_refused(api: Api) -> None:
    await refused(api, await api.http.post("/datasets", json=FIELDS), 422, "validation_error", "body")
    await refused(api, await api.http.post("/datasets", data=FIELDS), 422, "validation_error", "body")
    await refused(api, await api.http.post("/datasets"), 422, "validation_error", "body")
    only_text = await api.http.post("/datasets", files={"instrument_id": (None, "EURUSD.MT5")})
    await refused(api, only_text, 422, "validation_error", "file")
    as_text = await api.http.post("/datasets", files={"file": (None, GOOD)}, data=FIELDS)
    await refused(api, as_text, 422, "validation_error", "file")
    field_as_file = {"file": ("x.csv", GOOD), "instrument_id": ("x", b"EURUSD.MT5")}
    await refused(api, await api.http.post("/datasets", files=field_as_file), 422, "validation_error")
    two = [("file", ("x.csv", GOOD)), ("file", ("y.csv", GOOD))]
    await refused(api, await api.http.post("/datasets", files=two, data=FIELDS), 422, "validation_error", "body")
    header = {"content-type": "multipart/form-data; boundary=x"}
    cut = b'--x\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\ntime'
    await refused(api, await api.http.post("/datasets", content=cut, headers=header), 422, "validation_error")
    no_boundary = await api.http.post("/datasets", content=cut, headers={"content-type": "multipart/form-data"})
    await refused(api, no_boundary, 422, "validation_error", "body")


HOSTILE_NAMES = ["../../etc/x.csv", "C:\\Windows\\x.csv", "/etc/passwd", "a" * 3_000, "\x01\u202e.csv", "..", "con"]


def files_outside(folder: Path) -> set[Path]:
    """Return what lies in the data folder beside the datasets."""
    return {path for path in folder.rglob("*") if "datasets" not in path.parts}


@pytest.mark.parametrize("name", HOSTILE_NAMES)
async def test_a_hostile_file_name_is_only_a_label(api: Api, tmp_path: Path, name: str) -> None:
    before = files_outside(tmp_path)
    response = await upload(api, file_name=name)
    assert response.status_code == 201, response.text
    dataset = response.json()
    assert not {"/", "\\"} & set(dataset["name"])
    assert len(dataset["name"]) <= 128
    assert files_outside(tmp_path) == before
    assert os.listdir(tmp_path / "datasets") == [dataset["dataset_id"]]  # noqa: PTH208 - a name, no path


@pytest.mark.parametrize("dataset_id", ["%2e%2e", "x", UNKNOWN_ID.lower(), "..%2F..%2Fetc%2Fpasswd", UNKNOWN_ID])
async def test_no_dataset_is_found_by_another_name(api: Api, dataset_id: str) -> None:
    for method in ("GET", "DELETE"):
        response = await api.http.request(method, f"{BASE_URL}/datasets/{dataset_id}")
        assert response.status_code in {404, 422, 405}, response.text


async def test_datasets_come_in_pages(api: Api) -> None:
    made = []
    for _ in range(3):
        api.broker.clock.advance(1)
        made.append((await upload(api)).json()["dataset_id"])
    first = (await api.http.get("/datasets", params={"limit": 2})).json()
    assert [dataset["dataset_id"] for dataset in first["datasets"]] == made[:0:-1]
    second = (await api.http.get("/datasets", params={"cursor": first["next_cursor"]})).json()
    assert [dataset["dataset_id"] for dataset in second["datasets"]] == made[:1]
    assert second["next_cursor"] is None


class TestLimits:
    @pytest.fixture
    async def api(self, tmp_path: Path) -> AsyncIterator[Api]:
        async with running_api(tmp_path) as api:
            service = api.services.datasets
            assert isinstance(service, DatasetService)
            service.limits = Limits(file_bytes=100_000, unpacked_bytes=1_000_000, rows=1_000)
            yield api

    async def test_an_announced_size_beyond_the_limit_is_refused_unread(self, api: Api) -> None:
        await refused(api, await upload(api, bytes(200_000)), 413, "payload_too_large")

    async def test_an_unannounced_size_beyond_the_limit_is_refused_on_the_way(self, api: Api) -> None:
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n'
            while sent < 50_000_000:
                sent += 50_000
                yield b"0" * 50_000

        headers = {"content-type": "multipart/form-data; boundary=x"}
        await refused(
            api, await api.http.post("/datasets", content=endless(), headers=headers), 413, "payload_too_large"
        )

    async def test_a_packed_bomb_is_refused(self, api: Api) -> None:
        bomb = gzip.compress(GOOD + b"\n" * 50_000_000)
        problem = await refused(api, await upload(api, bomb), 422, "validation_error")
        assert "more than 1000000 bytes" in problem["detail"]

    async def test_too_many_rows_are_refused(self, api: Api) -> None:
        rows = b"".join(b"%d,1,2,1,2,5\n" % (1_704_067_200_000 + 60_000 * row) for row in range(1_500))
        problem = await refused(
            api, await upload(api, b"time,open,high,low,close,volume\n" + rows), 422, "validation_error"
        )
        assert "has 1500 rows, the most is 1000" in problem["detail"]

    async def test_a_long_text_field_is_refused(self, api: Api) -> None:
        await refused(api, await upload(api, timezone="y" * 10_000), 422, "validation_error", "body")


def bars(api: Api, count: int) -> list[Bar]:
    """The newest ``count`` complete minutes of the fake broker's clock, and the one that grows."""
    now_ns = api.broker.clock.now_ns()
    newest = now_ns - now_ns % MINUTE_NS
    price = Decimal(100)
    return [
        Bar(open_ns=newest - MINUTE_NS * back, open=price, high=price, low=price, close=price, volume=price,
            is_complete=back > 0)
        for back in range(count, -1, -1)
    ]  # fmt: skip


def body(**changes: Any) -> Json:
    return {"connection_id": CONNECTION_ID, "instrument_id": LINEAR_ID, "timeframe": "1m",
            "start": "2025-11-24T12:00:00Z", **changes}  # fmt: skip


async def test_history_of_a_connection_is_downloaded(trading: Api) -> None:
    trading.broker.clock.advance(30)
    trading.broker.bars[LINEAR_ID, Timeframe.M1] = bars(trading, 1_500)
    response = await trading.http.post("/datasets/download", json=body())
    assert response.status_code == 202, response.text
    dataset_id = response.json()["dataset_id"]
    assert response.json()["download"]["state"] == "queued"

    async def done() -> Json | None:
        dataset: Json = (await trading.http.get(f"/datasets/{dataset_id}")).json()
        return dataset if dataset["download"]["state"] == "completed" else None

    dataset = await until(done, timeout_s=20, what="the download is complete")
    newest = bars(trading, 0)[0].open_ns - MINUTE_NS
    assert dataset["checks"]["gaps"] == 0
    assert dataset["download"]["progress"] == 1
    assert dataset["rows"] == (newest // MINUTE_NS) - (1_763_985_600 // 60) + 1
    not_running = await trading.http.delete(f"/datasets/{dataset_id}/download")
    assert (not_running.status_code, not_running.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"connection_id": "nobody"}, 404, "not_found"),
        ({"instrument_id": "NO-SUCH.BYBIT"}, 404, "not_found"),
        ({"timeframe": "1h"}, 501, "unsupported"),
        ({"timeframe": "2m"}, 422, "validation_error"),
        ({"start": "2099-01-01T00:00:00Z"}, 422, "validation_error"),
        ({"end": "2025-01-01T00:00:00Z"}, 422, "validation_error"),
        ({"path": "/etc"}, 422, "validation_error"),
    ],
)
async def test_what_cannot_be_downloaded_is_refused(trading: Api, changes: Json, status: int, code: str) -> None:
    trading.broker.bars[LINEAR_ID, Timeframe.M1] = bars(trading, 5)
    await refused(trading, await trading.http.post("/datasets/download", json=body(**changes)), status, code)


async def test_downloads_are_only_posted(api: Api) -> None:
    response = await api.http.get("/datasets/download")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_a_key_is_needed(api: Api) -> None:
    for method, path in (("GET", "/datasets"), ("POST", "/datasets"), ("POST", "/datasets/download")):
        response = await api.http.request(method, path, headers={"Authorization": "Bearer wrong"})
        assert response.status_code == 401
