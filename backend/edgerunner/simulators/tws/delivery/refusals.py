"""Faults that answer a request instead of carrying it out, and warnings about orders that are carried out."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.delivery.calls import Call
from edgerunner.simulators.tws.delivery.definitions import (
    BROKER,
    CANCEL_NOT_FOUND,
    CANCEL_WRONG_STATE,
    HISTORY_ERROR,
    INACTIVE_REJECTED,
    ORDER_WARNING,
    PRICE_INCREMENT,
    TIF_SET_TO_DAY,
)
from edgerunner.simulators.tws.wire.market_requests import RequestHistoricalData
from edgerunner.simulators.tws.wire.orders import OrderStatus, PlaceOrder
from edgerunner.simulators.tws.wire.session import ErrorMessage

DEFAULT_REASON: Final = "Order rejected - reason:The simulator was asked to reject it."
DEFAULT_WARNING: Final = (
    "Order Message:\nWarning: Your order will not be placed at the exchange until the next session."
)
_Params = Mapping[str, object]


def take(faults: FaultBox, name: str, call: Call) -> _Params | None:
    """Use a fault that covers a call; None when there is none."""
    return faults.take(BROKER, name, op=call.op, client_key=call.client_key, symbol=call.symbol)


def refusal(faults: FaultBox, call: Call, request: object, client_id: int) -> tuple[object, ...] | None:
    """Return what is said instead of carrying a request out, None when it is carried out."""
    if take(faults, "rate_limit", call) is not None:
        return (codes.too_fast(),)
    if (params := take(faults, "reject", call)) is not None:
        return (_error(call, int(float(str(params.get("code", _usual_code(call))))), params, DEFAULT_REASON),)
    match request:
        case PlaceOrder() if call.changes_orders:
            return _refused_order(faults, call, request, client_id)
        case RequestHistoricalData():
            params = take(faults, HISTORY_ERROR, call)
            text = "" if params is None else str(params.get("text", "API historical data query cancelled"))
            return (codes.history_error(text, call.request_id),) if params is not None else None
        case _:
            return _refused_cancel(faults, call) if call.op == "cancel" else None


def warnings(faults: FaultBox, call: Call, request: PlaceOrder) -> tuple[PlaceOrder, list[ErrorMessage]]:
    """Return an order as presets change it, and what is said about it before anything else."""
    told = []
    if take(faults, TIF_SET_TO_DAY, call) is not None:
        request = replace(request, order=replace(request.order, time_in_force="DAY"))
        told.append(codes.tif_set_to_day(call.request_id))
    if (params := take(faults, ORDER_WARNING, call)) is not None:
        text = str(params.get("text", DEFAULT_WARNING))
        told.append(ErrorMessage(request_id=call.request_id, code=codes.ORDER_WARNING, text=text))
    return request, told


def _refused_order(faults: FaultBox, call: Call, request: PlaceOrder, client_id: int) -> tuple[object, ...] | None:
    if take(faults, PRICE_INCREMENT, call) is not None:
        return (codes.price_increment(call.request_id),)
    if (params := take(faults, INACTIVE_REJECTED, call)) is None:
        return None
    status = OrderStatus(
        order_id=request.order_id,
        status=str(params.get("status", "Inactive")),
        filled=Decimal(0),
        remaining=request.order.total_quantity or Decimal(0),
        average_price=Decimal(0),
        perm_id=0,
        parent_id=request.order.parent_id,
        last_price=Decimal(0),
        client_id=client_id,
        why_held="",
        cap_price=Decimal(0),
    )
    return (_error(call, codes.ORDER_REJECTED, params, DEFAULT_REASON), status)


def _refused_cancel(faults: FaultBox, call: Call) -> tuple[object, ...] | None:
    if take(faults, CANCEL_NOT_FOUND, call) is not None:
        return (codes.cancel_not_found(call.request_id),)
    if take(faults, CANCEL_WRONG_STATE, call) is not None:
        return (codes.cancel_wrong_state(call.request_id, "PendingCancel"),)
    return None


def _usual_code(call: Call) -> int:
    return codes.ORDER_REJECTED if call.changes_orders else codes.VALIDATION_ERROR


def _error(call: Call, code: int, params: _Params, default: str) -> ErrorMessage:
    return ErrorMessage(request_id=call.request_id, code=code, text=str(params.get("text", default)))
