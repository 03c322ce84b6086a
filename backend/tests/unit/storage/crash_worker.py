"""A process to be killed: appends orders and says on stdout which events were acknowledged.

crash_worker.py FOLDER            until it is killed from outside
crash_worker.py FOLDER STATEMENT  kills itself before the n-th SQL statement that follows the first commit
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from edgerunner.storage.database import Database
from edgerunner.storage.journal import Journal
from tests.fakes.clock import FakeClock
from tests.unit.storage.journal_events import bought, canceled, key

CALLERS = 8


class Fuse:
    """Ends the process without any warning when it has burnt down."""

    def __init__(self, statements: int) -> None:
        self._left = statements

    def __call__(self, _statement: str) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


async def append(journal: Journal, order_id: str) -> None:
    """Append one order; every second one is filled, in one call or event by event."""
    events = bought(order_id) if hash(order_id) % 2 else canceled(order_id)
    await journal.append(events[0], idempotency=key(order_id, order_id=order_id))
    os.write(1, f"{events[0].event_id}\n".encode())
    await journal.append(*events[1:])
    os.write(1, "".join(f"{event.event_id}\n" for event in events[1:]).encode())


async def caller(journal: Journal, name: str) -> None:
    number = 0
    while True:
        await append(journal, f"{name}-{number}")
        number += 1


async def main() -> None:
    journal = await Journal.open(Database.open(Path(sys.argv[1])), clock_ns=FakeClock().now_ns)
    await append(journal, "FIRST")
    if len(sys.argv) > 2:
        journal._writer._connection.set_trace_callback(Fuse(int(sys.argv[2])))
    async with asyncio.TaskGroup() as callers:
        for number in range(CALLERS):
            callers.create_task(caller(journal, f"C{number}"))


asyncio.run(main())
