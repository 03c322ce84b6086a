"""Connecting, logging in, the terminal that everybody shares, and what is left when it goes away."""

from types import ModuleType
from typing import Any

import pytest

from edgerunner.mt5_surface.functions import FUNCTIONS, Calling
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.client import Connection
from edgerunner.simulators.mt5.module import create_module
from edgerunner.simulators.mt5.settings import TERMINAL_VARIABLE, Mt5Settings
from tests.unit.simulators.mt5.terminal.fake_broker import FakeBroker
from tests.wire.mt5.kit import Site, running_site

NO_CONNECTION = (-10004, "No IPC connection")
NOT_FOUND = (-10003, "IPC initialize failed, MetaTrader 5 x64 not found")
NOT_AUTHORIZED = (-6, "Terminal: Authorization failed")
SUCCESS = (1, "Success")

SOME_ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "login": (1_000_001,),
    "copy_ticks_from": ("EURUSD", 0, 1, -1),
    "copy_ticks_range": ("EURUSD", 0, 1, -1),
    "copy_rates_from": ("EURUSD", 1, 1_794_000_000, 1),
    "copy_rates_from_pos": ("EURUSD", 1, 0, 1),
    "copy_rates_range": ("EURUSD", 1, 1_794_000_000, 1_794_000_600),
    "history_orders_total": (0, 1),
    "history_deals_total": (0, 1),
    "history_orders_get": (0, 1),
    "history_deals_get": (0, 1),
    "order_check": ({},),
    "order_send": ({},),
    "order_calc_margin": (0, "EURUSD", 1.0, 1.0),
    "order_calc_profit": (0, "EURUSD", 1.0, 1.0, 1.0),
    **dict.fromkeys(
        (
            "symbol_info",
            "symbol_info_tick",
            "symbol_select",
            "market_book_add",
            "market_book_release",
            "market_book_get",
        ),
        ("EURUSD",),
    ),
}
CALLS = [
    name
    for name, function in FUNCTIONS.items()
    if function.calling is not Calling.PYTHON and name not in {"initialize", "shutdown", "last_error"}
]


@pytest.mark.parametrize("name", CALLS)
def test_before_initialize_every_call_fails_for_want_of_a_connection(name: str) -> None:
    module = create_module("MetaTrader5", Connection())
    assert module.last_error() == SUCCESS
    assert not _call(module, name)
    assert module.last_error() == NO_CONNECTION


def test_the_functions_in_python_fail_as_theirs_do_before_initialize() -> None:
    module = create_module("MetaTrader5", Connection())
    assert module.Buy("EURUSD", 0.1, 1.1) is None
    with pytest.raises(AttributeError):
        module.Buy("EURUSD", 0.1)
    with pytest.raises(TypeError):
        module.Close("EURUSD")


async def test_a_terminal_that_does_not_listen_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    module = create_module("MetaTrader5", Connection())
    for address in ("127.0.0.1:1", "nowhere"):
        monkeypatch.setenv(TERMINAL_VARIABLE, address)
        assert module.initialize() is False
        assert module.last_error() == NOT_FOUND


async def test_every_call_answers_once_connected(site: Site) -> None:
    for name in CALLS:
        value = await site.ask(_call, site.mt5, name)
        expected = {"market_book_add", "market_book_release", "market_book_get"}
        assert (site.mt5.last_error() == SUCCESS) is (name not in expected), (name, site.mt5.last_error())
        assert value is not None or name == "market_book_get", name


async def test_shutdown_ends_the_connection_and_initialize_makes_another(site: Site) -> None:
    assert await site.asked(site.mt5.shutdown) == (None, SUCCESS)
    assert await site.asked(site.mt5.account_info) == (None, NO_CONNECTION)
    assert await site.asked(site.mt5.initialize) == (True, SUCCESS)
    assert (await site.ask(site.mt5.account_info)).login == 1_000_001


@pytest.mark.parametrize("path", ["C:\\MT5\\terminal64.exe", "/opt/one/TERMINAL64.EXE", "terminal64.exe"])
async def test_a_path_is_a_terminal_when_its_file_name_is(site: Site, path: str) -> None:
    assert await site.asked(site.mt5.initialize, path) == (True, SUCCESS)
    assert await site.asked(site.mt5.initialize, path=path) == (True, SUCCESS)


@pytest.mark.parametrize("path", ["C:\\MT5\\metaeditor64.exe", "C:\\MT5\\", "terminal.exe", ""])
async def test_any_other_path_is_not_found_and_leaves_no_connection(site: Site, path: str) -> None:
    assert await site.asked(site.mt5.initialize, path) == (False, NOT_FOUND)
    assert await site.asked(site.mt5.version) == (None, NO_CONNECTION)


async def test_terminals_of_two_folders_have_their_own_accounts_and_market_watches(site: Site) -> None:
    other = site.another_module()
    assert await site.ask(
        other.initialize, "C:\\Two\\terminal64.exe", login=1_000_002, password="sim-password", server="Edgerunner-Sim"
    )
    await site.ask(other.symbol_select, "EURUSD", False)
    assert (await site.ask(other.account_info)).login == 1_000_002
    assert (await site.ask(other.terminal_info)).path == "C:\\Two"
    assert (await site.ask(site.mt5.account_info)).login == 1_000_001
    assert (await site.ask(site.mt5.symbol_info, "EURUSD")).visible
    await site.ask(other.shutdown)


async def test_a_log_in_changes_the_account_for_everybody_at_the_terminal(site: Site) -> None:
    other = site.another_module()
    assert await site.ask(other.initialize)
    assert await site.asked(site.mt5.login, 1_000_002, password="sim-password", server="Edgerunner-Sim") == (
        True,
        SUCCESS,
    )
    assert (await site.ask(other.account_info)).login == 1_000_002
    assert await site.ask(site.mt5.login, 1_000_001), "the first account's password is saved"
    assert (await site.ask(other.account_info)).login == 1_000_001
    await site.ask(other.shutdown)


@pytest.mark.parametrize(
    "words",
    [
        {"login": 1_000_001, "password": "wrong"},
        {"login": 1_000_002},
        {"login": 5, "password": "sim-password"},
        {"login": 1_000_001, "password": "sim-password", "server": "Elsewhere"},
    ],
)
async def test_a_wrong_password_login_or_server_is_refused(site: Site, words: dict[str, Any]) -> None:
    assert await site.asked(site.mt5.login, words["login"], **{k: v for k, v in words.items() if k != "login"}) == (
        False,
        NOT_AUTHORIZED,
    )
    assert (await site.ask(site.mt5.account_info)).login == 1_000_001
    assert await site.asked(site.mt5.initialize, **words) == (False, NOT_AUTHORIZED)
    assert await site.asked(site.mt5.version) == (None, NO_CONNECTION)


async def test_the_investor_password_lets_look_and_not_trade(site: Site) -> None:
    assert await site.ask(site.mt5.login, 1_000_001, password="sim-investor")
    assert (await site.ask(site.mt5.account_info)).trade_allowed is False
    result = await site.ask(site.mt5.order_send, {"action": 1, "symbol": "EURUSD", "volume": 0.1, "comment": "mine"})
    assert result.retcode == 10017
    assert site.broker.sent == []
    assert site.broker.refused == [(1_000_001, "mine", "EURUSD", "Trade disabled")]


async def test_a_terminal_without_an_account_wants_a_log_in(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Mt5Settings(default_login=None)
    async with running_site(FakeBroker(), FaultBox(["mt5"]), monkeypatch, settings, is_initialized=False) as site:
        assert await site.asked(site.mt5.initialize) == (False, NOT_AUTHORIZED)
        assert await site.ask(site.mt5.initialize, login=1_000_001, password="sim-password")
        assert await site.ask(site.mt5.initialize), "the terminal knows its last account"
        assert await site.ask(site.mt5.initialize, login=0, password="", server=""), "0 and empty are as not given"


async def test_a_server_that_stops_leaves_no_connection_until_initialize(site: Site) -> None:
    await site.server.restart()
    assert await site.asked(site.mt5.account_info) == (None, NO_CONNECTION)
    assert await site.asked(site.mt5.symbols_total) == (None, NO_CONNECTION)
    assert await site.asked(site.mt5.initialize) == (True, SUCCESS)


async def test_more_modules_than_the_terminal_takes_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Mt5Settings(maximum_clients=1)
    async with running_site(FakeBroker(), FaultBox(["mt5"]), monkeypatch, settings) as site:
        assert await site.ask(site.another_module().initialize) is False
        assert (await site.ask(site.mt5.account_info)).login == 1_000_001


def _call(module: ModuleType, name: str) -> Any:
    return getattr(module, name)(*SOME_ARGUMENTS.get(name, ()))
