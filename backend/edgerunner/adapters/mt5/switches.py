"""The switches that keep orders from being sent, each with the way to change it. Pure."""

from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.structs import AccountInfo, TerminalInfo


def refusal_of(account: AccountInfo, terminal: TerminalInfo) -> str | None:
    """Return why no orders can be sent, or None. Data calls work nevertheless."""
    if terminal.tradeapi_disabled:
        return (
            "the terminal forbids programs to trade: Tools, Options, Expert Advisors, "
            "untick 'Disable automatic trading via the external Python API'"
        )
    if not account.trade_allowed:
        return "this log-in may not trade: it is an investor (read-only) password, or the account is closed for trading"
    if not account.trade_expert:
        return "the broker forbids automated trading on this account"
    if not terminal.trade_allowed:
        return "AutoTrading is switched off in the terminal: press 'Algo Trading' in its toolbar"
    return None


def is_live(account: AccountInfo) -> bool:
    """Tell whether real money is traded. A contest is played with money that nobody owns."""
    return account.trade_mode not in {constants.ACCOUNT_TRADE_MODE_DEMO, constants.ACCOUNT_TRADE_MODE_CONTEST}


def is_hedged(account: AccountInfo) -> bool:
    """Tell whether positions are kept by ticket."""
    return account.margin_mode == constants.ACCOUNT_MARGIN_MODE_RETAIL_HEDGING
