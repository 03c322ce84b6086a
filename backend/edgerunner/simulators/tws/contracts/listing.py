"""One contract that the simulated TWS lists, and its details as told to clients."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.tws.contracts.schedule import Schedule
from edgerunner.simulators.tws.wire.contracts import ContractDetails, PriceIncrement
from edgerunner.simulators.tws.wire.values import Tag

ORDER_TYPES: Final = "ACTIVETIM,ADJUST,ALERT,COND,DAY,GTC,GTD,IOC,LMT,MIT,MKT,OCA,STP,STPLMT,TRAIL,WHATIF"
ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRule:
    """Price steps by price: each increment holds from its low edge on."""

    rule_id: int
    increments: tuple[PriceIncrement, ...]


def market_rule(rule_id: int, *steps: tuple[str, str]) -> MarketRule:
    """Return a rule of (low edge, increment) pairs."""
    rows = tuple(PriceIncrement(low_edge=Decimal(edge), increment=Decimal(step)) for edge, step in steps)
    return MarketRule(rule_id=rule_id, increments=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Underlying:
    """What a derivative is about."""

    con_id: int
    symbol: str
    sec_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A contract with everything that its details say.

    Attributes:
        exchanges: Where it trades; the first is the one told when a client names none.
        min_tick: Smallest price step that occurs; ``rule`` says which holds at which price.
        magnifier: Prices are quoted in 1 / magnifier of the currency (100 = pence).
        last_trade: Last trading day of a derivative; ``last_trade_time`` is its time on the wall of ``schedule``.
        sizes: Smallest quantity, its step, and the step that TWS suggests.
    """

    con_id: int
    symbol: str
    sec_type: str
    currency: str
    local_symbol: str
    trading_class: str
    exchanges: tuple[str, ...]
    primary_exchange: str = ""
    market_name: str
    long_name: str
    min_tick: Decimal
    rule: MarketRule
    schedule: Schedule
    magnifier: int = 1
    multiplier: str = ""
    last_trade: date | None = None
    last_trade_time: str = ""
    strike: Decimal | None = None
    right: str = ""
    underlying: Underlying | None = None
    industry: tuple[str, str, str] = ("", "", "")
    security_ids: tuple[Tag, ...] = ()
    stock_type: str = ""
    sizes: tuple[Decimal, Decimal, Decimal] = (ONE, ONE, ONE)
    group: int = 1

    @property
    def expiry(self) -> str:
        """Return the last trading day as ``YYYYMMDD``, or nothing."""
        return f"{self.last_trade:%Y%m%d}" if self.last_trade else ""

    @property
    def expires_ns(self) -> int | None:
        """Return when a derivative ends, UTC nanoseconds; None for what never does."""
        if self.last_trade is None:
            return None
        at = time.fromisoformat(self.last_trade_time)
        moment = datetime.combine(self.last_trade, at, ZoneInfo(self.schedule.zone))
        return int(moment.timestamp()) * NANOSECONDS

    def details(self, request_id: int, exchange: str, now: datetime) -> ContractDetails:
        """Return its details for a request that named ``exchange`` (or none)."""
        industry, category, subcategory = self.industry
        smallest, step, suggested = self.sizes
        return ContractDetails(
            request_id=request_id,
            symbol=self.symbol,
            sec_type=self.sec_type,
            last_trade=f"{self.expiry} {self.last_trade_time} {self.schedule.zone}" if self.last_trade else "",
            strike=self.strike or Decimal(0),
            right=self.right,
            exchange=exchange or self.exchanges[0],
            currency=self.currency,
            local_symbol=self.local_symbol,
            market_name=self.market_name,
            trading_class=self.trading_class,
            con_id=self.con_id,
            min_tick=self.min_tick,
            multiplier=self.multiplier,
            order_types=ORDER_TYPES,
            valid_exchanges=",".join(self.exchanges),
            price_magnifier=self.magnifier,
            underlying_con_id=self.underlying.con_id if self.underlying else 0,
            long_name=self.long_name,
            primary_exchange=self.primary_exchange,
            contract_month=self.expiry[:6],
            industry=industry,
            category=category,
            subcategory=subcategory,
            time_zone=self.schedule.zone,
            trading_hours=self.schedule.trading_hours(now),
            liquid_hours=self.schedule.liquid_hours(now),
            economic_value_rule="",
            economic_value_multiplier="0",
            security_ids=self.security_ids,
            aggregate_group=self.group,
            underlying_symbol=self.underlying.symbol if self.underlying else "",
            underlying_sec_type=self.underlying.sec_type if self.underlying else "",
            market_rules=",".join(str(self.rule.rule_id) for _ in self.exchanges),
            real_expiration=self.expiry,
            stock_type=self.stock_type,
            min_size=smallest,
            size_increment=step,
            suggested_size_increment=suggested,
        )
