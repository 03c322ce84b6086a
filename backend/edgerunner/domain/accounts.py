"""Accounts as the broker reports them."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class AccountMode(StrEnum):
    """Whether one instrument has one position or several."""

    NETTING = "netting"
    HEDGING = "hedging"


class MarginMode(StrEnum):
    """What backs a position: all money of the account, an amount set apart, or the risk of the whole portfolio."""

    CROSS = "cross"
    ISOLATED = "isolated"
    PORTFOLIO = "portfolio"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """How an account holds and backs positions; None = the broker has no such mode."""

    account_id: str
    position_mode: AccountMode | None
    margin_mode: MarginMode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account of a connection; ``is_live`` is what the broker says, never a flag of ours."""

    account_id: str
    mode: AccountMode
    currency: str
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One currency of an account; ``total`` = ``available`` + ``locked`` only where the broker says so.

    ``value`` is what the broker itself counts ``total`` for in the account's currency, or None.
    """

    currency: str
    total: Decimal
    available: Decimal | None
    locked: Decimal | None
    value: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSummary:
    """An account's money in its own currency; None = the broker does not say."""

    account_id: str
    currency: str
    balance: Decimal | None
    equity: Decimal | None
    margin_initial: Decimal | None
    margin_maintenance: Decimal | None
    margin_available: Decimal | None
    unrealized_pnl: Decimal | None
    realized_pnl: Decimal | None
    balances: tuple[Balance, ...]
    as_of_ns: int
