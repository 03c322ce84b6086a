"""Live market data from the server: ticks, depth, bars of 5 s."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, ClassVar, Final

from edgerunner.simulators.tws.wire.kinds import Flag, Number, NumberOrEmpty, Text, Whole, WholeOrZero
from edgerunner.simulators.tws.wire.layout import Look, Only, Rows


def _is_trade(look: Look) -> bool:
    return look("tick_type") in {1, 2}


def _is_quote(look: Look) -> bool:
    return bool(look("tick_type") == 3)


def _is_middle(look: Look) -> bool:
    return bool(look("tick_type") == 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class TickPrice:
    """A price and its size; ``mask`` adds 1 can execute automatically, 2 past the limit, 4 before the open."""

    MESSAGE_ID: ClassVar = 1
    VERSION: ClassVar = 6
    request_id: Whole
    tick_type: Whole
    price: NumberOrEmpty
    size: NumberOrEmpty
    mask: WholeOrZero = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TickSize:
    """A size."""

    MESSAGE_ID: ClassVar = 2
    VERSION: ClassVar = 6
    request_id: Whole
    tick_type: Whole
    size: NumberOrEmpty


@dataclass(frozen=True, slots=True, kw_only=True)
class TickGeneric:
    """A number."""

    MESSAGE_ID: ClassVar = 45
    VERSION: ClassVar = 6
    request_id: Whole
    tick_type: Whole
    value: NumberOrEmpty


@dataclass(frozen=True, slots=True, kw_only=True)
class TickString:
    """A text."""

    MESSAGE_ID: ClassVar = 46
    VERSION: ClassVar = 6
    request_id: Whole
    tick_type: Whole
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class TickSnapshotEnd:
    """A snapshot is complete."""

    MESSAGE_ID: ClassVar = 57
    VERSION: ClassVar = 1
    request_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketDataType:
    """Which kind of data follows: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""

    MESSAGE_ID: ClassVar = 58
    VERSION: ClassVar = 1
    request_id: Whole
    data_type: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class TickRequestParameters:
    """Smallest price step and exchange map of a subscription."""

    MESSAGE_ID: ClassVar = 81
    request_id: Whole
    min_tick: Number
    bbo_exchange: Text
    snapshot_permissions: WholeOrZero


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionComputation:
    """Model values of an option."""

    MESSAGE_ID: ClassVar = 21
    request_id: Whole
    tick_type: Whole
    attribute: WholeOrZero
    implied_volatility: NumberOrEmpty
    delta: NumberOrEmpty
    option_value: NumberOrEmpty
    dividends: NumberOrEmpty
    gamma: NumberOrEmpty
    vega: NumberOrEmpty
    theta: NumberOrEmpty
    underlying: NumberOrEmpty


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """One change of the book: operation 0 insert, 1 update, 2 delete; side 0 ask, 1 bid."""

    MESSAGE_ID: ClassVar = 12
    VERSION: ClassVar = 1
    request_id: Whole
    position: Whole
    operation: Whole
    side: Whole
    price: Number
    size: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthOfMaker:
    """One change of the book with the market maker or exchange."""

    MESSAGE_ID: ClassVar = 13
    VERSION: ClassVar = 1
    request_id: Whole
    position: Whole
    market_maker: Text
    operation: Whole
    side: Whole
    price: Number
    size: Number
    is_smart: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthExchange:
    """An exchange with depth."""

    exchange: Text
    sec_type: Text
    listing_exchange: Text
    service_type: Text
    aggregate_group: WholeOrZero


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthExchanges:
    """Exchanges with depth."""

    MESSAGE_ID: ClassVar = 80
    exchanges: Annotated[tuple[DepthExchange, ...], Rows()]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartComponent:
    """One exchange of a consolidated quote and its letter."""

    bit: Whole
    exchange: Text
    letter: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartComponents:
    """The exchanges of a consolidated quote."""

    MESSAGE_ID: ClassVar = 82
    request_id: Whole
    components: Annotated[tuple[SmartComponent, ...], Rows()]


@dataclass(frozen=True, slots=True, kw_only=True)
class RealTimeBar:
    """A bar of 5 s; ``time_s`` is its begin."""

    MESSAGE_ID: ClassVar = 50
    VERSION: ClassVar = 3
    request_id: Whole
    time_s: Whole
    open: Number
    high: Number
    low: Number
    close: Number
    volume: Number
    average: Number
    count: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class TickByTick:
    """One tick: type 1 last, 2 all last, 3 bid and ask, 4 middle; what the type has not is left at its default."""

    MESSAGE_ID: ClassVar = 99
    request_id: Whole
    tick_type: Whole
    time_s: Whole
    price: Annotated[Number, Only(_is_trade)] = Decimal(0)
    size: Annotated[Number, Only(_is_trade)] = Decimal(0)
    bid: Annotated[Number, Only(_is_quote)] = Decimal(0)
    ask: Annotated[Number, Only(_is_quote)] = Decimal(0)
    bid_size: Annotated[Number, Only(_is_quote)] = Decimal(0)
    ask_size: Annotated[Number, Only(_is_quote)] = Decimal(0)
    middle: Annotated[Number, Only(_is_middle)] = Decimal(0)
    mask: Annotated[WholeOrZero, Only(lambda look: not _is_middle(look))] = 0
    exchange: Annotated[Text, Only(_is_trade)] = ""
    conditions: Annotated[Text, Only(_is_trade)] = ""


MESSAGES: Final[tuple[type, ...]] = (
    TickPrice,
    TickSize,
    TickGeneric,
    TickString,
    TickSnapshotEnd,
    MarketDataType,
    TickRequestParameters,
    OptionComputation,
    Depth,
    DepthOfMaker,
    DepthExchanges,
    SmartComponents,
    RealTimeBar,
    TickByTick,
)
