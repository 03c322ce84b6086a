"""Rows after public bugs of programs that trade at Interactive Brokers (B1-B8), and of restarts at any broker."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.drills.broker import Json
from tests.drills.commands import body_of, place, repeat_unanswered, resting, surely
from tests.drills.world import API_KEY, CONNECTION_ID, PATIENCE_S, ProcessWorld, Violation, World
from tests.system.agreement import pages
from tests.waiting import until

RESTARTS = 5
FRESH_QUOTES = 3
"""So many quotes cannot all have been under way before a cut."""


async def fills_around_a_lost_connection(world: World, draw: random.Random, key: str) -> None:
    """B1: TWS is cut off (1100) between the fills of an order; each is booked once, and nothing is sent meanwhile."""
    order = await resting(world, draw, key, least_steps=4)
    await _fill_part(world, order)
    await world.fault("ibkr.connection_lost", restored=draw.choice(("1101", "1102")))
    await until(lambda: _is_cut(world), timeout_s=PATIENCE_S, what="the product has heard of the cut")
    placements = await _placements(world)
    for _ in range(draw.randint(1, 2)):
        await _fill_part(world, order)
    await place(world, f"{key}-m", body_of(world, draw, "market"), wait_ms=100)
    if await _placements(world) != placements:
        raise Violation("an order was sent to a TWS that is cut off")
    await world.heal()
    if draw.random() < 0.5:
        await world.act("fill", client_key=order["client_order_id"])
    await repeat_unanswered(world)


async def reset_at_night(world: World, draw: random.Random, key: str) -> None:
    """B2: 1100 for long, farms that come and go, then 1101, 1102 or a restart: the process lives, quotes come again."""
    if not isinstance(world, ProcessWorld) or world.process is None:
        raise AssertionError("this row needs a product in its own process")
    process, order = world.process, await resting(world, draw, key)
    async with _quotes(world) as heard:
        way = draw.choice(("1101", "1101", "1102", "restart"))
        await world.fault("ibkr.connection_lost", restored="1101" if way == "restart" else way)
        await until(lambda: _is_cut(world), timeout_s=PATIENCE_S, what="the product has heard of the cut")
        for _ in range(draw.randint(1, 3)):
            await world.fault("ibkr.farm_broken", after_s=0.1)
            await asyncio.sleep(0.2)  # the farm's own time to come back
        await world.act("fill", client_key=order["client_order_id"])
        await asyncio.sleep(draw.choice((0.5, 3, 2 * world.broker.heartbeat_s + 2)))  # how long the cut lasts
        if way == "restart":
            await world.fault("ibkr.nightly_restart", down_s=draw.choice((0.5, 3)))
        await world.heal()
        await until(world.is_ready, timeout_s=PATIENCE_S, what="the connection is ready again")
        await _until_heard(heard, len(heard) + FRESH_QUOTES, f"quotes come again after {way}")
    if world.process is not process or process.returncode is not None:
        raise Violation(f"the product ended with {process.returncode}")


async def restarts_with_a_position(world: World, draw: random.Random, key: str) -> None:
    """B3: five restarts with a position and an order at work: nothing is placed, booked or adjusted again."""
    await surely(world, f"{key}-m", body_of(world, draw, "market"))
    await resting(world, draw, f"{key}-r")
    await world.settle()
    before = await _standing(world)
    for number in range(RESTARTS):
        await world.restart_product()
        if (after := await _standing(world)) != before:
            raise Violation(f"restart {number + 1} changed {_changed(before, after)}")


async def executions_before_their_orders(world: World, draw: random.Random, key: str) -> None:
    """B5: executions come before any other sign of their orders; they are booked on the orders placed here."""
    for number in range(draw.randint(1, 3)):
        if draw.random() < 0.5:
            await world.fault("ibkr.fill_before_status", "stream")
        else:  # no orderStatus, and openOrder when the execution and its commission have been read
            await world.fault("ibkr.profile", name="paper_2026", order_at_fill="no")
            await world.fault("ibkr.missing_status", "stream", count=2)
            await world.fault("delay_reply", "place", delay_s=draw.choice((0.5, 3)))
        body = body_of(world, draw, draw.choice(("market", "marketable")))
        await place(world, f"{key}-{number}", body, wait_ms=draw.choice((0, 300)))


async def fills_while_away(world: World, draw: random.Random, key: str) -> None:
    """B7: orders fill while the product is away, one before its answer came; all are known by key or broker's id."""
    for number in range(draw.randint(1, 2)):
        await resting(world, draw, f"{key}-w{number}")
    placements = await _placements(world)
    await world.fault("drop_reply", "place")
    await place(world, key, body_of(world, draw, "resting"), wait_ms=50)
    await until(
        lambda: _has_more(world, placements), timeout_s=PATIENCE_S, what="the unanswered order is at the broker"
    )
    await world.end_product()
    steps = {market.symbol: market.step for market in world.broker.markets}
    for order in (await world.ledger())["orders"]:
        if order["live"] and order["client_key"] and draw.random() < 0.8:
            part = {"quantity": format(steps[order["symbol"]], "f")} if draw.random() < 0.5 else {}
            await world.act("fill", client_key=order["client_key"], **part)
    await world.start_product()
    await until(world.is_ready, timeout_s=PATIENCE_S, what="the connection is ready again")
    await repeat_unanswered(world)


async def ids_given_again(world: World, draw: random.Random, key: str) -> None:
    """B8: the broker gives order ids again that are in use: no order is changed by it, and new ones are placed once."""
    orders = [await resting(world, draw, f"{key}-w{number}") for number in range(draw.randint(1, 3))]
    if draw.random() < 0.5:
        await surely(world, f"{key}-m", body_of(world, draw, "market"))
    opened, ids = world.proxy.opened, draw.randint(1, 8)
    match draw.choice(("link", "product", "night")):
        case "link":
            await world.fault("ibkr.roll_back_ids", ids=ids)
            world.proxy.cut(reset=True)
            await world.until_ready_again(opened)
        case "product":
            await world.fault("ibkr.roll_back_ids", ids=ids)
            await world.restart_product()
        case "night":
            await world.fault("ibkr.nightly_restart", down_s=0.5, ids=ids)
            await world.until_ready_again(opened)
    for number in range(draw.randint(1, 3)):
        await resting(world, draw, f"{key}-n{number}")
    there = {order["client_key"]: order["quantity"] for order in (await world.ledger())["orders"]}
    for order in orders:
        if there.get(order["client_order_id"]) != order["quantity"]:
            raise Violation(f"order {order} has another quantity at the broker: {there}")


async def _fill_part(world: World, order: Json) -> None:
    step = world.broker.market_of(order["instrument_id"]).step
    await world.act("fill", client_key=order["client_order_id"], quantity=format(step, "f"))


async def _is_cut(world: World) -> bool:
    return not await world.is_ready()


async def _placements(world: World) -> int:
    return sum(order["placements"] for order in (await world.ledger())["orders"])


async def _has_more(world: World, placements: int) -> bool:
    return await _placements(world) > placements


async def _standing(world: World) -> dict[str, object]:
    """Return everything that a restart must leave as it is."""
    positions = (await world.api.get("/positions", params={"connection_id": CONNECTION_ID})).json()["positions"]
    exact = ("instrument_id", "side", "quantity", "average_price", "realized_pnl")
    orders = await pages(world.api, "/orders/status", "orders", connection_id=CONNECTION_ID, status="all")
    return {
        "the broker's placements": await _placements(world),
        "orders": {order["client_order_id"]: (order["status"], order["filled_quantity"]) for order in orders},
        "fills": await pages(world.api, "/fills", "fills", connection_id=CONNECTION_ID),
        "cash movements": await pages(world.api, "/ledger", "movements", connection_id=CONNECTION_ID),
        "positions": sorted(tuple(position[name] for name in exact) for position in positions),
    }


def _changed(before: dict[str, object], after: dict[str, object]) -> str:
    return "; ".join(f"{name}: {before[name]} to {after[name]}" for name in before if before[name] != after[name])


@asynccontextmanager
async def _quotes(world: World) -> AsyncIterator[list[Json]]:
    """Give the quotes of the first market that a stream client hears; one has been heard at the start."""
    url = str(world.api.base_url).replace("http", "ws", 1).rstrip("/") + "/ws/broker"
    heard: list[Json] = []
    async with connect(url) as client:
        await client.send(json.dumps({"op": "authenticate", "token": API_KEY}))
        channel = f"quotes:{CONNECTION_ID}:{world.market.instrument_id}"
        await client.send(json.dumps({"op": "subscribe", "channel": channel}))
        listening = asyncio.create_task(_listen(client, heard))
        try:
            await _until_heard(heard, 1, "a quote is heard")
            yield heard
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


async def _until_heard(heard: list[Json], count: int, what: str) -> None:
    async def has_heard() -> bool:
        return len(heard) >= count

    await until(has_heard, timeout_s=PATIENCE_S, what=what)


async def _listen(client: ClientConnection, heard: list[Json]) -> None:
    with suppress(ConnectionClosed):
        async for frame in client:
            message = json.loads(frame)
            if message["kind"] == "delta":
                heard.append(message)
