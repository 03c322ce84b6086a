"""Positions of an account as messages."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from edgerunner.domain.numbers import exact_arithmetic
from edgerunner.simulators.catalogue_ibkr import listing_of
from edgerunner.simulators.tws.account.day import DayBook
from edgerunner.simulators.tws.account.figures import average_cost, signed
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.wire import account as wire
from edgerunner.simulators.tws.wire.values import Contract
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import VenuePosition

ZERO: Final = Decimal(0)


class Portfolio:
    """Tells positions; those of currencies are virtual: they count what was exchanged."""

    def __init__(self, venue: Venue, day: DayBook) -> None:
        self._venue = venue
        self._day = day

    def symbols(self, account_id: str) -> list[str]:
        """Return what an account holds."""
        return [position.symbol for position in self._venue.positions(account_id)]

    def position(self, account_id: str, symbol: str) -> wire.Position:
        """Return one position, 0 when it is flat."""
        held, instrument = self._venue.position(account_id, symbol), self._venue.instrument(symbol)
        return wire.Position(
            account=account_id,
            contract=_contract(listing_of(symbol)),
            position=instrument.quantity(signed(held)),
            average_cost=average_cost(instrument, held),
        )

    def position_multi(self, request_id: int, account_id: str, symbol: str) -> wire.PositionMulti:
        """Return one position for a request about an account."""
        told = self.position(account_id, symbol)
        return wire.PositionMulti(
            request_id=request_id,
            account=account_id,
            contract=told.contract,
            position=told.position,
            average_cost=told.average_cost,
            model="",
        )

    def row(self, account_id: str, symbol: str) -> wire.PortfolioValue:
        """Return one position with its market value and profits, which count the commissions paid."""
        listing, told = listing_of(symbol), self.position(account_id, symbol)
        value = self.market_value(account_id, symbol)
        with exact_arithmetic():
            cost = told.average_cost * told.position
        return wire.PortfolioValue(
            contract=replace(told.contract, exchange="", primary_exchange=listing.primary_exchange),
            position=told.position,
            market_price=self._venue.mark_price(symbol) / listing.magnifier,
            market_value=value,
            average_cost=told.average_cost,
            unrealized_pnl=value - cost,
            realized_pnl=self._day.realized(account_id, symbol) or ZERO,
            account=account_id,
        )

    def single(self, request_id: int, account_id: str, symbol: str) -> wire.PnlSingle:
        """Return the profits of one position; realized ones are unset until something is closed today."""
        row = self.row(account_id, symbol)
        return wire.PnlSingle(
            request_id=request_id,
            position=row.position,
            daily=self._day.gained(account_id, symbol),
            unrealized=row.unrealized_pnl,
            realized=self._day.realized(account_id, symbol),
            value=row.market_value,
        )

    def profit(self, request_id: int, account_id: str) -> wire.Pnl:
        """Return the profits of an account in its base currency."""
        traded = self._day.symbols(account_id)
        rows = [self.row(account_id, symbol) for symbol in self.symbols(account_id)]
        gains = (
            (self._venue.instrument(symbol).instrument.settle, self._day.gained(account_id, symbol))
            for symbol in sorted(traded.union(self.symbols(account_id)))
        )
        return wire.Pnl(
            request_id=request_id,
            daily=self._in_base(gains),
            unrealized=self._in_base((row.contract.currency, row.unrealized_pnl or ZERO) for row in rows),
            realized=self._in_base(self._day.realized_by_currency(account_id).items()),
        )

    def market_value(self, account_id: str, symbol: str) -> Decimal:
        """Return what a position is worth at its mark, in its own currency, negative when it is short."""
        held: VenuePosition = self._venue.position(account_id, symbol)
        return self._venue.lot_mark(symbol) * signed(held)

    def _in_base(self, amounts: Iterable[tuple[str, Decimal]]) -> Decimal:
        return sum((amount * self._venue.exchange_rate(currency) for currency, amount in amounts), ZERO)


def _contract(listing: Listing) -> Contract:
    """Return a listing as positions name it: a stock's exchange is its primary one, a future has none (recorded)."""
    return Contract(
        con_id=listing.con_id,
        symbol=listing.symbol,
        sec_type=listing.sec_type,
        expiry=listing.expiry,
        strike=listing.strike or ZERO,
        right=listing.right,
        multiplier=listing.multiplier,
        exchange=listing.primary_exchange,
        currency=listing.currency,
        local_symbol=listing.local_symbol,
        trading_class=listing.trading_class,
    )
