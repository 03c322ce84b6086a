"""One strategy on recorded bars: backtest, simulated broker and paper account decide alike, and fill as computed."""

import csv
import gzip
import io
import shutil
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from edgerunner.backtesting import BacktestConfig, read_bars, run
from edgerunner.matching.fees import FeeSchedule
from edgerunner.simulators.catalogue import bybit_catalogue
from tests.system import replay_witness
from tests.system.product import CONNECTION_ID, Product
from tests.system.replay_comparison import (
    BAR_NS,
    Difference,
    Execution,
    RecordedBar,
    SeenBar,
    Signal,
    Venue,
    difference,
    log_of,
    table,
    wrong_bars,
)
from tests.system.strategy_desk import INSTRUMENT_ID, Json, StrategyDesk
from tests.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.alone]

FILE = Path(__file__).resolve().parents[4] / "shared/market_data/crypto/bybit_linear_BTCUSDT_1m_2022-12-13.csv.gz"
SPEED = 150
"""A bar of a minute takes 0.4 s."""
PAST_BARS = 16
"""Bars of the file that are history when the strategies start; they warm up on them."""
LAST_BAR = 104
"""Until here five bars or more lie between two signals: an order is filled before the next one is decided."""
PARAMETERS = {"fast": 4, "slow": 12, "quantity": 0.01}
FEE = Decimal("0.00055")
PAPER, PAPER_FEE = "bybit-sim-local", Decimal("0.0006")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What one host did up to ``LAST_BAR``."""

    bars: Sequence[SeenBar]
    signals: Sequence[Signal]
    executions: Sequence[Execution]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The product while its simulator plays the file; times are UTC nanoseconds of the simulators' clock.

    Attributes:
        origin_ns: When the file's first bar opened.
        ahead_ns: Their clock minus ``SPEED`` times the wall clock, known to ``doubt_ns``.
    """

    desk: StrategyDesk
    origin_ns: int
    ahead_ns: int
    doubt_ns: int

    def elapsed_ns(self, wall_ns: int) -> int:
        """Return the replay's time at a wall time, the latest that it can have been."""
        return wall_ns * SPEED + self.ahead_ns + self.doubt_ns - self.origin_ns


@pytest_asyncio.fixture
async def replay(tmp_path: Path) -> AsyncIterator[Replay]:
    if not FILE.exists():
        pytest.skip("the recorded market data does not lie beside the repository")
    product = Product(tmp_path / "data", seed=5, environment={"EDGERUNNER_SIM_SPEED": str(SPEED)})
    (product.data_dir / "strategies").mkdir(parents=True)
    shutil.copy(replay_witness.__file__, product.data_dir / "strategies" / "replay_witness.py")
    try:
        product.start()
        async with product.client() as http:
            yield await _play(StrategyDesk(product, http))
    finally:
        product.end()


async def test_backtest_simulated_broker_and_paper_account_decide_alike_and_every_fill_is_explained(
    replay: Replay,
) -> None:
    desk = replay.desk
    paper = {"broker": "bybit", "environment": "simulated", "execution": "local"}
    options = {"local": {"taker_fee": str(PAPER_FEE)}}
    assert (await desk.http.post("/broker/connect", json=paper | {"options": options})).status_code == 201
    hosts = {"broker": (CONNECTION_ID, FEE, 100_000_000), "paper": (PAPER, PAPER_FEE, 1_000_000_000)}
    for name, (connection_id, _, _) in hosts.items():
        words = {"connection_id": connection_id, "timeframe": "1m", "parameters": PARAMETERS}
        await desk.create(name, "replay_witness.Witness", **words)
        await desk.command(name, "start")
    await _passed(replay)
    recorded = _recorded()
    for name, (connection_id, fee_rate, data_age_wall_ns) in hosts.items():
        found = await _hosted(replay, name, connection_id)
        expected = _backtest(warm_up_bars=found.bars[0].index)
        assert wrong_bars(found.bars, recorded) == []
        assert wrong_bars(expected.bars, recorded) == []
        assert [bar.index for bar in found.bars] == [bar.index for bar in expected.bars]
        assert [signal.decision for signal in found.signals] == [signal.decision for signal in expected.signals]
        assert len(found.signals) >= 6
        venue = Venue(
            tick=Decimal("0.1"),
            spread=await _spread(desk, connection_id),
            fee_rate=fee_rate,
            fee_step=Decimal("0.00000001"),
            data_age_ns=data_age_wall_ns * SPEED,
        )
        differences = _differences(found, expected, recorded=recorded, venue=venue)
        sys.stdout.write(f"\n{name}: bars {found.bars[0].index} to {LAST_BAR}\n{table(differences)}\n")
        assert [each for each in differences if not each.is_explained] == []


def _differences(found: Story, expected: Story, *, recorded: Sequence[RecordedBar], venue: Venue) -> list[Difference]:
    pairs = zip(found.signals, expected.executions, found.executions, strict=True)
    return [
        difference(signal, filled, hosted, recorded=recorded, venue=venue, expected_rate=FEE)
        for signal, filled, hosted in pairs
    ]


async def _play(desk: StrategyDesk) -> Replay:
    """Let the simulator play the file on its minutes, ``PAST_BARS`` of it in the past."""
    async with desk.product.control() as control:
        before_ns = time.time_ns()
        told = (await control.get("/sim/health")).json()["now"]
        after_ns = time.time_ns()
        now_ns = _nanoseconds(told)
        origin_ns = (now_ns // BAR_NS - PAST_BARS) * BAR_NS
        start = datetime.fromtimestamp(origin_ns // 10**9, UTC).isoformat()
        words = {"broker": "bybit", "symbol": "BTCUSDT", "product": "linear"}
        answer = await control.post("/sim/market", json=words | {"replay": {"file": str(FILE), "start": start}})
        assert answer.status_code == 200, answer.text
    ahead_ns = now_ns - SPEED * (before_ns + after_ns) // 2
    return Replay(desk=desk, origin_ns=origin_ns, ahead_ns=ahead_ns, doubt_ns=SPEED * (after_ns - before_ns) // 2)


async def _passed(replay: Replay) -> None:
    """Wait until the replay is past ``LAST_BAR``, without asking the product anything."""
    end_ns = replay.origin_ns + (LAST_BAR + 2) * BAR_NS
    async with replay.desk.product.control() as control:

        async def is_past() -> bool:
            return _nanoseconds((await control.get("/sim/health")).json()["now"]) > end_ns

        await until(is_past, timeout_s=120, what=f"the replay is past bar {LAST_BAR}")


async def _hosted(replay: Replay, name: str, connection_id: str) -> Story:
    """Return what a hosted strategy did once it has seen ``LAST_BAR`` and all that it ordered until then is filled."""
    desk = replay.desk

    async def is_done() -> Story | None:
        strategy = await desk.strategy(name)
        assert strategy["state"] == "running", strategy["reason"]
        bars, signals = log_of(await desk.log(name), origin_ns=replay.origin_ns)
        if not bars or bars[-1].index < LAST_BAR:
            return None
        wanted = [signal for signal in signals if signal.index <= LAST_BAR]
        fills = await _fills(desk, connection_id, {signal.order_id for signal in wanted})
        if fills is None:
            return None
        executions = [_execution(replay, fills[signal.order_id]) for signal in wanted]
        return Story(bars=_until_last(bars), signals=wanted, executions=executions)

    return await until(is_done, timeout_s=60, what=f"{name} has seen bar {LAST_BAR} and its orders are filled")


async def _fills(desk: StrategyDesk, connection_id: str, wanted: set[str]) -> dict[str, Json] | None:
    """Return the one fill of each order, None while some are not filled; none may end without one."""
    words = {"connection_id": connection_id, "limit": "1000"}
    orders = (await desk.http.get("/orders/status", params=words)).json()["orders"]
    ended = {"denied", "rejected", "canceled", "expired"}
    lost = [order for order in orders if order["client_order_id"] in wanted and order["status"] in ended]
    assert [(order["status"], order["denied"], order["broker"]) for order in lost] == []
    page = (await desk.http.get("/fills", params=words)).json()["fills"]
    fills = {fill["client_order_id"]: fill for fill in page}
    assert len(fills) == len(page), "one fill per order: the best level is larger than the order"
    return fills if wanted <= fills.keys() else None


def _execution(replay: Replay, fill: Json) -> Execution:
    """Return a fill in the replay's time; the paper account stamps with the wall clock."""
    time_ns = _nanoseconds(fill["time"])
    elapsed_ns = replay.elapsed_ns(time_ns) if fill["connection_id"] == PAPER else time_ns - replay.origin_ns
    assert fill["fee"]["currency"] == "USDT"
    return Execution(price=Decimal(fill["price"]), fee=Decimal(fill["fee"]["amount"]), time_ns=elapsed_ns)


def _backtest(*, warm_up_bars: int) -> Story:
    instrument = next(
        each.instrument for each in bybit_catalogue().instruments if each.instrument.instrument_id == INSTRUMENT_ID
    )
    config = BacktestConfig(
        strategy_class=replay_witness.Witness,
        parameters=PARAMETERS,
        instruments={INSTRUMENT_ID: instrument},
        timeframe="1m",
        initial_cash=Decimal(100_000),
        base_currency="USDT",
        fees=FeeSchedule(maker=Decimal(0), taker=FEE),
        warm_up_bars=warm_up_bars,
    )
    columns = read_bars(FILE)
    result = run(config, {INSTRUMENT_ID: columns})
    origin_ns = int(columns.time_ms[0]) * 1_000_000
    bars, signals = log_of((line.text for line in result.log), origin_ns=origin_ns)
    wanted = [signal for signal in signals if signal.index <= LAST_BAR]
    fills = {fill.order_id: fill for fill in result.fills}
    executions = [
        Execution(price=fill.price, fee=fill.fee, time_ns=fill.time_ms * 1_000_000 - origin_ns)
        for fill in (fills[signal.order_id] for signal in wanted)
    ]
    return Story(bars=_until_last(bars), signals=wanted, executions=executions)


def _until_last(bars: Sequence[SeenBar]) -> list[SeenBar]:
    return [bar for bar in bars if bar.index <= LAST_BAR]


def _recorded() -> list[RecordedBar]:
    rows = csv.DictReader(io.StringIO(gzip.decompress(FILE.read_bytes()).decode()))
    names = ("open", "high", "low", "close")
    return [RecordedBar(**{name: Decimal(row[name]) for name in names}) for row in rows]


async def _spread(desk: StrategyDesk, connection_id: str) -> Decimal:
    words = {"connection_id": connection_id, "instrument_id": INSTRUMENT_ID}
    ticker = (await desk.http.get("/market/ticker", params=words)).json()
    return Decimal(ticker["ask"]) - Decimal(ticker["bid"])


def _nanoseconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int(moment.timestamp()) * 10**9 + moment.microsecond * 1_000
