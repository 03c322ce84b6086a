"""Executions and commissions: two messages, in any order, repeated, late, or corrected."""

import asyncio
from decimal import Decimal

import pytest

from edgerunner.adapters.ibkr import executions
from edgerunner.domain.orders import Liquidity, Side
from tests.unit.adapters.ibkr.orders_kit import KEY, PERM_ID, Heard


async def test_a_fill_waits_for_its_commission() -> None:
    heard = Heard()
    heard.executed()
    assert not heard.fills
    heard.charged(told="1.25")
    report = heard.fills[0]
    assert (report.client_order_id, report.venue_order_id) == (KEY, str(PERM_ID))
    assert (report.fill.side, report.fill.quantity, report.fill.price) == (Side.BUY, Decimal(40), Decimal("101.5"))
    assert (report.fill.fee.currency, report.fill.fee.amount) == ("USD", Decimal("1.25"))
    assert report.fill.liquidity is Liquidity.TAKER
    heard.desk.close()


async def test_a_commission_may_come_before_its_execution() -> None:
    heard = Heard()
    heard.charged(told="0.5")
    heard.executed()
    assert [report.fill.fee.amount for report in heard.fills] == [Decimal("0.5")]


async def test_repeats_tell_a_fill_once() -> None:
    heard = Heard()
    heard.executed()
    heard.charged()
    heard.executed()
    heard.charged()
    assert (len(heard.fills), len(heard.cash)) == (1, 0)


async def test_a_late_commission_follows_as_the_fills_own_fee(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executions, "COMMISSION_WAIT_S", 0.0)
    heard = Heard()
    heard.executed()
    await asyncio.wait_for(heard.desk.executions.whole.wait(), 5)
    assert [report.fill.fee.amount for report in heard.fills] == [Decimal(0)]
    heard.charged(told="2.0")
    movement = heard.cash[0].movement
    assert (movement.movement_id, movement.kind, movement.amount) == ("fee:0001.01", "commission", Decimal(-2))
    assert (heard.cash[0].client_order_id, heard.cash[0].venue_order_id) == (KEY, str(PERM_ID))
    heard.charged(told="2.0")
    assert len(heard.cash) == 1


async def test_a_corrected_execution_is_not_booked_twice() -> None:
    heard = Heard()
    heard.executed("0001.01")
    heard.charged("0001.01")
    heard.executed("0001.02", shares=41.0)
    heard.charged("0001.02")
    assert [report.fill.trade_id for report in heard.fills] == ["0001.01"]


async def test_two_executions_of_one_order_are_two_fills() -> None:
    heard = Heard()
    for execution_id in ("0001.01", "0002.01"):
        heard.executed(execution_id)
        heard.charged(execution_id)
    assert [report.fill.trade_id for report in heard.fills] == ["0001.01", "0002.01"]


async def test_recorded_ids_of_one_second_stand_in_their_order() -> None:
    heard = Heard()
    for execution_id in ("0000e1a7.69e23a30.01.01", "0000e1a7.69e23a2f.01.01", "0000dc8f.6a317aba.01.01", "own-form"):
        heard.executed(execution_id)
        heard.charged(execution_id)
    later, earlier, elsewhere, unread = (report.fill for report in heard.fills)
    assert (earlier.line, earlier.rank < later.rank) == (later.line, True)
    assert elsewhere.line != later.line
    assert (unread.line, unread.rank) == ("", 0)


async def test_executions_of_other_accounts_are_no_business_of_ours() -> None:
    heard = Heard()
    heard.executed(account="DU9999999")
    heard.charged()
    assert not heard.told


async def test_another_session_tells_what_still_waited() -> None:
    heard = Heard()
    heard.executed()
    heard.desk.start_anew(7)
    assert len(heard.fills) == 1
    heard.desk.close()
