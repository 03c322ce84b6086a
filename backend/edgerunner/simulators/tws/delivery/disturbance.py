"""What faults do to the messages about an order once a profile has put them in order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.tws.delivery.arrangement import Parcel
from edgerunner.simulators.tws.delivery.definitions import (
    BROKER,
    FILL_BEFORE_STATUS,
    LATE_COMMISSION,
    MISSING_COMMISSION,
    MISSING_STATUS,
)
from edgerunner.simulators.tws.delivery.stages import Stage
from edgerunner.simulators.tws.wire.orders import OrderStatus

DEFAULT_DELAY_S: Final = 5.0
REPLIES: Final = frozenset({Stage.ACKNOWLEDGED, Stage.NOTICE, Stage.REJECTED, Stage.PENDING_CANCEL, Stage.CANCELLED})
"""Stages that answer a request when they come of one; everything else is an event of the stream."""


def seconds(params: Mapping[str, object], name: str, default: float) -> float:
    """Return a duration among the parameters of a fault, or ``default`` when it is absent."""
    return float(str(params.get(name, default)))


def is_reply(parcel: Parcel) -> bool:
    """Tell whether a message answers a request; else it is an event."""
    return parcel.op is not None and parcel.stage in REPLIES


class Disturbance:
    """Doubles, swaps, delays and drops messages as the active faults have it."""

    def __init__(self, faults: FaultBox) -> None:
        self._faults = faults
        self._passed_over: list[Parcel] = []

    def alter(self, parcels: Sequence[Parcel]) -> list[Parcel]:
        """Return the messages of one order, sent together, as the active faults have them."""
        altered = self._without_reports(self._without_status(self._executions_first(parcels)))
        told: list[Parcel] = []
        for parcel in altered:
            told += self._as_event(parcel) if not is_reply(parcel) else [parcel]
        return told

    def _executions_first(self, parcels: Sequence[Parcel]) -> Sequence[Parcel]:
        executions = [parcel for parcel in parcels if parcel.stage is Stage.EXECUTION]
        if not executions or self._take(FILL_BEFORE_STATUS, executions[0]) is None:
            return parcels
        return executions + [parcel for parcel in parcels if parcel.stage is not Stage.EXECUTION]

    def _without_status(self, parcels: Sequence[Parcel]) -> Sequence[Parcel]:
        first = next((parcel for parcel in parcels if isinstance(parcel.message, OrderStatus)), None)
        if first is None or self._take(MISSING_STATUS, first) is None:
            return parcels
        return [parcel for parcel in parcels if not isinstance(parcel.message, OrderStatus)]

    def _without_reports(self, parcels: Sequence[Parcel]) -> list[Parcel]:
        told = []
        for parcel in parcels:
            if parcel.stage is not Stage.COMMISSION:
                told.append(parcel)
            elif self._take(MISSING_COMMISSION, parcel) is None:
                params = self._take(LATE_COMMISSION, parcel)
                delay_s = 0.0 if params is None else seconds(params, "delay_s", DEFAULT_DELAY_S)
                told.append(replace(parcel, delay_s=parcel.delay_s + delay_s))
        return told

    def _as_event(self, parcel: Parcel) -> list[Parcel]:
        if self._take("stall_stream", parcel) is not None:
            parcel = replace(parcel, is_stall=True)
        if self._take("reorder_events", parcel) is not None:
            self._passed_over.append(parcel)
            return []
        if (params := self._take("late_event", parcel)) is not None:
            parcel = replace(parcel, delay_s=seconds(params, "delay_s", DEFAULT_DELAY_S))
        doubled = self._take("duplicate_event", parcel)
        copies = 0 if doubled is None else int(float(str(doubled.get("copies", 1))))
        behind, self._passed_over = self._passed_over, []
        return [parcel] * (1 + copies) + behind

    def _take(self, name: str, parcel: Parcel) -> Mapping[str, object] | None:
        return self._faults.take(BROKER, name, op="stream", client_key=parcel.client_key, symbol=parcel.symbol)
