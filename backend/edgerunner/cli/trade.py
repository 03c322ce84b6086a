"""What ``edgerunner trade`` does: one call of the API, its answer printed, an exit code that tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from edgerunner.cli.api_access import Api
from edgerunner.cli.output import CommandFailed, ExitCode, Output
from edgerunner.client import ApiError, EdgerunnerClient
from edgerunner.client.account_types import Position
from edgerunner.client.orders import TradeTerms
from edgerunner.client.types import ItemResult, Order, StatusFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One order to place, as typed."""

    connection_id: str
    instrument_id: str
    side: str
    quantity: str
    client_order_id: str | None
    idempotency_key: str | None
    wait_ms: int
    terms: Mapping[str, object]


def place(output: Output, api: Api, placement: Placement) -> None:
    """Place an order and print it; exit code 4 when it was denied or rejected."""

    async def send(client: EdgerunnerClient) -> list[Order]:
        placed = await client.orders.trade(
            placement.connection_id,
            placement.instrument_id,
            placement.side,
            placement.quantity,
            client_order_id=placement.client_order_id,
            idempotency_key=placement.idempotency_key,
            wait_ms=placement.wait_ms,
            **cast("TradeTerms", placement.terms),
        )
        return [placed["order"], *placed["children"]]

    try:
        orders_placed = api.call(send)
    except ApiError as error:
        if "order" not in error.body:
            raise
        orders_placed = [cast("Order", error.body["order"])]
    _show_orders(output, orders_placed)
    _judge(orders_placed[0])


def cancel(output: Output, api: Api, client_order_id: str, *, wait_ms: int) -> None:
    """Cancel an order and print it."""
    order = api.call(lambda client: client.orders.cancel(client_order_id, wait_ms=wait_ms))
    _show_orders(output, [order])
    _judge(order)


def modify(output: Output, api: Api, client_order_id: str, *, change: Mapping[str, str | None], wait_ms: int) -> None:
    """Change an order and print it."""
    order = api.call(lambda client: client.orders.modify(client_order_id, **change, wait_ms=wait_ms))
    _show_orders(output, [order])
    _judge(order)


def cancel_all(output: Output, api: Api, selection: Mapping[str, str | None], *, wait_ms: int) -> None:
    """Cancel the selected orders and print a result per order."""
    results = api.call(lambda client: client.orders.cancel_all(**selection, wait_ms=wait_ms))
    _show_results(output, results, nothing="No working orders.")


def close(output: Output, api: Api, connection_id: str, *, selection: Mapping[str, str | None], wait_ms: int) -> None:
    """Close the selected positions and print a result per position."""
    results = api.call(lambda client: client.orders.close_positions(connection_id, **selection, wait_ms=wait_ms))
    _show_results(output, results, nothing="No positions.")


def close_by(output: Output, api: Api, connection_id: str, *, pair: tuple[str, str], wait_ms: int) -> None:
    """Close a position by an opposite one and print the order that does."""
    order = api.call(lambda client: client.orders.close_by(connection_id, *pair, wait_ms=wait_ms))
    _show_orders(output, [order])
    _judge(order)


def orders(output: Output, api: Api, *, connection_id: str | None, status: str, limit: int) -> None:
    """Print orders, newest first."""
    chosen = cast("StatusFilter", status)
    page = api.call(lambda client: client.orders.page(connection_id=connection_id, status=chosen, limit=limit))
    _show_orders(output, page["orders"])
    if not page["orders"]:
        output.say(f"No {status} orders." if status != "all" else "No orders.")
    if page["next_cursor"] is not None:
        output.say(f"... there are more; --limit shows more than {limit}.")


def positions(output: Output, api: Api, *, connection_id: str | None) -> None:
    """Print positions."""
    found = api.call(lambda client: client.accounts.positions(connection_id=connection_id))
    for position in found:
        output.event(event="position", position=position)
        output.say(position_line(position))
    if not found:
        output.say("No positions.")


def order_line(order: Order) -> str:
    """Return one order as a line for a person, what is unknown or refused in so many words."""
    price = f" at {order['price']}" if order["price"] is not None else ""
    average = f" at {order['average_price']} on average" if order["average_price"] is not None else ""
    line = (
        f"{order['client_order_id']}  {order['side']} {order['quantity']} {order['instrument_id']}"
        f" {order['order_type']}{price} {order['time_in_force']} on {order['connection_id']}:"
        f" {order['status'].upper()}, filled {order['filled_quantity']}{average}"
    )
    return "\n    ".join([line, *_remarks(order)])


def position_line(position: Position) -> str:
    """Return one position as a line for a person."""
    return (
        f"{position['connection_id']} {position['account_id']}  {position['instrument_id']} {position['position_id']}:"
        f" {position['side']} {position['quantity']} {position['quantity_unit']}"
        f" at {position['average_price'] or 'an unknown average'}, mark {position['mark_price'] or 'unknown'},"
        f" unrealized {position['unrealized_pnl'] or 'unknown'} {position['currency']}"
    )


def _remarks(order: Order) -> list[str]:
    remarks = []
    if (unknown := order["outcome_unknown"]) is not None:
        remarks.append(
            f"OUTCOME UNKNOWN since {unknown['since']} ({unknown['reason']}): it may be at the broker or not; "
            "do not send it again, it is looked up in the broker's records until they tell."
        )
    if (denied := order["denied"]) is not None:
        remarks.append(f"denied by Edgerunner: {denied['text']} ({denied['code']})")
    if order["status"] == "rejected":
        remarks.append(f"rejected by the broker: {order['broker']['text']} ({order['broker']['code']})")
    if order["held"] is not None:
        remarks.append(f"held: {order['held']}")
    if order["needs_operator"] is not None:
        remarks.append(f"needs your attention: {order['needs_operator']}")
    return remarks


def _show_orders(output: Output, shown: list[Order]) -> None:
    for order in shown:
        output.event(event="order", order=order)
        output.say(order_line(order))


def _show_results(output: Output, results: list[ItemResult], *, nothing: str) -> None:
    for result in results:
        output.event(event="result", **result)
        if result["order"] is not None:
            output.say(order_line(result["order"]))
        if not result["ok"]:
            output.say(f"{result['client_order_id'] or 'a position'}: {result['detail']} ({result['code']})")
    if not results:
        output.say(nothing)
    failed = [result for result in results if not result["ok"]]
    if failed:
        raise CommandFailed(ExitCode.REFUSED, f"{len(failed)} of {len(results)} were not done.")


def _judge(order: Order) -> None:
    if order["outcome_unknown"] is not None:
        raise CommandFailed(ExitCode.FAILED, f"The outcome of {order['client_order_id']} is unknown.")
    if order["status"] in {"denied", "rejected"}:
        raise CommandFailed(ExitCode.REFUSED, f"The order was {order['status']}.")
