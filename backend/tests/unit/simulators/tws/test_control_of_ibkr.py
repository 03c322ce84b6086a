"""The control port moves the simulated Interactive Brokers like any other broker: names, money, orders, prices."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from edgerunner.simulators.host import SimulatorPorts, SimulatorSettings, run_simulators

PATIENCE_S = 20
MONDAY_NS = int(datetime(2026, 11, 23, 15, 30, tzinfo=UTC).timestamp()) * 10**9


class Control:
    """The control port; every call must succeed unless another status is wanted."""

    def __init__(self, http: ClientSession) -> None:
        self._http = http

    async def post(self, path: str, status: int = 200, **body: Any) -> Any:
        async with self._http.post(f"/sim/{path}", json={"broker": "ibkr", **body}) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()

    async def ledger(self) -> Any:
        async with self._http.get("/sim/ledger?broker=ibkr") as answer:
            return await answer.json()


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[Control]:
    ready: asyncio.Future[SimulatorPorts] = asyncio.get_running_loop().create_future()
    settings = SimulatorSettings(
        data_dir=tmp_path, ports={"ibkr": 0}, control_port=0, on_ready=ready.set_result, wall=lambda: MONDAY_NS
    )
    running = asyncio.create_task(run_simulators(settings))
    try:
        async with asyncio.timeout(PATIENCE_S):
            ports = await ready
        async with ClientSession(f"http://127.0.0.1:{ports.control}") as http:
            yield Control(http)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(
    ("name", "quantity", "told"),
    [
        ("AAPL", "10", "AAPL"),
        ("VOD@LSE-GBP.IBKR", "100", "VOD@LSE-GBP"),
        ("CASH:EUR/USD", "20000", "EUR/USD"),
        ("ES-202612", "1", "ES-202612"),
        ("SPY-20261218-C-600", "2", "SPY-20261218-C-600"),
    ],
)
async def test_orders_by_hand_name_contracts_as_the_product_does(
    control: Control, name: str, quantity: str, told: str
) -> None:
    order = await control.post("orders", symbol=name, side="buy", order_type="market", quantity=quantity)
    assert (order["symbol"], order["status"]) == (told, "filled")
    [account] = (await control.ledger())["accounts"]
    [position] = account["positions"]
    assert (position["symbol"], position["side"], position["quantity"]) == (told, "long", quantity)


async def test_a_resting_order_is_filled_by_hand_in_part(control: Control) -> None:
    order = await control.post("orders", symbol="AAPL", side="buy", order_type="limit", price="13", quantity="20")
    filled = await control.post("fill", venue_order_id=order["venue_order_id"], quantity="5")
    assert (filled["status"], filled["filled_quantity"]) == ("partially_filled", "5")
    ledger = await control.ledger()
    [fill] = ledger["fills"]
    assert (fill["price"], fill["fee"]) == ("13", {"currency": "USD", "amount": "0.65"})
    assert ledger["accounts"][0]["balances"] == [{"currency": "USD", "total": "999934.35"}]


async def test_money_is_paid_in_and_positions_are_liquidated(control: Control) -> None:
    assert (await control.post("cash", currency="GBP", amount="500"))["total"] == "500"
    assert "CHF" in (await control.post("cash", status=409, currency="CHF", amount="500"))["detail"]
    await control.post("orders", symbol="MES-202612", side="sell", order_type="market", quantity="3")
    closed = await control.post("liquidate", symbol="MES-202612")
    assert (closed["status"], closed["filled_quantity"]) == ("filled", "3")


async def test_prices_are_pinned_on_the_steps_of_the_market_rule(control: Control) -> None:
    assert (await control.post("market", symbol="VOD@LSE-GBP", price="250.05"))["symbols"] == ["STK:VOD@LSE-GBP"]
    refused = await control.post("market", status=422, symbol="VOD@LSE-GBP", price="250.01")
    assert "not a multiple of 0.05" in refused["detail"]


async def test_a_contract_that_does_not_exist_is_refused(control: Control) -> None:
    order = {"symbol": "NQ-202612", "side": "buy", "order_type": "market", "quantity": "1"}
    assert "does not list it" in (await control.post("orders", status=422, **order))["detail"]


async def test_a_reset_starts_over(control: Control) -> None:
    await control.post("orders", symbol="ES-202612", side="buy", order_type="market", quantity="1")
    await control.post("reset", seed=3)
    ledger = await control.ledger()
    assert ledger["orders"] == ledger["fills"] == []
    assert ledger["accounts"][0]["balances"] == [{"currency": "USD", "total": "1000000"}]
