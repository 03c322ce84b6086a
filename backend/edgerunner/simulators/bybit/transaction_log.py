"""``/v5/account/transaction-log``: the cash entries of a trade as one row per coin.

``change = cashFlow + funding - fee``, as the page "Get Transaction Log" of the Bybit V5
documentation defines it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from edgerunner.simulators.bybit import codes, formats, order_objects, paging
from edgerunner.simulators.bybit.auth import ApiKey
from edgerunner.simulators.bybit.categories import Category
from edgerunner.simulators.bybit.envelope import Answer
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import CashEntry, HistoryQuery, VenueFill

_ONE_MILLISECOND_NS: Final = 1_000_000
_STAMP_DISTANCE_NS: Final = 60_000_000_000
FILLS_PER_LOOK: Final = 500
ROWS_PER_TRADE: Final = 4
_TYPES: Final = {"trade": "TRADE", "fee": "TRADE", "funding": "SETTLEMENT"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """The entries of one trade and coin (or one other movement), newest first.

    ``newest_of_trade`` numbers the trade's newest entry over all its coins.
    """

    entries: tuple[CashEntry, ...]
    newest_of_trade: int

    @property
    def newest(self) -> CashEntry:
        """Return the entry after which the balance is final."""
        return self.entries[0]

    def amount(self, kind: str) -> Decimal:
        """Return the sum of the entries of a kind."""
        return sum((entry.amount for entry in self.entries if entry.kind == kind), Decimal(0))


class TransactionLog:
    """Reads the cash entries of one account."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    def page(self, caller: ApiKey, params: Mapping[str, str]) -> Answer:
        """Return one page of rows, newest first; without times the last 24 hours."""
        if params.get("accountType", "UNIFIED") not in {"", "UNIFIED"}:
            raise codes.parameter_error("accountType only support UNIFIED.")
        limit = paging.parse_limit(params, default=20, maximum=50)
        before, skip = _decode(paging.decode_cursor(params))
        rows = self._rows(caller.account_id, params, before=before, wanted=skip + limit + 1)[skip:]
        page = rows[:limit]
        fills = self._fills_of(caller.account_id, page)
        return Answer(
            result={
                "nextPageCursor": _cursor_to(rows, limit) if len(rows) > limit else "",
                "list": [self._row_object(row, fills.get(row.newest.trade_id or "")) for row in page],
            }
        )

    def _rows(self, account_id: str, params: Mapping[str, str], *, before: int | None, wanted: int) -> list[LogRow]:
        query = self._query(account_id, params, before, 3 * wanted)
        kept: list[CashEntry] = []
        while True:
            entries = self._venue.cash_history(query)
            kept.extend(entry for entry in entries if self._is_wanted(entry, params))
            rows = merge(kept)
            if len(entries) < query.limit or len(rows) >= wanted + ROWS_PER_TRADE:
                return rows
            query = replace(query, before=entries[-1].number)

    def _query(self, account_id: str, params: Mapping[str, str], before: int | None, limit: int) -> HistoryQuery:
        now_ms = formats.milliseconds(self._venue.now_ns())
        window = paging.parse_window(params, now_ms, default_ms=paging.DAY_MS)
        return HistoryQuery(
            account_id=account_id,
            currency=params.get("currency") or None,
            start_ns=formats.nanoseconds(window.start_ms),
            end_ns=formats.nanoseconds(window.end_ms) + _ONE_MILLISECOND_NS,
            limit=limit,
            before=before,
        )

    def _is_wanted(self, entry: CashEntry, params: Mapping[str, str]) -> bool:
        category, base = params.get("category", ""), params.get("baseCoin", "")
        instrument = self._venue.instruments.get(entry.symbol or "")
        if category and (instrument is None or instrument.product != category):
            return False
        if base and (instrument is None or instrument.instrument.base != base):
            return False
        return params.get("type", "") in {"", _type_of(entry)}

    def _row_object(self, row: LogRow, fill: VenueFill | None) -> dict[str, Any]:
        entry = row.newest
        instrument = self._venue.instruments.get(entry.symbol or "")
        fee, funding = -row.amount("fee"), row.amount("funding")
        change = sum((item.amount for item in row.entries), Decimal(0))
        return {
            "id": entry.entry_id,
            "symbol": instrument.name if instrument is not None else "",
            "category": instrument.product if instrument is not None else "",
            "side": order_objects.SIDES[fill.side] if fill is not None else "None",
            "transactionTime": formats.milliseconds_text(entry.time_ns),
            "type": _type_of(entry),
            "qty": self._quantity_text(row, fill),
            "size": "",
            "currency": entry.currency,
            "tradePrice": self._price_text(fill),
            "funding": formats.exact_text(funding) if funding else "",
            "fee": formats.exact_text(fee),
            "cashFlow": formats.exact_text(change - funding + fee),
            "change": formats.exact_text(change),
            "cashBalance": formats.exact_text(entry.balance_after),
            "feeRate": formats.exact_text(fill.fee_rate) if fill is not None else "",
            "bonusChange": "",
            "tradeId": entry.trade_id or "",
            "orderId": fill.order_id if fill is not None else "",
            "orderLinkId": (fill.client_key or "") if fill is not None else "",
            "extraFees": "",
        }

    def _fills_of(self, account_id: str, rows: list[LogRow]) -> dict[str, VenueFill]:
        """Find the fills of the rows' trades; a fill is stamped right after its cash entries."""
        missing = {row.newest.trade_id for row in rows if row.newest.trade_id is not None}
        found: dict[str, VenueFill] = {}
        if not missing:
            return found
        query = HistoryQuery(
            account_id=account_id,
            start_ns=min(entry.time_ns for row in rows for entry in row.entries),
            end_ns=max(entry.time_ns for row in rows for entry in row.entries) + _STAMP_DISTANCE_NS,
            limit=FILLS_PER_LOOK,
        )
        while missing:
            fills = self._venue.fill_history(query)
            found |= {fill.trade_id: fill for fill in fills if fill.trade_id in missing}
            missing -= found.keys()
            if len(fills) < query.limit:
                break
            query = replace(query, before=fills[-1].number)
        return found

    def _quantity_text(self, row: LogRow, fill: VenueFill | None) -> str:
        if fill is None:
            return "0"
        instrument = self._venue.instruments[fill.symbol]
        if Category(instrument.product).is_spot:
            return formats.exact_text(row.amount("trade"))
        return formats.quantity_text(instrument, fill.quantity_lots)

    def _price_text(self, fill: VenueFill | None) -> str:
        if fill is None:
            return ""
        return formats.price_text(self._venue.instruments[fill.symbol], fill.price_ticks)


def merge(entries: Iterable[CashEntry]) -> list[LogRow]:
    """Join the entries (newest first) of each trade into one row per coin."""
    rows: list[LogRow] = []
    for _, group in groupby(entries, key=lambda entry: entry.trade_id or entry.entry_id):
        trade = list(group)
        for currency in dict.fromkeys(entry.currency for entry in trade):
            own = tuple(entry for entry in trade if entry.currency == currency)
            rows.append(LogRow(entries=own, newest_of_trade=trade[0].number))
    return rows


def _cursor_to(rows: list[LogRow], position: int) -> str:
    following = rows[position]
    skip = sum(row.newest_of_trade == following.newest_of_trade for row in rows[:position])
    return paging.encode_cursor((following.newest_of_trade + 1) * ROWS_PER_TRADE + skip)


def _decode(cursor: int | None) -> tuple[int | None, int]:
    return (None, 0) if cursor is None else divmod(cursor, ROWS_PER_TRADE)


def _type_of(entry: CashEntry) -> str:
    if entry.kind in {"transfer", "start", "adjustment"}:
        return "TRANSFER_IN" if entry.amount >= 0 else "TRANSFER_OUT"
    return _TYPES[entry.kind]
