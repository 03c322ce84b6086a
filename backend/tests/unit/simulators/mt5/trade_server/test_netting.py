"""A netting account holds one position per symbol: orders add to it, take from it and turn it round."""

from decimal import Decimal

from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.values import TradeRequest
from edgerunner.simulators.mt5.trade_server.words import (
    DealEntry,
    DealType,
    OrderState,
    PositionType,
    Reason,
    TradeAction,
)
from tests.unit.simulators.mt5.trade_server.desk import EURUSD, LOGIN, netting


def test_a_second_order_in_the_same_direction_averages_the_price_of_the_one_position() -> None:
    desk = netting()
    first = desk.buy("0.10", magic=7)
    desk.price("EURUSD", "1.10100", "1.10110")
    second = desk.buy("0.30", magic=8)

    position = desk.position
    assert (position.ticket, position.identifier) == (first.order, first.order)
    assert position.volume == Decimal("0.40")
    assert position.price_open == Decimal("1.10085")
    assert position.magic == 7
    assert [deal.entry for deal in desk.deals[1:]] == [DealEntry.IN, DealEntry.IN]
    assert {deal.position_id for deal in desk.deals[1:]} == {first.order}
    assert desk.history[second.order].position_id == first.order


def test_an_opposite_order_reduces_the_position_and_books_its_share_of_the_profit() -> None:
    desk = netting()
    desk.buy("0.30")
    desk.price("EURUSD", "1.10110", "1.10120")
    desk.sell("0.10")

    out = desk.deals[-1]
    assert (out.entry, out.type, out.volume, out.price) == (
        DealEntry.OUT,
        DealType.SELL,
        Decimal("0.10"),
        Decimal("1.10110"),
    )
    assert out.profit == Decimal("10.00")
    assert desk.balance == Decimal("100010.00")
    assert (desk.position.volume, desk.position.price_open) == (Decimal("0.20"), Decimal("1.10010"))


def test_a_larger_opposite_order_turns_the_position_round_in_one_inout_deal() -> None:
    desk = netting()
    first = desk.buy("0.30", magic=1)
    desk.price("EURUSD", "1.10110", "1.10120")
    turn = desk.sell("0.50", magic=2, sl="1.20000")

    deal = desk.deals[-1]
    assert (deal.entry, deal.volume, deal.profit) == (DealEntry.INOUT, Decimal("0.50"), Decimal("30.00"))
    position = desk.position
    assert position.type == PositionType.SELL
    assert (position.volume, position.price_open) == (Decimal("0.20"), Decimal("1.10110"))
    assert (position.identifier, position.ticket) == (first.order, turn.order)
    assert (position.magic, position.sl) == (2, Decimal("1.20000"))
    assert desk.last.closed == ((LOGIN, first.order),)


def test_an_equal_opposite_order_closes_the_position_and_a_later_one_starts_another() -> None:
    desk = netting()
    first = desk.buy("0.30")
    desk.sell("0.30")
    assert desk.positions == ()
    assert desk.last.closed == ((LOGIN, first.order),)
    assert desk.value.margin == 0

    second = desk.sell("0.10")
    assert desk.position.identifier == second.order


def test_an_addition_replaces_both_stops_and_a_reduction_leaves_them() -> None:
    desk = netting()
    desk.buy("0.10", sl="1.09000", tp="1.12000")
    desk.sell("0.05", sl="1.15000")
    assert (desk.position.sl, desk.position.tp) == (Decimal("1.09000"), Decimal("1.12000"))

    desk.buy("0.05", tp="1.13000")
    assert (desk.position.sl, desk.position.tp) == (Decimal(0), Decimal("1.13000"))


def test_symbols_have_positions_of_their_own() -> None:
    desk = netting()
    desk.buy("0.10")
    desk.sell("0.20", symbol="USDJPY")
    assert [(each.symbol, each.type) for each in desk.positions] == [
        ("EURUSD", PositionType.BUY),
        ("USDJPY", PositionType.SELL),
    ]


def test_closing_by_hand_leaves_the_deal_without_magic_and_with_the_clients_reason() -> None:
    desk = netting()
    desk.buy("0.10", magic=42, comment="mine")
    assert desk.deals[-1].client_key == "mine"

    desk.sell("0.05", reason=Reason.CLIENT)
    closing = desk.deals[-1]
    assert (closing.magic, closing.reason, closing.comment) == (0, Reason.CLIENT, "")
    desk.sell("0.05", reason=Reason.CLIENT, comment="typed")
    assert desk.deals[-1].comment == "typed"
    assert {deal.client_key for deal in desk.deals[-2:]} == {None}


def test_stops_of_the_one_position_are_changed_by_its_symbol() -> None:
    desk = netting()
    desk.buy("0.10", sl="1.09000", tp="1.12000")
    result = desk.send(TradeAction.SLTP, tp="1.13000")
    assert (result.retcode, result.order, result.deal) == (Retcode.DONE, 0, 0)
    assert (desk.position.sl, desk.position.tp) == (Decimal(0), Decimal("1.13000"))


def test_a_check_tells_the_account_afterwards_and_changes_nothing() -> None:
    desk = netting()
    request = TradeRequest(action=TradeAction.DEAL, symbol="EURUSD", volume=Decimal(1), type=0)
    checked = desk.server.check(LOGIN, request, desk.quotes, desk.now)
    assert (checked.retcode, checked.comment) == (Retcode.CHECKED, "Done")
    assert checked.margin == Decimal("1100.10")
    assert (checked.balance, checked.equity, checked.profit) == (Decimal(100000), Decimal(100000), Decimal(0)), (
        "the spread is not counted yet"
    )
    assert checked.margin_level == Decimal("9090.082719752749750023")
    assert checked.margin + checked.margin_free == checked.equity
    assert desk.positions == ()

    assert desk.buy("1").order == 50_000_001, "a check takes no ticket"
    assert desk.value.margin == checked.margin
    assert desk.value.equity == Decimal("99990.00")


def test_a_check_of_a_closing_moves_the_profit_to_the_balance() -> None:
    desk = netting()
    desk.buy("1")
    desk.price("EURUSD", "1.10110", "1.10120")
    request = TradeRequest(action=TradeAction.DEAL, symbol="EURUSD", volume=Decimal("0.4"), type=1)
    checked = desk.server.check(LOGIN, request, desk.quotes, desk.now)
    assert (checked.balance, checked.equity, checked.profit) == (Decimal(100040), Decimal(100100), Decimal(60))
    assert checked.margin == Decimal("660.06")


def test_a_check_counts_credit_and_commission() -> None:
    desk = netting()
    desk.terms(EURUSD, commission=Decimal("3.5"))
    desk.keep(desk.server.move_money(LOGIN, Decimal(500), desk.now, kind=DealType.CREDIT))
    request = TradeRequest(action=TradeAction.DEAL, symbol="EURUSD", volume=Decimal(2), type=0)
    checked = desk.server.check(LOGIN, request, desk.quotes, desk.now)
    assert (checked.balance, checked.equity, checked.profit) == (Decimal(99993), Decimal(100493), Decimal(0))


def test_the_broker_may_write_another_comment_and_the_clients_is_still_known() -> None:
    desk = netting()
    request = TradeRequest(action=TradeAction.DEAL, symbol="EURUSD", volume=Decimal("0.1"), comment="mine")
    _, changes = desk.server.send(LOGIN, request, desk.quotes, desk.now, comment="theirs")
    (deal,), (order,), (position,) = changes.deals, changes.orders, changes.positions
    assert {deal.comment, order.comment, position.comment} == {"theirs"}
    assert {deal.client_key, order.client_key, position.client_key} == {"mine"}
    desk.buy("0.1")
    assert desk.deals[-1].client_key is None, "an empty comment is no key"


def test_a_check_passes_while_the_market_is_closed() -> None:
    desk = netting()
    desk.price("EURUSD", "1.10000", "1.10010", is_open=False)
    request = TradeRequest(action=TradeAction.DEAL, symbol="EURUSD", volume=Decimal(1), type=0)
    assert desk.server.check(LOGIN, request, desk.quotes, desk.now).retcode == Retcode.CHECKED
    assert desk.buy("1").retcode == Retcode.MARKET_CLOSED


def test_an_answer_names_deal_order_price_and_both_sides_of_the_market() -> None:
    desk = netting()
    result = desk.buy("0.10")
    (deal,) = desk.deals[1:]
    assert (result.retcode, result.comment) == (Retcode.DONE, "Request executed")
    assert (result.deal, result.order, result.request_id) == (deal.ticket, deal.order, 1)
    assert (result.volume, result.price) == (Decimal("0.10"), Decimal("1.10010"))
    assert (result.bid, result.ask) == (Decimal("1.10000"), Decimal("1.10010"))
    assert desk.history[result.order].state == OrderState.FILLED
    assert desk.history[result.order].volume_current == 0
