"""Instrument ids of Interactive Brokers, and the contracts they describe. Pure.

| id | contract |
|---|---|
| ``AAPL.IBKR`` | stock, routed by SMART, in US dollars |
| ``VOD@LSE-GBP.IBKR`` | stock by its primary exchange and currency, routed by SMART |
| ``EUR/USD.IBKR`` | currency pair on IDEALPRO |
| ``ES-202612.IBKR``, ``ES-20261218.IBKR`` | future by contract month or last trading day |
| ``SPY-20261218-C-600.IBKR`` | option by last trading day, right and strike; the symbol or the trading class (SPXW) |

Futures and options take ``@EXCHANGE-CURRENCY`` as well, where the short id fits more than one contract.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ib_async.contract import Contract, ContractDetails

from edgerunner.adapters.ibkr.values import number
from edgerunner.domain.errors import NotFound
from edgerunner.domain.numbers import to_plain

VENUE: Final = "IBKR"
HOME_CURRENCY: Final = "USD"
SMART: Final = "SMART"
IDEALPRO: Final = "IDEALPRO"

_PLACE: Final = re.compile(r"(?P<name>.+)@(?P<exchange>[A-Z0-9.]+)-(?P<currency>[A-Z]{3})")
_PAIR: Final = re.compile(r"(?P<base>[A-Z]{3})/(?P<quote>[A-Z]{3})")
_OPTION: Final = re.compile(r"(?P<symbol>.+)-(?P<day>20\d{6})-(?P<right>[CP])-(?P<strike>\d+(?:\.\d+)?)")
_FUTURE: Final = re.compile(r"(?P<symbol>.+)-(?P<month>20\d{4}(?:\d{2})?)")
_STOCK: Final = re.compile(r"[A-Z0-9][A-Z0-9 .]{0,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What an id says about a contract."""

    sec_type: str
    symbol: str
    currency: str
    exchange: str = ""
    primary: str = ""
    expiry: str = ""
    right: str = ""
    strike: Decimal | None = None

    def contract(self) -> Contract:
        """Return the question to TWS; its answers may be several contracts."""
        return Contract(
            secType=self.sec_type,
            symbol=self.symbol,
            currency=self.currency,
            exchange=self.exchange,
            primaryExchange=self.primary,
            lastTradeDateOrContractMonth=self.expiry,
            right=self.right,
            strike=float(self.strike or 0),
        )

    def by_class(self) -> Contract | None:
        """Return the question by an option's public symbol, for ids that name its trading class; None for others.

        The form is that of the Options Clearing Corporation: class, date, right, strike in thousandths.
        """
        if self.sec_type != "OPT" or self.strike is None:
            return None
        name = f"{self.symbol:<6}{self.expiry[2:]}{self.right}{int(self.strike * 1000):08}"
        return Contract(secType="OPT", localSymbol=name, exchange=self.exchange, currency=self.currency)


def parse_id(instrument_id: str) -> Description:
    """Return what an id describes; raises ``NotFound`` for what is no id of this broker."""
    name, _, venue = instrument_id.rpartition(".")
    described = _described(name) if venue == VENUE else None
    if described is None:
        raise NotFound(
            f"{instrument_id} is no instrument of Interactive Brokers; ids look like AAPL.IBKR, VOD@LSE-GBP.IBKR, "
            "EUR/USD.IBKR, ES-202612.IBKR, SPY-20261218-C-600.IBKR"
        )
    return described


def _described(name: str) -> Description | None:
    if (pair := _PAIR.fullmatch(name)) is not None:
        return Description(sec_type="CASH", symbol=pair["base"], currency=pair["quote"], exchange=IDEALPRO)
    exchange, currency = "", HOME_CURRENCY
    if (place := _PLACE.fullmatch(name)) is not None:
        name, exchange, currency = place["name"], place["exchange"], place["currency"]
    if (option := _OPTION.fullmatch(name)) is not None:
        return Description(
            sec_type="OPT",
            symbol=option["symbol"],
            currency=currency,
            exchange=exchange or SMART,
            expiry=option["day"],
            right=option["right"],
            strike=Decimal(option["strike"]),
        )
    if (future := _FUTURE.fullmatch(name)) is not None:
        return Description(
            sec_type="FUT",
            symbol=future["symbol"],
            currency=currency if place else "",
            exchange=exchange,
            expiry=future["month"],
        )
    if _STOCK.fullmatch(name) is None:
        return None
    return Description(sec_type="STK", symbol=name, currency=currency, exchange=SMART, primary=exchange)


def ids_of(details: ContractDetails) -> Iterator[str]:
    """Yield the ids that describe a contract, the short ones first; only the last is sure to describe no other."""
    contract = details.contract
    if contract is None:
        return
    for name in _names(contract, details.contractMonth):
        yield f"{name}.{VENUE}"


def _names(contract: Contract, month: str) -> Iterator[str]:
    exchange = contract.primaryExchange or contract.exchange
    place = f"@{exchange}-{contract.currency}"
    match contract.secType:
        case "CASH":
            yield f"{contract.symbol}/{contract.currency}"
        case "STK":
            if contract.currency == HOME_CURRENCY:
                yield contract.symbol
            yield contract.symbol + place
        case "FUT":
            day = contract.lastTradeDateOrContractMonth
            dates = [date for date in (month[:6], day) if date]
            yield from (f"{contract.symbol}-{date}" for date in dates)
            yield from (f"{contract.symbol}-{date}{place}" for date in dates)
        case "OPT":
            terms = f"{contract.lastTradeDateOrContractMonth}-{contract.right[:1]}-{_strike(contract)}"
            classes = [contract.symbol, *([contract.tradingClass] if contract.tradingClass else [])]
            if contract.currency == HOME_CURRENCY:
                yield from (f"{name}-{terms}" for name in dict.fromkeys(classes))
            yield f"{classes[-1]}-{terms}@{contract.exchange}-{contract.currency}"


def _strike(contract: Contract) -> str:
    return to_plain(number(contract.strike) or Decimal(0))
