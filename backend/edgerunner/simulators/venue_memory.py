"""What every simulated broker remembers of its start: the seed of its market and its clock."""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from edgerunner.simulators.clock import NANOSECONDS, ClockAnchor, VirtualClock
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.ledger_file import LedgerFile
from edgerunner.simulators.market import Market, MarketControl
from edgerunner.simulators.replay import BadReplayFile, read_recording

DEFAULT_SEED = 1

logger = logging.getLogger(__name__)


def stored_seed(ledger: LedgerFile, wanted: int | None) -> int:
    """Return the seed of the ledger, unless another one than at the last start is asked for."""
    stored, asked = ledger.get("seed"), ledger.get("asked_seed")
    if stored is not None and (wanted is None or str(wanted) == asked):
        return int(stored)
    seed = DEFAULT_SEED if wanted is None else wanted
    ledger.put("seed", str(seed))
    ledger.put("asked_seed", str(seed))
    return seed


def store_new_seed(ledger: LedgerFile, seed: int) -> None:
    """Empty a ledger and let it go on with another seed; what was asked for at the start stays remembered."""
    asked = ledger.get("asked_seed") or str(seed)
    ledger.clear()
    ledger.put("seed", str(seed))
    ledger.put("asked_seed", asked)


def stored_clock(
    ledger: LedgerFile, wall: Callable[[], int], *, speed: float, error_ns: Callable[[], int]
) -> VirtualClock:
    """Return a clock that goes on where the ledger's stood."""
    text = ledger.get("clock")
    anchor = ClockAnchor(**json.loads(text)) if text is not None else None
    clock = VirtualClock(wall, speed=speed, anchor=anchor, error_ns=error_ns)
    store_clock(ledger, clock)
    return clock


def store_clock(ledger: LedgerFile, clock: VirtualClock) -> None:
    """Remember a clock."""
    ledger.put("clock", json.dumps(asdict(clock.anchor)))


def restore_controls(ledger: LedgerFile, market: Market, name_of: Callable[[str], str]) -> None:
    """Carry out the remembered acts on a market again; ``name_of`` = a symbol's name in files of recordings."""
    for control in ledger.controls():
        recording = None
        if control.file is not None:
            try:
                recording = read_recording(Path(control.file), name_of(control.symbol))
            except (OSError, BadReplayFile) as error:
                logger.warning("replay of %s is not continued, prices are generated again: %s", control.file, error)
                control = MarketControl(step=control.step, symbol=control.symbol, kind="release")  # noqa: PLW2901 - it takes its place
        market.apply(control, recording)


def clock_error_ns(faults: FaultBox, broker: str) -> int:
    """Return how wrong a broker's clock is by the fault ``clock_offset``."""
    params = faults.peek(broker, "clock_offset")
    return 0 if params is None else round(float(str(params.get("offset_s", 0))) * NANOSECONDS)
