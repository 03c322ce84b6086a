"""The simulated market: pure, realistic, cheap, and under control when asked."""

import gzip
import math
import statistics
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgerunner.simulators.catalogue import bybit_catalogue
from edgerunner.simulators.market import Market
from edgerunner.simulators.path import EPOCH_DAY
from edgerunner.simulators.replay import BadReplayFile, read_recording
from edgerunner.simulators.venue_types import OrderState, VenueBar
from tests.unit.simulators.venues import LINEAR, SPOT, START_NS, STEP_NS, Bench

EPOCH_STEP = EPOCH_DAY * 864_000
MINUTE = 600
DATA = Path(__file__).resolve().parents[5] / "shared" / "market_data"


def market(seed: int = 7) -> Market:
    return Market(seed, bybit_catalogue().markets)


def test_the_epoch_is_the_first_of_november_2026_and_stands_at_the_base_prices() -> None:
    assert datetime.fromtimestamp(EPOCH_DAY * 86_400, UTC) == datetime(2026, 11, 1, tzinfo=UTC)
    for seed in (1, 2, 99):
        assert abs(market(seed).price(SPOT, EPOCH_STEP) / 100 / 67_000 - 1) < 0.001


@given(st.integers(-(10**9), 10**9), st.integers(0, 2**40))
@settings(max_examples=30)
def test_prices_are_a_pure_function_of_seed_symbol_and_time(offset: int, seed: int) -> None:
    first, second = market(seed), market(seed)
    steps = [EPOCH_STEP + offset + index for index in range(15)]
    forwards = [first.price(LINEAR, step) for step in steps]
    assert forwards == [second.price(LINEAR, step) for step in reversed(steps)][::-1]
    assert [first.quote(LINEAR, step) for step in steps] == [second.quote(LINEAR, step) for step in steps]


@given(st.integers(-(10**5), 10**5), st.sampled_from([1, 3, 5, 15]))
@settings(max_examples=20)
def test_a_bar_of_history_equals_the_bar_seen_live(minute: int, length: int) -> None:
    source = market()
    first = EPOCH_STEP + minute * length * MINUTE
    steps = range(first, first + length * MINUTE)
    trades = [trade for step in steps for trade in source.trades(SPOT, step)]
    prices = [trade.price_ticks for trade in trades]
    bar = market().bar(SPOT, first * STEP_NS, (first + length * MINUTE) * STEP_NS, first + 10**6)
    assert bar is not None
    seen = (prices[0], max(prices), min(prices), prices[-1], sum(trade.quantity_lots for trade in trades))
    assert (bar.open_ticks, bar.high_ticks, bar.low_ticks, bar.close_ticks, bar.volume_lots) == seen
    assert bar.complete


def span(source: Market, symbol: str, first: int, last: int) -> tuple[int, int, int, int, int]:
    bar = source.bar(symbol, first * STEP_NS, last * STEP_NS, last + 1)
    assert bar is not None
    return bar.open_ticks, bar.high_ticks, bar.low_ticks, bar.close_ticks, bar.volume_lots


def test_long_bars_are_made_of_short_ones() -> None:
    source, day = market(), EPOCH_STEP
    whole = span(source, LINEAR, day, day + 864_000)
    hours = [span(source, LINEAR, day + hour * 36_000, day + (hour + 1) * 36_000) for hour in range(24)]
    assert whole[1] == max(bar[1] for bar in hours)
    assert whole[2] == min(bar[2] for bar in hours)
    assert whole[4] == sum(bar[4] for bar in hours)
    assert (whole[0], whole[3]) == (hours[0][0], hours[-1][3])


def test_the_open_bar_grows_until_it_is_complete() -> None:
    bench = Bench(pinned=False)
    start = START_NS // (60 * 10**9) * 60 * 10**9
    bench.wall.time_ns = start
    grown = []
    for _ in range(60):
        bench.wall.pass_steps(10)
        grown.append(bench.venue.bars(LINEAR, 60, start, start + 60 * 10**9)[0])
    assert [bar.complete for bar in grown] == [False] * 59 + [True]
    assert all(later.high_ticks >= earlier.high_ticks for earlier, later in pairwise(grown))
    assert grown[-1] == bench.venue.bar(LINEAR, start, start + 60 * 10**9)


def test_a_thousand_minutes_of_history_are_read_in_one_call() -> None:
    bench = Bench(pinned=False)
    end = START_NS // (60 * 10**9) * 60 * 10**9
    bars = bench.venue.bars(LINEAR, 60, end - 2000 * 60 * 10**9, end, limit=1000)
    assert len(bars) == 1000
    assert bars[-1].end_ns == end


def test_the_path_looks_like_a_market() -> None:
    source = market()
    closes = {symbol: [span(source, symbol, s, s + 36_000)[3] for s in hours()] for symbol in source.symbols}
    moves = {name: [math.log(b / a) for a, b in pairwise(row)] for name, row in closes.items()}
    daily = statistics.pstdev(moves[LINEAR]) * math.sqrt(24)
    assert 0.015 < daily < 0.04
    lagged = statistics.correlation(moves[LINEAR][1:], moves[LINEAR][:-1])
    assert abs(lagged) < 0.15
    assert statistics.correlation(moves[LINEAR], moves["linear:ETHUSDT"]) > 0.4
    basis = [linear / 10 / (spot / 100) - 1 for linear, spot in zip(closes[LINEAR], closes[SPOT], strict=True)]
    assert max(map(abs, basis)) < 0.0005


def hours() -> range:
    return range(EPOCH_STEP - 400 * 36_000, EPOCH_STEP + 400 * 36_000, 36_000)


@given(st.integers(0, 2**32))
@settings(max_examples=25)
def test_no_seed_wanders_to_nothing_or_to_the_sky(seed: int) -> None:
    source = market(seed)
    years = [source.price(SPOT, EPOCH_STEP + day * 864_000) / 100 for day in range(-3650, 3650, 50)]
    assert min(years) > 67_000 / 7
    assert max(years) < 67_000 * 7


@given(st.integers(-(10**7), 10**7), st.sampled_from(market().symbols))
def test_quotes_never_cross_and_the_book_is_deep(offset: int, symbol: str) -> None:
    source, step = market(), EPOCH_STEP + offset
    bid, ask = source.quote(symbol, step)
    assert 0 < bid < ask
    assert source.price(symbol, step) in {bid, ask}
    bids, asks = list(source.levels(symbol, "buy", bid, step)), list(source.levels(symbol, "sell", ask, step))
    assert len(bids) >= 200
    assert len(asks) >= 200
    assert [price for price, _ in bids] == sorted({price for price, _ in bids}, reverse=True)
    assert [price for price, _ in asks] == sorted({price for price, _ in asks})
    assert all(lots > 0 for _, lots in bids + asks)


def test_a_step_changes_few_levels_of_the_book() -> None:
    source = market()
    levels = [dict(source.levels(LINEAR, "sell", 670_001, EPOCH_STEP + step)) for step in range(2)]
    same = sum(levels[0][price] == levels[1][price] for price in levels[0])
    assert 0.9 * len(levels[0]) < same < len(levels[0])


def test_a_pinned_price_holds_until_it_is_released_and_shows_in_the_bars() -> None:
    bench = Bench(pinned=False)
    free = bench.venue.mark_price(LINEAR)
    bench.venue.operator.set_price(LINEAR, Decimal(50_000))
    bench.steps(50)
    assert bench.venue.mark_price(LINEAR) == 50_000
    bench.venue.operator.set_price(LINEAR, None)
    assert abs(bench.venue.mark_price(LINEAR) / free - 1) < Decimal("0.01")
    bar = bench.venue.bars(LINEAR, 86_400, START_NS - 86_400 * 10**9, START_NS + 10**12)[-1]
    assert bar.low_ticks == 500_000


def test_a_bad_tick_shows_for_a_second_and_nothing_trades_at_it() -> None:
    bench = Bench()
    order = bench.place("buy", "0.001", 59_000)
    for value in ("NaN", "0", "6"):
        bench.venue.operator.show_bad_tick(LINEAR, Decimal(value))
        assert str(bench.venue.quote(LINEAR).bid) == value
        assert str(bench.venue.last_price(LINEAR)) == value
    assert bench.venue.depth(LINEAR, 3)[0][0][0] == 60
    bench.steps(3)
    assert bench.order(order).state == OrderState.NEW
    bench.steps(10)
    assert abs(bench.venue.quote(LINEAR).bid - 60_000) < 1


def test_a_fast_clock_passes_the_extremes_of_the_time_it_skips() -> None:
    bench = Bench(pinned=False, speed=600)
    low = min(bar.low_ticks for bar in next_bars(60))
    order = bench.place("buy", "0.001", (low + 1) / 10)
    bench.wall.pass_steps(60)
    bench.venue.step(LINEAR)
    assert bench.order(order).state == OrderState.FILLED


def test_a_late_look_meets_every_step_in_between() -> None:
    bench = Bench(pinned=False)
    now = bench.venue.step(LINEAR)
    steps = range(now + 1, now + 51)
    low = min(steps, key=lambda step: bench.venue.market.quote(LINEAR, step)[1])
    ask = bench.venue.market.quote(LINEAR, low)[1]
    assert ask < bench.venue.market.quote(LINEAR, steps[-1])[1]
    order = bench.place("buy", "0.001", ask / 10)
    bench.wall.pass_steps(50)
    bench.venue.step(LINEAR)
    assert bench.order(order).state == OrderState.FILLED


def next_bars(minutes: int) -> list[VenueBar]:
    ahead = Bench(pinned=False)
    ahead.wall.time_ns = START_NS + minutes * 60 * 10**9
    return ahead.venue.bars(LINEAR, 60, START_NS, ahead.wall.time_ns)


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def replay(bench: Bench, file: Path, speed: float = 1) -> None:
    bench.venue.operator.replay(LINEAR, file, read_recording(file, "BTCUSDT"), speed)


def test_replayed_bars_visit_open_extremes_and_close_of_each_bar(tmp_path: Path) -> None:
    file = write(
        tmp_path / "bars.csv", "time,open,high,low,close,volume", "0,100,110,95,105,60", "60000,105,106,90,91,6"
    )
    bench = Bench()
    replay(bench, file, speed=60)
    seen = []
    for _ in range(21):
        seen.extend(bench.venue.market.quotes(LINEAR, bench.venue.step(LINEAR)))
        bench.steps(1)
    traded = {price for quote in seen for price in quote}
    assert {1000, 950, 1100, 1050, 900, 910} <= traded
    assert max(traded) <= 1101
    bar = bench.venue.bar(LINEAR, bench.wall.time_ns - 21 * STEP_NS, bench.wall.time_ns)
    assert bar is not None
    assert (bar.open_ticks, bar.high_ticks, bar.low_ticks, bar.close_ticks) == (1000, 1100, 900, 910)


def test_bars_of_a_replay_that_begins_on_their_grid_are_those_of_the_file() -> None:
    file = DATA / "crypto/bybit_linear_BTCUSDT_1m_2022-12-13.csv.gz"
    if not file.exists():
        pytest.skip("the recorded market data does not lie beside the repository")
    rows = [line.split(",") for line in gzip.decompress(file.read_bytes()).decode().splitlines()[1:]]
    bench, minute_ns = Bench(pinned=False), MINUTE * STEP_NS
    start_ns = (bench.wall.time_ns // minute_ns - len(rows)) * minute_ns
    before = bench.venue.bars(LINEAR, 60, start_ns - minute_ns, start_ns)
    bench.venue.operator.replay(LINEAR, file, read_recording(file, "BTCUSDT"), 1, start_ns=start_ns)
    found = bench.venue.bars(LINEAR, 60, start_ns, start_ns + len(rows) * minute_ns)
    ticks = [(bar.open_ticks, bar.high_ticks, bar.low_ticks, bar.close_ticks) for bar in found]
    assert ticks == [tuple(round(float(price) * 10) for price in row[1:5]) for row in rows]
    assert all(abs(bar.volume_lots - 1000 * float(row[5])) < 1.01 for bar, row in zip(found, rows, strict=True))
    assert bench.venue.bars(LINEAR, 60, start_ns - minute_ns, start_ns) == before


def test_a_resting_order_meets_the_replayed_low(tmp_path: Path) -> None:
    file = write(
        tmp_path / "bars.csv", "time,open,high,low,close", "0,60000,60010,59000,60005", "60000,60000,60000,60000,60000"
    )
    bench = Bench()
    order = bench.place("buy", "0.001", 59_000.5)
    replay(bench, file, speed=600)
    bench.steps(3)
    assert bench.order(order).state == OrderState.FILLED


def test_replayed_quotes_are_shown_as_recorded(tmp_path: Path) -> None:
    file = tmp_path / "ticks.csv.gz"
    file.write_bytes(gzip.compress(b"time,bid,ask\n0,100,100.5\n150,101,101.7\n"))
    bench = Bench()
    replay(bench, file)
    assert (bench.venue.quote(LINEAR).bid, bench.venue.quote(LINEAR).ask) == (Decimal(100), Decimal("100.5"))
    bench.steps(2)
    assert (bench.venue.quote(LINEAR).bid, bench.venue.quote(LINEAR).ask) == (Decimal(101), Decimal("101.7"))


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["when,price"], "row 1: no known header"),
        (["time,open,high,low,close", "0,1,2,0.5,x"], "row 2: close 'x' is not a number"),
        (["time,open,high,low,close", "0,1,2,0.5,1", "0,1,2,0.5,1"], "row 3: time 0 does not come after"),
        (["time,open,high,low,close", "0,3,2,0.5,1"], "row 2: open 3 and close 1 do not lie in 0.5 to 2"),
        (["time,open,high,low,close", "0,1,2,0.5,nan"], "row 2: close 'nan' is not a finite number"),
        (["time,bid,ask", "0,2,1"], "row 2: bid 2 and ask 1 are no quote"),
        (["time,bid,ask", "0,1"], "row 2: ask None is not a number"),
        (["time,bid,ask"], "holds no prices"),
    ],
)
def test_a_bad_replay_file_is_refused_with_its_row(tmp_path: Path, lines: list[str], sentence: str) -> None:
    with pytest.raises(BadReplayFile, match=sentence):
        read_recording(write(tmp_path / "bad.csv", *lines), "BTCUSDT")


def test_a_replay_goes_on_after_a_restart_and_is_let_go_when_its_file_is_gone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = write(tmp_path / "ticks.csv", "time,bid,ask", "0,100,101", "3600000,200,201")
    bench = Bench(path=tmp_path / "venue.sqlite")
    replay(bench, file)
    bench.steps(36_000)
    bench.reopen()
    assert bench.venue.quote(LINEAR).bid == 200
    file.unlink()
    bench.reopen()
    assert bench.venue.quote(LINEAR).bid > 10_000
    assert "is not continued" in caplog.text
    bench.venue.close()


@pytest.mark.parametrize(
    "name", ["crypto/bybit_linear_BTCUSDT_1m_2022-12-13.csv.gz", "fx/oanda_EURUSD_ticks_2014-05-08.csv.gz"]
)
def test_recorded_market_data_can_be_replayed(name: str) -> None:
    if not (DATA / name).exists():
        pytest.skip("the recorded market data does not lie beside the repository")
    recording = read_recording(DATA / name, "BTCUSDT")
    assert len(recording.times_ms) > 1000
    assert list(recording.times_ms) == sorted(recording.times_ms)


def test_a_recorded_order_book_replays_as_its_best_prices() -> None:
    file = DATA / "book" / "bybit_linear_l2_trades_2021-04-17.csv.gz"
    if not file.exists():
        pytest.skip("the recorded market data does not lie beside the repository")
    recording = read_recording(file, "LTCUSDT")
    assert len(recording.times_ms) > 20
    assert all(bid < ask for bid, ask in zip(recording.prices, recording.asks, strict=True))
