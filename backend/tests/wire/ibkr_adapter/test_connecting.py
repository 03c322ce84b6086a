"""Logging on: every way in which it fails is a clear error within its time-out, and leaves nothing open."""

import asyncio
import random
import socket
import time

import pytest

from edgerunner.adapters.broker import Environment, PlaceOrder
from edgerunner.adapters.ibkr_adapter import IBBrokerAdapter, create_ibkr_adapter
from edgerunner.domain.accounts import AccountMode
from edgerunner.domain.errors import (
    BrokerAuthFailed,
    BrokerTimeout,
    BrokerUnreachable,
    Conflict,
    InvalidRequest,
    NotConnected,
    Unsupported,
)
from edgerunner.simulators.tws.settings import TwsSettings
from tests.contract.ibkr_harness import adapter_of, ibkr_on_simulator
from tests.wire.ibkr_adapter.scripted import HANDSHAKE, adapter_at, frame, gateway

WITHIN_S = 5.0


async def refused(adapter: IBBrokerAdapter, error: type[Exception], match: str) -> None:
    """The log-on fails with an error in time, and no task of it is left."""
    before = asyncio.all_tasks()
    async with asyncio.timeout(WITHIN_S):
        with pytest.raises(error, match=match):
            await adapter.connect()
    with pytest.raises(NotConnected):
        await adapter.get_positions()
    assert {
        task for task in asyncio.all_tasks() - before if "start_server" not in repr(task) and "serve" not in repr(task)
    } == set()


async def test_a_port_where_nothing_listens_is_unreachable() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        await refused(adapter_at(port), BrokerUnreachable, rf"no TWS or IB Gateway listens at 127\.0\.0\.1:{port}")


async def test_a_host_that_does_not_exist_is_unreachable() -> None:
    adapter = create_ibkr_adapter(
        connection_id="ib",
        environment=Environment.PAPER,
        credentials={"host": "no-such-host.invalid", "port": "7497"},
        options={"connect_timeout_s": 3.0},
        clock=time,
        random=random.Random(1),
    )
    with pytest.raises((BrokerUnreachable, BrokerTimeout), match="no-such-host"):
        await adapter.connect()


async def test_a_port_that_accepts_and_says_nothing_times_out() -> None:
    async with gateway() as port:
        await refused(adapter_at(port), BrokerTimeout, "does not answer as TWS")


async def test_a_port_that_closes_at_once_is_unreachable() -> None:
    async with gateway(b"", closes=True) as port:
        await refused(adapter_at(port), BrokerUnreachable, "closed the connection at the log-on")


async def test_a_gateway_that_shakes_hands_and_goes_no_further_times_out() -> None:
    async with gateway(frame(*HANDSHAKE)) as port:
        await refused(adapter_at(port), BrokerTimeout, "did not let us in")


async def test_an_empty_account_list_is_said() -> None:
    async with gateway(frame(*HANDSHAKE), frame(15, 1, "") + frame(9, 1, 1)) as port:
        await refused(adapter_at(port), BrokerAuthFailed, "reports no account")


async def test_a_used_client_id_is_a_conflict_at_once() -> None:
    async with ibkr_on_simulator("AAPL.IBKR") as broker:
        other = adapter_of(broker.venue, broker.port, client_id=7, options={"connect_timeout_s": 20})
        began = time.monotonic()
        await refused(other, Conflict, "client id 7 is in use")
        assert time.monotonic() - began < WITHIN_S
        assert (await broker.adapter.get_account_summary())[0].equity


async def test_a_read_only_api_connects_shows_and_takes_no_order() -> None:
    async with ibkr_on_simulator("AAPL.IBKR", TwsSettings(is_read_only=True)) as broker:
        products = broker.adapter.capabilities.products
        assert not any(product.order_types for product in products.values())
        assert "Read-Only" in products["stock"].unsupported["orders"]
        assert await broker.adapter.get_open_orders() == []
        assert (await broker.adapter.get_ticker("AAPL.IBKR")).bid
        command = PlaceOrder(client_order_id="RO-1", account_id=broker.account_id, terms=broker.market_terms())
        with pytest.raises(Unsupported, match="takes no orders"):
            await broker.adapter.place_order(command)
        assert await broker.placements_of("RO-1") == 0


async def test_an_unknown_account_is_refused_with_those_there_are() -> None:
    async with ibkr_on_simulator("AAPL.IBKR") as broker:
        adapter = create_ibkr_adapter(
            connection_id="ib",
            environment=Environment.PAPER,
            credentials={"port": str(broker.port), "client_id": "8", "account": "DU9"},
            options={},
            clock=time,
            random=random.Random(1),
        )
        await refused(adapter, InvalidRequest, "no account DU9; it is logged on for DU1000001")


@pytest.mark.parametrize(("account", "is_live"), [("DU1000001", False), ("U1000001", True)])
async def test_paper_or_live_is_what_the_account_is_called(account: str, *, is_live: bool) -> None:
    async with ibkr_on_simulator("AAPL.IBKR", TwsSettings(accounts=(account,))) as broker:
        (found,) = broker.accounts
        assert (found.account_id, found.is_live, found.mode, found.currency) == (
            account,
            is_live,
            AccountMode.NETTING,
            "USD",
        )


async def test_a_live_connection_to_a_paper_account_is_refused() -> None:
    async with ibkr_on_simulator("AAPL.IBKR") as broker:
        await refused(
            adapter_at(broker.port, environment=Environment.LIVE, client_id=8, connect_timeout_s=5),
            InvalidRequest,
            "DU1000001 is a paper account",
        )


async def test_connecting_twice_is_a_conflict_and_disconnecting_twice_is_none() -> None:
    async with ibkr_on_simulator("AAPL.IBKR") as broker:
        with pytest.raises(Conflict, match="connected already"):
            await broker.adapter.connect()
        await broker.adapter.disconnect()
        await broker.adapter.disconnect()
