"""Metrics: what happens to an order, a connection and a reader is counted and timed."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edgerunner.adapters.broker import OrderAck, PlaceOrder
from edgerunner.adapters.wire_mark import handed_over
from edgerunner.services.connection_meter import reason_kind
from tests.api.harness import CONNECTION_ID, LINEAR_ID, Api, running_api, served_api
from tests.api.test_stream import reading
from tests.fakes.broker import FakeBroker, Lost, Reject
from tests.waiting import until

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def samples(api: Api) -> Samples:
    text = (await api.http.get("/metrics")).text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class Watch:
    """What grew since the watch began: counters are the process's, and tests share it."""

    def __init__(self, api: Api, before: Samples) -> None:
        self._api = api
        self._before = before

    @classmethod
    async def begin(cls, api: Api) -> "Watch":
        return cls(api, await samples(api))

    async def grown(self, name: str, **labels: str) -> float:
        key = (name, frozenset(labels.items()))
        return (await samples(self._api)).get(key, 0) - self._before.get(key, 0)

    async def until_grown(self, name: str, labels: Mapping[str, str], by: float = 1) -> None:
        async def has() -> bool:
            return await self.grown(name, **labels) >= by

        await until(has, timeout_s=5, what=f"{name} {labels} grew by {by}")


STEP = "edgerunner_order_step_seconds_count"
CONNECTION = {"connection_id": CONNECTION_ID}
HERE = {"broker": "bybit", **CONNECTION}


async def test_every_step_of_an_order_is_timed_once(tmp_path: Path) -> None:
    async with running_api(tmp_path, broker=MarkingBroker()) as api:
        await api.connect()
        watch = await Watch.begin(api)
        assert (await api.trade(client_order_id="A1")).status_code == 201
        api.broker.fill("A1", "0.4", "100")
        api.broker.fill("A1", "0.6", "100")
        await watch.until_grown("edgerunner_order_events_total", {"event": "filled", **CONNECTION}, by=2)
        for step in ("decided", "committed", "sent", "acknowledged", "first_fill"):
            assert await watch.grown(STEP, step=step, **HERE) == 1, step
        assert await watch.grown("edgerunner_journal_commit_seconds_count") >= 2


class MarkingBroker(FakeBroker):
    """Hands orders over as a real adapter does."""

    async def place_order(self, command: PlaceOrder) -> OrderAck:
        handed_over()
        return await super().place_order(command)


async def test_denials_rejections_and_unknown_outcomes_are_counted(trading: Api) -> None:
    watch = await Watch.begin(trading)
    halt = {"scope": "all", "reason": "a test", "cancel_orders": False}
    assert (await trading.http.post("/risk/halt", json=halt)).status_code == 200
    denied = await trading.trade(client_order_id="A1")
    assert denied.json()["code"] == "denied_by_risk", denied.text
    assert (await trading.http.post("/risk/resume", json={"scope": "all"})).status_code == 200
    trading.broker.script("place", Reject(code="110007", text="not enough"), Lost(arrives=True))
    await trading.trade(client_order_id="A2")
    await trading.trade(client_order_id="A3", quantity="2")
    await watch.until_grown("edgerunner_orders_outcome_unknown_total", CONNECTION)
    await watch.until_grown("edgerunner_order_outcome_resolution_seconds_count", CONNECTION)
    assert await watch.grown("edgerunner_order_denials_total", code="halted") == 1
    assert await watch.grown("edgerunner_order_events_total", event="rejected", connection_id=CONNECTION_ID) == 1
    assert (await samples(trading))["edgerunner_orders_outcome_unknown_open", frozenset()] == 0


async def test_a_link_that_breaks_and_comes_back_is_counted_with_its_kind_of_reason(trading: Api) -> None:
    watch = await Watch.begin(trading)
    trading.broker.link_down("the stream was silent for 15 s")
    trading.broker.link_up()
    labels = {"link": "orders", **CONNECTION}
    await watch.until_grown("edgerunner_connection_losses_total", {"reason": "silence", **labels})
    await watch.until_grown("edgerunner_connection_reconnects_total", labels)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("the bridge's stream was silent for 15 s", "silence"),
        ("the bridge's terminal was started again", "restarted"),
        ("the bridge broke off: Server disconnected", "broken_off"),
        ("updates were dropped: the reader is too slow", "re_read"),
        ("the bridge at http://127.0.0.1:1 is not reached: refused", "refused"),
        (None, "other"),
        ("x" * 5_000, "other"),
    ],
)
def test_any_reason_is_one_of_a_few_kinds(reason: str | None, kind: str) -> None:
    assert reason_kind(reason) == kind


async def test_frames_of_the_stream_are_timed_by_class(tmp_path: Path) -> None:
    async with served_api(tmp_path) as api:
        await api.connect()
        watch = await Watch.begin(api)
        async with reading(api) as client:
            await client.subscribe("orders")
            await client.subscribe(f"quotes:{CONNECTION_ID}:{LINEAR_ID}")
            await watch.until_grown("edgerunner_stream_lag_seconds_count", {"class": "kept"})
            await watch.until_grown("edgerunner_stream_lag_seconds_count", {"class": "conflated"})
            queued = await samples(api)
            assert queued["edgerunner_stream_queued", frozenset({("class", "kept")})] >= 0


async def test_no_label_names_an_order_or_an_instrument(trading: Api) -> None:
    await trading.trade(client_order_id="NEVER-A-LABEL")
    text = (await trading.http.get("/metrics")).text
    assert "NEVER-A-LABEL" not in text
    assert LINEAR_ID not in text


async def test_every_metric_has_a_name_by_the_conventions_and_a_help_text(trading: Api) -> None:
    text = (await trading.http.get("/metrics")).text
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        assert re.fullmatch(r"(edgerunner|process)_[a-z_]+", family.name)
        assert not family.name.endswith(("_ms", "_milliseconds", "_ns"))
