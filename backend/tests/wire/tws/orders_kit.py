"""Orders and what is told about them, in short words."""

from decimal import Decimal
from typing import Any

from edgerunner.simulators.tws.wire.executions import CommissionReport, ExecutionDetails
from edgerunner.simulators.tws.wire.order_values import OrderTerms
from edgerunner.simulators.tws.wire.orders import CancelOrder, OpenOrder, OrderStatus, PlaceOrder
from edgerunner.simulators.tws.wire.session import CurrentTime, ErrorMessage, RequestCurrentTime
from edgerunner.simulators.tws.wire.values import Contract
from tests.wire.tws.kit import Client

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
FAR = Decimal(13)
"""A limit to buy AAPL at that nobody meets."""


def market(order_id: int, quantity: int = 5, *, action: str = "BUY", ref: str = "") -> PlaceOrder:
    terms = OrderTerms(
        action=action, total_quantity=Decimal(quantity), order_type="MKT", time_in_force="DAY", order_ref=ref
    )
    return PlaceOrder(order_id=order_id, contract=AAPL, order=terms)


def limit(order_id: int, price: Decimal = FAR, *, quantity: int = 5, ref: str = "") -> PlaceOrder:
    terms = OrderTerms(
        action="BUY",
        total_quantity=Decimal(quantity),
        order_type="LMT",
        limit_price=price,
        time_in_force="GTC",
        order_ref=ref,
    )
    return PlaceOrder(order_id=order_id, contract=AAPL, order=terms)


def cancel(order_id: int) -> CancelOrder:
    return CancelOrder(order_id=order_id)


def word(message: Any) -> str:
    match message:
        case OpenOrder():
            return f"open {message.margin.status}"
        case OrderStatus():
            held = f" {message.why_held}" if message.why_held else ""
            return f"{message.status}{held}"
        case ExecutionDetails():
            return f"execution {message.shares:f}"
        case CommissionReport():
            return "commission"
        case ErrorMessage():
            return f"error {message.code}"
        case _:
            return type(message).__name__


async def told(client: Client) -> list[str]:
    """Return the words of everything that comes before the answer to a question asked now."""
    client.send(RequestCurrentTime())
    words = []
    while not isinstance(message := await client.message(), CurrentTime):
        words.append(word(message))
    return words


async def words(client: Client, count: int) -> list[str]:
    """Return the words of the next messages."""
    return [word(await client.message()) for _ in range(count)]
