"""Model ticks of options: volatilities and greeks that belong to the bid, the ask, the last price and their middle.

The volatility is the one at which the formula gives the price; so it fits whatever the market asks. Dividends are none.
"""

from datetime import datetime, time
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from edgerunner.simulators.black_scholes import OptionTerms, implied_volatility, option_greeks
from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.tws.contracts import standing
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.market import ticks
from edgerunner.simulators.tws.market.board import Board, View
from edgerunner.simulators.tws.market.ticks import Model, Quoted, Ticks, Value

RATE: Final = 0.04
_SECONDS_A_YEAR: Final = 365 * 86_400
_PLACES: Final = Decimal("0.00000001")
_UNDERLYINGS: Final = {each.con_id: each for each in standing.STANDING}


def model_ticks(board: Board, view: View, basic: Ticks) -> dict[int, Value]:
    """Return the model ticks for the prices among the basic ones."""
    terms = _terms(board, view)
    if terms is None:
        return {}
    prices = {tick: _price(basic.get(tick)) for tick in (ticks.BID, ticks.ASK, ticks.LAST)}
    bid, ask, last = prices.values()
    middle = (bid + ask) / 2 if bid is not None and ask is not None else last
    rows = {ticks.BID_MODEL: bid, ticks.ASK_MODEL: ask, ticks.LAST_MODEL: last, ticks.MODEL: middle}
    return {tick: model_of(terms, price) for tick, price in rows.items() if price is not None}


def model_of(terms: OptionTerms, price: Decimal) -> Model:
    """Return the model values that belong to a price; a price that no volatility explains has none."""
    underlying = _decimal(terms.spot)
    volatility = implied_volatility(terms, float(price))
    if volatility is None:
        return Model(
            volatility=None, delta=None, value=price, gamma=None, vega=None, theta=None, underlying=underlying
        )
    greeks = option_greeks(terms, volatility)
    return Model(
        volatility=_decimal(volatility),
        delta=_decimal(greeks.delta),
        value=price,
        gamma=_decimal(greeks.gamma),
        vega=_decimal(greeks.vega),
        theta=_decimal(greeks.theta),
        underlying=underlying,
    )


def _terms(board: Board, view: View) -> OptionTerms | None:
    option = view.listing
    underlying = _UNDERLYINGS.get(option.underlying.con_id) if option.underlying is not None else None
    if underlying is None or option.strike is None or option.last_trade is None:
        return None
    seen = board.look(underlying, is_delayed=not view.is_live and view.is_open)
    spot = board.venue.market.price(seen.symbol, view.step)
    return OptionTerms(
        is_call=option.right == "C",
        spot=float(seen.instrument.price(spot)),
        strike=float(option.strike),
        years=max(0.0, (_end_ns(option) - view.at_ns) / NANOSECONDS / _SECONDS_A_YEAR),
        rate=RATE,
    )


def _end_ns(option: Listing) -> int:
    if option.last_trade is None:
        raise ValueError(f"{option.local_symbol} has no last day")
    at = time.fromisoformat(option.last_trade_time)
    moment = datetime.combine(option.last_trade, at, ZoneInfo(option.schedule.zone))
    return int(moment.timestamp()) * NANOSECONDS


def _price(value: Value | None) -> Decimal | None:
    return value.price if isinstance(value, Quoted) else None


def _decimal(number: float) -> Decimal:
    return Decimal(number).quantize(_PLACES)
