"""The feed steps what is watched, prints its tape, and sleeps when there is nothing to do."""

import asyncio

from edgerunner.simulators.market import MarketControl
from edgerunner.simulators.venue_types import TradePrinted
from tests.unit.simulators.venues import LINEAR, SPOT, START_NS, STEP_NS, Bench


def prints(bench: Bench) -> list[TradePrinted]:
    return [event for event in bench.events if isinstance(event, TradePrinted)]


def test_a_watched_symbol_prints_the_market_tape_once() -> None:
    bench = Bench(pinned=False)
    bench.venue.step(LINEAR)
    bench.venue.watch(LINEAR)
    bench.steps(20)
    bench.steps(0)
    steps = range(bench.venue.step(LINEAR) - 19, bench.venue.step(LINEAR) + 1)
    assert prints(bench) == [trade for step in steps for trade in bench.venue.market.trades(LINEAR, step)]
    assert bench.venue.recent_trades(LINEAR, 10) == prints(bench)[::-1][:10]


def test_an_unwatched_symbol_moves_only_when_it_is_looked_at() -> None:
    bench = Bench(pinned=False)
    bench.venue.watch(LINEAR)
    bench.venue.watch(LINEAR)
    bench.venue.unwatch(LINEAR)
    assert bench.venue.active() == [LINEAR]
    bench.venue.unwatch(LINEAR)
    assert bench.venue.active() == []
    bench.steps(5, SPOT)
    assert prints(bench) == []


async def test_the_running_feed_fills_a_resting_order_without_being_asked() -> None:
    bench = Bench()
    order = bench.place("buy", "0.001", 59_999)
    filled = asyncio.Event()
    bench.venue.add_listener(lambda event: filled.set())
    feed = asyncio.create_task(bench.venue.run())
    bench.venue.market.apply(MarketControl(step=START_NS // STEP_NS, symbol=LINEAR, kind="pin", ticks=599_900))
    bench.wall.pass_steps()
    async with asyncio.timeout(10):
        await filled.wait()
    assert bench.order(order).filled_lots == 1
    feed.cancel()
    await asyncio.wait({feed})
