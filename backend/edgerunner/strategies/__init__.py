"""The Strategy class, its indicators and the shipped examples: pure, the same in a backtest and live."""
