"""Shapes of the answers about money and positions; numbers are decimal strings."""

from typing import TypedDict


class CashMovement(TypedDict):
    """One cash movement; a positive amount is money in."""

    movement_id: str
    connection_id: str
    account_id: str
    kind: str
    currency: str
    amount: str
    instrument_id: str | None
    trade_id: str | None
    time: str


class LedgerPage(TypedDict):
    """Cash movements, newest first."""

    movements: list[CashMovement]
    next_cursor: str | None


class Position(TypedDict):
    """One position of an account."""

    connection_id: str
    account_id: str
    instrument_id: str
    position_id: str
    side: str
    quantity: str
    quantity_unit: str
    average_price: str | None
    mark_price: str | None
    currency: str
    unrealized_pnl: str | None
    realized_pnl: str
    leverage: str | None
    take_profit: str | None
    stop_loss: str | None
    protection: str
    as_of: str


class Balance(TypedDict):
    """What an account holds of one currency."""

    currency: str
    total: str
    available: str | None
    locked: str | None


class AccountSummary(TypedDict):
    """One account's money."""

    connection_id: str
    account_id: str
    environment: str
    execution: str
    currency: str
    balance: str | None
    equity: str | None
    margin_initial: str | None
    margin_maintenance: str | None
    margin_available: str | None
    unrealized_pnl: str | None
    realized_pnl: str | None
    balances: list[Balance]
    as_of: str


class Pnl(TypedDict):
    """A position's newest mark and profit, as the stream tells it."""

    connection_id: str
    account_id: str
    instrument_id: str
    position_id: str
    currency: str
    mark_price: str | None
    unrealized_pnl: str | None
    realized_pnl: str
    as_of: str


class Converted(TypedDict):
    """An amount in the portfolio's currency; all null without a rate, ``age_s`` is the oldest rate's."""

    amount: str | None
    rate: str | None
    source: str | None
    age_s: float | None


class AccountWorth(TypedDict):
    """One account's equity, and what it is worth."""

    connection_id: str
    account_id: str
    environment: str
    execution: str
    currency: str
    equity: str | None
    converted: Converted


class Exposure(TypedDict):
    """What one position moves with the market; ``quantity`` and ``notional`` are signed."""

    connection_id: str
    account_id: str
    instrument_id: str
    position_id: str
    asset: str
    quantity: str
    notional: str | None
    currency: str
    converted: Converted


class MissingRate(TypedDict):
    """A conversion that nobody gave a rate for."""

    base: str
    quote: str


class UnknownCost(TypedDict):
    """A position whose cost nobody knows."""

    connection_id: str
    account_id: str
    instrument_id: str


class Portfolio(TypedDict):
    """Everything in one currency; a total is null when a part of it is unknown."""

    currency: str
    as_of: str
    equity: str | None
    equity_known: str
    unrealized_pnl: str | None
    realized_pnl: str | None
    accounts: list[AccountWorth]
    exposure: list[Exposure]
    missing_connections: list[str]
    missing_rates: list[MissingRate]
    unknown_costs: list[UnknownCost]


class EquityPoint(TypedDict):
    """What an account was worth at one time."""

    connection_id: str
    account_id: str
    currency: str
    equity: str | None
    balance: str | None
    time: str


class EquityPage(TypedDict):
    """Equity over time, newest first."""

    points: list[EquityPoint]
    next_cursor: str | None


class AccountSettings(TypedDict):
    """An account's modes; null = the broker has no such mode."""

    connection_id: str
    account_id: str
    position_mode: str | None
    margin_mode: str | None


class Leverage(TypedDict):
    """The leverage that the broker took."""

    connection_id: str
    account_id: str
    instrument_id: str
    leverage: str


class TrailingStop(TypedDict):
    """The trailing stop that the broker took; a null offset = the position has none now."""

    connection_id: str
    account_id: str
    instrument_id: str
    position_id: str | None
    trailing_offset: str | None
    trigger_price: str | None
