"""An order is sent once, however often its answer is lost; the control of the terminal is taken and given back."""

import os
import threading
from typing import Any

import pytest

from edgerunner.mt5_bridge.remote import BridgeOptions, RemoteModule, connect
from edgerunner.mt5_bridge.remote import lease as lease_module
from edgerunner.mt5_bridge.remote.lease import Lease
from edgerunner.mt5_bridge.remote.link import BridgeLink, LinkLostError
from edgerunner.mt5_bridge.remote.link import Reply as LinkReply
from edgerunner.mt5_bridge.remote.orders import OrderLine
from tests.unit.mt5_bridge.remote.fake_bridge import (
    PATIENCE_S,
    TOKEN,
    Asked,
    FakeBridge,
    Reply,
    lease,
    plain_struct,
    problem,
    succeeded,
)

BUY = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "price": 1.1}
UNKNOWN = {"idempotency_key": "", "login": 1, "request": {}, "state": "unknown", "begun_at": "", "reason": ""}


class OrderBook:
    """Executes every key once, as the bridge does, and answers from memory after that."""

    def __init__(self) -> None:
        self.results: dict[str, Reply] = {}

    def execute(self, asked: Asked) -> Reply:
        key = asked.headers["Idempotency-Key"]
        if key not in self.results:
            ticket = len(self.results) + 1
            self.results[key] = succeeded(plain_struct("OrderSendResult", retcode=10009, order=ticket))
        return self.results[key]

    def execute_and_lose_the_answer(self, asked: Asked) -> None:
        self.execute(asked)


@pytest.fixture
def book(bridge: FakeBridge) -> OrderBook:
    book = OrderBook()
    bridge.answers["/v1/calls/order_send"] = [book.execute]
    return book


def keys(bridge: FakeBridge) -> list[str]:
    return [asked.headers["Idempotency-Key"] for asked in bridge.calls("order_send")]


def lease_methods(bridge: FakeBridge) -> list[str]:
    return [asked.method for asked in bridge.asked if asked.path == "/v1/lease"]


def test_an_order_carries_a_key_of_its_own_and_the_lease(
    bridge: FakeBridge, book: OrderBook, connected: RemoteModule
) -> None:
    assert connected.order_send(BUY).order == 1
    assert connected.order_send(BUY).order == 2
    assert len(set(keys(bridge))) == 2
    assert {asked.headers["Bridge-Lease"] for asked in bridge.calls("order_send")} == {"lease-1"}
    assert lease_methods(bridge) == ["POST"]


def test_a_lost_answer_is_asked_for_again_under_the_same_key(
    bridge: FakeBridge, book: OrderBook, connected: RemoteModule
) -> None:
    lose = book.execute_and_lose_the_answer
    bridge.answers["/v1/calls/order_send"] = [lose, lose, lose, book.execute]
    assert connected.order_send(BUY).order == 1
    assert len(book.results) == 1
    assert len(set(keys(bridge))) == 1
    assert connected.last_error() == (1, "Success")


def test_a_program_that_sends_again_after_a_time_out_gets_the_first_orders_result(
    bridge: FakeBridge, book: OrderBook, address: str
) -> None:
    module = connect(address, token=TOKEN, timeout_s=0.6)
    assert module.initialize(timeout=5000)
    bridge.answers["/v1/calls/order_send"] = [book.execute_and_lose_the_answer]
    assert module.order_send(BUY) is None
    assert module.last_error() == (-10004, "No IPC connection")
    bridge.answers["/v1/calls/order_send"] = [book.execute]
    assert module.initialize(timeout=5000)
    assert module.order_send({**BUY}).order == 1
    assert module.order_send(BUY).order == 2
    module.shutdown()


@pytest.mark.parametrize(
    "unknown",
    [
        problem(504, "outcome_unknown", order=UNKNOWN),
        (200, {"result": None, "last_error": [-10005, "IPC timeout"]}),
        problem(500, "internal_error"),
    ],
)
def test_an_unknown_outcome_keeps_the_key_for_the_same_request_alone(
    unknown: Reply, bridge: FakeBridge, book: OrderBook, connected: RemoteModule
) -> None:
    bridge.answers["/v1/calls/order_send"] = [unknown, book.execute]
    assert connected.order_send(BUY) is None
    assert connected.last_error()[0] <= -10000
    assert connected.order_send({**BUY, "volume": 0.2}) is not None
    assert connected.order_send(BUY) is not None
    first, other, again = keys(bridge)
    assert first == again != other


def test_an_order_that_is_still_on_its_way_is_waited_for(
    bridge: FakeBridge, book: OrderBook, connected: RemoteModule
) -> None:
    sending = problem(504, "outcome_unknown", order={**UNKNOWN, "state": "sending"})
    bridge.answers["/v1/calls/order_send"] = [book.execute_and_lose_the_answer, sending, sending, book.execute]
    assert connected.order_send(BUY).order == 1


def test_a_proxy_in_between_does_not_make_a_second_order(
    bridge: FakeBridge, book: OrderBook, connected: RemoteModule
) -> None:
    bridge.answers["/v1/calls/order_send"] = [(502, "Bad Gateway"), (503, None), book.execute]
    assert connected.order_send(BUY).order == 1
    assert len(set(keys(bridge))) == 1


def test_a_busy_bridge_is_asked_again(bridge: FakeBridge, book: OrderBook, connected: RemoteModule) -> None:
    bridge.answers["/v1/calls/order_send"] = [problem(429, "rate_limited"), problem(503, "overloaded"), book.execute]
    assert connected.order_send(BUY).order == 1


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (422, "denied_by_risk", -8),
        (403, "live_not_allowed", -8),
        (409, "account_mismatch", -6),
        (503, "not_connected", -10004),
    ],
)
def test_what_the_bridge_refuses_is_sent_once_and_named(
    status: int, code: str, expected: int, bridge: FakeBridge, connected: RemoteModule
) -> None:
    bridge.answers["/v1/calls/order_send"] = [problem(status, code)]
    assert connected.order_send(BUY) is None
    assert connected.last_error()[0] == expected
    assert len(bridge.calls("order_send")) == 1


def test_a_lease_that_ran_out_is_taken_again(bridge: FakeBridge, book: OrderBook, connected: RemoteModule) -> None:
    bridge.answers["/v1/calls/order_send"] = [problem(409, "lease_lost"), book.execute]
    assert connected.order_send(BUY).order == 1
    assert lease_methods(bridge) == ["POST", "POST"]
    assert len(set(keys(bridge))) == 1


def test_a_terminal_that_another_program_controls_gets_no_order(
    bridge: FakeBridge, book: OrderBook, connected: RemoteModule
) -> None:
    bridge.answers["/v1/lease"] = [problem(409, "conflict")]
    assert connected.order_send(BUY) is None
    assert connected.last_error() == (-8, "Bridge: refused as conflict (conflict)")
    assert bridge.calls("order_send") == []


def test_a_lost_answer_is_asked_for_without_the_control_when_that_is_lost(
    bridge: FakeBridge, book: OrderBook, address: str
) -> None:
    class LeaseLostAfterOneOrder(Lease):
        def hold(self, *, timeout_s: float) -> str | LinkReply:
            return LinkReply(status=409, body={"code": "conflict"}) if book.results else "lease-1"

    def know(asked: Asked) -> Reply:
        assert "Bridge-Lease" not in asked.headers
        return book.execute(asked)

    link = BridgeLink(BridgeOptions(url=address))
    orders = OrderLine(link, LeaseLostAfterOneOrder(link, BridgeOptions()))
    bridge.answers["/v1/calls/order_send"] = [book.execute_and_lose_the_answer, know]
    assert orders.send(BUY, timeout_s=5).body["result"]["order"] == 1
    assert orders.send({**BUY, "volume": 0.2}, timeout_s=5).body == {"code": "conflict"}
    assert len(bridge.calls("order_send")) == 2
    link.close_idle()


def test_a_bridge_that_dies_over_an_order_leaves_its_outcome_open(
    bridge: FakeBridge, book: OrderBook, address: str
) -> None:
    class Gone(BridgeLink):
        is_gone = False

        def send(self, *args: Any, **kwargs: Any) -> LinkReply:
            if self.is_gone:
                raise LinkLostError("connection refused", was_sent=False)
            Gone.is_gone = args[1].endswith("order_send")
            return super().send(*args, **kwargs)

    link = Gone(BridgeOptions(url=address))
    orders = OrderLine(link, Lease(link, BridgeOptions()))
    bridge.answers["/v1/calls/order_send"] = [book.execute_and_lose_the_answer]
    with pytest.raises(LinkLostError) as lost:
        orders.send(BUY, timeout_s=0.5)
    assert lost.value.was_sent
    link.close_idle()


def test_a_control_whose_answer_was_lost_is_known_again(
    bridge: FakeBridge, book: OrderBook, connected: RemoteModule
) -> None:
    desk = LeaseDesk()
    bridge.answers["/v1/lease"] = [desk.give_and_lose_the_answer, desk.refuse_or_take_over]
    bridge.answers["/v1/status"] = [desk.status]
    assert connected.order_send(BUY).order == 1
    assert len(book.results) == 1


def test_a_control_that_somebody_else_got_meanwhile_is_not_taken(
    bridge: FakeBridge, book: OrderBook, connected: RemoteModule
) -> None:
    desk = LeaseDesk()
    bridge.answers["/v1/lease"] = [None, desk.refuse_or_take_over]
    bridge.answers["/v1/status"] = [desk.status]
    assert connected.order_send(BUY) is None
    assert connected.last_error()[0] == -8
    assert book.results == {}


def test_a_control_over_an_account_that_could_not_be_looked_at_is_known_again(
    bridge: FakeBridge, book: OrderBook, mt5: RemoteModule
) -> None:
    desk = LeaseDesk()
    bridge.answers["/v1/lease"] = [desk.give, desk.refuse_or_take_over]
    bridge.answers["/v1/status"] = [desk.status]
    bridge.answers["/v1/calls/account_info"] = [None, None, succeeded(plain_struct("AccountInfo", login=1))]
    assert mt5.initialize(login=1)
    assert mt5.order_send(BUY) is None
    assert mt5.last_error()[0] == mt5.RES_E_INTERNAL_FAIL_CONNECT
    assert mt5.initialize(login=1)
    assert mt5.order_send(BUY).order == 1


class LeaseDesk:
    """The bridge's side of one lease, held by a stranger until it is given."""

    def __init__(self) -> None:
        self.holder = "a-stranger"

    def give(self, asked: Asked) -> Reply:
        self.holder = asked.body["client"]
        return lease(asked)

    def give_and_lose_the_answer(self, asked: Asked) -> None:
        self.give(asked)

    def refuse_or_take_over(self, asked: Asked) -> Reply:
        is_taken_over = asked.method != "POST" or asked.body["take_over"]
        return lease(asked) if is_taken_over else problem(409, "conflict")

    def status(self, asked: Asked) -> Reply:
        return 200, {"lease": {"client": self.holder, "expires_at": ""}}


def test_the_lease_is_kept_alive_and_given_back(
    bridge: FakeBridge, book: OrderBook, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_module, "HEARTBEAT_S", 0.01)
    beats = Beats(wanted=3)
    bridge.answers["/v1/lease"] = [beats]
    module = connect(address, token=TOKEN, timeout_s=5, client="desk-7")
    assert module.initialize()
    assert module.order_send(BUY)
    assert beats.enough.wait(PATIENCE_S)
    module.shutdown()
    asked = [each for each in bridge.asked if each.path == "/v1/lease"]
    assert asked[0].body["client"].startswith("desk-7-")
    assert (asked[0].body["ttl_s"], asked[0].body["take_over"]) == (15, False)
    assert asked[-1].method == "DELETE"
    assert {each.headers.get("Bridge-Lease") for each in asked[1:]} == {"lease-1"}


def test_a_forked_child_that_ends_leaves_its_parent_the_control(
    bridge: FakeBridge, book: OrderBook, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = BridgeLink(BridgeOptions(url=address))
    lease = Lease(link, BridgeOptions())
    assert lease.hold(timeout_s=5) == "lease-1"
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: 1)
        lease.release()
    assert lease_methods(bridge) == ["POST"]
    lease.release()
    assert lease_methods(bridge) == ["POST", "DELETE"]
    link.close_idle()


def test_hiding_a_symbol_and_changing_the_account_need_the_control(bridge: FakeBridge, connected: RemoteModule) -> None:
    bridge.answer("symbol_select", True)
    bridge.answer("account_info", plain_struct("AccountInfo", login=1, server="S"))
    bridge.answer("login", True)
    assert connected.symbol_select("EURUSD", True)
    assert connected.login(1)
    assert lease_methods(bridge) == []
    assert connected.symbol_select("EURUSD", False)
    assert connected.login(login=2)
    shown, hidden = bridge.calls("symbol_select")
    assert "Bridge-Lease" not in shown.headers
    assert hidden.headers["Bridge-Lease"] == "lease-1"
    (changed,) = bridge.calls("login")
    assert (changed.body, changed.headers["Bridge-Lease"]) == ({"login": 2}, "lease-1")


def test_threads_share_the_module_and_every_order_is_its_own(
    bridge: FakeBridge, book: OrderBook, connected: RemoteModule
) -> None:
    bridge.answer("symbols_total", 6)
    failures: list[Exception] = []

    def trade(number: int) -> None:
        try:
            for _ in range(5):
                assert connected.order_send({**BUY, "magic": number}).retcode == 10009
                assert connected.symbols_total() == 6
        except Exception as error:  # noqa: BLE001 - it is raised below, in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=trade, args=(number,)) for number in range(8)]
    run_all(threads)
    assert failures == []
    assert len(book.results) == 40
    assert lease_methods(bridge) == ["POST"]


def test_buy_sell_and_close_are_made_of_the_calls(bridge: FakeBridge, connected: RemoteModule) -> None:
    bridge.answer("symbol_info_tick", plain_struct("Tick", bid=1.1, ask=1.2))
    done = succeeded(plain_struct("OrderSendResult", retcode=10009))
    bridge.answers["/v1/calls/order_send"] = [succeeded(plain_struct("OrderSendResult", retcode=10004)), done]
    bridge.answer("positions_get", [plain_struct("TradePosition", ticket=9, volume=0.3, symbol="EURUSD")])
    assert connected.Buy("EURUSD", 0.1).retcode == 10009
    assert connected.Close("EURUSD") is True
    requote, bought, closed = (asked.body["request"] for asked in bridge.calls("order_send"))
    assert requote == bought
    assert (bought["type"], bought["price"], closed["type"], closed["price"]) == (0, 1.2, 1, 1.1)
    assert (closed["position"], closed["volume"]) == (9, 0.3)


class Beats:
    """Answers a lease and counts its heartbeats."""

    def __init__(self, *, wanted: int) -> None:
        self.wanted = wanted
        self.enough = threading.Event()

    def __call__(self, asked: Asked) -> Reply:
        self.wanted -= asked.method == "PUT"
        if self.wanted <= 0:
            self.enough.set()
        return lease(asked)


def run_all(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
