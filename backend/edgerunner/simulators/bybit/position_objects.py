"""The position object of REST lists and of the private stream.

Field lists of the pages "Get Position Info" and "Position" of the Bybit V5 documentation.
"""

from decimal import Decimal
from typing import Any

from edgerunner.domain.numbers import exact_arithmetic, round_money
from edgerunner.simulators.bybit import formats, risk_tiers
from edgerunner.simulators.bybit.legs import INDEXES
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import MarginMode, VenueInstrument, VenuePosition

_SIDES = {"buy": "Buy", "sell": "Sell", "none": ""}


def position_object(venue: Venue, position: VenuePosition) -> dict[str, Any]:
    """Return a position as ``/v5/position/list`` shows it (flat: side and size empty)."""
    instrument = venue.instruments[position.symbol]
    return {
        **_shared_fields(venue, position, instrument),
        "avgPrice": _entry_text(position),
        "liqPrice": _price_text(instrument, position.liquidation_price),
        "breakEvenPrice": "",
        "openTime": formats.milliseconds(position.created_ns) if position.quantity_lots else 0,
    }


def position_event(venue: Venue, position: VenuePosition) -> dict[str, Any]:
    """Return a position as the ``position`` stream shows it: ``entryPrice`` in place of ``avgPrice``."""
    instrument = venue.instruments[position.symbol]
    return {
        **_shared_fields(venue, position, instrument),
        "entryPrice": _entry_text(position),
        "liqPrice": _price_text(instrument, position.liquidation_price),
        "category": instrument.product,
    }


def position_value(instrument: VenueInstrument, position: VenuePosition) -> Decimal:
    """Return what the position cost in settle currency: size * entry price, size / entry price for inverse ones."""
    if not position.entry_price:
        return Decimal(0)
    units = instrument.quantity(position.quantity_lots) * instrument.instrument.multiplier
    if instrument.is_inverse:
        with exact_arithmetic():
            return round_money(units / position.entry_price)
    return units * position.entry_price


def _shared_fields(venue: Venue, position: VenuePosition, instrument: VenueInstrument) -> dict[str, Any]:
    value = position_value(instrument, position)
    initial = formats.money_text(venue.position_margin(position.account_id, position.symbol, position.leg))
    maintenance = formats.money_text(risk_tiers.maintenance_margin(value))
    return {
        "positionIdx": INDEXES[position.leg],
        "riskId": risk_tiers.RISK_ID,
        "riskLimitValue": risk_tiers.RISK_LIMIT_VALUE,
        "symbol": instrument.name,
        "side": _SIDES[position.side],
        "size": formats.quantity_text(instrument, position.quantity_lots) if position.quantity_lots else "0",
        "positionValue": formats.money_text(value) if position.quantity_lots else "",
        "autoAddMargin": int(position.auto_add_margin),
        "positionStatus": "Normal",
        "leverage": formats.exact_text(position.leverage),
        "markPrice": formats.quoted_price_text(instrument, venue.mark_price(position.symbol)),
        "positionIM": initial,
        "positionIMByMp": initial,
        "positionMM": maintenance,
        "positionMMByMp": maintenance,
        "takeProfit": _ticks_text(instrument, position.take_profit_ticks, ""),
        "stopLoss": _ticks_text(instrument, position.stop_loss_ticks, ""),
        "trailingStop": _ticks_text(instrument, position.trailing_distance_ticks, "0"),
        "sessionAvgPrice": "",
        "unrealisedPnl": formats.money_text(venue.unrealized_pnl(position.account_id, position.symbol, position.leg)),
        "curRealisedPnl": formats.money_text(position.realized_pnl),
        "cumRealisedPnl": formats.money_text(position.cumulative_realized_pnl),
        "adlRankIndicator": position.adl_rank,
        "createdTime": formats.milliseconds_text(position.created_ns),
        "updatedTime": formats.milliseconds_text(position.updated_ns),
        "seq": position.sequence,
        "isReduceOnly": False,
        "mmrSysUpdatedTime": "",
        "leverageSysUpdatedTime": "",
        "tpslMode": "Full",
        "bustPrice": _price_text(instrument, position.bankruptcy_price),
        "positionBalance": initial,
        "tradeMode": int(position.margin_mode is MarginMode.ISOLATED),
    }


def _entry_text(position: VenuePosition) -> str:
    return formats.money_text(position.entry_price) if position.entry_price is not None else "0"


def _ticks_text(instrument: VenueInstrument, ticks: int | None, without: str) -> str:
    return formats.price_text(instrument, ticks) if ticks is not None else without


def _price_text(instrument: VenueInstrument, price: Decimal | None) -> str:
    return formats.quoted_price_text(instrument, price) if price is not None else ""
