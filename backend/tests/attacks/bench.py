"""The bench: a running instance, attacks on it, and what it has to be like after each group of them."""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil

from tests.system.product import CONNECTION_ID, Product

Json = dict[str, Any]
LINEAR = "BTCUSDT-LINEAR.BYBIT"
ANSWER_S = 40
MOST_GROWTH_BYTES = 400_000_000
"""How much memory a group of attacks may leave behind; one unpacked upload is the largest honest part of it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One attack that was tried."""

    group: str
    attack: str
    answer: str
    defence_held: bool


@dataclass
class World:
    """The instance under attack, with a client that has its key and one that has not."""

    product: Product
    http: httpx.AsyncClient
    stranger: httpx.AsyncClient
    rows: list[Row] = field(default_factory=list)
    full: bool = False

    @property
    def port(self) -> int:
        """Where it listens."""
        port = self.stranger.base_url.port
        assert port is not None
        return port

    @property
    def key(self) -> str:
        """The installation's key."""
        return (self.product.data_dir / "api_key").read_text().strip()

    def memory(self) -> int:
        """Resident bytes of the API process."""
        assert self.product.process is not None
        return psutil.Process(self.product.process.pid).memory_info().rss

    async def raw(self, data: bytes) -> tuple[int | None, bytes]:
        """Send bytes and return status and whole answer; None = closed without a word."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        answer = b""
        try:
            async with asyncio.timeout(ANSWER_S):
                writer.write(data)
                with contextlib.suppress(ConnectionError):
                    await writer.drain()
                while chunk := await reader.read(65_536):
                    answer += chunk
        except ConnectionError:
            pass
        finally:
            writer.close()
        return (int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else None), answer

    async def orders(self) -> list[Json]:
        """Return every order of the attacked connection."""
        answer = await self.http.get("/orders/status", params={"connection_id": CONNECTION_ID, "status": "all"})
        return list(answer.json()["orders"])

    def note(self, group: str, attack: str, answer: object, *, held: bool) -> None:
        """Write one attack down."""
        self.rows.append(Row(group, attack, str(answer)[:60].replace("\n", " "), held))


def order(**changes: Any) -> Json:
    """Return a small market order."""
    body = {
        "connection_id": CONNECTION_ID,
        "instrument_id": LINEAR,
        "side": "buy",
        "order_type": "market",
        "quantity": "0.001",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An attack that is one request.

    Attributes:
        allowed: Statuses that mean the defence held; what a stranger must not see stands in ``forbidden_text``.
        with_key: Whether the attacker has the key (a page in the owner's browser, a leaked key, a bad program).
    """

    name: str
    method: str = "GET"
    path: str = "/positions"
    allowed: frozenset[int]
    headers: Sequence[tuple[str, str | bytes]] = ()
    content: bytes | None = None
    body: object = None
    params: Sequence[tuple[str, str]] = ()
    with_key: bool = True


async def send(world: World, group: str, request: Request) -> httpx.Response:
    """Send one request, judge its status, and that the answer does not hold the key."""
    client = world.http if request.with_key else world.stranger
    options: Json = {"headers": list(request.headers)}
    if request.params:
        options["params"] = list(request.params)
    if request.content is not None:
        options["content"] = request.content
        options["headers"] += [] if _has_type(request) else [("Content-Type", "application/json")]
    elif request.body is not None:
        options["json"] = request.body
    answer = await client.request(request.method, request.path, **options)
    is_problem = answer.content and "json" in answer.headers.get("content-type", "")
    code = answer.json().get("code", "") if is_problem else ""
    held = answer.status_code in request.allowed and world.key not in answer.text
    world.note(group, request.name, f"{answer.status_code} {code}", held=held)
    return answer


def _has_type(request: Request) -> bool:
    return any(name.lower() == "content-type" for name, _ in request.headers)


Group = Callable[[World], Awaitable[None]]


async def assert_healthy(world: World, group: str, memory_before: int) -> None:
    """Judge what is left of the instance: ready, of bounded size, and trading."""
    deadline = time.monotonic() + ANSWER_S
    ready = await world.stranger.get("/readyz")
    while ready.status_code != 200 and time.monotonic() < deadline:
        ready = await world.stranger.get("/readyz")
    grown = world.memory() - memory_before
    placed = await world.http.post("/trade", json=order())
    status = placed.json().get("order", {}).get("status") if placed.status_code == 201 else placed.text[:40]
    held = ready.status_code == 200 and status == "filled" and grown < MOST_GROWTH_BYTES
    world.note(
        group, "afterwards: ready, bounded, trading", f"{ready.status_code} {status} {grown >> 20:+} MB", held=held
    )


async def run(world: World, groups: dict[str, Group]) -> None:
    """Carry out every group, and look at the instance after each."""
    for name, group in groups.items():
        before = world.memory()
        await group(world)
        await assert_healthy(world, name, before)


def table(rows: Sequence[Row]) -> str:
    """Return the table attack, answer, verdict."""
    lines = [
        f"{row.group:10} {row.attack:58} {row.answer:34} {'held' if row.defence_held else 'BROKEN'}" for row in rows
    ]
    broken = sum(1 for row in rows if not row.defence_held)
    return "\n".join([*lines, f"{len(rows)} attacks, {broken} broke through"])


def loads(text: str | bytes) -> Json:
    """Return a JSON object."""
    return dict(json.loads(text))
