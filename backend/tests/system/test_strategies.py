"""Strategies in the running product: what they trade, see, and leave behind."""

import re
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from tests.system.strategy_desk import INSTRUMENT_ID, StrategyDesk, held, strategy_desk
from tests.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StrategyDesk]:
    async with strategy_desk(tmp_path_factory.mktemp("strategies"), seed=5) as running:
        yield running


async def test_classes_of_the_product_and_of_the_user_are_listed_with_their_schemas(desk: StrategyDesk) -> None:
    answer = (await desk.http.get("/strategies/classes")).json()

    by_name = {known["name"]: known for known in answer["classes"]}
    assert by_name["SmaCross"]["parameters"]["properties"]["fast"]["type"] == "integer"
    assert by_name["samples.Flip"]["file"] == "samples.py"
    assert by_name["samples.Flip"]["summary"] == "Buys when flat and closes when long, bar after bar."
    assert by_name["samples.Flip"]["parameters"]["properties"]["quantity"]["exclusiveMinimum"] == 0
    assert [bad["file"] for bad in answer["bad_files"]] == ["broken.py"]
    assert "planted at import" in answer["bad_files"][0]["error"]


async def test_the_sample_strategy_is_offered_and_not_started(desk: StrategyDesk) -> None:
    sample = await desk.strategy("sample-sma")
    assert (sample["class"], sample["state"], sample["timeframe"]) == ("SmaCross", "created", "1m")
    assert sample["instrument_ids"] == [INSTRUMENT_ID]


async def test_an_average_cross_trades_on_the_simulator(desk: StrategyDesk) -> None:
    await desk.run("sma", "SmaCross", parameters={"fast": 1, "slow": 2, "quantity": 0.01})
    await desk.until_filled("sma", 2)
    stopped = await desk.command("sma", "stop")

    assert stopped["state"] == "stopped"
    orders = [order for order in await desk.orders("sma") if Decimal(order["filled_quantity"])]
    signed = sum((Decimal(o["filled_quantity"]) * (1 if o["side"] == "buy" else -1) for o in orders), Decimal(0))
    assert held(stopped) == signed
    assert {order["source"] for order in orders} == {"strategy"}


async def test_a_strategy_warms_up_on_history_without_trading_it(desk: StrategyDesk) -> None:
    await desk.run("warm", "samples.Flip", timeframe="1m")
    line = await desk.until_logged("warm", "live after")
    await desk.command("warm", "stop")

    assert int(line.split()[2]) > 100
    assert len(await desk.orders("warm")) <= 1  # a minute may have ended meanwhile; the past was not traded


async def test_a_paused_strategy_sees_the_market_and_sends_nothing(desk: StrategyDesk) -> None:
    await desk.run("pauser", "samples.Flip")
    await desk.until_filled("pauser", 1)
    paused = await desk.command("pauser", "pause")
    assert paused["state"] == "paused"
    await desk.until_logged("pauser", "paused: not sent")
    orders = len(await desk.orders("pauser"))
    await desk.until_logged("pauser", "denied: the strategy is paused")
    assert len(await desk.orders("pauser")) == orders

    await desk.command("pauser", "start")
    await desk.until_filled("pauser", (await desk.strategy("pauser"))["performance"]["fills"] + 1)
    await desk.command("pauser", "stop")
    await desk.until_logged("pauser", "stopped after")


async def test_what_the_code_prints_is_in_its_log(desk: StrategyDesk) -> None:
    await desk.run("printer", "samples.Flip")
    await desk.until_logged("printer", "printed")
    await desk.command("printer", "stop")
    page = (await desk.http.get("/strategies/printer/log", params={"limit": 1})).json()
    rest = (await desk.http.get("/strategies/printer/log", params={"cursor": page["next_cursor"]})).json()
    assert page["lines"][0]["text"] == "stopped"
    assert rest["lines"][-1]["text"] == "started"
    assert {line["level"] for line in rest["lines"]} >= {"info", "output"}


@pytest.mark.parametrize(("on_stop", "status"), [("cancel", "canceled"), ("keep", "accepted")])
async def test_open_orders_follow_the_policy_when_a_strategy_stops(
    desk: StrategyDesk, on_stop: str, status: str
) -> None:
    name = f"rest-{on_stop}"
    await desk.run(name, "samples.Rest", on_stop=on_stop)

    async def is_resting() -> bool:
        return any(order["status"] == "accepted" for order in await desk.orders(name))

    await until(is_resting, timeout_s=40, what="the order rests")
    await desk.command(name, "stop")

    async def has_status() -> bool:
        return [order["status"] for order in await desk.orders(name)] == [status]

    await until(has_status, timeout_s=20, what=f"the order is {status}")
    for order in await desk.orders(name):
        if order["status"] == "accepted":
            await desk.http.delete(f"/orders/{order['client_order_id']}")


async def test_two_strategies_on_one_instrument_keep_their_positions_apart(desk: StrategyDesk) -> None:
    before = await _account_position(desk)
    await desk.run("long", "samples.Hold", parameters={"quantity": 0.03})
    await desk.run("short", "samples.Hold", parameters={"quantity": -0.01})
    long, short = await desk.until_filled("long", 1), await desk.until_filled("short", 1)

    assert (held(long), held(short)) == (Decimal("0.03"), Decimal("-0.01"))
    assert await _account_position(desk) - before == Decimal("0.02")
    shown = (await desk.strategy("long"))["positions"][0]
    assert Decimal(shown["account_quantity"]) == await _account_position(desk)
    for name in ("long", "short"):
        await desk.command(name, "stop")


async def test_a_worker_has_no_secrets(desk: StrategyDesk) -> None:
    await desk.run("spy", "samples.Spy")
    await desk.until_logged("spy", "end of report")
    await desk.command("spy", "stop")

    report = "\n".join(await desk.log("spy"))
    key = (desk.product.data_dir / "api_key").read_text().strip()
    environment = next(line for line in await desk.log("spy") if line.startswith("environment"))
    names = {word.partition("=")[0] for word in environment.split()[1:] if "=" in word}  # a path may hold blanks
    assert key not in report
    assert not {name for name in names if name.startswith("EDGERUNNER")}
    assert names <= {
        *("PYTHONPATH", "PYTHONUTF8", "PYTHONUNBUFFERED", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "LC_CTYPE"),
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    }
    files = next((line for line in await desk.log("spy") if line.startswith("files")), "")
    assert not any(word in files for word in ("edgerunner.db", "api_key", "master.key", str(desk.product.data_dir)))
    assert not set(re.findall(r"socket:\[(\d+)\]", files)) & _network_sockets()
    assert str(desk.product.data_dir) not in next(line for line in await desk.log("spy") if line.startswith("folder"))


async def test_a_started_strategy_cannot_be_started_again_nor_an_idle_one_stopped(desk: StrategyDesk) -> None:
    await desk.create("idle", "samples.Flip")
    for command in ("pause", "stop"):
        answer = await desk.http.post(f"/strategies/idle/{command}")
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    await desk.command("idle", "start")
    assert (await desk.http.post("/strategies/idle/start")).status_code == 409
    await desk.command("idle", "stop")


def _network_sockets() -> set[str]:
    """Return the inodes of every TCP socket of this machine, where it shows them."""
    tables = [path for path in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")) if path.exists()]
    return {line.split()[9] for table in tables for line in table.read_text().splitlines()[1:]}


async def _account_position(desk: StrategyDesk) -> Decimal:
    positions = (await desk.http.get("/positions")).json()["positions"]
    return sum(
        (
            Decimal(position["quantity"]) * (1 if position["side"] == "long" else -1)
            for position in positions
            if position["instrument_id"] == INSTRUMENT_ID
        ),
        Decimal(0),
    )
