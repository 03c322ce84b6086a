"""Stop loss, take profit and stop-out: the server closes by itself, and says why."""

from decimal import Decimal

import pytest

from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.words import (
    DealEntry,
    DealType,
    OrderFilling,
    OrderState,
    OrderType,
    Reason,
    StopOutMode,
    TradeAction,
)
from tests.unit.simulators.mt5.trade_server.desk import (
    EURUSD,
    LOGIN,
    Desk,
    hedging,
    netting,
)

Path = tuple[tuple[str, str], tuple[str, str]]
HITS = [
    (OrderType.BUY, {"sl": "1.09500"}, (("1.09501", "1.09511"), ("1.09500", "1.09510")), (Reason.SL, "[sl 1.09500]")),
    (OrderType.BUY, {"tp": "1.10500"}, (("1.10499", "1.10509"), ("1.10500", "1.10510")), (Reason.TP, "[tp 1.10500]")),
    (OrderType.SELL, {"sl": "1.10500"}, (("1.10489", "1.10499"), ("1.10490", "1.10500")), (Reason.SL, "[sl 1.10500]")),
    (OrderType.SELL, {"tp": "1.09500"}, (("1.09491", "1.09501"), ("1.09490", "1.09500")), (Reason.TP, "[tp 1.09500]")),
]


@pytest.mark.parametrize("make", [hedging, netting])
@pytest.mark.parametrize(("type_", "stops", "path", "said"), HITS)
def test_a_stop_closes_the_position_at_the_market_with_its_reason_and_magic(
    make: type[Desk], type_: OrderType, stops: dict[str, str], path: Path, said: tuple[Reason, str]
) -> None:
    (near, hit), (reason, comment) = path, said
    desk = make()
    opened = desk.deal(type_, "0.10", magic=77, comment="mine", **stops)
    assert not desk.tick("EURUSD", *near)

    desk.tick("EURUSD", *hit)
    assert desk.positions == ()
    (deal,) = desk.last.deals
    assert (deal.entry, deal.reason, deal.comment, deal.magic) == (DealEntry.OUT, reason, comment, 77)
    assert deal.position_id == opened.order
    assert deal.client_key is None, "no program sent it"
    assert deal.price == Decimal(hit[0] if type_ == OrderType.BUY else hit[1])
    order = desk.history[deal.order]
    assert (order.state, order.reason, order.position_id) == (OrderState.FILLED, reason, opened.order)
    assert order.type == (OrderType.SELL if type_ == OrderType.BUY else OrderType.BUY)
    assert desk.balance == 100000 + deal.profit


def test_stops_that_a_pending_order_brings_work_in_the_same_step() -> None:
    desk = hedging()
    desk.pending(OrderType.BUY_STOP, "0.10", "1.10500", tp="1.10600")
    desk.tick("EURUSD", "1.10700", "1.10710")
    assert [(deal.entry, deal.reason) for deal in desk.last.deals] == [
        (DealEntry.IN, Reason.EXPERT),
        (DealEntry.OUT, Reason.TP),
    ]
    assert desk.last.positions == ()
    assert [ticket for _, ticket in desk.last.closed] == [desk.last.deals[0].order]


def test_a_gap_beyond_a_stop_is_paid_by_the_client() -> None:
    desk = hedging()
    desk.buy("0.10", sl="1.09500")
    desk.tick("EURUSD", "1.09000", "1.09010")
    (deal,) = desk.last.deals
    assert (deal.price, deal.profit) == (Decimal("1.09000"), Decimal("-101.00"))
    assert desk.history[deal.order].price_open == Decimal("1.09500")


def test_a_stop_waits_until_its_money_can_be_priced() -> None:
    desk = hedging()
    desk.buy("0.5", symbol="GER40", sl="23990.0")
    euro = desk.quotes.pop("EURUSD")
    assert not desk.tick("GER40", "23980.0", "23982.0")
    desk.quotes["EURUSD"] = euro
    desk.tick("GER40", "23980.0", "23982.0")
    assert desk.last.deals[0].reason == Reason.SL


def test_no_stop_is_hit_while_the_market_is_closed() -> None:
    desk = hedging()
    desk.buy("0.10", sl="1.09500")
    desk.price("EURUSD", "1.00000", "1.00010", is_open=False)
    assert not desk.server.on_quotes(desk.quotes, desk.now)


def test_an_omitted_stop_is_removed() -> None:
    desk = hedging()
    mine = desk.buy("0.10", sl="1.09", tp="1.12").order
    desk.send(TradeAction.SLTP, position=mine, sl="1.09500")
    assert (desk.position.sl, desk.position.tp) == (Decimal("1.09500"), Decimal(0))
    desk.send(TradeAction.SLTP, position=mine)
    assert (desk.position.sl, desk.position.tp) == (Decimal(0), Decimal(0))
    assert not desk.tick("EURUSD", "1.09000", "1.09010")


def test_a_stop_that_stays_may_lie_nearer_than_the_level_and_a_new_one_may_not() -> None:
    desk = hedging()
    mine = desk.buy("0.10", sl="1.09990").order
    desk.terms(EURUSD, stops_level=50)
    moved = desk.send(TradeAction.SLTP, position=mine, sl="1.09990", tp="1.12")
    assert moved.retcode.is_success
    assert desk.position.tp == Decimal("1.12")


def test_the_stop_out_closes_the_largest_loss_first_until_the_level_is_high_enough() -> None:
    desk = hedging("1000")
    small = desk.buy("0.30").order
    desk.price("EURUSD", "1.10500", "1.10510")
    large = desk.buy("0.30").order
    waiting = desk.pending(OrderType.BUY_LIMIT, "0.01", "0.90000", type_filling=OrderFilling.RETURN).order
    # Margin 330.03 + 331.53; 50 % of it is 330.78. Equity 1000 - 30 * (110.01 + 110.51 - 2 * bid in cents)
    assert not desk.tick("EURUSD", "1.09145", "1.09155").deals
    assert desk.value.is_margin_call

    desk.tick("EURUSD", "1.09140", "1.09150")
    (deal,) = desk.last.deals
    assert (deal.position_id, deal.reason, deal.entry) == (large, Reason.SO, DealEntry.OUT)
    assert deal.comment == "[so 49.58%/328.00/661.56]"
    assert [position.ticket for position in desk.positions] == [small]
    assert [order.ticket for order in desk.orders] == [waiting]
    assert not desk.value.is_stop_out


def test_several_positions_go_when_one_is_not_enough() -> None:
    desk = hedging("1000")
    for _ in range(3):
        desk.buy("0.20")
    desk.tick("EURUSD", "1.08000", "1.08010")
    assert len(desk.last.deals) == 3
    assert {deal.reason for deal in desk.last.deals} == {Reason.SO}
    assert desk.balance == Decimal("-206.00")
    assert desk.positions == ()


def test_a_stop_out_counted_in_money_looks_at_the_equity() -> None:
    desk = hedging("1000")
    desk.account_terms(margin_so_mode=StopOutMode.MONEY, margin_so_so=Decimal(700), margin_so_call=Decimal(800))
    desk.buy("0.10")
    desk.tick("EURUSD", "1.08000", "1.08010")
    assert desk.value.is_margin_call
    assert not desk.last.deals
    assert not desk.tick("EURUSD", "1.07011", "1.07021").deals, "the equity is 700.10"
    desk.tick("EURUSD", "1.07010", "1.07020")
    assert desk.last.deals[0].reason == Reason.SO


def test_the_operator_liquidates_whatever_the_level_is() -> None:
    desk = hedging()
    desk.buy("0.10")
    desk.sell("0.10", symbol="USDJPY")
    desk.keep(desk.server.liquidate(LOGIN, desk.quotes, desk.now))
    assert desk.positions == ()
    assert {deal.reason for deal in desk.last.deals} == {Reason.SO}


def test_money_goes_in_and_out_as_deals_of_its_own() -> None:
    desk = hedging()
    first = desk.deals[0]
    assert (first.type, first.order, first.symbol, first.position_id) == (DealType.BALANCE, 0, "", 0)
    assert (first.profit, first.volume, first.entry, first.reason) == (
        Decimal(100000),
        Decimal(0),
        DealEntry.IN,
        Reason.CLIENT,
    )
    desk.keep(desk.server.move_money(LOGIN, Decimal("-250.5"), desk.now, comment="Withdrawal"))
    desk.keep(desk.server.move_money(LOGIN, Decimal(1000), desk.now, kind=DealType.CREDIT))
    account = desk.server.account(LOGIN)
    assert (account.balance, account.credit) == (Decimal("99749.50"), Decimal(1000))
    assert desk.value.equity == Decimal("100749.50")
    with pytest.raises(ValueError, match="is a trade"):
        desk.server.move_money(LOGIN, Decimal(1), desk.now, kind=DealType.BUY)


def test_a_server_that_is_started_again_with_what_was_kept_goes_on_where_it_was() -> None:
    desk = hedging()
    mine = desk.buy("0.30", sl="1.09").order
    waiting = desk.pending(OrderType.BUY_LIMIT, "0.10", "1.09500").order
    gone = desk.pending(OrderType.BUY_LIMIT, "0.10", "1.09500").order
    desk.send(TradeAction.REMOVE, order=gone)
    before = desk.value
    desk.restart()
    assert desk.value == before
    assert desk.send(TradeAction.REMOVE, order=gone).retcode == Retcode.ORDER_CHANGED
    assert desk.sell("0.10", position=mine).order == gone + 1
    desk.tick("EURUSD", "1.08000", "1.08010")
    assert desk.orders == ()
    assert {deal.reason for deal in desk.last.deals} == {Reason.EXPERT, Reason.SL}
    assert desk.history[waiting].state == OrderState.FILLED
