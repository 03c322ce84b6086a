"""Puts the messages of one step of an order's life into the order that a profile wants. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from edgerunner.simulators.tws.delivery.profiles import Profile
from edgerunner.simulators.tws.delivery.stages import Stage
from edgerunner.simulators.tws.wire.orders import OpenOrder, OrderStatus

SUBMITTED: Final = "Submitted"
PRE_SUBMITTED: Final = "PreSubmitted"
_FILL_STAGES: Final = (Stage.EXECUTION, Stage.FILLED, Stage.COMMISSION)

Toss = Callable[[], bool]
"""Decides what a profile leaves open."""


class Receiver(Protocol):
    """Whoever gets messages: a session."""

    def send(self, *messages: object) -> None:
        """Write messages without waiting."""

    def stall(self) -> None:
        """Lose everything that is sent from now on, while the connection stays open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One message about an order on its way to one session.

    Attributes:
        client_key: The orderRef, or "clientId/orderId"; faults match it.
        symbol: As in the ledger; faults match it.
        op: What request the message answers (``place amend cancel``); None = it comes by itself.
        delay_s: How much later than its turn it leaves; others pass it.
        is_stall: Its connection falls silent with it.
    """

    session: Receiver
    stage: Stage
    message: object
    client_key: str | None = None
    symbol: str | None = None
    op: str | None = None
    delay_s: float = 0
    is_stall: bool = False


def arrange(parcels: Sequence[Parcel], profile: Profile, toss: Toss) -> list[Parcel]:
    """Return the parcels of one order and session, sent together, as the profile wants them."""
    begin = next((place for place, parcel in enumerate(parcels) if parcel.stage in _FILL_STAGES), len(parcels))
    has_traded = any(parcel.stage is Stage.EXECUTION for parcel in parcels)
    fills = [parcel for parcel in parcels[begin:] if parcel.stage in _FILL_STAGES]
    told = [
        *_opening(parcels[:begin], profile, toss, has_traded=has_traded),
        *_fills(fills, profile, toss),
        *(parcel for parcel in parcels[begin:] if parcel.stage not in _FILL_STAGES),
    ]
    if has_traded and not profile.tells_instant_status and begin:
        told = [parcel for parcel in told if not isinstance(parcel.message, OrderStatus)]
    return list(_repeated(_cancels(told, profile, toss), profile.copies))


def _opening(parcels: Sequence[Parcel], profile: Profile, toss: Toss, *, has_traded: bool) -> list[Parcel]:
    """Return what comes before any fill, with the acknowledgement as the profile wants it."""
    acknowledged = [parcel for parcel in parcels if parcel.stage is Stage.ACKNOWLEDGED]
    if not acknowledged:
        return list(parcels)
    place = parcels.index(acknowledged[0])
    others = [parcel for parcel in parcels[place:] if parcel.stage is not Stage.ACKNOWLEDGED]
    opening = _acknowledged(acknowledged, profile, toss, has_traded=has_traded)
    if has_traded and profile.execution_delay_s is not None:
        opening = [parcel for parcel in opening if not isinstance(parcel.message, OrderStatus)]
    return [*parcels[:place], *opening, *others]


def _cancels(parcels: list[Parcel], profile: Profile, toss: Toss) -> list[Parcel]:
    """Return the parcels with or without PendingCancel."""
    is_canceled = any(parcel.stage is Stage.PENDING_CANCEL for parcel in parcels)
    if not is_canceled or _decided(profile.tells_pending_cancel, toss):
        return parcels
    return [parcel for parcel in parcels if parcel.stage is not Stage.PENDING_CANCEL]


def _acknowledged(parcels: Sequence[Parcel], profile: Profile, toss: Toss, *, has_traded: bool) -> list[Parcel]:
    states = [parcel.message for parcel in parcels if isinstance(parcel.message, OrderStatus)]
    if any(state.why_held for state in states):
        return [*parcels, *parcels] if profile.repeats_waiting else list(parcels)
    if all(state.status != SUBMITTED for state in states) or not _decided(profile.is_stepped, toss):
        return list(parcels)
    held = [replace(parcel, message=_with_status(parcel.message, PRE_SUBMITTED)) for parcel in parcels]
    return held if has_traded else [*held, *parcels]


def _fills(parcels: Sequence[Parcel], profile: Profile, toss: Toss) -> list[Parcel]:
    if not _decided(profile.tells_order_at_fill, toss):
        parcels = [parcel for parcel in parcels if not isinstance(parcel.message, OpenOrder)]
    told: list[Parcel] = []
    for block in _blocks(parcels):
        executions, states, commissions = (
            [parcel for parcel in block if parcel.stage is stage] for stage in _FILL_STAGES
        )
        if profile.execution_delay_s is not None:
            late = [replace(each, delay_s=profile.execution_delay_s) for each in (*executions, *commissions)]
            told += [*states, *late]
        elif profile.repeats_fill:
            told += [*executions, *states, *states, *commissions]
        elif _decided(profile.is_commission_first, toss):
            told += [*executions, *commissions, *states]
        else:
            told += [*executions, *states, *commissions]
    return told


def _blocks(parcels: Iterable[Parcel]) -> Iterable[list[Parcel]]:
    """Cut where a new execution begins."""
    block: list[Parcel] = []
    for parcel in parcels:
        if parcel.stage is Stage.EXECUTION and block:
            yield block
            block = []
        block.append(parcel)
    if block:
        yield block


def _repeated(parcels: Iterable[Parcel], copies: int) -> Iterable[Parcel]:
    for parcel in parcels:
        yield parcel
        if isinstance(parcel.message, OrderStatus):
            yield from [parcel] * copies


def _decided(choice: bool | None, toss: Toss) -> bool:  # noqa: FBT001 - a choice, not a switch
    return toss() if choice is None else choice


def _with_status(message: object, word: str) -> object:
    match message:
        case OrderStatus():
            return replace(message, status=word)
        case OpenOrder():
            return replace(message, margin=replace(message.margin, status=word))
        case _:
            return message
