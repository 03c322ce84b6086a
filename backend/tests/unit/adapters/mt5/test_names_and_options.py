"""Suffixes of symbols, what can be set, and who the account is."""

import pytest

from edgerunner.adapters.broker import Environment
from edgerunner.adapters.mt5.options import parse_credentials, parse_options
from edgerunner.adapters.mt5.switches import is_hedged, is_live, refusal_of
from edgerunner.adapters.mt5.symbol_names import names_of, short_name, suffix_in
from edgerunner.domain.errors import InvalidRequest, NotFound
from edgerunner.mt5_surface import constants as mt5
from edgerunner.mt5_surface.structs import AccountInfo, TerminalInfo
from tests.unit.adapters.mt5.rows import row


@pytest.mark.parametrize(
    ("names", "suffix"),
    [
        (["EURUSD", "GBPUSD"], ""),
        (["EURUSD.x", "GBPUSD.x", "USDJPY.x"], ".x"),
        (["EURUSD!", "GBPUSD!"], "!"),
        (["EURUSD.x", "EURUSD.pro", "GBPUSD.x"], ".x"),
        (["EURUSD", "EURUSD.x", "GBPUSD.x"], ""),
        (["EURUSD.x", "GBPUSD.pro"], ""),
        (["EURUSDm", "GBPUSDm"], "m"),
        ([], ""),
    ],
)
def test_trap_8_suffix_is_the_one_that_the_common_pairs_share(names: list[str], suffix: str) -> None:
    assert suffix_in(names) == suffix


def test_trap_8_ids_leave_the_suffix_out_and_find_it_again() -> None:
    assert short_name("EURUSD.x", ".x") == "EURUSD"
    assert names_of("EURUSD.MT5", ".x") == ["EURUSD", "EURUSD.x"]
    assert names_of("GOLD#.MT5", "") == ["GOLD#"]
    for wrong in ("EURUSD", "EURUSD.IBKR", ".MT5"):
        with pytest.raises(NotFound):
            names_of(wrong, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bridge_url", "ftp://there"),
        ("bridge_url", "http://192.168.0.7:8103"),
        ("bridge_url", "http://user:secret@127.0.0.1:8103"),
        ("bridge_url", "http://127.0.0.1:8103/path"),
        ("bridge_url", "http://[::1"),
        ("module", "os; import sys"),
        ("path", "terminal64"),
        ("server_zone", "Nowhere"),
        ("symbol_suffix", "*"),
        ("poll_ms", 1),
        ("poll_ms", True),
        ("order_timeout_s", 60),
        ("portable", "yes"),
        ("no_such", 1),
    ],
)
def test_wrong_option_is_named(name: str, value: object) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_options(Environment.DEMO, {name: value})
    assert [error.field for error in caught.value.errors] == [f"options.{name}"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8103", "http://localhost:8103/", "https://mt5.example.org"])
def test_bridge_beyond_this_machine_needs_tls(url: str) -> None:
    assert parse_options(Environment.DEMO, {"bridge_url": url}).bridge_url == url.rstrip("/")


@pytest.mark.parametrize("environment", [Environment.PAPER, Environment.TESTNET])
def test_environments_that_metatrader_does_not_have_are_refused(environment: Environment) -> None:
    with pytest.raises(InvalidRequest, match="demo"):
        parse_options(environment, {})


BRIDGE = {"bridge_url": "http://127.0.0.1:8103"}


@pytest.mark.parametrize(
    ("options", "credentials", "field"),
    [
        ({}, {"login": "abc"}, "login"),
        ({}, {"login": "-5"}, "login"),
        ({}, {"password": "x"}, "login"),
        ({}, {"api_key": "x"}, "api_key"),
        (BRIDGE, {"login": "5"}, "bridge_token"),
        (BRIDGE, {"bridge_token": "t", "password": "x"}, "password"),
    ],
)
def test_wrong_credential_is_named(options: dict[str, object], credentials: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_credentials(credentials, parse_options(Environment.DEMO, options))
    assert caught.value.errors[0].field == f"credentials.{field}"


def test_secrets_are_shown_nowhere() -> None:
    credentials = parse_credentials({"bridge_token": "hidden"}, parse_options(Environment.DEMO, BRIDGE))
    assert "hidden" not in repr(credentials)


@pytest.mark.parametrize(
    ("mode", "live"),
    [
        (mt5.ACCOUNT_TRADE_MODE_DEMO, False),
        (mt5.ACCOUNT_TRADE_MODE_CONTEST, False),
        (mt5.ACCOUNT_TRADE_MODE_REAL, True),
        (7, True),
    ],
)
def test_account_that_is_not_known_to_be_play_is_real_money(mode: int, live: bool) -> None:
    assert is_live(row(AccountInfo, trade_mode=mode)) is live


def test_margin_mode_tells_how_positions_are_kept() -> None:
    told = [is_hedged(row(AccountInfo, margin_mode=mode)) for mode in (0, 1, 2)]
    assert told == [False, False, True]


def test_trap_7_each_switch_has_its_remedy() -> None:
    good_account, good_terminal = {"trade_allowed": True, "trade_expert": True}, {"trade_allowed": True}
    cases = [
        ({}, {}, None),
        ({}, {"tradeapi_disabled": True}, "Python API"),
        ({"trade_allowed": False}, {}, "investor"),
        ({"trade_expert": False}, {}, "broker forbids"),
        ({}, {"trade_allowed": False}, "AutoTrading"),
    ]
    for account, terminal, word in cases:
        told = refusal_of(
            row(AccountInfo, **{**good_account, **account}), row(TerminalInfo, **{**good_terminal, **terminal})
        )
        assert (told is None) if word is None else (word in str(told))
