"""The risk tier of every symbol: simulated, one tier, so that margins are easy to check by hand."""

from decimal import Decimal
from typing import Any, Final

from edgerunner.simulators.bybit import formats
from edgerunner.simulators.venue_types import VenueInstrument

RISK_ID: Final = 1
RISK_LIMIT_VALUE: Final = "2000000"
MAINTENANCE_MARGIN_RATE: Final = Decimal("0.005")


def risk_tier_object(instrument: VenueInstrument) -> dict[str, Any]:
    """Return the row of ``/v5/market/risk-limit``."""
    return {
        "id": RISK_ID,
        "symbol": instrument.name,
        "riskLimitValue": RISK_LIMIT_VALUE,
        "maintenanceMargin": formats.exact_text(MAINTENANCE_MARGIN_RATE),
        "initialMargin": formats.rate_text(Decimal(1) / instrument.max_leverage),
        "isLowestRisk": 1,
        "maxLeverage": f"{instrument.max_leverage:.2f}",
        "mmDeduction": "",
    }


def maintenance_margin(position_value: Decimal) -> Decimal:
    """Return the maintenance margin of a position of ``position_value`` (settle currency)."""
    return position_value * MAINTENANCE_MARGIN_RATE
