"""Disconnect-cancel-all (DCP): orders are cancelled when every socket that guards an account has been gone a while.

Rules of the page "Set Disconnect Cancel All" of the Bybit V5 documentation: private sockets with a ``dcp.*`` topic
guard a product; the time window is 3 to 300 seconds, 10 by default. Only some accounts have it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from edgerunner.simulators.bybit import codes, fields
from edgerunner.simulators.bybit.auth import ApiKey
from edgerunner.simulators.bybit.envelope import Answer
from edgerunner.simulators.tasks import TaskOwner
from edgerunner.simulators.venue import Venue

PRODUCTS: Final[Mapping[str, frozenset[str]]] = {
    "SPOT": frozenset({"spot"}),
    "DERIVATIVES": frozenset({"linear", "inverse"}),
    "OPTIONS": frozenset({"option"}),
}
TOPICS: Final = {"dcp.spot": "SPOT", "dcp.future": "DERIVATIVES", "dcp.option": "OPTIONS"}
DEFAULT_PRODUCT: Final = "OPTIONS"
SHORTEST_S, DEFAULT_S, LONGEST_S = 3, 10, 300

Watch = tuple[str, str]
"""(account, product)."""


class DeadMan:
    """Counts the sockets that guard each account and product, and cancels when the last is gone too long."""

    def __init__(self, venue: Venue, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._venue = venue
        self._tasks = TaskOwner()
        self._sleep = sleep
        self._windows: dict[Watch, int] = {}
        self._guards: dict[Watch, int] = {}
        self._timers: dict[Watch, asyncio.Task[None]] = {}

    async def stop(self) -> None:
        """Stop every clock: a server that goes down cancels nothing."""
        await self._tasks.stop()

    def set_window(self, caller: ApiKey, body: Mapping[str, Any]) -> Answer:
        """Set the time window of one product; raise 10005 for accounts without this service."""
        if not caller.has_dead_man:
            raise codes.WireError(codes.PERMISSION_DENIED)
        product, window = fields.text(body, "product") or DEFAULT_PRODUCT, body.get("timeWindow")
        if product not in PRODUCTS or isinstance(window, bool) or not isinstance(window, int):
            raise codes.parameter_error("params error: product or timeWindow invalid")
        if not SHORTEST_S <= window <= LONGEST_S:
            raise codes.parameter_error(f"params error: timeWindow must be {SHORTEST_S} to {LONGEST_S}")
        self._windows[caller.account_id, product] = window
        return Answer(message="success")

    def info(self, caller: ApiKey, _params: Mapping[str, str]) -> Answer:
        """Return the windows that were set."""
        rows = [
            {"product": product, "dcpStatus": "ON", "timeWindow": str(window)}
            for (account_id, product), window in self._windows.items()
            if account_id == caller.account_id
        ]
        return Answer(message="success", result={"dcpInfos": rows})

    def window(self, account_id: str) -> int:
        """Return the longest window of an account's products in seconds, 0 when none was set."""
        return max((window for (owner, _), window in self._windows.items() if owner == account_id), default=0)

    def guard(self, account_id: str, topic: str) -> None:
        """Take note of a socket that subscribed to a ``dcp.*`` topic."""
        watch = (account_id, TOPICS[topic])
        self._guards[watch] = self._guards.get(watch, 0) + 1
        timer = self._timers.pop(watch, None)
        if timer is not None:
            timer.cancel()

    def leave(self, account_id: str, topic: str) -> None:
        """Take note that such a socket is gone; the last one starts the clock."""
        watch = (account_id, TOPICS[topic])
        self._guards[watch] -= 1
        if not self._guards[watch] and watch not in self._timers:
            self._timers[watch] = self._tasks.start(self._cancel_later(watch))

    async def _cancel_later(self, watch: Watch) -> None:
        account_id, product = watch
        try:
            await self._sleep(self._windows.get(watch, DEFAULT_S))
            instruments = self._venue.instruments.values()
            symbols = frozenset(each.symbol for each in instruments if each.product in PRODUCTS[product])
            self._venue.cancel_all(account_id, symbols, reason="dcp")
        finally:
            if self._timers.get(watch) is asyncio.current_task():
                del self._timers[watch]
