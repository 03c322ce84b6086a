"""Strategies over HTTP: real worker processes and the real order path; only the broker is a fake."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import get_type_hints

import pytest

from edgerunner.adapters.broker import BarUpdate
from edgerunner.client import strategy_types
from edgerunner.domain.market import Bar, Depth, Timeframe
from edgerunner.domain.orders import ChildKind, Money, Side
from tests.api.harness import CONNECTION_ID, LINEAR_ID, Api, Json, running_api
from tests.api.test_errors import assert_problem
from tests.waiting import until

MINUTE_NS = Timeframe.M1.length_ns
FILE = '''
from edgerunner import Strategy, parameter


class Counter(Strategy):
    """Buys one on the bar after the given number of live ones."""

    wanted: int = parameter(1, minimum=1)
    seen = 0

    def on_start(self):
        self.log(f"position {self.position.quantity:g} state {self.state}")

    def on_bar(self, bar):
        self.buy(1, limit=100)
        if not self.is_warming_up:
            self.seen += 1
            self.state["seen"] = self.state.get("seen", 0) + 1

    def on_order(self, update):
        self.log(f"{update.status} {update.filled_quantity:g}")

    def on_fill(self, fill):
        self.log(f"fill {fill.quantity:g} at {fill.price:g}, position {self.position.quantity:g}")


class Bracket(Strategy):
    """Asks for what the instrument refuses, then for what the broker cannot do."""

    def on_bar(self, bar):
        if self.is_warming_up:
            return
        self.buy(0.00001, limit=100)
        self.buy(1, limit=100, stop=101)
        self.log(self.sell(1, reduce_only=True).reason)


class Watcher(Strategy):
    """Listens to everything there is."""

    def on_start(self):
        self.subscribe_ticks()
        self.subscribe_book()
        self.subscribe_bars("5m")
        self.set_timer("often", every_s=0.1)
        self.log(f"equity {self.equity:g}")

    def on_bar(self, bar):
        self.log(f"bar {bar.timeframe} {self.is_warming_up}")

    def on_tick(self, tick):
        self.log(f"tick {tick.bid:g} {tick.ask:g}")

    def on_book(self, book):
        self.log(f"book {book.bids} {book.asks}")

    def on_timer(self, name):
        if "timer" not in self.state:
            self.log(f"timer {name}")
            self.state["timer"] = name
'''


def body(**changes: object) -> Json:
    """Return the request of a counting strategy; None takes a field out."""
    wanted: Json = {
        "strategy_id": "counter",
        "class": "mine.Counter",
        "connection_id": CONNECTION_ID,
        "instrument_ids": [LINEAR_ID],
        "timeframe": "1m",
        **changes,
    }
    return {name: value for name, value in wanted.items() if value is not None}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "mine.py").write_text(FILE, encoding="utf-8")
    return tmp_path


def bars(api: Api, count: int) -> Sequence[Bar]:
    """Return closed minutes that end before the fake clock's present one."""
    now_ns = api.broker.clock.now_ns()
    first_ns = now_ns - now_ns % MINUTE_NS - count * MINUTE_NS
    return [bar(first_ns + number * MINUTE_NS) for number in range(count)]


def bar(open_ns: int, *, is_complete: bool = True) -> Bar:
    price = Decimal(100)
    return Bar(
        open_ns=open_ns, open=price, high=price, low=price, close=price, volume=Decimal(1), is_complete=is_complete
    )


async def live(api: Api, **changes: object) -> Json:
    """Make a strategy, start it and wait until it is live."""
    api.broker.bars.setdefault((LINEAR_ID, Timeframe.M1), list(bars(api, 3)))
    created = await api.http.post("/strategies", json=body(**changes))
    assert created.status_code == 201, created.text
    strategy_id = created.json()["strategy_id"]
    assert (await api.http.post(f"/strategies/{strategy_id}/start")).status_code == 200

    async def is_live() -> Json | None:
        known = (await api.http.get(f"/strategies/{strategy_id}")).json()
        assert known["state"] == "running", known["reason"]
        return dict(known) if known["live"] else None

    return await until(is_live, timeout_s=30, what="the strategy is live")


async def log(api: Api, strategy_id: str = "counter") -> list[str]:
    page = (await api.http.get(f"/strategies/{strategy_id}/log", params={"limit": 1000})).json()
    return [line["text"] for line in reversed(page["lines"])]


async def until_logged(api: Api, text: str, strategy_id: str = "counter") -> None:
    async def is_logged() -> bool:
        return any(text in line for line in await log(api, strategy_id))

    await until(is_logged, timeout_s=30, what=f"{text!r} in {await log(api, strategy_id)}")


def next_bar(api: Api) -> None:
    """Let the bar after the newest of history close."""
    known = api.broker.bars[LINEAR_ID, Timeframe.M1]
    closed = bar(known[-1].open_ns + MINUTE_NS)
    api.broker.bars[LINEAR_ID, Timeframe.M1] = [*known, closed]
    api.broker.push_market(BarUpdate(instrument_id=LINEAR_ID, timeframe=Timeframe.M1, bar=closed))


async def orders(api: Api) -> list[Json]:
    return list((await api.http.get("/orders/status", params={"connection_id": CONNECTION_ID})).json()["orders"])


async def until_orders(api: Api, count: int) -> list[Json]:
    async def are_there() -> list[Json] | None:
        found = await orders(api)
        return found if len(found) >= count and found[0]["status"] == "accepted" else None

    return await until(are_there, timeout_s=30, what=f"{count} orders")


async def test_a_created_strategy_has_the_contracts_shape_and_does_not_run(folder: Path) -> None:
    async with running_api(folder) as api:
        await api.connect()
        response = await api.http.post("/strategies", json=body(strategy_id=None))
        created = response.json()

        assert response.status_code == 201
        assert set(created) == set(get_type_hints(strategy_types.Strategy))
        assert set(created["performance"]) == set(get_type_hints(strategy_types.Performance))
        assert (created["strategy_id"], created["class"], created["state"]) == ("counter", "mine.Counter", "created")
        assert (created["parameters"], created["on_stop"], created["live"]) == ({"wanted": 1}, "cancel", False)
        assert (created["reason"], created["started_at"], created["positions"]) == (None, None, [])
        again = (await api.http.post("/strategies", json=body(strategy_id=None))).json()
        assert again["strategy_id"] == "counter-2"
        listed = (await api.http.get("/strategies")).json()["strategies"]
        assert listed == [created, again]


WRONG: list[tuple[Json, str]] = [
    ({"connection_id": "nowhere"}, "connection_id"),
    ({"account_id": "nobody"}, "account_id"),
    ({"instrument_ids": [LINEAR_ID, "DOGE-LINEAR.BYBIT"]}, "instrument_ids.1"),
    ({"instrument_ids": [f"nowhere:{LINEAR_ID}"]}, "instrument_ids.0"),
    ({"instrument_ids": [LINEAR_ID, LINEAR_ID]}, "instrument_ids"),
    ({"instrument_ids": []}, "instrument_ids"),
    ({"timeframe": "7m"}, "timeframe"),
    ({"class": "Nothing"}, "class"),
    ({"class": "nofile.Counter"}, "class"),
    ({"class": "mine.Nothing"}, "class"),
    ({"class": "../mine.Counter"}, "class"),
    ({"parameters": {"wanted": 0}}, "parameters.wanted"),
    ({"parameters": {"colour": "red"}}, "parameters.colour"),
    ({"class": "SmaCross", "parameters": {"fast": 0}}, "parameters.fast"),
    ({"parameters": {"wanted": 10**40}}, "parameters.wanted"),
    ({"strategy_id": "Not An Id"}, "strategy_id"),
    ({"on_stop": "sell"}, "on_stop"),
    ({"mood": "good"}, "mood"),
]


async def test_each_wrong_field_is_named(folder: Path) -> None:
    async with running_api(folder) as api:
        await api.connect()
        for changes, field in WRONG:
            response = await api.http.post("/strategies", json=body(**changes))
            problem = assert_problem(response, 422, "validation_error")
            assert [error["field"] for error in problem["errors"]] == [field], changes
        assert (await api.http.get("/strategies")).json() == {"strategies": []}


async def test_an_id_is_taken_once_and_an_unknown_one_is_not_found(folder: Path) -> None:
    async with running_api(folder) as api:
        await api.connect()
        assert (await api.http.post("/strategies", json=body())).status_code == 201
        assert_problem(await api.http.post("/strategies", json=body()), 409, "conflict")
        for method, path in (("GET", ""), ("GET", "/log"), ("POST", "/start"), ("POST", "/pause"), ("POST", "/stop")):
            assert_problem(await api.http.request(method, f"/strategies/nobody{path}"), 404, "not_found")


async def test_without_a_session_nothing_is_started(folder: Path) -> None:
    async with running_api(folder) as api:
        await api.connect()
        await api.http.post("/strategies", json=body())
        await api.http.delete(f"/broker/connections/{CONNECTION_ID}")
        problem = assert_problem(await api.http.post("/strategies/counter/start"), 422, "validation_error")
        assert problem["errors"][0]["code"] == "unknown_connection"
        assert (await api.http.get("/strategies/counter")).json()["state"] == "created"


async def test_history_is_replayed_without_orders_and_each_live_bar_counts_once(folder: Path) -> None:
    async with running_api(folder) as api:
        await api.connect()
        await live(api)
        assert await orders(api) == []
        assert "warmed up; 3 orders of the past were not sent" in await log(api)

        next_bar(api)
        (order,) = await until_orders(api, 1)
        assert (order["strategy_id"], order["source"], order["quantity"], order["price"]) == (
            *("counter", "strategy"),
            *("1", "100"),
        )
        newest = api.broker.bars[LINEAR_ID, Timeframe.M1][-1]
        api.broker.push_market(BarUpdate(instrument_id=LINEAR_ID, timeframe=Timeframe.M1, bar=newest))
        next_bar(api)
        assert len(await until_orders(api, 2)) == 2


async def test_bars_that_were_missed_are_replayed_as_history(folder: Path) -> None:
    async with running_api(folder) as api:
        await api.connect()
        await live(api)
        known = api.broker.bars[LINEAR_ID, Timeframe.M1]
        api.broker.bars[LINEAR_ID, Timeframe.M1] = [*known, bar(known[-1].open_ns + MINUTE_NS)]
        next_bar(api)  # the one before it was never streamed
        await until_orders(api, 1)
        await api.http.post("/strategies/counter/stop")
        assert len(await orders(api)) == 1


async def test_fills_reach_the_strategy_its_position_and_its_performance(folder: Path) -> None:
    async with running_api(folder) as api:
        await api.connect()
        await live(api)
        next_bar(api)
        (order,) = await until_orders(api, 1)
        api.broker.fill(order["client_order_id"], "0.4", "99")
        await until_logged(api, "fill 0.4 at 99, position 0.4")
        await until_logged(api, "partially_filled 0.4")

        shown = (await api.http.get("/strategies/counter")).json()
        (held,) = shown["positions"]
        assert (held["side"], held["quantity"], held["average_price"]) == ("long", "0.4", "99")
        assert held["unrealized_pnl"] == "0.4"  # at the newest close, 100
        assert (shown["performance"]["fills"], shown["performance"]["open_orders"]) == (1, 1)


async def test_a_foreign_order_changes_nothing_of_the_strategys(folder: Path) -> None:
    async with running_api(folder) as api:
        await api.connect()
        await live(api)
        placed = (await api.trade(client_order_id="mine-1")).json()["order"]
        api.broker.fill("mine-1", "1", "100")

        async def is_filled() -> bool:
            found = (await api.http.get("/orders/status", params={"client_order_id": "mine-1"})).json()["orders"]
            return bool(found[0]["status"] == "filled")

        await until(is_filled, timeout_s=10, what="the foreign order is filled")
        shown = (await api.http.get("/strategies/counter")).json()
        assert placed["strategy_id"] is None
        assert (shown["positions"], shown["performance"]["orders"]) == ([], 0)


async def test_ticks_books_longer_bars_and_timers_reach_the_strategy(folder: Path) -> None:
    async with running_api(folder) as api:
        await api.connect()
        api.broker.bars[LINEAR_ID, Timeframe.M5] = [bar(0), bar(5 * MINUTE_NS)]
        await live(api, strategy_id="watcher", **{"class": "mine.Watcher"})
        api.broker.push_market(api.broker.quote(LINEAR_ID, "101"))
        level = ((Decimal(100), Decimal(1)),)
        depth = Depth(instrument_id=LINEAR_ID, bids=level, asks=level, sequence=None, ts_event_ns=1, ts_arrival_ns=1)
        api.broker.push_market(depth)
        for text in ("bar 5m True", "tick 1", "book ((100.0, 1.0),)", "timer often"):
            await until_logged(api, text, "watcher")
        assert "equity 100000" in await log(api, "watcher")

        async def is_stored() -> bool:
            found = api.services.strategies.find("watcher")
            return found is not None and dict(found.kept) == {"timer": "often"}

        await until(is_stored, timeout_s=10, what="the state that the timer changed is kept")


async def test_an_exit_that_the_broker_makes_belongs_to_the_strategy_whose_entry_it_guards(folder: Path) -> None:
    async with running_api(folder) as api:
        await api.connect()
        await live(api)
        next_bar(api)
        (entry,) = await until_orders(api, 1)
        report = api.broker.order(entry["client_order_id"])
        api.broker.fill(entry["client_order_id"], "1", "100")
        guard = replace(
            report,
            client_order_id=None,
            venue_order_id="V-EXIT",
            parent_client_order_id=entry["client_order_id"],
            child_kind=ChildKind.ORDER,
            terms=replace(report.terms, side=Side.SELL, price=Decimal(90)),
        )
        api.broker._store(guard)

        async def is_adopted() -> Json | None:
            return next((order for order in await orders(api) if order["venue_order_id"] == "V-EXIT"), None)

        exit_order = await until(is_adopted, timeout_s=10, what="the exit is adopted")
        assert (exit_order["strategy_id"], exit_order["parent_id"]) == ("counter", entry["client_order_id"])
        api.broker.fill_order(guard, Decimal(1), Decimal(90), fee=Money(currency="USDT", amount=Decimal(0)))
        await until_logged(api, "fill 1 at 90, position 0")
        performance = (await api.http.get("/strategies/counter")).json()["performance"]
        assert (performance["trades"], performance["realized_pnl"]) == (1, [{"currency": "USDT", "amount": "-10"}])


@pytest.mark.parametrize(("on_stop", "status"), [("cancel", "canceled"), ("keep", "accepted")])
async def test_open_orders_follow_the_policy_at_the_end(folder: Path, on_stop: str, status: str) -> None:
    async with running_api(folder) as api:
        await api.connect()
        await live(api, on_stop=on_stop)
        next_bar(api)
        await until_orders(api, 1)
        stopped = (await api.http.post("/strategies/counter/stop")).json()
        assert (stopped["state"], stopped["reason"], stopped["live"]) == ("stopped", None, False)

        async def has_status() -> bool:
            return [order["status"] for order in await orders(api)] == [status]

        await until(has_status, timeout_s=10, what=f"the order is {status}")


async def test_what_is_refused_is_told_to_the_strategy_and_its_log(folder: Path) -> None:
    async with running_api(folder) as api:
        await api.connect()
        await live(api, strategy_id="bracket", **{"class": "mine.Bracket"})
        next_bar(api)
        await until_logged(api, "quantity: must be a multiple of 0.001", "bracket")
        await until_logged(api, "order type stop_limit is not supported", "bracket")
        assert "reduce_only: 0 of the strategy's own position are left to reduce" in await log(api, "bracket")
        assert await orders(api) == []


async def test_a_restart_resumes_a_strategy_with_its_state_position_and_orders(folder: Path) -> None:
    async with running_api(folder) as api:
        await api.connect()
        await live(api)
        next_bar(api)
        (order,) = await until_orders(api, 1)
        api.broker.fill(order["client_order_id"], "0.4", "99")
        await until_logged(api, "fill 0.4 at 99, position 0.4")
        kept = api.broker.bars, api.broker.orders, api.broker.fills, api.broker.positions

    async with running_api(folder) as again:
        again.broker.bars, again.broker.orders, again.broker.fills, again.broker.positions = kept

        async def is_live() -> bool:
            return bool((await again.http.get("/strategies/counter")).json()["live"])

        await until(is_live, timeout_s=40, what="the strategy is live again")
        starts = [line for line in await log(again) if line.startswith("position")]
        assert starts == ["position 0 state {}", "position 0.4 state {'seen': 1}"]
        assert [found["client_order_id"] for found in await orders(again)] == [order["client_order_id"]]
        assert again.broker.placements == {}


async def test_a_strategy_that_raises_is_faulted_and_raises_an_alert(folder: Path) -> None:
    source = "from edgerunner import Strategy\n\nclass Bad(Strategy):\n    def on_start(self): raise KeyError('x')\n"
    (folder / "strategies" / "bad.py").write_text(source, encoding="utf-8")
    async with running_api(folder) as api:
        await api.connect()
        await api.http.post("/strategies", json=body(**{"class": "bad.Bad"}))
        await api.http.post("/strategies/counter/start")

        async def is_faulted() -> bool:
            return bool((await api.http.get("/strategies/counter")).json()["state"] == "faulted")

        await until(is_faulted, timeout_s=30, what="the strategy is faulted")
        assert (await api.http.get("/strategies/counter")).json()["reason"] == "KeyError: 'x'"
        assert [alert.code for alert in api.services.alerts.recent()] == ["strategy_faulted"]
        assert any("Traceback" in line for line in await log(api))


async def test_a_file_that_cannot_be_used_is_listed_with_its_error_and_read_again_when_mended(folder: Path) -> None:
    bad = folder / "strategies" / "bad.py"
    bad.write_text("import nowhere_at_all\n", encoding="utf-8")
    (folder / "strategies" / "quits.py").write_text("raise SystemExit(3)\n", encoding="utf-8")
    async with running_api(folder) as api:
        answer = (await api.http.get("/strategies/classes")).json()
        errors = {item["file"]: item["error"] for item in answer["bad_files"]}
        assert "No module named 'nowhere_at_all'" in errors["bad.py"]
        assert "SystemExit: 3" in errors["quits.py"]
        names = [known["name"] for known in answer["classes"]]
        assert {"SmaCross", "mine.Counter", "mine.Bracket"} <= set(names)

        bad.write_text("from edgerunner import Strategy\nclass Fine(Strategy):\n    '''Is fine.'''\n", encoding="utf-8")
        answer = (await api.http.get("/strategies/classes")).json()
        assert [item["file"] for item in answer["bad_files"]] == ["quits.py"]
        assert "bad.Fine" in [known["name"] for known in answer["classes"]]


async def test_changes_are_published_on_the_strategies_channel(folder: Path) -> None:
    async with running_api(folder) as api:
        await api.connect()
        channel = await api.app.state.topics.acquire("strategies")
        before = channel.seq
        await api.http.post("/strategies", json=body())
        assert channel.seq == before + 1
        assert '"strategies":[{"strategy_id":"counter","class":"mine.Counter"' in channel.snapshot()
