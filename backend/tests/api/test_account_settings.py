"""Leverage, modes and trailing stops over the API: what is taken, what is refused, and who is written down."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import structlog

from edgerunner.domain.accounts import AccountMode, MarginMode
from edgerunner.domain.errors import BrokerRejected, OutcomeUnknown
from edgerunner.routes.errors import STATUS_BY_CODE
from tests.api.harness import CONNECTION_ID, LINEAR_ID, Api, running_api
from tests.fakes.adjustable_broker import AdjustableBroker

HERE = {"connection_id": CONNECTION_ID}
LINEAR = {**HERE, "instrument_id": LINEAR_ID}
SPOT = {**HERE, "instrument_id": "BTCUSDT-SPOT.BYBIT"}
STOP = "/positions/trailing-stop"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[tuple[Api, AdjustableBroker]]:
    broker = AdjustableBroker()
    async with running_api(tmp_path, broker=broker) as api:
        await api.connect()
        yield api, broker


Desk = tuple[Api, AdjustableBroker]


async def test_modes_are_read_and_switched_and_the_connection_shows_them(desk: Desk) -> None:
    api, broker = desk
    read = await api.http.get("/account/settings", params=HERE)
    assert read.json() == {**HERE, "account_id": "1", "position_mode": "netting", "margin_mode": "cross"}
    wanted = {"position_mode": "hedging", "margin_mode": "isolated"}
    changed = await api.http.post("/account/settings", json={**HERE, **wanted})
    assert (changed.status_code, changed.json()) == (200, {**HERE, "account_id": "1", **wanted})
    assert broker.modes == (AccountMode.HEDGING, MarginMode.ISOLATED)
    (connection,) = (await api.http.get("/broker/connections")).json()["connections"]
    assert connection["accounts"][0]["mode"] == "hedging"
    assert connection["capabilities"]["position_modes"] == ["hedging", "netting"]
    assert connection["capabilities"]["products"]["linear"]["leverage"] is True


async def test_one_mode_alone_leaves_the_other(desk: Desk) -> None:
    api, _ = desk
    changed = await api.http.post("/account/settings", json={**HERE, "margin_mode": "isolated"})
    assert changed.json()["position_mode"] == "netting"
    nothing = await api.http.post("/account/settings", json=HERE)
    assert (nothing.status_code, nothing.json()["code"]) == (422, "validation_error")


async def test_leverage_is_set(desk: Desk) -> None:
    api, broker = desk
    response = await api.http.post("/positions/leverage", json={**LINEAR, "leverage": "2.50"})
    assert (response.status_code, response.json()) == (200, {**LINEAR, "account_id": "1", "leverage": "2.5"})
    assert broker.leverages == {LINEAR_ID: Decimal("2.5")}


async def test_trailing_stop_is_set_and_taken_away(desk: Desk) -> None:
    api, broker = desk
    response = await api.http.post(STOP, json={**LINEAR, "trailing_offset": "500", "trigger_price": "70000"})
    expected = {**LINEAR, "account_id": "1", "position_id": None, "trailing_offset": "500", "trigger_price": "70000"}
    assert (response.status_code, response.json()) == (200, expected)
    assert broker.trailing == {(LINEAR_ID, None): (Decimal(500), Decimal(70000))}
    for _ in range(2):
        gone = await api.http.delete(STOP, params=LINEAR)
        assert (gone.status_code, gone.json()["trailing_offset"]) == (200, None)
    assert broker.trailing == {}


@pytest.mark.parametrize(
    ("path", "body", "code", "word"),
    [
        ("/positions/leverage", {**LINEAR, "leverage": "0"}, "validation_error", "leverage"),
        ("/positions/leverage", {**LINEAR, "leverage": 5}, "validation_error", "leverage"),
        ("/positions/leverage", {**LINEAR, "leverage": "5", "side": "buy"}, "validation_error", "side"),
        ("/positions/leverage", {**SPOT, "leverage": "5"}, "unsupported", "spot has none"),
        (
            "/positions/leverage",
            {**HERE, "instrument_id": "NO-LINEAR.BYBIT", "leverage": "5"},
            "validation_error",
            "instrument_id",
        ),
        (
            "/positions/leverage",
            {**LINEAR, "account_id": "77", "leverage": "5"},
            "validation_error",
            "account_id",
        ),
        (STOP, LINEAR, "validation_error", "trailing_offset"),
        (STOP, {**LINEAR, "trailing_offset": "0.001"}, "validation_error", "tick size"),
        (STOP, {**LINEAR, "trailing_offset": "1", "trigger_price": "0.001"}, "validation_error", "trigger_price"),
        (STOP, {**SPOT, "trailing_offset": "1"}, "unsupported", "spot has no positions"),
        ("/account/settings", {**HERE, "margin_mode": "portfolio"}, "unsupported", "ask the broker"),
        ("/account/settings", {**HERE, "position_mode": "both"}, "validation_error", "position_mode"),
        (
            "/account/settings",
            {"connection_id": "nobody", "position_mode": "hedging"},
            "not_found",
            "nobody",
        ),
    ],
)
async def test_refused_before_anything_is_sent(
    desk: Desk, path: str, body: dict[str, Any], code: str, word: str
) -> None:
    api, broker = desk
    response = await api.http.post(path, json=body)
    assert (response.status_code, response.json()["code"]) == (STATUS_BY_CODE[code], code), response.text
    assert word in response.json()["detail"]
    assert broker.queries["settings"] == 0


async def test_the_brokers_refusal_and_silence_are_told_apart(desk: Desk) -> None:
    api, broker = desk
    broker.script("settings", BrokerRejected("110024", "you have an existing position"), OutcomeUnknown("no answer"))
    body = {**HERE, "position_mode": "hedging"}
    refused, silent = [await api.http.post("/account/settings", json=body) for _ in range(2)]
    assert (refused.status_code, refused.json()["code"]) == (409, "broker_rejected")
    assert "110024" in refused.json()["detail"]
    assert (silent.status_code, silent.json()["code"]) == (504, "outcome_unknown")
    assert broker.modes[0] is AccountMode.NETTING


async def test_every_change_and_refusal_is_logged_with_its_actor(desk: Desk) -> None:
    api, broker = desk
    with structlog.testing.capture_logs() as logs:
        await api.http.post("/positions/leverage", json={**LINEAR, "leverage": "7"})
        broker.script("settings", BrokerRejected("110013", "too high"))
        await api.http.post("/positions/leverage", json={**LINEAR, "leverage": "900"})
    written = [entry for entry in logs if entry["event"].startswith("account_setting")]
    assert [(e["event"], e["actor"], e["setting"], e["value"]) for e in written] == [
        ("account_setting_changed", "api-key", "leverage", "7"),
        ("account_setting_not_changed", "api-key", "leverage", "900"),
    ]
    assert {e["instrument_id"] for e in written} == {LINEAR_ID}


async def test_nothing_is_changed_while_the_order_link_is_down(desk: Desk) -> None:
    api, broker = desk
    broker.link_down("cable cut")
    response = await api.http.post("/positions/leverage", json={**LINEAR, "leverage": "7"})
    for _ in range(50):
        if response.status_code == 503:
            break
        response = await api.http.post("/positions/leverage", json={**LINEAR, "leverage": "7"})
    assert (response.status_code, response.json()["code"]) == (503, "not_connected")


async def test_live_account_is_read_and_protected_at_any_time_and_changed_only_while_armed(tmp_path: Path) -> None:
    broker = AdjustableBroker()
    broker.accounts = tuple(replace(account, is_live=True) for account in broker.accounts)
    async with running_api(tmp_path, broker=broker, allow_live=True) as api:
        await api.connect(environment="live", credentials={"api_key": "k", "api_secret": "s"})
        assert (await api.http.get("/account/settings", params=HERE)).status_code == 200
        assert (await api.http.post(STOP, json={**LINEAR, "trailing_offset": "5"})).status_code == 200
        changes = [
            api.http.post("/positions/leverage", json={**LINEAR, "leverage": "7"}),
            api.http.post("/account/settings", json={**HERE, "margin_mode": "isolated"}),
            api.http.delete(STOP, params=LINEAR),
        ]
        for response in [await change for change in changes]:
            assert (response.status_code, response.json()["code"]) == (403, "live_not_allowed")
        assert (broker.leverages, broker.modes[1], len(broker.trailing)) == ({}, MarginMode.CROSS, 1)
        await api.http.post("/risk/arm", json={**HERE, "account_id": "1", "confirm": "1", "minutes": 5})
        assert (await api.http.post("/positions/leverage", json={**LINEAR, "leverage": "7"})).status_code == 200


async def test_broker_without_controls_says_so(trading: Api) -> None:
    response = await trading.http.get("/account/settings", params=HERE)
    assert (response.status_code, response.json()["code"]) == (501, "unsupported")
