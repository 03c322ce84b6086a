"""What the bridge itself lets through to the terminal: decisions about one request, without any input or output."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from edgerunner.mt5_bridge.problems import Code, FieldProblem, Problem
from edgerunner.mt5_bridge.settings import AccountSettings, TradeLimits
from edgerunner.mt5_surface import constants

MINUTE_S: Final = 60.0

_WAYS_OUT: Final = frozenset(
    {constants.TRADE_ACTION_REMOVE, constants.TRADE_ACTION_SLTP, constants.TRADE_ACTION_CLOSE_BY}
)


class Denial(StrEnum):
    """Why an order is denied by the bridge's own rules."""

    KILL_SWITCH = "kill_switch"
    SYMBOL = "symbol_not_allowed"
    VOLUME = "max_volume"
    RATE = "max_orders_per_minute"
    NO_ACCOUNT = "no_account_configured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the decision depends on beside the request; ``recent`` = orders of the last minute."""

    limits: TradeLimits
    is_killed: bool
    recent: int


def account_problem(account: Any, expected: AccountSettings | None) -> Problem | None:
    """Return why orders may not go to the account the terminal shows; ``account`` is its AccountInfo or None."""
    if expected is None:
        return denied(Denial.NO_ACCOUNT, "login", "the bridge was started without --login: it reads only")
    if account is None:
        return Problem(Code.NOT_CONNECTED, "the terminal has no connection to an account")
    if account.login != expected.login or expected.server not in {None, account.server}:
        wanted = f"{expected.login}" + (f" on {expected.server}" if expected.server else "")
        return Problem(
            Code.ACCOUNT_MISMATCH, f"the terminal is logged in to {account.login} on {account.server}, not to {wanted}"
        )
    return None


def live_problem(account: Any, limits: TradeLimits) -> Problem | None:
    """Return the refusal of an account with real money, unless it is allowed."""
    if account.trade_mode == constants.ACCOUNT_TRADE_MODE_REAL and not limits.allow_live:
        return Problem(
            Code.LIVE_NOT_ALLOWED, "this account trades real money: start the bridge with --allow-live to allow it"
        )
    return None


def limit_problem(request: Mapping[str, Any], situation: Situation) -> Problem | None:
    """Return which limit an order breaks that is no way out of the market; None = none."""
    limits = situation.limits
    if situation.is_killed:
        return denied(Denial.KILL_SWITCH, "", "the kill switch is engaged: no new orders")
    is_new = request.get("action") != constants.TRADE_ACTION_MODIFY  # which changes neither symbol nor volume
    symbol = request.get("symbol", "")
    if is_new and limits.allow_symbols and symbol not in limits.allow_symbols:
        return denied(Denial.SYMBOL, "symbol", f"{symbol!r} is not among the symbols allowed here")
    volume = abs(Decimal(repr(request.get("volume", 0.0))))
    if is_new and limits.max_volume is not None and volume > limits.max_volume:
        return denied(Denial.VOLUME, "volume", f"{volume} lots are more than the {limits.max_volume} allowed here")
    if situation.recent >= limits.max_orders_per_minute:
        return denied(Denial.RATE, "", f"{situation.recent} orders in the last minute are as many as allowed here")
    return None


def is_way_out(request: Mapping[str, Any]) -> bool:
    """Tell whether a request can only cancel, protect or close, whatever positions there are."""
    return request.get("action") in _WAYS_OUT


def closes_position(request: Mapping[str, Any], positions: Sequence[Any], margin_mode: int) -> bool:
    """Tell whether a DEAL can only make an existing position smaller.

    Hedging: the position it names. Netting and exchange: the only one of its symbol.
    """
    if request.get("action") != constants.TRADE_ACTION_DEAL:
        return False
    is_hedging = margin_mode == constants.ACCOUNT_MARGIN_MODE_RETAIL_HEDGING
    ticket = request.get("position", 0)
    for position in positions:
        is_meant = position.ticket == ticket if is_hedging or ticket else position.symbol == request.get("symbol")
        if is_meant:
            return _is_against(request, position)
    return False


def denied(denial: Denial, field: str, message: str) -> Problem:
    """Return the refusal by one of the bridge's own rules."""
    problem = FieldProblem(field=field, code=denial, message=message)
    return Problem(Code.DENIED_BY_RISK, message, (problem,))


def _is_against(request: Mapping[str, Any], position: Any) -> bool:
    is_long = position.type == constants.POSITION_TYPE_BUY
    opposite = constants.ORDER_TYPE_SELL if is_long else constants.ORDER_TYPE_BUY
    return (
        request.get("symbol", position.symbol) == position.symbol
        and request.get("type") == opposite
        and Decimal(repr(request.get("volume", 0.0))) <= Decimal(repr(position.volume))
    )
