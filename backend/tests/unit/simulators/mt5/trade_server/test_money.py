"""Profit, margin and swaps in the account's currency, each at the side of the quote that the client gets."""

from decimal import Decimal

import pytest

from edgerunner.simulators.mt5.trade_server.values import Quote
from edgerunner.simulators.mt5.trade_server.words import CalcMode, OrderType, SwapMode
from tests.unit.simulators.mt5.trade_server.desk import EURJPY, EURUSD, GER40, LOGIN, Desk, hedging, netting

BUY, SELL = OrderType.BUY, OrderType.SELL
D = Decimal


def profit(desk: Desk, type_: OrderType, symbol: str, opened: str, closed: str, *, volume: str = "1") -> Decimal | None:
    return desk.server.calc_profit(
        LOGIN,
        type_,
        desk.quotes,
        symbol=symbol,
        volume=D(volume),
        price_open=D(opened),
        price_close=D(closed),
    )


def margin(desk: Desk, type_: OrderType, symbol: str, volume: str, price: str) -> Decimal | None:
    return desk.server.calc_margin(LOGIN, type_, desk.quotes, symbol=symbol, volume=D(volume), price=D(price))


def test_the_vendors_sample_of_order_calc_profit_comes_out() -> None:
    # buy USDJPY 1.0 lot: profit on 300 points => 276.54 USD, sell => 278.09 USD (docs of order_calc_profit);
    # the quotes behind it are not told, 108.183/107.878 and their likes give both figures.
    desk = hedging()
    assert profit(desk, BUY, "USDJPY", "108.183", "108.483") == D("276.54")
    assert profit(desk, SELL, "USDJPY", "108.179", "107.879") == D("278.09")
    assert profit(desk, BUY, "EURUSD", "1.10010", "1.10310") == D("300.00")
    assert profit(desk, SELL, "EURUSD", "1.10000", "1.09700") == D("300.00")


def test_the_vendors_sample_of_order_calc_margin_comes_out() -> None:
    # 0.1 lot at 1:100 (docs of order_calc_margin): EURUSD 109.91, USDJPY 100.0, EURJPY 109.91
    desk = hedging()
    desk.price("EURUSD", "1.09900", "1.09910")
    assert margin(desk, BUY, "EURUSD", "0.1", "1.09910") == D("109.91")
    assert margin(desk, BUY, "USDJPY", "0.1", "108.183") == D("100.00")
    assert margin(desk, BUY, "EURJPY", "0.1", "118.900") == D("109.91")


def test_profit_in_a_third_currency_is_sold_and_a_loss_is_bought() -> None:
    desk = hedging()
    assert profit(desk, BUY, "EURJPY", "165.000", "165.300") == D("199.97")  # 30,000 JPY / 150.020
    assert profit(desk, BUY, "EURJPY", "165.300", "165.000") == D("-200.00")  # 30,000 JPY / 150.000
    assert profit(desk, BUY, "GER40", "24000.0", "24010.0") == D("11.00")  # 10 EUR * 1.10000
    assert profit(desk, SELL, "GER40", "24000.0", "24010.0") == D("-11.00")  # 10 EUR * 1.10010


def test_what_cannot_be_computed_is_none() -> None:
    desk = hedging()
    assert profit(desk, OrderType.BUY_LIMIT, "EURUSD", "1.1", "1.2") is None
    assert profit(desk, BUY, "NOPE", "1.1", "1.2") is None
    assert profit(desk, BUY, "EURUSD", "0", "1.2") is None
    assert margin(desk, BUY, "EURUSD", "0", "1.2") is None
    assert margin(desk, OrderType.BUY_STOP, "EURUSD", "1", "1.1") == D("1100.00")
    desk.terms(EURUSD, calc_mode=CalcMode.CFD)
    assert profit(desk, BUY, "GER40", "1", "24000") is None, "only a currency pair prices a currency"
    desk.terms(EURUSD)
    del desk.quotes["EURUSD"]
    assert margin(desk, BUY, "GER40", "1", "24000") is None
    assert profit(desk, BUY, "GER40", "1", "24000") is None


MARGINS = [
    (CalcMode.FOREX, {}, "1100.00"),
    (CalcMode.FOREX_NO_LEVERAGE, {}, "110000.00"),
    (CalcMode.FOREX, {"margin_initial": D(50000)}, "550.00"),
    (CalcMode.CFD, {"currency_margin": "USD"}, "110000.00"),
    (CalcMode.CFDLEVERAGE, {"currency_margin": "USD"}, "1100.00"),
    (CalcMode.CFDINDEX, {"currency_margin": "USD", "tick_value": D("0.00002")}, "220000.00"),
    (CalcMode.EXCH_STOCKS, {"currency_margin": "USD"}, "110000.00"),
    (CalcMode.FUTURES, {"currency_margin": "USD", "margin_initial": D(1234)}, "1234.00"),
    (CalcMode.EXCH_FUTURES, {"currency_margin": "USD", "margin_initial": D(1234)}, "1234.00"),
]


@pytest.mark.parametrize(("mode", "terms", "expected"), MARGINS)
def test_each_calculation_mode_has_its_margin(mode: CalcMode, terms: dict[str, object], expected: str) -> None:
    desk = hedging()
    desk.terms(EURUSD, calc_mode=mode, **terms)
    assert margin(desk, BUY, "EURUSD", "1", "1.10000") == D(expected)


def test_futures_earn_their_ticks() -> None:
    desk = hedging()
    desk.terms(EURUSD, calc_mode=CalcMode.FUTURES, tick_value=D("0.5"), margin_initial=D(100))
    assert profit(desk, BUY, "EURUSD", "1.10000", "1.10010", volume="3") == D("15.00")


def test_the_margin_of_a_position_is_that_of_its_opening() -> None:
    desk = netting()
    desk.buy("0.30")
    assert desk.value.margin == D("330.03")
    desk.price("EURUSD", "1.20000", "1.20010")
    assert desk.value.margin == D("330.03")
    desk.buy("0.10")
    assert desk.value.margin == D("450.04")  # 330.03 + 120.01
    desk.sell("0.20")
    assert desk.value.margin == D("225.02")


def test_opposite_positions_count_by_the_hedged_contract_size() -> None:
    desk = hedging()
    desk.buy("0.30")
    desk.sell("0.10")
    # 0.2 lots at 1.10010 and 0.1 covered lots at the average of all, (0.3 * 1.10010 + 0.1 * 1.10000) / 0.4
    assert desk.value.margin == D("330.03")
    desk.terms(EURUSD, margin_hedged=D(50000))
    assert desk.value.margin == D("275.02")
    desk.terms(EURUSD, margin_hedged=D(0))
    assert desk.value.margin == D("220.02")
    desk.terms(EURUSD, margin_hedged=D(50000), margin_hedged_use_leg=True)
    assert desk.value.margin == D("330.03")
    desk.terms(EURUSD, margin_initial=D(200000), margin_hedged=D(20000))
    assert desk.value.margin == D("462.04")  # 0.2 * 200,000 and 0.1 * 20,000 at 1:100


def test_maintenance_margin_takes_the_place_of_the_initial_one_once_open() -> None:
    desk = hedging()
    desk.terms(EURUSD, margin_initial=D(100000), margin_maintenance=D(50000))
    desk.buy("0.10")
    assert margin(desk, BUY, "EURUSD", "0.10", "1.10010") == D("110.01")
    assert desk.value.margin == D("55.01")


def test_an_accounts_figures_belong_together() -> None:
    desk = hedging()
    desk.buy("1.00")
    desk.sell("0.50", symbol="USDJPY")
    desk.price("USDJPY", "150.500", "150.520")
    value = desk.value
    # EURUSD -10.00; USDJPY 0.5 lots from 150.000 to 150.520: -26,000 JPY / 150.520
    assert value.profit == D("-182.73")
    assert value.equity == D("99817.27")
    assert value.margin == D("1600.10")
    assert value.margin_free == value.equity - value.margin
    assert value.margin_level == D("6238.189488156990188113")
    assert [position.profit for position in desk.positions] == [D("-10.00"), D("-172.73")]
    assert [position.price_current for position in desk.positions] == [D("1.10000"), D("150.520")]


def test_figures_without_a_quote_stay_as_they_were_seen() -> None:
    desk = hedging()
    desk.buy("1.00")
    del desk.quotes["EURUSD"]
    assert desk.value.profit == 0
    assert desk.position.price_current == D("1.10010")


SWAPS = [
    (SwapMode.DISABLED, "-5", "0"),
    (SwapMode.POINTS, "-5", "-5.00"),
    (SwapMode.CURRENCY_SYMBOL, "-5", "-5.50"),
    (SwapMode.CURRENCY_SYMBOL, "5", "5.50"),
    (SwapMode.CURRENCY_MARGIN, "-5", "-5.50"),
    (SwapMode.CURRENCY_DEPOSIT, "-5", "-5.00"),
    (SwapMode.INTEREST_CURRENT, "3.6", "11.00"),
    (SwapMode.INTEREST_OPEN, "3.6", "11.00"),
]


@pytest.mark.parametrize(("mode", "rate", "expected"), SWAPS)
def test_each_swap_mode_charges_a_lot_for_a_night(mode: SwapMode, rate: str, expected: str) -> None:
    desk = hedging()
    desk.terms(EURUSD, swap_mode=mode, swap_long=D(rate), swap_short=D(1))
    desk.buy("1.00")
    desk.end_day(weekday=2)
    assert desk.position.swap == D(expected)
    assert desk.balance == 100000, "a swap is booked when the position closes"
    assert desk.value.equity == 100000 + desk.position.profit + D(expected)


def test_interest_follows_the_current_or_the_opening_price() -> None:
    desk = hedging()
    desk.terms(EURUSD, swap_mode=SwapMode.INTEREST_CURRENT, swap_long=D("3.6"), swap_short=D("-3.6"))
    desk.buy("1.00")
    desk.sell("1.00")
    desk.price("EURUSD", "1.20000", "1.20100")
    desk.end_day(weekday=2)
    assert [position.swap for position in desk.positions] == [D("12.00"), D("-12.01")]
    desk.terms(EURUSD, swap_mode=SwapMode.INTEREST_OPEN, swap_long=D("3.6"), swap_short=D("-3.6"))
    desk.end_day(weekday=2)
    assert [position.swap for position in desk.positions] == [D("23.00"), D("-23.01")]


def test_one_night_of_the_week_counts_three_times_and_the_weekend_not_at_all() -> None:
    desk = hedging()
    desk.terms(EURUSD, swap_mode=SwapMode.POINTS, swap_long=D(-5), swap_rollover3days=3)
    desk.buy("1.00")
    nights = []
    for weekday in range(7):
        before = desk.position.swap
        desk.end_day(weekday=weekday)
        nights.append(int((desk.position.swap - before) / -5))
    assert nights == [0, 1, 1, 3, 1, 1, 0]

    desk.terms(EURUSD, swap_mode=SwapMode.POINTS, swap_long=D(-5), swap_every_day=True)
    before = desk.position.swap
    for weekday in range(7):
        desk.end_day(weekday=weekday)
    assert desk.position.swap - before == -35


def test_a_swap_in_a_foreign_currency_is_converted_at_the_clients_side() -> None:
    desk = hedging()
    desk.terms(EURJPY, swap_mode=SwapMode.POINTS, swap_long=D(-10), swap_short=D(10))
    desk.buy("1.00", symbol="EURJPY")
    desk.sell("1.00", symbol="EURJPY")
    desk.quotes["USDJPY"] = Quote(bid=D(100), ask=D(125), time_ns=desk.now)
    desk.end_day(weekday=1)
    # 10 points of 0.001 on 100,000 = 1,000 JPY: owed at 100, earned at 125
    assert [position.swap for position in desk.positions] == [D("-10.00"), D("8.00")]


def test_amounts_are_rounded_to_cents_with_halves_away_from_zero() -> None:
    desk = hedging()
    desk.terms(EURUSD, commission=D("0.5"))
    desk.buy("0.01")
    assert desk.deals[-1].commission == D("-0.01")
    desk.terms(GER40, contract_size=D("0.5"), currency_profit="USD", currency_margin="USD", tick_size=D("0.01"))
    assert profit(desk, BUY, "GER40", "100.00", "100.01") == D("0.01")
    assert profit(desk, SELL, "GER40", "100.00", "100.01") == D("-0.01")
