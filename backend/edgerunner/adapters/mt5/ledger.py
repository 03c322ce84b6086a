"""The account's records as the terminal tells them: rows by ticket, with the orders that deals belong to."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from edgerunner.adapters.mt5.order_words import WORKING
from edgerunner.adapters.mt5.server_clock import ServerClock
from edgerunner.adapters.mt5.terminal import Calls
from edgerunner.domain.errors import BrokerUnreachable
from edgerunner.mt5_surface.structs import TradeDeal, TradeOrder

DAY_S: Final = 86_400
_KEPT: Final = 20_000


class Ledger:
    """Reads history. Intervals always end a day ahead: the server's clock, not ours, dates what it did last."""

    def __init__(self, calls: Calls, clock: ServerClock) -> None:
        self._calls = calls
        self._clock = clock
        self._ended: OrderedDict[int, TradeOrder] = OrderedDict()

    async def deals_since(self, since_ns: int, now_ns: int) -> list[TradeDeal]:
        """Return deals since a time, oldest first, each once."""
        found = await self._calls.history_deals(*self._interval(since_ns, now_ns))
        return sorted({deal.ticket: deal for deal in found}.values(), key=lambda deal: (deal.time_msc, deal.ticket))

    async def ended_since(self, since_ns: int, now_ns: int) -> list[TradeOrder]:
        """Return orders that ended, of an interval; the server decides whether it counts their begin or end."""
        found = await self._calls.history_orders(*self._interval(since_ns, now_ns))
        self._keep(found)
        return sorted({order.ticket: order for order in found}.values(), key=lambda order: order.ticket)

    async def order(self, ticket: int) -> TradeOrder | None:
        """Return an order, whether it works or has ended; None when no record has it."""
        kept = self._ended.get(ticket)
        if kept is not None:
            return kept
        working = await self._calls.orders(ticket=ticket)
        if working:
            return working[0]
        ended = await self._calls.history_orders(ticket=ticket)
        self._keep(ended)
        return ended[0] if ended else None

    async def orders_of(self, deals: Iterable[TradeDeal]) -> dict[int, TradeOrder]:
        """Return the orders that deals belong to, by ticket."""
        found: dict[int, TradeOrder] = {}
        for ticket in {deal.order for deal in deals if deal.order}:
            order = await self.order(ticket)
            if order is not None:
                found[ticket] = order
        return found

    async def deals_of_order(self, ticket: int) -> list[TradeDeal]:
        """Return all deals of an order: ``ticket`` of ``history_deals_get`` is the order's."""
        return [deal for deal in await self._calls.history_deals(ticket=ticket) if deal.order == ticket]

    async def deals_of_position(self, position_id: int) -> list[TradeDeal]:
        """Return all deals of a position."""
        return list(await self._calls.history_deals(position=position_id))

    def _interval(self, since_ns: int, now_ns: int) -> tuple[int, int]:
        try:
            return self._clock.server_s(max(since_ns, 0)), self._clock.server_s(now_ns) + DAY_S
        except ValueError as error:
            raise BrokerUnreachable(str(error)) from error

    def _keep(self, orders: Iterable[TradeOrder]) -> None:
        for order in orders:
            if order.state not in WORKING:
                self._ended[order.ticket] = order
        while len(self._ended) > _KEPT:
            self._ended.popitem(last=False)
