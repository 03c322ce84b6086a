"""A halted account, before and after a kill: nothing new from anyone, and every way out stays open."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.system.product import CONNECTION_ID, Product
from tests.system.strategy_desk import INSTRUMENT_ID, StrategyDesk, install
from tests.waiting import until

pytestmark = pytest.mark.system

RESTING = {
    "connection_id": CONNECTION_ID,
    "instrument_id": INSTRUMENT_ID,
    "side": "buy",
    "order_type": "limit",
    "quantity": "0.01",
}

Json = dict[str, Any]


@dataclass
class Trader:
    """Everyone who can send orders to one account: the API, a command, a webhook and a strategy."""

    product: Product
    http: httpx.AsyncClient
    secret: str
    price: str

    @property
    def desk(self) -> StrategyDesk:
        return StrategyDesk(self.product, self.http)

    async def place(self, client_order_id: str) -> Json:
        body = {**RESTING, "price": self.price, "client_order_id": client_order_id}
        answer = await self.http.post("/trade", json=body, params={"wait_ms": "10000"})
        return dict(answer.json()["order"])

    async def command(self) -> Json:
        """Buy as the command line does."""
        words = ("trade", "buy", "0.01", INSTRUMENT_ID, "--url", self.product.url, "--json")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edgerunner.cli", *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "EDGERUNNER_DATA_DIR": str(self.product.data_dir)},
        )  # fmt: skip
        async with asyncio.timeout(60):
            told, errors = await process.communicate()
        assert told, errors.decode()
        return dict(json.loads(told.splitlines()[0]))

    async def signal(self, name: str) -> Json:
        """Buy as an alert does; returns what became of the signal."""
        message = {"secret": self.secret, "action": "buy", "id": name}
        posted = await self.http.post("/signals/alerts", content=json.dumps(message))
        assert posted.status_code == 202, posted.text
        signal_id = posted.json()["signal_id"]

        async def settled() -> Json | None:
            listed = (await self.http.get("/strategies/alerts/signals")).json()["signals"]
            return next((s for s in listed if s["signal_id"] == signal_id and s["state"] != "accepted"), None)

        return await until(settled, timeout_s=30, what="the signal is settled")

    async def at_the_broker(self) -> dict[str, bool]:
        """Return by key which orders ever reached the broker, and whether they live."""
        orders = (await self.desk.ledger())["orders"]
        return {str(order["client_key"]): bool(order["live"]) for order in orders}


@pytest_asyncio.fixture
async def product(tmp_path: Path) -> AsyncIterator[Product]:
    running = Product(tmp_path / "data", seed=21)
    install(running.data_dir)
    try:
        await asyncio.to_thread(running.start)
        yield running
    finally:
        running.end()


async def test_a_halted_account_takes_nothing_new_from_anyone_and_a_kill_changes_nothing(product: Product) -> None:
    async with product.client() as http:
        trader = await _everybody_trades(product, http)
        account_id = (await http.get("/account/summary")).json()["accounts"][0]["account_id"]
        scope = f"account:{CONNECTION_ID}:{account_id}"
        halted = await http.post("/risk/halt", json={"scope": scope, "cancel_orders": False})
        assert halted.status_code == 200, halted.text
        before = await trader.at_the_broker()
        await _nothing_new_and_every_way_out(trader, working="W1", round_name="before")
    await asyncio.to_thread(product.kill)
    await asyncio.to_thread(product.start)
    async with product.client() as http:
        trader.http = http
        await _until_ready(http)
        states = {each["scope"]: each["state"] for each in (await http.get("/risk")).json()["scopes"]}
        assert states[scope] == "halted"
        await _nothing_new_and_every_way_out(trader, working="W2", round_name="after")
        assert set(await trader.at_the_broker()) == set(before)
        assert not any((await trader.at_the_broker()).values())
        assert (await http.post("/risk/resume", json={"scope": scope})).status_code == 200
        assert (await trader.place("AFTER"))["status"] == "accepted"


async def _everybody_trades(product: Product, http: httpx.AsyncClient) -> Trader:
    """Have two orders of the API and one of a strategy at the broker, and a strategy that takes signals."""
    await _until_ready(http)
    query = {"connection_id": CONNECTION_ID, "instrument_id": INSTRUMENT_ID}
    last = (await http.get("/market/ticker", params=query)).json()["last"]
    trader = Trader(product, http, secret="", price=str(int(float(last) * 0.95)))
    for key in ("W1", "W2"):
        assert (await trader.place(key))["status"] == "accepted"
    await trader.desk.run("resting", "samples.Rest")
    await trader.desk.run("alerts", "SignalStrategy", timeframe="1m", parameters={"quantity": 0.01})
    trader.secret = (await http.post("/strategies/alerts/signal-secret")).json()["secret"]
    await until(lambda: _has_working(trader), timeout_s=30, what="the strategy's order works")
    return trader


async def _nothing_new_and_every_way_out(trader: Trader, *, working: str, round_name: str) -> None:
    told = await trader.place(f"N-{round_name}")
    assert (told["status"], told["denied"]["code"]) == ("denied", "halted")
    assert (await trader.command())["order"]["denied"]["code"] == "halted"
    signal = await trader.signal(round_name)
    assert signal["state"] == "refused"
    assert (await _order(trader, signal["client_order_id"]))["denied"]["code"] == "halted"
    change = await trader.http.patch(f"/orders/{working}", json={"price": str(int(trader.price) - 1)})
    assert change.json()["errors"][0]["code"] == "halted"
    canceled = await trader.http.delete(f"/orders/{working}", params={"wait_ms": "10000"})
    assert canceled.json()["order"]["status"] == "canceled"
    await _strategy_wants_more_and_gets_nothing(trader)


async def _strategy_wants_more_and_gets_nothing(trader: Trader) -> None:
    """Cancel what the strategy has; it orders again at its next bar."""
    for order in await trader.desk.orders("resting"):
        if order["status"] == "accepted":
            path = f"/orders/{order['client_order_id']}"
            canceled = await trader.http.delete(path, params={"wait_ms": "10000"})
            assert canceled.json()["order"]["status"] == "canceled"
    known = {order["client_order_id"] for order in await trader.desk.orders("resting")}

    async def newest() -> Json | None:
        orders = await trader.desk.orders("resting")
        return next((order for order in orders if order["client_order_id"] not in known), None)

    wanted = await until(newest, timeout_s=30, what="the strategy orders again")
    assert (wanted["source"], wanted["status"], wanted["denied"]["code"]) == ("strategy", "denied", "halted")


async def _has_working(trader: Trader) -> bool:
    return [order["status"] for order in await trader.desk.orders("resting")] == ["accepted"]


async def _order(trader: Trader, client_order_id: str) -> Json:
    answer = await trader.http.get("/orders/status", params={"client_order_id": client_order_id})
    return dict(answer.json()["orders"][0])


async def _until_ready(http: httpx.AsyncClient) -> None:
    async def is_ready() -> bool:
        return (await http.get("/readyz")).status_code == 200

    await until(is_ready, timeout_s=60, what="orders are taken")
