"""What the simulated MetaTrader 5 server lists, and what it costs at any time."""
