"""What a run works with and tells."""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from edgerunner.services.clock import Clock
from edgerunner.services.market_service import MarketService
from edgerunner.services.strategies.desk import OrderBook, Orders
from edgerunner.services.strategies.limits import Limits
from edgerunner.storage.strategy_store import LogLevel
from edgerunner.strategy_worker.messages import State


class Fault(Exception):
    """The strategy broke a limit or raised; ``str`` is the reason."""


class Reporter(Protocol):
    """Who hears what becomes of a run."""

    def log(self, level: LogLevel, text: str) -> None:
        """Take a line for the strategy's log."""
        ...

    def keep(self, state: State) -> None:
        """Take the strategy's changed state."""
        ...

    def went_live(self) -> None:
        """Hear that the warm-up is over."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every run works with; ``starting`` lets one worker start at a time: a start costs a core for a moment."""

    orders: Orders
    journal: OrderBook
    markets: MarketService
    clock: Clock
    limits: Limits
    starting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
