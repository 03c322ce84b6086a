"""Position modes: between ``positionIdx`` and the venue's legs."""

from typing import Final

from edgerunner.simulators.venue_types import Leg

INDEXES: Final = {Leg.NET: 0, Leg.LONG: 1, Leg.SHORT: 2}
LEGS: Final = {index: leg for leg, index in INDEXES.items()}
