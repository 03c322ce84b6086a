"""Turns what a client writes in an order into what the venue understands, or refuses it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from edgerunner.matching.words import OrderType, Side, TimeInForce
from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.contracts.directory import NoContract
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.orders import refusal
from edgerunner.simulators.tws.orders.hours import session_of
from edgerunner.simulators.tws.orders.identity import Owner, attributes_of, key_of
from edgerunner.simulators.tws.orders.refusal import OrderRefused, invalid
from edgerunner.simulators.tws.orders.times import parse_time
from edgerunner.simulators.tws.orders.triggers import Stop, stop_of
from edgerunner.simulators.tws.orders.unsupported import check_supported
from edgerunner.simulators.tws.wire.order_values import OrderTerms
from edgerunner.simulators.tws.wire.orders import PlaceOrder
from edgerunner.simulators.venue_types import (
    GroupRule,
    OrderGroup,
    OrderRequest,
    RejectReason,
    VenueInstrument,
    VenueOrder,
    VenueReject,
)

if TYPE_CHECKING:
    from edgerunner.simulators.tws.gateway import Gateway

_SIDES: Final[Mapping[str, Side]] = {"BUY": "buy", "SELL": "sell"}
TYPES: Final[Mapping[str, str]] = {
    "MKT": "MKT",
    "LMT": "LMT",
    "STP": "STP",
    "STP LMT": "STP LMT",
    "STPLMT": "STP LMT",
    "TRAIL": "TRAIL",
    "MIT": "MIT",
    "LIT": "LIT",
}
"""Order types that are simulated, as they are written and as TWS tells them."""
_LIMITED: Final = frozenset({"LMT", "STP LMT", "LIT"})
_OTHER_TYPES: Final = frozenset(
    {"TRAIL LIMIT", "MOC", "LOC", "MOO", "LOO", "MTL", "MKT PRT", "STP PRT", "REL", "PEG MKT", "PEG MID", "PEG PRIM"}
    | {"PEG BEST", "PEG BENCH", "PEG STK", "MIDPRICE", "SNAP MKT", "SNAP MID", "SNAP PRIM", "VOL", "BOX TOP", "VWAP"}
    | {"PASSV REL", "LIT TRAIL", "MIT TRAIL", "LMT + MKT", "REL + LMT", "REL + MKT", "RPI", "AUC", "IBALGO"}
)
"""Types that TWS has and that are refused with 387, as it does where an exchange has not got them."""
_TIMES_IN_FORCE: Final[Mapping[str, TimeInForce]] = {
    "": "gtc",
    "DAY": "gtc",
    "GTC": "gtc",
    "GTD": "gtc",
    "IOC": "ioc",
    "FOK": "fok",
}
_OTHER_TIMES_IN_FORCE: Final = frozenset({"OPG", "DTC", "AUC", "MINUTES", "GTX", "OVERNIGHT", "OND"})
_CANCEL_WITH_BLOCK: Final = 1
_GROUP_TYPES: Final = frozenset({0, 1, 2, 3})


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """An order that can be placed: what it is about, and the venue's request."""

    listing: Listing
    request: OrderRequest


class OrderDesk:  # replaced below
    pass
