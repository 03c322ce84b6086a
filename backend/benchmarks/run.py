"""Measure what can be measured in this version; `run.py [name ...] [--strict]`.

Ratios compare with a floor taken in the same run. A busy machine makes every figure worse,
so goals fail the run only with `--strict`.
"""

import argparse
import sys
from collections.abc import Callable

import backtest
import fanout
import ibkr_adapter
import idle
import journal
import mt5
import mt5_bridge
import order_path
import psutil
import strategies
import stream_200
import tws
from measurement import Measurement

BENCHMARKS: dict[str, Callable[[], list[Measurement]]] = {
    "idle": idle.run,
    "journal": journal.run,
    "backtest": backtest.run,
    "strategies": strategies.run,
}
LONG: dict[str, Callable[[], list[Measurement]]] = {
    "order_path": order_path.run,
    "stream_200": stream_200.run,
    "fanout": fanout.run,
    "ibkr_adapter": ibkr_adapter.run,
    "tws": tws.run,
    "mt5": mt5.run,
    "mt5_bridge": mt5_bridge.run,
}
"""Long, or of one broker: run by name only."""


def main() -> int:
    """Run the named benchmarks (all by default) and return the exit code."""
    parser = argparse.ArgumentParser(description="Edgerunner benchmarks")
    names = f"{' '.join(BENCHMARKS)}; only by name: {' '.join(LONG)}"
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, *LONG, []], metavar="name", help=names)
    parser.add_argument("--strict", action="store_true", help="exit 1 when a goal is missed")
    arguments = parser.parse_args()
    print(f"{psutil.cpu_count()} cores, busy {psutil.cpu_percent(interval=1):.0f} % before the run")
    measurements = []
    for name in arguments.names or BENCHMARKS:
        for measurement in (BENCHMARKS | LONG)[name]():
            print(measurement, flush=True)
            measurements.append(measurement)
    missed = sum(not measurement.meets_goal for measurement in measurements)
    return 1 if missed and arguments.strict else 0


if __name__ == "__main__":
    sys.exit(main())
