"""Runs one target: rounds of hypothesis with a seed each; every failure is kept smallest first.

Not only exceptions count. An input that costs seconds of processor time, or megabytes out of proportion, is a
failure like any other; each twentieth input is run under ``tracemalloc`` for that.
"""

import time
import traceback
import tracemalloc
from dataclasses import dataclass, field
from typing import Final

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.declared import Broken
from tests.fuzz.target import Check, Target

ROUND: Final = 400
"""Examples under one seed; a round with one failure ends when hypothesis has made it small."""

_CPU_S: Final = 3.0
_PEAK_BYTES: Final = 48 * 1024 * 1024
_TRACED_EVERY: Final = 20
_LONGEST_SHRINK_S: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One way in which a decoder broke its promise: the smallest input found, and where it failed."""

    target: str
    seed: int
    value: object
    error: str
    trace: str


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What one run of a target did."""

    target: str
    executions: int = 0
    seconds: float = 0.0
    findings: dict[str, Finding] = field(default_factory=dict)


def run(target: Target, *, first_seed: int, seconds: float, most: int | None = None) -> Outcome:
    """Fire at a target for ``seconds``, or for ``most`` examples where that ends sooner."""
    outcome = Outcome(target=target.name)
    started = time.monotonic()
    with target.opened() as check:
        attempts = _Attempts(target, check, outcome, until=started + seconds)
        number = first_seed
        while time.monotonic() < attempts.until and (most is None or outcome.executions < most):
            left = ROUND if most is None else min(ROUND, most - outcome.executions)
            attempts.round(number, left)
            number += 1
    outcome.seconds = time.monotonic() - started
    return outcome


def again(target: Target, value: object) -> None:
    """Run one input; raises what is wrong with it."""
    with target.opened() as check:
        _measured(check, value, is_traced=True)


class _Attempts:
    """The examples of one run."""

    def __init__(self, target: Target, check: Check, outcome: Outcome, *, until: float) -> None:
        self._target = target
        self._check = check
        self._outcome = outcome
        self._failing_since: float | None = None
        self.until = until

    def round(self, number: int, examples: int) -> None:
        """Run ``examples`` under the seed ``number``."""
        known = frozenset(self._outcome.findings)
        self._failing_since = None

        @seed(number)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            print_blob=False,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(self._target.inputs)
        def attempt(value: object) -> None:
            self._one(value, number, known)

        try:
            attempt()
        except Exception:  # the failures are kept already; hypothesis calls a shrink cut short "flaky"
            if self._outcome.findings.keys() == known:
                raise

    def _one(self, value: object, number: int, known: frozenset[str]) -> None:
        now = time.monotonic()
        if now > self.until or (self._failing_since is not None and now - self._failing_since > _LONGEST_SHRINK_S):
            return
        self._outcome.executions += 1
        try:
            _measured(self._check, value, is_traced=self._outcome.executions % _TRACED_EVERY == 0)
        except Exception as error:
            place = _place_of(error)
            if place in known:
                return
            self._failing_since = self._failing_since or now
            self._outcome.findings[place] = Finding(
                target=self._target.name,
                seed=number,
                value=value,
                error=f"{place}: {error}"[:300],
                trace=_trace_of(error),
            )
            raise


def _measured(check: Check, value: object, *, is_traced: bool) -> None:
    started = time.process_time()
    if is_traced:
        _traced(check, value)
    else:
        check(value)
    spent = time.process_time() - started
    if spent > _CPU_S:
        raise Broken(f"{spent:.1f} s of processor time for one input")


def _traced(check: Check, value: object) -> None:
    tracemalloc.start()
    try:
        check(value)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    if peak > _PEAK_BYTES:
        raise Broken(f"{peak // 2**20} MiB for one input")


def _place_of(error: BaseException) -> str:
    """Return the kind of error and the innermost line of the product: two inputs that fail there are one finding."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.endswith("declared.py")
    ]
    ours = [frame for frame in frames if "/edgerunner/" in frame.filename.replace("\\", "/")]
    frame = frames[-1] if isinstance(error, Broken) else (ours or frames)[-1]
    name = frame.filename.replace("\\", "/").rpartition("/edgerunner/")[2].rpartition("/backend/")[2]
    return f"{type(error).__name__} at {name}:{frame.lineno}"


def _trace_of(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-6_000:]
