"""Backtests over HTTP, each in its real process."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from edgerunner.client import ApiError, EdgerunnerClient
from edgerunner.domain.market import Bar, Timeframe
from tests.api.harness import API_KEY, CONNECTION_ID, LINEAR_ID, Api, Json
from tests.api.test_errors import assert_problem
from tests.waiting import until

MINUTE_MS = 60_000
START_MS = 1_700_000_040_000 // MINUTE_MS * MINUTE_MS
BARS = 600


ENDLESS = """
from edgerunner import Strategy

class Endless(Strategy):
    def on_bar(self, bar):
        while True:
            pass
"""
FAULTY = """
from edgerunner import Strategy, parameter

class Faulty(Strategy):
    after: int = parameter(3, minimum=1, maximum=100)

    def on_bar(self, bar):
        if len(self.bars) >= self.after:
            raise RuntimeError("no more ideas")

class Greedy(Strategy):
    def on_bar(self, bar):
        self.hoard = bytearray(4 * 1024**3)

class Chatty(Strategy):
    def on_bar(self, bar):
        print("x" * 10_000)
"""


def price(number: int) -> int:
    """A saw: up 1 for 20 bars, down 1 for 20 bars."""
    phase = number % 40
    return 100 + (phase if phase < 20 else 40 - phase)


def csv_of_bars(count: int = BARS) -> str:
    rows = [
        f"{START_MS + number * MINUTE_MS},{price(number)},{price(number) + 1},{price(number) - 1},{price(number)},10"
        for number in range(count)
    ]
    return "\n".join(["time,open,high,low,close,volume", *rows])


async def upload(api: Api, text: str | None = None) -> str:
    files = {"file": ("saw.csv", (text or csv_of_bars()).encode(), "text/csv")}
    response = await api.http.post("/datasets", files=files, data={"instrument_id": LINEAR_ID, "timeframe": "1m"})
    assert response.status_code == 201, response.text
    return str(response.json()["dataset_id"])


def run_body(**changes: Any) -> Json:
    body = {
        "strategy": "SmaCross",
        "parameters": {"fast": 3, "slow": 8, "quantity": 1.0},
        "instrument_id": LINEAR_ID,
        "timeframe": "1m",
        "initial_cash": "10000",
        "fees": {"maker": "0.0001", "taker": "0.0005"},
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


async def start(api: Api, **changes: Any) -> Json:
    response = await api.http.post("/backtest/run", json=run_body(**changes))
    assert response.status_code == 202, response.text
    return dict(response.json())


async def ended(api: Api, run_id: str) -> Json:
    async def look() -> Json | None:
        run = (await api.http.get(f"/backtest/runs/{run_id}")).json()
        return run if run["state"] in {"completed", "failed", "canceled"} else None

    return await until(look, timeout_s=60, what=f"run {run_id} has ended")


@pytest.fixture
async def dataset_id(api: Api) -> str:
    return await upload(api)


@pytest.fixture
async def completed(api: Api, dataset_id: str) -> Json:
    run = await ended(api, (await start(api, data={"dataset_id": dataset_id}))["run_id"])
    assert run["state"] == "completed", run["error"]
    return run


async def test_a_run_on_a_dataset_completes_with_metrics_trades_equity_and_report(api: Api, completed: Json) -> None:
    assert set(completed) == {
        "run_id", "state", "progress", "request", "metrics", "assumptions", "error", "created_at", "started_at",
        "finished_at",
    }  # fmt: skip
    assert completed["progress"] == 1.0
    assert completed["error"] is None
    assert completed["assumptions"]["instrument"].startswith("no terms are known: tick 1 as in the data")
    assert completed["request"]["strategy"] == "SmaCross"
    path = f"/backtest/runs/{completed['run_id']}"

    trades = (await api.http.get(f"{path}/trades")).json()
    assert trades["next_cursor"] is None
    assert len(trades["trades"]) == completed["metrics"]["trades"] > 10
    first = trades["trades"][0]
    assert first["instrument_id"] == LINEAR_ID
    fees = (Decimal(first["entry_price"]) + Decimal(first["exit_price"])) * Decimal("0.0005")
    assert Decimal(first["fees"]) == fees
    assert Decimal(first["pnl"]) == Decimal(first["exit_price"]) - Decimal(first["entry_price"]) - fees

    curve = (await api.http.get(f"{path}/equity")).json()["equity"]
    assert len(curve) == BARS
    gained = Decimal(curve[-1]["equity"]) - 10_000
    assert float(gained) == pytest.approx(completed["metrics"]["net_profit"])

    report = await api.http.get(f"{path}/report")
    assert report.headers["content-type"] == "text/html; charset=utf-8"
    assert "sandbox" in report.headers["content-security-policy"]
    assert report.text.lstrip().lower().startswith("<!doctype html>")
    assert (await api.http.get("/backtest/runs")).json()["runs"] == [completed]


async def test_equity_and_trades_come_in_pages(api: Api, completed: Json) -> None:
    for part in ("equity", "trades"):
        path = f"/backtest/runs/{completed['run_id']}/{part}"
        whole = (await api.http.get(path)).json()[part]
        paged: list[Json] = []
        cursor = None
        while True:
            parameters = {"limit": 7} | ({"cursor": cursor} if cursor else {})
            page = (await api.http.get(path, params=parameters)).json()
            paged += page[part]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert paged == whole


async def test_the_client_runs_waits_and_reads(api: Api, dataset_id: str) -> None:
    async with EdgerunnerClient("http://127.0.0.1", API_KEY, transport=httpx.ASGITransport(api.app)) as client:
        queued = await client.backtests.run(
            "SmaCross", LINEAR_ID, "1m", dataset_id=dataset_id, initial_cash=Decimal("1E+4"), fees={"taker": "0.001"}
        )
        done = await client.backtests.wait(queued["run_id"])
        assert done["metrics"] is not None
        trades = [trade async for trade in client.backtests.trades(done["run_id"])]
        equity = [point async for point in client.backtests.equity(done["run_id"])]
        assert (len(trades), len(equity)) == (done["metrics"]["trades"], BARS)
        assert await client.backtests.refusals(done["run_id"]) == []
        assert "<html" in await client.backtests.report(done["run_id"])
        with pytest.raises(ApiError, match="nothing to cancel"):
            await client.backtests.cancel(done["run_id"])
        assert (await client.backtests.list())["runs"] == [done]


async def test_the_same_request_gives_the_same_result(api: Api, dataset_id: str, completed: Json) -> None:
    again = await ended(api, (await start(api, data={"dataset_id": dataset_id}))["run_id"])
    assert again["metrics"] == completed["metrics"]


async def test_start_and_end_cut_the_dataset(api: Api, dataset_id: str) -> None:
    run = await start(api, data={"dataset_id": dataset_id}, start=_time(100), end=_time(300))
    await ended(api, run["run_id"])
    curve = (await api.http.get(f"/backtest/runs/{run['run_id']}/equity")).json()["equity"]
    assert (len(curve), curve[0]["time"], curve[-1]["time"]) == (200, _time(100), _time(299))


def _time(number: int) -> str:
    from edgerunner.schemas.scalars import format_time

    return format_time((START_MS + number * MINUTE_MS) * 1_000_000)


async def test_the_history_of_a_connection_is_fetched_and_its_instrument_used(trading: Api) -> None:
    now_ns = trading.broker.clock.now_ns()
    first = now_ns // 60_000_000_000 - 2_500
    trading.broker.bars[LINEAR_ID, Timeframe.M1] = [
        Bar(
            open_ns=(first + number) * 60_000_000_000,
            open=Decimal(price(number)),
            high=Decimal(price(number) + 1),
            low=Decimal(price(number) - 1),
            close=Decimal(price(number)),
            volume=Decimal(5),
            is_complete=True,
        )
        for number in range(2_400)
    ]
    run = await start(
        trading, data={"connection_id": CONNECTION_ID}, start=_ns_time(first), end=_ns_time(first + 2_400)
    )
    done = await ended(trading, run["run_id"])
    assert done["state"] == "completed", done["error"]
    assert done["assumptions"]["instrument"].startswith("as its connection describes it")
    curve = await trading.http.get(f"/backtest/runs/{run['run_id']}/equity", params={"limit": 10_000})
    assert len(curve.json()["equity"]) == 2_400


def _ns_time(minute: int) -> str:
    from edgerunner.schemas.scalars import format_time

    return format_time(minute * 60_000_000_000)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"strategy": "NoSuch"}, "strategy"),
        ({"strategy": "nofile.Class"}, "strategy"),
        ({"parameters": {"fast": 0}}, "parameters.fast"),
        ({"parameters": {"fast": "ten"}}, "parameters.fast"),
        ({"parameters": {"speed": 1}}, "parameters.speed"),
        ({"instrument_id": "ETHUSDT-LINEAR.BYBIT"}, "instrument_id"),
        ({"timeframe": "5m"}, "timeframe"),
        ({"timeframe": "7m"}, "timeframe"),
        ({"data": {"dataset_id": "01JD8Z4K3V7Q2M5N9R1T6W8X0Y"}}, "data.dataset_id"),
        ({"data": {}}, "data"),
        ({"data": {"dataset_id": "x", "connection_id": "y"}}, "data"),
        ({"data": {"connection_id": "nobody"}}, "data.connection_id"),
        ({"data": {"path": "/etc/passwd"}}, "data.path"),
        ({"initial_cash": "0"}, "initial_cash"),
        ({"fees": {"maker": "2"}}, "fees.maker"),
        ({"slippage": "-0.1"}, "slippage"),
        ({"fill": "yesterday"}, "fill"),
        ({"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}, "end"),
    ],
)
async def test_a_wrong_field_is_named_at_once(api: Api, dataset_id: str, wrong: Json, field: str) -> None:
    response = await api.http.post("/backtest/run", json=run_body(**{"data": {"dataset_id": dataset_id}, **wrong}))
    assert_problem(response, 422, "validation_error", field)
    assert (await api.http.get("/backtest/runs")).json()["runs"] == []


async def test_an_interval_without_bars_fails_the_run_with_the_field(api: Api, dataset_id: str) -> None:
    run = await start(api, data={"dataset_id": dataset_id}, start="2030-01-01T00:00:00Z")
    error = (await ended(api, run["run_id"]))["error"]
    assert error["code"] == "validation_error"
    assert error["errors"]


async def test_a_users_own_class_runs_and_its_exception_is_told(api: Api, dataset_id: str, tmp_path: Path) -> None:
    write_strategy(tmp_path, "faulty", FAULTY)
    run = await start(api, strategy="faulty.Faulty", parameters={"after": 5}, data={"dataset_id": dataset_id})
    error = (await ended(api, run["run_id"]))["error"]
    assert error["code"] == "strategy_error"
    assert "RuntimeError: no more ideas" in error["detail"]
    assert "faulty.py" in error["detail"]
    wrong = run_body(strategy="faulty.Faulty", parameters={"after": 0}, data={"dataset_id": dataset_id})
    assert_problem(await api.http.post("/backtest/run", json=wrong), 422, "validation_error", "parameters.after")


async def test_a_strategy_that_eats_memory_is_ended(api: Api, dataset_id: str, tmp_path: Path) -> None:
    write_strategy(tmp_path, "faulty", FAULTY)
    run = await start(api, strategy="faulty.Greedy", parameters={}, data={"dataset_id": dataset_id})
    assert (await ended(api, run["run_id"]))["error"]["code"] == "memory_limit"


async def test_a_strategy_that_prints_without_end_completes(api: Api, dataset_id: str, tmp_path: Path) -> None:
    write_strategy(tmp_path, "faulty", FAULTY)
    run = await start(api, strategy="faulty.Chatty", parameters={}, data={"dataset_id": dataset_id})
    assert (await ended(api, run["run_id"]))["state"] == "completed"


async def test_a_long_run_is_canceled_and_its_process_is_gone(api: Api, dataset_id: str, tmp_path: Path) -> None:
    write_strategy(tmp_path, "endless", ENDLESS)
    run = await start(api, strategy="endless.Endless", parameters={}, data={"dataset_id": dataset_id})
    path = f"/backtest/runs/{run['run_id']}"

    async def process() -> list[psutil.Process] | None:
        return workers() if (await api.http.get(path)).json()["state"] == "running" else None

    (worker,) = await until(process, timeout_s=30, what="the run's process has started")
    canceled = await api.http.delete(path)
    assert (canceled.status_code, canceled.json()["state"]) == (200, "canceled")
    assert not worker.is_running()
    assert_problem(await api.http.delete(path), 409, "conflict")
    assert_problem(await api.http.get(f"{path}/report"), 409, "conflict")


def workers() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children(recursive=True):
        try:
            if "edgerunner.backtest_worker" in child.cmdline():
                found.append(child)
        except psutil.Error:
            continue
    return found


def write_strategy(folder: Path, name: str, source: str) -> None:
    (folder / "strategies").mkdir(exist_ok=True)
    (folder / "strategies" / f"{name}.py").write_text(source)


@pytest.mark.parametrize("part", ["", "/trades", "/equity", "/refusals", "/report"])
async def test_an_unknown_run_is_not_found(api: Api, part: str) -> None:
    assert_problem(await api.http.get(f"/backtest/runs/01JD8Z4K3V7Q2M5N9R1T6W8X0Y{part}"), 404, "not_found")


async def test_orders_beyond_the_limits_are_refused_and_counted_by_code(api: Api, dataset_id: str) -> None:
    limits = {"max_order_notional": "100.5", "max_open_orders": 3, "session_hours": False}
    run = await ended(api, (await start(api, data={"dataset_id": dataset_id}, limits=limits))["run_id"])
    assert run["request"]["limits"] == limits
    assert run["assumptions"]["limits"] == "max_order_notional 100.5, max_open_orders 3, session_hours false"
    answer = await api.http.get(f"/backtest/runs/{run['run_id']}/refusals")
    (refusal,) = answer.json()["refusals"]
    assert refusal["code"] == "order_notional"
    assert refusal["text"].startswith("the order is worth 1")
    assert refusal["orders"] > 1
    assert refusal["first_time"] < refusal["last_time"]
    report = (await api.http.get(f"/backtest/runs/{run['run_id']}/report")).text
    assert refusal["text"] in report


async def test_an_unknown_limit_is_named(api: Api, dataset_id: str) -> None:
    body = run_body(data={"dataset_id": dataset_id}, limits={"max_loss": "3"})
    assert_problem(await api.http.post("/backtest/run", json=body), 422, "validation_error", field="limits.max_loss")


async def test_funding_that_is_given_is_booked_on_what_is_held(api: Api, dataset_id: str) -> None:
    def settlement(bar: int) -> Json:
        moment = datetime.fromtimestamp((START_MS + bar * MINUTE_MS) / 1000, UTC)
        return {"time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "rate": "0.001"}

    data = {"dataset_id": dataset_id}
    free = await ended(api, (await start(api, data=data))["run_id"])
    paid = await ended(api, (await start(api, data=data, funding=[settlement(50), settlement(90)]))["run_id"])
    assert paid["state"] == "completed", paid["error"]
    assert paid["assumptions"]["funding"] == f"2 settlements of {LINEAR_ID}, at the newest price"
    assert free["assumptions"]["funding"] == "none"
    lost = free["metrics"]["net_profit"] - paid["metrics"]["net_profit"]
    assert lost == pytest.approx((price(49) + price(89)) * 0.001)


async def test_funding_out_of_order_is_refused(api: Api, dataset_id: str) -> None:
    first, second = "2023-11-14T23:00:00Z", "2023-11-14T22:00:00Z"
    rates = [{"time": time, "rate": "0.001"} for time in (first, second)]
    body = run_body(data={"dataset_id": dataset_id}, funding=rates)
    answer = await api.http.post("/backtest/run", json=body)
    assert_problem(answer, 422, "validation_error", field="funding.1.time")


async def test_the_spread_of_a_dataset_is_paid_when_asked_for(api: Api, dataset_id: str) -> None:
    header, *rows = csv_of_bars().splitlines()
    with_spread = await upload(api, "\n".join([f"{header},spread", *(f"{row},2" for row in rows)]))
    free = await ended(api, (await start(api, data={"dataset_id": with_spread}))["run_id"])
    paid = await ended(api, (await start(api, data={"dataset_id": with_spread}, spread="mid"))["run_id"])
    fills = 2 * paid["metrics"]["trades"]
    assert free["metrics"]["net_profit"] - paid["metrics"]["net_profit"] == pytest.approx(fills, rel=0.05)
    missing = await ended(api, (await start(api, data={"dataset_id": dataset_id}, spread="bid"))["run_id"])
    assert (missing["state"], missing["error"]["errors"][0]["field"]) == ("failed", "spread")


async def test_a_run_tells_its_request_as_it_was_asked_for(api: Api, dataset_id: str) -> None:
    funding = [{"time": "2023-11-14T23:00:00.000000Z", "rate": "0.00000001"}]
    asked = {"start": "2023-11-14T22:20:00.000000Z", "slippage": "0.0000001", "funding": funding}
    told = (await start(api, data={"dataset_id": dataset_id}, **asked))["request"]
    assert {name: told[name] for name in asked} == asked
    assert told["initial_cash"] == "10000"
