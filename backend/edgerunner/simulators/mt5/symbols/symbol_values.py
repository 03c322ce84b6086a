"""All values of a symbol by their names in ``SymbolInfo``: the terms it trades on, and what its market does now.

``select`` and ``visible`` are the terminal's to say: here they are False. Times are UTC seconds. Values that dealers do
not have (last prices, traded volumes, options, bonds) are 0, as their terminals show them; which of the session's
values they fill is a guess.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from edgerunner.domain.numbers import exact_arithmetic
from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.structs import SymbolInfo
from edgerunner.simulators.mt5.symbols.bars import Bar
from edgerunner.simulators.mt5.symbols.listing import ListedSymbol
from edgerunner.simulators.mt5.symbols.market_data import BookLevel, MarketData
from edgerunner.simulators.mt5.symbols.server_time import SECOND_NS
from edgerunner.simulators.mt5.trade_server.market import Market, NoPriceError
from edgerunner.simulators.mt5.trade_server.values import Quotes

SymbolValue = bool | int | Decimal | str
SymbolValues = Mapping[str, SymbolValue]

_ZERO: Final = Decimal(0)
_DEPOSIT: Final = "USD"
_TICK_VALUE_STEP: Final = Decimal("1e-8")
_NOTHING_OF: Final[Mapping[type, SymbolValue]] = {bool: False, int: 0, float: _ZERO, str: ""}
_NOTHING: Final[SymbolValues] = {name: _NOTHING_OF[kind] for name, kind in SymbolInfo.__annotations__.items()}


def symbol_values(symbol: str, data: MarketData, quotes: Quotes, *, clock_error_ns: int = 0) -> SymbolValues:
    """Return the 96 values in the struct's order."""
    listed = data.find(symbol)
    return {
        **_NOTHING,
        **_terms(listed),
        **_tick_values(listed, data, quotes),
        **_prices(listed, data, clock_error_ns),
        **_exchange(listed, data),
    }


def _terms(listed: ListedSymbol) -> SymbolValues:
    terms = listed.terms
    return {
        "chart_mode": constants.SYMBOL_CHART_MODE_BID,
        "digits": terms.digits,
        "spread_float": True,
        "ticks_bookdepth": listed.book_depth,
        "trade_calc_mode": int(terms.calc_mode),
        "trade_mode": int(terms.trade_mode),
        "trade_stops_level": terms.stops_level,
        "trade_freeze_level": terms.freeze_level,
        "trade_exemode": int(terms.execution),
        "swap_mode": int(terms.swap_mode),
        "swap_rollover3days": terms.swap_rollover3days,
        "margin_hedged_use_leg": terms.margin_hedged_use_leg,
        "expiration_mode": int(terms.expiration_flags),
        "filling_mode": int(terms.filling_flags),
        "order_mode": int(terms.order_flags),
        "order_gtc_mode": int(terms.orders_lifetime),
        "point": terms.point,
        "trade_tick_size": terms.tick_size,
        "trade_contract_size": terms.contract_size,
        "volume_min": terms.volume_min,
        "volume_max": terms.volume_max,
        "volume_step": terms.volume_step,
        "volume_limit": terms.volume_limit,
        "swap_long": terms.swap_long,
        "swap_short": terms.swap_short,
        "margin_initial": terms.margin_initial,
        "margin_maintenance": terms.margin_maintenance,
        "margin_hedged": terms.margin_hedged,
        "currency_base": terms.currency_base,
        "currency_profit": terms.currency_profit,
        "currency_margin": terms.currency_margin,
        "description": listed.description,
        "isin": listed.isin,
        "name": listed.name,
        "page": listed.page,
        "path": listed.path,
    }


def _tick_values(listed: ListedSymbol, data: MarketData, quotes: Quotes) -> SymbolValues:
    """Return what a move of one tick earns and costs with one lot, in dollars."""
    terms = listed.terms
    market = Market({name: each.terms for name, each in data.listed.items()}, quotes)
    amount = terms.tick_size * terms.contract_size
    try:
        with exact_arithmetic():
            gain = market.converted(amount, terms.currency_profit, _DEPOSIT).quantize(_TICK_VALUE_STEP)
            loss = -market.converted(-amount, terms.currency_profit, _DEPOSIT).quantize(_TICK_VALUE_STEP)
    except NoPriceError:
        return {}
    return {"trade_tick_value": gain, "trade_tick_value_profit": gain, "trade_tick_value_loss": loss}


def _prices(listed: ListedSymbol, data: MarketData, clock_error_ns: int) -> SymbolValues:
    tick = data.tick(listed.name)
    today, yesterday = data.days(listed.name)
    usual = data.usual_spread(listed.name)
    change = _ZERO
    if tick.bid.is_finite() and yesterday is not None:
        close = listed.price(yesterday.close)
        change = ((tick.bid - close) / close * 100).quantize(Decimal("0.0001"))
    spread = tick.ask - tick.bid
    return {
        "time": (tick.time_ns + clock_error_ns) // SECOND_NS,
        "spread": int(spread / listed.terms.point) if spread.is_finite() else 0,
        "bid": tick.bid,
        "ask": tick.ask,
        "price_change": change,
        **_extremes(listed, today, usual),
        "session_open": listed.price(today.open) if today else _ZERO,
        "session_close": listed.price(yesterday.close) if yesterday else _ZERO,
    }


def _extremes(listed: ListedSymbol, today: Bar | None, usual_spread: int) -> SymbolValues:
    if today is None:
        return {}
    return {
        "bidhigh": listed.price(today.high),
        "bidlow": listed.price(today.low),
        "askhigh": listed.price(today.high + usual_spread),
        "asklow": listed.price(today.low + usual_spread),
    }


def _exchange(listed: ListedSymbol, data: MarketData) -> SymbolValues:
    """Return what an exchange tells beside its prices: only symbols with a depth of market have it."""
    if not listed.book_depth:
        return {}
    today, _ = data.days(listed.name)
    book = data.book(listed.name)
    lots = _ZERO if today is None else today.ticks * listed.terms.volume_step
    middle = _ZERO if today is None else listed.price(today.high + today.low) / 2
    buys, sells = _volume(book, is_buy=True), _volume(book, is_buy=False)
    return {
        "session_deals": 0 if today is None else today.ticks,
        "session_buy_orders": listed.book_depth,
        "session_sell_orders": listed.book_depth,
        "session_buy_orders_volume": buys,
        "session_sell_orders_volume": sells,
        "session_volume": lots,
        "session_turnover": lots * middle * listed.terms.contract_size,
        "session_aw": middle,
    }


def _volume(book: list[BookLevel], *, is_buy: bool) -> Decimal:
    return sum((level.volume for level in book if level.is_buy == is_buy), _ZERO)
