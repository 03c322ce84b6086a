"""What only happens through the bridge: leases, scopes, lost answers, a bridge that is restarted or away."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edgerunner.adapters.mt5.options import Options
from edgerunner.adapters.mt5_adapter import MT5Adapter
from edgerunner.domain.errors import BrokerAuthFailed, BrokerRejected, BrokerUnreachable, Conflict, Unsupported
from edgerunner.domain.orders import OrderStatus
from edgerunner.mt5_bridge.server import BridgeServer
from edgerunner.mt5_bridge.settings import AccountSettings, BridgeSettings, Scope, Token, TradeLimits
from edgerunner.simulators.faults import FaultMatch
from edgerunner.simulators.mt5.settings import PASSWORD, SERVER_NAME
from edgerunner.simulators.mt5.venue import Mt5Venue
from tests.contract.harness import until
from tests.contract.mt5_harness import (
    HEDGING,
    MODULE,
    NETTING,
    TOKEN,
    Mt5OnSimulator,
    bridge_adapter,
    simulated_terminal,
)

READER = "a-token-of-these-tests-that-may-only-read"


@dataclass
class Site:
    """A terminal, a bridge that can be restarted, and an adapter connected through it."""

    venue: Mt5Venue
    settings: BridgeSettings
    bridge: BridgeServer
    broker: Mt5OnSimulator

    async def restart_bridge(self) -> None:
        await self.bridge.stop()
        self.bridge = BridgeServer(self.settings)
        await self.bridge.start()


def settings_of(folder: Path, port: int = 0, **limits: Any) -> BridgeSettings:
    return BridgeSettings(
        tokens=(
            Token(name="trader", scopes=frozenset(Scope), secret=TOKEN),
            Token(name="reader", scopes=frozenset({Scope.READ}), secret=READER),
        ),
        data_dir=folder,
        module=MODULE,
        port=port,
        accounts={HEDGING: AccountSettings(login=HEDGING, server=SERVER_NAME, password=PASSWORD)},
        login=HEDGING,
        limits=TradeLimits(**limits),
    )


@asynccontextmanager
async def running(**limits: Any) -> AsyncIterator[Site]:
    with tempfile.TemporaryDirectory() as folder:
        async with simulated_terminal() as (venue, faults, server):
            first = BridgeServer(settings_of(Path(folder), **limits))
            await first.start()
            port = first.port
            broker = Mt5OnSimulator(
                venue, faults, server.restart, bridge_adapter(venue, HEDGING, first.url), "EURUSD.MT5"
            )
            site = Site(venue, settings_of(Path(folder), port, **limits), first, broker)
            try:
                await broker.start()
                try:
                    yield site
                finally:
                    await broker.stop()
            finally:
                await site.bridge.stop()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running() as made:
        yield made


async def test_restarted_bridge_is_found_again_and_its_lease_taken_anew(site: Site) -> None:
    key = await site.broker.place(await site.broker.limit_terms())
    await site.broker.until_status(key, OrderStatus.ACCEPTED)
    await site.restart_bridge()
    await until(lambda: site.broker.health("orders")[-2:] == ["down", "up"], lambda: str(site.broker.health("orders")))
    await site.broker.until_filled(await site.broker.place(site.broker.market_terms()), site.broker.quantity)
    await site.broker.cancel(key)
    await site.broker.until_status(key, OrderStatus.CANCELED)


async def test_lease_that_is_gone_is_taken_anew_for_an_order_that_was_not_sent(site: Site) -> None:
    session = site.broker.adapter._session
    lease = session._terminal._lease  # type: ignore[attr-defined] # to make the bridge forget it
    assert lease._lease_id is not None
    await session._terminal._http.exchange(  # type: ignore[attr-defined]
        "DELETE", "/v1/lease", headers={"Bridge-Lease": lease._lease_id}, timeout_s=5
    )
    key = await site.broker.place(site.broker.market_terms())
    await site.broker.until_filled(key, site.broker.quantity)
    assert await site.broker.placements_of(key) == 1


async def test_program_that_has_the_lease_keeps_it(site: Site) -> None:
    other = bridge_adapter(site.venue, HEDGING, site.bridge.url, take_over=False)
    with pytest.raises(Conflict, match="mt5-contract"):
        await other.connect()


async def test_program_before_a_crash_gives_the_lease_to_its_successor(site: Site) -> None:
    successor = bridge_adapter(site.venue, HEDGING, site.bridge.url)
    await successor.connect()
    await successor.disconnect()


async def test_token_that_may_only_read_shows_everything_and_trades_nothing(site: Site) -> None:
    adapter = reader_of(site, READER)
    await adapter.connect()
    assert (await adapter.get_ticker("EURUSD.MT5")).bid
    assert "read only" in adapter.capabilities.products["forex"].unsupported["orders"]
    with pytest.raises(Unsupported, match="read only"):
        await adapter.check_order(site.broker.account_id, site.broker.market_terms())
    await adapter.disconnect()


def reader_of(site: Site, token: str) -> MT5Adapter:
    import random

    from edgerunner.adapters.broker import Environment
    from edgerunner.adapters.mt5_adapter import create_mt5_adapter
    from tests.contract.mt5_harness import QUICK, trading_clock

    return create_mt5_adapter(
        connection_id="mt5-reader",
        environment=Environment.DEMO,
        credentials={"bridge_token": token},
        options={"bridge_url": site.bridge.url, **QUICK},
        clock=trading_clock(site.venue),
        random=random.Random(1),
    )


async def test_wrong_token_account_and_address_are_refused_by_name(site: Site) -> None:
    with pytest.raises(BrokerAuthFailed, match="token"):
        await reader_of(site, "no-such-token-no-such-token-no-such").connect()
    with pytest.raises((BrokerAuthFailed, BrokerUnreachable)):
        await bridge_adapter(site.venue, NETTING, site.bridge.url).connect()
    with pytest.raises(BrokerUnreachable, match="not reached"):
        await bridge_adapter(site.venue, HEDGING, "http://127.0.0.1:1").connect()


async def test_answer_that_was_lost_on_the_way_is_asked_for_again_and_nothing_is_sent_twice(site: Site) -> None:
    """The bridge executed the order and its answer came too late for us: it keeps it under the order's key."""
    terminal = site.broker.adapter._session._terminal
    exchange, lost = terminal._http.exchange, list[object]()  # type: ignore[attr-defined] # the wire, to lose one answer

    async def losing(method: str, path: str, *arguments: object, **named: object) -> object:
        from edgerunner.adapters.mt5.bridge_http import NoAnswer

        answer = await exchange(method, path, *arguments, **named)
        if path.endswith("order_send") and not lost:
            lost.append(answer)
            raise NoAnswer("the bridge broke off")
        return answer

    terminal._http.exchange = losing  # type: ignore[attr-defined]
    key = await site.broker.place(site.broker.market_terms())
    await site.broker.until_filled(key, site.broker.quantity)
    assert len(lost) == await site.broker.placements_of(key) == 1


async def test_limits_of_the_bridge_are_refusals_with_their_own_code() -> None:
    from decimal import Decimal

    async with running(max_volume=Decimal("0.05")) as site:
        key = site.broker.new_key()
        with pytest.raises(BrokerRejected) as caught:
            await site.broker.place(site.broker.market_terms(), key)
        assert caught.value.broker_code == "max_volume"
        assert await site.broker.placements_of(key) == 0


async def test_news_come_by_push_long_before_the_next_look() -> None:
    async with running() as site:
        broker = site.broker
        key = await broker.place(await broker.limit_terms())
        await broker.until_status(key, OrderStatus.ACCEPTED)
        broker.adapter._session.link._options = _rarely(broker)
        await broker.fill_by_hand(key, broker.quantity)
        async with asyncio.timeout(5):
            await broker.until_filled(key, broker.quantity)


def _rarely(broker: Mt5OnSimulator) -> Options:
    from dataclasses import replace

    return replace(broker.adapter._session.link._options, account_every_s=60)


async def test_slow_terminal_is_a_break_only_when_it_stays_slow(site: Site) -> None:
    site.broker.faults.add("mt5", "mt5.slow_calls", match=FaultMatch(op="query"), count=1, params={"delay_s": 0.5})
    await site.broker.adapter.get_positions()
    assert site.broker.health("orders") == ["up"]


async def test_terminal_that_was_started_again_behind_the_bridge_has_everything_read_again(site: Site) -> None:
    """It is connected before and after, with the same account: only its generation tells."""
    told = len(site.broker.health("orders"))
    running_bridge = site.bridge._running
    assert running_bridge is not None
    await running_bridge._connection._connect()
    await until(
        lambda: site.broker.health("orders")[told:] == ["down", "up"], lambda: str(site.broker.health("orders"))
    )
    await site.broker.until_filled(await site.broker.place(site.broker.market_terms()), site.broker.quantity)
