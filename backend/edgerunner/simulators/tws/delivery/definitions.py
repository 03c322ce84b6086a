"""The faults that only a TWS has, as the control port lists them."""

from collections.abc import Mapping
from typing import Final

from edgerunner.simulators.faults import FaultDefinition
from edgerunner.simulators.tws.delivery.profiles import PROFILES, Marker

BROKER: Final = "ibkr"
DEFAULT_DOWN_S: Final = 60.0
CONNECTION_LOST: Final = "ibkr.connection_lost"
FARM_BROKEN: Final = "ibkr.farm_broken"
COMPETING_SESSION: Final = "ibkr.competing_session"
API_DISABLED: Final = "ibkr.api_disabled"
READ_ONLY: Final = "ibkr.read_only"
TRADING_HOURS: Final = "ibkr.trading_hours"
LIVE_ACCOUNT: Final = "ibkr.live_account"
CLIENT_ID_IN_USE: Final = "ibkr.client_id_in_use"
PROFILE: Final = "ibkr.profile"
NIGHTLY_RESTART: Final = "ibkr.nightly_restart"
ROLL_BACK_IDS: Final = "ibkr.roll_back_ids"
TIF_SET_TO_DAY: Final = "ibkr.tif_set_to_day"
ORDER_WARNING: Final = "ibkr.order_warning"
INACTIVE_HELD: Final = "ibkr.inactive_held"
INACTIVE_REJECTED: Final = "ibkr.inactive_rejected"
PRICE_INCREMENT: Final = "ibkr.price_increment"
CANCEL_NOT_FOUND: Final = "ibkr.cancel_not_found"
CANCEL_WRONG_STATE: Final = "ibkr.cancel_wrong_state"
LATE_COMMISSION: Final = "ibkr.late_commission"
MISSING_COMMISSION: Final = "ibkr.missing_commission"
MISSING_STATUS: Final = "ibkr.missing_status"
FILL_BEFORE_STATUS: Final = "ibkr.fill_before_status"
FILL_AFTER_CANCELLED: Final = "ibkr.fill_after_cancelled"
FILL_BEATS_CANCEL: Final = "ibkr.fill_beats_cancel"
MISSING_END_MARKER: Final = "ibkr.missing_end_marker"
HISTORY_ERROR: Final = "ibkr.history_error"
PROFILE_CHOICES: Final = ("stepped", "order_at_fill", "commission_first", "pending_cancel", "list_status")
_YES_NO: Final = "yes or no, as the profile has it"
REJECTED_WORDS: Final = frozenset({"Inactive", "Cancelled"})


def _fault(
    name: str,
    description: str,
    params: Mapping[str, str] | None = None,
    choices: Mapping[str, frozenset[str]] | None = None,
) -> FaultDefinition:
    return FaultDefinition(
        name=name,
        description=description,
        params=params or {},
        brokers=frozenset({BROKER}),
        choices=choices or {},
    )


_STATES: Final = (
    _fault(
        CONNECTION_LOST,
        "TWS loses its own servers (1100) as long as the fault is active: no data, no order events, order requests "
        "wait; then 1102, or 1101 and all market data subscriptions are lost.",
        {"restored": "1101 or 1102, 1102", "after_s": "seconds until it comes back by itself"},
        {"restored": frozenset({"1101", "1102"})},
    ),
    _fault(
        FARM_BROKEN,
        "The market data farm is broken (2103) as long as the fault is active, then OK (2104): no data, orders work.",
        {"after_s": "seconds until it comes back by itself"},
    ),
    _fault(
        COMPETING_SESSION,
        "Another session takes the market data (10197) as long as the fault is active: no data, nothing else tells.",
    ),
    _fault(API_DISABLED, "The API is switched off in TWS as long as the fault is active: the port is closed."),
    _fault(
        LIVE_ACCOUNT,
        "The live-looking account U1000001 takes the place of the paper account as long as the fault is active; "
        "whoever is connected already should connect again.",
    ),
    _fault(READ_ONLY, "The API is read-only as long as the fault is active: orders are refused with 321."),
    _fault(TRADING_HOURS, "Orders wait for the trading hours of their contracts as long as the fault is active."),
    _fault(
        CLIENT_ID_IN_USE,
        "A client id counts as in use (326) as long as the fault is active, like one whose connection died unnoticed.",
        {"client_id": "the id; any when absent"},
    ),
    _fault(
        PROFILE,
        "Messages about orders come in the order of a profile as long as the fault is active.",
        {
            "name": ", ".join(PROFILES),
            "stepped": f"PreSubmitted before Submitted: {_YES_NO}",
            "order_at_fill": f"openOrder at a fill: {_YES_NO}",
            "commission_first": f"commission report before the orderStatus of its fill: {_YES_NO}",
            "pending_cancel": f"PendingCancel before Cancelled: {_YES_NO}",
            "list_status": f"orderStatus behind every openOrder of a list: {_YES_NO}",
        },
        {"name": frozenset(PROFILES)} | dict.fromkeys(PROFILE_CHOICES, frozenset({"yes", "no"})),
    ),
)
_MOMENTS: Final = (
    _fault(
        NIGHTLY_RESTART,
        "TWS restarts: 1100, every socket closes, the port is closed for a while and opens again.",
        {"down_s": f"seconds, {DEFAULT_DOWN_S:g}", "ids": "by how many order ids nextValidId rolls back, 0"},
    ),
    _fault(
        ROLL_BACK_IDS,
        "nextValidId of every client id falls back, so that ids in use are given again.",
        {"ids": "by how many, 1"},
    ),
)
_ORDERS: Final = (
    _fault(TIF_SET_TO_DAY, "Error 10349 tells that a preset made the order DAY; it works on (op place)."),
    _fault(
        ORDER_WARNING,
        "Error 399 warns about an order that works on (op place).",
        {"text": "the warning"},
    ),
    _fault(
        INACTIVE_HELD,
        "The order is Inactive with whyHeld locate and error 404, and not at the market until the time has come.",
        {"after_s": "seconds until it is Submitted; until it is cancelled when absent"},
    ),
    _fault(
        INACTIVE_REJECTED,
        "The order is refused: openOrder, error 201, orderStatus Inactive.",
        {"text": "the reason", "status": "Inactive or Cancelled, Inactive"},
        {"status": REJECTED_WORDS},
    ),
    _fault(PRICE_INCREMENT, "Error 110: the price does not conform to the minimum price variation (op place)."),
    _fault(CANCEL_NOT_FOUND, "The cancel is refused with 10147, the order lives on (op cancel)."),
    _fault(CANCEL_WRONG_STATE, "The cancel is refused with 10148, the order lives on (op cancel)."),
    _fault(LATE_COMMISSION, "A commission report comes late.", {"delay_s": "seconds, 5"}),
    _fault(MISSING_COMMISSION, "A commission report never comes; reqExecutions tells it."),
    _fault(MISSING_STATUS, "The next messages of an order lack their orderStatus."),
    _fault(FILL_BEFORE_STATUS, "The execution passes the first openOrder and orderStatus."),
    _fault(FILL_AFTER_CANCELLED, "Cancelled is told, then the order turns out to be filled (op cancel)."),
    _fault(FILL_BEATS_CANCEL, "PendingCancel is told, then the order turns out to be filled (op cancel)."),
)
_QUERIES: Final = (
    _fault(
        MISSING_END_MARKER,
        "A list does not end (53, 54, 55, 62 or 102 is missing).",
        {"marker": f"{', '.join(Marker)}; any when absent"},
        {"marker": frozenset(Marker)},
    ),
    _fault(
        HISTORY_ERROR,
        "reqHistoricalData is answered with 162.",
        {"text": "what the history service says, API historical data query cancelled"},
    ),
)
DEFINITIONS: Final = (*_STATES, *_MOMENTS, *_ORDERS, *_QUERIES)
