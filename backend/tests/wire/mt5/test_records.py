"""Trading through the module, and what positions, orders and the history show of it."""

from typing import Any

import pytest

from edgerunner.mt5_surface.structs import OrderCheckResult, OrderSendResult, TradeRequest
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.settings import Mt5Settings
from tests.unit.simulators.mt5.terminal.fake_broker import FIRST_TICKET, NOW_NS, FakeBroker
from tests.wire.mt5.kit import Site, running_site

SUCCESS = (1, "Success")
INVALID = (-2, "Terminal: Invalid params")
SERVER_S = NOW_NS // 1_000_000_000 + 7200
BUY: dict[str, Any] = {
    "action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "price": 1.1, "magic": 2**52 - 1, "comment": "key-1",
}  # fmt: skip


async def test_a_sent_order_answers_with_the_request_and_shows_in_positions_and_history(site: Site) -> None:
    result, error = await site.asked(site.mt5.order_send, BUY)
    assert isinstance(result, OrderSendResult)
    assert error == SUCCESS
    assert (result.retcode, result.comment, result.deal, result.request_id) == (
        10009, "Request executed", FIRST_TICKET, 1,
    )  # fmt: skip
    assert result.request == TradeRequest(
        (1, 2**52 - 1, 0, "EURUSD", 0.1, 1.1, 0.0, 0.0, 0.0, 0, 0, 0, 0, 0, "key-1", 0, 0)
    )
    (position,) = await site.ask(site.mt5.positions_get)
    assert (position.ticket, position.magic, position.comment) == (result.order, 2**52 - 1, "key-1")
    assert (position.time, position.time_msc) == (SERVER_S, SERVER_S * 1000)
    (deal,) = await site.ask(site.mt5.history_deals_get, position=position.ticket)
    assert (deal.order, deal.position_id, deal.entry, deal.time) == (result.order, position.ticket, 0, SERVER_S)


async def test_a_server_s_refusal_is_a_result_and_no_error(site: Site) -> None:
    result, error = await site.asked(site.mt5.order_send, {"action": 99})
    assert (result.retcode, error) == (10013, SUCCESS)


async def test_a_check_answers_0_and_done(site: Site) -> None:
    result = await site.ask(site.mt5.order_check, BUY)
    assert isinstance(result, OrderCheckResult)
    assert (result.retcode, result.comment, result.balance, result.request.symbol) == (0, "Done", 100000.0, "EURUSD")


async def test_prices_and_volumes_reach_the_server_as_the_decimals_they_are(site: Site) -> None:
    await site.ask(site.mt5.order_send, BUY | {"volume": 0.1 * 3, "sl": 1, "expiration": SERVER_S})
    ((login, request, fill_limit, comment),) = site.broker.sent
    assert (login, fill_limit, comment) == (1_000_001, None, None)
    assert str(request.volume) == "0.30000000000000004"
    assert (str(request.price), str(request.sl), request.expiration_ns) == ("1.1", "1.0", NOW_NS)


async def test_positions_are_chosen_by_symbol_before_ticket_before_group(site: Site) -> None:
    mt5 = site.mt5
    first = await site.ask(mt5.order_send, BUY)
    await site.ask(mt5.order_send, BUY | {"symbol": "GBPUSD"})
    assert await site.ask(mt5.positions_total) == 2
    assert [each.symbol for each in await site.ask(mt5.positions_get, group="*,!EUR*")] == ["GBPUSD"]
    assert [each.ticket for each in await site.ask(mt5.positions_get, ticket=first.order)] == [first.order]
    assert [each.symbol for each in await site.ask(mt5.positions_get, symbol="GBPUSD", ticket=first.order)] == [
        "GBPUSD"
    ]
    assert await site.asked(mt5.positions_get, symbol="NOPE") == ((), SUCCESS)
    assert await site.asked(mt5.orders_get) == ((), SUCCESS)


async def test_each_account_has_its_own_records(site: Site) -> None:
    mt5 = site.mt5
    await site.ask(mt5.order_send, BUY)
    await site.ask(mt5.login, 1_000_002, password="sim-password")
    assert await site.ask(mt5.positions_total) == 0
    assert await site.ask(mt5.history_deals_total, 0, SERVER_S) == 0


async def test_history_is_asked_for_in_server_time_with_both_ends(site: Site) -> None:
    mt5 = site.mt5
    await site.ask(mt5.order_send, BUY)
    for dates, count in {
        (0, SERVER_S - 1): 0,
        (0, SERVER_S): 1,
        (SERVER_S, SERVER_S): 1,
        (SERVER_S + 1, 2**40): 0,
    }.items():
        assert await site.ask(mt5.history_deals_total, *dates) == count
        assert len(await site.ask(mt5.history_deals_get, *dates)) == count
    assert len(await site.ask(mt5.history_deals_get, 0, SERVER_S, group="*,!EUR*")) == 0
    assert await site.asked(mt5.history_deals_get, SERVER_S, 0) == (None, INVALID)
    assert await site.asked(mt5.history_deals_get) == (None, (-2, "Invalid arguments"))
    assert await site.asked(mt5.history_deals_get, 5) == (None, (-2, "Invalid arguments"))
    assert await site.asked(mt5.history_deals_get, ticket=5) == ((), SUCCESS)


async def test_orders_are_in_the_history_when_they_were_done(site: Site) -> None:
    mt5 = site.mt5
    order = site.broker.add_pending(1_000_001, "EURUSD")
    (waiting,) = await site.ask(mt5.orders_get, symbol="EURUSD")
    assert (waiting.ticket, waiting.time_setup, waiting.time_done) == (77, SERVER_S, 0)
    site.broker.time_ns += 60_000_000_000
    site.broker.cancel_pending(order)
    assert await site.ask(mt5.history_orders_total, SERVER_S, SERVER_S + 59) == 0
    (done,) = await site.ask(mt5.history_orders_get, SERVER_S + 60, SERVER_S + 60)
    assert (done.state, done.time_done) == (mt5.ORDER_STATE_CANCELED, SERVER_S + 60)
    assert [each.ticket for each in await site.ask(mt5.history_orders_get, ticket=77)] == [77]


async def test_margin_and_profit_are_numbers_or_none(site: Site) -> None:
    mt5 = site.mt5
    assert await site.ask(mt5.order_calc_margin, mt5.ORDER_TYPE_BUY, "EURUSD", 0.1, 1.1) == 110.0
    assert await site.ask(mt5.order_calc_profit, mt5.ORDER_TYPE_SELL, "EURUSD", 1, 1.1, 1.0) == 0.1
    assert await site.asked(mt5.order_calc_profit, mt5.ORDER_TYPE_BUY_LIMIT, "EURUSD", 1, 1.1, 1.0) == (None, INVALID)
    assert await site.asked(mt5.order_calc_margin, mt5.ORDER_TYPE_BUY, "EURUSD", 1e308, 1.1) == (None, INVALID)
    assert await site.asked(mt5.order_calc_profit, mt5.ORDER_TYPE_BUY, "EURUSD", 1, -1e300, 1.0) == (None, INVALID)


async def test_buying_selling_and_closing_by_the_package_s_own_functions(site: Site) -> None:
    mt5 = site.mt5
    assert (await site.ask(mt5.Buy, "EURUSD", 0.1, comment="mine")).retcode == 10009
    assert (await site.ask(mt5.Sell, "EURUSD", 0.2, 1.5)).retcode == 10009
    sent = [request for _, request, _, _ in site.broker.sent]
    assert [(int(each.type), str(each.price), each.deviation, each.comment) for each in sent] == [
        (0, "1.1001", 10, "mine"),
        (1, "1.5", 10, ""),
    ]
    assert await site.ask(mt5.Close, "EURUSD") is True
    assert [int(request.position) for _, request, _, _ in site.broker.sent[2:]] == [FIRST_TICKET, FIRST_TICKET + 1]
    assert await site.ask(mt5.Close, "EURUSD") is False


async def test_the_longest_comment_is_the_terminal_s_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_site(FakeBroker(), FaultBox(["mt5"]), monkeypatch, Mt5Settings(comment_limit=31)) as site:
        assert (await site.ask(site.mt5.order_send, BUY | {"comment": "x" * 31})).retcode == 10009
        assert await site.asked(site.mt5.order_send, BUY | {"comment": "x" * 32}) == (
            None,
            (-2, 'Invalid "comment" argument'),
        )


async def test_an_unknown_symbol_may_be_a_failed_call_too(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Mt5Settings(unknown_symbol_code=-1)
    async with running_site(FakeBroker(), FaultBox(["mt5"]), monkeypatch, settings) as site:
        for call in (site.mt5.symbol_info, site.mt5.symbol_info_tick):
            assert await site.asked(call, "NOPE") == (None, (-1, "Terminal: Call failed"))
        assert await site.asked(site.mt5.order_calc_margin, 0, "NOPE", 1.0, 1.0) == (
            None,
            (-1, "Terminal: Call failed"),
        )


@pytest.mark.parametrize(
    "words",
    [{"comment_limit": -1}, {"maxbars": 0}, {"call_timeout_s": 0}, {"unknown_symbol_code": 5}, {"server_zone": "Mars"}],
)
def test_settings_that_make_no_sense_are_refused(words: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        Mt5Settings(**words)
