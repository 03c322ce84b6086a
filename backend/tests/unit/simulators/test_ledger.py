"""The ledger outlives the death of its process and refuses a second one."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from edgerunner.simulators.ledger import Ledger
from edgerunner.simulators.ledger_file import LedgerInUse, LedgerOutdated
from edgerunner.simulators.venue_types import HistoryQuery
from tests.unit.simulators.venues import LINEAR, Bench

BACKEND = Path(__file__).resolve().parents[3]
TRADE_UNTIL_KILLED = """
import sys
from pathlib import Path
from tests.unit.simulators.venues import Bench
bench = Bench(path=Path(sys.argv[1]))
while True:
    bench.wall.pass_steps()
    resting = bench.place("buy", "0.001", 59_000)
    filled = bench.place("buy" if resting.number % 4 == 1 else "sell", "0.001")
    print(resting.order_id, filled.order_id, bench.venue.fills("sim")[0].trade_id, flush=True)
"""


def test_what_was_told_before_a_kill_is_in_the_ledger_after_it(tmp_path: Path) -> None:
    path = tmp_path / "venue.sqlite"
    command = [sys.executable, "-c", TRADE_UNTIL_KILLED, str(path)]
    told: list[list[str]] = []
    with subprocess.Popen(command, cwd=BACKEND, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while len(told) < 40:
            told.append(process.stdout.readline().split())
        process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    bench = Bench(path=path, pinned=False)
    orders = {order.order_id for order in bench.venue.order_history(HistoryQuery(account_id="sim", limit=10_000))}
    trades = {fill.trade_id for fill in bench.venue.fills("sim")}
    resting = {order.order_id for order in bench.venue.open_orders("sim")}
    for rested, filled, trade in told:
        assert rested in resting
        assert filled in orders
        assert trade in trades
    assert bench.place("buy", "0.001", 59_000).number == max(len(orders) + 1, 81)
    bench.venue.close()


def test_a_ledger_open_elsewhere_is_refused(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "venue.sqlite")
    with pytest.raises(LedgerInUse, match="is in use by another simulator process"):
        Ledger(tmp_path / "venue.sqlite")
    ledger.close()
    Ledger(tmp_path / "venue.sqlite").close()


def test_the_seed_is_kept_unless_another_one_is_asked_for(tmp_path: Path) -> None:
    path, found = tmp_path / "venue.sqlite", []
    for asked in (5, None, 5, 6):
        bench = Bench(path=path, seed=asked, pinned=False)
        found.append(bench.venue.operator.seed)
        if asked is None:
            bench.venue.operator.reset(11)
        bench.venue.close()
    assert found == [5, 5, 11, 6]


def test_orders_closed_together_stay_closed_and_forgotten_ones_forgotten(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "venue.sqlite")
    for price in (59_000, 59_100, 59_200):
        bench.place("buy", "0.001", price)
    bench.venue.cancel_all("sim")
    bench.reopen()
    assert (len(bench.venue.closed_orders("sim")), bench.venue.open_orders("sim")) == (3, [])
    bench.venue.forget_history()
    bench.reopen()
    assert bench.venue.closed_orders("sim") == []
    assert len(bench.venue.order_history(HistoryQuery(account_id="sim"))) == 3
    bench.venue.close()


def test_virtual_time_runs_on_while_the_process_is_gone(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "venue.sqlite", speed=60, pinned=False)
    bench.wall.pass_steps(100)
    before = bench.venue.now_ns()
    bench.reopen()
    assert bench.venue.now_ns() == before
    bench.wall.pass_steps(10)
    assert bench.venue.now_ns() == before + 60 * 10**9
    bench.venue.close()


def test_a_market_control_holds_over_a_restart(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "venue.sqlite")
    bench.venue.operator.set_halt(LINEAR, halted=True)
    bench.reopen()
    bench.steps(3)
    assert bench.venue.market.is_halted(LINEAR)
    bench.venue.operator.set_halt(LINEAR, halted=False)
    assert bench.venue.mark_price(LINEAR) == 60_000
    bench.venue.close()


def test_a_ledger_of_another_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "venue.sqlite"
    with closing(sqlite3.connect(path)) as old:
        old.execute("CREATE TABLE positions(account_id TEXT, symbol TEXT, body BLOB)")
    with pytest.raises(LedgerOutdated, match=r"another version of the simulator \(ledger 0, .* move the file away"):
        Ledger(path)
