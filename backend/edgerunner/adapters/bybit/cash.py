"""Rows of the transaction log as ``CashReport``: the movements that no execution carries."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from edgerunner.adapters.broker import CashReport
from edgerunner.adapters.bybit.instruments import Catalogue, Listing
from edgerunner.adapters.bybit.legs import PositionModes
from edgerunner.adapters.bybit.values import Strangers, number, required_nanoseconds, required_text, text
from edgerunner.adapters.bybit.wire import CashRow
from edgerunner.domain.events import CashMoved

_IN_EXECUTIONS: Final = frozenset({"TRADE", "LIQUIDATION", "ADL", "DELIVERY"})
"""Rows that executions carry already: price, quantity and fee are booked as fills."""

_KINDS: Final[Mapping[str, str]] = {
    "TRANSFER_IN": "deposit",
    "TRANSFER_OUT": "withdrawal",
    "TRANSFER_IN_INS_LOAN": "deposit",
    "TRANSFER_OUT_INS_LOAN": "withdrawal",
    "SETTLEMENT": "funding",
    "INTEREST": "interest",
    "INTEREST_REPAYMENT_INS_LOAN": "interest",
    "AUTO_INTEREST_REPAYMENT_INS_LOAN": "interest",
    "FEE_REFUND": "commission",
}
_ADJUSTMENTS: Final = (
    *("AIRDROP", "AUTO", "BONUS", "BORROWED", "CURRENCY", "CUSTODY", "FIXED", "FLEXIBLE", "LOANS", "PEF", "PREMARKET"),
    *("PRINCIPLE", "SPOT_REPAYMENT", "TOKENS"),
)
"""Beginnings of log types that are adjustments; others are too, but are reported as unknown."""


def cash_report(
    row: CashRow, *, account_id: str, catalogue: Catalogue, strangers: Strangers, modes: PositionModes
) -> CashReport | None:
    """Return the movement of a row, or None for one that an execution carries or that moves nothing.

    A settlement books its funding alone: the session profit of USDC contracts that stands in the
    same row is part of what our average-cost positions realize. Bybit repeats ``id`` between rows
    of different types (its own sample does), hence the longer movement id.
    Raises ``Malformed`` when an indispensable field is missing.
    """
    kind_word = required_text(row.type, "type")
    if kind_word in _IN_EXECUTIONS:
        return None
    if kind_word not in _KINDS and not kind_word.startswith(_ADJUSTMENTS):
        strangers.met("transaction type", kind_word)
    amount = number(row.funding if kind_word == "SETTLEMENT" else row.change) or Decimal(0)
    if not amount:
        return None
    symbol = text(row.symbol)
    listing = catalogue.known(text(row.category) or "", symbol or "")
    return CashReport(
        account_id=account_id,
        movement=CashMoved(
            movement_id=_movement_id(row, kind_word),
            kind=_KINDS.get(kind_word, "adjustment"),
            currency=required_text(row.currency, "currency"),
            amount=amount,
            instrument_id=listing.instrument.instrument_id if listing else None,
            leg=_leg(row, listing, modes) if kind_word == "SETTLEMENT" else None,
        ),
        ts_event_ns=required_nanoseconds(row.transaction_time, "transactionTime"),
    )


def _leg(row: CashRow, listing: Listing | None, modes: PositionModes) -> str | None:
    """Return the leg that paid or received: the row's side is the position's."""
    if listing is None or not modes.known(listing):
        return None
    return {"Buy": "long", "Sell": "short"}.get(text(row.side) or "")


def _movement_id(row: CashRow, kind_word: str) -> str:
    parts = (text(row.id), kind_word, text(row.trade_id) or text(row.order_id), text(row.currency))
    if parts[0] is None and parts[2] is None:
        parts = (text(row.transaction_time), kind_word, text(row.change), text(row.currency))
    return ":".join(part for part in parts if part)
