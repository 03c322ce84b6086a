"""Rows about the product's own house and its callers (F10, F11, F14, F16, F17, F21)."""

import asyncio
import json
import os
import random
import sqlite3
from contextlib import closing

from websockets.asyncio.client import ClientConnection, connect

from tests.drills.broker import Json
from tests.drills.commands import PATIENT_MS, body_of, cancel, order_of, place, repeat_unanswered, resting, surely
from tests.drills.world import API_KEY, CONNECTION_ID, PATIENCE_S, Violation, World
from tests.waiting import until

ATTEMPTS = 20


async def locked_database(world: World, draw: random.Random, key: str) -> None:
    """F10: another process holds the write lock: a bounded wait, then 503 and nothing on the wire."""
    body = body_of(world, draw, "resting")
    before = await _placements(world)
    with closing(sqlite3.connect(world.data_dir / "edgerunner.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        order = await place(world, key, body, wait_ms=100)
        assert order is None, f"an order without a journal: {order}"
        assert await _placements(world) == before, "a placement left without an intent on disk"
        other.execute("ROLLBACK")
    await repeat_unanswered(world)


async def full_disk(world: World, draw: random.Random, key: str) -> None:
    """F11: the disk is full: new orders are refused, reads and cancels work, and it recovers by itself."""
    order = await resting(world, draw, f"{key}-w")
    ballast = world.data_dir / "ballast"
    _fill_up(ballast)
    try:
        refused = [await place(world, f"{key}-{number}", body_of(world, draw, "resting")) for number in range(3)]
        assert None in refused, "orders are taken on a full disk"
        assert (await order_of(world, order["client_order_id"]))["status"] == "accepted"
        halted = await world.api.post("/risk/halt", json={"scope": "all", "cancel_orders": False})
        assert halted.status_code == 200, halted.text
        denied = await world.api.post("/trade", json=body_of(world, draw, "resting"))
        assert denied.status_code in {422, 503}, denied.text
    finally:
        ballast.unlink()
    resumed = await world.api.post("/risk/resume", json={"scope": "all"})
    assert resumed.status_code == 200, resumed.text
    await repeat_unanswered(world)
    answer = await cancel(world, order, wait_ms=PATIENT_MS)
    assert answer is not None
    assert answer.status_code == 200, answer.text


async def one_key_fifty_times(world: World, draw: random.Random, key: str) -> None:
    """F14: fifty equal requests at once are one order; another body under the key is refused."""
    body = body_of(world, draw, draw.choice(("resting", "market")))
    answers = await asyncio.gather(*(place(world, key, body) for _ in range(50)))
    ids = {order["client_order_id"] if order else None for order in answers}
    assert len(ids) == 1, ids
    other = {
        **body,
        "quantity": format(world.market.step * 3, "f"),
        "side": "buy" if body["side"] == "sell" else "sell",
    }
    conflict = await world.api.post("/trade", json=other, headers={"Idempotency-Key": key})
    assert (conflict.status_code, conflict.json()["code"]) == (422, "idempotency_conflict"), conflict.text


async def absurd_quotes(world: World, draw: random.Random, key: str) -> None:
    """F16: a quote ten times off, zero or not a number: new risk is refused with a reason, and taken again after it."""
    market = draw.choice(world.broker.markets)
    mid = world.mids[market.instrument_id]
    bad = draw.choice((str(mid * 10), str(mid / 10), "0", "NaN"))
    await _go_flat(world)
    for attempt in range(ATTEMPTS):  # a bad tick lasts a second, and the newest good quote may serve for a moment
        await world.act("market", symbol=market.symbol, bad_tick=bad)
        order = await place(world, f"{key}-{attempt}", body_of(world, draw, "resting", market))
        if order is not None and order["status"] == "denied":
            codes = {"absurd_quote", "no_quote", "stale_quote", "price_collar"}  # the last where no mark contradicts
            assert order["denied"]["code"] in codes, order["denied"]
            break
    else:
        raise Violation(f"{ATTEMPTS} orders passed on a quote of {bad}")
    after = body_of(world, draw, "resting", market)
    await until(lambda: _is_taken(world, after), timeout_s=PATIENCE_S, what="an order is taken after the bad tick")


async def _go_flat(world: World) -> None:
    await world.api.post("/positions/close", json={"connection_id": CONNECTION_ID}, params={"wait_ms": str(PATIENT_MS)})


async def _is_taken(world: World, body: Json) -> bool:
    answer = await world.api.post("/trade", json=body)
    return answer.status_code == 201


async def refusals(world: World, draw: random.Random, key: str) -> None:
    """F17: no money, halted symbol, reduce-only without a position: rejected once, with the broker's words."""
    way = draw.choice(("reject", "halt", *(("reduce_only",) if world.broker.reduces_only else ())))
    market = world.market
    if way == "reject":
        await world.fault("reject", "place", **world.broker.reject)
        order = await surely(world, key, body_of(world, draw, "resting", market))
        assert order["status"] == "rejected", order
        assert order["broker"]["code"] == world.broker.reject["code"], order["broker"]
    elif way == "halt":
        await world.act("market", symbol=market.symbol, halt=True)
        try:
            order = await surely(world, key, body_of(world, draw, "resting", market))
            assert order["status"] in {"rejected", "denied"}, order
        finally:
            await world.act("market", symbol=market.symbol, halt=False)
    else:
        body = {**body_of(world, draw, "market", market), "reduce_only": True}
        await world.api.post(
            "/positions/close", json={"connection_id": CONNECTION_ID}, params={"wait_ms": str(PATIENT_MS)}
        )
        refused = await place(world, key, body, wait_ms=PATIENT_MS)
        assert refused is None or refused["status"] in {"rejected", "canceled", "denied"}, refused


async def forgotten_history(world: World, draw: random.Random, key: str) -> None:
    """F19: the broker forgets its recent orders while the product is away; restarts book nothing twice."""
    order = await resting(world, draw, key)
    await world.end_product()
    await world.act("fill", client_key=order["client_order_id"])
    await world.act("history/forget")
    for _ in range(draw.randint(1, 2)):
        await world.start_product()
        await until(world.is_ready, timeout_s=PATIENCE_S, what="the connection is ready again")
        await world.end_product()
    await world.start_product()
    await until(world.is_ready, timeout_s=PATIENCE_S, what="the connection is ready again")


async def the_brokers_own_hand(world: World, draw: random.Random, key: str) -> None:
    """F18: manual orders, fills, liquidation and payments that nobody here asked for are shown and counted."""
    market = world.market
    await place(world, key, body_of(world, draw, "market", market), wait_ms=PATIENT_MS)
    for _ in range(draw.randint(1, 3)):
        way = draw.choice(("manual", "manual_limit", "cash", "liquidate"))
        side = draw.choice(("buy", "sell"))
        quantity = market.quantity(draw)
        if way == "manual":
            await world.act("orders", symbol=market.symbol, side=side, order_type="market", quantity=quantity)
        elif way == "manual_limit":
            price = market.price(world.mids[market.instrument_id], "-0.08" if side == "buy" else "0.08")
            await world.act(
                "orders", symbol=market.symbol, side=side, order_type="limit", quantity=quantity, price=price
            )
        elif way == "cash":
            await world.act("cash", currency=world.broker.currency, amount=str(draw.randint(1, 500)))
        elif any(p["symbol"] == market.symbol for a in (await world.ledger())["accounts"] for p in a["positions"]):
            await world.act("liquidate", symbol=market.symbol)


async def reader_that_does_not_read(world: World, draw: random.Random, key: str) -> None:
    """F21: a stream client subscribes to everything and never reads; orders go on and other readers miss nothing."""
    url = str(world.api.base_url).replace("http", "ws", 1).rstrip("/") + "/ws/broker"
    async with connect(url, max_queue=1) as deaf, connect(url) as reader:
        for client in (deaf, reader):
            await client.send(json.dumps({"op": "authenticate", "token": API_KEY}))
            await client.send(json.dumps({"op": "subscribe", "channel": "orders"}))
        numbers = asyncio.create_task(_numbers(reader))
        keys = [f"{key}-{number}" for number in range(20)]
        orders = await asyncio.gather(*(place(world, each, body_of(world, draw, "resting")) for each in keys))
        await asyncio.gather(*(cancel(world, order) for order in orders if order is not None))
        await reader.close()
        told = await numbers
        assert told == list(range(told[0], told[0] + len(told))), f"a hole in the numbers: {told}"
        deaf.transport.abort()


async def _numbers(reader: ClientConnection) -> list[int]:
    numbers: list[int] = []
    async for frame in reader:
        message = json.loads(frame)
        if message["kind"] == "snapshot":
            numbers = [message["seq"]]
        elif message["kind"] == "delta":
            numbers.append(message["seq"])
    return numbers


async def _placements(world: World) -> int:
    return sum(order["placements"] for order in (await world.ledger())["orders"])


def _fill_up(ballast: "os.PathLike[str]") -> None:
    """Take every free byte of the small file system that the data folder lies on."""
    with open(ballast, "wb", buffering=0) as file:  # noqa: PTH123 - unbuffered on purpose
        for size in (1_048_576, 4_096, 512, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
