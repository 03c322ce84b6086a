"""A replica over a real owner's journal, and over owners that die with a command in their hands."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from edgerunner.cli.output import CommandFailed
from edgerunner.cli.starting import sole_owner
from edgerunner.domain.errors import EdgerunnerError, JournalUnavailable, NotConnected
from edgerunner.replica.app import create_replica_app
from edgerunner.replica.parts import Replica, running_replica
from edgerunner.routes.forwarded import HEADER, ForwardedClient, forwarded
from edgerunner.services.hub import Channel
from edgerunner.settings import Settings
from tests.api.harness import API_KEY, AUTHORIZED, BASE_URL, CONNECTION_ID, LINEAR_ID, Api, order_body, served_api
from tests.waiting import until

Json = dict[str, Any]


@asynccontextmanager
async def replica_of(
    folder: Path, owner_url: str, *, owner: Api | None = None
) -> AsyncIterator[tuple[Replica, httpx.AsyncClient]]:
    """Run a replica in process, on the clock of the owner where it is given; its client is authorised."""
    clock = None if owner is None else owner.broker.clock
    settings = Settings(api_key=SecretStr(API_KEY), data_dir=folder, screen_dir=None)
    async with running_replica(settings, owner_url, clock=clock) as replica:
        app = create_replica_app(replica)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=AUTHORIZED, timeout=30) as http,
        ):
            yield replica, http


@pytest.fixture
async def owner(tmp_path: Path) -> AsyncIterator[Api]:
    async with served_api(tmp_path) as api:
        await api.connect()
        yield api


@pytest.fixture
async def http(owner: Api, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with replica_of(tmp_path, str(owner.http.base_url)) as (_, http):
        yield http


async def test_order_placed_at_the_replica_is_the_owners_and_is_read_at_both(
    owner: Api, http: httpx.AsyncClient
) -> None:
    placed = await http.post("/trade", json=order_body(client_order_id="at-the-replica"))
    assert placed.status_code == 201, placed.text
    here = await http.get("/orders/status", params={"client_order_id": "at-the-replica"})
    there = await owner.http.get("/orders/status", params={"client_order_id": "at-the-replica"})
    assert here.json() == there.json()
    assert [order.client_order_id for order in owner.services.journal.open_orders()] == ["at-the-replica"]


async def test_idempotency_key_holds_across_both(owner: Api, http: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "once"}
    first = await owner.http.post("/trade", json=order_body(), headers=key)
    second = await http.post("/trade", json=order_body(), headers=key)
    assert second.json()["order"]["client_order_id"] == first.json()["order"]["client_order_id"]
    other = await http.post("/trade", json=order_body(quantity="2"), headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")


@pytest.mark.parametrize(
    "path", ["/fills", "/ledger", "/journal", "/orders/status?connection_id=bybit-demo&status=all"]
)
async def test_recorded_things_read_alike_at_both(owner: Api, http: httpx.AsyncClient, path: str) -> None:
    await http.post("/trade", json=order_body())
    here, there = await http.get(path), await owner.http.get(path)
    assert here.status_code == there.status_code == 200
    assert here.content == there.content


async def test_queries_paths_and_problems_pass_unchanged(owner: Api, http: httpx.AsyncClient) -> None:
    for path in (
        "/instruments?connection_id=bybit-demo&query=BTC%2FUSD%20%23",
        "/positions?connection_id=nobody",
        "/orders/UNKNOWN/events",
        "/no/such/path",
        "/openapi.json",
    ):
        here, there = await http.get(path), await owner.http.get(path)
        assert (here.status_code, here.content) == (there.status_code, there.content), path


async def test_wrong_key_is_refused_before_anything_is_passed_on(http: httpx.AsyncClient) -> None:
    wrong = await http.get("/positions", headers={"Authorization": "Bearer wrong"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "unauthorized")


def test_second_owner_of_a_data_folder_is_told_how_to_be_a_replica(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, screen_dir=None)
    with sole_owner(settings), pytest.raises(CommandFailed, match="EDGERUNNER_OWNER_URL"), sole_owner(settings):
        pass


async def test_replica_without_a_journal_says_to_start_the_owner_first(tmp_path: Path) -> None:
    with pytest.raises(JournalUnavailable, match="start the process that owns it first"):
        async with replica_of(tmp_path, "http://127.0.0.1:1"):
            pass


async def test_api_key_holds_at_the_replica_with_its_rights_and_addresses_until_the_owner_revokes_it(
    owner: Api, http: httpx.AsyncClient
) -> None:
    made = await http.post("/api-keys", json={"name": "reader", "scopes": ["read"], "allowed_ips": ["127.0.0.1"]})
    assert made.status_code == 201, made.text
    reader = {"Authorization": f"Bearer {made.json()['key']}"}
    assert (await http.get("/fills", headers=reader)).status_code == 200
    assert (await http.get("/positions", headers=reader)).status_code == 200
    for method, path in (("POST", "/trade"), ("GET", "/journal"), ("POST", "/risk/resume")):
        refused = await http.request(method, path, headers=reader)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), path
    assert (await owner.http.delete(f"/api-keys/{made.json()['key_id']}")).status_code in {200, 204}

    async def is_refused() -> bool:
        return (await http.get("/fills", headers=reader)).status_code == 401

    await until(is_refused, timeout_s=10, what="the revoked key is refused at the replica")


async def test_replica_without_its_owner_reads_and_refuses_commands_as_not_sent(tmp_path: Path) -> None:
    async with served_api(tmp_path) as owner:
        await owner.connect()
        await owner.trade(client_order_id="before")
        url = str(owner.http.base_url)
    async with replica_of(tmp_path, url) as (_, http):
        assert (await http.get("/orders/status", params={"client_order_id": "before"})).status_code == 200
        refused = await http.post("/trade", json=order_body())
        assert (refused.status_code, refused.json()["code"]) == (503, "not_connected")
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()["reasons"][0]["code"]) == (503, "not_connected")
        assert (await http.get("/healthz")).json() == {"status": "ok", "redis": None}


class DyingOwner:
    """Takes requests, does with each what a test says, and closes the connection without an answer."""

    def __init__(self, deed: Callable[[Json], Awaitable[object]]) -> None:
        self._deed = deed
        self.requests: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(line.split(":")[1]) for line in head.lower().splitlines() if "content-length" in line), 0)
        body = await reader.readexactly(length)
        if not head.startswith("GET /ws/broker"):  # the replica also looks for the owner's stream
            self.requests.append(head.splitlines()[0])
            await self._deed(json.loads(body or b"{}"))
        writer.close()


@asynccontextmanager
async def dying_owner(deed: Callable[[Json], Awaitable[object]]) -> AsyncIterator[tuple[DyingOwner, str]]:
    owner = DyingOwner(deed)
    server = await asyncio.start_server(owner.serve, "127.0.0.1", 0)
    async with server:
        yield owner, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def nothing(_: Json) -> None:
    return None


async def test_command_whose_answer_is_lost_is_never_sent_again_and_its_outcome_is_unknown(
    owner: Api, tmp_path: Path
) -> None:
    async with dying_owner(nothing) as (dying, url), replica_of(tmp_path, url) as (_, http):
        lost = [
            await http.post("/trade", json=order_body(client_order_id="lost"), headers={"Idempotency-Key": "k"}),
            await http.post("/trade", json=order_body()),
            await http.delete("/orders/lost"),
            await http.post("/orders/cancel-all", json={}),
        ]
        assert [(answer.status_code, answer.json()["code"]) for answer in lost] == [(504, "outcome_unknown")] * 4
        assert len(dying.requests) == 4
        read = await http.get("/positions")
        assert (read.status_code, read.json()["code"]) == (503, "not_connected")


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}])
async def test_placement_whose_answer_is_lost_is_told_from_the_journal(
    owner: Api, tmp_path: Path, headers: Json
) -> None:
    async def place(body: Json) -> None:
        assert (await owner.http.post("/trade", json=body, headers=headers)).status_code == 201

    async with dying_owner(place) as (dying, url), replica_of(tmp_path, url, owner=owner) as (_, http):
        answer = await http.post("/trade", json=order_body(client_order_id="carried-out"), headers=headers)
        assert answer.status_code == 201
        assert answer.json()["order"]["client_order_id"] == "carried-out"
        assert answer.json()["order"]["status"] == "accepted"
        assert len(dying.requests) == 1


async def test_older_order_of_the_same_name_proves_nothing(owner: Api, tmp_path: Path) -> None:
    await owner.trade(client_order_id="older")
    owner.broker.clock.advance(0.001)
    async with dying_owner(nothing) as (_, url), replica_of(tmp_path, url, owner=owner) as (_, http):
        answer = await http.post("/trade", json=order_body(client_order_id="older"))
        assert (answer.status_code, answer.json()["code"]) == (504, "outcome_unknown")


async def test_key_used_for_another_body_proves_nothing(owner: Api, tmp_path: Path) -> None:
    await owner.http.post("/trade", json=order_body(), headers={"Idempotency-Key": "k"})
    async with dying_owner(nothing) as (_, url), replica_of(tmp_path, url) as (_, http):
        answer = await http.post("/trade", json=order_body(quantity="2"), headers={"Idempotency-Key": "k"})
        assert (answer.status_code, answer.json()["code"]) == (504, "outcome_unknown")


async def test_readers_of_the_replica_are_told_of_what_the_owner_commits(owner: Api, tmp_path: Path) -> None:
    async with replica_of(tmp_path, str(owner.http.base_url)) as (replica, _):
        told: list[str] = []
        replica.feed.add_listener(lambda commit: told.extend(order.status.value for order in commit.orders))
        await owner.trade(client_order_id="told")

        async def has_told() -> bool:
            return told[-1:] == ["accepted"]

        await until(has_told, timeout_s=10, what=f"the order is told: {told}")
        assert list(dict.fromkeys(told)) == ["initialized", "submitted", "accepted"]


async def test_caller_that_a_replica_speaks_for_is_believed_only_when_signed() -> None:
    seen: list[object] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["client"])

    async def call(value: str | None, path: str = "/trade") -> None:
        headers = [] if value is None else [(HEADER.encode(), value.encode())]
        scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "client": ("127.0.0.1", 5)}
        await guard(scope, None, None)  # type: ignore[arg-type]

    guard = ForwardedClient(app, key="key", clock_ns=lambda: 100 * 10**9)
    signed = forwarded(client="203.0.113.9", at_ns=99 * 10**9, method="POST", path="/trade", key="key")
    old = forwarded(client="203.0.113.9", at_ns=10 * 10**9, method="POST", path="/trade", key="key")
    foreign = forwarded(client="203.0.113.9", at_ns=99 * 10**9, method="POST", path="/trade", key="other")
    await call(signed)
    for value in (None, old, foreign, signed.replace("203.0.113.9", "127.0.0.9"), "nonsense", "a b c", "a " + "9" * 30):
        await call(value)
    await call(signed, "/users")
    assert seen == [("203.0.113.9", 0), *[("127.0.0.1", 5)] * 8]


async def test_channel_is_mirrored_from_its_first_state_on_and_a_refusal_is_the_owners(
    owner: Api, tmp_path: Path
) -> None:
    async with replica_of(tmp_path, str(owner.http.base_url)) as (replica, _):
        await reads_the_owner(replica)
        channel = await replica.mirror.open(f"quotes:{CONNECTION_ID}:{LINEAR_ID}")
        assert state_of(channel)["last"] == "100"
        owner.broker.quote(LINEAR_ID, "101")

        async def has_moved() -> bool:
            return bool(state_of(channel)["last"] == "101")

        await until(has_moved, timeout_s=10, what="the replica's quote follows")
        with pytest.raises(EdgerunnerError) as refusal:
            await replica.mirror.open(f"quotes:nobody:{LINEAR_ID}")
        assert refusal.value.code == "not_found"


async def test_silent_owner_makes_quotes_old_connections_disconnected_and_new_channels_refused(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        owner = await stack.enter_async_context(served_api(tmp_path))
        await owner.connect()
        replica, _ = await stack.enter_async_context(replica_of(tmp_path, str(owner.http.base_url)))
        await reads_the_owner(replica)
        quotes = await replica.mirror.open(f"quotes:{CONNECTION_ID}:{LINEAR_ID}")
        connections = await replica.mirror.open("connections")
        assert state_of(quotes)["stale"] is False
        assert [item["status"] for item in state_of(connections)["connections"]] == ["connected"]
        replica.mirror._note_silence("the test says so")
        assert state_of(quotes)["stale"] is True
        assert [item["status"] for item in state_of(connections)["connections"]] == ["disconnected"]
        with pytest.raises(NotConnected):
            await replica.mirror.open("positions")


async def reads_the_owner(replica: Replica) -> None:
    async def is_up() -> bool:
        return replica.mirror.silent is None

    await until(is_up, timeout_s=10, what=f"the owner's stream is read: {replica.mirror.silent}")


def state_of(channel: Channel) -> Json:
    state: Json = json.loads(channel.snapshot())["data"]
    return state
