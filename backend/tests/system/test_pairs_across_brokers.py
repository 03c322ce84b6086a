"""One strategy with a leg at Interactive Brokers and one on MetaTrader 5."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from tests.system.product import Product
from tests.system.strategy_desk import Json, StrategyDesk

pytestmark = pytest.mark.system

FIRST, SECOND = "ibkr-sim:EUR/USD.IBKR", "mt5-sim:EURUSD.MT5"
EURO_PER_LOT = 100_000
PARAMETERS = {"period": 30, "entry_score": 0.6, "exit_score": 0.05, "stop_score": 40, "quantity": 40_000}
"""Both quote one market: their spread is noise of a few points, and crosses low scores often."""


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[StrategyDesk]:
    product = Product(tmp_path / "data", seed=11, environment={"EDGERUNNER_SIM_SPEED": "30"})
    try:
        product.start()
        async with product.client() as http:
            yield StrategyDesk(product, http)
    finally:
        product.end()


async def test_pairs_strategy_trades_the_euro_at_one_broker_against_the_other(desk: StrategyDesk) -> None:
    words = {"connection_id": "ibkr-sim", "instrument_ids": [FIRST, SECOND], "timeframe": "1m"}
    await desk.create("pair", "PairsSpread", parameters=PARAMETERS, **words)
    await desk.command("pair", "start")
    await desk.until_filled("pair", 2)
    await desk.command("pair", "stop")
    await desk.until_state("pair", "stopped")
    fills = (await desk.http.get("/fills", params={"limit": "100"})).json()["fills"]
    opening = {fill["connection_id"]: fill for fill in reversed(fills)}
    assert {fill["strategy_id"] for fill in fills} == {"pair"}
    assert {fill["side"] for fill in (opening["ibkr-sim"], opening["mt5-sim"])} == {"buy", "sell"}
    euros, lots = Decimal(opening["ibkr-sim"]["quantity"]), Decimal(opening["mt5-sim"]["quantity"])
    assert abs(euros - lots * EURO_PER_LOT) <= EURO_PER_LOT / 100
    for broker, connection_id in (("ibkr", "ibkr-sim"), ("mt5", "mt5-sim")):
        assert await _traded(desk, broker) == sum(_signed(f) for f in fills if f["connection_id"] == connection_id)


async def _traded(desk: StrategyDesk, broker: str) -> Decimal:
    """Return what the broker itself booked, signed."""
    async with desk.product.control() as control:
        ledger = (await control.get("/sim/ledger", params={"broker": broker})).json()
    return sum((_signed(fill) for fill in ledger["fills"]), Decimal(0))


def _signed(fill: Json) -> Decimal:
    return Decimal(fill["quantity"]) * (1 if fill["side"] == "buy" else -1)
