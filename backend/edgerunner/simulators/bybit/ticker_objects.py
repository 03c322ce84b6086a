"""Ticker objects: REST rows and the stream's data.

Field lists of the pages "Get Tickers" and "Ticker" of the Bybit V5 documentation.
"""

from decimal import Decimal
from typing import Any

from edgerunner.simulators.bybit import formats, instrument_objects, wallet_objects
from edgerunner.simulators.bybit.open_interest import open_interest_at
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import Quote, Statistics24h, VenueInstrument


def ticker_object(venue: Venue, symbol: str) -> dict[str, Any]:
    """Return the REST row of a symbol."""
    instrument = venue.instruments[symbol]
    statistics, quote = venue.statistics_24h(symbol), venue.quote(symbol)
    if instrument.is_spot:
        return {
            **_spot_statistics(venue, instrument, statistics),
            **_best_prices(instrument, quote),
        }
    return {
        **_derivative_statistics(venue, instrument, statistics),
        **_best_prices(instrument, quote),
        "predictedDeliveryPrice": "",
        "basisRate": "",
        "basis": "",
        "basisRateYear": "",
        "deliveryFeeRate": "",
        "deliveryTime": instrument_objects.delivery_time(instrument),
        "preOpenPrice": "",
        "preQty": "",
        "curPreListingPhase": "",
    }


def ticker_event(venue: Venue, symbol: str, previous: dict[str, Any] | None) -> dict[str, Any]:
    """Return the stream's data; ``previous`` is the last state, for the tick direction. Spot has no bid/ask."""
    instrument = venue.instruments[symbol]
    statistics = venue.statistics_24h(symbol)
    if instrument.is_spot:
        return _spot_statistics(venue, instrument, statistics)
    return {
        "tickDirection": _tick_direction(statistics.last, previous),
        **_derivative_statistics(venue, instrument, statistics),
        **_best_prices(instrument, venue.quote(symbol)),
    }


def _spot_statistics(venue: Venue, instrument: VenueInstrument, statistics: Statistics24h) -> dict[str, Any]:
    return {
        "symbol": instrument.name,
        **_day_prices(instrument, statistics),
        "usdIndexPrice": formats.quoted_price_text(
            instrument, wallet_objects.dollar_price(venue, instrument.instrument.base)
        ),
    }


def _derivative_statistics(venue: Venue, instrument: VenueInstrument, statistics: Statistics24h) -> dict[str, Any]:
    mark = venue.mark_price(instrument.symbol)
    open_interest = open_interest_at(instrument, formats.milliseconds(venue.now_ns()))
    value = formats.money_text(open_interest * mark)
    return {
        "symbol": instrument.name,
        **_day_prices(instrument, statistics),
        "prevPrice1h": formats.quoted_price_text(instrument, statistics.open_1h),
        "markPrice": formats.quoted_price_text(instrument, mark),
        "indexPrice": formats.quoted_price_text(instrument, venue.index_price(instrument.symbol)),
        "openInterest": formats.exact_text(open_interest),
        "openInterestValue": value,
        "singleOpenInterest": formats.exact_text(open_interest),
        "singleOpenInterestValue": value,
        **_funding(venue, instrument),
    }


def _funding(venue: Venue, instrument: VenueInstrument) -> dict[str, str]:
    interval_minutes = instrument_objects.funding_interval_minutes(instrument)
    if not interval_minutes:
        return {"fundingRate": "", "nextFundingTime": "0", "fundingIntervalHour": "", "fundingCap": ""}
    next_funding_ms = _next_funding_ms(venue, interval_minutes)
    return {
        "fundingRate": formats.rate_text(venue.funding_rate(instrument.symbol, formats.nanoseconds(next_funding_ms))),
        "nextFundingTime": str(next_funding_ms),
        "fundingIntervalHour": str(interval_minutes // 60),
        "fundingCap": instrument.attributes.get("upperFundingRate", "0.00375"),
    }


def _day_prices(instrument: VenueInstrument, statistics: Statistics24h) -> dict[str, str]:
    change = statistics.last / statistics.open - 1 if statistics.open else Decimal(0)
    return {
        "lastPrice": formats.quoted_price_text(instrument, statistics.last),
        "prevPrice24h": formats.quoted_price_text(instrument, statistics.open),
        "price24hPcnt": formats.rate_text(change),
        "highPrice24h": formats.quoted_price_text(instrument, statistics.high),
        "lowPrice24h": formats.quoted_price_text(instrument, statistics.low),
        "volume24h": formats.exact_text(statistics.volume),
        "turnover24h": formats.money_text(statistics.turnover),
    }


def _best_prices(instrument: VenueInstrument, quote: Quote) -> dict[str, str]:
    return {
        "bid1Price": formats.quoted_price_text(instrument, quote.bid),
        "bid1Size": formats.exact_text(quote.bid_quantity),
        "ask1Price": formats.quoted_price_text(instrument, quote.ask),
        "ask1Size": formats.exact_text(quote.ask_quantity),
    }


def _next_funding_ms(venue: Venue, interval_minutes: int) -> int:
    interval_ms = interval_minutes * 60_000
    return (formats.milliseconds(venue.now_ns()) // interval_ms + 1) * interval_ms


def _tick_direction(last: Decimal, previous: dict[str, Any] | None) -> str:
    if previous is None:
        return "ZeroPlusTick"
    before = Decimal(previous["lastPrice"])
    if last == before:
        direction = str(previous["tickDirection"])
        return direction if direction.startswith("Zero") else f"Zero{direction}"
    return "PlusTick" if last > before else "MinusTick"
