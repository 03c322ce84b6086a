import pytest

from edgerunner.adapters.broker import Environment
from edgerunner.adapters.ibkr.options import default_client_id, parse_credentials, parse_options
from edgerunner.domain.errors import InvalidRequest


def test_nothing_given_is_this_machines_tws() -> None:
    paper = parse_credentials(Environment.PAPER, {}, connection_id="ib")
    assert (paper.host, paper.port, paper.account) == ("127.0.0.1", 7497, None)
    assert parse_credentials(Environment.LIVE, {}, connection_id="ib").port == 7496


def test_client_id_is_the_same_at_every_start_and_differs_by_connection() -> None:
    ids = {
        name: parse_credentials(Environment.PAPER, {}, connection_id=name).client_id for name in ("a", "b", "ibkr-sim")
    }
    assert ids == {name: default_client_id(name) for name in ids}
    assert len(set(ids.values())) == 3
    assert min(ids.values()) >= 100


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("port", "0"),
        ("port", "70000"),
        ("port", "http"),
        ("client_id", "-1"),
        ("client_id", "2147483648"),
        ("client_id", "1.5"),
        ("account", "DU 1"),
        ("host", "a b"),
        ("password", "x"),
    ],
)
def test_wrong_credential_is_named(field: str, value: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_credentials(Environment.PAPER, {field: value}, connection_id="ib")
    assert caught.value.errors[0].field == f"credentials.{field}"


@pytest.mark.parametrize(
    ("name", "value"),
    [("request_timeout_s", "5"), ("request_timeout_s", 0), ("heartbeat_s", True), ("delayed_data", 1), ("speed", 3)],
)
def test_wrong_option_is_named(name: str, value: object) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_options(Environment.PAPER, {name: value})
    assert caught.value.errors[0].field == f"options.{name}"


@pytest.mark.parametrize("environment", [Environment.DEMO, Environment.TESTNET])
def test_environments_that_interactive_brokers_lacks_are_refused(environment: Environment) -> None:
    with pytest.raises(InvalidRequest, match="paper or live"):
        parse_options(environment, {})
