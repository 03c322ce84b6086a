"""Messages about contracts: details, search, market rules, option chains."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, ClassVar, Final

from edgerunner.simulators.tws.wire.kinds import Escaped, Flag, Number, NumberOrEmpty, Text, Whole, WholeOrZero
from edgerunner.simulators.tws.wire.layout import Block, Item, Rows, Since, Until
from edgerunner.simulators.tws.wire.values import ASKED, Contract, Tag


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContractDetails:
    """Ask for the details of every contract that fits."""

    MESSAGE_ID: ClassVar = 9
    VERSION: ClassVar = 8
    request_id: Whole
    contract: Annotated[Contract, Block(ASKED)]
    includes_expired: Flag = False
    security_id_type: Text = ""
    security_id: Text = ""
    issuer_id: Annotated[Text, Since(176)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMatchingSymbols:
    """Search symbols."""

    MESSAGE_ID: ClassVar = 81
    request_id: Whole
    pattern: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMarketRule:
    """Ask for the price increments of a rule."""

    MESSAGE_ID: ClassVar = 91
    rule_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOptionParameters:
    """Ask for expirations and strikes of an underlying's options."""

    MESSAGE_ID: ClassVar = 78
    request_id: Whole
    symbol: Text
    future_exchange: Text
    sec_type: Text
    con_id: WholeOrZero


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractDetails:
    """Everything about one contract.

    ``last_trade`` is a date, or date, time and zone (``20250620 08:30 US/Central``).
    """

    MESSAGE_ID: ClassVar = 10
    VERSION: ClassVar = Item(literal="8", until=164)
    request_id: Whole
    symbol: Text
    sec_type: Text
    last_trade: Text
    strike: NumberOrEmpty
    right: Text
    exchange: Text
    currency: Text
    local_symbol: Text
    market_name: Text
    trading_class: Text
    con_id: Whole
    min_tick: Number
    size_multiplier: Annotated[Text, Until(164)] = "100"
    multiplier: Text
    order_types: Text
    valid_exchanges: Text
    price_magnifier: Whole
    underlying_con_id: WholeOrZero
    long_name: Escaped
    primary_exchange: Text
    contract_month: Text
    industry: Text
    category: Text
    subcategory: Text
    time_zone: Text
    trading_hours: Text
    liquid_hours: Text
    economic_value_rule: Text
    economic_value_multiplier: Text
    security_ids: Annotated[tuple[Tag, ...], Rows()]
    aggregate_group: WholeOrZero
    underlying_symbol: Text
    underlying_sec_type: Text
    market_rules: Text
    real_expiration: Text
    stock_type: Text
    min_size: Annotated[Number, Since(164)] = Decimal(1)
    size_increment: Annotated[Number, Since(164)] = Decimal(1)
    suggested_size_increment: Annotated[Number, Since(163)] = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractDetailsEnd:
    """All details have been told."""

    MESSAGE_ID: ClassVar = 52
    VERSION: ClassVar = 1
    request_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivativeType:
    """A security type that exists on a symbol."""

    sec_type: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolSample:
    """One hit of a symbol search."""

    con_id: Whole
    symbol: Text
    sec_type: Text
    primary_exchange: Text
    currency: Text
    derivatives: Annotated[tuple[DerivativeType, ...], Rows()] = ()
    description: Annotated[Text, Since(176)] = ""
    issuer_id: Annotated[Text, Since(176)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolSamples:
    """What a symbol search found."""

    MESSAGE_ID: ClassVar = 79
    request_id: Whole
    samples: Annotated[tuple[SymbolSample, ...], Rows()]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceIncrement:
    """The step of prices from ``low_edge`` on."""

    low_edge: Number
    increment: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRule:
    """The price increments of a rule."""

    MESSAGE_ID: ClassVar = 93
    rule_id: Whole
    increments: Annotated[tuple[PriceIncrement, ...], Rows()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiration:
    """A date ``YYYYMMDD``."""

    date: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """A strike price."""

    strike: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionParameters:
    """Expirations and strikes of one exchange and trading class."""

    MESSAGE_ID: ClassVar = 75
    request_id: Whole
    exchange: Text
    underlying_con_id: Whole
    trading_class: Text
    multiplier: Text
    expirations: Annotated[tuple[Expiration, ...], Rows()]
    strikes: Annotated[tuple[Strike, ...], Rows()]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionParametersEnd:
    """All option parameters have been told."""

    MESSAGE_ID: ClassVar = 76
    request_id: Whole


REQUESTS: Final[tuple[type, ...]] = (
    RequestContractDetails,
    RequestMatchingSymbols,
    RequestMarketRule,
    RequestOptionParameters,
)
MESSAGES: Final[tuple[type, ...]] = (
    ContractDetails,
    ContractDetailsEnd,
    SymbolSamples,
    MarketRule,
    OptionParameters,
    OptionParametersEnd,
)
