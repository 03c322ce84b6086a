"""Contract details as instruments: steps by market rule, sizes, multipliers, hours, expiry. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from ib_async.contract import Contract, ContractDetails
from ib_async.objects import PriceIncrement

from edgerunner.adapters.ibkr.hours import weekly_sessions
from edgerunner.adapters.ibkr.values import nanoseconds, number
from edgerunner.domain.errors import Unsupported
from edgerunner.domain.instruments import Instrument, PriceBand, Product, QuantityUnit, Session

_log = structlog.get_logger(__name__)

PRODUCTS: Final = {
    "STK": (Product.STOCK, QuantityUnit.SHARES),
    "CASH": (Product.FOREX, QuantityUnit.UNITS),
    "FUT": (Product.FUTURE, QuantityUnit.CONTRACTS),
    "OPT": (Product.OPTION, QuantityUnit.CONTRACTS),
}
"""What this version trades, by TWS's security type."""

_ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """An instrument and how TWS addresses it; ``contract`` is qualified and never changed."""

    instrument: Instrument
    contract: Contract
    details: ContractDetails

    @property
    def con_id(self) -> int:
        """TWS's own number of the contract."""
        return int(self.contract.conId)


def rule_of(details: ContractDetails) -> int | None:
    """Return the market rule of the exchange that orders go to, or None when TWS names none.

    ``marketRuleIds`` runs parallel to ``validExchanges``.
    """
    exchanges, rules = details.validExchanges.split(","), details.marketRuleIds.split(",")
    exchange = details.contract.exchange if details.contract else ""
    by_exchange = {name: rule for name, rule in zip(exchanges, rules, strict=False) if rule.isdecimal()}
    found = by_exchange.get(exchange) or next(iter(by_exchange.values()), None)
    return None if found is None else int(found)


def listing_of(instrument_id: str, details: ContractDetails, rule: Sequence[PriceIncrement]) -> Listing:
    """Return the instrument; raises ``Unsupported`` for kinds of contracts that this version does not trade."""
    contract = details.contract
    if contract is None or contract.secType not in PRODUCTS:
        kind = contract.secType if contract else "nothing"
        raise Unsupported(f"{instrument_id}: contracts of type {kind} are not in this version")
    product, unit = PRODUCTS[contract.secType]
    tick, bands = _steps(details, rule)
    step, least = _sizes(details, product)
    zone = _zone(details.timeZoneId)
    instrument = Instrument(
        instrument_id=instrument_id,
        venue_symbol=contract.localSymbol or contract.symbol,
        product=product,
        base=contract.symbol,
        quote=contract.currency,
        settle=contract.currency,
        quantity_unit=unit,
        multiplier=(number(contract.multiplier) or _ONE) / (details.priceMagnifier or 1),
        tick_size=tick,
        price_bands=bands,
        lot_step=step,
        min_quantity=least,
        sessions=_sessions(instrument_id, details.tradingHours),
        timezone=zone.key,
        expires_at_ns=_expiry(details, zone),
    )
    return Listing(instrument=instrument, contract=contract, details=details)


def _steps(details: ContractDetails, rule: Sequence[PriceIncrement]) -> tuple[Decimal, tuple[PriceBand, ...]]:
    """Return the smallest step and the steps by price; ``minTick`` alone is wrong where steps grow with the price."""
    bands = [(number(row.lowEdge) or Decimal(0), number(row.increment)) for row in rule]
    known = sorted((edge, increment) for edge, increment in bands if increment)
    if not known:
        return number(details.minTick) or Decimal("0.01"), ()
    several = tuple(PriceBand(from_price=edge, tick_size=increment) for edge, increment in known)
    return known[0][1], several if len(several) > 1 else ()


def _sizes(details: ContractDetails, product: Product) -> tuple[Decimal, Decimal]:
    """Return step and smallest quantity. TWS lists fractions of shares, and refuses them from programs (10243)."""
    step, least = number(details.sizeIncrement) or _ONE, number(details.minSize) or _ONE
    if product is Product.STOCK:
        return max(step, _ONE), max(least, _ONE)
    return step, least


def _sessions(instrument_id: str, hours: str) -> tuple[Session, ...]:
    try:
        return weekly_sessions(hours)
    except ValueError as error:
        _log.warning("hours_not_understood", instrument_id=instrument_id, hours=hours, reason=str(error))
        return ()


def _zone(name: str) -> ZoneInfo:
    """Return the exchange's time zone; TWS has old names (``US/Eastern``, ``GB-Eire``), and some of its own."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        _log.warning("time_zone_not_understood", zone=name)
        return ZoneInfo("UTC")


def _expiry(details: ContractDetails, zone: ZoneInfo) -> int | None:
    """Return the end of the last trading day, at the time that TWS tells or else at midnight."""
    contract = details.contract
    day = contract.lastTradeDateOrContractMonth if contract else ""
    if len(day) != 8 or not day.isdecimal():
        return None
    time = details.lastTradeTime if details.lastTradeTime.count(":") >= 1 else "23:59"
    moment = datetime.strptime(f"{day} {time[:5]}", "%Y%m%d %H:%M").replace(tzinfo=zone)
    return nanoseconds(moment)
