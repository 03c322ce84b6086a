"""A long paper session with a crash in its middle: afterwards the API tells what the book on disk tells."""

import asyncio
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from edgerunner.adapters.local.records import LocalFill, LocalOrder
from edgerunner.adapters.local.store import BookStore
from edgerunner.domain.numbers import to_plain
from tests.system.agreement import differences
from tests.system.product import Product
from tests.system.random_session import RandomSession
from tests.waiting import until

pytestmark = pytest.mark.system

PAPER = "paper"
COMMANDS = 200
COINS = {"BTC": "1", "ETH": "10"}

Json = dict[str, Any]


@pytest.mark.parametrize("seed", [21])
async def test_api_equals_the_book_after_a_kill_in_the_middle_of_200_random_commands(seed: int, tmp_path: Path) -> None:
    product = Product(tmp_path / "data", seed=seed)
    product.data_dir.mkdir()
    clients: list[httpx.AsyncClient] = []
    try:
        await asyncio.to_thread(product.start)
        clients.append(product.client())
        body = {"broker": "bybit", "environment": "simulated", "execution": "local", "connection_id": PAPER}
        made = await clients[-1].post("/broker/connect", json={**body, "options": {"local": {"coins": COINS}}})
        assert made.status_code == 201, made.text
        session = RandomSession(seed, PAPER, lambda: clients[-1])
        await session.read_prices()
        first_half = asyncio.create_task(session.run(COMMANDS // 2))
        await until(lambda: _has_started(session), timeout_s=60, what="a third of the first half is done")
        await asyncio.to_thread(product.kill)
        await first_half
        await asyncio.to_thread(product.start)
        clients.append(product.client())
        await until(lambda: _is_connected(clients[-1]), timeout_s=30, what="the paper account is back")
        await session.repeat_unanswered()
        await session.run(COMMANDS - COMMANDS // 2)
        await session.repeat_unanswered()
        await clients[-1].post("/orders/cancel-all", json={"connection_id": PAPER})
        path = product.data_dir / "local" / f"{PAPER}.db"
        await until(lambda: _agrees(clients[-1], path), timeout_s=60, what=f"seed {seed}: API == book")
        fills = (await clients[-1].get("/fills", params={"connection_id": PAPER})).json()["fills"]
        assert len(fills) > 20
        adjusted = [line for line in product.log().splitlines() if "position_adjusted" in line and '"paper"' in line]
        assert all("held before this connection was made" in line for line in adjusted)
        assert await asyncio.to_thread(product.stop) == 0
    finally:
        for client in clients:
            await client.aclose()
        product.end()


async def _has_started(session: RandomSession) -> bool:
    return sum(session.statuses.values()) >= COMMANDS // 6


async def _is_connected(api: httpx.AsyncClient) -> bool:
    connections = (await api.get("/broker/connections")).json()["connections"]
    return any(each["connection_id"] == PAPER and each["status"] == "connected" for each in connections)


class _Differences(list[str]):
    """Differences as a condition: true when there are none."""

    def __bool__(self) -> bool:
        return len(self) == 0


async def _agrees(api: httpx.AsyncClient, path: Path) -> _Differences:
    ledger = await asyncio.to_thread(_ledger, path)
    served = httpx.MockTransport(lambda _: httpx.Response(200, json=ledger))
    async with httpx.AsyncClient(transport=served, base_url="http://book") as book:
        return _Differences((await differences(api, book, PAPER, "bybit"))[:10])


def _ledger(path: Path) -> Json:
    """Return the book as the simulators' control port tells a ledger, read from a copy: the file is locked."""
    folder = path.parent / "copy"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for each in path.parent.glob(f"{path.name}*"):
        shutil.copy(each, folder / each.name)
    store = BookStore(folder / path.name)
    try:
        book, fills = store.read(), store.fills_since(0)
        orders = [_known(store, row[0]) for row in store._db.execute("SELECT venue_order_id FROM orders")]
    finally:
        store.close()
    return {
        "orders": [_order(order) for order in orders],
        "fills": [_fill(fill) for fill in fills],
        "accounts": [
            {
                "positions": [
                    {
                        "symbol": instrument_id.removesuffix("-LINEAR.BYBIT"),
                        "side": "buy" if held.net.lots > 0 else "sell",
                        "quantity": to_plain(abs(held.net.lots) * book.instruments[instrument_id].lot_step),
                        "average_price": str(
                            held.net.cost / (abs(held.net.lots) * book.instruments[instrument_id].lot_step)
                        ),
                    }
                    for instrument_id, held in book.holdings.items()
                    if held.net.lots and "-LINEAR." in instrument_id
                ],
                "balances": [{"currency": name, "total": str(total)} for name, total in book.balances.items()],
            }
        ],
    }


def _known(store: BookStore, venue_order_id: str) -> LocalOrder:
    order = store.find(client_order_id=None, venue_order_id=venue_order_id)
    assert order is not None
    return order


def _order(order: LocalOrder) -> Json:
    step = order.terms.quantity / order.working.lots
    filled = order.working.filled * step
    return {
        "client_key": order.client_order_id,
        "venue_order_id": order.venue_order_id,
        "status": order.status.value,
        "live": order.is_live,
        "filled_quantity": to_plain(filled),
        "average_price": str(order.filled_value / filled) if filled else None,
        "placements": 1,
    }


def _fill(fill: LocalFill) -> Json:
    return {
        "trade_id": fill.trade_id,
        "side": fill.side.value,
        "quantity": to_plain(fill.quantity),
        "price": to_plain(fill.price),
        "fee": {"currency": fill.fee_currency, "amount": str(Decimal(fill.fee))},
    }
