"""A trader's session drawn from a seed: placements, changes, cancels, with repeats after a crash."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx

Json = dict[str, Any]

_STEPS = {
    "BTCUSDT-LINEAR.BYBIT": ("0.1", "0.001", 12),
    "ETHUSDT-LINEAR.BYBIT": ("0.01", "0.01", 30),
    "SOLUSDT-LINEAR.BYBIT": ("0.01", "0.1", 60),
    "BTCUSDT-SPOT.BYBIT": ("0.01", "0.0005", 20),
    "ETHUSDT-SPOT.BYBIT": ("0.01", "0.01", 20),
}


@dataclass
class RandomSession:
    """Draws commands and sends them; whatever gets no answer is sent again with the same key.

    ``client`` returns the HTTP client of the moment: the product may be another process by then.
    """

    seed: int
    connection_id: str
    client: Callable[[], httpx.AsyncClient]
    known: list[str] = field(default_factory=list)
    unanswered: list[tuple[str, Json]] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._mids: dict[str, Decimal] = {}
        self._count = 0

    async def read_prices(self) -> None:
        """Read the prices that limit orders are drawn around."""
        for instrument_id in _STEPS:
            answer = await self.client().get(
                "/market/ticker", params={"connection_id": self.connection_id, "instrument_id": instrument_id}
            )
            answer.raise_for_status()
            self._mids[instrument_id] = Decimal(answer.json()["last"])

    async def run(self, commands: int, *, at_once: int = 8) -> None:
        """Send this many commands, several at a time."""
        limit = asyncio.Semaphore(at_once)

        async def one() -> None:
            async with limit:
                await self._command()

        await asyncio.gather(*(one() for _ in range(commands)))

    async def repeat_unanswered(self) -> None:
        """Send placements without an answer again, each with its own key and body."""
        unanswered, self.unanswered = self.unanswered, []
        for key, body in unanswered:
            await self._place(key, body)

    async def _command(self) -> None:
        kind = self._random.choices(("place", "cancel", "modify", "close"), weights=(62, 20, 15, 3))[0]
        target = self._random.choice(self.known) if self.known else None
        self._count += 1
        if kind == "close":
            await self._call("POST", "/positions/close", json={"connection_id": self.connection_id})
        elif kind == "place" or target is None:
            await self._place(f"session-{self.seed}-{self._count}", self._order())
        elif kind == "cancel":
            await self._call("DELETE", f"/orders/{target}")
        else:
            await self._call("PATCH", f"/orders/{target}", json=self._change())

    def _order(self) -> Json:
        draw = self._random
        instrument_id = draw.choice(tuple(_STEPS))
        tick, step, most = _STEPS[instrument_id]
        body: Json = {
            "connection_id": self.connection_id,
            "instrument_id": instrument_id,
            "side": draw.choice(("buy", "sell")),
            "order_type": "market",
            "quantity": str(Decimal(step) * draw.randint(1, most)),
        }
        if "-LINEAR" in instrument_id and draw.random() < 0.08:
            body["reduce_only"] = True
        if draw.random() < 0.7:
            offset = Decimal(draw.randint(-40, 40)) / 10_000
            body |= {"order_type": "limit", "price": _on_tick(self._mids[instrument_id] * (1 + offset), tick)}
            body["time_in_force"] = draw.choice(("gtc", "gtc", "gtc", "ioc", "fok"))
            if body["time_in_force"] == "gtc" and draw.random() < 0.2:
                body["post_only"] = True
        if draw.random() < 0.04:
            body["quantity"] = draw.choice(("0", "-1", "0.00000001", "1e3", "NaN"))
        return body

    def _change(self) -> Json:
        draw = self._random
        instrument_id = draw.choice(tuple(_STEPS))
        tick, step, most = _STEPS[instrument_id]
        if draw.random() < 0.5:
            return {"quantity": str(Decimal(step) * draw.randint(1, most))}
        return {"price": _on_tick(self._mids[instrument_id] * (1 + Decimal(draw.randint(-40, 40)) / 10_000), tick)}

    async def _place(self, key: str, body: Json) -> None:
        answer = await self._call("POST", "/trade", json=body, headers={"Idempotency-Key": key})
        if answer is None or answer.status_code >= 500:
            self.unanswered.append((key, body))
        elif answer.status_code == 201:
            self.known.append(answer.json()["order"]["client_order_id"])

    async def _call(self, method: str, path: str, **arguments: Any) -> httpx.Response | None:
        try:
            answer = await self.client().request(method, path, params={"wait_ms": "1000"}, **arguments)
        except httpx.HTTPError:
            return None
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        return answer


def _on_tick(price: Decimal, tick: str) -> str:
    step = Decimal(tick)
    return format((price // step) * step, "f")
