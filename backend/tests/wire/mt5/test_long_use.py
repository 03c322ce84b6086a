"""Thousands of calls leave nothing behind, in the module and in the terminal."""

import threading

import psutil

from tests.wire.mt5.kit import Site

CALLS = 2_000
ORDER = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0}


def _use(site: Site, calls: int) -> None:
    mt5 = site.mt5
    for number in range(calls // 5):
        assert mt5.symbol_info_tick("EURUSD") is not None
        assert mt5.account_info() is not None
        assert len(mt5.copy_rates_from_pos("EURUSD", 1, 0, 50)) == 50
        assert mt5.symbol_info("NOPE") is None
        assert (mt5.order_check(ORDER) if number % 2 else mt5.positions_get()) is not None
        if number % 100 == 0:
            assert mt5.initialize()


def _held(site: Site) -> tuple[int, int, int]:
    """Return open files (on Windows sockets alone), threads other than those of the test, and modules connected."""
    process = psutil.Process()
    files = process.num_fds() if hasattr(process, "num_fds") else len(process.net_connections())
    threads = [thread for thread in threading.enumerate() if not thread.name.startswith("asyncio")]
    return files, len(threads), site.server.connections


async def test_two_thousand_calls_leave_no_files_no_threads_and_no_connections(site: Site) -> None:
    await site.ask(_use, site, 100)
    before = _held(site)
    await site.ask(_use, site, CALLS)
    assert _held(site) == before


async def test_many_threads_may_call_at_once_and_each_gets_its_own_answer(site: Site) -> None:
    found: list[tuple[str, str]] = []

    def ask(symbol: str) -> None:
        found.extend((symbol, site.mt5.symbol_info(symbol).name) for _ in range(50))

    threads = [threading.Thread(target=ask, args=(symbol,)) for symbol in ("EURUSD", "GBPUSD", "BTCUSD") * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        await site.ask(thread.join)
    assert len(found) == 450
    assert all(wanted == got for wanted, got in found)
