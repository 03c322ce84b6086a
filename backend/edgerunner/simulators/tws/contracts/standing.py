"""Contracts that never expire: stocks and currency pairs.

Contract ids of AAPL, MSFT, SPY, EUR.USD, GBP.USD and USD.JPY, names, ISINs, steps and rules 26 and 239 are those of
Interactive Brokers as far as public pages and recordings tell; the id of VOD, the rules above 900 and all industries
are made up.
"""

from decimal import Decimal
from typing import Final

from edgerunner.simulators.tws.contracts import schedule
from edgerunner.simulators.tws.contracts.listing import ONE, Listing, MarketRule, market_rule
from edgerunner.simulators.tws.wire.values import Tag

CENTS: Final = market_rule(26, ("0", "0.01"))
HALF_PIPS: Final = market_rule(239, ("0", "0.00005"))
YEN_HALF_PIPS: Final = market_rule(901, ("0", "0.005"))
LONDON_STEPS: Final = market_rule(902, ("0", "0.01"), ("200", "0.05"), ("500", "0.1"), ("1000", "0.2"))
_US_EXCHANGES: Final = ("SMART", "NASDAQ", "NYSE", "ARCA", "BATS", "IEX", "ISLAND")
_FRACTIONS: Final = (Decimal("0.0001"), Decimal("0.0001"), Decimal(100))
_TECHNOLOGY: Final = ("Technology", "Computers", "Computers")


def _us_stock(con_id: int, symbol: str, long_name: str, isin: str) -> Listing:
    is_fund = symbol == "SPY"
    return Listing(
        con_id=con_id,
        symbol=symbol,
        sec_type="STK",
        currency="USD",
        local_symbol=symbol,
        trading_class=symbol if is_fund else "NMS",
        exchanges=_US_EXCHANGES,
        primary_exchange="ARCA" if is_fund else "NASDAQ",
        market_name=symbol if is_fund else "NMS",
        long_name=long_name,
        min_tick=Decimal("0.01"),
        rule=CENTS,
        schedule=schedule.US_STOCKS,
        industry=("Funds", "Equity Fund", "Growth&Income-Large Cap") if is_fund else _TECHNOLOGY,
        security_ids=(Tag(tag="ISIN", value=isin),),
        stock_type="ETF" if is_fund else "COMMON",
        sizes=_FRACTIONS,
    )


def _pair(con_id: int, base: str, quote: str, *, long_name: str, rule: MarketRule) -> Listing:
    name = f"{base}.{quote}"
    return Listing(
        con_id=con_id,
        symbol=base,
        sec_type="CASH",
        currency=quote,
        local_symbol=name,
        trading_class=name,
        exchanges=("IDEALPRO",),
        market_name=name,
        long_name=long_name,
        min_tick=rule.increments[0].increment,
        rule=rule,
        schedule=schedule.CURRENCIES,
        sizes=(ONE, ONE, ONE),
        group=4,
    )


AAPL: Final = _us_stock(265598, "AAPL", "APPLE INC", "US0378331005")
MSFT: Final = _us_stock(272093, "MSFT", "MICROSOFT CORP", "US5949181045")
SPY: Final = _us_stock(756733, "SPY", "SPDR S&P 500 ETF TRUST", "US78462F1030")
VOD: Final = Listing(
    con_id=150000001,
    symbol="VOD",
    sec_type="STK",
    currency="GBP",
    local_symbol="VOD",
    trading_class="SET0",
    exchanges=("SMART", "LSE"),
    primary_exchange="LSE",
    market_name="SET0",
    long_name="VODAFONE GROUP PLC",
    min_tick=Decimal("0.01"),
    rule=LONDON_STEPS,
    schedule=schedule.LONDON_STOCKS,
    magnifier=100,
    industry=("Communications", "Telecommunications", "Cellular Telecom"),
    security_ids=(Tag(tag="ISIN", value="GB00BH4HKS39"),),
    stock_type="COMMON",
)
EUR_USD: Final = _pair(12087792, "EUR", "USD", long_name="European Monetary Union Euro", rule=HALF_PIPS)
GBP_USD: Final = _pair(12087797, "GBP", "USD", long_name="British pound", rule=HALF_PIPS)
USD_JPY: Final = _pair(15016059, "USD", "JPY", long_name="United States dollar", rule=YEN_HALF_PIPS)
STANDING: Final = (AAPL, MSFT, SPY, VOD, EUR_USD, GBP_USD, USD_JPY)
