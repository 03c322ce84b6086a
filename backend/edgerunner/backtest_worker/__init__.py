"""The program in which one backtest runs: a process of its own, without keys, ended by its parent."""
