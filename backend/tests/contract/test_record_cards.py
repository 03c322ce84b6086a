"""The broker's records: lookups, open orders, fills, cash, positions, money."""

from decimal import Decimal

import pytest

from edgerunner.adapters.broker import PositionReport, product_label
from edgerunner.domain.accounts import AccountSummary
from edgerunner.domain.orders import OrderStatus, Side
from tests.contract.harness import Broker, until

MINUTE_NS = 60 * 10**9


async def test_working_order_is_found_by_key_and_by_broker_id(broker: Broker) -> None:
    key = await broker.place(await broker.limit_terms())
    working = await broker.until_status(key, OrderStatus.ACCEPTED)
    by_key = await broker.adapter.find_order(
        client_order_id=key, venue_order_id=None, instrument_id=broker.instrument_id, sent_at_ns=broker.now_ns()
    )
    by_id = await broker.adapter.find_order(
        client_order_id=None,
        venue_order_id=working.venue_order_id,
        instrument_id=broker.instrument_id,
        sent_at_ns=None,
    )
    for lookup in (by_key, by_id):
        assert lookup.report is not None
        assert lookup.report.venue_order_id == working.venue_order_id
        assert lookup.report.terms == working.terms
        assert not lookup.is_proof_of_absence


async def test_filled_order_is_found_with_its_fills(broker: Broker) -> None:
    key = await broker.place(broker.market_terms())
    await broker.until_status(key, OrderStatus.FILLED)
    streamed = await broker.until_filled(key, broker.quantity)
    lookup = await broker.adapter.find_order(
        client_order_id=key, venue_order_id=None, instrument_id=broker.instrument_id, sent_at_ns=broker.now_ns()
    )
    assert lookup.report is not None
    assert lookup.report.status is OrderStatus.FILLED
    assert [each.fill for each in lookup.fills] == [each.fill for each in streamed]


async def test_absence_is_proven_after_a_while_and_not_at_once(broker: Broker) -> None:
    fresh = await broker.adapter.find_order(
        client_order_id="NEVER-SENT",
        venue_order_id=None,
        instrument_id=broker.instrument_id,
        sent_at_ns=broker.now_ns(),
    )
    old = await broker.adapter.find_order(
        client_order_id="NEVER-SENT",
        venue_order_id=None,
        instrument_id=broker.instrument_id,
        sent_at_ns=broker.now_ns() - 10 * MINUTE_NS,
    )
    assert (fresh.report, fresh.is_proof_of_absence) == (None, False)
    assert (old.report, old.fills, old.is_proof_of_absence) == (None, (), True)


async def test_every_page_of_open_orders_is_read_foreign_ones_included(broker: Broker) -> None:
    await broker.place_by_hand(55)
    orders = await broker.adapter.get_open_orders()
    assert len({report.venue_order_id for report in orders}) == 55
    assert {report.client_order_id for report in orders} == {None}


async def test_fills_since_a_time_are_those_the_stream_told(broker: Broker) -> None:
    before = broker.now_ns() - MINUTE_NS
    keys = [await broker.place(broker.market_terms(side)) for side in (Side.BUY, Side.SELL)]
    streamed = [each for key in keys for each in await broker.until_filled(key, broker.quantity)]
    listed = await broker.adapter.get_fills(before)
    assert {each.fill.trade_id: each.fill for each in listed} == {each.fill.trade_id: each.fill for each in streamed}
    assert [each.ts_event_ns for each in listed] == sorted(each.ts_event_ns for each in listed)
    assert await broker.adapter.get_fills(broker.now_ns() + MINUTE_NS) == []


async def test_money_paid_in_is_a_movement_and_fees_of_fills_are_not(broker: Broker) -> None:
    if not broker.adapter.capabilities.account_history:
        pytest.skip(f"declared unsupported: {broker.capabilities.unsupported['cash_movements']}")
    key = await broker.place(broker.market_terms())
    await broker.until_filled(key, broker.quantity)
    since = broker.now_ns() - MINUTE_NS
    before = {report.movement.movement_id for report in await broker.adapter.get_cash_movements(since)}
    currency = await broker.pay_in(Decimal("123.45"))
    after = await broker.adapter.get_cash_movements(since)
    (movement,) = [report.movement for report in after if report.movement.movement_id not in before]
    assert (movement.kind, movement.currency, movement.amount) == ("deposit", currency, Decimal("123.45"))


async def test_position_follows_the_trades(broker: Broker) -> None:
    async def held() -> Decimal:
        reports = [p for p in await broker.adapter.get_positions() if p.instrument_id == broker.instrument_id]
        return sum((report.quantity for report in reports), Decimal(0))

    before = await held()
    key = await broker.place(broker.market_terms())
    fills = await broker.until_filled(key, broker.quantity)
    base = broker.instrument.base if broker.instrument.contract.is_inventory else None
    in_base = sum((each.fill.fee.amount for each in fills if each.fill.fee.currency == base), Decimal(0))
    assert await held() == before + broker.quantity - in_base


async def test_average_price_is_that_of_the_fills_or_unknown(broker: Broker) -> None:
    key = await broker.place(broker.market_terms())
    fills = await broker.until_filled(key, broker.quantity)
    (report,) = [p for p in await broker.adapter.get_positions() if p.instrument_id == broker.instrument_id]
    if product_label(broker.instrument) == "spot":
        assert report.average_price is None
        return
    value = sum((each.fill.quantity * each.fill.price for each in fills), Decimal(0))
    fees = sum((each.fill.fee.amount for each in fills), Decimal(0)) if report.average_has_fees else Decimal(0)
    assert report.average_price is not None
    assert (
        abs(report.average_price - (value + fees / broker.instrument.multiplier) / broker.quantity)
        <= broker.instrument.tick_size
    )
    if report.mark_price is None:
        await until(lambda: _marks(broker), lambda: "a position with its mark")
    assert report.leg == broker.opened_leg(Side.BUY)


def _marks(broker: Broker) -> list[Decimal]:
    told = [each for each in broker.updates if isinstance(each, PositionReport)]
    return [each.mark_price for each in told if each.mark_price is not None and each.quantity]


async def test_summary_has_the_account_and_its_currencies(broker: Broker) -> None:
    (summary,) = await broker.adapter.get_account_summary()
    assert summary.account_id == broker.account_id
    assert summary.currency == broker.accounts[0].currency
    assert summary.equity is not None
    assert summary.equity > 0
    assert {balance.currency for balance in summary.balances} >= {broker.instrument.settle}


async def test_stream_tells_position_and_money_after_a_trade(broker: Broker) -> None:
    key = await broker.place(broker.market_terms())
    await broker.until_filled(key, broker.quantity)

    def told() -> bool:
        positions = [u for u in broker.updates if isinstance(u, PositionReport)]
        money = [u for u in broker.updates if isinstance(u, AccountSummary)]
        return any(p.instrument_id == broker.instrument_id and p.quantity for p in positions) and bool(money)

    await until(told, lambda: "the position and the money")


async def test_query_without_a_session_raises(broker: Broker) -> None:
    from edgerunner.domain.errors import NotConnected

    await broker.adapter.disconnect()
    with pytest.raises(NotConnected):
        await broker.adapter.get_open_orders()
    with pytest.raises(NotConnected):
        await broker.adapter.get_fills(0)
