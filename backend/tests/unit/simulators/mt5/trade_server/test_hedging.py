"""A hedging account holds a position per opening order: closing needs its ticket."""

from decimal import Decimal

from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.words import (
    DealEntry,
    DealType,
    OrderState,
    OrderType,
    PositionType,
    TradeAction,
)
from tests.unit.simulators.mt5.trade_server.desk import EXCHANGE_EURUSD, GER40, LOGIN, Desk, hedging


def test_an_opposite_order_opens_a_second_position() -> None:
    desk = hedging()
    bought, sold = desk.buy("0.10"), desk.sell("0.10")
    assert [(each.ticket, each.identifier, each.type) for each in desk.positions] == [
        (bought.order, bought.order, PositionType.BUY),
        (sold.order, sold.order, PositionType.SELL),
    ]
    assert {deal.entry for deal in desk.deals[1:]} == {DealEntry.IN}


def test_a_position_is_closed_in_parts_by_its_ticket() -> None:
    desk = hedging()
    other, mine = desk.buy("0.10"), desk.buy("0.30", sl="1.00000")
    desk.price("EURUSD", "1.10110", "1.10120")
    desk.sell("0.10", position=mine.order)
    assert desk.deals[-1].entry == DealEntry.OUT
    assert desk.deals[-1].profit == Decimal("10.00")
    assert [each.volume for each in desk.positions] == [Decimal("0.10"), Decimal("0.20")]
    assert desk.positions[1].sl == Decimal("1.00000")

    closing = desk.sell("0.20", position=mine.order)
    assert desk.last.closed == ((LOGIN, mine.order),)
    assert [each.ticket for each in desk.positions] == [other.order]
    joined = [deal for deal in desk.deals if deal.position_id == mine.order]
    assert sum(deal.profit for deal in joined) == Decimal("30.00")
    assert desk.history[closing.order].position_id == mine.order


def test_closing_more_than_the_position_has_is_refused() -> None:
    desk = hedging()
    mine = desk.buy("0.10")
    assert desk.sell("0.11", position=mine.order).retcode == Retcode.INVALID_CLOSE_VOLUME
    assert desk.buy("0.10", position=mine.order).retcode == Retcode.INVALID, "the same direction closes nothing"
    assert desk.sell("0.10", position=mine.order, symbol="USDJPY").retcode == Retcode.INVALID
    assert desk.sell("0.10", position=mine.order).retcode == Retcode.DONE
    assert desk.sell("0.10", position=mine.order).retcode == Retcode.POSITION_CLOSED


def opposite_pair(desk: Desk, bought: str, sold: str) -> tuple[int, int]:
    one = desk.buy(bought).order
    desk.price("EURUSD", "1.10500", "1.10510")
    return one, desk.sell(sold).order


def test_two_equal_positions_close_each_other_with_the_profit_on_one_deal() -> None:
    desk = hedging()
    one, other = opposite_pair(desk, "0.10", "0.10")
    result = desk.send(TradeAction.CLOSE_BY, position=one, position_by=other, comment="both")
    assert desk.positions == ()
    first, second = desk.deals[-2:]
    assert {first.entry, second.entry} == {DealEntry.OUT_BY}
    assert (first.type, first.position_id, first.profit) == (DealType.SELL, one, Decimal("49.00"))
    assert (second.type, second.position_id, second.profit) == (DealType.BUY, other, Decimal(0))
    order = desk.history[result.order]
    assert (order.type, order.state, order.client_key) == (OrderType.CLOSE_BY, OrderState.FILLED, "both")
    assert (order.position_id, order.position_by_id) == (one, other)
    assert desk.balance == Decimal("100049.00")


def test_of_unequal_positions_the_rest_of_the_larger_one_stays_open() -> None:
    desk = hedging()
    one, other = opposite_pair(desk, "0.30", "0.10")
    result = desk.send(TradeAction.CLOSE_BY, position=one, position_by=other)
    assert (desk.position.ticket, desk.position.volume) == (one, Decimal("0.20"))
    assert desk.position.price_open == Decimal("1.10010")
    assert desk.last.closed == ((LOGIN, other),)
    assert result.volume == Decimal("0.10")
    assert desk.history[result.order].comment == f"close #{one} by #{other}"


def test_close_by_wants_two_opposite_positions_of_one_symbol_on_a_hedging_account() -> None:
    desk = hedging()
    one, other = desk.buy("0.10").order, desk.buy("0.10").order
    third = desk.sell("0.10", symbol="USDJPY").order
    assert desk.send(TradeAction.CLOSE_BY, position=one, position_by=other).retcode == Retcode.INVALID
    assert desk.send(TradeAction.CLOSE_BY, position=one, position_by=third).retcode == Retcode.INVALID
    assert desk.send(TradeAction.CLOSE_BY, position=one, position_by=one).retcode == Retcode.INVALID
    assert desk.send(TradeAction.CLOSE_BY, position=one, position_by=99).retcode == Retcode.POSITION_CLOSED


def test_every_deal_takes_commission_but_those_of_close_by() -> None:
    desk = hedging()
    one = desk.buy("0.5", symbol="GER40").order
    other = desk.sell("0.5", symbol="GER40").order
    assert [deal.commission for deal in desk.deals[1:]] == [Decimal("-1.75"), Decimal("-1.75")]
    desk.send(TradeAction.CLOSE_BY, symbol="GER40", position=one, position_by=other)
    assert [deal.commission for deal in desk.deals[-2:]] == [Decimal(0), Decimal(0)]


def test_a_partial_close_takes_its_share_of_the_swap() -> None:
    desk = hedging()
    desk.terms(GER40, swap_long=Decimal("-3.6"))
    mine = desk.buy("0.3", symbol="GER40").order
    desk.end_day(weekday=1)
    # 0.3 lots * 24,000 EUR * 3.6 % / 360 days = 0.72 EUR, bought at 1.1001
    assert desk.position.swap == Decimal("-0.79")
    desk.sell("0.1", symbol="GER40", position=mine)
    assert desk.deals[-1].swap == Decimal("-0.26")
    assert desk.position.swap == Decimal("-0.53")
    desk.sell("0.2", symbol="GER40", position=mine)
    assert desk.deals[-1].swap == Decimal("-0.53")
    assert desk.balance == Decimal(100000) + sum(deal.amount for deal in desk.deals[1:])


def test_an_unfinished_close_order_lets_no_second_one_exceed_the_position() -> None:
    desk = hedging()
    desk.server.change_symbol(EXCHANGE_EURUSD)
    mine = desk.buy("0.30", type_filling=2).order
    assert desk.sell("0.20", position=mine, type_filling=2, fill_limit="0.05").retcode == Retcode.DONE_PARTIAL
    assert desk.position.volume == Decimal("0.25")
    assert desk.sell("0.11", position=mine, type_filling=2).retcode == Retcode.CLOSE_ORDER_EXIST
    assert desk.sell("0.10", position=mine, type_filling=2).retcode == Retcode.DONE
    desk.tick("EURUSD", "1.10000", "1.10010")
    assert desk.positions == ()
    assert desk.orders == ()
