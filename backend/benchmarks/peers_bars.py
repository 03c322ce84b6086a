"""Writes the bars of work A for `peers.py` and prints the round trips that are right: `peers_bars.py FILE.npz`."""

import sys

import backtest_bars
import backtest_floor
import numpy as np
from backtest import SEED, SHORT


def main() -> int:
    """Write the file."""
    bars = backtest_bars.bars(SHORT, SEED)
    columns = {name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}
    np.savez(sys.argv[1], time=bars.time_ms, **columns)
    engine = backtest_floor.Engine(backtest_floor.SmaCross)
    engine.run(bars.time_ms.tolist(), [column.tolist() for column in columns.values()])
    print(len(engine.fills) // 2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
