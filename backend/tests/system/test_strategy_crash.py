"""The program is killed while strategies trade: they come back once, with what they had."""

from collections import Counter
from pathlib import Path

import psutil
import pytest

from tests.system.product import Product
from tests.system.strategy_desk import INSTRUMENT_ID, StrategyDesk, held, install
from tests.waiting import until

pytestmark = pytest.mark.system


async def test_a_killed_program_resumes_its_strategies_without_doubling_anything(tmp_path: Path) -> None:
    product = Product(tmp_path / "data", seed=11)
    install(product.data_dir)
    try:
        product.start()
        workers = await _trade_and_crash(product)
        await until(lambda: _are_gone(workers), timeout_s=20, what=f"the workers {workers} died with the program")
        product.start()
        await _crash_again(product)
        product.start()
        await _check_after_restart(product)
    finally:
        product.end()


async def test_an_order_that_was_under_way_when_the_program_died_is_there_once(tmp_path: Path) -> None:
    product = Product(tmp_path / "data", seed=13)
    install(product.data_dir)
    try:
        product.start()
        async with product.client() as http, product.control() as control:
            desk = StrategyDesk(product, http)
            (await control.post("/sim/hold", json={"broker": "bybit", "at": "accepted"})).raise_for_status()
            await desk.run("holder", "samples.Hold", parameters={"quantity": 0.02})

            async def is_sent() -> bool:
                return [order["status"] for order in await desk.orders("holder")] == ["submitted"]

            await until(is_sent, timeout_s=40, what="the order is journaled and held at the broker")
            product.kill()
            (await control.post("/sim/release", json={"broker": "bybit"})).raise_for_status()
        product.start()
        async with product.client() as http:
            desk = StrategyDesk(product, http)
            holder = await desk.until_filled("holder", 1)
            assert (str(held(holder)), holder["performance"]["orders"]) == ("0.02", 1)
            placed = [order for order in (await desk.ledger())["orders"] if order["client_key"] is not None]
            assert [order["placements"] for order in placed] == [1]
    finally:
        product.end()


async def test_a_program_that_ends_cleanly_resumes_its_strategies_too(tmp_path: Path) -> None:
    product = Product(tmp_path / "data", seed=12)
    install(product.data_dir)
    try:
        product.start()
        async with product.client() as http:
            desk = StrategyDesk(product, http)
            await desk.run("holder", "samples.Hold", parameters={"quantity": 0.02})
            await desk.until_filled("holder", 1)
        assert product.stop() == 0
        product.start()
        async with product.client() as http:
            desk = StrategyDesk(product, http)
            holder = await desk.until_live("holder")
            assert (str(held(holder)), holder["performance"]["orders"]) == ("0.02", 1)
            assert "resumed after a restart of the program" in await desk.log("holder")
            assert not [line for line in await desk.log("holder") if line.startswith("faulted")]
    finally:
        product.end()


async def _crash_again(product: Product) -> None:
    """Kill the program once more, as soon as the trading strategy has traded again."""
    async with product.client() as http:
        desk = StrategyDesk(product, http)
        fills = (await desk.strategy("flipper"))["performance"]["fills"]
        await desk.until_filled("flipper", fills + 1)
        product.kill()


async def _trade_and_crash(product: Product) -> list[int]:
    """Run three strategies, kill the program while one of them trades, return the workers' process ids."""
    async with product.client() as http:
        desk = StrategyDesk(product, http)
        await desk.run("holder", "samples.Hold", parameters={"quantity": 0.02})
        await desk.run("rester", "samples.Rest")
        await desk.create("paused", "samples.Flip")
        await desk.command("paused", "start")
        await desk.command("paused", "pause")
        await desk.run("flipper", "samples.Flip")
        await desk.until_filled("holder", 1)
        await desk.until_filled("flipper", 3)
        assert product.process is not None
        children = psutil.Process(product.process.pid).children()
        workers = [child.pid for child in children if "edgerunner.strategy_worker" in child.cmdline()]
        product.kill()
        return workers


async def _check_after_restart(product: Product) -> None:
    async with product.client() as http:
        desk = StrategyDesk(product, http)
        for name in ("holder", "rester", "flipper"):
            await desk.until_live(name)
        assert (await desk.strategy("paused"))["state"] == "paused"
        fills = (await desk.strategy("flipper"))["performance"]["fills"]
        await desk.until_filled("flipper", fills + 2)
        await desk.command("flipper", "stop")

        holder = await desk.strategy("holder")
        assert (str(held(holder)), holder["performance"]["orders"]) == ("0.02", 1)
        resumed = [line for line in await desk.log("holder") if line.startswith("state")]
        assert resumed[0] == "state {} position 0"
        assert set(resumed[1:]) == {"state {'entries': 1} position 0.02"}
        assert len(await desk.orders("rester")) == 1
        await _agrees_with_the_broker(desk)


async def _agrees_with_the_broker(desk: StrategyDesk) -> None:
    """Every order is at the broker once, and the strategies' positions add up to the broker's."""
    ours = [order for name in ("holder", "rester", "flipper") for order in await desk.orders(name)]
    ledger = await desk.ledger()
    placed = Counter(order["client_key"] for order in ledger["orders"])
    sent = {order["client_order_id"] for order in ours if order["status"] not in {"denied", "rejected"}}
    assert {key for key, count in placed.items() if key is not None and count > 1} == set()
    assert all(order["placements"] == 1 for order in ledger["orders"] if order["client_key"] is not None)
    assert sent <= set(placed)

    async def positions_agree() -> bool:
        strategies = (await desk.http.get("/strategies")).json()["strategies"]
        accounts = (await desk.ledger())["accounts"]
        at_broker = sum(
            float(position["quantity"]) * (1 if position["side"] in {"buy", "long"} else -1)
            for account in accounts
            for position in account["positions"]
            if position["symbol"] == "BTCUSDT"
        )
        return abs(sum(float(held(strategy)) for strategy in strategies) - at_broker) < 1e-9

    await until(positions_agree, timeout_s=20, what=f"strategies and broker agree about {INSTRUMENT_ID}")


async def _are_gone(workers: list[int]) -> bool:
    return not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in workers)
