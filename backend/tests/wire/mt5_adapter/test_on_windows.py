"""The in-process path as on Windows: without uvloop, picows, fcntl and resource."""

import os
import subprocess
import sys
from pathlib import Path

BACKEND = Path(__file__).parents[3]

PROGRAM = '''
import asyncio, sys
import psutil  # has a part of its own for each system: on this one it imports what is blocked below

class Absent:
    """Refuses what Windows does not have."""

    names = {"uvloop", "picows", "fcntl", "resource", "termios", "grp", "pwd"}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

for name in Absent.names:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Absent())

from edgerunner.domain.orders import OrderStatus, Side
from tests.contract.harness import until
from tests.contract.mt5_harness import HEDGING, mt5_on_simulator

async def trade():
    async with mt5_on_simulator("EURUSD.MT5", login=HEDGING, has_bridge=False) as broker:
        key = await broker.place(broker.market_terms())
        (fill,) = await broker.until_filled(key, broker.quantity)
        closing = broker.market_terms(Side.SELL, position_id=fill.fill.leg)
        await broker.until_filled(await broker.place(closing), broker.quantity)
        resting = await broker.place(await broker.limit_terms())
        await broker.until_status(resting, OrderStatus.ACCEPTED)
        await broker.cancel(resting)
        await broker.until_status(resting, OrderStatus.CANCELED)
        await broker.cut_streams()
        await until(lambda: broker.health("orders")[-2:] == ["down", "up"], lambda: str(broker.health("orders")))
        print("held", await broker.held())

asyncio.run(trade())
print("blocked", sorted(Absent.names & set(sys.modules)))
'''


def test_windows_path_trades_in_process_without_what_only_unix_has() -> None:
    paths = os.pathsep.join([str(BACKEND), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=BACKEND,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-2:] == ["held {}", "blocked []"]
