"""Deals that move money and are no trade, and the swap that a closing deal pays. Pure."""

from typing import Final

from edgerunner.adapters.broker import CashReport
from edgerunner.adapters.mt5.books import Book
from edgerunner.adapters.mt5.listings import Listing
from edgerunner.adapters.mt5.order_words import TRADES, deal_word
from edgerunner.adapters.mt5.values import decimal_of
from edgerunner.domain.events import CashMoved
from edgerunner.mt5_surface import constants as mt5
from edgerunner.mt5_surface.structs import TradeDeal

_KINDS: Final = {
    mt5.DEAL_TYPE_COMMISSION: "commission",
    mt5.DEAL_TYPE_COMMISSION_DAILY: "commission",
    mt5.DEAL_TYPE_COMMISSION_MONTHLY: "commission",
    mt5.DEAL_TYPE_COMMISSION_AGENT_DAILY: "commission",
    mt5.DEAL_TYPE_COMMISSION_AGENT_MONTHLY: "commission",
    mt5.DEAL_TYPE_INTEREST: "interest",
    mt5.DEAL_DIVIDEND: "dividend",
    mt5.DEAL_DIVIDEND_FRANKED: "dividend",
}
"""Everything else that is no balance operation (credit, charge, correction, bonus, tax, canceled trade) adjusts."""


def cash_reports(book: Book, deal: TradeDeal, listing: Listing | None) -> list[CashReport]:
    """Return what a deal moves apart from a trade and its fees."""
    if deal.type in TRADES:
        return [_swap(book, deal, listing)] if deal.swap else []
    amount = decimal_of(deal.profit) + decimal_of(deal.commission) + decimal_of(deal.fee) + decimal_of(deal.swap)
    if not amount:
        return []
    movement = CashMoved(
        movement_id=f"deal:{deal.ticket}",
        kind=_kind(deal),
        currency=book.currency,
        amount=amount,
        instrument_id=listing.instrument.instrument_id if listing else None,
    )
    return [_report(book, deal, movement)]


def _kind(deal: TradeDeal) -> str:
    if deal.type == mt5.DEAL_TYPE_BALANCE:
        return "deposit" if deal.profit >= 0 else "withdrawal"
    return _KINDS.get(deal.type, "adjustment")


def _swap(book: Book, deal: TradeDeal, listing: Listing | None) -> CashReport:
    """Return the swap of the whole life of a position, which MetaTrader 5 books with the deal that closes it."""
    movement = CashMoved(
        movement_id=f"swap:{deal.ticket}",
        kind="swap",
        currency=book.currency,
        amount=decimal_of(deal.swap),
        instrument_id=listing.instrument.instrument_id if listing else None,
        trade_id=str(deal.ticket),
        leg=book.leg_of(deal.position_id),
    )
    return _report(book, deal, movement)


def _report(book: Book, deal: TradeDeal, movement: CashMoved) -> CashReport:
    raw = f'{{"deal":{deal.ticket},"type":"{deal_word(deal.type)}"}}'
    return CashReport(
        account_id=book.account_id, movement=movement, ts_event_ns=book.clock.utc_ns(deal.time_msc), raw=raw
    )
