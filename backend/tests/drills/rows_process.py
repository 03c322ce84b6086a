"""Rows in which the product dies, at chosen points and at random moments (F1, F2, F22)."""

import asyncio
import random
import signal
from collections.abc import Awaitable

from tests.drills.broker import Json
from tests.drills.commands import PATIENT_MS, body_of, cancel, place, repeat_unanswered, resize, resting
from tests.drills.world import CONNECTION_ID, PATIENCE_S, ProcessWorld, Violation, World
from tests.waiting import until

POINTS = ("received", "accepted", "ack_sent", "fill_sent")


async def killed_at_a_point(world: World, draw: random.Random, key: str) -> None:
    """F1 (a): the broker holds the frame, the product is killed, the frame goes on or is dropped."""
    point = draw.choice(POINTS)
    op = "place" if point == "fill_sent" else draw.choice(("place", "modify", "cancel"))
    order = await resting(world, draw, f"{key}-w") if op != "place" else None
    body = body_of(world, draw, "market" if point == "fill_sent" else "resting")
    await world.act("hold", at=point)
    if order is None:
        sending = asyncio.create_task(_ended(place(world, key, body)))
    elif op == "cancel":
        sending = asyncio.create_task(_ended(cancel(world, order)))
    else:
        sending = asyncio.create_task(_ended(resize(world, draw, order)))
    await until(lambda: _is_held(world), timeout_s=PATIENCE_S, what=f"a frame is held at {point}")
    await world.end_product()
    await sending
    await world.act("release", action=draw.choice(("continue", "drop")))
    await _start(world)
    await repeat_unanswered(world)


async def killed_at_a_moment(world: World, draw: random.Random, key: str) -> None:
    """F1 (b): killed 0 to 60 ms after a burst of commands began."""
    orders = [await resting(world, draw, f"{key}-w{number}") for number in range(2)]
    commands: list[Awaitable[object]] = [
        place(world, f"{key}-{number}", body_of(world, draw, draw.choice(("market", "resting")))) for number in range(3)
    ]
    sending = asyncio.gather(*commands, cancel(world, orders[0]), resize(world, draw, orders[1]))
    await asyncio.sleep(draw.randint(0, 60) / 1_000)  # the kill falls anywhere into the commands
    await world.end_product()
    await sending
    await _start(world)
    await repeat_unanswered(world)


async def killed_while_its_answer_is_lost(world: World, draw: random.Random, key: str) -> None:
    """F1 with F3: the outcome is unknown when the product dies; the next start finds out."""
    await world.fault(draw.choice(("drop_request", "drop_reply", "reset_after_accept")), "place")
    await place(world, key, body_of(world, draw, draw.choice(("resting", "market"))), wait_ms=50)
    await world.end_product()
    await _start(world)
    await repeat_unanswered(world)


async def stopped_and_continued(world: World, draw: random.Random, key: str) -> None:
    """F1: SIGSTOP in the middle of commands, news meanwhile, SIGCONT."""
    order = await resting(world, draw, f"{key}-w")
    process = _process(world)
    sending = asyncio.create_task(place(world, key, body_of(world, draw, "market")))
    await asyncio.sleep(draw.randint(0, 20) / 1_000)  # the stop falls anywhere into the command
    process.send_signal(signal.SIGSTOP)
    try:
        await world.act("fill", client_key=order["client_order_id"])
        await asyncio.sleep(draw.uniform(0.1, 1))  # what is missed piles up meanwhile
    finally:
        process.send_signal(signal.SIGCONT)
    await sending
    await repeat_unanswered(world)


async def bracket_cut_in_the_middle(world: World, draw: random.Random, key: str) -> None:
    """F2: the product dies, or the answer is lost, while an order with exits is placed: none stays unprotected."""
    body = body_of(world, draw, "bracket", world.market)
    if isinstance(world, ProcessWorld):
        point = draw.choice(("received", "accepted", "ack_sent"))
        await world.act("hold", at=point)
        sending = asyncio.create_task(place(world, key, body))
        await until(lambda: _is_held(world), timeout_s=PATIENCE_S, what=f"the bracket is held at {point}")
        await world.end_product()
        await sending
        await world.act("release", action="continue")
        await _start(world)
    else:
        await world.fault(draw.choice(("drop_reply", "reset_after_accept")), "place")
        await place(world, key, body)
    await repeat_unanswered(world)
    await until(lambda: _is_protected(world), timeout_s=PATIENCE_S, what="the position has its exits, here and there")
    await until(world.is_ready, timeout_s=PATIENCE_S, what="the connection is ready again")
    await _flatten(world)


async def killed_while_halted(world: World, draw: random.Random, key: str) -> None:
    """F22: halted, killed, started again: still halted, cancels pass, nothing new reaches the broker."""
    order = await resting(world, draw, f"{key}-w")
    scope = draw.choice(("all", f"connection:{CONNECTION_ID}"))
    halt = await world.api.post("/risk/halt", json={"scope": scope, "cancel_orders": False})
    assert halt.status_code == 200, halt.text
    await world.end_product()
    await _start(world)
    refused = await place(world, key, body_of(world, draw, draw.choice(("market", "resting"))))
    if refused is None or refused["status"] != "denied" or refused["denied"]["code"] != "halted":
        raise Violation(f"an order after the restart of a halted product: {refused}")
    answer = await cancel(world, order, wait_ms=PATIENT_MS)
    if answer is None or answer.status_code != 200:
        raise Violation(f"a cancel while halted: {None if answer is None else answer.text}")
    await world.api.post("/risk/resume", json={"scope": scope})


async def _ended(work: Awaitable[object]) -> None:
    await work


async def _start(world: World) -> None:
    await world.start_product()
    await until(world.is_ready, timeout_s=PATIENCE_S, what="the connection is ready again")


def _process(world: World) -> "asyncio.subprocess.Process":
    if not isinstance(world, ProcessWorld) or world.process is None:
        raise AssertionError("this row needs a product in its own process")
    return world.process


async def _is_held(world: World) -> bool:
    return bool((await world.ledger())["held"])


async def _is_protected(world: World) -> bool:
    """Tell whether every exit that lives at the broker is known here; a filled bracket must have both."""
    ledger = await world.ledger()
    answer = await world.api.get("/orders/status", params={"connection_id": CONNECTION_ID, "status": "open"})
    working = answer.json()["orders"]
    known, keys = ({order[name] for order in working} for name in ("venue_order_id", "client_order_id"))
    living = [order for order in ledger["orders"] if order["live"]]
    exits = {  # an exit placed behind its filled entry is an order like others, but not under a key of ours
        order["venue_order_id"]
        for order in living
        if order["exit_kind"] or order["parent"] or order["client_key"] not in keys
    }
    exits |= _marks(ledger)
    held = any(p["symbol"] == world.market.symbol for account in ledger["accounts"] for p in account["positions"])
    return exits <= known and (not held or len(exits) >= 2)


def _marks(ledger: Json) -> set[str]:
    """Return the exits that are marks on a position (MT5), as they are called here."""
    held = [position for account in ledger["accounts"] for position in account["positions"]]
    return {
        f"{position['identifier']}-{kind}-{'sell' if position['side'] == 'long' else 'buy'}"
        for position in held
        for kind, name in (("sl", "stop_loss"), ("tp", "take_profit"))
        if position.get(name) is not None
    }


async def _flatten(world: World) -> None:
    body = {"connection_id": CONNECTION_ID, "instrument_id": world.market.instrument_id}
    answer = await world.api.post("/positions/close", json=body, params={"wait_ms": str(PATIENT_MS)})
    assert answer.status_code == 200, answer.text
