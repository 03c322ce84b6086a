"""Gathers what a pre-trade check looks at from the journal and the session: no decisions, no waiting."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from edgerunner.domain.accounts import AccountSummary
from edgerunner.domain.currency import Rate, Rates
from edgerunner.domain.errors import NotFound
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.numbers import exact_arithmetic
from edgerunner.domain.orders import Order, OrderTerms, Side
from edgerunner.domain.positions import Position
from edgerunner.risk.facts import WorkingOrder
from edgerunner.services.session import Session


class RiskBook(Protocol):
    """What the checks need of the journal."""

    def open_orders(self, connection_id: str | None = None) -> list[Order]:
        """Return the working orders."""
        ...

    def positions(self, connection_id: str | None = None) -> list[Position]:
        """Return the positions that are not flat."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingOrder:
    """An order that passed the checks and is not in the journal yet: it counts for those that come next."""

    connection_id: str
    account_id: str
    order: WorkingOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBook:
    """One account's positions and working orders, those on their way included."""

    session: Session
    account_id: str
    positions: Sequence[Position]
    working: Sequence[WorkingOrder]

    def of_instrument(self, instrument_id: str) -> list[WorkingOrder]:
        """Return the working orders of one instrument."""
        return [order for order in self.working if order.terms.instrument_id == instrument_id]

    def position(self, terms: OrderTerms) -> Decimal:
        """Return the signed quantity of the leg that an order belongs to."""
        leg = terms.position_id or "net"
        return sum(
            (
                position.quantity
                for position in self.positions
                if position.key.instrument_id == terms.instrument_id
                and (terms.position_id is None or position.key.leg == leg)
            ),
            Decimal(0),
        )

    def rate(self, currency: str) -> Decimal | None:
        """Return what one unit of a currency is worth in the account's own, by the broker's wallet values."""
        summary = self.session.summaries.get(self.account_id)
        if summary is None:
            return None
        if summary.currency == currency:
            return Decimal(1)
        rate = Rates(_wallet_rates(summary)).rate(currency, summary.currency)
        return None if rate is None else rate.price

    def exposure_beside(self, instrument_id: str) -> Decimal | None:
        """Return the worth of all other instruments if their orders filled; None = a price or rate is missing."""
        names = {position.key.instrument_id for position in self.positions}
        names |= {order.terms.instrument_id for order in self.working}
        total = Decimal(0)
        for name in names - {instrument_id}:
            worth = self._worst_case(name)
            if worth is None:
                return None
            total += worth
        return total

    def _worst_case(self, instrument_id: str) -> Decimal | None:
        try:
            instrument = self.session.adapter.get_instrument(instrument_id)
        except NotFound:  # delisted while a position is left
            return None
        working = self.of_instrument(instrument_id)
        held = sum((p.quantity for p in self.positions if p.key.instrument_id == instrument_id), Decimal(0))
        buys = sum((order.left for order in working if order.terms.side is Side.BUY), Decimal(0))
        sells = sum((order.left for order in working if order.terms.side is Side.SELL), Decimal(0))
        price, rate = self._price(instrument, working), self.rate(instrument.quote)
        if price is None or rate is None:
            return None
        with exact_arithmetic():
            return instrument.contract.quote_value(price, max(abs(held + buys), abs(held - sells))) * rate

    def _price(self, instrument: Instrument, working: Iterable[WorkingOrder]) -> Decimal | None:
        marks = [
            report.mark_price
            for (account_id, instrument_id, _), report in self.session.positions.items()
            if (account_id, instrument_id) == (self.account_id, instrument.instrument_id) and report.mark_price
        ]
        prices = [order.terms.price or order.terms.trigger_price for order in working]
        return next(iter([*marks, *(price for price in prices if price is not None)]), None)


def account_book(session: Session, account_id: str, journal: RiskBook, pending: Iterable[PendingOrder]) -> AccountBook:
    """Return one account's book as it is now."""
    connection_id = session.connection_id
    working = [
        WorkingOrder(
            terms=order.terms,
            left=order.terms.quantity - order.filled_quantity,
            created_at_ns=order.created_at_ns,
        )
        for order in journal.open_orders(connection_id)
        if order.account_id == account_id
    ]
    on_their_way = [
        item.order for item in pending if (item.connection_id, item.account_id) == (connection_id, account_id)
    ]
    positions = [position for position in journal.positions(connection_id) if position.key.account_id == account_id]
    return AccountBook(session=session, account_id=account_id, positions=positions, working=[*working, *on_their_way])


def _wallet_rates(summary: AccountSummary) -> list[Rate]:
    return [
        Rate(
            base=balance.currency,
            quote=summary.currency,
            price=balance.value / balance.total,
            source="wallet value",
            ts_ns=summary.as_of_ns,
        )
        for balance in summary.balances
        if balance.value is not None and balance.total
    ]
