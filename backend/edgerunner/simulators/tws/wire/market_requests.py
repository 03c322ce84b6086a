"""Requests for market data: streams, depth, history."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from edgerunner.simulators.tws.wire.kinds import Flag, NumberOrEmpty, Tags, Text, Whole, WholeOrZero
from edgerunner.simulators.tws.wire.layout import Block, Look, Only, Rows
from edgerunner.simulators.tws.wire.values import ASKED, Contract, DataLeg


def is_combination(look: Look) -> bool:
    """Tell whether the message's contract is a combination with legs."""
    return bool(look("contract.sec_type") == "BAG")


def _is_hedged(look: Look) -> bool:
    return bool(look("is_delta_neutral"))


LegsOfBag = Annotated[tuple[DataLeg, ...], Rows(), Only(is_combination)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMarketData:
    """Subscribe to ticks; ``generic_ticks`` are numbers separated by commas."""

    MESSAGE_ID: ClassVar = 1
    VERSION: ClassVar = 11
    request_id: Whole
    contract: Annotated[Contract, Block(ASKED)]
    legs: LegsOfBag = ()
    is_delta_neutral: Flag = False
    hedge_con_id: Annotated[WholeOrZero, Only(_is_hedged)] = 0
    hedge_delta: Annotated[NumberOrEmpty, Only(_is_hedged)] = None
    hedge_price: Annotated[NumberOrEmpty, Only(_is_hedged)] = None
    generic_ticks: Text = ""
    is_snapshot: Flag = False
    is_regulatory_snapshot: Flag = False
    options: Tags = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelMarketData:
    """End ticks."""

    MESSAGE_ID: ClassVar = 2
    VERSION: ClassVar = 2
    request_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMarketDataType:
    """Choose 1 live, 2 frozen, 3 delayed or 4 delayed and frozen data."""

    MESSAGE_ID: ClassVar = 59
    VERSION: ClassVar = 1
    data_type: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDepth:
    """Subscribe to the order book."""

    MESSAGE_ID: ClassVar = 10
    VERSION: ClassVar = 5
    request_id: Whole
    contract: Annotated[Contract, Block(ASKED)]
    rows: WholeOrZero = 0
    is_smart: Flag = False
    options: Tags = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelDepth:
    """End the order book."""

    MESSAGE_ID: ClassVar = 11
    VERSION: ClassVar = 1
    request_id: Whole
    is_smart: Flag = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDepthExchanges:
    """Ask which exchanges have depth."""

    MESSAGE_ID: ClassVar = 82


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSmartComponents:
    """Ask which exchanges the letters of a quote stand for."""

    MESSAGE_ID: ClassVar = 83
    request_id: Whole
    bbo_exchange: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHistoricalData:
    """Ask for bars up to ``end`` (empty = now); ``date_format`` 1 is text, 2 epoch seconds."""

    MESSAGE_ID: ClassVar = 20
    request_id: Whole
    contract: Annotated[Contract, Block(ASKED)]
    includes_expired: Flag = False
    end: Text
    bar_size: Text
    duration: Text
    is_regular_hours: Flag
    what_to_show: Text
    date_format: WholeOrZero
    legs: LegsOfBag = ()
    keeps_up_to_date: Flag = False
    options: Tags = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelHistoricalData:
    """End a request for bars."""

    MESSAGE_ID: ClassVar = 25
    VERSION: ClassVar = 1
    request_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRealTimeBars:
    """Subscribe to bars of 5 s."""

    MESSAGE_ID: ClassVar = 50
    VERSION: ClassVar = 3
    request_id: Whole
    contract: Annotated[Contract, Block(ASKED)]
    bar_seconds: WholeOrZero = 5
    what_to_show: Text
    is_regular_hours: Flag
    options: Tags = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRealTimeBars:
    """End bars of 5 s."""

    MESSAGE_ID: ClassVar = 51
    VERSION: ClassVar = 1
    request_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHeadTimestamp:
    """Ask when data of a contract begin."""

    MESSAGE_ID: ClassVar = 87
    request_id: Whole
    contract: Annotated[Contract, Block(ASKED)]
    includes_expired: Flag = False
    is_regular_hours: Flag
    what_to_show: Text
    date_format: WholeOrZero


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelHeadTimestamp:
    """End a request for the head timestamp."""

    MESSAGE_ID: ClassVar = 90
    request_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHistogram:
    """Ask how much traded at which price."""

    MESSAGE_ID: ClassVar = 88
    request_id: Whole
    contract: Annotated[Contract, Block(ASKED)]
    includes_expired: Flag = False
    is_regular_hours: Flag
    period: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelHistogram:
    """End a request for a histogram."""

    MESSAGE_ID: ClassVar = 89
    request_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHistoricalTicks:
    """Ask for single ticks from ``start`` or up to ``end``."""

    MESSAGE_ID: ClassVar = 96
    request_id: Whole
    contract: Annotated[Contract, Block(ASKED)]
    includes_expired: Flag = False
    start: Text
    end: Text
    count: WholeOrZero
    what_to_show: Text
    is_regular_hours: Flag
    ignores_size: Flag = False
    options: Tags = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTickByTick:
    """Subscribe to every tick of ``Last``, ``AllLast``, ``BidAsk`` or ``MidPoint``."""

    MESSAGE_ID: ClassVar = 97
    request_id: Whole
    contract: Annotated[Contract, Block(ASKED)]
    tick_type: Text
    count: WholeOrZero = 0
    ignores_size: Flag = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTickByTick:
    """End single ticks."""

    MESSAGE_ID: ClassVar = 98
    request_id: Whole


REQUESTS: Final[tuple[type, ...]] = (
    RequestMarketData,
    CancelMarketData,
    RequestMarketDataType,
    RequestDepth,
    CancelDepth,
    RequestDepthExchanges,
    RequestSmartComponents,
    RequestHistoricalData,
    CancelHistoricalData,
    RequestRealTimeBars,
    CancelRealTimeBars,
    RequestHeadTimestamp,
    CancelHeadTimestamp,
    RequestHistogram,
    CancelHistogram,
    RequestHistoricalTicks,
    RequestTickByTick,
    CancelTickByTick,
)
