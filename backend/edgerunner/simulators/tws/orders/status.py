"""The words that TWS has for where an order stands."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edgerunner.simulators.venue_types import OrderState, VenueOrder

LOCATING: Final = "locate"
"""Attribute of an order that waits for shares to borrow, and what TWS says then."""


class Status(StrEnum):
    """Statuses that are told; ``API_CANCELLED`` is that of an order canceled before it was transmitted."""

    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    PENDING_CANCEL = "PendingCancel"
    CANCELLED = "Cancelled"
    API_CANCELLED = "ApiCancelled"
    FILLED = "Filled"
    INACTIVE = "Inactive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Status and, while an order is held, why: ``trigger``, ``child``, both, ``locate``, nothing (before the open)."""

    status: Status
    why_held: str = ""


def standing_of(order: VenueOrder, *, is_child: bool) -> Standing:
    """Return where an order stands; ``is_child`` = its parent has not filled yet."""
    match order.state:
        case OrderState.HELD if LOCATING in order.attributes:
            return Standing(status=Status.INACTIVE, why_held=LOCATING)
        case OrderState.HELD:
            reasons = (["child"] if is_child else []) + (["trigger"] if _awaits_trigger(order) else [])
            return Standing(status=Status.PRE_SUBMITTED, why_held=",".join(reasons))
        case OrderState.UNTRIGGERED:
            return Standing(status=Status.PRE_SUBMITTED, why_held="trigger")
        case OrderState.TRIGGERED | OrderState.NEW | OrderState.PARTIALLY_FILLED:
            return Standing(status=Status.SUBMITTED)
        case OrderState.FILLED:
            return Standing(status=Status.FILLED)
        case OrderState.REJECTED:
            return Standing(status=Status.INACTIVE)
        case OrderState.CANCELED | OrderState.DEACTIVATED:
            is_killed = order.cancel_reason == "fok"
            return Standing(status=Status.INACTIVE if is_killed else Status.CANCELLED)


def _awaits_trigger(order: VenueOrder) -> bool:
    return order.trigger is not None and not order.is_triggered
