"""What happens to a TWS as a whole: lost connections, broken farms, restarts, switches in its settings.

Each is a fault of the control port. A state lasts as long as its fault is active; a moment happens when it is added.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, Protocol

from edgerunner.simulators.faults import ActiveFault, FaultBox
from edgerunner.simulators.tasks import TaskOwner
from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.delivery.conditions import Conditions
from edgerunner.simulators.tws.delivery.definitions import (
    API_DISABLED,
    BROKER,
    COMPETING_SESSION,
    CONNECTION_LOST,
    DEFAULT_DOWN_S,
    FARM_BROKEN,
    NIGHTLY_RESTART,
    ROLL_BACK_IDS,
)
from edgerunner.simulators.tws.delivery.disturbance import seconds
from edgerunner.simulators.tws.wire.session import ErrorMessage

DATA_MAINTAINED: Final = "1102"
DATA_LOST: Final = "1101"
_Params = Mapping[str, object]


class Tws(Protocol):
    """What an outage does to the gateway and its server."""

    def tell_everyone(self, message: ErrorMessage) -> None:
        """Send a notice to every session."""

    def tell_data_taken(self) -> None:
        """Tell every market data subscription that a competing session has its data."""

    def lose_market_data(self) -> None:
        """End every market data subscription without a word."""

    def roll_back_ids(self, count: int) -> None:
        """Let nextValidId of every client id fall back."""

    def follow_switches(self) -> Coroutine[Any, Any, None]:
        """Open the port, or close it and cut every connection, after ``is_port_closed`` has changed."""


class Outages:
    """Follows the faults that concern TWS as a whole, between ``start`` and ``stop``."""

    def __init__(self, faults: FaultBox, tws: Tws, market_farm: str) -> None:
        self._faults = faults
        self._conditions = Conditions(faults)
        self._tws = tws
        self._farm = market_farm
        self._tasks = TaskOwner()
        self._active: dict[str, ActiveFault] = {}
        self._is_restarting = False
        self._restored = asyncio.Event()
        self._restored.set()
        self._end_watching: Callable[[], None] | None = None
        self._states: dict[str, tuple[Callable[[_Params], None], Callable[[_Params], None]]] = {
            CONNECTION_LOST: (self._lose_connection, self._restore_connection),
            FARM_BROKEN: (
                lambda _: tws.tell_everyone(codes.farm_broken(market_farm)),
                lambda _: tws.tell_everyone(codes.farm_restored(market_farm)),
            ),
            COMPETING_SESSION: (lambda _: tws.tell_data_taken(), lambda _: None),
            API_DISABLED: (self._switch_api, self._switch_api),
        }

    @property
    def is_port_closed(self) -> bool:
        """Tell whether a fault keeps the port closed."""
        return self._is_restarting or self._conditions.is_api_disabled

    async def wait_for_connection(self) -> None:
        """Wait until TWS is connected to its own servers."""
        await self._restored.wait()

    def start(self) -> None:
        """Follow the faults from now on."""
        if self._end_watching is None:
            self._end_watching = self._faults.watch(self._look)
            self._look()

    async def stop(self) -> None:
        """Follow nothing any more."""
        if self._end_watching is not None:
            self._end_watching()
            self._end_watching = None
        await self._tasks.stop()
        self._is_restarting = False

    def _look(self) -> None:
        before, self._active = self._active, self._lasting()
        for name, (begin, end) in self._states.items():
            if name in self._active and name not in before:
                begin(self._active[name].params)
                self._limit(self._active[name])
            elif name in before and name not in self._active:
                end(before[name].params)
        self._take_moments()

    def _lasting(self) -> dict[str, ActiveFault]:
        """Return the oldest active fault of every state."""
        mine = [fault for fault in self._faults.active() if fault.broker == BROKER and fault.name in self._states]
        return {fault.name: fault for fault in reversed(mine)}

    def _lose_connection(self, _: _Params) -> None:
        self._restored.clear()
        self._tws.tell_everyone(codes.connection_lost())

    def _restore_connection(self, params: _Params) -> None:
        is_data_lost = params.get("restored", DATA_MAINTAINED) == DATA_LOST
        if is_data_lost:
            self._tws.lose_market_data()
        self._tws.tell_everyone(codes.connection_restored(is_data_lost=is_data_lost))
        self._restored.set()

    def _limit(self, fault: ActiveFault) -> None:
        if "after_s" in fault.params:
            self._tasks.start(self._end_after(fault.fault_id, seconds(fault.params, "after_s", 0)))

    async def _end_after(self, fault_id: str, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        if any(active.fault_id == fault_id for active in self._faults.active()):
            self._faults.remove(fault_id)

    def _take_moments(self) -> None:
        while (params := self._faults.take(BROKER, ROLL_BACK_IDS)) is not None:
            self._tws.roll_back_ids(_ids(params, 1))
        if (params := self._faults.take(BROKER, NIGHTLY_RESTART)) is not None:
            self._tasks.start(self._restart(params))

    async def _restart(self, params: _Params) -> None:
        self._tws.tell_everyone(codes.connection_lost())
        self._is_restarting = True
        await self._tws.follow_switches()
        self._tws.roll_back_ids(_ids(params, 0))
        await asyncio.sleep(seconds(params, "down_s", DEFAULT_DOWN_S))
        self._is_restarting = False
        await self._tws.follow_switches()

    def _switch_api(self, _: _Params) -> None:
        self._tasks.start(self._tws.follow_switches())


def _ids(params: _Params, default: int) -> int:
    return int(float(str(params.get("ids", default))))
