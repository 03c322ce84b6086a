"""A finished run as one HTML page, JSON and CSV."""

from edgerunner.backtest.report.export import CSV_FILES, csv_texts, json_text
from edgerunner.backtest.report.page import html
from edgerunner.backtest.report.source import BacktestResult, ReportedTrade

__all__ = ["CSV_FILES", "BacktestResult", "ReportedTrade", "csv_texts", "html", "json_text"]
