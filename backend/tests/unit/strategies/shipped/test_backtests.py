"""Every shipped strategy of this folder over a recorded market: it trades, twice alike, as a plain loop says."""

import csv
import gzip
import math
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from statistics import fmean, pstdev

import pytest

from edgerunner.backtest.columns import BarColumns
from edgerunner.backtest.config import BacktestConfig
from edgerunner.backtest.defaults import default_instrument
from edgerunner.backtest.result import Result
from edgerunner.backtesting import read_bars, run, run_backtest
from edgerunner.domain.instruments import Instrument, Product, QuantityUnit
from edgerunner.domain.orders import Liquidity, OrderStatus, OrderType, Side
from edgerunner.matching.fees import FeeSchedule
from edgerunner.strategies.market_data import Book
from edgerunner.strategies.shipped.bollinger_bands import BollingerReversion
from edgerunner.strategies.shipped.depth_grid import DepthGrid
from edgerunner.strategies.shipped.donchian_breakout import DonchianBreakout
from edgerunner.strategies.shipped.pairs_spread import PairsSpread
from edgerunner.strategies.shipped.rsi_reversion import RsiReversion
from edgerunner.strategies.strategy import Strategy

RECORDED = Path(__file__).resolve().parents[6] / "shared" / "market_data"
HOURS = "crypto/binance_BTCUSDT_1h_2020-11_2021-05.csv.gz"
MINUTES = "fx/oanda_EURUSD_1m_2014-05.csv.gz"
DEPTH = "book/bybit_linear_l2_trades_2021-04-17.csv.gz"
QUOTES = "fx/oanda_EURUSD_ticks_2014-05-08.csv.gz"
BITCOIN, ETHER = "crypto/binance_spot_BTCUSDT_1m_2024-01.csv.gz", "crypto/binance_spot_ETHUSDT_1m_2024-01.csv.gz"


def recorded(name: str) -> Path:
    path = RECORDED / name
    if not path.exists():
        pytest.skip(f"recorded data {name} is not beside the repository")
    return path


def twice(strategy_class: type[Strategy], name: str, parameters: dict[str, object] | None = None) -> Result:
    """Run twice, assert that nothing differs, and return one of the results."""
    bars = read_bars(recorded(name))
    first, second = (
        run_backtest(strategy_class, bars, parameters=parameters, cash="1000000", fees={"taker": "0.0002"})
        for _ in range(2)
    )
    assert first.to_json() == second.to_json()
    return first


def market_fills(result: Result) -> list[tuple[int, str]]:
    """Every fill as (time, side), of runs that send market orders only."""
    assert {order.order_type for order in result.orders} == {OrderType.MARKET}
    return [(fill.time_ms, str(fill.side)) for fill in result.fills]


def reversion_fills(bars: BarColumns, signals: Sequence[str | None]) -> list[tuple[int, str]]:
    """What a long-only reversion does with one word per closed bar, at the next open."""
    fills: list[tuple[int, str]] = []
    is_long = False
    for place, signal in enumerate(signals[:-1]):
        if (signal == "buy" and not is_long) or (signal == "sell" and is_long):
            fills.append((int(bars.time_ms[place + 1]), signal))
            is_long = not is_long
    return fills


def test_rsi_reversion_trades_as_a_plain_loop_does() -> None:
    result = twice(RsiReversion, MINUTES)
    bars = read_bars(recorded(MINUTES))
    closes = bars.close.tolist()
    signals: list[str | None] = [None]
    gain = loss = 0.0
    for place in range(1, len(closes)):
        change = closes[place] - closes[place - 1]
        share = 1 / min(place, 14)  # a plain mean over the first fourteen changes, Wilder's smoothing after them
        gain += (max(change, 0.0) - gain) * share
        loss += (max(-change, 0.0) - loss) * share
        index = 100 - 100 / (1 + gain / loss) if loss else 100.0
        signals.append(None if place < 14 else "buy" if index < 30 else "sell" if index >= 50 else None)
    assert len(result.trades) > 50
    assert market_fills(result) == reversion_fills(bars, signals)


def test_bollinger_reversion_trades_as_a_plain_loop_does() -> None:
    result = twice(BollingerReversion, HOURS)
    bars = read_bars(recorded(HOURS))
    closes = bars.close.tolist()
    signals: list[str | None] = [None] * 19
    for place in range(19, len(closes)):
        window = closes[place - 19 : place + 1]
        middle, deviation = fmean(window), pstdev(window)
        close = closes[place]
        signals.append("buy" if close < middle - 2 * deviation else "sell" if close >= middle else None)
    assert len(result.trades) > 50
    assert market_fills(result) == reversion_fills(bars, signals)


def test_donchian_breakout_enters_on_breaks_and_never_holds_more_than_its_size() -> None:
    result = twice(DonchianBreakout, HOURS)
    bars = read_bars(recorded(HOURS))
    places = {int(time): place for place, time in enumerate(bars.time_ms)}
    held = Decimal(0)
    entries = stopped = 0
    orders = {order.order_id: order for order in result.orders}
    for fill in result.fills:
        if held == 0:
            entries += 1
            place = places[fill.time_ms] - 1  # decided on the bar before
            before = slice(place - 20, place)
            if fill.side is Side.BUY:
                assert bars.close[place] > bars.high[before].max()
            else:
                assert bars.close[place] < bars.low[before].min()
        stopped += orders[fill.order_id].order_type is OrderType.STOP_MARKET
        held += fill.quantity * fill.side.sign
        assert abs(held) <= 1
    assert entries > 50
    assert stopped > 10
    assert all(order.status is not OrderStatus.REJECTED for order in result.orders)


def test_pairs_spread_holds_both_legs_or_neither_over_a_month_of_minutes() -> None:
    data = {
        "one:BTCUSDT": read_bars(recorded(BITCOIN)),
        "two:ETHUSDT": read_bars(recorded(ETHER)),
    }
    config = BacktestConfig(
        strategy_class=PairsSpread,
        parameters={"period": 240, "entry_score": 2.5, "stop_score": 6.0},
        instruments={key: default_instrument(columns, "USDT") for key, columns in data.items()},
        timeframe="1m",
        initial_cash=Decimal(1_000_000),
        base_currency="USDT",
        fees=FeeSchedule(maker=Decimal(0), taker=Decimal("0.0002")),
    )
    first, second = run(config, data), run(config, data)
    assert first.to_json() == second.to_json()
    held = dict.fromkeys(data, Decimal(0))
    for place, fill in enumerate(first.fills):
        held[fill.instrument_id] += fill.quantity * fill.side.sign
        if place % 2:  # both legs of a pair fill at the same open
            assert fill.time_ms == first.fills[place - 1].time_ms
            assert len({math.copysign(1, quantity) for quantity in held.values() if quantity}) in {0, 2}
    assert len(first.trades) > 100
    assert {order.status for order in first.orders} == {OrderStatus.FILLED}


def recorded_books(symbol: str) -> Iterator[Book]:
    """The book of 25 levels after every message of the recorded stream."""
    sides: dict[str, dict[float, float]] = {"Buy": {}, "Sell": {}}
    received = ""
    with gzip.open(recorded(DEPTH), "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["symbol"] != symbol or row["event"] == "trade":
                continue
            if received and row["recv_time"] != received:
                bids, asks = sorted(sides["Buy"].items(), reverse=True), sorted(sides["Sell"].items())
                yield Book(symbol, int(received) * 1_000_000, tuple(bids), tuple(asks))
            received = row["recv_time"]
            levels = sides[row["side"]]
            if row["event"] == "delete":
                levels.pop(float(row["price"]), None)
            else:
                levels[float(row["price"])] = float(row["size"])


def recorded_quotes(symbol: str) -> Iterator[Book]:
    """One-level books of a morning of quotes."""
    with gzip.open(recorded(QUOTES), "rt", encoding="utf-8") as lines:
        for row in islice(csv.DictReader(lines), 20_000):
            bid, ask = float(row["bid"]), float(row["ask"])
            yield Book(symbol, int(row["time"]) * 1_000_000, ((bid, 1e6),), ((ask, 1e6),))


def grid_config(symbol: str, tick: str, parameters: dict[str, object]) -> BacktestConfig:
    return BacktestConfig(
        strategy_class=DepthGrid,
        parameters=parameters,
        instruments={
            symbol: Instrument(
                instrument_id=symbol,
                venue_symbol=symbol,
                product=Product.PERPETUAL,
                base=symbol[:3],
                quote="USD",
                settle="USD",
                quantity_unit=QuantityUnit.COINS,
                tick_size=Decimal(tick),
                lot_step=Decimal("0.1"),
                min_quantity=Decimal("0.1"),
            )
        },
        timeframe="tick",
        initial_cash=Decimal(1_000_000),
        base_currency="USD",
    )


@pytest.mark.parametrize(
    ("books", "config", "least_fills", "least_returns"),
    [
        (recorded_books, grid_config("LTCUSDT", "0.01", {"spacing": 0.05, "quantity": 0.1}), 10, 1),
        (recorded_quotes, grid_config("EURUSD", "0.00001", {"spacing": 0.0001, "quantity": 1000.0}), 40, 5),
    ],
    ids=["depth", "quotes"],
)
def test_depth_grid_trades_the_swings_as_a_maker_within_its_inventory_limit(
    books: Callable[[str], Iterator[Book]], config: BacktestConfig, least_fills: int, least_returns: int
) -> None:
    (symbol,) = config.instruments
    data = {symbol: list(books(symbol))}
    first, second = run(config, data), run(config, data)
    assert first.to_json() == second.to_json()
    lot = Decimal(str(config.parameters["quantity"]))
    held, returns = Decimal(0), 0
    for fill in first.fills:
        returns += held * fill.side.sign < 0
        held += fill.quantity * fill.side.sign
        assert abs(held) <= 5 * lot
        assert fill.liquidity is Liquidity.MAKER
    assert len(first.fills) >= least_fills
    assert returns >= least_returns
    assert OrderStatus.REJECTED not in {order.status for order in first.orders}
