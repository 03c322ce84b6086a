"""Rows about the wire between product and broker: lost, late, doubled and garbled bytes (F3-F9, F20)."""

import asyncio
import itertools
import random

from tests.drills.broker import Json
from tests.drills.commands import Op, body_of, cancel, command, modify, order_of, place, repeat_unanswered, resting
from tests.drills.proxy import Mode
from tests.drills.world import CONNECTION_ID, PATIENCE_S, Violation, World
from tests.waiting import until

OPS: tuple[Op, ...] = ("place", "modify", "cancel")
WIRE_OP = {"place": "place", "modify": "amend", "cancel": "cancel"}
LOSSES = ("drop_request", "drop_reply", "close_after_accept", "reset_after_accept", "delay_reply")
STREAM_FAULTS = ("duplicate_event", "reorder_events", "late_event")

MANY, BURST = 80, 10
"""Orders to get out of: eight seconds of Bybit's cancels."""


async def lost_answers(world: World, draw: random.Random, key: str) -> None:
    """F3: request or answer lost, connection closed or reset after the broker acted."""
    op, loss = draw.choice(OPS), draw.choice(LOSSES)
    params = {"delay_s": draw.choice((1, 3, 6))} if loss == "delay_reply" else {}

    async def arm() -> None:
        await world.fault(loss, WIRE_OP[op], **params)

    await command(world, draw, op, key, arm)
    await _until_given_up(world)
    await repeat_unanswered(world)


async def lost_in_transit(world: World, draw: random.Random, key: str) -> None:
    """F3 by the network: answers swallowed, links reset or closed, the broker's port refused for a while."""
    way = draw.choice(("swallow", "reset", "close", "refuse"))
    op = draw.choice(OPS)
    armed = asyncio.Event()

    async def arm() -> None:
        if way == "swallow":
            world.proxy.mode = Mode.SWALLOW
        elif way == "refuse":
            world.proxy.mode = Mode.REFUSE
            world.proxy.cut(reset=False)
        armed.set()

    sending = asyncio.create_task(command(world, draw, op, key, arm))
    await _armed_or_ended(armed, sending)
    try:
        if way in {"reset", "close"}:
            await asyncio.sleep(draw.uniform(0, 0.1))  # the cut falls anywhere into the command
            world.proxy.cut(reset=way == "reset")
        await asyncio.wait([sending], timeout=draw.uniform(0.5, 3))
    finally:
        world.proxy.mode = Mode.PASS
        world.proxy.cut(reset=True)
    await _allow_violations_of_the_fault_itself(sending)
    await _until_given_up(world)
    await until(world.is_ready, timeout_s=PATIENCE_S, what="the connection is ready again")
    await repeat_unanswered(world)


async def doubled_and_late_news(world: World, draw: random.Random, key: str) -> None:
    """F4: events doubled, reordered, late, while orders are placed, changed and canceled."""
    for _ in range(draw.randint(1, 4)):
        fault = draw.choice(STREAM_FAULTS)
        params: dict[str, object] = {"copies": draw.randint(1, 3)} if fault == "duplicate_event" else {}
        if fault == "late_event":
            params = {"delay_s": draw.choice((0.5, 2, 5))}
        await world.fault(fault, "stream", count=draw.randint(1, 4), **params)
    for number in range(draw.randint(1, 3)):
        order = await place(world, f"{key}-{number}", body_of(world, draw, draw.choice(("market", "resting"))))
        if order is not None and order["status"] == "accepted" and draw.random() < 0.5:
            await cancel(world, order)


async def late_fills_of_one_market(world: World, draw: random.Random, key: str) -> None:
    """F4: fills of one market are told late and doubled; average and profit follow the broker's order of them."""
    market = world.market
    for number in range(draw.randint(3, 6)):
        if draw.random() < 0.5:
            await world.fault("late_event", "stream", count=draw.randint(1, 3), delay_s=draw.choice((0.5, 1, 2)))
        if draw.random() < 0.2:
            await world.fault("duplicate_event", "stream", copies=1)
        await place(world, f"{key}-{number}", body_of(world, draw, "market", market), wait_ms=100)


async def retry_while_the_stream_knows(world: World, draw: random.Random, key: str) -> None:
    """B4: the answer is lost, the stream says New a moment later; nobody places again."""
    await world.fault("drop_reply", "place")
    await world.fault("late_event", "stream", delay_s=1)
    await place(world, key, body_of(world, draw, "resting"), wait_ms=100)
    await _until_given_up(world)
    await repeat_unanswered(world)


async def blind_retries(world: World, draw: random.Random, key: str) -> None:
    """B9: a caller who repeats the same key again and again through a lost answer gets one order."""
    await world.fault(draw.choice(("drop_reply", "reset_after_accept", "close_after_accept")), "place")
    body = body_of(world, draw, draw.choice(("resting", "market")))
    answers = await asyncio.gather(*(place(world, key, body, wait_ms=50) for _ in range(draw.randint(3, 10))))
    ids = {order["client_order_id"] for order in answers if order is not None}
    assert len(ids) <= 1, ids
    await repeat_unanswered(world)


async def fills_while_disconnected(world: World, draw: random.Random, key: str) -> None:
    """F5: two parts fill while the link is cut; the rest later."""
    order = await resting(world, draw, key)
    world.proxy.mode = Mode.REFUSE
    world.proxy.cut(reset=draw.random() < 0.5)
    market = world.broker.market_of(order["instrument_id"])
    steps = int(float(order["quantity"]) / float(market.step) + 0.5)
    for _ in range(2):
        part = max(steps * 3 // 10, 1)
        if part * 2 < steps:
            await world.act("fill", client_key=order["client_order_id"], quantity=format(market.step * part, "f"))
    opened = world.proxy.opened
    world.proxy.mode = Mode.PASS
    await world.until_ready_again(opened)
    if draw.random() < 0.5:
        await world.act("fill", client_key=order["client_order_id"])


async def fill_against_cancel(world: World, draw: random.Random, key: str) -> None:
    """F5: a fill arrives while a cancel is held at the broker; either may win."""
    order = await resting(world, draw, key)
    point = draw.choice(("received", "accepted"))
    await world.act("hold", at=point)
    canceling = asyncio.create_task(cancel(world, order, wait_ms=200))
    await until(lambda: _is_held(world), timeout_s=PATIENCE_S, what="the cancel is held")
    if point == "received":
        await world.act("fill", client_key=order["client_order_id"])
    await world.act("release", at=point)
    await canceling


async def silent_stream(world: World, draw: random.Random, key: str) -> None:
    """F6: the streams fall silent with open sockets, an order fills meanwhile; they are given up and made anew."""
    order = await resting(world, draw, key)
    opened = world.proxy.opened
    await world.fault("stall_stream", "stream", count=1_000)
    await world.act("fill", client_key=order["client_order_id"])
    await place(world, f"{key}-m", body_of(world, draw, "market"), wait_ms=300)
    await world.heal()
    await world.until_ready_again(opened)
    attempts = itertools.count()
    await until(
        lambda: _is_accepted(world, f"{key}-{next(attempts)}", body_of(world, draw, "resting")),
        timeout_s=PATIENCE_S,
        what="news of a new order comes by the stream",
    )
    await repeat_unanswered(world)


async def broker_restarts(world: World, draw: random.Random, key: str) -> None:
    """F7: the broker's server restarts with orders working and one under way; no storm of log-ins follows."""
    order = await resting(world, draw, key)
    opened = world.proxy.opened
    sending = asyncio.create_task(place(world, f"{key}-m", body_of(world, draw, draw.choice(("market", "resting")))))
    await world.control.post("/sim/restart", json={"broker": world.broker.name})
    await sending
    await world.until_ready_again(opened)
    assert world.proxy.opened - opened < 60, f"{world.proxy.opened - opened} connections after one restart"
    await repeat_unanswered(world)
    await cancel(world, order, wait_ms=2_000)


async def wrong_clock(world: World, draw: random.Random, key: str) -> None:
    """F8: the broker's clock is off by up to ten seconds; requests are refused by their stamp and tried rightly."""
    offset = draw.choice((-10, -6, 6, 10))
    await world.act("clock", offset_s=str(offset))
    body = body_of(world, draw, "resting")
    attempts = itertools.count()
    try:
        await until(
            lambda: _is_accepted(world, f"{key}-{next(attempts)}", body),
            timeout_s=PATIENCE_S,
            what=f"an order is accepted by a broker whose clock is {offset} s off",
        )
    finally:
        await world.act("clock", offset_s="0")
    await repeat_unanswered(world)


async def rate_limited(world: World, draw: random.Random, key: str) -> None:
    """F9: calls count as over the limit; placements are neither lost nor doubled."""
    op = draw.choice(OPS)

    async def arm() -> None:
        await world.fault("rate_limit", WIRE_OP[op], count=draw.randint(1, 3), reset_s=draw.choice((0.2, 1)))

    await command(world, draw, op, key, arm)
    await repeat_unanswered(world)


async def out_of_many_orders(world: World, draw: random.Random, key: str) -> None:
    """F9: more orders are canceled at once than the broker takes cancels in seconds; every one ends."""
    for first in range(0, MANY, BURST):
        await asyncio.gather(*(resting(world, draw, f"{key}-{number}") for number in range(first, first + BURST)))
    answer = await world.api.post("/orders/cancel-all", json={"connection_id": CONNECTION_ID})
    assert answer.status_code == 200, answer.text
    await until(lambda: _nothing_lives(world), timeout_s=PATIENCE_S, what="no order lives at the broker")


async def _nothing_lives(world: World) -> bool:
    return not any(order["live"] for order in (await world.ledger())["orders"])


async def garbled_bytes(world: World, draw: random.Random, key: str) -> None:
    """F20: the broker's bytes arrive garbled; the link is dropped and made anew, nothing else happens."""
    order = await resting(world, draw, key)
    world.proxy.mode = Mode.CORRUPT
    await place(world, f"{key}-g", body_of(world, draw, "market"), wait_ms=300)
    await modify(world, order, price=_deeper(world, order), wait_ms=300)
    opened = world.proxy.opened
    world.proxy.mode = Mode.PASS
    world.proxy.cut(reset=True)
    await world.until_ready_again(opened)
    await repeat_unanswered(world)
    assert (await order_of(world, order["client_order_id"]))["venue_order_id"]


async def _armed_or_ended(armed: asyncio.Event, sending: "asyncio.Task[None]") -> None:
    """Wait for the fault to be laid: laid after it was healed, as on a slow machine, it would stay for ever."""
    laying = asyncio.create_task(armed.wait())
    await asyncio.wait([laying, sending], return_when=asyncio.FIRST_COMPLETED)
    laying.cancel()


async def _until_given_up(world: World) -> None:
    """Let the product's own wait for an answer end: what it concludes then is what is drilled."""
    await asyncio.sleep(world.broker.answer_s + 0.5)


async def _is_accepted(world: World, key: str, body: Json) -> bool:
    order = await place(world, key, body, wait_ms=3_000)
    return order is not None and order["status"] == "accepted"


def _deeper(world: World, order: dict[str, str]) -> str:
    market = world.broker.market_of(order["instrument_id"])
    away = "-0.1" if order["side"] == "buy" else "0.09"
    return market.price(world.mids[market.instrument_id], away)


async def _is_held(world: World) -> bool:
    return bool((await world.ledger())["held"])


async def _allow_violations_of_the_fault_itself(sending: "asyncio.Task[None]") -> None:
    """A drill whose own preparation was cut has still sent an order or none; the book decides."""
    try:
        await asyncio.wait_for(sending, 30)
    except Violation:
        return
