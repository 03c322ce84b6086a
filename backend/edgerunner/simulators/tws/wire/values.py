"""Values that several messages share: contracts and what belongs to them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edgerunner.simulators.tws.wire.kinds import NumberOrEmpty, Text, WholeOrZero


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """An instrument as the protocol names it; what is empty is not said.

    ``expiry`` is a date ``YYYYMMDD`` or a month ``YYYYMM``; ``right`` is C, P, CALL, PUT, 0 or ?.
    """

    con_id: WholeOrZero = 0
    symbol: Text = ""
    sec_type: Text = ""
    expiry: Text = ""
    strike: NumberOrEmpty = None
    right: Text = ""
    multiplier: Text = ""
    exchange: Text = ""
    primary_exchange: Text = ""
    currency: Text = ""
    local_symbol: Text = ""
    trading_class: Text = ""


ASKED: Final = (
    *("con_id", "symbol", "sec_type", "expiry", "strike", "right", "multiplier", "exchange", "primary_exchange"),
    *("currency", "local_symbol", "trading_class"),
)
"""The contract of a request."""
TOLD: Final = tuple(name for name in ASKED if name != "primary_exchange")
"""The contract of orders, executions and positions."""
HELD: Final = tuple(name for name in ASKED if name != "exchange")
"""The contract of a portfolio row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataLeg:
    """A leg of a combination in a request for market data."""

    con_id: WholeOrZero
    ratio: WholeOrZero
    action: Text
    exchange: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaNeutral:
    """The stock that hedges a combination."""

    is_there: bool = False
    con_id: int = 0
    delta: Decimal | None = None
    price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A named value in two fields."""

    tag: Text
    value: Text
