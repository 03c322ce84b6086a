"""Orders and fills through the API."""

import secrets
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypedDict, Unpack, cast
from urllib.parse import quote

from edgerunner.client.transport import ApiTransport
from edgerunner.client.types import (
    FillPage,
    ItemResult,
    Number,
    Order,
    OrderEvent,
    OrderPage,
    OrderPreview,
    Placed,
    StatusFilter,
)


class TradeTerms(TypedDict, total=False):
    """Further terms of an order; what is left out takes the API's default."""

    account_id: str | None
    order_type: str
    price: Number | None
    trigger_price: Number | None
    trailing_offset: Number | None
    time_in_force: str | None
    expires_at: str | None
    post_only: bool | None
    reduce_only: bool | None
    position_id: str | None
    oca_group: str | None
    take_profit: Mapping[str, Number] | None
    stop_loss: Mapping[str, Number] | None


class OrdersApi:
    """Place, change, cancel and read orders.

    ``wait_ms`` is how long the API may wait for the broker before it answers with the order as it is.
    """

    def __init__(self, transport: ApiTransport) -> None:
        self._transport = transport

    async def trade(
        self,
        connection_id: str,
        instrument_id: str,
        side: str,
        quantity: Number,
        *,
        client_order_id: str | None = None,
        idempotency_key: str | None = None,
        wait_ms: int = 2000,
        **terms: Unpack[TradeTerms],
    ) -> Placed:
        """Place one order; ``market`` unless ``order_type`` says otherwise.

        An id is chosen here when none is given, so that the order can be looked up after
        ``OutcomeUnknown``. Raises ``ApiError`` (denied: ``body["order"]`` is the stored order),
        ``ApiUnreachable``, ``OutcomeUnknown``. An order that the broker refused is returned.
        """
        key = client_order_id or _new_id()
        body = {
            "connection_id": connection_id,
            "instrument_id": instrument_id,
            "side": side,
            "quantity": quantity,
            "order_type": "market",
            "client_order_id": key,
            **terms,
        }
        answer = await self._transport.command(
            "POST", "/trade", _plain(body), wait_ms=wait_ms, client_order_id=key, idempotency_key=idempotency_key
        )
        return cast("Placed", answer)

    async def preview(
        self, connection_id: str, instrument_id: str, side: str, quantity: Number, **terms: Unpack[TradeTerms]
    ) -> OrderPreview:
        """Tell what ``trade`` with the same terms would meet and cost, without placing anything."""
        body = {
            "connection_id": connection_id,
            "instrument_id": instrument_id,
            "side": side,
            "quantity": quantity,
            "order_type": "market",
            **terms,
        }
        return cast("OrderPreview", await self._transport.command("POST", "/trade/preview", _plain(body)))

    async def get(self, client_order_id: str) -> Order:
        """Return one order; ``ApiError`` with status 404 when the API does not know it."""
        page = await self._transport.get("/orders/status", client_order_id=client_order_id)
        return cast("Order", page["orders"][0])

    async def page(
        self,
        *,
        connection_id: str | None = None,
        status: StatusFilter = "all",
        limit: int | None = None,
        cursor: str | None = None,
    ) -> OrderPage:
        """Return orders, newest first; pass ``next_cursor`` on for the next page."""
        page = await self._transport.get(
            "/orders/status", connection_id=connection_id, status=status, limit=limit, cursor=cursor
        )
        return cast("OrderPage", page)

    async def cancel(self, client_order_id: str, *, wait_ms: int = 2000) -> Order:
        """Cancel one order; the answer shows what is true after at most ``wait_ms``."""
        answer = await self._transport.command(
            "DELETE", f"/orders/{quote(client_order_id, safe='')}", wait_ms=wait_ms, client_order_id=client_order_id
        )
        return _order_in(answer)

    async def modify(
        self,
        client_order_id: str,
        *,
        quantity: Number | None = None,
        price: Number | None = None,
        trigger_price: Number | None = None,
        wait_ms: int = 2000,
    ) -> Order:
        """Change a working order; None leaves a term, ``quantity`` is the new total."""
        answer = await self._transport.command(
            "PATCH",
            f"/orders/{quote(client_order_id, safe='')}",
            _plain({"quantity": quantity, "price": price, "trigger_price": trigger_price}),
            wait_ms=wait_ms,
            client_order_id=client_order_id,
        )
        return _order_in(answer)

    async def cancel_all(
        self,
        *,
        connection_id: str | None = None,
        account_id: str | None = None,
        instrument_id: str | None = None,
        wait_ms: int = 2000,
    ) -> list[ItemResult]:
        """Cancel every working order of the selection; return a result per order."""
        body = {"connection_id": connection_id, "account_id": account_id, "instrument_id": instrument_id}
        answer = await self._transport.command("POST", "/orders/cancel-all", body, wait_ms=wait_ms)
        return cast("list[ItemResult]", answer["results"])

    async def close_positions(
        self,
        connection_id: str,
        *,
        account_id: str | None = None,
        instrument_id: str | None = None,
        position_id: str | None = None,
        wait_ms: int = 2000,
    ) -> list[ItemResult]:
        """Close positions with market orders; return a result per position."""
        body = {
            "connection_id": connection_id,
            "account_id": account_id,
            "instrument_id": instrument_id,
            "position_id": position_id,
        }
        answer = await self._transport.command("POST", "/positions/close", body, wait_ms=wait_ms)
        return cast("list[ItemResult]", answer["results"])

    async def close_by(
        self,
        connection_id: str,
        position_id: str,
        opposite_position_id: str,
        *,
        account_id: str | None = None,
        wait_ms: int = 2000,
    ) -> Order:
        """Close a position by an opposite one (MetaTrader 5, hedging); return the closing order."""
        body = {
            "connection_id": connection_id,
            "account_id": account_id,
            "position_id": position_id,
            "opposite_position_id": opposite_position_id,
        }
        answer = await self._transport.command("POST", "/positions/close-by", body, wait_ms=wait_ms)
        return cast("Order", answer["order"])

    async def fills(
        self,
        *,
        connection_id: str | None = None,
        client_order_id: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> FillPage:
        """Return executions, newest first."""
        page = await self._transport.get(
            "/fills", connection_id=connection_id, client_order_id=client_order_id, limit=limit, cursor=cursor
        )
        return cast("FillPage", page)

    async def events(self, client_order_id: str) -> list[OrderEvent]:
        """Return one order's time line, oldest first."""
        answer = await self._transport.get(f"/orders/{quote(client_order_id, safe='')}/events")
        return cast("list[OrderEvent]", answer["events"])


def _new_id() -> str:
    """Return 26 characters that sort by time and do not repeat."""
    return f"{time.time_ns():016x}{secrets.token_hex(5)}"


def _order_in(answer: dict[str, Any]) -> Order:
    return cast("Order", answer["order"])


def _plain(value: Any) -> Any:
    """Write numbers of a body as plain decimal strings."""
    match value:
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case bool():
            return value
        case int() | Decimal():
            return format(Decimal(value), "f")
        case _:
            return value
