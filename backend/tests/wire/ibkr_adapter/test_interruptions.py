"""Interruptions of every kind: what each means for orders and for data, and that everything comes back."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from edgerunner.adapters.broker import Feed, LinkHealth, MarketSubscription
from edgerunner.domain.errors import BrokerTimeout, NotConnected
from edgerunner.domain.market import Ticker, Timeframe
from edgerunner.simulators.catalogue_ibkr import ibkr_catalogue
from edgerunner.simulators.faults import FaultBox, FaultMatch
from edgerunner.simulators.tws.server import create_server
from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_state import VenueSettings
from tests.contract.harness import until
from tests.contract.ibkr_harness import MONDAY_NS, IbkrOnSimulator, ibkr_on_simulator

AAPL = MarketSubscription(feed=Feed.QUOTES, instrument_id="AAPL.IBKR")
PAIR_BARS = MarketSubscription(feed=Feed.BARS, instrument_id="EUR/USD.IBKR", timeframe=Timeframe.M1)


@pytest.fixture
async def broker() -> AsyncIterator[IbkrOnSimulator]:
    async with ibkr_on_simulator("AAPL.IBKR") as connected:
        yield connected


def newest(broker: IbkrOnSimulator, link: str) -> LinkHealth:
    return [each for each in broker.updates if isinstance(each, LinkHealth) and each.link == link][-1]


async def goes(broker: IbkrOnSimulator, link: str, *statuses: str) -> None:
    await until(
        lambda: broker.health(link)[-len(statuses) :] == list(statuses), lambda: f"{link}: {broker.health(link)}"
    )


async def quotes_flow(broker: IbkrOnSimulator, of: Callable[[], list[object]] | None = None) -> None:
    seen = len(broker.market)
    await until(lambda: any(isinstance(each, Ticker) for each in broker.market[seen:]), lambda: "another quote")


async def test_a_restarted_tws_is_dialled_again_and_its_feeds_go_on(broker: IbkrOnSimulator) -> None:
    await broker.adapter.subscribe([AAPL])
    await quotes_flow(broker)
    await broker.cut_streams()
    await goes(broker, "orders", "up", "down", "up")
    await goes(broker, "data", "up", "down", "up")
    await quotes_flow(broker)
    assert (await broker.adapter.get_account_summary())[0].equity


async def test_a_nightly_restart_closes_the_port_and_is_survived(broker: IbkrOnSimulator) -> None:
    broker.faults.add("ibkr", "ibkr.nightly_restart", params={"down_s": 0.5})
    await goes(broker, "orders", "up", "down", "up")
    assert (await broker.adapter.get_positions()) == []


async def test_1100_takes_the_order_link_down_and_1102_brings_it_back(broker: IbkrOnSimulator) -> None:
    lost = broker.faults.add("ibkr", "ibkr.connection_lost")
    await goes(broker, "orders", "up", "down")
    assert "lost Interactive Brokers (1100)" in str(newest(broker, "orders").reason)
    broker.faults.remove(lost.fault_id)
    await goes(broker, "orders", "up", "down", "up")
    await goes(broker, "data", "down", "up")


async def test_a_broken_farm_makes_data_stale_and_leaves_the_order_link_alone(broker: IbkrOnSimulator) -> None:
    broken = broker.faults.add("ibkr", "ibkr.farm_broken")
    await goes(broker, "data", "up", "stale")
    assert newest(broker, "data").reason == "market data farm usfarm is broken"
    key = await broker.place(await broker.limit_terms())
    broker.faults.remove(broken.fault_id)
    await goes(broker, "data", "up", "stale", "up")
    assert broker.health("orders") == ["up"]
    await broker.cancel(key)


async def test_14_subscriptions_that_1101_lost_are_made_again(broker: IbkrOnSimulator) -> None:
    await broker.adapter.subscribe([AAPL, PAIR_BARS])
    await quotes_flow(broker)
    sent = broker.adapter._session.link.api.client.connectionStats().numMsgSent
    lost = broker.faults.add("ibkr", "ibkr.connection_lost", params={"restored": "1101"})
    await goes(broker, "orders", "up", "down")
    broker.faults.remove(lost.fault_id)
    await goes(broker, "orders", "up", "down", "up")
    await quotes_flow(broker)
    assert broker.adapter._session.link.api.client.connectionStats().numMsgSent >= sent + 2


async def test_17_a_competing_session_is_told_and_ends(broker: IbkrOnSimulator) -> None:
    await broker.adapter.subscribe([AAPL])
    await quotes_flow(broker)
    taken = broker.faults.add("ibkr", "ibkr.competing_session")
    await goes(broker, "data", "up", "stale")
    assert "10197" in str(newest(broker, "data").reason) or "competing" in str(newest(broker, "data").reason)
    broker.faults.remove(taken.fault_id)
    assert broker.health("orders") == ["up"]


async def test_22_whoever_waits_for_an_answer_is_told_when_we_disconnect(broker: IbkrOnSimulator) -> None:
    broker.faults.add("ibkr", "drop_reply", count=None, match=FaultMatch(op="query"))
    waiting = asyncio.ensure_future(broker.adapter.get_positions())
    api = broker.adapter._session.link.api
    await until(lambda: "positions" in api.ears._futures, lambda: "the question to be out")
    await broker.adapter.disconnect()
    async with asyncio.timeout(2):
        with pytest.raises(NotConnected):
            await waiting


async def test_a_tws_that_stops_answering_is_dropped_after_two_heartbeats() -> None:
    async with ibkr_on_simulator("AAPL.IBKR", heartbeat_s=1.0) as broker:
        mute = broker.faults.add("ibkr", "drop_reply", count=None, match=FaultMatch(op="query"))
        await goes(broker, "orders", "up", "down")
        assert "did not answer for the time" in str(newest(broker, "orders").reason)
        broker.faults.remove(mute.fault_id)
        await goes(broker, "orders", "down", "up")


async def test_another_log_on_behind_the_same_port_never_trades_in_our_name(broker: IbkrOnSimulator) -> None:
    port = broker.port
    await broker._server.stop()
    await goes(broker, "orders", "up", "down")
    faults = FaultBox(["ibkr"])
    venue = Venue(
        ibkr_catalogue(("U1000001",)), faults, VenueSettings(ledger_path=None, wall=lambda: MONDAY_NS, seed=4)
    )
    live = create_server(venue, faults, host="127.0.0.1", port=port, settings=TwsSettings(accounts=("U1000001",)))
    await live.start()
    try:
        await until(
            lambda: "was logged on for DU1000001 and now is for U1000001" in str(newest(broker, "orders").reason),
            lambda: str(newest(broker, "orders")),
        )
        assert broker.health("orders")[-1] == "down"
        with pytest.raises(NotConnected):
            await broker.adapter.get_positions()
    finally:
        await live.stop()
        venue.close()


async def test_11_a_list_without_its_end_is_an_error_in_time() -> None:
    async with ibkr_on_simulator("AAPL.IBKR", request_timeout_s=3.0) as broker:
        broker.faults.add("ibkr", "ibkr.missing_end_marker", params={"marker": "positions"})
        with pytest.raises(BrokerTimeout, match="positions"):
            await broker.adapter.get_positions()
        assert await broker.adapter.get_positions() == []
