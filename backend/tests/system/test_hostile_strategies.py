"""Four hostile strategies beside a good one: they are ended, the good one and the API go on."""

import asyncio
from pathlib import Path

import pytest

from tests.system.strategy_desk import StrategyDesk, strategy_desk
from tests.waiting import until

pytestmark = pytest.mark.system

SLOW = "on_bar did not return within 3 s"
REASONS = {
    "loop": (SLOW,),
    "leak": ("MemoryError", "memory grew", SLOW),  # on a busy machine time is over before the memory is taken
    "raise": ("ValueError: planted",),
    "flood": ("flood: more than 100 orders",),
}


async def test_four_hostile_strategies_are_ended_and_a_good_one_trades_on(tmp_path: Path) -> None:
    async with strategy_desk(tmp_path, seed=21) as desk:
        await desk.run("good", "samples.Flip")
        for name in REASONS:
            await desk.create(name, f"hostile.{name.capitalize()}", on_stop="cancel")
        await asyncio.gather(*(desk.command(name, "start") for name in REASONS))

        faulted = {name: await desk.until_state(name, "faulted") for name in REASONS}

        for name, reasons in REASONS.items():
            assert faulted[name]["reason"].startswith(reasons), faulted[name]["reason"]
        fills = (await desk.strategy("good"))["performance"]["fills"]
        await desk.until_filled("good", fills + 2)
        await _check_what_is_left(desk)


async def _works_no_more(desk: StrategyDesk, strategy_id: str) -> bool:
    return {order["status"] for order in await desk.orders(strategy_id)} <= {"canceled", "rejected", "denied"}


async def _check_what_is_left(desk: StrategyDesk) -> None:
    """The trace of the exception is in the log; of the flood no order works on, and few were ever sent."""
    assert any("planted" in line and "Traceback" in line for line in await desk.log("raise"))
    assert len(await desk.orders("flood")) <= 101
    await until(lambda: _works_no_more(desk, "flood"), timeout_s=30, what="no order of the flood works")
    assert len(await desk.orders("flood")) <= 101
    assert (await desk.http.get("/readyz")).status_code == 200
