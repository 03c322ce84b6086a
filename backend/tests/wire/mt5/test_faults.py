"""Faults and hold points, seen by a program: what it is told, and what was done all the same."""

import asyncio
from typing import Any

import pytest

from edgerunner.simulators.faults import FaultBox, FaultMatch, HoldPoint, UnknownFault
from edgerunner.simulators.mt5.settings import Mt5Settings
from tests.unit.simulators.mt5.terminal.fake_broker import FakeBroker
from tests.waiting import until
from tests.wire.mt5.kit import Site, running_site

SUCCESS = (1, "Success")
TIMEOUT = (-10005, "IPC timeout")
NO_CONNECTION = (-10004, "No IPC connection")
BUY: dict[str, Any] = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "comment": "key-1"}


async def sent(site: Site, count: int) -> None:
    """Wait until the server has seen so many orders."""

    async def is_there() -> bool:
        return len(site.broker.sent) == count

    await until(is_there, timeout_s=5, what=f"{count} orders at the server")


async def test_a_lost_request_is_never_carried_out(impatient: Site) -> None:
    impatient.faults.add("mt5", "drop_request", match=FaultMatch(op="place", client_key="key-1"))
    assert await impatient.asked(impatient.mt5.order_send, BUY) == (None, TIMEOUT)
    assert impatient.broker.sent == []


async def test_a_lost_reply_was_carried_out_so_that_a_resend_is_a_duplicate(impatient: Site) -> None:
    impatient.faults.add("mt5", "drop_reply", match=FaultMatch(op="place"))
    assert await impatient.asked(impatient.mt5.order_send, BUY) == (None, TIMEOUT)
    assert (await impatient.ask(impatient.mt5.order_send, BUY)).retcode == 10009
    assert [each.comment for each in await impatient.ask(impatient.mt5.positions_get)] == ["key-1", "key-1"]


async def test_an_answer_that_comes_late_is_not_taken_for_the_next_one(impatient: Site) -> None:
    impatient.faults.add("mt5", "delay_reply", match=FaultMatch(op="place"), params={"delay_s": 0.3})
    assert await impatient.asked(impatient.mt5.order_send, BUY) == (None, TIMEOUT)
    assert len(impatient.broker.sent) == 1

    async def answered() -> Any:
        return await impatient.ask(impatient.mt5.symbol_info_tick, "EURUSD")

    tick = await until(answered, timeout_s=5, what="an answer to the next call")
    assert tick.bid == 1.1


async def test_slow_calls_are_carried_out_after_the_caller_gave_up(impatient: Site) -> None:
    impatient.faults.add("mt5", "mt5.slow_calls", match=FaultMatch(op="place"), params={"delay_s": 0.3})
    assert await impatient.asked(impatient.mt5.order_send, BUY) == (None, TIMEOUT)
    assert impatient.broker.sent == []
    await sent(impatient, 1)


async def test_a_terminal_that_hangs_carries_out_everything_when_it_wakes_up(impatient: Site) -> None:
    fault = impatient.faults.add("mt5", "mt5.hang", count=None)
    assert await impatient.asked(impatient.mt5.order_send, BUY) == (None, TIMEOUT)
    assert await impatient.asked(impatient.mt5.order_send, BUY) == (None, TIMEOUT)
    assert await impatient.asked(impatient.mt5.initialize, timeout=100) == (False, TIMEOUT)
    assert impatient.broker.sent == []
    impatient.faults.remove(fault.fault_id)
    await sent(impatient, 2)
    assert await impatient.asked(impatient.mt5.initialize) == (True, SUCCESS)
    assert await impatient.ask(impatient.mt5.positions_total) == 2


async def test_a_crash_cuts_everybody_until_initialize(site: Site) -> None:
    other = site.another_module()
    assert await site.ask(other.initialize)
    site.faults.add("mt5", "mt5.crash", match=FaultMatch(op="place"))
    assert await site.asked(site.mt5.order_send, BUY) == (None, NO_CONNECTION)
    assert site.broker.sent == []
    assert await site.asked(site.mt5.account_info) == (None, NO_CONNECTION)
    assert await site.ask(other.account_info) is None
    assert other.last_error() == NO_CONNECTION
    assert await site.asked(site.mt5.initialize) == (True, SUCCESS)
    assert (await site.ask(site.mt5.order_send, BUY)).retcode == 10009


@pytest.mark.parametrize("fault", ["close_after_accept", "reset_after_accept", "restart"])
async def test_a_connection_cut_after_the_order_leaves_it_carried_out(site: Site, fault: str) -> None:
    site.faults.add("mt5", fault, match=FaultMatch(op="place"))
    assert await site.asked(site.mt5.order_send, BUY) == (None, NO_CONNECTION)
    assert len(site.broker.sent) == 1

    async def connected() -> bool:
        return bool(await site.ask(site.mt5.initialize))

    await until(connected, timeout_s=5, what="a new connection")
    assert await site.ask(site.mt5.positions_total) == 1


@pytest.mark.parametrize(
    ("fault", "retcode"),
    [
        ("mt5.requote", 10004),
        ("mt5.price_off", 10021),
        ("rate_limit", 10024),
        ("mt5.autotrading_off", 10027),
        ("mt5.experts_off", 10026),
        ("mt5.investor", 10017),
        ("mt5.disconnected", 10031),
        ("reject", 10006),
    ],
)
async def test_a_refusal_is_a_result_and_a_counted_placement(site: Site, fault: str, retcode: int) -> None:
    site.faults.add("mt5", fault)
    result, error = await site.asked(site.mt5.order_send, BUY)
    assert (result.retcode, error) == (retcode, SUCCESS)
    assert (result.deal, result.order, result.request.comment) == (0, 0, "key-1")
    assert site.broker.sent == []
    assert site.broker.refused == [(1_000_001, "key-1", "EURUSD", result.comment)]
    assert (result.bid, result.ask) == ((1.1, 1.1001) if retcode == 10004 else (0.0, 0.0))


async def test_the_words_of_a_refusal_can_be_chosen(site: Site) -> None:
    site.faults.add("mt5", "reject", params={"code": 10019, "text": "No money for you"})
    result = await site.ask(site.mt5.order_send, BUY)
    assert (result.retcode, result.comment) == (10019, "No money for you")
    site.faults.add("mt5", "reject", params={"code": 5})
    assert (await site.ask(site.mt5.order_send, BUY)).retcode == 10006, "5 is no return code"


async def test_switches_show_in_the_terminal_and_the_account(site: Site) -> None:
    mt5 = site.mt5
    for fault in ("mt5.autotrading_off", "mt5.api_disabled", "mt5.disconnected", "mt5.live_account", "mt5.experts_off"):
        site.faults.add("mt5", fault, count=None)
    terminal, account = await site.ask(mt5.terminal_info), await site.ask(mt5.account_info)
    assert (terminal.trade_allowed, terminal.tradeapi_disabled, terminal.connected) == (False, True, False)
    assert (account.trade_mode, account.trade_expert) == (mt5.ACCOUNT_TRADE_MODE_REAL, False)
    assert (await site.asked(mt5.order_send, BUY)) == (
        None,
        (-8, "Auto-Trading using Python API disabled in Terminal"),
    )
    assert [reason for *_, reason in site.broker.refused] == ["the Python API is disabled"]
    site.faults.remove()
    assert (await site.ask(mt5.terminal_info)).trade_allowed is True


async def test_a_check_knows_the_switches_too(site: Site) -> None:
    site.faults.add("mt5", "mt5.autotrading_off", count=None)
    assert (await site.ask(site.mt5.order_check, BUY)).retcode == 10027


async def test_a_part_trades_where_a_fault_says_so(site: Site) -> None:
    site.faults.add("mt5", "partial_fill", count=2, params={"fraction": 0.5})
    await site.ask(site.mt5.order_send, BUY | {"volume": 0.05})
    await site.ask(site.mt5.order_send, {"action": 5, "symbol": "EURUSD", "volume": 0.05})
    site.faults.remove()
    site.faults.add("mt5", "partial_fill", params={"quantity": "0.03"})
    await site.ask(site.mt5.order_send, BUY)
    assert [str(limit) for _, _, limit, _ in site.broker.sent] == ["0.02", "None", "0.03"]


async def test_the_server_may_rewrite_a_comment(site: Site) -> None:
    site.faults.add("mt5", "mt5.comment_rewritten", params={"text": "broker's own"})
    result = await site.ask(site.mt5.order_send, BUY)
    assert result.request.comment == "key-1"
    (position,) = await site.ask(site.mt5.positions_get)
    assert position.comment == "broker's own"


async def test_positions_lag_behind_a_trade(site: Site) -> None:
    site.faults.add("mt5", "mt5.position_lag", params={"lag_s": 0.2})
    assert (await site.ask(site.mt5.order_send, BUY)).retcode == 10009
    assert await site.ask(site.mt5.positions_get) == ()
    assert await site.ask(site.mt5.positions_total) == 0
    assert await site.ask(site.mt5.history_deals_total, 0, 2**33) == 1

    async def shown() -> bool:
        return bool(await site.ask(site.mt5.positions_total) == 1)

    await until(shown, timeout_s=5, what="the position")


async def test_a_terminal_can_lag_behind_every_trade(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Mt5Settings(position_lag_s=60)
    async with running_site(FakeBroker(), FaultBox(["mt5"]), monkeypatch, settings) as site:
        assert (await site.ask(site.mt5.order_send, BUY)).retcode == 10009
        assert await site.ask(site.mt5.positions_total) == 0
        await site.ask(site.mt5.login, 1_000_002, password="sim-password")
        assert (await site.ask(site.mt5.order_send, BUY)).retcode == 10009
        await site.ask(site.mt5.login, 1_000_001)
        assert await site.ask(site.mt5.positions_total) == 1, "only the last trade is not shown yet"


async def test_an_old_version_does_not_connect(site: Site) -> None:
    site.faults.add("mt5", "mt5.old_version")
    connected, (code, text) = await site.asked(site.mt5.initialize)
    assert (connected, code) == (False, -5)
    assert text.startswith("Terminal: Incompatible versions")


@pytest.mark.parametrize(
    ("point", "orders", "has_answer"),
    [
        (HoldPoint.RECEIVED, 0, False),
        (HoldPoint.ACCEPTED, 1, False),
        (HoldPoint.ACK_SENT, 1, True),
        (HoldPoint.FILL_SENT, 1, True),
    ],
)
async def test_an_order_waits_at_a_hold_point(site: Site, point: HoldPoint, orders: int, has_answer: bool) -> None:
    site.faults.hold("mt5", point)
    asking = asyncio.create_task(site.ask(site.mt5.order_send, BUY))

    async def held() -> Any:
        return site.faults.held("mt5")

    (waiting,) = await until(held, timeout_s=5, what=f"an order held at {point}")
    assert (waiting.at, waiting.client_key) == (point, "key-1")
    assert len(site.broker.sent) == orders
    if has_answer:
        assert (await asking).retcode == 10009
    assert asking.done() is has_answer
    site.faults.release("mt5", point)
    assert (await asking).retcode == 10009


@pytest.mark.parametrize(("point", "orders"), [(HoldPoint.RECEIVED, 0), (HoldPoint.ACCEPTED, 1)])
async def test_an_order_can_be_lost_at_a_hold_point(impatient: Site, point: HoldPoint, orders: int) -> None:
    impatient.faults.hold("mt5", point)
    assert await impatient.asked(impatient.mt5.order_send, BUY) == (None, TIMEOUT)
    impatient.faults.release("mt5", point, action="drop")
    assert await impatient.ask(impatient.mt5.symbols_total) == 3
    assert len(impatient.broker.sent) == orders


async def test_faults_of_streams_are_not_a_terminal_s(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = FaultBox(["mt5", "bybit"])
    async with running_site(FakeBroker(), faults, monkeypatch, Mt5Settings()):
        for name in ("duplicate_event", "reorder_events", "late_event", "stall_stream"):
            with pytest.raises(UnknownFault):
                faults.add("mt5", name)
            faults.add("bybit", name)
