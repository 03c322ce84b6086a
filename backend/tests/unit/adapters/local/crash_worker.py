"""A process to be killed: trades on paper and says on stdout which orders and fills are written.

crash_worker.py FILE SEED            until it is killed from outside
crash_worker.py FILE SEED STATEMENT  kills itself before the n-th SQL statement after the account is open
"""

import os
import random
import signal
import sys
from pathlib import Path

from edgerunner.adapters.local.records import Change
from edgerunner.adapters.local.store import BookStore
from edgerunner.domain.errors import BrokerRejected
from edgerunner.domain.orders import Side
from tests.unit.adapters.local.paper import Paper


class Fuse:
    """Ends the process without any warning when it has burnt down."""

    def __init__(self, statements: int) -> None:
        self._left = statements

    def __call__(self, _statement: str) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


class WrittenPaper(Paper):
    """Writes each change before it says what happened."""

    def __init__(self, store: BookStore) -> None:
        self._store = store
        super().__init__(stored=store.read())

    def heard(self, change: Change) -> Change:
        if change:
            self._store.commit(change)
            told = [*(fill.trade_id for fill in change.fills), *change.orders]
            os.write(1, "".join(f"{each}\n" for each in told).encode())
        return super().heard(change)


def trade(paper: Paper, chance: random.Random) -> None:
    """Do one thing: show a market, or place or cancel an order."""
    middle = chance.randrange(950, 1050)
    paper.now_ns += 1_000_000
    paper.quote(str(middle / 10), str((middle + 2) / 10))
    working = paper.book.open_orders
    if len(working) > 20:
        paper.cancel(chance.choice(working))
    try:
        price = None if chance.random() < 0.3 else str(chance.randrange(900, 1100) / 10)
        paper.place(chance.choice(list(Side)), str(chance.randrange(1, 5)), price)
    except BrokerRejected:
        pass  # no margin left for it


def main() -> None:
    store = BookStore(Path(sys.argv[1]))
    paper = WrittenPaper(store)
    if len(sys.argv) > 3:
        store._db.set_trace_callback(Fuse(int(sys.argv[3])))
    chance = random.Random(int(sys.argv[2]))
    while True:
        trade(paper, chance)


main()
