"""In which order, how often and how late the messages about an order come: what gateways were seen to do.

Every profile but the last two is recorded or reported; docs/simulators/ibkr.md says which.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class Marker(StrEnum):
    """The messages that end a list."""

    OPEN_ORDERS = "open_orders"
    ACCOUNT = "account"
    EXECUTIONS = "executions"
    POSITIONS = "positions"
    COMPLETED_ORDERS = "completed_orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One habit of a gateway; None = now so, now so, by the seed.

    Attributes:
        is_stepped: A live order is told as PreSubmitted first; False = as Submitted at once.
        tells_order_at_fill: openOrder comes before the orderStatus of a fill.
        is_commission_first: The commission report comes before the orderStatus of its fill; False = behind it.
        tells_pending_cancel: PendingCancel comes before Cancelled.
        repeats_waiting: What waits for its trigger is told twice.
        repeats_fill: openOrder and orderStatus of a fill come once more, before the commission report.
        execution_delay_s: Executions and commissions follow the orderStatus, so much later; None = they precede it.
        tells_instant_status: Orders that trade at once get their orderStatus.
        tells_list_status: Lists of open orders have an orderStatus behind every openOrder.
        copies: How often every orderStatus is said again.
        missing_markers: Lists that never end.
    """

    name: str
    description: str
    is_stepped: bool | None = None
    tells_order_at_fill: bool | None = None
    is_commission_first: bool | None = False
    tells_pending_cancel: bool | None = None
    repeats_waiting: bool = True
    repeats_fill: bool = False
    execution_delay_s: float | None = None
    tells_instant_status: bool = True
    tells_list_status: bool | None = True
    copies: int = 0
    missing_markers: frozenset[Marker] = frozenset()


DEFAULT_PROFILE: Final = "paper_2026"
_PROFILES: Final = (
    Profile(
        name=DEFAULT_PROFILE,
        description="A paper gateway of April 2026; where it was seen to do both, the seed decides.",
        is_commission_first=None,
    ),
    Profile(
        name="direct",
        description="Like paper_2026, always the short way: Submitted at once, no PendingCancel.",
        is_stepped=False,
        tells_order_at_fill=False,
        tells_pending_cancel=False,
    ),
    Profile(
        name="stepped",
        description="Like paper_2026, always the long way: PreSubmitted, Submitted, openOrder at fills, PendingCancel.",
        is_stepped=True,
        tells_order_at_fill=True,
        tells_pending_cancel=True,
    ),
    Profile(
        name="fast_fill_2023",
        description="A gateway of February 2023: a fill's openOrder and orderStatus come twice.",
        is_stepped=True,
        tells_order_at_fill=True,
        tells_pending_cancel=False,
        repeats_fill=True,
    ),
    Profile(
        name="late_execution",
        description="Filled is told before its execution and commission, which come half a second later.",
        is_stepped=False,
        tells_order_at_fill=False,
        tells_pending_cancel=False,
        execution_delay_s=0.5,
    ),
    Profile(
        name="no_status",
        description="Orders that trade at once get no orderStatus, and lists of open orders none either.",
        is_stepped=False,
        tells_order_at_fill=False,
        tells_instant_status=False,
        tells_list_status=False,
    ),
    Profile(name="duplicates", description="Every orderStatus comes three times.", copies=2),
    Profile(
        name="missing_end_markers",
        description="No list ever ends: open and completed orders, executions, positions, account updates.",
        missing_markers=frozenset(Marker),
    ),
)
PROFILES: Final[Mapping[str, Profile]] = {profile.name: profile for profile in _PROFILES}


def chosen(params: Mapping[str, object], default: Profile) -> Profile:
    """Return the profile that the parameters of ``ibkr.profile`` name, with what they leave to the seed no longer."""
    profile = PROFILES.get(str(params.get("name")), default)
    return replace(
        profile,
        is_stepped=_choice(params, "stepped", profile.is_stepped),
        tells_order_at_fill=_choice(params, "order_at_fill", profile.tells_order_at_fill),
        is_commission_first=_choice(params, "commission_first", profile.is_commission_first),
        tells_pending_cancel=_choice(params, "pending_cancel", profile.tells_pending_cancel),
        tells_list_status=_choice(params, "list_status", profile.tells_list_status),
    )


def _choice(params: Mapping[str, object], name: str, default: bool | None) -> bool | None:  # noqa: FBT001
    return params[name] == "yes" if name in params else default
