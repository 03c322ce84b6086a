"""Trade requests as they come over the pipe: the fields a client gave, as the vendor's struct and as the server's."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.struct_sequence import field_kinds
from edgerunner.mt5_surface.structs import TradeRequest as RequestRow
from edgerunner.simulators.mt5.terminal.wall_time import WallTime
from edgerunner.simulators.mt5.trade_server.values import TradeRequest

OPERATIONS = {
    constants.TRADE_ACTION_SLTP: "amend",
    constants.TRADE_ACTION_MODIFY: "amend",
    constants.TRADE_ACTION_REMOVE: "cancel",
}
"""Trade action -> the operation that a fault's match names; every other action places."""


def request_row(fields: Mapping[str, Any]) -> RequestRow:
    """Return the request as results echo it: what was not given is 0 or empty."""
    return RequestRow(kind(fields.get(name, kind())) for name, kind in field_kinds(RequestRow).items())


def server_request(row: RequestRow, wall: WallTime) -> TradeRequest:
    """Return the request as the server reads it: the shortest decimals of its floats, the expiration as a moment."""
    return TradeRequest(
        action=row.action,
        magic=row.magic,
        order=row.order,
        symbol=row.symbol,
        volume=exact(row.volume),
        price=exact(row.price),
        stoplimit=exact(row.stoplimit),
        sl=exact(row.sl),
        tp=exact(row.tp),
        deviation=row.deviation,
        type=row.type,
        type_filling=row.type_filling,
        type_time=row.type_time,
        expiration_ns=wall.first_moment(row.expiration) if row.expiration else 0,
        comment=row.comment,
        position=row.position,
        position_by=row.position_by,
    )


def exact(number: float) -> Decimal:
    """Return the shortest decimal that is this float."""
    return Decimal(repr(float(number)))
