"""Orders: each key once, refused when it should be, never sent twice."""

import asyncio
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

from edgerunner.mt5_bridge.order_desk import OrderTicket
from edgerunner.mt5_bridge.settings import TradeLimits
from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.structs import TradePosition
from tests.waiting import until
from tests.wire.mt5_bridge.fake_terminal import FakeTerminal, struct
from tests.wire.mt5_bridge.harness import BUY, OTHER, bridge

PENDING = {**BUY, "action": constants.TRADE_ACTION_PENDING, "type": constants.ORDER_TYPE_BUY_LIMIT, "price": 1.05}
REMOVE = {"action": constants.TRADE_ACTION_REMOVE, "order": 7}
SLTP = {"action": constants.TRADE_ACTION_SLTP, "position": 11, "sl": 1.0}
CLOSE = {**BUY, "type": constants.ORDER_TYPE_SELL, "position": 11}
LONG = struct(TradePosition, ticket=11, symbol="EURUSD", type=constants.POSITION_TYPE_BUY, volume=0.1)


async def test_an_order_reaches_the_terminal_as_it_was_given(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        trader = await running.trader()
        reply = await trader.send("key-1")
        assert (reply.status, reply.body["result"]["retcode"]) == (200, constants.TRADE_RETCODE_DONE)
        assert running.terminal.sent == [dict(BUY)]
        await running.until_audit(event="order_begun", key="key-1", token="trader", login=1001)
        await running.until_audit(event="order_ended", key="key-1", outcome="answered", retcode=10009, order=1)


async def test_the_same_key_gives_the_stored_answer_and_sends_nothing(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        trader = await running.trader()
        first = await trader.send("key-1", {**BUY, "volume": 1.0})
        second = await trader.send("key-1", {"volume": 1, **{name: BUY[name] for name in BUY if name != "volume"}})
        assert second.body == first.body
        assert second.headers["Idempotency-Replayed"] == "true"
        assert "Idempotency-Replayed" not in first.headers
        assert len(running.terminal.sent) == 1


async def test_the_same_key_gives_the_stored_answer_after_a_restart_and_without_the_lease(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        first = await (await running.trader()).send("key-1")
    async with bridge(tmp_path) as again:
        assert (await again.caller().send("key-1")).body == first.body
        assert again.terminal.sent == []


async def test_another_order_under_a_used_key_is_a_conflict(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        trader = await running.trader()
        await trader.send("key-1")
        reply = await trader.send("key-1", volume=0.2)
        assert (reply.status, reply.code) == (422, "idempotency_conflict")
        assert len(running.terminal.sent) == 1


async def test_a_key_of_another_token_is_refused(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        await (await running.trader()).send("key-1")
        stranger = running.caller(OTHER)
        assert (await stranger.send("key-1")).code == "forbidden"
        assert (await stranger.ask("GET", "/v1/orders?idempotency_key=key-1")).code == "forbidden"
        assert len(running.terminal.sent) == 1
        await running.until_audit(event="security", what="order", code="forbidden", token="other")


async def test_an_order_without_a_key_is_refused(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        trader = await running.trader()
        for key in ("", "two words", "k" * 256):
            assert (await trader.send(key)).body["errors"][0]["field"] == "Idempotency-Key"
        assert running.terminal.sent == []


async def test_an_order_that_times_out_is_unknown_and_never_sent_again(tmp_path: Path) -> None:
    terminal = FakeTerminal()
    async with bridge(tmp_path, terminal, call_timeout_s=0.3) as running:
        trader = await running.trader()
        terminal.hang_in = "order_send"
        reply = await trader.send("key-1")
        assert (reply.status, reply.code) == (504, "outcome_unknown")
        assert reply.body["order"]["state"] == "unknown"
        assert reply.body["order"]["request"] == dict(BUY)
        again = await trader.send("key-1")
        assert (again.code, again.body["order"]["reason"]) == ("outcome_unknown", "the terminal has not answered yet")
        assert len(terminal.sent) == 1


async def test_an_answer_that_comes_late_answers_the_next_replay(tmp_path: Path) -> None:
    terminal = FakeTerminal()
    async with bridge(tmp_path, terminal, call_timeout_s=0.3) as running:
        trader = await running.trader()
        terminal.hang_in = "order_send"
        assert (await trader.send("key-1")).code == "outcome_unknown"
        terminal.go_on.set()

        async def answered() -> bool:
            return (await trader.send("key-1")).status == 200

        await until(answered, timeout_s=5, what="the late answer")
        record = await trader.ask("GET", "/v1/orders?idempotency_key=key-1")
        assert (record.body["order"]["state"], record.body["order"]["result"]["order"]) == ("answered", 1)
        assert len(terminal.sent) == 1


async def test_a_late_check_sends_nothing(tmp_path: Path) -> None:
    terminal = FakeTerminal()
    async with bridge(tmp_path, terminal, call_timeout_s=0.3) as running:
        trader = await running.trader()
        terminal.hang_in = "account_info"  # the check before the order hangs, whoever asks first
        assert (await trader.send("key-1")).code in {"outcome_unknown", "broker_timeout"}
        terminal.hang_in = None
        terminal.go_on.set()
        await running.until_audit(event="order_refused", key="key-1", code="broker_timeout")
        assert terminal.sent == []
        assert (await trader.ask("GET", "/v1/orders?idempotency_key=key-1")).status == 404


async def test_an_order_under_way_when_the_bridge_died_is_unknown(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        await (await running.trader()).send("key-1")
    with sqlite3.connect(tmp_path / "orders.sqlite") as store:  # as a kill between the call and its record leaves it
        store.execute("UPDATE orders SET state = 'sending', answer = NULL")
    store.close()
    async with bridge(tmp_path) as again:
        reply = await (await again.trader()).send("key-1")
        assert reply.code == "outcome_unknown"
        assert "the bridge ended" in reply.body["order"]["reason"]
        assert again.terminal.sent == []


async def test_a_module_that_raises_inside_an_order_leaves_it_unknown(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        trader = await running.trader()
        running.terminal.raise_in = "order_send"
        assert (await trader.send("key-1")).code == "outcome_unknown"
        running.terminal.raise_in = None
        assert (await trader.send("key-1")).code == "outcome_unknown"
        assert running.terminal.sent == []


async def test_the_same_key_twice_at_once_is_sent_once(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        trader = await running.trader()
        replies = await asyncio.gather(*(trader.send("key-1") for _ in range(20)))
        assert len(running.terminal.sent) == 1
        assert {reply.status for reply in replies} <= {200, 504}
        assert 200 in {reply.status for reply in replies}


async def test_a_caller_that_gives_up_leaves_a_recorded_order(tmp_path: Path) -> None:
    terminal = FakeTerminal()
    async with bridge(tmp_path, terminal) as running:
        trader = await running.trader()
        terminal.hang_in = "order_send"
        ticket = OrderTicket(key="key-1", token_name="trader", lease_id=trader.lease, request=BUY)
        sending = asyncio.create_task(running.server._running._orders.send(ticket))  # type: ignore[union-attr]
        await asyncio.to_thread(terminal.hanging.wait, 5)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        terminal.go_on.set()
        await running.until_audit(event="order_ended", key="key-1", outcome="answered")
        assert (await trader.send("key-1")).status == 200


async def test_what_was_refused_does_not_use_its_key_up(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        trader = await running.trader()
        assert (await trader.send("key-1", volume=6.0)).body["errors"][0]["code"] == "max_volume"
        assert (await trader.send("key-1")).status == 200
        await running.until_audit(event="order_refused", key="key-1", code="max_volume", token="trader")


async def test_limits_stop_new_orders(tmp_path: Path) -> None:
    limits = TradeLimits(allow_symbols=frozenset({"EURUSD"}), max_volume=Decimal("0.5"), max_orders_per_minute=2)
    async with bridge(tmp_path, limits=limits) as running:
        trader = await running.trader()
        cases = [
            ({**BUY, "symbol": "GOLD#"}, "symbol_not_allowed"),
            ({**PENDING, "symbol": "GOLD#"}, "symbol_not_allowed"),
            ({**BUY, "symbol": "GOLD#", "order": 1}, "symbol_not_allowed"),
            ({**BUY, "volume": 0.51}, "max_volume"),
            ({**BUY, "volume": -0.51}, "max_volume"),
            ({**PENDING, "volume": 0.51}, "max_volume"),
        ]
        for number, (request, code) in enumerate(cases):
            reply = await trader.send(f"no-{number}", request)
            assert (reply.status, reply.code, reply.body["errors"][0]["code"]) == (422, "denied_by_risk", code)
        assert (await trader.send("yes-1")).status == (await trader.send("yes-2", PENDING)).status == 200
        reply = await trader.send("yes-3")
        assert reply.body["errors"][0]["code"] == "max_orders_per_minute"
        ways_out: tuple[dict[str, Any], ...] = (REMOVE, SLTP)
        for number, way_out in enumerate(ways_out):
            assert (await trader.send(f"out-{number}", way_out)).status == 200
        assert len(running.terminal.sent) == 4


async def test_the_kill_switch_stops_new_orders_and_no_way_out(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        trader = await running.trader()
        running.terminal.positions = {11: LONG}
        killed = await trader.ask("POST", "/v1/kill", {"reason": "enough"})
        assert (killed.body["engaged"], killed.body["reason"]) == (True, "enough")
        modify = {"action": constants.TRADE_ACTION_MODIFY, "order": 7, "price": 1.2}
        more = {**CLOSE, "volume": 0.2}
        foreign = {**CLOSE, "position": 12}
        same_side = {**CLOSE, "type": constants.ORDER_TYPE_BUY}
        for number, request in enumerate((BUY, PENDING, modify, more, foreign, same_side, {**CLOSE, "position": 0})):
            reply = await trader.send(f"no-{number}", request)
            assert (reply.code, reply.body["errors"][0]["code"]) == ("denied_by_risk", "kill_switch"), request
        for number, request in enumerate((CLOSE, REMOVE, SLTP)):
            assert (await trader.send(f"out-{number}", request)).status == 200
        assert running.terminal.sent == [CLOSE, REMOVE, SLTP]
        await trader.ask("DELETE", "/v1/kill")
        assert (await trader.send("after")).status == 200


async def test_on_a_netting_account_a_smaller_opposite_order_is_a_way_out(tmp_path: Path) -> None:
    terminal = FakeTerminal()
    terminal.margin_mode = constants.ACCOUNT_MARGIN_MODE_RETAIL_NETTING
    terminal.positions = {11: LONG}
    (tmp_path / "KILL").touch()
    async with bridge(tmp_path, terminal) as running:
        trader = await running.trader()
        opposite = {**BUY, "type": constants.ORDER_TYPE_SELL}
        assert (await trader.send("reverse", opposite, volume=0.11)).code == "denied_by_risk"
        assert (await trader.send("reduce", opposite, volume=0.1)).status == 200


async def test_the_kill_file_survives_a_restart(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        await running.caller().ask("POST", "/v1/kill", {"reason": "enough"})
    async with bridge(tmp_path) as again:
        assert (await (await again.trader()).send("key-1")).code == "denied_by_risk"
        state = (await again.caller().ask("GET", "/v1/kill")).body
        assert (state["engaged"], state["reason"]) == (True, "enough")


async def test_another_account_in_the_terminal_gets_no_order(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        trader = await running.trader()
        running.terminal.login = 9999
        reply = await trader.send("key-1")
        assert (reply.status, reply.code) == (409, "account_mismatch")
        await running.until_state("account_mismatch")
        running.terminal.login, running.terminal.server = 1001, "Other-Live"
        assert (await trader.send("key-1")).code == "account_mismatch"
        assert running.terminal.sent == []
        await running.until_audit(event="order_refused", code="account_mismatch")


async def test_real_money_needs_a_word(tmp_path: Path) -> None:
    terminal = FakeTerminal()
    terminal.trade_mode = constants.ACCOUNT_TRADE_MODE_REAL
    async with bridge(tmp_path, terminal) as running:
        reply = await (await running.trader()).send("key-1")
        assert (reply.status, reply.code) == (403, "live_not_allowed")
    async with bridge(tmp_path, terminal, limits=TradeLimits(allow_live=True)) as running:
        assert (await (await running.trader()).send("key-1")).status == 200


async def test_without_a_configured_account_the_bridge_only_reads(tmp_path: Path) -> None:
    async with bridge(tmp_path, accounts={}, login=None) as running:
        trader = await running.trader()
        assert (await trader.send("key-1")).body["errors"][0]["code"] == "no_account_configured"
        assert (await trader.call("account_info")).status == 200
        assert running.terminal.sent == []


async def test_a_terminal_without_connection_gets_no_order(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        trader = await running.trader()
        running.terminal.is_up = running.terminal.is_initialized = False
        reply = await trader.send("key-1")
        assert (reply.status, reply.code) == (503, "not_connected")


async def test_an_order_whose_key_cannot_be_written_is_not_sent(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        trader = await running.trader()
        records = running.server._running.records  # type: ignore[union-attr]
        records._store._connection.execute("PRAGMA query_only = ON")
        reply = await trader.send("key-1")
        assert (reply.status, reply.code) == (503, "journal_unavailable")
        assert running.terminal.sent == []


async def test_passwords_and_tokens_are_in_no_file(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        trader = await running.trader()
        await trader.call("login", login=1002)
        await trader.send("key-1")
        await running.caller("a-guessed-token-that-is-wrong-0123").call("version")
        settings = running.settings
        status = (await trader.ask("GET", "/v1/status")).body
    written = await asyncio.to_thread(_everything_in, tmp_path)
    for text in (written, repr(settings), str(status)):
        for secret in ("secret-1001", "secret-1002", "trader-token", "a-guessed-token"):
            assert secret not in text


def _everything_in(folder: Path) -> str:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file()).decode("utf-8", "replace")
