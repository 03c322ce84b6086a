"""Cash movements as rows of the ledger: what ``GET /ledger`` lists."""

from dataclasses import dataclass
from decimal import Decimal

COMMISSION = "commission"
HOLDING_COSTS = frozenset({"funding", "swap"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CashMovement:
    """One booked movement of money; unique per (connection, account, ``movement_id``).

    Attributes:
        kind: commission funding swap dividend interest deposit withdrawal adjustment.
        amount: Signed: positive is money in.
        ts_event_ns: The broker's stamp, or ours when it gave none; UTC nanoseconds.
        seq: Journal sequence of the event.
    """

    movement_id: str
    connection_id: str
    account_id: str
    kind: str
    currency: str
    amount: Decimal
    instrument_id: str | None
    trade_id: str | None
    ts_event_ns: int
    seq: int


def fee_movement_id(trade_id: str) -> str:
    """Return the movement id under which a fill's own fee is booked."""
    return f"fee:{trade_id}"
