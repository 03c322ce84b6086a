"""Options and credentials are checked by name, before anything is opened."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from edgerunner.adapters.broker import Environment
from edgerunner.adapters.bybit.environments import endpoints_of
from edgerunner.adapters.bybit.options import parse_credentials, parse_options
from edgerunner.domain.errors import InvalidRequest


def rsa_pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_mainnet_has_four_hosts_and_is_live() -> None:
    options = parse_options(Environment.LIVE, {})
    assert options.is_live
    assert options.endpoints.rest == "https://api.bybit.com"
    assert options.endpoints.public_stream("linear") == "wss://stream.bybit.com/v5/public/linear"
    assert options.endpoints.private == "wss://stream.bybit.com/v5/private"
    assert options.endpoints.trade == "wss://stream.bybit.com/v5/trade"


def test_demo_reads_mainnet_prices_and_has_no_order_entry_by_stream() -> None:
    options = parse_options(Environment.DEMO, {})
    assert not options.is_live
    assert options.endpoints.rest == "https://api-demo.bybit.com"
    assert options.endpoints.public_stream("spot") == "wss://stream.bybit.com/v5/public/spot"
    assert options.endpoints.private == "wss://stream-demo.bybit.com/v5/private"
    assert options.endpoints.trade is None


def test_testnet_is_not_live() -> None:
    assert not parse_options(Environment.TESTNET, {}).is_live


def test_regional_host_replaces_one_address_and_leaves_the_others() -> None:
    endpoints = endpoints_of(Environment.LIVE, {"rest_url": "https://api.bybit.nl"})
    assert endpoints.rest == "https://api.bybit.nl"
    assert endpoints.private == "wss://stream.bybit.com/v5/private"


def test_one_base_address_serves_all_four() -> None:
    endpoints = endpoints_of(Environment.SIMULATED, {"base_url": "http://127.0.0.1:8101/"})
    assert endpoints.rest == "http://127.0.0.1:8101"
    assert endpoints.public_stream("linear") == "ws://127.0.0.1:8101/v5/public/linear"
    assert endpoints.trade == "ws://127.0.0.1:8101/v5/trade"


def test_trade_stream_can_be_turned_off() -> None:
    assert endpoints_of(Environment.LIVE, {"trade_url": None}).trade is None


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({}, "options.rest_url"),
        ({"base_url": "ftp://host"}, "options.base_url"),
        ({"base_url": "http://127.0.0.1:1", "private_url": "http://host"}, "options.private_url"),
        ({"base_url": "http://127.0.0.1:1", "recv_window_ms": "5000"}, "options.recv_window_ms"),
        ({"base_url": "http://127.0.0.1:1", "recv_window_ms": True}, "options.recv_window_ms"),
        ({"base_url": "http://127.0.0.1:1", "heartbeat_s": 0}, "options.heartbeat_s"),
        ({"base_url": "http://127.0.0.1:1", "websocket": "curl"}, "options.websocket"),
        ({"base_url": "http://127.0.0.1:1", "allow_withdrawal_key": "yes"}, "options.allow_withdrawal_key"),
        ({"base_url": "http://127.0.0.1:1", "leverage": 3}, "options.leverage"),
    ],
)
def test_wrong_option_is_named(options: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_options(Environment.SIMULATED, options)
    assert [error.field for error in caught.value.errors] == [field]


def test_paper_is_no_environment_of_bybit() -> None:
    with pytest.raises(InvalidRequest, match="paper"):
        parse_options(Environment.PAPER, {})


def test_credentials_are_never_printed() -> None:
    credentials = parse_credentials({"api_key": "KEY-CANARY", "api_secret": "SECRET-CANARY"})
    assert "CANARY" not in repr(credentials)


def test_rsa_key_is_read_from_pem() -> None:
    credentials = parse_credentials({"api_key": "k", "private_key": rsa_pem()})
    assert credentials.private_key is not None
    assert credentials.api_secret is None


@pytest.mark.parametrize(
    ("credentials", "field"),
    [
        ({}, "credentials.api_key"),
        ({"api_key": "k"}, "credentials.api_secret"),
        ({"api_key": "k", "api_secret": "s", "private_key": "p"}, "credentials.api_secret"),
        ({"api_key": "k", "private_key": "not pem SECRET-CANARY"}, "credentials.private_key"),
        ({"api_key": "schlüssel", "api_secret": "s"}, "credentials.api_key"),
        ({"api_key": "k", "api_secret": "s", "passphrase": "p"}, "credentials.passphrase"),
    ],
)
def test_wrong_credential_is_named_without_its_value(credentials: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_credentials(credentials)
    assert caught.value.errors[0].field == field
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "options", "expected"),
    [
        (Environment.LIVE, {}, True),
        (Environment.LIVE, {"base_url": "http://127.0.0.1:1"}, True),
        (Environment.DEMO, {}, False),
        (Environment.TESTNET, {"rest_url": "https://api-testnet.manepa.jp"}, False),
        (Environment.TESTNET, {"base_url": "http://127.0.0.1:1"}, False),
        (Environment.TESTNET, {"base_url": "http://[::1]:1"}, False),
        (Environment.DEMO, {"rest_url": "https://api.bybit.com"}, True),
        (Environment.DEMO, {"trade_url": "wss://stream.bybit.com/v5/trade"}, True),
        (Environment.TESTNET, {"base_url": "https://api.bybit.eu"}, True),
        (Environment.DEMO, {"public_url": "wss://stream.bybit.com/v5/public"}, False),
    ],
)
def test_the_hosts_decide_whether_it_is_real_money(
    environment: Environment, options: dict[str, object], expected: bool
) -> None:
    assert parse_options(environment, options).is_live is expected


def test_a_live_connection_to_a_practice_host_is_a_mistake() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_options(Environment.LIVE, {"rest_url": "https://api-testnet.bybit.com"})
    assert refusal.value.errors[0].field == "environment"
