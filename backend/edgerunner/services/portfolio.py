"""All accounts and positions in one currency. Pure; a rate that is not known makes a total unknown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from edgerunner.domain.accounts import AccountSummary
from edgerunner.domain.currency import Rate, Rates
from edgerunner.domain.instruments import Instrument, Product
from edgerunner.domain.numbers import exact_arithmetic
from edgerunner.domain.positions import Position
from edgerunner.services.connection_service import ConnectionView
from edgerunner.services.position_view import PositionView

CONVERTIBLE = frozenset({Product.SPOT, Product.FOREX})

_MONEY_DECIMALS = 8
_RATE_DECIMALS = 12
"""Converted figures are valuations: more digits than these say nothing. Booked money is never rounded so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryView:
    """One account's money and the connection it belongs to."""

    connection: ConnectionView
    summary: AccountSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """An amount in the portfolio's currency; all None without a rate.

    Rounded to 8 decimals, the rate to 12. ``rate`` 1 without a source means that nothing had to be
    converted. The age is that of the oldest rate used, in seconds.
    """

    amount: Decimal | None
    rate: Decimal | None
    source: str | None
    age_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountWorth:
    """One account's equity, and what it is worth."""

    connection_id: str
    account_id: str
    environment: str
    execution: str
    currency: str
    equity: Decimal | None
    converted: Converted


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What one position moves with the market.

    ``quantity`` and ``notional`` are signed; ``notional`` is at the mark, in ``currency``, None
    without a mark.
    """

    connection_id: str
    account_id: str
    instrument_id: str
    position_id: str
    asset: str
    quantity: Decimal
    notional: Decimal | None
    currency: str
    converted: Converted


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """Everything in one currency.

    A total is None when a part of it has no rate, or no figure of the broker; ``equity_known``
    adds up the rest. ``missing_connections`` could not tell what they hold. ``missing_rates`` are
    (from, to). Positions whose cost nobody knows have no profit at all: they are in
    ``unknown_costs`` and not in the totals.
    """

    currency: str
    as_of_ns: int
    equity: Decimal | None
    equity_known: Decimal
    unrealized_pnl: Decimal | None
    realized_pnl: Decimal | None
    accounts: tuple[AccountWorth, ...]
    exposure: tuple[Exposure, ...]
    missing_connections: tuple[str, ...]
    missing_rates: tuple[tuple[str, str], ...]
    unknown_costs: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What a portfolio is made of: accounts, open positions with their views, and all realized profit."""

    accounts: Sequence[SummaryView]
    positions: Sequence[tuple[Position, PositionView]]
    realized: Sequence[tuple[str, Decimal]]
    """(currency, amount) of every position there ever was."""
    missing_connections: tuple[str, ...] = ()

    @property
    def currencies(self) -> frozenset[str]:
        """Return every currency that something here is counted in."""
        return frozenset(
            {view.summary.currency for view in self.accounts}
            | {view.currency for _, view in self.positions}
            | {currency for currency, _ in self.realized}
        )


def make_portfolio(holdings: Holdings, rates: Rates, *, currency: str, now_ns: int) -> Portfolio:
    """Value everything in ``currency``."""
    converter = _Converter(rates, currency, now_ns)
    accounts = tuple(_worth(view, converter) for view in holdings.accounts)
    exposure = tuple(_exposure(position, view, converter) for position, view in holdings.positions)
    equities = [account.converted.amount for account in accounts]
    priced = [(view.currency, view.unrealized_pnl) for position, view in holdings.positions if _has_cost(position)]
    return Portfolio(
        currency=currency,
        as_of_ns=now_ns,
        equity=None if holdings.missing_connections else _total(equities),
        equity_known=sum((equity for equity in equities if equity is not None), Decimal(0)),
        unrealized_pnl=_total([converter.convert(amount, base).amount for base, amount in priced]),
        realized_pnl=_total([converter.convert(amount, base).amount for base, amount in holdings.realized]),
        accounts=accounts,
        exposure=exposure,
        missing_connections=holdings.missing_connections,
        missing_rates=tuple((base, currency) for base in sorted(converter.missing)),
        unknown_costs=tuple(
            (view.connection_id, view.account_id, view.instrument_id)
            for position, view in holdings.positions
            if not _has_cost(position)
        ),
    )


def wallet_rates(accounts: Iterable[SummaryView]) -> list[Rate]:
    """Return the rates that brokers themselves count their wallets with."""
    return [
        Rate(
            base=balance.currency,
            quote=view.summary.currency,
            price=balance.value / balance.total,
            source=f"{view.connection.connection_id} wallet value",
            ts_ns=view.summary.as_of_ns,
        )
        for view in accounts
        for balance in view.summary.balances
        if balance.value is not None and balance.total
    ]


def pairs_between(currencies: Iterable[str], instruments: Iterable[Instrument]) -> list[Instrument]:
    """Return the markets that exchange two of these currencies for each other."""
    wanted = frozenset(currencies)
    return [
        instrument
        for instrument in instruments
        if instrument.product in CONVERTIBLE and {instrument.base, instrument.quote} <= wanted
    ]


class _Converter:
    """Converts into one currency and remembers what it could not."""

    def __init__(self, rates: Rates, currency: str, now_ns: int) -> None:
        self._rates = rates
        self._currency = currency
        self._now_ns = now_ns
        self.missing: set[str] = set()

    def convert(self, amount: Decimal | None, base: str) -> Converted:
        if base == self._currency:
            return Converted(amount=amount, rate=Decimal(1), source=None, age_s=None)
        rate = self._rates.rate(base, self._currency)
        if rate is None:
            self.missing.add(base)
            return Converted(amount=None, rate=None, source=None, age_s=None)
        age_s = max(self._now_ns - rate.ts_ns, 0) / 1e9
        converted = None if amount is None else round(amount * rate.price, _MONEY_DECIMALS)
        return Converted(amount=converted, rate=round(rate.price, _RATE_DECIMALS), source=rate.source, age_s=age_s)


def _worth(view: SummaryView, converter: _Converter) -> AccountWorth:
    summary, connection = view.summary, view.connection
    return AccountWorth(
        connection_id=connection.connection_id,
        account_id=summary.account_id,
        environment=connection.environment.value,
        execution=connection.execution,
        currency=summary.currency,
        equity=summary.equity,
        converted=converter.convert(summary.equity, summary.currency),
    )


def _exposure(position: Position, view: PositionView, converter: _Converter) -> Exposure:
    notional = None
    if view.mark_price:
        with exact_arithmetic():
            notional = position.contract.notional(view.mark_price, position.quantity)
    return Exposure(
        connection_id=view.connection_id,
        account_id=view.account_id,
        instrument_id=view.instrument_id,
        position_id=view.position_id,
        asset=position.contract.base,
        quantity=position.quantity,
        notional=notional,
        currency=view.currency,
        converted=converter.convert(notional, view.currency),
    )


def _has_cost(position: Position) -> bool:
    return position.entry_value is not None


def _total(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None
