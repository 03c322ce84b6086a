"""Other backtesters on work A, run by `make bench-peers` in an environment of their own (`.venv-peers`).

    peers.py BARS.npz ROUND_TRIPS

The file holds the arrays `time open high low close volume`. One line per peer: bars per CPU second of its run (not of
import and data conversion) and whether its round trips are the expected ones. None of them is a dependency.
"""

# The peers are untyped, and each is optional.
# ruff: noqa: ANN001, ANN201, ANN202, ANN204, PLC0415
# mypy: ignore-errors
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np

RATE = 0.0002
START = 1_000_000
FAST, SLOW = 10, 30


def main() -> int:
    """Run every peer that is installed."""
    with np.load(sys.argv[1]) as file:
        columns = {name: file[name] for name in file.files}
    expected = int(sys.argv[2])
    warnings.simplefilter("ignore")
    for name, prepare in (("backtesting", backtesting), ("backtrader", backtrader), ("vectorbt", vectorbt)):
        try:
            work = prepare(columns)
        except ImportError as error:
            print(f"peer {name:<14} not installed: {error}", flush=True)
            continue
        if name == "vectorbt":
            work()  # compiles
        started = time.process_time()
        round_trips = work()
        seconds = time.process_time() - started
        verdict = "same round trips" if round_trips == expected else f"{round_trips} round trips, not {expected}"
        print(f"peer {name:<14} {len(columns['time']) / seconds:>14,.0f} bars/s  {verdict}", flush=True)
    return 0


def frame(columns):
    import pandas as pd

    names = ("open", "high", "low", "close", "volume")
    index = pd.to_datetime(columns["time"], unit="ms")
    return pd.DataFrame({name.capitalize(): columns[name] for name in names}, index=index)


def backtesting(columns) -> Callable[[], int]:
    import pandas as pd
    from backtesting import Backtest, Strategy
    from backtesting.lib import crossover

    def average(values, length):
        return pd.Series(values).rolling(length).mean()

    class Cross(Strategy):
        def init(self):
            self.fast = self.I(average, self.data.Close, FAST)
            self.slow = self.I(average, self.data.Close, SLOW)

        def next(self):
            if crossover(self.fast, self.slow):
                self.buy(size=1)
            elif crossover(self.slow, self.fast) and self.position:
                self.position.close()

    test = Backtest(frame(columns), Cross, cash=START, commission=RATE, finalize_trades=False)
    return lambda: int(test.run()["# Trades"])


def backtrader(columns) -> Callable[[], int]:
    import backtrader as bt

    class Cross(bt.Strategy):
        def __init__(self):
            self.cross = bt.ind.CrossOver(bt.ind.SMA(period=FAST), bt.ind.SMA(period=SLOW))
            self.round_trips = 0

        def notify_trade(self, trade):
            self.round_trips += trade.isclosed

        def next(self):
            if self.cross > 0:
                self.buy(size=1)
            elif self.cross < 0 and self.position:
                self.close()

    def work() -> int:
        cerebro = bt.Cerebro(stdstats=False)
        cerebro.addstrategy(Cross)
        cerebro.adddata(bt.feeds.PandasData(dataname=frame(columns)))
        cerebro.broker.setcash(START)
        cerebro.broker.setcommission(commission=RATE)
        return cerebro.run()[0].round_trips

    return work


def vectorbt(columns) -> Callable[[], int]:
    import vectorbt as vbt

    bars = frame(columns)

    def work() -> int:
        fast, slow = vbt.MA.run(bars["Close"], FAST), vbt.MA.run(bars["Close"], SLOW)
        entries = fast.ma_crossed_above(slow).shift(1, fill_value=False)
        exits = fast.ma_crossed_below(slow).shift(1, fill_value=False)
        portfolio = vbt.Portfolio.from_signals(
            bars["Close"], entries, exits, price=bars["Open"], size=1, fees=RATE, init_cash=START, freq="1min"
        )
        return int(portfolio.trades.closed.count())

    return work


if __name__ == "__main__":
    sys.exit(main())
