"""Accounts whose money of all currencies backs everything they hold: valued and margined in one base currency.

Securities are paid in full and count with their market value, futures with the profit that has not been paid yet,
exchanged currencies with the cash they became. Margins are shares of market values (an instrument's leverage for the
initial one, its maintenance rate for the other); a short option needs a share of its underlying besides, cash below
zero a share of the debt.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edgerunner.domain.instruments import Product
from edgerunner.matching.book import Plan
from edgerunner.simulators.accounts import ZERO, Account, Mark
from edgerunner.simulators.funds import Funds, plan_value
from edgerunner.simulators.venue_types import (
    AccountSummary,
    Leg,
    RejectReason,
    VenueInstrument,
    VenueOrder,
    VenueReject,
)

SHORT_OPTION_RATE: Final = Decimal("0.2")
"""Share of the underlying's value that a short option needs besides its own."""
DEBT_RATE: Final = Decimal("0.025")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyValue:
    """What an account has in one currency, in that currency.

    Attributes:
        rate: Price of one unit in the base currency.
        futures_profit: Profit of open futures that has not been paid in cash yet.
        unrealized_pnl: Of all positions at their marks, those of exchanged currencies included, after opening fees.
        gross_value: Sum of the absolute market values of securities.
    """

    currency: str
    rate: Decimal
    cash: Decimal = ZERO
    stock_value: Decimal = ZERO
    option_value: Decimal = ZERO
    futures_profit: Decimal = ZERO
    unrealized_pnl: Decimal = ZERO
    gross_value: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """Return what all of it is worth."""
        return self.cash + self.stock_value + self.option_value + self.futures_profit


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """An account at the present marks, totals and margins in the base currency."""

    account_id: str
    base: str
    rows: tuple[CurrencyValue, ...]
    position_margin: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal

    def total(self, of: Callable[[CurrencyValue], Decimal]) -> Decimal:
        """Return the sum of something over all currencies, base currency."""
        return sum((of(row) * row.rate for row in self.rows), ZERO)

    @property
    def equity(self) -> Decimal:
        """Return what the account is worth."""
        return self.total(lambda row: row.net)


class PooledFunds(Funds):
    """Judges orders by what the whole account is worth."""

    is_pooled = True

    def __init__(
        self,
        instruments: Mapping[str, VenueInstrument],
        mark: Mark,
        *,
        base: str,
        rate: Callable[[str], Decimal],
        index_price: Callable[[str], Decimal],
        moment: Callable[[], tuple[int, ...]],
    ) -> None:
        super().__init__(instruments, mark)
        self._base = base
        self._rate = rate
        self._index_price = index_price
        self._moment = moment
        self._known: dict[str, tuple[tuple[int, ...], Valuation]] = {}

    def value(self, account: Account) -> Valuation:
        """Return what an account is worth now: worked out once per market step and booking."""
        moment = self._moment()
        known = self._known.get(account.account_id)
        if known is None or known[0] != moment:
            known = self._known[account.account_id] = (moment, self._value(account))
        return known[1]

    def _value(self, account: Account) -> Valuation:
        rows = {currency: {"cash": cash} for currency, cash in account.balances.items()}
        rows.setdefault(self._base, {})
        for instrument, lots in self._held(account):
            row = rows.setdefault(instrument.instrument.settle, {})
            for name, amount in self._worth(account, instrument, lots).items():
                row[name] = row.get(name, ZERO) + amount
        return Valuation(
            account_id=account.account_id,
            base=self._base,
            rows=tuple(CurrencyValue(currency=name, rate=self._rate(name), **row) for name, row in rows.items()),
            position_margin=self._initial(account, account.position_margin),
            initial_margin=self._initial(account, account.margin),
            maintenance_margin=self._maintenance(account),
        )

    def summary(self, account: Account, currency: str) -> AccountSummary:  # noqa: ARG002 - one pot for all
        """Return an account's money, margin and profit in its base currency, whatever ``currency`` says."""
        value = self.value(account)
        return AccountSummary(
            account_id=account.account_id,
            currency=self._base,
            balance=value.total(lambda row: row.cash),
            locked=ZERO,
            equity=value.equity,
            unrealized_pnl=value.total(lambda row: row.unrealized_pnl),
            position_margin=value.position_margin,
            order_margin=value.initial_margin - value.position_margin,
            available=value.equity - value.initial_margin,
        )

    def backs(self, instrument: VenueInstrument, currency: str) -> bool:  # noqa: ARG002 - one pot for all currencies
        """Tell whether a position may be closed for want of margin: exchanged currencies are none."""
        return not instrument.exchanges_money

    def maintenance(self, account: Account, currency: str) -> Decimal:  # noqa: ARG002 - one pot for all currencies
        """Return the margin that all positions and debts must keep, base currency."""
        return self.value(account).maintenance_margin

    def equity(self, account: Account, currency: str) -> Decimal:  # noqa: ARG002 - one pot for all currencies
        """Return what the account is worth, base currency."""
        return self.value(account).equity

    def _maintenance(self, account: Account) -> Decimal:
        own = (
            self.maintenance_of(account, instrument, Leg.NET) * self._rate(instrument.instrument.settle)
            for instrument, _ in self._held(account)
        )
        return sum(own, ZERO) + self._debt_margin(account)

    def maintenance_of(self, account: Account, instrument: VenueInstrument, leg: Leg) -> Decimal:
        """Return the margin that one position must keep, settle currency."""
        if instrument.exchanges_money:
            return ZERO
        return super().maintenance_of(account, instrument, leg) + self._short_option_margin(account, instrument)

    def check(self, account: Account, order: VenueOrder, plan: Plan, *, replaced: VenueOrder | None = None) -> None:
        """Raise ``VenueReject`` when the account cannot afford ``order`` (in place of ``replaced``)."""
        instrument = self._instruments[order.symbol]
        needed = self.margin_change(account, order, plan, replaced=replaced)
        if needed <= 0:
            return
        available = self.summary(account, self._base).available
        if needed > available:
            raise VenueReject(
                RejectReason.INSUFFICIENT_FUNDS,
                f"{instrument.name} needs {needed:.2f} {self._base} of margin, available {available:.2f}",
            )

    def margin_change(
        self, account: Account, order: VenueOrder, plan: Plan, *, replaced: VenueOrder | None = None
    ) -> Decimal:
        """Return how much more initial margin an order takes (negative = frees), base currency."""
        instrument = self._instruments[order.symbol]
        value = plan_value(instrument, plan)
        if order.price_ticks is not None:
            value = instrument.value(order.price_ticks, order.leaves_lots)
        if instrument.exchanges_money:
            return self._debt_of_exchange(account, instrument, order, value)
        extra = value
        if replaced is not None:
            extra -= instrument.value(replaced.price_ticks or 0, replaced.leaves_lots)
        further = account.margin(instrument, self._mark, order.side, extra) - account.margin(instrument, self._mark)
        further += self._further_short_options(account, instrument, order)
        return further * self._rate(instrument.instrument.settle)

    def _held(self, account: Account) -> list[tuple[VenueInstrument, int]]:
        states = ((self._instruments[symbol], state.net.lots) for (symbol, _), state in account.positions.items())
        return [(instrument, lots) for instrument, lots in states if lots]

    def _worth(self, account: Account, instrument: VenueInstrument, lots: int) -> dict[str, Decimal]:
        """Return what a position adds to the row of its currency."""
        value, state = self._mark(instrument.symbol) * lots, account.position(instrument)
        profit = self.unrealized_pnl(account, instrument)
        after_fees = {"unrealized_pnl": profit - state.open_fees}
        if instrument.exchanges_money:
            return after_fees
        if not instrument.pays_in_full:
            return {**after_fees, "futures_profit": profit - state.settled}
        kind = "option_value" if instrument.instrument.product is Product.OPTION else "stock_value"
        return {**after_fees, kind: value, "gross_value": abs(value)}

    def _initial(self, account: Account, of: Callable[[VenueInstrument, Mark], Decimal]) -> Decimal:
        total = self._debt_margin(account)
        for symbol in account.margined_symbols():
            instrument = self._instruments[symbol]
            if not instrument.exchanges_money:
                own = of(instrument, self._mark) + self._short_option_margin(account, instrument)
                total += own * self._rate(instrument.instrument.settle)
        return total

    def _short_option_margin(self, account: Account, instrument: VenueInstrument) -> Decimal:
        short = max(0, -account.position(instrument).net.lots)
        return self._option_share(instrument) * short if short else ZERO

    def _further_short_options(self, account: Account, instrument: VenueInstrument, order: VenueOrder) -> Decimal:
        if instrument.instrument.product is not Product.OPTION or order.side == "buy":
            return ZERO
        opened = max(0, order.leaves_lots - max(0, account.position(instrument).net.lots))
        return self._option_share(instrument) * opened

    def _option_share(self, instrument: VenueInstrument) -> Decimal:
        if instrument.instrument.product is not Product.OPTION:
            return ZERO
        units = instrument.quantity(1) * instrument.instrument.multiplier
        return self._index_price(instrument.symbol) * units * SHORT_OPTION_RATE

    def _debt_margin(self, account: Account) -> Decimal:
        return sum((_debt(total) * self._rate(name) for name, total in account.balances.items()), ZERO)

    def _debt_of_exchange(
        self, account: Account, instrument: VenueInstrument, order: VenueOrder, value: Decimal
    ) -> Decimal:
        terms = instrument.instrument
        sign = 1 if order.side == "buy" else -1
        moves = {terms.base: sign * instrument.quantity(order.leaves_lots), terms.quote: -sign * value}
        change = ZERO
        for currency, amount in moves.items():
            total = account.balances.get(currency, ZERO)
            change += (_debt(total + amount) - _debt(total)) * self._rate(currency)
        return change


def _debt(total: Decimal) -> Decimal:
    return max(ZERO, -total) * DEBT_RATE
