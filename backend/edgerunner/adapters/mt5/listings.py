"""Symbols of the broker as instruments: product, steps, multiplier. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edgerunner.adapters.mt5.values import decimal_of
from edgerunner.domain.errors import Unsupported
from edgerunner.domain.instruments import Instrument, Product, QuantityUnit
from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.structs import SymbolInfo

VENUE: Final = ".MT5"

PRODUCTS: Final = {
    constants.SYMBOL_CALC_MODE_FOREX: Product.FOREX,
    constants.SYMBOL_CALC_MODE_FOREX_NO_LEVERAGE: Product.FOREX,
    constants.SYMBOL_CALC_MODE_FUTURES: Product.FUTURE,
    constants.SYMBOL_CALC_MODE_CFD: Product.CFD,
    constants.SYMBOL_CALC_MODE_CFDINDEX: Product.CFD,
    constants.SYMBOL_CALC_MODE_CFDLEVERAGE: Product.CFD,
    constants.SYMBOL_CALC_MODE_EXCH_STOCKS: Product.STOCK,
    constants.SYMBOL_CALC_MODE_EXCH_STOCKS_MOEX: Product.STOCK,
    constants.SYMBOL_CALC_MODE_EXCH_FUTURES: Product.FUTURE,
}
"""Calculation modes whose profit is (close - open) * worth of a point: options and bonds are not in this version."""

_BY_TICK_VALUE: Final = frozenset(
    {
        constants.SYMBOL_CALC_MODE_FUTURES,
        constants.SYMBOL_CALC_MODE_EXCH_FUTURES,
        constants.SYMBOL_CALC_MODE_CFDINDEX,
    }
)
_CURRENCY_LETTERS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """An instrument and the symbol behind it, as the terminal described it when it was read."""

    instrument: Instrument
    info: SymbolInfo

    @property
    def symbol(self) -> str:
        """The broker's name."""
        return self.info.name

    @property
    def digits(self) -> int:
        """Digits of prices after the point."""
        return self.info.digits


def listing_of(instrument_id: str, info: SymbolInfo, account_currency: str) -> Listing:
    """Return the instrument; raises ``Unsupported`` for kinds of symbols that this version does not trade."""
    product = PRODUCTS.get(info.trade_calc_mode)
    if product is None:
        text = f"{instrument_id}: symbols of calculation mode {info.trade_calc_mode} are not in this version"
        raise Unsupported(text)
    step = decimal_of(info.volume_step) or Decimal("0.01")
    quote = info.currency_profit or account_currency
    instrument = Instrument(
        instrument_id=instrument_id,
        venue_symbol=info.name,
        product=product,
        base=_base(info),
        quote=quote,
        settle=quote,
        quantity_unit=QuantityUnit.LOTS,
        multiplier=_multiplier(info, quote == account_currency),
        tick_size=decimal_of(info.trade_tick_size) or Decimal(1).scaleb(-info.digits),
        lot_step=step,
        min_quantity=decimal_of(info.volume_min) or step,
        max_quantity=decimal_of(info.volume_max) or None,
    )
    return Listing(instrument=instrument, info=info)


def _base(info: SymbolInfo) -> str:
    """Return what is traded: a pair's first currency, else the symbol itself.

    Brokers fill ``currency_base`` of an index or a share with a currency, which it is not: only a name that begins
    with it shows that it is meant.
    """
    is_pair = info.trade_calc_mode in {
        constants.SYMBOL_CALC_MODE_FOREX,
        constants.SYMBOL_CALC_MODE_FOREX_NO_LEVERAGE,
    } or (len(info.currency_base) >= _CURRENCY_LETTERS and info.name.upper().startswith(info.currency_base.upper()))
    return info.currency_base if is_pair and info.currency_base else info.name


def _multiplier(info: SymbolInfo, is_profit_in_account_currency: bool) -> Decimal:  # noqa: FBT001 - one call
    """Return what a move of 1 in price is worth per lot, in the profit currency.

    The contract size, but for futures and indices: there the value of a tick counts, which is told in the account's
    currency, so it serves only where that is the profit currency too.
    """
    size = decimal_of(info.trade_contract_size) or Decimal(1)
    if info.trade_calc_mode in _BY_TICK_VALUE and is_profit_in_account_currency:
        tick, value = decimal_of(info.trade_tick_size), decimal_of(info.trade_tick_value)
        if tick and value:
            return value / tick
    return size
