"""Attacks by number and by size: uploads, races, streams, webhooks."""

import asyncio
import contextlib
import csv
import gzip
import io
import json
import zipfile
from collections.abc import AsyncIterator

import pyarrow as pa
import pyarrow.parquet as pq
import websockets
from websockets.asyncio.client import ClientConnection, connect

from tests.attacks.bench import LINEAR, World, loads, order
from tests.system.product import CONNECTION_ID

SIGNAL_STRATEGY = {
    "strategy_id": "attacked",
    "class": "SignalStrategy",
    "parameters": {"quantity": 0.001, "maximum_quantity": 1},
    "connection_id": CONNECTION_ID,
    "instrument_ids": [LINEAR],
    "timeframe": "1m",
}
_HEADER = b"time,open,high,low,close,volume\n"


def bombs() -> dict[str, tuple[str, bytes]]:
    """Return small files that unpack to large ones, and files that are something else."""
    zeros = io.BytesIO()
    with gzip.GzipFile(fileobj=zeros, mode="wb", compresslevel=9) as packed:
        for _ in range(1_100):
            packed.write(b"\x00" * 1_048_576)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("../../api_key", b"0" * 10_000_000)
    rows = io.BytesIO()
    pq.write_table(pa.table({"time": pa.array([0] * 11_000_000, pa.int64())}), rows)
    return {
        "1.1 GB of zeros in 1 MB of gzip": ("bars.csv.gz", zeros.getvalue()),
        "gzip in gzip": ("bars.csv.gz", gzip.compress(gzip.compress(_HEADER))),
        "torn gzip": ("bars.csv.gz", gzip.compress(_HEADER * 1_000)[:-20]),
        "zip with ../../api_key in it": ("bars.csv", archive.getvalue()),
        "zip called xlsx": ("bars.xlsx", archive.getvalue()),
        "Parquet of 11 million rows in few bytes": ("bars.parquet", rows.getvalue()),
        "torn Parquet": ("bars.parquet", rows.getvalue()[:-100]),
        "Parquet with an absurd footer": ("bars.parquet", b"PAR1" + b"\xff" * 64 + b"\xff\xff\xff\x7fPAR1"),
        "CSV of one line without end": ("bars.csv", b"a" * 5_000_000),
        "CSV with 100,000 columns": ("bars.csv", b"time" + b",a" * 100_000 + b"\n"),
        "CSV formula for a price": ("bars.csv", _HEADER + b"2026-01-01T00:00:00Z,=1+1,2,1,2,1\n"),
    }


async def uploads(world: World) -> None:
    """Upload what is larger than it looks."""
    for name, (file_name, content) in bombs().items():
        files = {"file": (file_name, content)}
        answer = await world.http.post("/datasets", data={"instrument_id": LINEAR}, files=files)
        world.note(
            "uploads",
            name,
            f"{answer.status_code} {loads(answer.content).get('code')}",
            held=answer.status_code in {413, 422},
        )
    boundary = {"Content-Type": "multipart/form-data; boundary=x"}
    for name, content in {
        "10,000 fields": b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 10_000 + b"--x--",
        "part header without end": b"--x\r\nContent-Disposition: form-data; name=" + b"a" * 200_000,
        "no boundary where it was promised": b"hello",
        "no end": b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc',
    }.items():  # fmt: skip
        answer = await world.http.post("/datasets", content=content, headers=boundary)
        world.note("uploads", name, answer.status_code, held=answer.status_code in {413, 422})
    await _names_of_datasets(world)


async def _names_of_datasets(world: World) -> None:
    rows = "".join(f"2026-01-01T00:{minute:02}:00Z,1,2,1,2,1\n" for minute in range(30)).encode()
    name = "<script>alert(1)</script>=cmd|' /C calc'!A0"
    files = {"file": ("../../../evil<b>.csv", _HEADER + rows)}
    answer = await world.http.post("/datasets", data={"instrument_id": LINEAR, "name": name}, files=files)
    stored = loads(answer.content).get("dataset_id")
    world.note(
        "uploads", "script in a dataset's name and file name", answer.status_code, held=answer.status_code in {201, 422}
    )
    folder = world.product.data_dir
    outside = [path for path in folder.parent.rglob("evil*") if folder / "datasets" not in path.parents]
    world.note("uploads", "files written outside of the datasets", len(outside), held=not outside)
    if stored is not None:
        page = await world.http.get(f"/datasets/{stored}")
        is_data = "json" in page.headers["content-type"] and page.headers["x-content-type-options"] == "nosniff"
        world.note("uploads", "the name is served as data, never as a page", page.headers["content-type"], held=is_data)


async def races(world: World) -> None:
    """Send the same thing many times at once."""
    before = len(await world.orders())
    headers = {"Idempotency-Key": "race-of-fifty"}
    answers = await asyncio.gather(*(world.http.post("/trade", json=order(), headers=headers) for _ in range(50)))
    ids = {answer.json()["order"]["client_order_id"] for answer in answers if answer.status_code == 201}
    placed = len(await world.orders()) - before
    world.note(
        "races", "one idempotency key 50 times at once", f"{placed} order, {len(ids)} id", held=placed == len(ids) == 1
    )
    body = order(client_order_id="race-of-twenty")
    answers = await asyncio.gather(*(world.http.post("/trade", json=body) for _ in range(20)))
    placed = len(await world.orders()) - before - 1
    statuses = sorted({answer.status_code for answer in answers})
    world.note("races", "one client_order_id 20 times at once", f"{placed} order, {statuses}", held=placed == 1)
    await _exported_table(world)


async def _exported_table(world: World) -> None:
    await world.http.post("/trade", json=order(client_order_id="-1-cmd"))
    table = (await world.http.get("/journal", params={"format": "csv"})).text
    cells = [cell for row in csv.reader(io.StringIO(table)) for cell in row]
    formulas = [cell for cell in cells if cell[:1] in set("=+-@\t\r")]
    world.note("races", "cells of the exported journal that are formulas", formulas[:2] or 0, held=not formulas)


def _stream(world: World, **options: object) -> connect:
    return connect(f"ws://127.0.0.1:{world.port}/ws/broker", proxy=None, open_timeout=30, **options)  # type: ignore[arg-type]


async def _end_of(stream: ClientConnection) -> int | None:
    """Return the code that the server closes with; 1006 when it cut a client that went on sending."""
    with contextlib.suppress(websockets.ConnectionClosed, TimeoutError):
        async with asyncio.timeout(30):
            while True:
                await stream.recv()
    return stream.close_code


async def _fragments(count: int, piece: str) -> AsyncIterator[str]:
    for _ in range(count):
        yield piece


async def streams(world: World) -> None:
    """Attack the stream: by origin, by frames, by number."""
    for origin in ("null", "https://evil.example", f"http://127.0.0.1:{world.port}.evil.example", "http://127.0.0.1:1"):
        try:
            async with _stream(world, origin=origin):
                answer = "opened"
        except websockets.InvalidStatus as error:
            answer = str(error.response.status_code)
        world.note("streams", f"Origin: {origin}", answer, held=answer == "403")
    token = json.dumps({"op": "authenticate", "token": world.key})
    for name, first, code in (
        ("wrong key", json.dumps({"op": "authenticate", "token": "x" * 43}), 4401),
        ("subscribe without a key", json.dumps({"op": "subscribe", "channel": "orders"}), 4401),
        ("text that is no JSON", "{", 4400),
        ("binary frame", b"\x00\x01", 4400),
        ("frame of 100 KB", "x" * 100_000, 4400),
        ("frame of 4 MB", "x" * 4_000_000, 1009),
        ("message of 100,000 empty fragments", _fragments(100_000, ""), 1009),
        ("message of 4 MB in fragments", _fragments(4_000, "x" * 1_000), 1009),
    ):
        async with _stream(world) as stream:
            with contextlib.suppress(websockets.ConnectionClosed):
                await stream.send(first)
            ending = await _end_of(stream)
        world.note("streams", name, ending, held=ending in {code, 1006 if code == 1009 else code})
    await _pings(world)
    await _subscriptions(world, token)
    await _many(world, token, 1_000 if world.full else 200)


async def _pings(world: World) -> None:
    async with _stream(world, ping_interval=None) as stream:
        for number in range(5_000):
            await stream.ping(str(number))
        await stream.close()
    world.note("streams", "5,000 pings", stream.close_code, held=stream.close_code == 1000)


async def _subscriptions(world: World, token: str) -> None:
    async with _stream(world) as stream:
        await stream.send(token)
        await stream.recv()
        for number in range(400):
            await stream.send(json.dumps({"op": "subscribe", "channel": f"quotes:bybit-sim:NO{number}-LINEAR.BYBIT"}))
        kinds = [loads(await stream.recv())["kind"] for _ in range(400)]
    world.note(
        "streams", "400 channels that do not exist", f"{kinds.count('error')} errors", held=kinds.count("error") == 400
    )


async def _many(world: World, token: str, count: int) -> None:
    async def one() -> bool:
        async with _stream(world) as stream:
            await stream.send(token)
            return bool(loads(await stream.recv())["ok"])

    async with contextlib.AsyncExitStack() as stack:
        results = await asyncio.gather(
            *(stack.enter_async_context(_stream(world)) for _ in range(count)), return_exceptions=True
        )
        opened = [stream for stream in results if isinstance(stream, ClientConnection)]
        served = await one()
        alive = await world.stranger.get("/healthz")
    held = served and alive.status_code == 200
    world.note("streams", f"{count} streams at once", f"{len(opened)} open, one more served: {served}", held=held)


async def webhooks(world: World) -> None:
    """Guess a strategy's secret, and send a signal again."""
    path, strategy = "/signals/attacked", "/strategies/attacked"
    await world.http.post("/strategies", json=SIGNAL_STRATEGY)
    await world.http.post(f"{strategy}/start")
    made = await world.http.post(f"{strategy}/signal-secret", json={})
    assert made.status_code == 201, made.text
    secret = made.json()["secret"]
    signal = {"action": "buy", "instrument_id": LINEAR, "quantity": "0.001", "id": "attack-1"}
    first = await world.stranger.post(path, json={**signal, "secret": secret})
    again = await world.stranger.post(path, json={**signal, "secret": secret})
    is_duplicate = again.status_code in {200, 202} and again.json()["duplicate"] and not first.json()["duplicate"]
    world.note("webhooks", "a signal sent again", f"{again.status_code} duplicate", held=bool(is_duplicate))
    changed = await world.stranger.post(path, json={**signal, "secret": secret, "action": "sell"})
    world.note(
        "webhooks",
        "the same id with another action",
        changed.status_code,
        held=changed.status_code in {409, 422} or changed.json().get("duplicate") is True,
    )
    guesses = await asyncio.gather(
        *(world.stranger.post(path, json={**signal, "secret": f"guess-{number}"}) for number in range(300))
    )
    statuses = sorted({answer.status_code for answer in guesses})
    world.note("webhooks", "300 guesses of the secret", statuses, held=set(statuses) <= {401, 429})
    unknown = await world.stranger.post("/signals/nobody", json={**signal, "secret": "x"})
    world.note(
        "webhooks",
        "a strategy that does not exist looks like a wrong secret",
        unknown.status_code,
        held=unknown.status_code in {401, 429},
    )
    shown = json.dumps(
        [(await world.http.get(path)).text for path in ("/strategies", strategy, f"{strategy}/signals", "/journal")]
    )
    world.note(
        "webhooks", "the secret in any answer", "never" if secret not in shown else "shown", held=secret not in shown
    )
    world.note("webhooks", "the secret in the log", "never", held=secret not in world.product.log())
