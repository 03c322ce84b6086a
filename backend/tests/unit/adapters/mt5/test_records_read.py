"""Rows of the terminal as reports: orders, deals, positions, exits, money."""

from decimal import Decimal

import pytest

from edgerunner.adapters.mt5.books import Book, fill_of, venue_id_of_deal
from edgerunner.adapters.mt5.cash import cash_reports
from edgerunner.adapters.mt5.exit_reports import exit_reports, fired_exit
from edgerunner.adapters.mt5.listings import Listing, listing_of
from edgerunner.adapters.mt5.order_reports import order_reports, triggered
from edgerunner.adapters.mt5.own_keys import OwnKeys
from edgerunner.adapters.mt5.position_reports import position_report
from edgerunner.adapters.mt5.retcodes import Verdict, require_taken, verdict
from edgerunner.adapters.mt5.server_clock import ServerClock, parse_zone
from edgerunner.adapters.mt5.values import decimal_of, on_step
from edgerunner.domain.errors import BrokerRejected, OutcomeUnknown, Unsupported
from edgerunner.domain.identifiers import magic_number
from edgerunner.domain.instruments import Product
from edgerunner.domain.orders import OrderStatus, OrderType, Side
from edgerunner.mt5_surface import constants as mt5
from edgerunner.mt5_surface.retcodes import RETCODES
from edgerunner.mt5_surface.structs import OrderSendResult
from tests.unit.adapters.mt5.rows import NOON_MS, deal, order, position, row, symbol

LISTING: Listing = listing_of("EURUSD.MT5", symbol(), "USD")
KEY = "01KEYOFOURS"


def book(*, is_hedged: bool = True, keys: OwnKeys | None = None) -> Book:
    return Book(
        account_id="1",
        currency="USD",
        is_hedged=is_hedged,
        clock=ServerClock(parse_zone("EET")),
        keys=keys or OwnKeys(),
    )


def test_order_of_ours_is_known_by_its_magic_whatever_its_comment_says() -> None:
    keys = OwnKeys()
    keys.remember([KEY])
    (report,) = order_reports(book(keys=keys), order(magic=magic_number(KEY), comment="rewritten"), LISTING, [])
    assert report.client_order_id == KEY


def test_comment_alone_makes_no_order_ours() -> None:
    keys = OwnKeys()
    assert keys.key_of(magic=0, comment=KEY) is None
    assert keys.key_of(magic=12345, comment=KEY) is None
    assert keys.key_of(magic=magic_number(KEY), comment=KEY) == KEY


def test_trap_24_trade_that_the_broker_makes_of_our_position_is_not_our_order() -> None:
    keys = OwnKeys()
    keys.remember([KEY])
    for reason in (mt5.ORDER_REASON_SL, mt5.ORDER_REASON_TP, mt5.ORDER_REASON_SO):
        assert keys.key_of_order(order(magic=magic_number(KEY), reason=reason)) is None
    assert keys.key_of_order(order(magic=magic_number(KEY))) == KEY


def test_key_is_taken_once_and_given_back_when_nothing_was_sent() -> None:
    keys = OwnKeys()
    assert keys.claim(KEY)
    assert not keys.claim(KEY)
    keys.release(KEY)
    assert keys.claim(KEY)


@pytest.mark.parametrize(
    ("state", "left", "status"),
    [
        (mt5.ORDER_STATE_STARTED, 0.1, OrderStatus.SUBMITTED),
        (mt5.ORDER_STATE_PLACED, 0.1, OrderStatus.ACCEPTED),
        (mt5.ORDER_STATE_PARTIAL, 0.04, OrderStatus.PARTIALLY_FILLED),
        (mt5.ORDER_STATE_FILLED, 0.0, OrderStatus.FILLED),
        (mt5.ORDER_STATE_FILLED, 0.04, OrderStatus.CANCELED),
        (mt5.ORDER_STATE_CANCELED, 0.1, OrderStatus.CANCELED),
        (mt5.ORDER_STATE_CANCELED, 0.0, OrderStatus.FILLED),
        (mt5.ORDER_STATE_REJECTED, 0.1, OrderStatus.REJECTED),
        (mt5.ORDER_STATE_REJECTED, 0.04, OrderStatus.CANCELED),
        (mt5.ORDER_STATE_EXPIRED, 0.1, OrderStatus.EXPIRED),
    ],
)
def test_state_and_volume_tell_where_an_order_stands(state: int, left: float, status: OrderStatus) -> None:
    (report,) = order_reports(book(), order(state=state, volume_current=left), LISTING, [])
    assert report.status is status
    assert report.filled_quantity == Decimal("0.1") - Decimal(str(left))


def test_stop_that_traded_was_triggered_before() -> None:
    stop = order(type=mt5.ORDER_TYPE_SELL_STOP, state=mt5.ORDER_STATE_FILLED, volume_current=0.0)
    (report,) = order_reports(book(), stop, LISTING, [deal()])
    before = triggered(report)
    assert before is not None
    assert (before.status, before.venue_order_id) == (OrderStatus.TRIGGERED, "7")
    assert triggered(order_reports(book(), order(), LISTING, [])[0]) is None


def test_times_are_utc() -> None:
    (report,) = order_reports(book(), order(time_done_msc=NOON_MS + 5), LISTING, [])
    assert report.ts_event_ns == (NOON_MS + 5 - 7_200_000) * 10**6


def test_deal_is_a_fill_of_its_position_with_its_costs() -> None:
    fill = fill_of(book(), deal(commission=-0.7, fee=-0.05), LISTING, order()).fill
    assert (fill.trade_id, fill.leg, fill.side) == ("70", "7", Side.BUY)
    assert fill.fee.amount == Decimal("0.75")
    assert fill_of(book(is_hedged=False), deal(), LISTING, None).fill.leg == "net"


def test_halves_of_a_close_by_are_two_orders() -> None:
    both = order(type=mt5.ORDER_TYPE_CLOSE_BY, position_id=7, position_by_id=8, state=mt5.ORDER_STATE_FILLED, ticket=9)
    first = deal(order=9, position_id=7, type=mt5.DEAL_TYPE_SELL, entry=mt5.DEAL_ENTRY_OUT_BY)
    second = deal(order=9, position_id=8, entry=mt5.DEAL_ENTRY_OUT_BY)
    reports = order_reports(book(), both, LISTING, [first, second])
    assert [(r.venue_order_id, r.terms.side, r.terms.position_id) for r in reports] == [
        ("9", Side.SELL, "7"),
        ("9-by", Side.BUY, "8"),
    ]
    assert [venue_id_of_deal(each, both) for each in (first, second)] == ["9", "9-by"]


def test_exits_are_children_of_the_order_that_opened_the_position() -> None:
    keys = OwnKeys()
    keys.remember([KEY])
    held = position(sl=1.05, tp=1.2, magic=magic_number(KEY))
    stop, target = exit_reports(book(keys=keys), held, LISTING)
    assert (stop.venue_order_id, target.venue_order_id) == ("7-sl-sell", "7-tp-sell")
    assert (stop.terms.order_type, target.terms.order_type) == (OrderType.STOP_MARKET, OrderType.MARKET_IF_TOUCHED)
    assert (stop.terms.trigger_price, target.terms.trigger_price) == (Decimal("1.05"), Decimal("1.2"))
    assert {stop.parent_client_order_id, target.parent_client_order_id} == {KEY}
    assert exit_reports(book(), position(), LISTING) == []


def test_trade_of_an_exit_has_the_exits_name_after_any_restart() -> None:
    closing = order(ticket=9, reason=mt5.ORDER_REASON_SL, state=mt5.ORDER_STATE_FILLED, type=mt5.ORDER_TYPE_SELL)
    trade = deal(order=9, ticket=71, type=mt5.DEAL_TYPE_SELL, reason=mt5.DEAL_REASON_SL)
    assert order_reports(book(), closing, LISTING, [trade]) == []
    report = fired_exit(book(), closing, LISTING, [trade])
    assert report is not None
    assert (report.venue_order_id, report.status, report.broker.code) == ("7-sl-sell", OrderStatus.FILLED, "sl")
    assert fill_of(book(), trade, LISTING, closing).venue_order_id == "7-sl-sell"


def test_position_is_signed_and_named_by_its_identifier() -> None:
    report = position_report(book(), position(type=mt5.POSITION_TYPE_SELL, ticket=12, identifier=7), LISTING)
    assert (report.quantity, report.leg) == (Decimal("-0.1"), "7")


@pytest.mark.parametrize(
    ("kind", "profit", "told"),
    [
        (mt5.DEAL_TYPE_BALANCE, 100.0, "deposit"),
        (mt5.DEAL_TYPE_BALANCE, -100.0, "withdrawal"),
        (mt5.DEAL_TYPE_CREDIT, 10.0, "adjustment"),
        (mt5.DEAL_TYPE_COMMISSION_DAILY, -1.0, "commission"),
        (mt5.DEAL_TYPE_INTEREST, 1.0, "interest"),
        (mt5.DEAL_DIVIDEND, 1.0, "dividend"),
        (mt5.DEAL_TAX, -1.0, "adjustment"),
    ],
)
def test_deals_that_are_no_trade_move_money(kind: int, profit: float, told: str) -> None:
    (report,) = cash_reports(book(), deal(type=kind, profit=profit, symbol="", order=0), None)
    movement = report.movement
    assert (movement.movement_id, movement.kind, movement.amount) == ("deal:70", told, Decimal(str(profit)))


def test_swap_of_a_position_is_paid_with_the_deal_that_closes_it() -> None:
    (report,) = cash_reports(book(), deal(swap=-1.23, entry=mt5.DEAL_ENTRY_OUT), LISTING)
    assert (report.movement.kind, report.movement.amount, report.movement.leg) == ("swap", Decimal("-1.23"), "7")
    assert cash_reports(book(), deal(profit=5.0), LISTING) == []


def test_every_return_code_has_a_verdict() -> None:
    told = {code: verdict(code) for code in RETCODES}
    assert {code for code, each in told.items() if each is Verdict.TAKEN} == {10008, 10009, 10010}
    assert {code for code, each in told.items() if each is Verdict.UNKNOWN} == {10011, 10012, 10024, 10028, 10031}
    assert {code for code, each in told.items() if each is Verdict.UNCHANGED} == {10025}
    assert verdict(10099) is Verdict.UNKNOWN


@pytest.mark.parametrize(("code", "error"), [(10015, BrokerRejected), (10012, OutcomeUnknown), (777, OutcomeUnknown)])
def test_trap_6_answer_that_is_no_success_raises(code: int, error: type[Exception]) -> None:
    with pytest.raises(error, match="Invalid price"):
        require_taken(row(OrderSendResult, retcode=code, comment="Invalid price"))


@pytest.mark.parametrize("code", [10008, 10009, 10010, 10025])
def test_trap_6_all_successes_are_successes(code: int) -> None:
    require_taken(row(OrderSendResult, retcode=code))


@pytest.mark.parametrize(
    ("number", "digits", "text"), [(1.0818225753, 5, "1.08182"), (0.1 + 0.2, 2, "0.30"), (1e-05, 5, "0.00001")]
)
def test_trap_15_noise_of_floats_is_no_price(number: float, digits: int, text: str) -> None:
    assert str(decimal_of(number, digits)) in {text, "0.00001"}


def test_trap_16_noise_of_floats_is_no_volume() -> None:
    assert on_step(0.1 * 3, Decimal("0.01")) == Decimal("0.30")
    assert on_step(0.29, Decimal("0.01")) == Decimal("0.29")


@pytest.mark.parametrize(
    ("mode", "product", "multiplier"),
    [
        (mt5.SYMBOL_CALC_MODE_FOREX, Product.FOREX, "100000"),
        (mt5.SYMBOL_CALC_MODE_CFD, Product.CFD, "100000"),
        (mt5.SYMBOL_CALC_MODE_EXCH_STOCKS, Product.STOCK, "100000"),
        (mt5.SYMBOL_CALC_MODE_FUTURES, Product.FUTURE, "50"),
    ],
)
def test_calculation_mode_tells_the_product_and_what_a_move_is_worth(
    mode: int, product: Product, multiplier: str
) -> None:
    info = symbol(trade_calc_mode=mode, trade_tick_value=12.5, trade_tick_size=0.25, digits=2)
    instrument = listing_of("ES.MT5", info, "USD").instrument
    assert (instrument.product, instrument.multiplier) == (product, Decimal(multiplier))


def test_base_of_what_is_no_pair_is_its_name() -> None:
    share = symbol(name="AAPL", trade_calc_mode=mt5.SYMBOL_CALC_MODE_CFD, currency_base="USD")
    gold = symbol(name="XAUUSD", trade_calc_mode=mt5.SYMBOL_CALC_MODE_CFD, currency_base="XAU")
    assert listing_of("AAPL.MT5", share, "USD").instrument.base == "AAPL"
    assert listing_of("XAUUSD.MT5", gold, "USD").instrument.base == "XAU"


def test_options_and_bonds_are_not_in_this_version() -> None:
    with pytest.raises(Unsupported):
        listing_of("BOND.MT5", symbol(trade_calc_mode=mt5.SYMBOL_CALC_MODE_EXCH_BONDS), "USD")
