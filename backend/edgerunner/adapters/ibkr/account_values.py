"""TWS's account values as a summary. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edgerunner.adapters.ibkr.values import number
from edgerunner.domain.accounts import AccountSummary, Balance

_TOGETHER: Final = "BASE"
"""The pseudo currency of figures that add all currencies up in the account's own."""

Values = Mapping[tuple[str, str], str]
"""Text by tag and currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profit:
    """The account's profit of the day as TWS streams it; None = not told, or nothing traded yet."""

    unrealized: Decimal | None = None
    realized: Decimal | None = None


def base_currency(values: Values) -> str | None:
    """Return the account's own currency: the one that its net liquidation value is told in."""
    return next((currency for tag, currency in values if tag == "NetLiquidation" and currency), None)


def summary_of(account_id: str, values: Values, profit: Profit, ts_ns: int) -> AccountSummary:
    """Return the account's money. Realized profit is that since the day's reset, as TWS counts it."""
    base = base_currency(values) or ""
    return AccountSummary(
        account_id=account_id,
        currency=base,
        balance=_first(values, ("TotalCashValue", base), ("TotalCashBalance", _TOGETHER)),
        equity=number(values.get(("NetLiquidation", base))),
        margin_initial=number(values.get(("InitMarginReq", base))),
        margin_maintenance=number(values.get(("MaintMarginReq", base))),
        margin_available=number(values.get(("AvailableFunds", base))),
        unrealized_pnl=profit.unrealized
        if profit.unrealized is not None
        else _first(values, ("UnrealizedPnL", _TOGETHER), ("UnrealizedPnL", base)),
        realized_pnl=profit.realized
        if profit.realized is not None
        else _first(values, ("RealizedPnL", _TOGETHER), ("RealizedPnL", base)),
        balances=_balances(values),
        as_of_ns=ts_ns,
    )


def _balances(values: Values) -> tuple[Balance, ...]:
    """Return the cash of each currency, with its worth at the rate that TWS itself counts with."""
    found = []
    for (tag, currency), text in sorted(values.items()):
        total = number(text)
        if tag != "TotalCashBalance" or currency == _TOGETHER or total is None:
            continue
        rate = number(values.get(("ExchangeRate", currency)))
        value = None if rate is None else total * rate
        found.append(Balance(currency=currency, total=total, available=None, locked=None, value=value))
    return tuple(found)


def _first(values: Values, *keys: tuple[str, str]) -> Decimal | None:
    return next((found for key in keys if (found := number(values.get(key))) is not None), None)
