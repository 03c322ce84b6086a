"""What a trader does in a drill; whatever gets no answer is sent again with the same key."""

import itertools
import random
from collections.abc import Awaitable, Callable
from decimal import Decimal
from functools import partial
from typing import Literal

import httpx

from tests.drills.broker import Json, Market
from tests.drills.world import CONNECTION_ID, PATIENCE_S, Violation, World
from tests.waiting import until

Kind = Literal["resting", "market", "marketable", "bracket"]
Op = Literal["place", "modify", "cancel"]

PATIENT_MS = 20_000
"""How long a caller waits for what must come; the answer is given as soon as it is there."""


def body_of(world: World, draw: random.Random, kind: Kind, market: Market | None = None) -> Json:
    """Return the body of a placement: deep in the book, at the market, through it, or with exits."""
    market = market or draw.choice(world.broker.markets)
    mid = world.mids[market.instrument_id]
    side = draw.choice(("buy", "sell"))
    away = -1 if side == "buy" else 1
    body: Json = {
        "connection_id": CONNECTION_ID,
        "instrument_id": market.instrument_id,
        "side": side,
        "order_type": "market",
        "quantity": market.quantity(draw),
    }
    match kind:
        case "resting":
            body |= {"order_type": "limit", "price": market.price(mid, f"{away * draw.uniform(0.05, 0.09):.4f}")}
        case "marketable":
            body |= {"order_type": "limit", "price": market.price(mid, f"{-away * 0.02:.4f}")}
        case "bracket":
            body["take_profit"] = {"price": market.price(mid, f"{-away * 0.2:.2f}")}
            body["stop_loss"] = {"trigger_price": market.price(mid, f"{away * 0.2:.2f}")}
        case "market":
            pass
    return body


async def place(world: World, key: str, body: Json, *, wait_ms: int = 500) -> Json | None:
    """Place an order; return it, or None without an answer. A repeat of a key must be the same order (I4)."""
    try:
        answer = await world.api.post(
            "/trade", json=body, headers={"Idempotency-Key": key}, params={"wait_ms": str(wait_ms)}
        )
    except httpx.HTTPError:
        world.unanswered[key] = body
        return None
    if answer.status_code in {502, 503, 504}:  # a 500 is a defect, whatever came of the order
        world.unanswered[key] = body
        return None
    if answer.status_code not in {201, 422}:
        raise Violation(f"POST /trade answered {answer.status_code}: {answer.text[:300]}")
    world.unanswered.pop(key, None)
    order = answer.json().get("order")
    return None if order is None else dict(order)


async def surely(world: World, key: str, body: Json) -> Json:
    """Place an order, with the same key until there is an answer."""
    return await until(
        lambda: place(world, key, body, wait_ms=PATIENT_MS), timeout_s=PATIENCE_S, what=f"{key} has an answer"
    )


async def resting(world: World, draw: random.Random, key: str, *, least_steps: int = 1) -> Json:
    """Return an order that works at the broker, of ``least_steps`` of its market's quantity or more."""
    body = body_of(world, draw, "resting")
    step = world.broker.market_of(body["instrument_id"]).step
    body["quantity"] = format(max(Decimal(body["quantity"]), least_steps * step), "f")
    attempts = itertools.count()
    place_next = partial(_working, world, body)
    return await until(
        lambda: place_next(f"{key}-try{next(attempts)}"), timeout_s=PATIENCE_S, what="an order works at the broker"
    )


async def _working(world: World, body: Json, key: str) -> Json | None:
    """Return the order once it works; None when it provably never arrived: a link was still breaking."""
    order = await surely(world, key, body)
    if order["status"] == "submitted":
        order = await until(
            lambda: _answered(world, order["client_order_id"]), timeout_s=PATIENCE_S, what="the order is answered"
        )
    if order["status"] in {"accepted", "partially_filled"}:
        return order
    if order["broker"]["code"] == "never_arrived":
        return None
    raise Violation(f"a resting order is {order}")


async def _answered(world: World, client_order_id: str) -> Json | None:
    order = await order_of(world, client_order_id)
    return None if order["status"] == "submitted" else order


async def cancel(world: World, order: Json, *, wait_ms: int = 500) -> httpx.Response | None:
    """Cancel an order; None without an answer."""
    return await _quietly(world, "DELETE", f"/orders/{order['client_order_id']}", wait_ms)


async def modify(world: World, order: Json, *, wait_ms: int = 500, **changes: str) -> httpx.Response | None:
    """Change an order; None without an answer."""
    return await _quietly(world, "PATCH", f"/orders/{order['client_order_id']}", wait_ms, json=changes)


async def command(world: World, draw: random.Random, op: Op, key: str, arm: Callable[[], Awaitable[None]]) -> None:
    """Send a placement, or change or cancel an order that works; ``arm`` lays the fault right before."""
    if op == "place":
        await arm()
        await place(world, key, body_of(world, draw, draw.choice(("resting", "market", "marketable"))))
        return
    order = await resting(world, draw, f"{key}-w")
    await arm()
    if op == "cancel":
        await cancel(world, order)
    else:
        await resize(world, draw, order)


async def resize(world: World, draw: random.Random, order: Json) -> None:
    """Change the quantity of an order that works, or its price where the broker changes no quantities."""
    market = world.broker.market_of(order["instrument_id"])
    if not world.broker.changes_quantity:
        away = draw.uniform(0.1, 0.15) * (-1 if order["side"] == "buy" else 1)
        await modify(world, order, price=market.price(world.mids[market.instrument_id], f"{away:.4f}"))
        return
    await modify(world, order, quantity=market.other_quantity(draw, order["quantity"]))


async def repeat_unanswered(world: World) -> None:
    """Send every placement without an answer again; each must become one order."""
    for key, body in list(world.unanswered.items()):
        await surely(world, key, body)


async def order_of(world: World, client_order_id: str) -> Json:
    """Return an order as the API tells it."""
    answer = await world.api.get("/orders/status", params={"client_order_id": client_order_id})
    if answer.status_code != 200:
        raise Violation(f"order {client_order_id}: {answer.status_code} {answer.text[:200]}")
    return dict(answer.json()["orders"][0])


async def _quietly(
    world: World, method: str, path: str, wait_ms: int, json: Json | None = None
) -> httpx.Response | None:
    try:
        answer = await world.api.request(method, path, params={"wait_ms": str(wait_ms)}, json=json)
    except httpx.HTTPError:
        return None
    if answer.status_code == 500:
        raise Violation(f"{method} {path} answered 500: {answer.text[:300]}")
    return answer
