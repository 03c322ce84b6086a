"""Rows about a MetaTrader 5 terminal: killed, slow, hanging, and a server that rewrites comments (M1-M4)."""

import asyncio
import random

from tests.drills.commands import Op, body_of, cancel, command, place, repeat_unanswered, resting
from tests.drills.world import PATIENCE_S, World
from tests.waiting import until

OPS: tuple[Op, ...] = ("place", "modify", "cancel")
WIRE_OP = {"place": "place", "modify": "amend", "cancel": "cancel"}


async def terminal_killed_in_an_order(world: World, draw: random.Random, key: str) -> None:
    """M1: the terminal is killed in the middle of an order, before or after the server has it, and started again."""
    op, way = draw.choice(OPS), draw.choice(("mt5.crash", "close_after_accept", "reset_after_accept"))

    async def arm() -> None:
        await world.fault(way, WIRE_OP[op])

    await command(world, draw, op, key, arm)
    if draw.random() < 0.5:
        await world.control.post("/sim/restart", json={"broker": world.broker.name})
    await until(world.is_ready, timeout_s=PATIENCE_S, what="the connection is ready again")
    await repeat_unanswered(world)


async def time_out_after_execution(world: World, draw: random.Random, key: str) -> None:
    """M2: the terminal answers too late (IPC timeout): the order is executed, and nobody heard of it."""
    op = draw.choice(OPS)

    async def arm() -> None:
        await world.fault("mt5.slow_calls", WIRE_OP[op], delay_s=draw.choice((2.5, 4, 11)))

    await command(world, draw, op, key, arm)
    await repeat_unanswered(world)


async def terminal_hangs(world: World, draw: random.Random, key: str) -> None:
    """M3: the terminal hangs for seconds with orders in it, then carries all of them out at once."""
    await world.act("hold", at=draw.choice(("received", "accepted", "ack_sent")))
    sending = [
        asyncio.create_task(place(world, f"{key}-{number}", body_of(world, draw, draw.choice(("resting", "market")))))
        for number in range(draw.randint(1, 3))
    ]
    await until(lambda: _is_held(world), timeout_s=PATIENCE_S, what="an order is in the terminal")
    await asyncio.sleep(draw.uniform(0.5, 5))
    await world.heal()
    await asyncio.gather(*sending)
    await until(world.is_ready, timeout_s=PATIENCE_S, what="the connection is ready again")
    await repeat_unanswered(world)


async def comments_rewritten(world: World, draw: random.Random, key: str) -> None:
    """M4: the server rewrites comments, answers are lost, the product restarts: orders are known by their magic."""
    await world.fault("mt5.comment_rewritten", "place", count=1_000, text=draw.choice(("", "[broker]", "A" * 20)))
    order = await resting(world, draw, f"{key}-w")
    await world.fault(draw.choice(("drop_reply", "reset_after_accept")), "place")
    await place(world, key, body_of(world, draw, draw.choice(("resting", "market"))))
    await world.restart_product()
    await repeat_unanswered(world)
    await cancel(world, order, wait_ms=2_000)


async def _is_held(world: World) -> bool:
    return bool((await world.ledger())["held"])
