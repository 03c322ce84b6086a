"""The account's money as the terminal tells it. Pure."""

from edgerunner.adapters.mt5.switches import is_hedged, is_live
from edgerunner.adapters.mt5.values import decimal_of
from edgerunner.domain.accounts import Account, AccountMode, AccountSummary, Balance
from edgerunner.mt5_surface.structs import AccountInfo


def account_of(info: AccountInfo) -> Account:
    """Return who the terminal is logged in as."""
    mode = AccountMode.HEDGING if is_hedged(info) else AccountMode.NETTING
    return Account(account_id=str(info.login), mode=mode, currency=info.currency, is_live=is_live(info))


def summary_of(info: AccountInfo, as_of_ns: int) -> AccountSummary:
    """Return the money, rounded to the account's currency. MetaTrader 5 keeps one margin, and no profit of the day."""
    digits = info.currency_digits
    balance, equity, margin, free, profit = (
        decimal_of(value, digits) for value in (info.balance, info.equity, info.margin, info.margin_free, info.profit)
    )
    return AccountSummary(
        account_id=str(info.login),
        currency=info.currency,
        balance=balance,
        equity=equity,
        margin_initial=margin,
        margin_maintenance=None,
        margin_available=free,
        unrealized_pnl=profit,
        realized_pnl=None,
        balances=(Balance(currency=info.currency, total=balance, available=free, locked=margin, value=balance),),
        as_of_ns=as_of_ns,
    )
