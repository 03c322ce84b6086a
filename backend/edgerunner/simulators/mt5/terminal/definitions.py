"""The faults that only a MetaTrader 5 terminal has, as the control port lists them."""

from collections.abc import Mapping
from typing import Final

from edgerunner.simulators.faults import FaultDefinition
from edgerunner.simulators.mt5.settings import BROKER

CRASH: Final = "mt5.crash"
SLOW_CALLS: Final = "mt5.slow_calls"
HANG: Final = "mt5.hang"
REQUOTE: Final = "mt5.requote"
PRICE_OFF: Final = "mt5.price_off"
AUTOTRADING_OFF: Final = "mt5.autotrading_off"
API_DISABLED: Final = "mt5.api_disabled"
INVESTOR: Final = "mt5.investor"
EXPERTS_OFF: Final = "mt5.experts_off"
DISCONNECTED: Final = "mt5.disconnected"
TRADING_HOURS: Final = "mt5.trading_hours"
POSITION_LAG: Final = "mt5.position_lag"
COMMENT_REWRITTEN: Final = "mt5.comment_rewritten"
LIVE_ACCOUNT: Final = "mt5.live_account"
HISTORY_NOT_LOADED: Final = "mt5.history_not_loaded"
OLD_VERSION: Final = "mt5.old_version"

DEFAULT_SLOW_S: Final = 15.0
DEFAULT_LAG_S: Final = 0.5


def _fault(name: str, description: str, params: Mapping[str, str] | None = None) -> FaultDefinition:
    return FaultDefinition(name=name, description=description, params=params or {}, brokers=frozenset({BROKER}))


DEFINITIONS: Final = (
    _fault(
        CRASH,
        "The terminal closes in the middle of a call, which is not carried out: every program connected to it gets "
        "-10004 until it calls initialize again.",
    ),
    _fault(
        SLOW_CALLS,
        "Calls are carried out only after a while; past the module's time limit the caller has -10005 by then.",
        {"delay_s": f"seconds, {DEFAULT_SLOW_S:g}"},
    ),
    _fault(
        HANG,
        "The terminal answers nobody as long as the fault is active (-10005); then it carries out all that has come "
        "in, orders too.",
    ),
    _fault(REQUOTE, "The server answers 10004 and the current prices."),
    _fault(PRICE_OFF, "The server answers 10021: there are no quotes."),
    _fault(AUTOTRADING_OFF, "The AutoTrading button is off as long as the fault is active: 10027, data calls work."),
    _fault(
        API_DISABLED,
        "Trading through the Python API is switched off in the options as long as the fault is active: -8.",
    ),
    _fault(INVESTOR, "The account is logged in with its investor password as long as the fault is active: 10017."),
    _fault(EXPERTS_OFF, "The broker takes no orders from programs as long as the fault is active: 10026."),
    _fault(
        DISCONNECTED,
        "The terminal has lost its broker as long as the fault is active: terminal_info().connected is False, "
        "orders get 10031.",
    ),
    _fault(TRADING_HOURS, "Symbols trade in their sessions only as long as the fault is active: 10018 outside."),
    _fault(
        POSITION_LAG,
        "Open positions and orders are shown as they were before the last trade for a while.",
        {"lag_s": f"seconds, {DEFAULT_LAG_S:g}"},
    ),
    _fault(COMMENT_REWRITTEN, "The server writes its own comment in place of the client's.", {"text": "the comment"}),
    _fault(LIVE_ACCOUNT, "Accounts look real (trade_mode 2) as long as the fault is active."),
    _fault(
        HISTORY_NOT_LOADED,
        "Bars and ticks of a symbol are not there yet: None with -1, or only the newest few.",
        {"quantity": "rows that are there, 0"},
    ),
    _fault(OLD_VERSION, "Terminal and module do not fit together: initialize fails with -5."),
)
