"""``/v5/position/closed-pnl``: what closing earned, one row per closing execution.

Fields of the page "Get Closed PnL" of the Bybit V5 documentation; ``closedPnl`` is after the fees of both ends.
"""

from collections.abc import Mapping
from typing import Any, Final

from edgerunner.simulators.bybit import codes, formats, order_objects, order_words, paging
from edgerunner.simulators.bybit.auth import ApiKey
from edgerunner.simulators.bybit.categories import Category
from edgerunner.simulators.bybit.envelope import Answer
from edgerunner.simulators.bybit.order_request import parse_category
from edgerunner.simulators.bybit.selection import has_selector, select_symbols, symbols_of
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import ClosedPnl, HistoryQuery

_ONE_MILLISECOND_NS: Final = 1_000_000


class ClosedProfits:
    """Reads the closed profits of one account."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    def page(self, caller: ApiKey, params: Mapping[str, str]) -> Answer:
        """Return one page of a window of 7 days at most, newest first."""
        category = parse_category(params)
        if category not in {Category.LINEAR, Category.INVERSE}:
            raise codes.parameter_error("params error: category invalid")
        limit = paging.parse_limit(params, default=50, maximum=100)
        rows = self._venue.closed_history(self._query(caller.account_id, category, params, limit + 1))
        page = rows[:limit]
        return Answer(
            result={
                "nextPageCursor": paging.encode_cursor(page[-1].number) if len(rows) > limit else "",
                "category": category.value,
                "list": [self._row(row) for row in page],
            }
        )

    def _query(self, account_id: str, category: Category, params: Mapping[str, str], limit: int) -> HistoryQuery:
        window = paging.parse_window(params, formats.milliseconds(self._venue.now_ns()))
        instruments = self._venue.instruments
        return HistoryQuery(
            account_id=account_id,
            symbols=select_symbols(instruments, category, params)
            if has_selector(params)
            else symbols_of(instruments, category),
            start_ns=formats.nanoseconds(window.start_ms),
            end_ns=formats.nanoseconds(window.end_ms) + _ONE_MILLISECOND_NS,
            limit=limit,
            before=paging.decode_cursor(params),
        )

    def _row(self, row: ClosedPnl) -> dict[str, Any]:
        instrument = self._venue.instruments[row.symbol]
        order = order_words.find_order(self._venue, row.account_id, row.order_id)
        close_fee = row.close_fee if row.fee_currency == instrument.instrument.settle else 0
        return {
            "symbol": instrument.name,
            "orderId": row.order_id,
            "side": order_objects.SIDES[row.side],
            "qty": formats.quantity_text(instrument, order.quantity_lots),
            "orderPrice": formats.price_text(instrument, order.price_ticks or 0),
            "orderType": order_objects.ORDER_TYPES[order.order_type],
            "execType": order_objects.EXECUTION_TYPES[row.kind],
            "closedSize": formats.quantity_text(instrument, row.closed_lots),
            "cumEntryValue": formats.exact_text(row.entry_value),
            "avgEntryPrice": formats.money_text(row.entry_price),
            "cumExitValue": formats.exact_text(row.exit_value),
            "avgExitPrice": formats.money_text(row.exit_price),
            "closedPnl": formats.exact_text(row.pnl - row.open_fee - close_fee),
            "fillCount": "1",
            "leverage": formats.exact_text(row.leverage),
            "openFee": formats.exact_text(row.open_fee),
            "closeFee": formats.exact_text(row.close_fee),
            "createdTime": formats.milliseconds_text(order.created_ns),
            "updatedTime": formats.milliseconds_text(row.time_ns),
        }
