"""Two processes and Redis under random disturbance: `python -m tests.system.two_processes_soak --seeds 1 2 3`.

Every round draws one disturbance from the seed, makes it while commands go to both processes, and undoes
it. At the end the simulators' ledger, the replica's answers and its stream must say the same. One line per
seed; the exit code is the number of seeds that failed.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.system.desk_of_two import DeskOfTwo, desk_of_two
from tests.system.processes import Redis
from tests.waiting import until

Step = Callable[[], Awaitable[object]]


def _disturbances(desk: DeskOfTwo, redis: Redis) -> dict[str, tuple[Step, Step]]:
    """Return each disturbance with how it is undone."""

    def threaded(work: Callable[[], object]) -> Step:
        return lambda: asyncio.to_thread(work)

    return {
        "none": (_nothing, _nothing),
        "redis hangs": (threaded(redis.hang), threaded(redis.wake)),
        "redis forgets": (threaded(redis.wipe), _nothing),
        "redis is killed": (threaded(redis.kill), threaded(redis.start_again)),
        "owner is killed": (threaded(desk.owner.kill), lambda: _owner_back(desk)),
    }


async def soak(seed: int, folder: Path, *, rounds: int, commands: int) -> tuple[Counter[str], list[str]]:
    """Run one seed; return what was done how often, and everything that disagrees."""
    draw, done, redis = random.Random(seed), Counter[str](), Redis()
    try:
        async with desk_of_two(folder, seed=seed, redis=redis) as desk:
            disturbances = _disturbances(desk, redis)
            for _ in range(rounds):
                name = draw.choice(tuple(disturbances))
                disturb, undo = disturbances[name]
                done[name] += 1
                under_way = asyncio.create_task(desk.session.run(commands))
                await _answered(desk, draw.randint(0, commands // 2))
                await disturb()
                await under_way
                await undo()
                await desk.session.repeat_unanswered()
            fills = sum(len(data["fills"]) for data in desk.log.deltas["fills"])
            done["commands"], done["fills told"] = rounds * commands, fills
            return done, await desk.disagreements()
    finally:
        redis.end()


async def _answered(desk: DeskOfTwo, count: int) -> None:
    """Wait until this many more commands have been answered."""
    enough = sum(desk.session.statuses.values()) + count

    async def has_come() -> bool:
        return sum(desk.session.statuses.values()) >= enough

    await until(has_come, timeout_s=60, what=f"{count} more commands are answered")


async def _nothing() -> None:
    return None


async def _owner_back(desk: DeskOfTwo) -> None:
    await asyncio.to_thread(desk.owner.start)

    async def is_ready() -> bool:
        return (await desk.clients[1].get("/readyz")).status_code == 200

    await until(is_ready, timeout_s=60, what="the replica is ready with the owner")


def main() -> int:
    """Run the seeds one after the other; return how many failed."""
    parser = argparse.ArgumentParser(description="Two processes and Redis under random disturbance")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--commands", type=int, default=30, help="per round")
    arguments = parser.parse_args()
    failed = 0
    for seed in arguments.seeds:
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            done, wrong = asyncio.run(soak(seed, Path(folder), rounds=arguments.rounds, commands=arguments.commands))
        words = ", ".join(f"{name} {count}" for name, count in sorted(done.items()))
        verdict = "passed" if not wrong else f"FAILED: {wrong[:5]}"
        print(f"seed {seed}: {verdict} in {time.monotonic() - started:.0f} s ({words})", flush=True)  # noqa: T201 - a programme
        failed += bool(wrong)
    return failed


if __name__ == "__main__":
    sys.exit(main())
