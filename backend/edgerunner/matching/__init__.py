"""One fill model for backtest, local execution and simulators, in whole ticks and lots."""
