"""The product with a user's own strategies, and what tests ask it about them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from tests.system.product import CONNECTION_ID, Product
from tests.waiting import until

INSTRUMENT_ID = "BTCUSDT-LINEAR.BYBIT"
FILES = Path(__file__).parent / "strategy_files"

Json = dict[str, Any]


class StrategyDesk:
    """A running product with the strategy files of this folder."""

    def __init__(self, product: Product, http: httpx.AsyncClient) -> None:
        self.product = product
        self.http = http

    async def create(self, strategy_id: str, class_name: str, **changes: Any) -> Json:
        """Make a strategy on one-second bars of the simulated perpetual."""
        body = {
            "strategy_id": strategy_id,
            "class": class_name,
            "connection_id": CONNECTION_ID,
            "instrument_ids": [INSTRUMENT_ID],
            "timeframe": "1s",
            **changes,
        }
        return await self._call("POST", "/strategies", 201, json=body)

    async def command(self, strategy_id: str, command: str) -> Json:
        """Start, pause or stop a strategy."""
        return await self._call("POST", f"/strategies/{strategy_id}/{command}", 200)

    async def run(self, strategy_id: str, class_name: str, **changes: Any) -> None:
        """Make a strategy, start it and wait until it is live."""
        await self.create(strategy_id, class_name, **changes)
        await self.command(strategy_id, "start")
        await self.until_live(strategy_id)

    async def strategy(self, strategy_id: str) -> Json:
        """Return a strategy."""
        return await self._call("GET", f"/strategies/{strategy_id}", 200)

    async def log(self, strategy_id: str) -> list[str]:
        """Return the newest lines of a log, oldest first."""
        page = await self._call("GET", f"/strategies/{strategy_id}/log", 200, params={"limit": 1000})
        return [line["text"] for line in reversed(page["lines"])]

    async def orders(self, strategy_id: str) -> list[Json]:
        """Return the newest orders of a strategy."""
        page = await self._call("GET", "/orders/status", 200, params={"connection_id": CONNECTION_ID, "limit": 1000})
        return [order for order in page["orders"] if order["strategy_id"] == strategy_id]

    async def ledger(self) -> Json:
        """Return the simulated broker's own books."""
        async with self.product.control() as control:
            answer = await control.get("/sim/ledger", params={"broker": "bybit"})
        return dict(answer.json())

    async def until_live(self, strategy_id: str) -> Json:
        """Wait until a strategy's warm-up is over."""

        async def is_live() -> Json | None:
            known = await self.strategy(strategy_id)
            assert known["state"] != "faulted", known["reason"]
            return known if known["live"] else None

        return await until(is_live, timeout_s=40, what=f"{strategy_id} is live")

    async def until_state(self, strategy_id: str, state: str, *, timeout_s: float = 40) -> Json:
        """Wait until a strategy is in a state."""

        async def has_state() -> Json | None:
            known = await self.strategy(strategy_id)
            return known if known["state"] == state else None

        return await until(has_state, timeout_s=timeout_s, what=f"{strategy_id} is {state}")

    async def until_logged(self, strategy_id: str, text: str, *, timeout_s: float = 40) -> str:
        """Wait for a line of a log that begins with ``text`` and return it."""

        async def is_logged() -> str | None:
            lines = await self.log(strategy_id)
            return next((line for line in lines if line.startswith(text)), None)

        return await until(is_logged, timeout_s=timeout_s, what=f"{strategy_id} logs {text!r}")

    async def until_filled(self, strategy_id: str, fills: int) -> Json:
        """Wait until a strategy has so many fills."""

        async def is_filled() -> Json | None:
            known = await self.strategy(strategy_id)
            assert known["state"] != "faulted", known["reason"]
            return known if known["performance"]["fills"] >= fills else None

        return await until(is_filled, timeout_s=60, what=f"{strategy_id} has {fills} fills")

    async def _call(self, method: str, path: str, status: int, **words: Any) -> Json:
        answer = await self.http.request(method, path, **words)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return dict(answer.json())


def held(strategy: Json) -> Decimal:
    """Return the signed position that a strategy's answer shows."""
    return sum(
        (
            Decimal(position["quantity"]) * (1 if position["side"] == "long" else -1)
            for position in strategy["positions"]
        ),
        Decimal(0),
    )


def install(data_dir: Path) -> None:
    """Put the strategy files where the product looks for a user's own."""
    folder = data_dir / "strategies"
    folder.mkdir(parents=True)
    for file in FILES.glob("*.txt"):
        (folder / f"{file.stem}.py").write_text(file.read_text(encoding="utf-8"), encoding="utf-8")


@asynccontextmanager
async def strategy_desk(folder: Path, *, seed: int) -> AsyncIterator[StrategyDesk]:
    """Run the product on a fresh data folder."""
    product = Product(folder / "data", seed=seed)
    install(product.data_dir)
    try:
        product.start()
        async with product.client() as http:
            yield StrategyDesk(product, http)
    finally:
        product.end()
