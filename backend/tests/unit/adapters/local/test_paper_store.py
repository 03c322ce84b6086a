"""The book on disk: what was told is there after a kill -9 at any moment, and adds up."""

import asyncio
import os
import random
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner.adapters.local.records import StoredBook
from edgerunner.adapters.local.store import BookStore
from edgerunner.domain.errors import BrokerUnreachable, Conflict
from edgerunner.domain.orders import Side, StopLoss, TakeProfit
from tests.unit.adapters.local.paper import OPTIONS, Paper

BACKEND = Path(__file__).parents[4]
TIMEOUT_S = 30


async def told_by_worker(*arguments: str, kill_after: int | None = None) -> set[str]:
    """Read what the worker says until it is dead; kill it after so many lines."""
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("crash_worker.py")),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(BACKEND)},
    )
    assert worker.stdout is not None
    lines: list[bytes] = []
    async with asyncio.timeout(TIMEOUT_S):
        while line := await worker.stdout.readline():
            lines.append(line)
            if len(lines) == kill_after:
                worker.kill()
        await worker.wait()
    return {line.decode().strip() for line in lines if line.endswith(b"\n")}


def assert_whole(path: Path, told: set[str]) -> StoredBook:
    """The file has all that was told, and position, money and orders follow from its fills."""
    store = BookStore(path)
    try:
        book, fills = store.read(), store.fills_since(0)
        orders = [store.find(client_order_id=None, venue_order_id=each) for each in told if "-f" not in each]
        assert {each for each in told if "-f" in each} <= {fill.trade_id for fill in fills}
        assert None not in orders
        held = sum(fill.side.sign * fill.lots for fill in fills)
        assert held == sum(holding.net.lots for holding in book.holdings.values())
        realized = sum((holding.realized_pnl for holding in book.holdings.values()), Decimal(0))
        fees = sum((fill.fee for fill in fills), Decimal(0))
        assert book.balances["USDT"] == OPTIONS.balance + realized - fees
        for order in (*book.live_orders, *(each for each in orders if each is not None)):
            assert order.working.filled == sum(fill.lots for fill in store.fills_of(order.venue_order_id))
        return book
    finally:
        store.close()


@pytest.mark.parametrize("seed", range(2))
async def test_a_kill_at_any_moment_loses_nothing_that_was_told(tmp_path: Path, seed: int) -> None:
    path, kill_after = tmp_path / "book.db", random.Random(seed).randint(20, 300)
    told = await told_by_worker(str(path), str(seed), kill_after=kill_after)
    assert len(told) > 10, f"seed {seed}"
    assert_whole(path, told)


@pytest.mark.parametrize("statement", [1, 2, 3, 4, 5, 7, 11, 20])
async def test_a_kill_before_any_statement_leaves_whole_steps(tmp_path: Path, statement: int) -> None:
    path = tmp_path / "book.db"
    assert_whole(path, await told_by_worker(str(path), "7", str(statement)))


def test_a_book_goes_on_where_it_was(tmp_path: Path) -> None:
    store = BookStore(tmp_path / "book.db")
    before = Paper(stored=store.read())
    before.quote("99.9", "100.1")
    exits = {"take_profit": TakeProfit(price=Decimal(110)), "stop_loss": StopLoss(trigger_price=Decimal(90))}
    before.place(Side.BUY, "1", "100.1", **exits)
    before.place(Side.BUY, "2", "95.0")
    store.commit(before.everything)
    store.close()
    reopened = BookStore(tmp_path / "book.db")
    after = Paper(stored=reopened.read(), now_ns=before.now_ns)
    reopened.close()
    assert after.book.open_orders == before.book.open_orders
    assert after.cash == []
    after.quote("94.9", "95.0")
    assert [(fill.fill.price, fill.fill.quantity) for fill in after.fills] == [(Decimal("95.0"), Decimal(2))]
    after.quote("89.0", "89.2")
    after.mark("89.0")
    after.quote("89.0", "89.2")
    assert after.held == 2
    assert after.newest_trade_id not in {fill.fill.trade_id for fill in before.fills}


def test_a_book_has_one_writer(tmp_path: Path) -> None:
    store = BookStore(tmp_path / "book.db")
    with pytest.raises(Conflict, match="one writer"):
        BookStore(tmp_path / "book.db")
    store.close()
    BookStore(tmp_path / "book.db").close()


def test_a_file_that_is_no_book_is_named(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    path.write_bytes(b"no database at all, but long enough to look like one" * 100)
    with pytest.raises(BrokerUnreachable, match=r"book\.db"):
        BookStore(path)


def test_a_book_of_another_version_is_refused_with_the_remedy(tmp_path: Path) -> None:
    store = BookStore(tmp_path / "book.db")
    store._db.execute("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(Conflict, match="move it away"):
        BookStore(tmp_path / "book.db")
