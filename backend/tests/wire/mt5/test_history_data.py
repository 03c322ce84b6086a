"""Bars and ticks as arrays: which of them, in which order, of which types, and how far back."""

from datetime import UTC, datetime

import numpy as np
import pytest

from edgerunner.mt5_surface.dtypes import RATES_DTYPE, TICKS_DTYPE
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.settings import Mt5Settings
from tests.unit.simulators.mt5.terminal.fake_broker import NOW_NS, FakeBroker
from tests.wire.mt5.kit import Site, running_site

INVALID = (-2, "Terminal: Invalid params")
CALL_FAILED = (-1, "Terminal: Call failed")
SUCCESS = (1, "Success")
AHEAD_S = 7200
NOW_S = NOW_NS // 1_000_000_000 + AHEAD_S
BAR_S = NOW_S // 60 * 60
"""The unfinished minute, by the server's clock, which is two hours ahead in November."""


async def test_bars_from_a_position_end_with_the_unfinished_one_oldest_first(site: Site) -> None:
    rates = await site.ask(site.mt5.copy_rates_from_pos, "EURUSD", site.mt5.TIMEFRAME_M1, 0, 3)
    assert rates.dtype == RATES_DTYPE
    assert rates["time"].tolist() == [BAR_S - 120, BAR_S - 60, BAR_S]
    older = await site.ask(site.mt5.copy_rates_from_pos, "EURUSD", 1, 2, 1)
    assert older["time"].tolist() == [BAR_S - 120]
    rates["close"] = 0.0
    assert (rates["tick_volume"] - np.uint64(2))[0] == 2**64 - 1, (
        "counts are unsigned, and the array is the caller's own"
    )


async def test_bars_from_a_date_go_backwards_and_ticks_forwards(site: Site) -> None:
    date = datetime.fromtimestamp(BAR_S - 600 + 30, UTC)
    rates = await site.ask(site.mt5.copy_rates_from, "EURUSD", 1, date, 3)
    assert rates["time"].tolist() == [BAR_S - 720, BAR_S - 660, BAR_S - 600]
    ticks = await site.ask(site.mt5.copy_ticks_from, "EURUSD", date, 3, site.mt5.COPY_TICKS_ALL)
    assert ticks.dtype == TICKS_DTYPE
    assert ticks["time"].tolist() == [BAR_S - 570, BAR_S - 569, BAR_S - 568]
    assert ticks["time_msc"].tolist() == [1000 * (BAR_S - 570 + place) for place in range(3)]


async def test_a_range_of_bars_holds_both_its_ends(site: Site) -> None:
    rates = await site.ask(site.mt5.copy_rates_range, "EURUSD", 1, BAR_S - 120, BAR_S)
    assert rates["time"].tolist() == [BAR_S - 120, BAR_S - 60, BAR_S]
    between = await site.ask(site.mt5.copy_rates_range, "EURUSD", 1, BAR_S - 119, BAR_S - 61)
    assert (len(between), between.dtype) == (0, RATES_DTYPE)
    assert site.mt5.last_error() == SUCCESS
    assert await site.asked(site.mt5.copy_rates_range, "EURUSD", 1, BAR_S, BAR_S - 1) == (None, INVALID)


async def test_ticks_of_trades_are_none_where_only_quotes_exist(site: Site) -> None:
    mt5 = site.mt5
    trades = await site.ask(mt5.copy_ticks_range, "EURUSD", NOW_S - 5, NOW_S, mt5.COPY_TICKS_TRADE)
    assert (len(trades), mt5.last_error()) == (0, SUCCESS)
    quotes = await site.ask(mt5.copy_ticks_range, "EURUSD", NOW_S - 5, NOW_S, mt5.COPY_TICKS_INFO)
    assert len(quotes) == 6
    assert await site.asked(mt5.copy_ticks_range, "EURUSD", NOW_S - 5, NOW_S, 7) == (None, INVALID)
    assert await site.asked(mt5.copy_ticks_from, "EURUSD", NOW_S - 5, -1, -1) == (None, INVALID)


@pytest.mark.parametrize(("timeframe", "start", "count"), [(7, 0, 1), (1, -1, 1), (1, 0, 0), (1, 0, -5)])
async def test_senseless_bars_are_refused(site: Site, timeframe: int, start: int, count: int) -> None:
    assert await site.asked(site.mt5.copy_rates_from_pos, "EURUSD", timeframe, start, count) == (None, INVALID)


async def test_bars_end_at_max_bars_in_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Mt5Settings(maxbars=100)
    async with running_site(FakeBroker(), FaultBox(["mt5"]), monkeypatch, settings) as site:
        mt5 = site.mt5
        assert (await site.ask(mt5.terminal_info)).maxbars == 100
        assert len(await site.ask(mt5.copy_rates_from_pos, "EURUSD", 1, 0, 100)) == 100
        assert await site.asked(mt5.copy_rates_from_pos, "EURUSD", 1, 1, 100) == (None, CALL_FAILED)
        assert len(await site.ask(mt5.copy_rates_from, "EURUSD", 1, BAR_S - 90 * 60, 50)) == 10
        assert await site.asked(mt5.copy_rates_from, "EURUSD", 1, BAR_S - 100 * 60, 5) == (None, CALL_FAILED)
        assert len(await site.ask(mt5.copy_rates_range, "EURUSD", 1, 0, BAR_S)) == 100
        assert await site.asked(mt5.copy_rates_range, "EURUSD", 1, 0, BAR_S - 200 * 60) == (None, CALL_FAILED)


async def test_a_fresh_symbol_has_none_then_few_then_all_of_its_history(site: Site) -> None:
    mt5 = site.mt5
    site.faults.add("mt5", "mt5.history_not_loaded")
    assert await site.asked(mt5.copy_rates_from_pos, "EURUSD", 1, 0, 5) == (None, CALL_FAILED)
    site.faults.add("mt5", "mt5.history_not_loaded", params={"quantity": 2})
    few = await site.ask(mt5.copy_rates_from_pos, "EURUSD", 1, 0, 5)
    assert few["time"].tolist() == [BAR_S - 60, BAR_S]
    assert len(await site.ask(mt5.copy_rates_from_pos, "EURUSD", 1, 0, 5)) == 5


async def test_a_long_history_travels_whole(site: Site) -> None:
    rates = await site.ask(site.mt5.copy_rates_from_pos, "EURUSD", 1, 0, 100_000)
    assert len(rates) == 100_000
    steps = np.diff(rates["time"])
    assert (int(np.sum(steps != 60)), int(steps.min())) == (1, 60 - 3600), "the clock was put back in October"
