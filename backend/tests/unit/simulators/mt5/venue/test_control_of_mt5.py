"""The control port moves the simulated MetaTrader 5 like any other broker: orders, fills, money, prices, memory."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from edgerunner.simulators.host import SimulatorPorts, SimulatorSettings, run_simulators
from edgerunner.simulators.mt5.trade_server.values import TradeRequest
from edgerunner.simulators.mt5.venue import Mt5Venue
from tests.unit.simulators.mt5.venue.desk import BUY, BUY_LIMIT, DEAL, HEDGING, PENDING, SELL
from tests.unit.simulators.venues import Wall
from tests.waiting import until

PATIENCE_S = 20
NETTING_ID = "1000002"


class NoWire:
    """A wire server that listens for nobody."""

    port = 4711
    restarts = 0

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def restart(self) -> None:
        self.restarts += 1


class Site:
    """The simulator process with MetaTrader 5 alone; every call must succeed unless another status is wanted."""

    def __init__(self) -> None:
        self.wall = Wall()
        self.wire = NoWire()
        self.venue: Mt5Venue
        self.http: ClientSession

    def make_wire(self, venue: Mt5Venue, faults: object, **words: object) -> NoWire:
        self.venue = venue
        return self.wire

    async def post(self, path: str, status: int = 200, **body: Any) -> Any:
        async with self.http.post(f"/sim/{path}", json={"broker": "mt5", **body}) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()

    async def ledger(self) -> Any:
        async with self.http.get("/sim/ledger?broker=mt5") as answer:
            return await answer.json()

    async def pin(self, price: str) -> None:
        await self.post("market", symbol="EURUSD", price=price)

    def send(self, **words: Any) -> Any:
        return self.venue.send(HEDGING, TradeRequest(**words))


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Site]:
    site = Site()
    ready: asyncio.Future[SimulatorPorts] = asyncio.get_running_loop().create_future()
    settings = SimulatorSettings(
        data_dir=folder,
        ports={"mt5": 0},
        control_port=0,
        on_ready=ready.set_result,
        wall=site.wall,
        factories={"mt5": site.make_wire},
    )
    task = asyncio.create_task(run_simulators(settings))
    try:
        async with asyncio.timeout(PATIENCE_S):
            ports = await ready
        async with ClientSession(f"http://127.0.0.1:{ports.control}") as site.http:
            await site.pin("1.1")
            yield site
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running(tmp_path) as found:
        yield found


async def test_a_market_order_by_hand_has_reason_client_and_no_magic(site: Site) -> None:
    order = await site.post("orders", symbol="EURUSD", side="buy", order_type="market", quantity="0.5")
    assert (order["symbol"], order["product"], order["status"], order["client_key"]) == (
        "EURUSD", "forex", "filled", None,
    )  # fmt: skip
    [deal] = site.venue.history_deals(HEDGING, order=int(order["venue_order_id"]))
    assert (deal.reason, deal.magic, deal.comment) == (0, 0, "")
    [row] = (await site.ledger())["orders"]
    assert (row["origin"], row["client_key"], row["placements"]) == ("manual", None, 0)


async def test_a_position_is_closed_by_hand_with_its_ticket_as_leg(site: Site) -> None:
    words: dict[str, Any] = {"symbol": "EURUSD", "order_type": "market", "quantity": "0.5"}
    opened = await site.post("orders", **words, side="buy")
    problem = await site.post("orders", 422, **words, side="sell", reduce_only=True)
    assert problem["errors"][0]["field"] == "leg"
    problem = await site.post("orders", 422, **words, side="sell", leg="77")
    assert problem["errors"][0]["field"] == "leg"
    await site.post("orders", **words, side="sell", leg=opened["venue_order_id"])
    assert (await site.ledger())["accounts"][0]["positions"] == []
    netting: dict[str, Any] = {**words, "account_id": NETTING_ID}
    await site.post("orders", **netting, side="sell")
    await site.post("orders", **netting, side="buy", reduce_only=True)
    assert (await site.ledger())["accounts"][1]["positions"] == []


@pytest.mark.parametrize(
    ("words", "code", "detail"),
    [
        ({"quantity": "0.005"}, "invalid_quantity", "10014"),
        ({"quantity": "600"}, "invalid_quantity", "10014"),
        ({"quantity": "400"}, "insufficient_funds", "10019"),
        ({"quantity": "1", "order_type": "limit", "price": "1.2"}, "invalid_price", "10015"),
        ({"quantity": "1", "time_in_force": "post_only"}, "unsupported", "a market order by hand is"),
    ],
)
async def test_what_the_trade_server_refuses_is_told_with_its_code(
    site: Site, words: dict[str, Any], code: str, detail: str
) -> None:
    problem = await site.post("orders", 409, **{"symbol": "EURUSD", "side": "buy", "order_type": "market", **words})
    assert problem["code"] == code
    assert problem["detail"].startswith(detail)


async def test_a_pending_order_is_filled_by_hand_in_part_and_whole(site: Site) -> None:
    order = await site.post("orders", symbol="EURUSD", side="buy", order_type="limit", price="1.05", quantity="0.5")
    assert (order["status"], order["live"]) == ("new", True)
    part = await site.post("fill", venue_order_id=order["venue_order_id"], quantity="0.2")
    assert (part["status"], part["filled_quantity"], part["live"]) == ("partially_filled", "0.2", True)
    await site.post("fill", 409, venue_order_id=order["venue_order_id"], quantity="0.4")
    whole = await site.post("fill", venue_order_id=order["venue_order_id"])
    assert (whole["status"], whole["filled_quantity"]) == ("filled", "0.5")
    ledger = await site.ledger()
    assert {(fill["price"], fill["quantity"]) for fill in ledger["fills"]} == {("1.05", "0.2"), ("1.05", "0.3")}
    problem = await site.post("fill", 409, venue_order_id=order["venue_order_id"])
    assert problem["code"] == "order_closed"
    assert (await site.post("fill", 409, venue_order_id="123"))["code"] == "unknown_order"


async def test_a_programs_pending_order_is_found_by_its_comment(site: Site) -> None:
    ticket = site.send(
        action=PENDING, symbol="EURUSD", type=BUY_LIMIT, volume=Decimal("0.1"), price=Decimal("1.05"),
        type_filling=2, comment="mine",
    ).order  # fmt: skip
    order = await site.post("fill", client_key="mine")
    assert (order["venue_order_id"], order["client_key"]) == (str(ticket), "mine")


async def test_money_moves_as_deals_of_its_kind(site: Site) -> None:
    assert (await site.post("cash", currency="USD", amount="250.50"))["total"] == "100250.50"
    await site.post("cash", currency="USD", amount="-50", kind="fee")
    kinds = [(each["kind"], each["amount"]) for each in (await site.ledger())["cash"]][2:]
    assert kinds == [("balance", "250.5"), ("charge", "-50")]
    assert (await site.post("cash", 409, currency="EUR", amount="1"))["code"] == "unsupported"
    assert (await site.post("cash", 409, currency="USD", amount="0.001"))["code"] == "invalid_quantity"


async def test_a_liquidation_is_a_stop_out_of_everything(site: Site) -> None:
    for symbol in ("EURUSD", "XAUUSD"):
        await site.post("orders", symbol=symbol, side="sell", order_type="market", quantity="0.5")
    assert (await site.post("liquidate", 409, symbol="GBPUSD"))["code"] == "no_position"
    order = await site.post("liquidate", symbol="EURUSD")
    assert (order["symbol"], order["status"]) == ("EURUSD", "filled")
    ledger = await site.ledger()
    assert ledger["accounts"][0]["positions"] == []
    assert [row["origin"] for row in ledger["orders"][2:]] == ["liquidation", "liquidation"]
    assert [row["kind"] for row in ledger["fills"][2:]] == ["liquidation", "liquidation"]


async def test_prices_are_pinned_and_let_go(site: Site) -> None:
    assert site.venue.tick("EURUSD").bid == Decimal("1.1")
    assert (await site.post("market", 422, symbol="EURUSD", price="1.100001"))["errors"][0]["field"] == "price"
    assert (await site.post("market", 422, symbol="GER40", price="24000.3"))["errors"][0]["field"] == "price"
    await site.post("market", symbol="EURUSD.MT5", price=None)
    site.wall.pass_steps(10)
    assert site.venue.tick("EURUSD").bid != Decimal("1.1")
    problem = await site.post("market", 422, symbol="EURUSD.x", price="1")
    assert "EURUSD, GBPUSD" in problem["detail"]


async def test_a_halted_market_is_closed_and_keeps_its_last_prices(site: Site) -> None:
    words: dict[str, Any] = {"action": DEAL, "symbol": "EURUSD", "type": SELL, "volume": Decimal("0.1")}
    await site.post("market", symbol="EURUSD", halt=True)
    site.wall.pass_steps(5_000)
    assert site.send(**words).retcode == 10018
    assert site.venue.tick("EURUSD").time_ns <= site.wall.time_ns - 4_999 * 100_000_000
    assert not site.venue.is_open("EURUSD")
    await site.post("market", symbol="EURUSD", halt=False)
    assert site.send(**words).retcode == 10009


async def test_bad_ticks_and_recordings_are_shown(site: Site, tmp_path: Path) -> None:
    await site.post("market", symbol="EURUSD", bad_tick="NaN")
    assert site.venue.tick("EURUSD").bid.is_nan()
    assert site.send(action=DEAL, symbol="EURUSD", type=BUY, volume=Decimal("0.1")).retcode == 10009
    site.wall.pass_steps(11)
    file = tmp_path / "quotes.csv"
    file.write_text("time,bid,ask\n0,1.2,1.2002\n1000,1.21,1.2103\n")
    await site.post("market", symbol="EURUSD", replay={"file": str(file), "speed": 1})
    assert (site.venue.tick("EURUSD").bid, site.venue.tick("EURUSD").ask) == (Decimal("1.2"), Decimal("1.2002"))
    site.wall.pass_steps(11)
    tick, now = site.venue.tick("EURUSD"), site.venue.now_ns()
    assert (tick.bid, tick.ask) == (Decimal("1.21"), Decimal("1.2103"))
    assert site.venue.ticks_range("EURUSD", now - 10**9, now).time_ms[-1] == tick.time_ns // 1_000_000


async def test_a_restart_keeps_the_history_and_forgetting_empties_it(site: Site) -> None:
    await site.post("orders", symbol="EURUSD", side="buy", order_type="market", quantity="0.5")
    await site.post("restart")
    assert site.wire.restarts == 1
    assert len(site.venue.history_deals(HEDGING)) == 2
    await site.post("history/forget")
    assert site.venue.history_deals(HEDGING) == []
    assert len((await site.ledger())["fills"]) == 1


async def test_a_reset_starts_over_with_another_seed(site: Site) -> None:
    before = site.venue.tick("BTCUSD").bid
    hour_ago = site.wall.time_ns - 3600 * 10**9
    history = site.venue.ticks_range("BTCUSD", hour_ago, hour_ago + 10**9)
    await site.post("orders", symbol="EURUSD", side="buy", order_type="market", quantity="0.5")
    told: list[str] = []
    site.venue.on_reset(lambda: told.append("reset"))
    assert (await site.post("reset", seed=99)) == {"brokers": ["mt5"], "seed": 99}
    ledger = await site.ledger()
    assert (ledger["orders"], ledger["fills"], len(ledger["cash"]), told) == ([], [], 2, ["reset"])
    assert site.venue.tick("BTCUSD").bid != before
    assert list(site.venue.ticks_range("BTCUSD", hour_ago, hour_ago + 10**9).bid) != list(history.bid)
    assert site.send(action=DEAL, symbol="EURUSD", type=BUY, volume=Decimal("0.1")).retcode == 10009


async def test_a_wrong_clock_and_health(site: Site) -> None:
    await site.post("clock", offset_s="120")
    assert site.venue.now_ns() == site.wall.time_ns + 120 * 10**9
    async with site.http.get("/sim/health") as answer:
        health = await answer.json()
    assert health["listening"] == {"bybit": None, "ibkr": None, "mt5": 4711}
    await site.post("faults", fault="clock_offset", params={"offset_s": 7})
    assert site.venue.now_ns() == site.wall.time_ns + 127 * 10**9


async def test_controls_of_the_market_survive_a_restart_of_the_process(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        await site.post("market", symbol="GBPUSD", price="1.5")
        await site.post("market", symbol="USDJPY", halt=True)
        tick, before = site.venue.tick("USDJPY"), await site.ledger()
    async with running(tmp_path) as site:
        assert site.venue.tick("GBPUSD").bid == Decimal("1.5")
        assert site.venue.tick("USDJPY") == tick
        assert await site.ledger() == before


async def test_mt5_runs_beside_the_other_brokers_with_its_own_wire(tmp_path: Path) -> None:
    ready: asyncio.Future[SimulatorPorts] = asyncio.get_running_loop().create_future()
    settings = SimulatorSettings(
        data_dir=tmp_path, ports={"bybit": 0, "ibkr": 0, "mt5": 0}, control_port=0, on_ready=ready.set_result
    )
    task = asyncio.create_task(run_simulators(settings))
    async with asyncio.timeout(PATIENCE_S):
        ports = await ready
    assert set(ports.brokers) == {"bybit", "ibkr", "mt5"}
    reader, writer = await asyncio.open_connection("127.0.0.1", ports.brokers["mt5"])
    writer.close()
    await writer.wait_closed()
    del reader

    async def holds_ledgers() -> bool:
        told: dict[str, int] = json.loads((tmp_path / "sim" / "process.json").read_text())
        return told["mt5"] == ports.brokers["mt5"]

    await until(holds_ledgers, timeout_s=5, what="the process file names the port")
    assert (tmp_path / "sim" / "mt5.sqlite").exists()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
