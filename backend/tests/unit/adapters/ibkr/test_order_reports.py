"""What TWS's order messages mean: the traps that an order's status, codes and ids set."""

from decimal import Decimal

import pytest

from edgerunner.domain.orders import ChildKind, OrderStatus, OrderType, TimeInForce
from tests.unit.adapters.ibkr.orders_kit import AAPL, ACCOUNT, KEY, PERM_ID, Heard


def test_an_open_order_becomes_a_report_with_key_permanent_id_and_terms() -> None:
    heard = Heard()
    heard.open_order("Submitted")
    report = heard.orders[-1]
    assert (report.client_order_id, report.venue_order_id, report.account_id) == (KEY, str(PERM_ID), ACCOUNT)
    assert (report.status, report.terms.order_type) == (OrderStatus.ACCEPTED, OrderType.LIMIT)
    assert (report.terms.quantity, report.terms.price) == (Decimal(100), Decimal("101.5"))
    assert report.terms.time_in_force is TimeInForce.DAY


def test_code_10349_changes_nothing_of_a_working_order() -> None:
    heard = Heard()
    heard.open_order("Submitted")
    heard.desk.error(5, 10349, "Order TIF was set to DAY based on order preset.")
    assert heard.orders[-1].status is OrderStatus.ACCEPTED
    assert heard.orders[-1].broker.code == "10349"
    assert not heard.suspects


def test_code_404_leaves_the_order_alive_and_held_while_shares_are_located() -> None:
    heard = Heard()
    heard.open_order("PreSubmitted", action="SELL")
    heard.desk.error(5, 404, "Order held while securities are located.")
    heard.status("Inactive", why_held="locate")
    assert (heard.orders[-1].status, heard.orders[-1].held) == (OrderStatus.ACCEPTED, "locate")


def test_inactive_after_a_refusing_code_is_a_rejection() -> None:
    heard = Heard()
    heard.open_order("PreSubmitted")
    heard.desk.error(5, 201, "Order rejected - reason: no margin")
    heard.status("Inactive")
    assert heard.orders[-1].status is OrderStatus.REJECTED
    assert heard.orders[-1].broker.text == "Order rejected - reason: no margin"


def test_inactive_without_a_code_may_become_active_again() -> None:
    heard = Heard()
    heard.open_order("Submitted")
    heard.status("Inactive")
    assert (heard.orders[-1].status, heard.orders[-1].held) == (OrderStatus.ACCEPTED, "inactive")
    heard.status("Submitted")
    assert (heard.orders[-1].status, heard.orders[-1].held) == (OrderStatus.ACCEPTED, None)


@pytest.mark.parametrize("tif", ["IOC", "FOK"])
def test_inactive_ends_an_order_that_lives_for_a_moment_only(tif: str) -> None:
    heard = Heard()
    heard.open_order("Inactive", tif=tif)
    assert heard.orders[-1].status is OrderStatus.CANCELED


def test_a_code_alone_does_not_end_an_order_but_asks_for_a_second_look() -> None:
    heard = Heard()
    heard.open_order("Submitted")
    heard.desk.error(5, 201, "Order rejected")
    assert heard.orders[-1].status is OrderStatus.ACCEPTED
    assert [record.perm_id for record in heard.suspects] == [PERM_ID]


def test_cancelled_after_a_part_was_filled_and_refused_stays_canceled() -> None:
    heard = Heard()
    heard.open_order("Submitted")
    heard.status("Submitted", filled=40.0)
    heard.desk.error(5, 201, "Order rejected")
    heard.status("Cancelled", filled=40.0)
    assert (heard.orders[-1].status, heard.orders[-1].filled_quantity) == (OrderStatus.CANCELED, Decimal(40))


def test_inactive_after_a_part_was_filled_and_refused_is_canceled() -> None:
    heard = Heard()
    heard.open_order("Submitted")
    heard.desk.error(5, 201, "Order rejected")
    heard.status("Inactive", filled=40.0)
    assert heard.orders[-1].status is OrderStatus.CANCELED


def test_what_tws_repeats_is_told_once() -> None:
    heard = Heard()
    heard.open_order("Submitted")
    told = len(heard.told)
    heard.open_order("Submitted")
    heard.status("Submitted")
    assert len(heard.told) == told


def test_a_stop_waits_for_its_trigger() -> None:
    heard = Heard()
    heard.open_order("PreSubmitted", orderType="STP", auxPrice=99.0, lmtPrice=13.16)
    heard.status("PreSubmitted", why_held="trigger")
    report = heard.orders[-1]
    assert (report.status, report.held) == (OrderStatus.ACCEPTED, "untriggered")
    assert (report.terms.order_type, report.terms.trigger_price, report.terms.price) == (
        OrderType.STOP_MARKET, Decimal(99), None,
    )  # fmt: skip


def test_a_word_that_is_not_known_never_ends_an_order() -> None:
    heard = Heard()
    heard.open_order("Submitted")
    heard.status("SomethingNew")
    assert (heard.orders[-1].status, heard.orders[-1].held) == (OrderStatus.ACCEPTED, "unknown status SomethingNew")


def test_a_status_before_its_open_order_is_told_once_the_order_is_known() -> None:
    heard = Heard()
    heard.status("Submitted", filled=10.0)
    assert not heard.told
    heard.open_order("Submitted")
    assert heard.orders[-1].filled_quantity == Decimal(10)


def test_a_cancel_by_another_client_reaches_the_order_by_its_permanent_id() -> None:
    heard = Heard()
    heard.open_order("Submitted")
    heard.status("Cancelled", client_id=99, order_id=5)
    assert heard.orders[-1].status is OrderStatus.CANCELED
    record = heard.desk.book.find(perm_id=PERM_ID)
    assert record is not None
    assert (record.client_id, record.order_id) == (7, 5)


def test_an_order_id_that_a_restarted_tws_gives_again_is_another_order() -> None:
    heard = Heard()
    heard.open_order("Submitted")
    heard.open_order("Submitted", permId=PERM_ID + 1, orderRef="SECOND")
    heard.status("Filled", filled=100.0, perm_id=PERM_ID)
    by_key = {report.client_order_id: report.status for report in heard.orders}
    assert by_key == {KEY: OrderStatus.FILLED, "SECOND": OrderStatus.ACCEPTED}


def test_ids_shown_before_a_restart_are_not_given_out_again() -> None:
    heard = Heard()
    heard.open_order("Submitted", orderId=41)
    heard.desk.start_anew(7)
    assert heard.desk.book.highest_id(7) == 41


def test_orders_of_other_accounts_and_what_if_answers_are_not_told() -> None:
    heard = Heard()
    heard.open_order("Submitted", account="DU9999999")
    assert not heard.told


def test_an_order_by_hand_has_no_key_of_ours() -> None:
    heard = Heard()
    heard.open_order("Submitted", orderId=0, clientId=0, orderRef="")
    assert (heard.orders[-1].client_order_id, heard.orders[-1].venue_order_id) == (None, str(PERM_ID))


def test_an_attached_exit_names_its_parent() -> None:
    heard = Heard()
    heard.open_order("Submitted")
    heard.open_order("PreSubmitted", orderId=6, permId=PERM_ID + 1, parentId=5, orderRef=f"{KEY}/sl", action="SELL")
    report = heard.orders[-1]
    assert (report.client_order_id, report.parent_client_order_id) == (None, KEY)
    assert (report.parent_venue_order_id, report.child_kind) == (str(PERM_ID), ChildKind.ORDER)


def test_an_order_of_an_unknown_instrument_is_told_once_it_is_learnt() -> None:
    heard = Heard(knows_apple=False)
    heard.open_order("Submitted")
    assert (heard.told, heard.strangers) == ([], [AAPL])
    heard.knows_apple = True
    heard.desk.relearn()
    assert heard.orders[-1].client_order_id == KEY


def test_stamps_rise_though_tws_gives_none() -> None:
    heard = Heard()
    heard.open_order("PreSubmitted")
    heard.open_order("Submitted")
    assert heard.orders[0].ts_event_ns < heard.orders[1].ts_event_ns
