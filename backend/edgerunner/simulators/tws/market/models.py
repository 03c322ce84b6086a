"""Model ticks of options: values and greeks of the formula that prices them (``option_prices``).

Those of the bid, the ask and the last price carry the volatility that such a price would mean, to first order; their
greeks are the model's. Dividends are none.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from edgerunner.simulators.catalogue_ibkr_markets import option_terms
from edgerunner.simulators.option_prices import OptionValue, option_value
from edgerunner.simulators.tws.contracts import standing
from edgerunner.simulators.tws.market import ticks
from edgerunner.simulators.tws.market.board import Board, View
from edgerunner.simulators.tws.market.ticks import Model, Quoted, Ticks, Value

_PLACES: Final = Decimal("0.00000001")
_LEAST_VEGA: Final = 0.0001
_UNDERLYINGS: Final = {each.con_id: each for each in standing.STANDING}


def model_ticks(board: Board, view: View, basic: Ticks) -> dict[int, Value]:
    """Return the model ticks of an option and its prices among the basic ones; none for anything else."""
    terms, underlying = option_terms(view.listing), view.listing.underlying
    if terms is None or underlying is None:
        return {}
    symbol = board.look(_UNDERLYINGS[underlying.con_id]).instrument
    spot = symbol.price(board.venue.market.price(symbol.symbol, view.step))
    value = option_value(terms, float(spot), view.at_ns)
    model = _model(value, spot)
    rows: dict[int, Value] = {}
    for tick, shown in ((ticks.BID, ticks.BID_MODEL), (ticks.ASK, ticks.ASK_MODEL), (ticks.LAST, ticks.LAST_MODEL)):
        quoted = basic.get(tick)
        if isinstance(quoted, Quoted) and quoted.price is not None:
            rows[shown] = replace(model, value=quoted.price, volatility=_volatility(value, quoted.price))
    return {**rows, ticks.MODEL: model}


def _model(value: OptionValue, spot: Decimal) -> Model:
    return Model(
        volatility=_decimal(value.volatility),
        delta=_decimal(value.delta),
        value=_decimal(value.price),
        gamma=_decimal(value.gamma),
        vega=_decimal(value.vega),
        theta=_decimal(value.theta),
        underlying=spot,
    )


def _volatility(value: OptionValue, price: Decimal) -> Decimal | None:
    """Return the volatility that a price means, None where it means nothing: far from the strike, or at the end."""
    if value.vega < _LEAST_VEGA:
        return None
    meant = value.volatility + (float(price) - value.price) / value.vega / 100
    return _decimal(meant) if meant > 0 else None


def _decimal(number: float) -> Decimal:
    return Decimal(number).quantize(_PLACES)
