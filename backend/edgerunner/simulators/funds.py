"""What an account can still afford."""

from collections.abc import Mapping
from decimal import Decimal

from edgerunner.matching.book import Plan
from edgerunner.matching.position import unrealized
from edgerunner.simulators.accounts import ZERO, Account, Mark, lock_of
from edgerunner.simulators.venue_types import (
    AccountSummary,
    Leg,
    MarginMode,
    RejectReason,
    VenueInstrument,
    VenueOrder,
    VenueReject,
)


class Funds:
    """Judges orders by the money of their account. Only the settle currency itself counts as collateral.

    In isolated mode margin is what was paid at the entry, and unrealized profit frees nothing.
    """

    is_pooled = False

    def __init__(self, instruments: Mapping[str, VenueInstrument], mark: Mark) -> None:
        self._instruments = instruments
        self._mark = mark

    def summary(self, account: Account, currency: str) -> AccountSummary:
        """Return an account's money, margin and profit in one currency."""
        total, locked = account.balances.get(currency, ZERO), account.locked.get(currency, ZERO)
        profit = position_margin = margin = ZERO
        is_isolated = account.margin_mode is MarginMode.ISOLATED
        for symbol in account.margined_symbols():
            instrument = self._instruments[symbol]
            if instrument.instrument.settle == currency:
                profit += sum((self.unrealized_pnl(account, instrument, leg) for leg in account.legs(symbol)), ZERO)
                legs = account.legs(symbol)
                position_margin += sum((account.position_margin(instrument, self._mark, leg) for leg in legs), ZERO)
                margin += account.margin(instrument, self._mark)
        return AccountSummary(
            account_id=account.account_id,
            currency=currency,
            balance=total,
            locked=locked,
            equity=total + profit,
            unrealized_pnl=profit,
            position_margin=position_margin,
            order_margin=margin - position_margin,
            available=total - locked - margin + (ZERO if is_isolated else profit),
        )

    def backs(self, instrument: VenueInstrument, currency: str) -> bool:
        """Tell whether positions in an instrument share the equity of ``currency``."""
        return instrument.instrument.settle == currency

    def equity(self, account: Account, currency: str) -> Decimal:
        """Return balance plus unrealized profit."""
        return self.summary(account, currency).equity

    def maintenance(self, account: Account, currency: str) -> Decimal:
        """Return the margin that all positions of a settle currency must keep."""
        held = ((self._instruments[symbol], leg) for symbol, leg in account.positions)
        own = [self.maintenance_of(account, *each) for each in held if each[0].instrument.settle == currency]
        return sum(own, ZERO)

    def maintenance_of(self, account: Account, instrument: VenueInstrument, leg: Leg) -> Decimal:
        """Return the margin that one position must keep at the mark price."""
        lots = account.position(instrument, leg).net.lots
        return abs(lots) * self._mark(instrument.symbol) * instrument.maintenance_rate

    def unrealized_pnl(self, account: Account, instrument: VenueInstrument, leg: Leg = Leg.NET) -> Decimal:
        """Return the profit of a position at the mark price, before fees."""
        net = account.position(instrument, leg).net
        return unrealized(net, self._mark(instrument.symbol), inverse=instrument.is_inverse)

    def check(
        self,
        account: Account,
        order: VenueOrder,
        plan: Plan,
        *,
        replaced: VenueOrder | None = None,
    ) -> None:
        """Raise ``VenueReject`` when the account cannot afford ``order`` (in place of ``replaced``)."""
        if self._instruments[order.symbol].is_spot:
            self._check_spot(account, order, plan, replaced)
        elif not order.reduce_only:
            self._check_margin(account, order, plan, replaced)

    def check_leverage(self, account: Account, instrument: VenueInstrument, leverages: Mapping[Leg, Decimal]) -> None:
        """Raise ``VenueReject`` when the account cannot carry positions and their orders at ``leverages``."""
        wanted = account.margin(instrument, self._mark, leverages=leverages)
        further = wanted - account.margin(instrument, self._mark)
        if further > 0 and further > self.summary(account, instrument.instrument.settle).available:
            raise VenueReject(RejectReason.INSUFFICIENT_FUNDS, "the lower leverage needs more margin than is available")

    def _check_spot(self, account: Account, order: VenueOrder, plan: Plan, replaced: VenueOrder | None) -> None:
        instrument = self._instruments[order.symbol]
        currency = instrument.instrument.quote if order.side == "buy" else instrument.instrument.base
        if order.quote_amount is not None:
            needed = order.quote_amount
        elif order.side == "buy" and order.price_ticks is None:
            needed = plan_value(instrument, plan)
        else:
            needed = lock_of(instrument, order)[1]
        credit = lock_of(instrument, replaced)[1] if replaced is not None else ZERO
        summary = self.summary(account, currency)
        free = summary.available - max(ZERO, summary.unrealized_pnl) + credit
        if needed > free:
            raise VenueReject(
                RejectReason.INSUFFICIENT_FUNDS, f"the order needs {needed:f} {currency}, available {free:f}"
            )

    def _check_margin(self, account: Account, order: VenueOrder, plan: Plan, replaced: VenueOrder | None) -> None:
        instrument = self._instruments[order.symbol]
        value = plan_value(instrument, plan)
        if order.price_ticks is not None:
            value = instrument.value(order.price_ticks, order.leaves_lots)
        extra = value
        if replaced is not None:
            extra -= instrument.value(replaced.price_ticks or 0, replaced.leaves_lots)
        further = account.margin(instrument, self._mark, order.side, extra) - account.margin(instrument, self._mark)
        if further <= 0:
            return
        needed = further + value * instrument.fees.taker
        currency = instrument.instrument.settle
        available = self.summary(account, currency).available
        if needed > available:
            raise VenueReject(
                RejectReason.INSUFFICIENT_FUNDS,
                f"the order needs {needed:f} {currency} of margin and fee, available {available:f}",
            )


def plan_value(instrument: VenueInstrument, plan: Plan) -> Decimal:
    """Return what a plan would trade is worth, settle currency."""
    return sum((instrument.value(match.price, match.lots) for match in plan.matches), ZERO)
