"""Logging in: the bridge has the passwords, and the program learns when it asks for another account than it gets."""

from typing import Any

import pytest

from edgerunner.mt5_bridge.remote import RemoteModule, connect
from tests.unit.mt5_bridge.remote.fake_bridge import TOKEN, FakeBridge, plain_struct, succeeded

PASSWORD = "the-brokers-password"


def test_the_login_id_alone_goes_to_the_bridge(bridge: FakeBridge, mt5: RemoteModule) -> None:
    assert mt5.initialize(login=1000001, timeout=2000)
    (asked,) = bridge.calls("initialize")
    assert asked.body == {"login": 1000001}


@pytest.mark.parametrize("call", ["initialize", "login"])
def test_a_password_is_refused_and_never_sent(call: str, bridge: FakeBridge, connected: RemoteModule) -> None:
    assert getattr(connected, call)(login=1, password=PASSWORD) is False
    code, text = connected.last_error()
    assert code == connected.RES_E_AUTH_FAILED
    assert "none travels" in text
    assert PASSWORD not in repr(bridge.asked) + text


def test_what_is_none_is_left_to_the_bridge(bridge: FakeBridge, mt5: RemoteModule) -> None:
    assert mt5.initialize(path=None, login=1, password=None, server=None, portable=False)
    (asked,) = bridge.calls("initialize")
    assert asked.body == {"login": 1}


def test_a_program_that_insists_on_a_password_can_have_it_dropped(bridge: FakeBridge, address: str) -> None:
    bridge.answer("account_info", plain_struct("AccountInfo", login=1, server="Edgerunner-Sim"))
    module = connect(address, token=TOKEN, timeout_s=5, drop_passwords=True)
    assert module.initialize(login=1, password=PASSWORD, server="Edgerunner-Sim")
    assert PASSWORD not in repr(bridge.asked)
    module.shutdown()


def test_another_server_than_asked_for_is_no_login(bridge: FakeBridge, mt5: RemoteModule) -> None:
    bridge.answer("account_info", plain_struct("AccountInfo", login=1, server="Edgerunner-Sim"))
    assert mt5.initialize(login=1, server="Real-Money") is False
    code, text = mt5.last_error()
    assert code == mt5.RES_E_AUTH_FAILED
    assert "Edgerunner-Sim" in text
    assert mt5.account_info() is None


@pytest.mark.parametrize(
    ("arguments", "named", "code"),
    [(("C:/terminal64.exe",), {}, -10003), ((), {"portable": True}, -2), ((), {"login": "1"}, -2), ((5,), {}, -2)],
)
def test_what_the_bridge_cannot_honour_is_refused(
    arguments: tuple[Any, ...], named: dict[str, Any], code: int, bridge: FakeBridge, mt5: RemoteModule
) -> None:
    assert mt5.initialize(*arguments, **named) is False
    assert mt5.last_error()[0] == code
    assert bridge.asked == []


def test_an_account_that_the_bridge_does_not_have_is_no_login(bridge: FakeBridge, mt5: RemoteModule) -> None:
    bridge.answers["/v1/calls/initialize"] = [
        (200, {"result": False, "last_error": [-6, "Terminal: Authorization failed"]})
    ]
    assert mt5.initialize(login=7) is False
    assert mt5.last_error() == (-6, "Terminal: Authorization failed")


def test_logging_in_to_the_account_in_use_changes_nothing(bridge: FakeBridge, connected: RemoteModule) -> None:
    bridge.answer("account_info", plain_struct("AccountInfo", login=1, server="S"))
    assert connected.login(1, server="S")
    assert bridge.calls("login") == []
    assert connected.login(1, server="T") is False


def test_a_failed_initialize_leaves_no_connection(bridge: FakeBridge, connected: RemoteModule) -> None:
    bridge.answers["/v1/calls/initialize"] = [(200, {"result": False, "last_error": [-10005, "IPC timeout"]})]
    bridge.answers["/v1/calls/symbols_total"] = [succeeded(6)]
    assert connected.initialize() is False
    assert connected.symbols_total() is None
