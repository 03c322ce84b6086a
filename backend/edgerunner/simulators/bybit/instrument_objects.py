"""The instrument objects of ``/v5/market/instruments-info``, made from the venue's instruments.

Field lists of the page "Get Instruments Info" of the Bybit V5 documentation. Words that the venue
does not know itself come from its instrument's attributes, with the usual value as default.
"""

from decimal import Decimal
from typing import Any, Final

from edgerunner.domain.numbers import to_plain
from edgerunner.simulators.bybit import formats
from edgerunner.simulators.venue_types import VenueInstrument

DEFAULT_LAUNCH_MS: Final = "1585526400000"
FUNDING_INTERVAL_MINUTES: Final = 480


def instrument_object(instrument: VenueInstrument) -> dict[str, Any]:
    """Return the row of one instrument in its category's shape."""
    return _spot_object(instrument) if instrument.is_spot else _derivative_object(instrument)


def funding_interval_minutes(instrument: VenueInstrument) -> int:
    """Return the minutes between two fundings."""
    return int(instrument.attributes.get("funding_interval_minutes", FUNDING_INTERVAL_MINUTES))


def delivery_time(instrument: VenueInstrument) -> str:
    """Return when a dated future delivers (ms), ``0`` for a perpetual."""
    expires_at_ns = instrument.instrument.expires_at_ns
    return formats.milliseconds_text(expires_at_ns) if expires_at_ns else "0"


def _derivative_object(instrument: VenueInstrument) -> dict[str, Any]:
    words = instrument.attributes
    terms = instrument.instrument
    return {
        "symbol": instrument.name,
        "symbolId": int(words.get("symbolId", "0")),
        "contractType": words.get("contractType", "LinearPerpetual"),
        "status": "Trading",
        "baseCoin": terms.base,
        "quoteCoin": terms.quote,
        "settleCoin": terms.settle,
        "symbolType": "",
        "launchTime": words.get("launchTime", DEFAULT_LAUNCH_MS),
        "deliveryTime": delivery_time(instrument),
        "deliveryFeeRate": "",
        "priceScale": str(formats.price_scale(instrument)),
        "leverageFilter": {
            "minLeverage": "1",
            "maxLeverage": f"{instrument.max_leverage:.2f}",
            "leverageStep": words.get("leverageStep", "0.01"),
        },
        "priceFilter": {
            "minPrice": formats.price_text(instrument, instrument.min_price_ticks),
            "maxPrice": formats.price_text(instrument, instrument.max_price_ticks),
            "tickSize": f"{terms.tick_size:f}",
        },
        "lotSizeFilter": {
            "maxOrderQty": formats.quantity_text(instrument, instrument.max_lots),
            "maxMktOrderQty": formats.quantity_text(instrument, instrument.max_market_lots),
            "minOrderQty": formats.quantity_text(instrument, instrument.min_lots),
            "qtyStep": f"{terms.lot_step:f}",
            "postOnlyMaxOrderQty": formats.quantity_text(instrument, instrument.max_lots),
            "minNotionalValue": to_plain(terms.min_notional or Decimal(0)),
        },
        "unifiedMarginTrade": True,
        "fundingInterval": funding_interval_minutes(instrument),
        "copyTrading": "none",
        "upperFundingRate": words.get("upperFundingRate", "0.00375"),
        "lowerFundingRate": words.get("lowerFundingRate", "-0.00375"),
        "displayName": "",
        "forbidUplWithdrawal": False,
        "isPreListing": False,
        "preListingInfo": None,
        "riskParameters": {
            "priceLimitRatioX": _price_limit_text(instrument),
            "priceLimitRatioY": _price_limit_text(instrument),
        },
    }


def _spot_object(instrument: VenueInstrument) -> dict[str, Any]:
    terms = instrument.instrument
    return {
        "symbol": instrument.name,
        "symbolId": int(instrument.attributes.get("symbolId", "0")),
        "baseCoin": terms.base,
        "quoteCoin": terms.quote,
        "innovation": "0",
        "symbolType": "",
        "xstockMultiplier": "",
        "status": "Trading",
        "marginTrading": "none",
        "stTag": "0",
        "lotSizeFilter": {
            "basePrecision": f"{terms.lot_step:f}",
            "quotePrecision": instrument.attributes.get("quotePrecision", "0.00000001"),
            "minOrderQty": formats.quantity_text(instrument, instrument.min_lots),
            "maxOrderQty": formats.quantity_text(instrument, instrument.max_lots),
            "minOrderAmt": to_plain(terms.min_notional or Decimal(0)),
            "maxOrderAmt": instrument.attributes.get("maxOrderAmt", "4000000"),
            "maxLimitOrderQty": formats.quantity_text(instrument, instrument.max_lots),
            "maxMarketOrderQty": formats.quantity_text(instrument, instrument.max_market_lots),
            "postOnlyMaxLimitOrderSize": formats.quantity_text(instrument, instrument.max_lots),
        },
        "priceFilter": {"tickSize": f"{terms.tick_size:f}"},
        "riskParameters": {
            "priceLimitRatioX": _price_limit_text(instrument),
            "priceLimitRatioY": _price_limit_text(instrument),
        },
    }


def _price_limit_text(instrument: VenueInstrument) -> str:
    return to_plain(instrument.price_limit) if instrument.price_limit is not None else ""
