"""Edgerunner OS: one API over Interactive Brokers, MetaTrader 5 and Bybit."""
