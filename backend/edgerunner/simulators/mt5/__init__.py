"""The simulated MetaTrader 5: terminal, trade server, symbols and the module that programs import."""
