"""How a test sets one of the traps that users of the live service reported."""

import random
import time

from edgerunner.adapters.broker import Environment
from edgerunner.adapters.bybit_adapter import BybitAdapter, create_bybit_adapter
from edgerunner.simulators.faults import FaultMatch
from tests.contract.bybit_harness import BybitOnSimulator


def trap(
    broker: BybitOnSimulator, name: str, *, count: int | None = 1, match: FaultMatch | None = None, **params: object
) -> None:
    """Set ``bybit.trap_{name}`` for the next ``count`` occasions; None = for good."""
    broker.faults.add("bybit", f"bybit.trap_{name}", count=count, match=match, params=params)


def adapter_with(broker: BybitOnSimulator, key: str, **options: object) -> BybitAdapter:
    """A further adapter, not connected yet, with another of the simulator's keys."""
    return create_bybit_adapter(
        connection_id="bybit-other-key",
        environment=Environment.SIMULATED,
        credentials={"api_key": key, "api_secret": key.replace("-key", "-secret")},
        options={"base_url": f"http://127.0.0.1:{broker.port}", **options},
        clock=time,
        random=random.Random(11),
    )
