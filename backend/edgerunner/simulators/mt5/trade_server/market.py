"""The market as trading sees it: symbols, quotes, the price of either side, money of one currency in another."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from edgerunner.simulators.mt5.trade_server.values import Quote, Quotes, Symbol
from edgerunner.simulators.mt5.trade_server.words import CalcMode, PositionType

_FINEST: Final = Decimal("1e-40")
FOREX_MODES: Final = frozenset({CalcMode.FOREX, CalcMode.FOREX_NO_LEVERAGE})


class NoPriceError(LookupError):
    """Something would have to be priced that has no quote."""


def to_money(amount: Decimal, digits: int) -> Decimal:
    """Round to a currency's digits, halves away from zero (**guess**), as booked on a deal.

    What a division left behind the 40th decimal is dropped first, so that a half stays a half.
    """
    return amount.quantize(_FINEST).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def entry_price(quote: Quote, side: PositionType) -> Decimal:
    """Return the price at which a side is bought or sold now."""
    return quote.ask if side == PositionType.BUY else quote.bid


def exit_price(quote: Quote, side: PositionType) -> Decimal:
    """Return the price at which a position of that side is closed now."""
    return quote.bid if side == PositionType.BUY else quote.ask


def opposite(side: PositionType) -> PositionType:
    """Return the other side."""
    return PositionType(1 - side)


@dataclass(frozen=True, slots=True)
class Market:
    """All symbols and their quotes at one moment."""

    symbols: Mapping[str, Symbol]
    quotes: Quotes

    def quote(self, symbol: str) -> Quote:
        """Return the quote of a symbol; raises ``NoPriceError``."""
        if symbol not in self.quotes:
            raise NoPriceError(f"{symbol} has no quote")
        return self.quotes[symbol]

    def can_trade(self, symbol: str, into: str) -> bool:
        """Whether a session is on and the symbol can be priced."""
        return self.can_price(symbol, into) and self.quotes[symbol].is_open

    def can_price(self, symbol: str, into: str) -> bool:
        """Whether the symbol's price, profit and margin can be told in a currency."""
        if self.quotes.get(symbol) is None:
            return False
        terms = self.symbols[symbol]
        return all(self._has_rate(currency, into) for currency in (terms.currency_profit, terms.currency_margin))

    def _has_rate(self, currency: str, into: str) -> bool:
        return currency == into or bool(self._pair(currency, into) or self._pair(into, currency))

    def converted(self, amount: Decimal, currency: str, into: str) -> Decimal:
        """Return an amount of one currency in another at the side of the pair that its owner gets.

        What came in is sold, what is owed is bought (**guess** of the side). Raises ``NoPriceError`` without a pair.
        """
        if currency == into or not amount:
            return amount
        is_income = amount > 0
        straight = self._pair(currency, into)
        if straight is not None:
            return amount * (straight.bid if is_income else straight.ask)
        inverse = self._pair(into, currency)
        if inverse is not None:
            return amount / (inverse.ask if is_income else inverse.bid)
        raise NoPriceError(f"no pair prices {currency} in {into}")

    def _pair(self, base: str, profit: str) -> Quote | None:
        for symbol in self.symbols.values():
            if (symbol.currency_base, symbol.currency_profit) == (base, profit) and symbol.calc_mode in FOREX_MODES:
                return self.quotes.get(symbol.name)
        return None

    def profit(
        self,
        symbol: Symbol,
        side: PositionType,
        *,
        volume: Decimal,
        price_open: Decimal,
        price_close: Decimal,
        into: str,
    ) -> Decimal:
        """Return what a trade between two prices earns in the currency `into`, not rounded.

        (close - open) * contract size * lots, of futures * tick value / tick size (MQL5 book, "Estimating the profit").
        A pair whose base is `into` is converted at its own closing price: the vendor's sample of order_calc_profit
        shows 300 points of USDJPY to be 30,000 JPY at exactly that price. Raises ``NoPriceError``.
        """
        move = price_close - price_open if side == PositionType.BUY else price_open - price_close
        amount = move * volume * symbol.contract_size
        if symbol.calc_mode in {CalcMode.FUTURES, CalcMode.EXCH_FUTURES}:
            amount = move * volume * symbol.tick_value / symbol.tick_size
        if symbol.currency_profit == into:
            return amount
        if symbol.currency_base == into and symbol.calc_mode in FOREX_MODES:
            return amount / price_close
        return self.converted(amount, symbol.currency_profit, into)
