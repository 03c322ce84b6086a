"""What happens to positions whose margin is used up, and the prices at which it would be."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from edgerunner.matching.margin import price_of_ruin
from edgerunner.simulators.accounts import ZERO, Account, position_view
from edgerunner.simulators.engine import Engine
from edgerunner.simulators.funds import Funds
from edgerunner.simulators.order_factory import OrderFactory, closing_side
from edgerunner.simulators.venue_types import (
    Leg,
    MarginMode,
    OrderRequest,
    Origin,
    VenueInstrument,
    VenueOrder,
    VenuePosition,
)
from edgerunner.simulators.work import Work

_ADL_STEPS = (Decimal(0), Decimal("0.25"), Decimal("0.5"), Decimal(1))
"""Profit per margin above which a position ranks 2, 3, 4, 5 (as simulated: there is no queue of others here)."""


class Risk:
    """Liquidates by the maintenance rule: cross positions share the equity of their settle currency."""

    def __init__(
        self,
        *,
        instruments: Mapping[str, VenueInstrument],
        accounts: Mapping[str, Account],
        engine: Engine,
        funds: Funds,
        factory: OrderFactory,
        mark_ticks: Callable[[str], int],
    ) -> None:
        self._instruments = instruments
        self._accounts = accounts
        self._engine = engine
        self._funds = funds
        self._factory = factory
        self._mark_ticks = mark_ticks

    def enforce(self, work: Work, symbol: str) -> None:
        """Liquidate what the present mark price of a symbol leaves without enough margin."""
        instrument = self._instruments[symbol]
        for account in self._accounts.values():
            if not account.has_position(symbol):
                continue
            if account.margin_mode is MarginMode.ISOLATED:
                for leg in account.legs(symbol):
                    if account.position(instrument, leg).net.lots and not self._is_backed(account, instrument, leg):
                        self.close(work, account, instrument, leg, origin="liquidation")
            else:
                self._enforce_cross(work, account, instrument.instrument.settle)

    def close(
        self,
        work: Work,
        account: Account,
        instrument: VenueInstrument,
        leg: Leg,
        *,
        origin: Origin,
        lots: int | None = None,
    ) -> VenueOrder:
        """Close (part of) a position at the mark price by an order of the broker's; its orders are canceled first."""
        net = account.position(instrument, leg).net.lots
        for order in list(account.orders.live()):
            if (order.symbol, order.leg) == (instrument.symbol, leg) and (lots is None or order.exit_kind is None):
                self._engine.close(work, order, origin)
        request = OrderRequest(
            account_id=account.account_id,
            symbol=instrument.symbol,
            side=closing_side(net),
            order_type="market",
            quantity_lots=abs(net) if lots is None else lots,
            reduce_only=True,
            origin=origin,
            leg=leg,
        )
        order = self._factory.numbered(self._factory.new(request))
        return self._engine.close_position(work, order, self._mark_ticks(instrument.symbol))

    def view(self, account: Account, instrument: VenueInstrument, leg: Leg) -> VenuePosition:
        """Return a position as clients see it, with the prices that would end it."""
        view = replace(position_view(account, instrument, leg), margin_mode=account.margin_mode)
        if not view.quantity_lots or self._funds.is_pooled:
            return view  # what the whole account backs is ruined at no price of its own
        backing = self._backing(account, instrument, leg)
        return replace(
            view,
            liquidation_price=self._ruin(account, instrument, leg, backing=backing, rate=instrument.maintenance_rate),
            bankruptcy_price=self._ruin(account, instrument, leg, backing=backing, rate=ZERO),
            adl_rank=self._adl_rank(account, instrument, leg),
        )

    def _enforce_cross(self, work: Work, account: Account, currency: str) -> None:
        if self._funds.equity(account, currency) > self._funds.maintenance(account, currency):
            return
        held = [
            (symbol, leg)
            for symbol, leg in account.positions
            if self._funds.backs(self._instruments[symbol], currency)
            and account.position(self._instruments[symbol], leg).net.lots
        ]
        worst_first = sorted(
            held, key=lambda key: self._funds.unrealized_pnl(account, self._instruments[key[0]], key[1])
        )
        for symbol, leg in worst_first:
            if self._funds.equity(account, currency) > self._funds.maintenance(account, currency):
                return
            self.close(work, account, self._instruments[symbol], leg, origin="liquidation")

    def _is_backed(self, account: Account, instrument: VenueInstrument, leg: Leg) -> bool:
        return self._backing(account, instrument, leg) > self._funds.maintenance_of(account, instrument, leg)

    def _backing(self, account: Account, instrument: VenueInstrument, leg: Leg) -> Decimal:
        """Return the money behind one position at the mark: its own margin, or what the others leave of all."""
        if account.margin_mode is MarginMode.ISOLATED:
            own = account.isolated_margin(instrument, leg)
            return own + self._funds.unrealized_pnl(account, instrument, leg)
        currency = instrument.instrument.settle
        others = self._funds.maintenance(account, currency) - self._funds.maintenance_of(account, instrument, leg)
        return self._funds.equity(account, currency) - others

    def _ruin(
        self, account: Account, instrument: VenueInstrument, leg: Leg, *, backing: Decimal, rate: Decimal
    ) -> Decimal | None:
        lots = account.position(instrument, leg).net.lots
        quantity = instrument.quantity(lots) * instrument.instrument.multiplier
        mark = instrument.price(self._mark_ticks(instrument.symbol))
        return price_of_ruin(quantity, mark, backing, rate, inverse=instrument.is_inverse)

    def _adl_rank(self, account: Account, instrument: VenueInstrument, leg: Leg) -> int:
        state = account.position(instrument, leg)
        profit = self._funds.unrealized_pnl(account, instrument, leg) * state.leverage
        return 1 + sum(profit > step * state.net.cost for step in _ADL_STEPS)
