"""Executions as rows of the ledger: what ``GET /fills`` lists."""

from dataclasses import dataclass
from decimal import Decimal

from edgerunner.domain.orders import Liquidity, Money, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One booked execution; unique per (connection, account, ``trade_id``).

    Attributes:
        client_order_id: None when the broker named no order that we know.
        fee: Positive is a cost.
        realized_pnl: Profit this execution closed, in the settlement currency and before fees;
            None when the closed part's cost is unknown, zero when it closed nothing.
        ts_event_ns: The broker's stamp, or ours when it gave none; UTC nanoseconds.
        seq: Journal sequence of the event.
        leg: ``net``, ``long``, ``short`` or an MT5 ticket.
        derived: Inferred by reconciliation; such a row goes away when real ones replace it.
    """

    trade_id: str
    client_order_id: str | None
    venue_order_id: str | None
    connection_id: str
    account_id: str
    instrument_id: str
    strategy_id: str | None
    side: Side
    quantity: Decimal
    price: Decimal
    liquidity: Liquidity
    fee: Money
    realized_pnl: Decimal | None
    ts_event_ns: int
    seq: int
    leg: str = "net"
    derived: bool = False
