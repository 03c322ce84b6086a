"""Margin of orders and positions, in deposit currency.

Formulas per calculation mode and the two ways to count opposite positions are MetaQuotes' documented ones
(SYMBOL_TRADE_CALC_MODE, SYMBOL_MARGIN_HEDGED). Positions keep the price and the conversion rate of their opening, so
their margin does not move with the market (**guess**: the server's position record carries such a rate). Margin rates
are 1 for positions and 0 for pending orders: those reserve nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from edgerunner.domain.numbers import round_money
from edgerunner.simulators.mt5.trade_server.market import FOREX_MODES, Market
from edgerunner.simulators.mt5.trade_server.values import ZERO, Account, Position, Symbol
from edgerunner.simulators.mt5.trade_server.words import CalcMode, PositionType


@dataclass(frozen=True, slots=True)
class Leg:
    """All positions of one side: lots, weighted average price and weighted average conversion rate."""

    volume: Decimal
    price: Decimal
    rate: Decimal

    @classmethod
    def of(cls, positions: Iterable[Position]) -> "Leg":
        """Return the leg that positions make together."""
        held = tuple(positions)
        volume = sum((each.volume for each in held), ZERO)
        if not volume:
            return cls(ZERO, ZERO, ZERO)
        price = sum((each.price_open * each.volume for each in held), ZERO) / volume
        rate = sum((each.margin_rate * each.volume for each in held), ZERO) / volume
        return cls(volume, price, rate)


def margin_rate(symbol: Symbol, price: Decimal, market: Market, account: Account) -> Decimal:
    """Return what a unit of margin currency costs in deposit currency at an opening price.

    A pair that itself prices the margin currency converts at the order's price; others are bought: in the vendor's
    sample of order_calc_margin EURJPY costs what EURUSD costs at the ask. At most 18 decimals. Raises
    ``NoPriceError``.
    """
    if symbol.currency_margin == account.currency:
        return Decimal(1)
    names = (symbol.currency_base, symbol.currency_profit)
    if symbol.calc_mode in FOREX_MODES and names == (symbol.currency_margin, account.currency):
        return price
    return round_money(-market.converted(Decimal(-1), symbol.currency_margin, account.currency))


def order_margin(symbol: Symbol, volume: Decimal, price: Decimal, *, market: Market, account: Account) -> Decimal:
    """Return the margin of an order alone, as if nothing else were open. Raises ``NoPriceError``."""
    leg = Leg(volume, price, margin_rate(symbol, price, market, account))
    return _leg_margin(symbol, leg, account.leverage, money=symbol.margin_initial, size=symbol.contract_size)


def account_margin(positions: Iterable[Position], symbols: Mapping[str, Symbol], account: Account) -> Decimal:
    """Return the margin of all open positions, not rounded."""
    by_symbol: dict[str, list[Position]] = {}
    for position in positions:
        by_symbol.setdefault(position.symbol, []).append(position)
    return sum((_symbol_margin(symbols[name], held, account) for name, held in by_symbol.items()), ZERO)


def _symbol_margin(symbol: Symbol, held: list[Position], account: Account) -> Decimal:
    money = symbol.margin_maintenance or symbol.margin_initial

    def margin(leg: Leg) -> Decimal:
        return _leg_margin(symbol, leg, account.leverage, money=money, size=symbol.contract_size)

    long = Leg.of(each for each in held if each.type == PositionType.BUY)
    short = Leg.of(each for each in held if each.type == PositionType.SELL)
    if not long.volume or not short.volume:
        return margin(long) + margin(short)
    if symbol.margin_hedged_use_leg:
        return max(margin(long), margin(short))
    larger = long if long.volume >= short.volume else short
    covered = min(long.volume, short.volume)
    both = Leg.of(held)
    hedged_money = symbol.margin_hedged if symbol.margin_initial else ZERO
    hedged = _leg_margin(
        symbol,
        Leg(covered, both.price, both.rate),
        account.leverage,
        money=hedged_money,
        size=ZERO if symbol.margin_initial else symbol.margin_hedged,
    )
    return margin(Leg(larger.volume - covered, larger.price, larger.rate)) + hedged


def _leg_margin(symbol: Symbol, leg: Leg, leverage: int, *, money: Decimal, size: Decimal) -> Decimal:
    per_lot = money or _per_lot(symbol, leg.price, size)
    if symbol.calc_mode in {CalcMode.FOREX, CalcMode.CFDLEVERAGE}:
        per_lot /= leverage
    return leg.volume * per_lot * leg.rate


def _per_lot(symbol: Symbol, price: Decimal, size: Decimal) -> Decimal:
    match symbol.calc_mode:
        case CalcMode.FOREX | CalcMode.FOREX_NO_LEVERAGE:
            return size
        case CalcMode.CFD | CalcMode.CFDLEVERAGE | CalcMode.EXCH_STOCKS:
            return size * price
        case CalcMode.CFDINDEX:
            return size * price * symbol.tick_value / symbol.tick_size
        case CalcMode.FUTURES | CalcMode.EXCH_FUTURES:
            return ZERO  # futures are margined by `margin_initial` alone
