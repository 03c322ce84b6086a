"""What the broker's books must say after a session."""

from decimal import Decimal
from typing import Any

from tests.conformance.mt5.clients import LOGIN


def check_ledger(ledger: dict[str, Any], session: dict[str, Any]) -> None:
    """The session bought, placed and removed a pending order, and closed: nothing more and nothing less is booked."""
    account = next(each for each in ledger["accounts"] if each["account_id"] == str(session.get("login", LOGIN)))
    assert account["positions"] == []
    (balance,) = account["balances"]
    assert Decimal(balance["total"]) == Decimal(repr(session["balance"])), (account, session)
    bought, removed, closed = (str(ticket) for ticket in session["orders"])
    orders = {order["venue_order_id"]: order for order in ledger["orders"]}
    assert {ticket: orders[ticket]["status"] for ticket in orders} == {
        bought: "filled",
        removed: "canceled",
        closed: "filled",
    }
    assert not any(order["live"] for order in orders.values())
    fills = [(fill["venue_order_id"], fill["side"], Decimal(fill["quantity"])) for fill in ledger["fills"]]
    assert fills == [(bought, "buy", Decimal("0.1")), (closed, "sell", Decimal("0.1"))]
