"""Shapes of the API's answers about strategies. No key is ever omitted; quantities and money are decimal strings."""

from typing import TypedDict

from edgerunner.client.types import Money


class StrategyClass(TypedDict):
    """A class that can be started; ``parameters`` is a JSON schema, ``file`` None for a shipped class."""

    name: str
    file: str | None
    summary: str
    parameters: dict[str, object]


class BadStrategyFile(TypedDict):
    """A file of the user's folder that cannot be used."""

    file: str
    error: str


class StrategyClasses(TypedDict):
    """All classes, and the files that cannot be used."""

    classes: list[StrategyClass]
    bad_files: list[BadStrategyFile]


class StrategyPosition(TypedDict):
    """What a strategy's own fills add up to; ``account_quantity`` is the account's whole position, signed."""

    connection_id: str
    account_id: str
    instrument_id: str
    side: str
    quantity: str
    quantity_unit: str
    average_price: str | None
    currency: str
    unrealized_pnl: str | None
    realized_pnl: str
    account_quantity: str


class Performance(TypedDict):
    """Totals of a strategy's own fills, money by settlement currency, profit before fees."""

    orders: int
    open_orders: int
    fills: int
    trades: int
    winning_trades: int
    realized_pnl: list[Money]
    unrealized_pnl: list[Money] | None
    fees: list[Money]


Strategy = TypedDict(
    "Strategy",
    {
        "strategy_id": str,
        "class": str,
        "parameters": dict[str, object],
        "connection_id": str,
        "account_id": str | None,
        "instrument_ids": list[str],
        "timeframe": str,
        "on_stop": str,
        "state": str,
        "live": bool,
        "reason": str | None,
        "created_at": str,
        "started_at": str | None,
        "positions": list[StrategyPosition],
        "performance": Performance,
    },
)
"""One strategy (written as a call, because ``class`` is a keyword)."""


class LogLine(TypedDict):
    """One line of a strategy's log."""

    time: str
    level: str
    text: str


class StrategyLog(TypedDict):
    """A page of a log, newest first."""

    lines: list[LogLine]
    next_cursor: str | None
