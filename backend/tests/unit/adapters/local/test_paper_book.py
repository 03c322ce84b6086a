"""The paper account: money, margin, liquidation, funding, delivery."""

from dataclasses import replace
from decimal import Decimal

import pytest

from edgerunner.adapters.local.checks import check_scope
from edgerunner.adapters.local.money import summary
from edgerunner.adapters.local.records import ACCOUNT_ID
from edgerunner.domain.errors import BrokerRejected, InvalidRequest, NotFound, Unsupported
from edgerunner.domain.events import OrderFilled
from edgerunner.domain.market import FundingRate
from edgerunner.domain.orders import OrderStatus, OrderType, Side, StopLoss, TakeProfit, TimeInForce
from edgerunner.domain.positions import PositionKey, apply_fill
from tests.fakes.instruments import INVERSE, LINEAR, LINEAR_ID, SPOT, SPOT_ID
from tests.unit.adapters.local.paper import OPTIONS, SECOND, WIDE, Paper

BUY, SELL = Side.BUY, Side.SELL
HOUR_NS = 3600 * SECOND


@pytest.fixture
def paper() -> Paper:
    made = Paper()
    made.quote("99.9", "100.1")
    return made


def rejection(paper: Paper, side: Side, quantity: str, price: str | None = None, **changes: object) -> str:
    with pytest.raises(BrokerRejected) as caught:
        paper.place(side, quantity, price, **changes)
    return caught.value.broker_code


def test_new_account_begins_with_its_money_and_an_old_one_gets_nothing_more() -> None:
    paper = Paper()
    assert [(each.movement.kind, each.movement.amount) for each in paper.cash] == [("deposit", Decimal(1000))]
    assert not paper.book.open_account([], paper.now_ns)


def test_profit_of_a_round_trip_is_the_difference_less_both_fees(paper: Paper) -> None:
    paper.place(BUY, "2")
    paper.quote("109.9", "110.1")
    paper.place(SELL, "2")
    fees = Decimal("0.002") * 2 * (Decimal("100.1") + Decimal("109.9"))
    money = summary(paper.book.account, paper.now_ns)
    assert money.balance == money.equity
    assert money.balance == 1000 + 2 * (Decimal("109.9") - Decimal("100.1")) - fees
    figures = (money.realized_pnl, money.unrealized_pnl, money.margin_initial)
    assert figures == (Decimal("19.6"), Decimal(0), Decimal(0))


def test_resting_order_pays_the_makers_fee(paper: Paper) -> None:
    paper.place(BUY, "1", "99.0")
    paper.trade("98.9", "1", SELL)
    (fill,) = paper.fills
    assert (fill.fill.price, fill.fill.fee.amount) == (Decimal("99.0"), Decimal("0.099"))


def test_open_profit_follows_the_mark(paper: Paper) -> None:
    paper.place(SELL, "1")
    paper.quote("89.9", "90.1", mark="90")
    money = summary(paper.book.account, paper.now_ns)
    assert money.unrealized_pnl == Decimal("9.9")
    assert money.equity == 1000 - Decimal("0.002") * Decimal("99.9") + Decimal("9.9")
    assert money.margin_maintenance == Decimal("0.45")


def test_what_needs_a_mark_is_unknown_until_there_is_one(paper: Paper) -> None:
    paper.place(BUY, "1")
    started = Paper(stored=paper.written)
    money = summary(started.book.account, started.now_ns)
    assert (money.equity, money.unrealized_pnl) == (None, None)
    assert (money.balance, money.margin_initial) == (Decimal(1000) - Decimal("0.2002"), Decimal("10.01"))


def test_inverse_contract_earns_coins() -> None:
    paper = Paper(INVERSE, replace(OPTIONS, currency="BTC", balance=Decimal(1)))
    paper.quote("100.0", "100.0", size="1000")
    paper.place(BUY, "100")
    paper.quote("200.0", "200.0", size="1000")
    assert summary(paper.book.account, paper.now_ns).unrealized_pnl == Decimal("0.5")
    paper.place(SELL, "100")
    assert summary(paper.book.account, paper.now_ns).balance == 1 + Decimal("0.5") - Decimal("0.002") * Decimal("1.5")


def test_order_without_margin_is_refused_and_leaves_nothing(paper: Paper) -> None:
    paper.quote("99.9", "100.1", size="500")
    assert rejection(paper, BUY, "99.000") == "insufficient_margin"
    assert (paper.fills, paper.book.open_orders) == ([], ())


def test_orders_that_close_need_no_margin(paper: Paper) -> None:
    paper.quote("99.9", "100.1", size="500")
    paper.place(BUY, "90")
    assert rejection(paper, BUY, "20", "99.0") == "insufficient_margin"
    paper.place(SELL, "90", "110.0")
    assert rejection(paper, SELL, "110", "111.0") == "insufficient_margin"


def test_working_orders_hold_margin_until_they_end(paper: Paper) -> None:
    order = paper.place(BUY, "90", "99.0")
    assert rejection(paper, BUY, "20", "99.0") == "insufficient_margin"
    paper.cancel(order)
    paper.place(BUY, "20", "99.0")


def test_enlarging_an_order_is_checked_like_a_new_one(paper: Paper) -> None:
    order = paper.place(BUY, "90", "99.0")
    with pytest.raises(BrokerRejected, match="insufficient_margin"):
        paper.modify(order, quantity=Decimal(105))
    paper.modify(order, quantity=Decimal(80))
    assert paper.newest(order).terms.quantity == 80


def test_position_without_margin_is_liquidated_and_its_orders_end() -> None:
    paper = Paper()
    paper.quote("99.9", "100.1", size="500")
    paper.place(BUY, "90")
    target = paper.place(SELL, "10", "120.0")
    paper.quote("89.2", "89.4", size="500")
    assert paper.held == 0
    assert (paper.newest(target).status, paper.newest(target).broker.code) == (OrderStatus.CANCELED, "liquidation")
    closing = paper.fills[-1]
    assert closing.client_order_id is None
    assert closing.fill.price == Decimal("89.2")


def test_position_with_margin_left_is_not_liquidated() -> None:
    paper = Paper()
    paper.quote("99.9", "100.1", size="500")
    paper.place(BUY, "90")
    paper.quote("89.9", "90.1", size="500")
    assert paper.held == 90


def test_market_order_without_a_fresh_quote_is_refused_and_a_limit_order_waits(paper: Paper) -> None:
    paper.now_ns += 11 * SECOND
    assert rejection(paper, BUY, "1") == "stale_market"
    assert rejection(paper, BUY, "1", "101.0", time_in_force=TimeInForce.IOC) == "stale_market"
    waiting = paper.place(BUY, "1", "101.0")
    assert paper.newest(waiting).status is OrderStatus.ACCEPTED
    assert paper.fills == []
    paper.quote("99.9", "100.1")
    assert paper.newest(waiting).status is OrderStatus.FILLED


def test_longs_pay_a_positive_rate_and_shorts_receive_it(paper: Paper) -> None:
    for side, amount in ((BUY, Decimal("-0.01")), (SELL, Decimal("0.01"))):
        made = Paper()
        made.quote("99.9", "100.1")
        made.place(side, "1")
        rate = FundingRate(ts_ns=made.now_ns + SECOND, rate=Decimal("0.0001"))
        made.heard(made.book.pay_funding(LINEAR_ID, rate, Decimal(100), later=[], now_ns=made.now_ns + 2 * SECOND))
        movement = made.cash[-1].movement
        assert (movement.kind, movement.amount, movement.instrument_id) == ("funding", amount, LINEAR_ID)
        assert made.cash[-1].ts_event_ns == rate.ts_ns


def test_one_settlement_is_paid_once(paper: Paper) -> None:
    paper.place(BUY, "1")
    rate = FundingRate(ts_ns=paper.now_ns + SECOND, rate=Decimal("0.0001"))
    assert paper.book.pay_funding(LINEAR_ID, rate, Decimal(100), later=[], now_ns=rate.ts_ns).cash
    assert not paper.book.pay_funding(LINEAR_ID, rate, Decimal(100), later=[], now_ns=rate.ts_ns)


def test_funding_counts_what_was_held_at_its_time(paper: Paper) -> None:
    paper.place(BUY, "1")
    rate = FundingRate(ts_ns=paper.now_ns + SECOND, rate=Decimal("0.0001"))
    paper.now_ns += 2 * SECOND
    paper.quote("99.9", "100.1")
    paper.place(BUY, "3")
    later = [fill for fill in paper.booked if fill.ts_ns > rate.ts_ns]
    assert [fill.lots for fill in later] == [3000]
    paid = paper.book.pay_funding(LINEAR_ID, rate, Decimal(100), later=later, now_ns=paper.now_ns)
    assert [cash.amount for cash in paid.cash] == [Decimal("-0.01")]


def test_position_closed_just_after_a_settlement_is_still_asked_for_it(paper: Paper) -> None:
    paper.place(BUY, "1")
    paper.quote("99.9", "100.1")
    paper.place(SELL, "1")
    assert [name for name, _ in paper.book.funding_due(paper.now_ns)] == [LINEAR_ID]
    assert paper.book.funding_due(paper.now_ns + 2 * HOUR_NS) == []


def test_spot_moves_coins_and_sells_no_more_than_there_are() -> None:
    options = replace(OPTIONS, coins={"BTC": Decimal(1)})
    paper = Paper(SPOT, options, coin_markets=[SPOT])
    paper.quote("99.9", "100.1")
    paper.place(BUY, "2")
    assert paper.held == 3
    assert paper.book.account.balances["USDT"] == 1000 - Decimal("200.2") * Decimal("1.002")
    paper.place(SELL, "2", "120.0")
    assert rejection(paper, SELL, "1.5", "121.0") == "insufficient_balance"
    assert summary(paper.book.account, paper.now_ns).equity == paper.book.account.balances["USDT"] + 300


def test_spot_is_paid_in_full() -> None:
    paper = Paper(SPOT)
    paper.quote("99.9", "100.1", size="50")
    assert rejection(paper, BUY, "10") == "insufficient_margin"
    paper.place(BUY, "9")


def test_spot_exits_sell_the_coins_that_were_bought() -> None:
    paper = Paper(SPOT)
    paper.quote("99.9", "100.1")
    paper.place(BUY, "1", "100.1", stop_loss=StopLoss(trigger_price=Decimal(95)))
    (stop,) = paper.book.open_orders
    assert (stop.terms.order_type, stop.terms.reduce_only) == (OrderType.STOP_MARKET, False)
    paper.quote("94.0", "94.2")
    paper.trade("94.1", "1", SELL)
    assert paper.held == 0


def test_position_shows_its_exits(paper: Paper) -> None:
    exits = {"take_profit": TakeProfit(price=Decimal(110)), "stop_loss": StopLoss(trigger_price=Decimal(90))}
    paper.place(BUY, "1", "100.1", **exits)
    report = paper.book.position(LINEAR_ID, paper.now_ns)
    assert (report.take_profit, report.stop_loss) == (Decimal(110), Decimal(90))
    assert {order.parent_client_order_id for order in paper.book.open_orders} == {"C1"}


@pytest.mark.parametrize(
    ("field", "exits"),
    [
        ("take_profit.price", {"take_profit": TakeProfit(price=Decimal(99))}),
        ("stop_loss.trigger_price", {"stop_loss": StopLoss(trigger_price=Decimal(102))}),
    ],
)
def test_exit_on_the_wrong_side_is_named(paper: Paper, field: str, exits: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        paper.place(BUY, "1", "100.1", **exits)
    assert [error.field for error in caught.value.errors] == [field]


def test_contract_is_delivered_at_its_last_mark(paper: Paper) -> None:
    expiry = paper.now_ns + HOUR_NS
    future = Paper(replace(WIDE, expires_at_ns=expiry))
    future.quote("99.9", "100.1")
    future.place(BUY, "1")
    resting = future.place(BUY, "1", "90.0")
    future.mark("105")
    future.now_ns = expiry
    future.heard(future.book.on_time(expiry))
    assert (future.held, future.fills[-1].fill.price) == (Decimal(0), Decimal(105))
    assert future.newest(resting).broker.code == "delivery"
    assert rejection(future, BUY, "1", "90.0") == "expired"


def test_day_order_ends_at_midnight_of_the_instruments_day(paper: Paper) -> None:
    evening = 20 * HOUR_NS
    made = Paper(replace(WIDE, timezone="America/New_York"), now_ns=evening)
    made.quote("99.9", "100.1")
    order = made.place(BUY, "1", "90.0", time_in_force=TimeInForce.DAY)
    made.heard(made.book.on_time(29 * HOUR_NS - 1))
    assert made.newest(order).status is OrderStatus.ACCEPTED
    made.heard(made.book.on_time(29 * HOUR_NS))
    assert made.newest(order).status is OrderStatus.EXPIRED


def test_trailing_stop_is_reported_with_the_terms_that_were_asked_for(paper: Paper) -> None:
    paper.place(BUY, "1")
    trailing = paper.place(
        SELL, "1", order_type=OrderType.TRAILING_STOP_MARKET, trailing_offset=Decimal(2), reduce_only=True
    )
    paper.trade("104.0", "1", BUY)
    assert paper.newest(trailing).terms == paper.terms(
        SELL, "1", order_type=OrderType.TRAILING_STOP_MARKET, trailing_offset=Decimal(2), reduce_only=True
    )
    paper.trade("102.0", "1", SELL)
    assert paper.newest(trailing).status is OrderStatus.TRIGGERED
    paper.quote("101.5", "101.7")
    assert paper.newest(trailing).status is OrderStatus.FILLED


def test_numbers_that_the_instrument_does_not_trade_are_refused_with_a_code(paper: Paper) -> None:
    assert rejection(paper, BUY, "0.0001") == rejection(paper, BUY, "0.0015") == "off_step"
    assert rejection(paper, BUY, "1001") == "above_maximum"
    assert rejection(paper, BUY, "1", "99.05") == "off_tick"
    assert rejection(paper, BUY, "0.001", "99.0") == "below_minimum_notional"
    assert rejection(paper, SELL, "1", reduce_only=True) == "reduce_only"


def test_what_the_paper_account_never_takes_is_unsupported_with_the_remedy(paper: Paper) -> None:
    with pytest.raises(NotFound, match="paper account is called local"):
        check_scope("elsewhere", paper.terms(BUY, "1"), LINEAR, "USDT")
    with pytest.raises(Unsupported, match='"currency": "BTC"'):
        check_scope(ACCOUNT_ID, paper.terms(BUY, "1"), INVERSE, "USDT")
    with pytest.raises(Unsupported, match="one position per instrument"):
        check_scope(ACCOUNT_ID, paper.terms(BUY, "1", position_id="long"), LINEAR, "USDT")
    with pytest.raises(Unsupported, match="only coins"):
        check_scope(ACCOUNT_ID, paper.terms(BUY, "1", reduce_only=True), SPOT, "USDT")


def test_realized_profit_agrees_with_the_products_own_positions(paper: Paper) -> None:
    for side, quantity, bid in ((BUY, "2", "99.9"), (BUY, "3", "101.3"), (SELL, "4", "97.7"), (SELL, "3", "103.1")):
        paper.quote(bid, str(Decimal(bid) + Decimal("0.2")))
        paper.place(side, quantity)
    position = None
    for number, report in enumerate(paper.fills):
        assert isinstance(report.fill, OrderFilled)
        key = PositionKey(connection_id="C", account_id=ACCOUNT_ID, instrument_id=LINEAR_ID)
        position, _ = apply_fill(position, key, report.fill, ts_ns=number, seq=number)
    assert position is not None
    assert position.quantity == paper.held == -2
    assert position.realized_pnl == summary(paper.book.account, paper.now_ns).realized_pnl
    assert position.average_price == paper.book.position(LINEAR_ID, 0).average_price


def test_what_is_held_goes_on_in_its_steps_when_the_broker_changes_them(paper: Paper) -> None:
    paper.place(BUY, "1.5")
    paper.instrument = replace(WIDE, lot_step=Decimal("0.01"), min_quantity=Decimal("0.01"))
    paper.quote("99.9", "100.1")
    assert paper.held == Decimal("1.5")
    assert rejection(paper, SELL, "0.005") == "off_step"
    paper.place(SELL, "1.5")
    assert paper.held == 0
    paper.instrument = replace(WIDE, lot_step=Decimal("0.0001"), min_quantity=Decimal("0.0001"))
    paper.quote("99.9", "100.1")
    paper.place(BUY, "0.5001")
    assert paper.held == Decimal("0.5001")


def test_quotes_without_sizes_last_or_mark_are_enough_to_trade_on() -> None:
    paper = Paper()
    paper.best("99.9", "100.1")
    paper.place(BUY, "20")
    stop = paper.place(SELL, "20", order_type=OrderType.STOP_MARKET, trigger_price=Decimal(98), reduce_only=True)
    assert (paper.held, paper.fills[0].fill.price) == (Decimal(20), Decimal("100.1"))
    assert summary(paper.book.account, paper.now_ns).unrealized_pnl == -2
    paper.best("98.1", "98.3")
    assert paper.newest(stop).held == "untriggered"
    paper.best("98.0", "98.2")
    assert (paper.held, paper.fills[-1].fill.price) == (Decimal(0), Decimal("98.0"))


def test_coin_without_a_market_is_no_position(paper: Paper) -> None:
    assert {report.instrument_id for report in paper.book.positions(paper.now_ns)} == set()
    assert SPOT_ID not in paper.book.watched
