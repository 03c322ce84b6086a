"""Addresses that no connection may lead to, however they are written."""

import socket

import pytest

from edgerunner.adapters.broker import Environment
from edgerunner.adapters.bybit.environments import endpoints_of
from edgerunner.adapters.ibkr.options import parse_credentials
from edgerunner.adapters.mt5.options import parse_options
from edgerunner.adapters.reach import AddressRefused, permitted_address, permitted_socket
from edgerunner.domain.addresses import objection_to, objection_to_host
from edgerunner.domain.errors import InvalidRequest
from edgerunner.services.simulator_truth import simulator_port

REFUSED = [
    "169.254.169.254",
    "169.254.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "0.0.0.0",  # noqa: S104 - what is refused
    "::",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "240.0.0.1",
]


@pytest.mark.parametrize("address", REFUSED)
def test_no_broker_is_there(address: str) -> None:
    assert objection_to(address)
    with pytest.raises(InvalidRequest, match=r"credentials\.host"):
        parse_credentials(Environment.PAPER, {"host": address}, connection_id="ib")
    written = f"[{address}]" if ":" in address else address
    with pytest.raises(InvalidRequest, match=r"options\.bridge_url"):
        parse_options(Environment.DEMO, {"bridge_url": f"https://{written}:8103"})


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.5", "192.168.1.2", "172.17.0.1", "fd12::5", "8.8.8.8"])
def test_gateways_and_bridges_may_be_there(address: str) -> None:
    assert objection_to(address) is None


def test_names_are_looked_up_later() -> None:
    assert objection_to_host("ib-gateway") is None


@pytest.mark.parametrize("host", ["0", "000.0.0.0", "169.254.169.254"])
async def test_a_host_is_refused_when_it_is_dialled(host: str) -> None:
    with pytest.raises(AddressRefused):
        await permitted_address(host, 7497)


@pytest.mark.parametrize("host", ["0xa9fea9fe", "2852039166", "0251.0376.0251.0376"])
async def test_numbers_in_other_bases_are_read_before_they_are_judged(host: str) -> None:
    try:
        socket.getaddrinfo(host, 80)
    except OSError:
        pytest.skip("this system does not read such numbers as addresses")
    with pytest.raises(AddressRefused, match="metadata"):
        await permitted_address(host, 7497)


async def test_loopback_is_dialled() -> None:
    assert await permitted_address("localhost", 7497) in {"127.0.0.1", "::1"}


def test_a_socket_is_made_for_permitted_addresses_alone() -> None:
    kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
    permitted_socket((*kind, ("127.0.0.1", 80))).close()
    with pytest.raises(AddressRefused):
        permitted_socket((*kind, ("169.254.169.254", 80)))


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example",
        "https://api.bybit.com.evil.example",
        "https://evilbybit.com",
        "https://api.bybit.com@evil.example",
        "https://user@api.bybit.com",
        "http://api.bybit.com",
        "https://169.254.169.254",
        "https://10.0.0.1",
        "https://api-demo.evil.example",
    ],
)
def test_bybits_keys_go_to_bybit_alone(address: str) -> None:
    with pytest.raises(InvalidRequest, match=r"options\.base_url"):
        endpoints_of(Environment.DEMO, {"base_url": address})


@pytest.mark.parametrize("address", ["https://api.bybit.nl", "https://api.bytick.com", "http://127.0.0.1:8101"])
def test_bybits_regional_hosts_are_known(address: str) -> None:
    assert endpoints_of(Environment.LIVE, {"base_url": address}).rest == address


@pytest.mark.parametrize(
    "address",
    [
        "http://evil.example:8100",
        "http://169.254.169.254",
        "http://127.0.0.1:8100/orders?x=",
        "http://user@127.0.0.1:8100",
        "https://127.0.0.1:8100",
        "http://127.0.0.1.evil.example:8100",
        "file:///etc/passwd",
        "gopher://127.0.0.1:8100",
    ],
)
async def test_simulators_are_asked_on_this_machine_and_nothing_else_is(address: str) -> None:
    with pytest.raises(InvalidRequest, match="control_url"):
        await simulator_port(address, "bybit")
