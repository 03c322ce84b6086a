"""Backtests: history through a strategy, pure and repeatable."""
