"""One worker: reads jobs as JSON lines, runs some at a time, prints outcomes as JSON lines."""

import asyncio
import json
import logging
import sys
from contextlib import suppress
from dataclasses import asdict

import structlog

from tests.drills.broker import BROKERS
from tests.drills.rows import BY_NAME
from tests.drills.running import run


async def work(jobs: list[dict[str, object]], at_once: int) -> None:
    """Run every job; ``at_once`` worlds live side by side, most of them waiting."""
    places = asyncio.Semaphore(at_once)

    async def one(job: dict[str, object]) -> None:
        async with places:
            row = BY_NAME[str(job["row"])]
            seeds = [int(str(seed)) for seed in job["seeds"]]  # type: ignore[attr-defined]
            async for outcome in run(row, seeds, BROKERS[str(job["broker"])]):
                print(json.dumps(asdict(outcome)), flush=True)

    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(one(job))


def main() -> None:
    """Read jobs until end of input."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    lines = [json.loads(line) for line in sys.stdin if line.strip()]
    with suppress(KeyboardInterrupt):  # every world has been closed by then
        asyncio.run(work(lines[1:], int(lines[0]["at_once"])))


if __name__ == "__main__":
    main()
