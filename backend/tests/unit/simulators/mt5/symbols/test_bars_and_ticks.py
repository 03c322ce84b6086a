"""Bars are their ticks, ticks are what was quoted, and a terminal may ask for them forwards and backwards."""

from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pytest

from edgerunner.mt5_surface import constants
from edgerunner.simulators.market import Market, MarketControl
from edgerunner.simulators.mt5.symbols.market_data import UnknownSymbol
from edgerunner.simulators.mt5.symbols.rows import TickColumns
from edgerunner.simulators.mt5.symbols.ticks import TickCache
from edgerunner.simulators.mt5.symbols.timeframes import LENGTHS_NS
from edgerunner.simulators.path import STEP_NS
from tests.unit.simulators.mt5.symbols.quotation import HOUR_NS, MINUTE_NS, SECOND_NS, Quotation

SYMBOLS = ("EURUSD", "GBPUSD", "USDJPY", "XAUUSD", "GER40", "BTCUSD")
M1 = constants.TIMEFRAME_M1


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_minute_is_exactly_its_ticks(symbol: str) -> None:
    data = Quotation().data
    bars = data.bars_back(symbol, M1, count=20, skip=1)
    for place, start_s in enumerate(bars.time_s):
        start_ns = int(start_s) * SECOND_NS
        ticks = data.ticks_range(symbol, start_ns, start_ns + MINUTE_NS - 1)
        made = (ticks.bid[0], ticks.bid.max(), ticks.bid.min(), ticks.bid[-1])
        shown = (bars.open[place], bars.high[place], bars.low[place], bars.close[place])
        assert made == shown


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_last_tick_is_the_end_of_the_history(symbol: str) -> None:
    quotation = Quotation()
    for _ in range(40):
        quotation.now_ns += 3 * STEP_NS
        tick = quotation.data.tick(symbol)
        history = quotation.data.ticks_range(symbol, quotation.now_ns - MINUTE_NS, quotation.now_ns)
        assert tick.time_ns == int(history.time_ms[-1]) * 1_000_000
        assert (float(tick.bid), float(tick.ask)) == (history.bid[-1], history.ask[-1])
        assert tick.flags == history.flags[-1]


def test_prices_in_columns_are_the_doubles_nearest_to_the_decimals() -> None:
    data = Quotation().data
    for symbol in SYMBOLS:
        digits = data.find(symbol).terms.digits
        ticks = data.ticks_range(symbol, data.tick(symbol).time_ns - MINUTE_NS, data.tick(symbol).time_ns)
        assert all(price == float(f"{price:.{digits}f}") for price in (*ticks.bid, *ticks.ask))


def test_flags_tell_what_changed() -> None:
    data = Quotation().data
    end_ns = data.tick("EURUSD").time_ns
    ticks = data.ticks_range("EURUSD", end_ns - 10 * MINUTE_NS, end_ns)
    changed = (np.diff(ticks.bid) != 0) * constants.TICK_FLAG_BID + (np.diff(ticks.ask) != 0) * constants.TICK_FLAG_ASK
    is_repeated = changed == 0
    assert (ticks.flags[1:][~is_repeated] == changed[~is_repeated]).all()
    assert (ticks.time_ms[1:][is_repeated] % 60_000 == 0).all()


def test_ticks_are_asked_for_forwards_and_never_after_now() -> None:
    quotation = Quotation()
    start_ns = quotation.now_ns - 2 * MINUTE_NS
    every = quotation.data.ticks_range("EURUSD", start_ns, quotation.now_ns + HOUR_NS)
    first = quotation.data.ticks_from("EURUSD", start_ns, 10)
    assert list(first.time_ms) == list(every.time_ms[:10])
    assert every.time_ms[-1] * 1_000_000 <= quotation.now_ns
    assert len(quotation.data.ticks_from("EURUSD", quotation.now_ns + MINUTE_NS, 10).time_ms) == 0
    assert list(quotation.data.ticks_range("EURUSD", start_ns, quotation.now_ns, 7).time_ms) == list(every.time_ms[:7])


def test_remembered_ticks_are_the_ticks_made_live() -> None:
    """An hour that was incomplete when it was asked for ends as the same hour asked for later."""
    live, later = Quotation(), Quotation()
    start_ns = live.now_ns
    seen: list[object] = []
    for _ in range(30):
        live.now_ns += 20 * SECOND_NS
        piece = live.data.ticks_range("XAUUSD", live.now_ns - 20 * SECOND_NS + 1, live.now_ns)
        seen.extend(zip(piece.time_ms, piece.bid, piece.ask, piece.flags, strict=True))
    later.now_ns = live.now_ns + HOUR_NS
    whole = later.data.ticks_range("XAUUSD", start_ns + 1, live.now_ns)
    assert seen == list(zip(whole.time_ms, whole.bid, whole.ask, whole.flags, strict=True))


async def test_ticks_prepared_in_advance_are_the_same() -> None:
    prepared, plain = Quotation(), Quotation()
    start_ns = plain.now_ns - HOUR_NS
    await prepared.data.prepare_ticks("EURUSD", start_ns, plain.now_ns)
    columns = [each.data.ticks_range("EURUSD", start_ns, plain.now_ns) for each in (prepared, plain)]
    assert list(columns[0].time_ms) == list(columns[1].time_ms)


def test_position_0_is_the_bar_that_is_not_finished() -> None:
    quotation = Quotation(now_ns=Quotation().now_ns // MINUTE_NS * MINUTE_NS + 30 * SECOND_NS)
    half = quotation.data.bars_back("EURUSD", M1, count=1)
    quotation.now_ns += 29 * SECOND_NS
    whole = quotation.data.bars_back("EURUSD", M1, count=1)
    assert half.time_s[0] == whole.time_s[0]
    assert half.tick_volume[0] < whole.tick_volume[0]
    assert whole.high[0] >= half.high[0]


@pytest.mark.parametrize("frame", sorted(LENGTHS_NS))
def test_a_position_is_found_again_from_any_start(frame: int) -> None:
    data = Quotation().data
    bars = data.bars_back("EURUSD", frame, count=30)
    assert len(bars.time_s) == 30
    assert (np.diff(bars.time_s) > 0).all()
    skipped = data.bars_back("EURUSD", frame, skip=20, count=5)
    assert list(skipped.time_s) == list(bars.time_s[5:10])
    until_ns = int(bars.time_s[12]) * SECOND_NS + SECOND_NS
    assert list(data.bars_back("EURUSD", frame, until_ns=until_ns, count=3).time_s) == list(bars.time_s[10:13])


def test_longer_bars_are_their_minutes() -> None:
    quotation = Quotation()
    hour = quotation.data.bars_back("XAUUSD", constants.TIMEFRAME_H1, count=1, skip=1)
    start_ns = int(hour.time_s[0]) * SECOND_NS
    minutes = quotation.bars_between("XAUUSD", M1, start_ns, start_ns + HOUR_NS - 1)
    assert len(minutes.time_s) == 60
    assert (hour.open[0], hour.close[0]) == (minutes.open[0], minutes.close[-1])
    assert (hour.high[0], hour.low[0]) == (minutes.high.max(), minutes.low.min())
    assert hour.tick_volume[0] == minutes.tick_volume.sum()


def test_unknown_symbols_and_timeframes_are_refused() -> None:
    data = Quotation().data
    with pytest.raises(UnknownSymbol):
        data.bars_back("EURUSD.x", M1, count=1)
    with pytest.raises(ValueError, match="60 is no timeframe"):
        data.bars_back("EURUSD", 60, count=1)


def test_nothing_is_shown_from_before_the_history() -> None:
    data = Quotation().data
    assert len(data.bars_back("EURUSD", constants.TIMEFRAME_MN1, count=1000).time_s) < 250
    assert len(data.ticks_range("EURUSD", 0, 1_000 * SECOND_NS).time_ms) == 0


def test_a_halted_symbol_has_no_ticks_and_no_bars_and_keeps_its_last_tick() -> None:
    quotation = Quotation()
    step = quotation.now_ns // STEP_NS
    before = quotation.data.tick("EURUSD")
    quotation.market.apply(MarketControl(step=step + 1, symbol="EURUSD", kind="halt"))
    quotation.now_ns += 10 * MINUTE_NS
    assert quotation.data.tick("EURUSD").time_ns <= before.time_ns + STEP_NS
    assert len(quotation.data.ticks_range("EURUSD", quotation.now_ns - 5 * MINUTE_NS, quotation.now_ns).time_ms) == 0
    quotation.market.apply(MarketControl(step=quotation.now_ns // STEP_NS, symbol="EURUSD", kind="resume"))
    quotation.now_ns += 2 * MINUTE_NS
    opens = quotation.data.bars_back("EURUSD", M1, count=4).time_s
    assert max(np.diff(opens)) >= 9 * 60
    assert list(quotation.data.bars_back("EURUSD", M1, skip=2, count=2).time_s) == list(opens[:2])
    assert quotation.data.tick("EURUSD").time_ns > quotation.now_ns - MINUTE_NS


def test_a_pinned_price_is_the_bid_and_goes_on_ticking() -> None:
    quotation = Quotation()
    step = quotation.now_ns // STEP_NS
    quotation.market.apply(MarketControl(step=step, symbol="EURUSD", kind="pin", ticks=110_000))
    quotation.now_ns += 5 * MINUTE_NS
    tick = quotation.data.tick("EURUSD")
    assert tick.bid == Decimal("1.1")
    assert Decimal("1.1") < tick.ask < Decimal("1.1004")
    assert tick.time_ns > quotation.now_ns - MINUTE_NS


def test_the_depth_shows_sells_from_the_top_then_buys_where_there_is_one() -> None:
    data = Quotation().data
    book = data.book("BTCUSD")
    prices = [level.price for level in book]
    assert [level.is_buy for level in book] == [False] * 10 + [True] * 10
    assert prices == sorted(prices, reverse=True)
    tick = data.tick("BTCUSD")
    assert (book[9].price, book[10].price) == (tick.ask, tick.bid)
    assert data.book("EURUSD") == []


def test_right_after_a_halt_the_last_tick_is_still_one_of_the_history() -> None:
    """Of a pinned price: often nothing has changed when trading goes on."""
    quotation = Quotation()
    pin = MarketControl(step=quotation.now_ns // STEP_NS, symbol="EURUSD", kind="pin", ticks=110_000)
    quotation.market.apply(pin)
    for gap in range(1, 60):
        step = quotation.now_ns // STEP_NS
        quotation.market.apply(MarketControl(step=step, symbol="EURUSD", kind="halt"))
        quotation.now_ns += (20 + gap) * STEP_NS
        resumed = quotation.now_ns // STEP_NS
        quotation.market.apply(MarketControl(step=resumed, symbol="EURUSD", kind="resume"))
        for _ in range(3):
            tick = quotation.data.tick("EURUSD")
            history = quotation.data.ticks_range("EURUSD", quotation.now_ns - 2 * MINUTE_NS, quotation.now_ns)
            assert tick.time_ns == int(history.time_ms[-1]) * 1_000_000
            quotation.now_ns += STEP_NS


def test_an_answer_is_put_together_of_what_was_made_before(monkeypatch: pytest.MonkeyPatch) -> None:
    quotation = Quotation()
    start_ns = quotation.now_ns - 2 * HOUR_NS
    first = quotation.data.ticks_range("EURUSD", start_ns, quotation.now_ns - 20 * MINUTE_NS)

    def computed(*_: object) -> None:
        raise AssertionError("ticks were made again")

    monkeypatch.setattr(Market, "traded_quotes", computed)
    again = quotation.data.ticks_range("EURUSD", start_ns, quotation.now_ns - 20 * MINUTE_NS)
    assert list(again.time_ms) == list(first.time_ms)


def test_what_is_polled_costs_its_own_steps_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    quotation = Quotation(now_ns=Quotation().now_ns // (10 * MINUTE_NS) * (10 * MINUTE_NS) + 9 * MINUTE_NS)
    asked: list[tuple[int, int]] = []
    walk = Market.traded_quotes

    def counted(market: Market, symbol: str, first: int, last: int) -> Any:
        asked.append((first, last))
        return walk(market, symbol, first, last)

    monkeypatch.setattr(Market, "traded_quotes", counted)
    quotation.data.ticks_from("EURUSD", quotation.now_ns - SECOND_NS, 1_000)
    assert [last - first for first, last in asked] == [11]


def test_the_cache_keeps_the_latest_used_up_to_its_size() -> None:
    made: list[int] = []

    def make(index: int, count: int) -> TickColumns:
        made.append(index)
        none = np.zeros(count)
        return TickColumns(time_ms=none.astype(np.int64), bid=none, ask=none, flags=none.astype(np.int64))

    def ask(cache: TickCache, index: int, count: int = 40) -> None:
        cache.chunk(("EURUSD", index), partial(make, index, count))

    cache = TickCache(100)
    for index in (1, 2, 1, 3, 1, 2):
        ask(cache, index)
    assert made == [1, 2, 3, 2]
    ask(cache, 9, 500)
    ask(cache, 1)
    assert made == [1, 2, 3, 2, 9, 1]
