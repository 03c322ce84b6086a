"""The brokers and markets that every card runs on; a further broker adds its lines here."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from tests.contract.bybit_harness import bybit_on_simulator
from tests.contract.harness import Broker
from tests.contract.ibkr_harness import ibkr_on_simulator
from tests.contract.local_harness import local_on_simulator
from tests.contract.mt5_harness import HEDGING, NETTING, mt5_on_simulator

BROKERS: dict[str, Callable[[], AbstractAsyncContextManager[Broker]]] = {
    "bybit-linear": lambda: bybit_on_simulator("linear:BTCUSDT"),
    "bybit-spot": lambda: bybit_on_simulator("spot:BTCUSDT"),
    "bybit-inverse": lambda: bybit_on_simulator("inverse:BTCUSD"),
    "bybit-future": lambda: bybit_on_simulator("linear:BTCUSDT-24DEC27"),
    "bybit-hedge": lambda: bybit_on_simulator("linear:BTCUSDT", is_hedged=True),
    "ibkr-stock": lambda: ibkr_on_simulator("AAPL.IBKR"),
    "ibkr-forex": lambda: ibkr_on_simulator("EUR/USD.IBKR"),
    "ibkr-future": lambda: ibkr_on_simulator("MES-202612.IBKR"),
    "ibkr-option": lambda: ibkr_on_simulator("SPY-20261218-C-600.IBKR"),
    "mt5-hedging": lambda: mt5_on_simulator("EURUSD.MT5", login=HEDGING, has_bridge=False),
    "mt5-netting": lambda: mt5_on_simulator("BTCUSD.MT5", login=NETTING, has_bridge=False),
    "mt5-hedging-bridge": lambda: mt5_on_simulator("BTCUSD.MT5", login=HEDGING, has_bridge=True),
    "mt5-netting-bridge": lambda: mt5_on_simulator("EURUSD.MT5", login=NETTING, has_bridge=True),
    "local-linear": lambda: local_on_simulator("linear:BTCUSDT"),
    "local-spot": lambda: local_on_simulator("spot:BTCUSDT", coins={"BTC": "1"}),
    "local-inverse": lambda: local_on_simulator("inverse:BTCUSD", currency="BTC", balance="1"),
}


@pytest.fixture(params=BROKERS)
async def broker(request: pytest.FixtureRequest) -> AsyncIterator[Broker]:
    async with BROKERS[request.param]() as connected:
        yield connected
