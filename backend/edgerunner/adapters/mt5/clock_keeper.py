"""Measures the trade server's clock with ticks that are known to be fresh, at the connect and ever after.

A tick is fresh when its stamp advanced while we looked, as far as our own clock did: the last prices of a closed
market do not move, and a terminal that catches up after a pause jumps.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from edgerunner.adapters.mt5.server_clock import ServerClock
from edgerunner.adapters.mt5.symbol_names import PROBE_GROUP
from edgerunner.adapters.mt5.terminal import Calls
from edgerunner.adapters.mt5.values import NS_PER_MS, NS_PER_S
from edgerunner.domain.errors import BrokerError, BrokerUnreachable

_log = structlog.get_logger(__name__)

PROBES: Final = f"*BTCUSD*,{PROBE_GROUP},*XAUUSD*,*GOLD*"
"""Symbols whose prices move nearly always; at weekends Bitcoin's alone."""

APART_NS: Final = 3 * NS_PER_S
STEP_S: Final = 0.2
_MOST_PROBES: Final = 8


@dataclass(frozen=True, slots=True)
class _Sight:
    stamp_ms: int
    seen_ns: int


class ClockKeeper:
    """Keeps one ``ServerClock`` measured."""

    def __init__(self, clock: ServerClock, calls: Calls, *, now_ns: Callable[[], int], wait_s: float) -> None:
        self._clock = clock
        self._calls = calls
        self._now_ns = now_ns
        self._wait_s = wait_s
        self._probes: list[str] = []
        self._sights: dict[str, _Sight] = {}

    @property
    def doubt(self) -> str | None:
        """Why the clock may be wrong, or None."""
        return self._clock.contradiction

    async def open(self) -> None:
        """Begin with a connection; raises ``BrokerUnreachable`` when the clock is neither named nor to be measured."""
        if not self._probes:
            found = await self._calls.symbols_get(PROBES)
            self._probes = [info.name for info in sorted(found, key=lambda info: not info.select)][:_MOST_PROBES]
            await self._show()
        if self._clock.is_known:
            return
        try:
            async with asyncio.timeout(self._wait_s):
                while not await self.measure():  # noqa: ASYNC110 - a terminal sets no event here
                    await asyncio.sleep(STEP_S)
        except TimeoutError:
            text = (
                f"no price moved for {self._wait_s:g} s (is the market closed?), so the trade server's clock could not "
                "be measured, and its records not be dated: name its zone with the option server_zone, or wait"
            )
            raise BrokerUnreachable(text) from None

    async def measure(self) -> bool:
        """Look at the probes once; True when times are converted otherwise from now on."""
        is_changed = False
        for symbol in self._probes:
            tick = await self._calls.tick(symbol)
            if tick is not None and tick.time_msc:
                is_changed = self.see(symbol, tick.time_msc, self._now_ns()) or is_changed
            if self._clock.is_measured and not is_changed:
                break
        return is_changed

    def see(self, symbol: str, stamp_ms: int, seen_ns: int) -> bool:
        """Take in a tick's stamp; True when times are converted otherwise from now on.

        The stamp counts when it advanced since the last look as much as our clock did.
        """
        before = self._sights.get(symbol)
        if before is not None and before.stamp_ms == stamp_ms:
            return False
        self._sights[symbol] = _Sight(stamp_ms, seen_ns)
        if before is None:
            return False
        advanced_ns = (stamp_ms - before.stamp_ms) * NS_PER_MS
        if stamp_ms < before.stamp_ms or abs(advanced_ns - (seen_ns - before.seen_ns)) > APART_NS:
            return self._jumped(before, stamp_ms, seen_ns)
        return self._observe(stamp_ms, seen_ns)

    def _jumped(self, before: _Sight, stamp_ms: int, seen_ns: int) -> bool:
        """Tell whether a stamp that jumped by an hour is summer time; any other jump is a market that was asleep."""
        advanced_ns = (stamp_ms - before.stamp_ms) * NS_PER_MS - (seen_ns - before.seen_ns)
        is_an_hour = abs(abs(advanced_ns) - 3600 * NS_PER_S) <= APART_NS
        return self._clock.is_measured and is_an_hour and self._observe(stamp_ms, seen_ns)

    def _observe(self, stamp_ms: int, seen_ns: int) -> bool:
        offset_s, contradiction = self._clock.offset_s, self._clock.contradiction
        is_changed = self._clock.observe(stamp_ms, seen_ns)
        if self._clock.offset_s != offset_s:
            _log.info("mt5_server_clock", offset_s=self._clock.offset_s)
        if self._clock.contradiction not in {None, contradiction}:
            _log.warning("mt5_server_clock_contradicts", reason=self._clock.contradiction)
        return is_changed

    async def _show(self) -> None:
        """Have the probes in the Market Watch: outside of it nothing moves. What cannot be shown is left out."""
        shown: list[str] = []
        for symbol in self._probes:
            try:
                await self._calls.symbol_select(symbol)
            except BrokerError as error:
                _log.debug("mt5_probe_not_shown", symbol=symbol, reason=error.detail)
            else:
                shown.append(symbol)
        self._probes = shown
