"""Expert Advisors through the API."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from edgerunner.domain.experts import ChartPeriod, InputKind, InputRange, Optimization, TickModel
from tests.api.harness import Api, running_api
from tests.fakes.expert_terminals import FakeExpertTerminals
from tests.waiting import until

LAUNCH = {"terminal": "sim", "expert": "EdgerunnerBridge", "symbol": "EURUSD"}
BACKTEST = {**LAUNCH, "expert": "Own/X", "from_date": "2026-09-01", "to_date": "2026-09-30"}


def terminals_of(api: Api) -> FakeExpertTerminals:
    return cast("FakeExpertTerminals", api.services.experts._terminals)


async def ended(api: Api, run_id: str) -> dict[str, Any]:
    async def find() -> dict[str, Any] | None:
        body: dict[str, Any] = (await api.http.get(f"/experts/backtests/{run_id}")).json()
        return body if body["state"] != "running" else None

    return await until(find, timeout_s=5, what="the run has ended")


async def test_a_launch_is_answered_with_what_the_ea_said(tmp_path: Path) -> None:
    body = {
        **LAUNCH,
        "period": "D1",
        "inputs": {"Lots": "0.10", "On": True, "Fast": 5},
        "input_schema": [{"name": "Lots", "kind": "number", "minimum": "-0.5", "maximum": "1"}],
        "allow_trading": True,
        "hello_timeout_s": 5,
    }
    async with running_api(tmp_path) as api:
        response = await api.http.post("/experts/launch", json=body)
        assert response.status_code == 201, response.text
        (sent,) = terminals_of(api).launches
        assert (sent.period, sent.allow_trading, sent.hello_timeout_s) == (ChartPeriod.D1, True, 5)
        assert sent.inputs == {"Lots": "0.10", "On": True, "Fast": 5}
        assert sent.schema is not None
        assert (sent.schema[0].kind, sent.schema[0].minimum) == (InputKind.NUMBER, Decimal("-0.5"))
        expert = response.json()
        assert (expert["state"], expert["connected"], expert["hello"]["login"]) == ("started", True, 1000001)
        assert (await api.http.get("/experts")).json() == {"experts": [expert]}
        one = await api.http.get("/experts", params={"expert_id": expert["expert_id"]})
        assert one.json() == {"experts": [expert]}
        assert (await api.http.get("/experts", params={"expert_id": "ea-none"})).status_code == 404
        wrong_method = await api.http.get("/experts/launch")
        assert (wrong_method.status_code, wrong_method.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"terminal": "other"}, 404, "not_found"),
        ({"expert": "Missing"}, 404, "not_found"),
        ({"chart": "running"}, 501, "unsupported"),
        ({"chart": "any"}, 422, "validation_error"),
        ({"inputs": {"Lots": 0.1}}, 422, "validation_error"),
        ({"inputs": {"not a name": 1}}, 422, "validation_error"),
        ({"password": "x"}, 422, "validation_error"),
        ({"period": "H5"}, 422, "validation_error"),
        ({"terminal": "../x"}, 422, "validation_error"),
        ({"hello_timeout_s": 600}, 422, "validation_error"),
        ({"allow_trading": "yes"}, 422, "validation_error"),
    ],
)
async def test_a_launch_that_cannot_be_is_refused(
    tmp_path: Path, changes: dict[str, Any], status: int, code: str
) -> None:
    async with running_api(tmp_path) as api:
        response = await api.http.post("/experts/launch", json={**LAUNCH, **changes})
        assert (response.status_code, response.json()["code"]) == (status, code), response.text
        assert terminals_of(api).launches == []
        if status == 501:
            assert "no API to attach, start, stop or parametrise an EA on a running chart" in response.json()["detail"]


async def test_messages_reach_the_ea_and_orders_do_not(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        expert_id = (await api.http.post("/experts/launch", json=LAUNCH)).json()["expert_id"]
        url = f"/experts/{expert_id}/message"
        ping = await api.http.post(url, json={"name": "ping", "args": {"a": [1]}, "timeout_s": 3})
        assert ping.json() == {"result": {"time": 7, "args": {"a": [1]}, "timeout_s": 3.0}}
        refused = await api.http.post(url, json={"name": "order_send"})
        assert (refused.status_code, refused.json()["code"]) == (501, "unsupported")
        unknown = await api.http.post(url, json={"name": "dance"})
        assert (unknown.status_code, unknown.json()["code"]) == (409, "broker_rejected")
        stopped = (await api.http.post(f"/experts/{expert_id}/stop")).json()
        assert (stopped["state"], stopped["exit_code"]) == ("stopped", 0)
        gone = await api.http.post(url, json={"name": "ping"})
        assert (gone.status_code, gone.json()["code"]) == (503, "not_connected")
        assert (await api.http.post("/experts/ea-none/message", json={"name": "ping"})).status_code == 404


async def test_a_backtest_runs_in_the_background_and_answers_with_exact_numbers(tmp_path: Path) -> None:
    body = {
        **BACKTEST,
        "model": "open_prices",
        "deposit": "2500.50",
        "optimization": "complete",
        "ranges": {"Fast": {"start": "5", "step": "5", "stop": "15"}},
    }
    async with running_api(tmp_path) as api:
        response = await api.http.post("/experts/backtest", json=body)
        assert response.status_code == 202, response.text
        run = response.json()
        assert (run["state"], run["report"]) == ("running", None)
        terminals_of(api).go.set()
        done = await ended(api, run["run_id"])
        (sent,) = terminals_of(api).tests
        assert (sent.model, sent.deposit, sent.from_date) == (
            TickModel.OPEN_PRICES,
            Decimal("2500.50"),
            date(2026, 9, 1),
        )
        assert sent.optimization is Optimization.COMPLETE
        assert sent.ranges == {"Fast": InputRange(start=Decimal(5), step=Decimal(5), stop=Decimal(15))}
        assert (done["state"], done["exit_code"], done["warnings"]) == ("completed", 0, ["The EA made no trade."])
        assert done["report"]["metrics"] == {"net_profit": "-12.5"}
        assert done["report"]["deals"][0]["price"] == "1.10512"
        assert done["passes"] == [{"Pass": "0", "InpName": "a"}]
        (listed,) = (await api.http.get("/experts/backtests")).json()["runs"]
        assert (listed["run_id"], listed["state"]) == (run["run_id"], "completed")


async def test_a_backtest_that_cannot_be_is_refused_at_once(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        wrong = await api.http.post("/experts/backtest", json={**BACKTEST, "to_date": "2026-08-01"})
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "to_date")
        missing = await api.http.post("/experts/backtest", json={**BACKTEST, "expert": "Missing"})
        assert missing.status_code == 404
        assert (await api.http.get("/experts/backtests")).json() == {"runs": []}


async def test_a_backtest_that_fails_later_says_why_and_one_can_be_canceled(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        waiting = (await api.http.post("/experts/backtest", json=BACKTEST)).json()["run_id"]
        canceled = await api.http.delete(f"/experts/backtests/{waiting}")
        assert (canceled.status_code, canceled.json()["state"]) == (200, "canceled")
        again = await api.http.delete(f"/experts/backtests/{waiting}")
        assert (again.status_code, again.json()["code"]) == (409, "conflict")
        terminals_of(api).go.set()
        late = (await api.http.post("/experts/backtest", json={**BACKTEST, "symbol": "LATE"})).json()["run_id"]
        failed = await ended(api, late)
        assert (failed["state"], failed["error"]["code"]) == ("failed", "conflict")


async def test_terminals_are_listed_without_their_folders(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        response = await api.http.get("/experts/terminals")
        assert response.json() == {
            "terminals": [{"name": "sim", "environment": "simulated", "is_running": False, "experts": ["Own/X"]}]
        }


async def test_the_end_of_the_api_ends_its_terminals(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        await api.http.post("/experts/backtest", json=BACKTEST)
        terminals = terminals_of(api)
    assert terminals.is_stopped
