"""Lists of orders and executions: ``order/realtime``, ``order/history``, ``execution/list``."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from edgerunner.simulators.bybit import codes, formats, order_objects, order_words, paging
from edgerunner.simulators.bybit.auth import ApiKey
from edgerunner.simulators.bybit.categories import Category
from edgerunner.simulators.bybit.envelope import Answer
from edgerunner.simulators.bybit.order_request import parse_category
from edgerunner.simulators.bybit.selection import has_selector, select_symbols, symbols_of
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import HistoryQuery, VenueFill, VenueOrder

ORDER_FILTERS: Final = frozenset({"", "Order", "StopOrder", "tpslOrder", "OcoOrder", "BidirectionalTpslOrder"})
_ONE_MILLISECOND_NS: Final = 1_000_000

Row = TypeVar("Row", VenueOrder, VenueFill)


class OrderLists:
    """Reads orders and executions of one account."""

    def __init__(self, venue: Venue, faults: FaultBox) -> None:
        self._venue = venue
        self._faults = faults

    def realtime(self, caller: ApiKey, params: Mapping[str, str]) -> Answer:
        """Return open orders, or the recent closed ones (``openOnly`` 1); an id finds both kinds."""
        category = parse_category(params)
        limit = paging.parse_limit(params, default=20, maximum=50)
        if params.get("orderId") or params.get("orderLinkId"):
            orders: Sequence[VenueOrder] = self._by_id(caller.account_id, category, params)
        else:
            symbols = select_symbols(self._venue.instruments, category, params)
            source = self._venue.closed_orders if _is_closed_wanted(params) else self._venue.open_orders
            chosen = [order for order in source(caller.account_id) if order.symbol in symbols]
            orders = sorted(chosen, key=lambda order: order.number, reverse=True)
        before = paging.decode_cursor(params)
        rows = [order for order in orders if before is None or order.number < before]
        return self._order_answer(category, self._visible(params, rows), limit)

    def history(self, caller: ApiKey, params: Mapping[str, str]) -> Answer:
        """Return closed orders of a window; those cancelled without a fill for 24 hours only."""
        category = parse_category(params)
        limit = paging.parse_limit(params, default=20, maximum=50)
        wanted_status = params.get("orderStatus", "")
        oldest_unfilled_ns = self._venue.now_ns() - formats.nanoseconds(paging.DAY_MS)

        def is_listed(order: VenueOrder) -> bool:
            if wanted_status and order_objects.order_status(order, category) != wanted_status:
                return False
            return not order.live and (bool(order.filled_lots) or order.updated_ns >= oldest_unfilled_ns)

        query = self._query(caller.account_id, category, params, limit)
        rows = _filtered_page(self._venue.order_history, query, is_listed)
        answer = self._order_answer(category, self._visible(params, rows), limit)
        if self._faults.take(self._venue.name, "bybit.trap_duplicate_history_row", op="query") is None:
            return answer
        return replace(answer, result={**answer.result, "list": [row for row in answer.result["list"] for _ in "ab"]})

    def executions(self, caller: ApiKey, params: Mapping[str, str]) -> Answer:
        """Return executions of a window, newest first."""
        category = parse_category(params)
        limit = paging.parse_limit(params, default=50, maximum=100)
        execution_type = params.get("execType", "")
        wanted = {kind for kind, word in order_objects.EXECUTION_TYPES.items() if execution_type in {"", word}}
        query = self._query(caller.account_id, category, params, limit)
        rows = _filtered_page(self._venue.fill_history, query, lambda fill: fill.kind in wanted)
        orders = {fill.order_id: self._order_of(fill) for fill in rows if fill.order_id}
        page = rows[:limit]
        return Answer(
            result={
                "nextPageCursor": paging.encode_cursor(page[-1].number) if len(rows) > limit else "",
                "category": category.value,
                "list": [self._execution(fill, orders.get(fill.order_id)) for fill in page],
            }
        )

    def _order_answer(self, category: Category, rows: Sequence[VenueOrder], limit: int) -> Answer:
        page = rows[:limit]
        return Answer(
            result={
                "list": [self._order(order) for order in page],
                "nextPageCursor": paging.encode_cursor(page[-1].number) if len(rows) > limit else "",
                "category": category.value,
            }
        )

    def _by_id(self, account_id: str, category: Category, params: Mapping[str, str]) -> list[VenueOrder]:
        order = self._venue.find_order(
            account_id, order_id=params.get("orderId") or None, client_key=params.get("orderLinkId")
        )
        if order is None or self._venue.instruments[order.symbol].product != category:
            return []
        return [order]

    def _visible(self, params: Mapping[str, str], rows: Iterable[VenueOrder]) -> list[VenueOrder]:
        wanted = _filter_of(params)
        return [row for row in rows if wanted in {"", self._filter_word(row)} and not self._is_hidden(row)]

    def _filter_word(self, order: VenueOrder) -> str:
        return order_words.filter_word(order, Category(self._venue.instruments[order.symbol].product))

    def _order(self, order: VenueOrder) -> dict[str, Any]:
        instrument = self._venue.instruments[order.symbol]
        return order_objects.order_object(order, instrument, order_words.parent_link_id(self._venue, order))

    def _is_hidden(self, order: VenueOrder) -> bool:
        names = ["bybit.order_not_visible"]
        if order.trigger is not None and not order.is_waiting:
            names.append("bybit.trap_triggered_order_not_found")
        symbol = self._venue.instruments[order.symbol].name
        return any(
            self._faults.take(self._venue.name, name, op="query", client_key=order.client_key, symbol=symbol)
            is not None
            for name in names
        )

    def _query(self, account_id: str, category: Category, params: Mapping[str, str], limit: int) -> HistoryQuery:
        order_id = params.get("orderId") or None
        link_id = params.get("orderLinkId") or None if order_id is None else None
        by_id = order_id is not None or link_id is not None
        has_times = bool(params.get("startTime") or params.get("endTime"))
        now_ms = formats.milliseconds(self._venue.now_ns())
        window = paging.parse_window(params, now_ms) if has_times or not by_id else None
        instruments = self._venue.instruments
        return HistoryQuery(
            account_id=account_id,
            symbols=select_symbols(instruments, category, params)
            if has_selector(params)
            else symbols_of(instruments, category),
            order_id=order_id,
            client_key=link_id,
            start_ns=formats.nanoseconds(window.start_ms) if window is not None else None,
            end_ns=formats.nanoseconds(window.end_ms) + _ONE_MILLISECOND_NS if window is not None else None,
            limit=limit + 1,
            before=paging.decode_cursor(params),
        )

    def _order_of(self, fill: VenueFill) -> VenueOrder:
        return order_words.find_order(self._venue, fill.account_id, fill.order_id)

    def _execution(self, fill: VenueFill, order: VenueOrder | None) -> dict[str, Any]:
        return order_objects.execution_object(fill, order, self._venue.instruments[fill.symbol], None)


def _filtered_page(
    read: Callable[[HistoryQuery], list[Row]], query: HistoryQuery, keep: Callable[[Row], bool]
) -> list[Row]:
    kept: list[Row] = []
    while True:
        rows = read(query)
        kept.extend(row for row in rows if keep(row))
        if len(rows) < query.limit or len(kept) >= query.limit:
            return kept
        query = replace(query, before=rows[-1].number)


def _is_closed_wanted(params: Mapping[str, str]) -> bool:
    word = params.get("openOnly", "0")
    if word not in {"", "0", "1", "2"}:
        raise codes.parameter_error("params error: openOnly invalid")
    return word in {"1", "2"}


def _filter_of(params: Mapping[str, str]) -> str:
    word = params.get("orderFilter", "")
    if word not in ORDER_FILTERS:
        raise codes.parameter_error("params error: orderFilter invalid")
    return word
