"""``make drills``: every row of the failure model, with seeds; prints row, scenarios, failures, seconds."""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import time
from collections import defaultdict

from tests.drills.broker import BROKERS
from tests.drills.rows import ROWS, Row
from tests.drills.running import PER_WORLD
from tests.drills.world import SETTLE_VARIABLE, ProcessWorld

Json = dict[str, object]


def jobs_of(rows: list[Row], *, share: float, seed: int, broker: str) -> list[Json]:
    """Return jobs of at most one world each, longest rows spread over all workers."""
    draw = random.Random(seed)
    jobs: list[Json] = []
    for row in rows:
        seeds = [draw.randrange(2**31) for _ in range(max(round(row.count * share), 1))]
        jobs += [
            {"row": row.name, "seeds": seeds[first : first + PER_WORLD], "broker": broker}
            for first in range(0, len(seeds), PER_WORLD)
        ]
    draw.shuffle(jobs)
    return jobs


async def run_all(jobs: list[Json], outcomes: list[Json], *, workers: int, at_once: int) -> None:
    """Run the jobs in worker processes; print failures as they come. A worker that must end early cleans up first."""

    async def one(number: int) -> None:
        mine = [{"at_once": at_once}, *jobs[number::workers]]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.drills.worker",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**22,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("".join(json.dumps(job) + "\n" for job in mine).encode())
        process.stdin.close()
        try:
            async for line in process.stdout:
                outcome = json.loads(line)
                outcomes.append(outcome)
                if outcome["failure"]:
                    print(f"FAILED {outcome['row']} seed {outcome['seed']}: {outcome['failure']}", flush=True)
        except asyncio.CancelledError:
            process.send_signal(signal.SIGINT)
            await process.wait()
            raise
        if await process.wait():
            outcomes.append({"row": "worker", "seed": 0, "seconds": 0, "failure": "a worker died", "skipped": None})

    await asyncio.gather(*(one(number) for number in range(workers)))


def report(rows: list[Row], outcomes: list[Json], seconds: float) -> bool:
    """Print the table; True when nothing failed."""
    by_row: dict[str, list[Json]] = defaultdict(list)
    for outcome in outcomes:
        by_row[str(outcome["row"])].append(outcome)
    kills = {row.name for row in rows if row.world is ProcessWorld}
    print(f"{'row':7}{'scenarios':>10}{'failures':>10}{'seconds':>9}  what is done")
    failures = 0
    for row in [*rows]:
        found = by_row.pop(row.name, [])
        failed = sum(1 for each in found if each["failure"])
        skipped = next((each["skipped"] for each in found if each["skipped"]), None)
        ran = sum(1 for each in found if not each["skipped"])
        failures += failed
        spent = sum(float(str(each["seconds"])) for each in found)
        note = f" (skipped: {skipped})" if skipped else ""
        print(f"{row.name:7}{ran:>10}{failed:>10}{spent:>9.0f}  {row.sentence}{note}")
    failures += sum(1 for found in by_row.values() for each in found if each["failure"])
    total = sum(1 for each in outcomes if not each["skipped"])
    killed = sum(1 for each in outcomes if each["row"] in kills)
    print(f"{total} scenarios, {killed} of them kill or stop a real process, {failures} failures, {seconds:.0f} s")
    return failures == 0


def main() -> None:
    """Run what the arguments name."""
    parser = argparse.ArgumentParser(prog="make drills", description=__doc__)
    parser.add_argument("--rows", help="names with commas, such as F1a,F3b; all without it")
    parser.add_argument("--share", type=float, default=1.0, help="part of the scenarios of each row")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    parser.add_argument("--only-seed", type=int, help="one scenario again, as a failure printed it")
    parser.add_argument("--broker", choices=sorted(BROKERS), default="bybit")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--settle", type=float, help="seconds until a book must be right; the broker's own without it")
    parser.add_argument("--at-once", type=int, default=6, help="worlds side by side in each worker")
    arguments = parser.parse_args()
    if arguments.settle is not None:
        os.environ[SETTLE_VARIABLE] = str(arguments.settle)
    names = set(arguments.rows.split(",")) if arguments.rows else {row.name for row in ROWS}
    rows = [row for row in ROWS if row.name in names]
    print(f"seed {arguments.seed}", flush=True)
    if arguments.only_seed is not None:
        jobs: list[Json] = [{"row": rows[0].name, "seeds": [arguments.only_seed], "broker": arguments.broker}]
    else:
        jobs = jobs_of(rows, share=arguments.share, seed=arguments.seed, broker=arguments.broker)
    started = time.monotonic()
    outcomes: list[Json] = []
    try:
        asyncio.run(run_all(jobs, outcomes, workers=min(arguments.workers, len(jobs)), at_once=arguments.at_once))
    except KeyboardInterrupt:
        print("interrupted: so far")
    sys.exit(0 if report(rows, outcomes, time.monotonic() - started) else 1)


if __name__ == "__main__":
    main()
