"""The stream by key, token and ticket; what may be read; and that it ends with its credential."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from edgerunner.domain.access import OWNER, Right, Role
from edgerunner.routes.rights import CHANNEL_RIGHTS
from edgerunner.services.identity.people import KeyWish, MadeKey
from tests.api.harness import API_KEY, CONNECTION_ID, LINEAR_ID, Api, Json, served_api
from tests.api.identity_desk import PASSWORD

TIMEOUT_S = 10


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with served_api(tmp_path, rate_limit_factor=0) as running:
        await running.connect()
        yield running


@asynccontextmanager
async def opened(api: Api, token: str) -> AsyncIterator[ClientConnection]:
    url = str(api.http.base_url).replace("http", "ws")
    async with connect(f"{url}/ws/broker", proxy=None) as socket:
        await ask(socket, op="authenticate", token=token)
        yield socket


async def ask(socket: ClientConnection, **operation: Any) -> None:
    await socket.send(json.dumps(operation))


async def answer(socket: ClientConnection) -> Json:
    """The next ack or error; data are passed over."""
    while True:
        async with asyncio.timeout(TIMEOUT_S):
            message = json.loads(await socket.recv())
        if message["kind"] in {"ack", "error"}:
            return dict(message)


async def closing(socket: ClientConnection) -> int | None:
    """Read to the end and return the close code."""
    with suppress(ConnectionClosed):
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                await socket.recv()
    return socket.close_code


async def key_with(api: Api, *scopes: Right, ends_at_ns: int | None = None) -> MadeKey:
    wish = KeyWish(name="one", scopes=frozenset(scopes), expires_at_ns=ends_at_ns)
    return await api.services.identity.keys.create(wish, principal=OWNER)


async def signed_in(api: Api, name: str = "anna", role: Role = Role.TRADER) -> Json:
    await api.services.identity.people.add(name, PASSWORD, role)
    return dict((await api.http.post("/auth/login", json={"user": name, "password": PASSWORD})).json())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_the_own_key_an_api_key_and_an_access_token_open_the_stream(api: Api) -> None:
    token = (await signed_in(api))["access_token"]
    for credential in (API_KEY, (await key_with(api, Right.READ)).text, token):
        async with opened(api, credential) as socket:
            assert (await answer(socket))["ok"] is True


async def test_a_ticket_opens_one_stream_within_half_a_minute(api: Api) -> None:
    token = (await signed_in(api))["access_token"]
    ticket = (await api.http.post("/auth/stream-ticket", headers=bearer(token))).json()["ticket"]
    late = (await api.http.post("/auth/stream-ticket", headers=bearer(token))).json()["ticket"]
    async with opened(api, ticket) as socket:
        assert (await answer(socket))["ok"] is True
    async with opened(api, ticket) as socket:
        assert await closing(socket) == 4401
    api.broker.clock.advance(30)
    async with opened(api, late) as socket:
        assert await closing(socket) == 4401


async def test_a_ticket_is_no_key_of_the_http_api(api: Api) -> None:
    ticket = (await api.http.post("/auth/stream-ticket")).json()["ticket"]
    assert (await api.http.get("/positions", headers=bearer(ticket))).status_code == 401


@pytest.mark.parametrize("token", ["", "wrong", "er_000000000000_" + "A" * 43, "a.b.c", "erticket_" + "A" * 43])
async def test_a_credential_that_proves_nothing_closes_with_4401(api: Api, token: str) -> None:
    async with opened(api, token) as socket:
        assert await closing(socket) == 4401


async def test_every_channel_asks_for_its_right(api: Api) -> None:
    market = {"quotes": "", "depth": "", "trades": "", "bars": ":1m"}
    key = await key_with(api, Right.TRADE, Right.STRATEGIES, Right.RESEARCH, Right.ADMIN)
    async with opened(api, key.text) as socket:
        assert (await answer(socket))["ok"] is True
        for base in CHANNEL_RIGHTS:
            channel = f"{base}:{CONNECTION_ID}:{LINEAR_ID}{market[base]}" if base in market else base
            await ask(socket, op="subscribe", channel=channel)
            refused = await answer(socket)
            assert (refused["kind"], refused["code"]) == ("error", "forbidden"), channel
            assert "'read'" in refused["detail"]


async def test_a_revoked_keys_stream_ends_at_once(api: Api) -> None:
    key = await key_with(api, Right.READ)
    async with opened(api, key.text) as socket, opened(api, API_KEY) as other:
        assert (await answer(socket))["ok"] is True
        assert (await answer(other))["ok"] is True
        await api.services.identity.keys.revoke(key.stored.key_id, principal=OWNER)
        assert await closing(socket) == 4401
        await ask(other, op="subscribe", channel="orders")
        assert (await answer(other))["ok"] is True


@pytest.mark.parametrize("end", ["sign_out", "disable", "role", "password", "remove"])
async def test_a_persons_stream_ends_with_the_session(api: Api, end: str) -> None:
    token = (await signed_in(api))["access_token"]
    async with opened(api, token) as socket:
        assert (await answer(socket))["ok"] is True
        match end:
            case "sign_out":
                await api.http.post("/auth/logout", headers=bearer(token))
            case "disable":
                await api.http.patch("/users/anna", json={"disabled": True})
            case "role":
                await api.http.patch("/users/anna", json={"role": "viewer"})
            case "password":
                await api.http.patch("/users/anna", json={"password": "even-quieter-otters"})
            case "remove":
                await api.http.delete("/users/anna")
        assert await closing(socket) == 4401


async def test_a_stream_ends_when_its_credential_expires(api: Api) -> None:
    key = await key_with(api, Right.READ, ends_at_ns=api.broker.clock.now_ns() + 60 * 10**9)
    async with opened(api, key.text) as socket:
        assert (await answer(socket))["ok"] is True
        api.broker.clock.advance(60)
        api.services.identity.gate.sweep()
        assert await closing(socket) == 4401


async def test_a_new_token_on_the_way_keeps_the_stream_past_the_end_of_the_first(api: Api) -> None:
    first = await signed_in(api)
    async with opened(api, first["access_token"]) as socket:
        assert (await answer(socket))["ok"] is True
        api.broker.clock.advance(600)
        second = (await api.http.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})).json()
        await ask(socket, op="authenticate", token=second["access_token"])
        assert (await answer(socket))["ok"] is True
        api.broker.clock.advance(600)
        api.services.identity.gate.sweep()
        await ask(socket, op="subscribe", channel="orders")
        assert (await answer(socket))["ok"] is True
        api.broker.clock.advance(300)
        api.services.identity.gate.sweep()
        assert await closing(socket) == 4401


async def test_a_stream_does_not_change_hands(api: Api) -> None:
    anna, bo = await signed_in(api), await signed_in(api, "bo")
    async with opened(api, anna["access_token"]) as socket:
        assert (await answer(socket))["ok"] is True
        await ask(socket, op="authenticate", token=bo["access_token"])
        refused = await answer(socket)
        assert (refused["kind"], refused["code"]) == ("error", "forbidden")


async def test_a_change_that_another_process_made_ends_the_stream_too(api: Api) -> None:
    key = await key_with(api, Right.READ)
    async with opened(api, key.text) as socket:
        assert (await answer(socket))["ok"] is True
        await api.services.identity.keys._store.revoke(key.stored.key_id)  # this gate is not told
        assert await closing(socket) == 4401
