"""What an account would be after a trade, and whether it can afford it.

As in the vendor's samples of order_check: the price of a new position counts as its mark, so that the spread costs
nothing yet (equity stays, profit stays), and the margin is that of the whole account afterwards. Counting the
commission of the deal is a **guess**.
"""

from edgerunner.simulators.mt5.trade_server.margin import account_margin
from edgerunner.simulators.mt5.trade_server.state import Act
from edgerunner.simulators.mt5.trade_server.valuation import account_value, value_of
from edgerunner.simulators.mt5.trade_server.values import ZERO, AccountValue


def outlook(before: AccountValue, trial: Act) -> AccountValue:
    """Return the figures of an account after what was tried on a copy of it."""
    account = trial.account
    commission = sum((deal.commission for deal in trial.changes().deals), ZERO)
    profit = before.equity + commission - account.balance - account.credit
    margin = account_margin(trial.book.positions.values(), trial.market.symbols, account)
    return account_value(account, profit=profit, margin=margin)


def is_affordable(before: AccountValue, after: AccountValue) -> bool:
    """Whether free margin is left, or no more margin is needed than before."""
    return after.margin_free >= 0 or after.margin <= before.margin


def can_afford(act: Act, trial: Act) -> bool:
    """Whether the account of `act` can afford what was tried on its copy."""
    before = value_of(act.book, act.market)
    return is_affordable(before, outlook(before, trial))
