from decimal import Decimal
from typing import Any

import pytest
from ib_async.contract import Contract, ContractDetails
from ib_async.objects import PriceIncrement

from edgerunner.adapters.ibkr.hours import weekly_sessions
from edgerunner.adapters.ibkr.instruments import listing_of, rule_of
from edgerunner.domain.errors import Unsupported
from edgerunner.domain.instruments import PriceBand, Product, QuantityUnit, Session

DAY = 24 * 60
LONDON = [PriceIncrement(0.0, 0.01), PriceIncrement(200.0, 0.05), PriceIncrement(500.0, 0.1)]


def details(**changes: Any) -> ContractDetails:
    contract = Contract(
        secType="STK", conId=7, symbol="VOD", exchange="SMART", primaryExchange="LSE", currency="GBP", localSymbol="VOD"
    )
    fields: dict[str, Any] = {
        "minTick": 0.01,
        "validExchanges": "LSE,SMART",
        "marketRuleIds": "31,902",
        "priceMagnifier": 100,
        "minSize": 0.0001,
        "sizeIncrement": 0.0001,
        "timeZoneId": "GB-Eire",
        **changes,
    }
    return ContractDetails(contract=contract, **fields)


def test_18_steps_follow_the_market_rule_of_the_route_not_the_smallest_tick() -> None:
    told = details()
    assert rule_of(told) == 902
    instrument = listing_of("VOD@LSE-GBP.IBKR", told, LONDON).instrument
    assert instrument.price_bands == (
        PriceBand(from_price=Decimal(0), tick_size=Decimal("0.01")),
        PriceBand(from_price=Decimal(200), tick_size=Decimal("0.05")),
        PriceBand(from_price=Decimal(500), tick_size=Decimal("0.1")),
    )
    assert instrument.is_on_tick(Decimal("199.99"))
    assert not instrument.is_on_tick(Decimal("200.01"))
    assert instrument.is_on_tick(Decimal("200.05"))
    assert not instrument.is_on_tick(Decimal("500.05"))


def test_prices_in_pence_are_worth_a_hundredth() -> None:
    instrument = listing_of("VOD@LSE-GBP.IBKR", details(), LONDON).instrument
    assert instrument.multiplier == Decimal("0.01")
    assert instrument.contract.notional(Decimal("84.6"), Decimal(100)) == Decimal("84.6")


def test_shares_are_whole_although_tws_lists_fractions() -> None:
    instrument = listing_of("VOD@LSE-GBP.IBKR", details(), ()).instrument
    assert (instrument.lot_step, instrument.min_quantity) == (Decimal(1), Decimal(1))
    assert (instrument.product, instrument.quantity_unit) == (Product.STOCK, QuantityUnit.SHARES)


def test_smallest_tick_is_used_only_without_a_rule() -> None:
    instrument = listing_of("VOD@LSE-GBP.IBKR", details(minTick=0.0005, marketRuleIds=""), ()).instrument
    assert (instrument.tick_size, instrument.price_bands) == (Decimal("0.0005"), ())


def test_future_has_its_multiplier_and_end() -> None:
    told = ContractDetails(
        contract=Contract(
            secType="FUT",
            conId=8,
            symbol="ES",
            exchange="CME",
            currency="USD",
            multiplier="50",
            lastTradeDateOrContractMonth="20261218",
        ),
        lastTradeTime="08:30",
        timeZoneId="US/Central",
    )
    instrument = listing_of("ES-202612.IBKR", told, [PriceIncrement(0.0, 0.25)]).instrument
    assert (instrument.multiplier, instrument.tick_size) == (Decimal(50), Decimal("0.25"))
    assert instrument.expires_at_ns == 1_797_604_200 * 10**9  # 2026-12-18 14:30 UTC


def test_kinds_that_are_not_traded_are_named() -> None:
    told = ContractDetails(contract=Contract(secType="BOND", conId=9, symbol="IBM"))
    with pytest.raises(Unsupported, match="BOND"):
        listing_of("X.IBKR", told, ())


def test_unknown_zone_and_unreadable_hours_leave_the_instrument_usable() -> None:
    instrument = listing_of("V.IBKR", details(timeZoneId="Atlantis/City", tradingHours="2026:x-y"), ()).instrument
    assert (instrument.timezone, instrument.sessions) == ("UTC", ())


def test_week_is_made_of_the_days_told_and_the_usual_one_for_the_rest() -> None:
    told = "20261123:0400-20261123:2000;20261124:0400-20261124:2000;20261126:CLOSED;20261128:CLOSED"
    assert weekly_sessions(told) == tuple(
        Session(open_minute=day * DAY + 240, close_minute=day * DAY + 1200) for day in range(5)
    )


def test_session_that_begins_on_sunday_evening_is_written_past_the_end_of_the_week() -> None:
    sessions = weekly_sessions("20261122:1715-20261123:1700")
    assert Session(open_minute=6 * DAY + 1035, close_minute=7 * DAY + 1020) in sessions
    assert len(sessions) == 5


def test_several_sessions_of_a_day_and_the_old_form_are_read() -> None:
    sessions = weekly_sessions("20261123:0900-1130,20261123:1230-1500".replace(",", ";"))
    assert sessions[:2] == (Session(open_minute=540, close_minute=690), Session(open_minute=750, close_minute=900))


def test_no_hours_are_no_sessions() -> None:
    assert weekly_sessions("") == ()
    assert weekly_sessions("20261128:CLOSED;20261129:CLOSED") == ()
