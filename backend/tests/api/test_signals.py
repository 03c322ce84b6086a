"""Signals over HTTP: taken once, proven, and acted on through the one path of every order."""

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from edgerunner.client import EdgerunnerClient
from edgerunner.domain.market import Timeframe
from edgerunner.services.signal_gate import FAILURE_BURST
from edgerunner.services.signal_service import LANE_LIMIT, MAXIMUM_AGE_S, SAME_BODY_S, STRATEGY_BURST
from edgerunner.services.webhook_signature import sign
from edgerunner.storage.strategy_store import RunState, StoredStrategy
from tests.api.harness import API_KEY, AUTHORIZED, CONNECTION_ID, LINEAR_ID, Api, Json, running_api
from tests.api.test_errors import assert_problem
from tests.fakes.broker import Reject
from tests.waiting import until

STRATEGY_ID = "tv-1"


def signal_strategy(**changes: Any) -> StoredStrategy:
    values: dict[str, Any] = {
        "strategy_id": STRATEGY_ID,
        "class_name": "SignalStrategy",
        "parameters": {"quantity": 0.5, "maximum_quantity": 2.0},
        "connection_id": CONNECTION_ID,
        "instrument_ids": (LINEAR_ID,),
        "timeframe": Timeframe.M1,
        "run_state": RunState.RUNNING,
        "created_at_ns": 1,
        **changes,
    }
    return StoredStrategy(**values)


class Sender:
    """Somebody who sends a strategy's signals as TradingView does: no headers of its own."""

    def __init__(self, api: Api, secret: str) -> None:
        self.api = api
        self.secret = secret

    async def post(
        self, strategy_id: str = STRATEGY_ID, *, media_type: str = "application/json", **body: Any
    ) -> httpx.Response:
        message = {"secret": self.secret, **body}
        return await self.post_raw(
            json.dumps({name: value for name, value in message.items() if value is not None}).encode(),
            strategy_id,
            {"Content-Type": media_type},
        )

    async def post_raw(
        self, body: bytes, strategy_id: str = STRATEGY_ID, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        self.api.http.headers.pop("Authorization", None)
        try:
            return await self.api.http.post(f"/signals/{strategy_id}", content=body, headers=headers)
        finally:
            self.api.http.headers.update(AUTHORIZED)

    async def post_signed(self, message: Json, *, message_id: str = "msg_1", age_s: int = 0) -> httpx.Response:
        body = json.dumps(message).encode()
        timestamp_s = self.api.broker.clock.now_ns() // 1_000_000_000 - age_s
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp_s),
            "webhook-signature": sign(self.secret, message_id=message_id, timestamp_s=timestamp_s, body=body),
        }
        return await self.post_raw(body, headers=headers)

    async def settled(self, signal_id: str) -> Json:
        """Return the signal once something came of it."""

        async def look() -> Json | None:
            response = await self.api.http.get(f"/strategies/{STRATEGY_ID}/signals")
            found = [signal for signal in response.json()["signals"] if signal["signal_id"] == signal_id]
            return dict(found[0]) if found and found[0]["state"] != "accepted" else None

        return await until(look, timeout_s=10, what=f"signal {signal_id} is settled")


async def make_sender(api: Api) -> Sender:
    api.services.signal_strategies.setdefault(STRATEGY_ID, signal_strategy())
    response = await api.http.post(f"/strategies/{STRATEGY_ID}/signal-secret")
    assert response.status_code == 201, response.text
    return Sender(api, response.json()["secret"])


@pytest.fixture
async def sender(trading: Api) -> Sender:
    return await make_sender(trading)


async def test_five_posts_at_once_are_one_order(sender: Sender) -> None:
    answers = await asyncio.gather(*(sender.post(action="buy", id="bar-1") for _ in range(5)))

    assert [answer.status_code for answer in answers] == [202] * 5
    assert len({answer.json()["signal_id"] for answer in answers}) == 1
    assert sorted(answer.json()["duplicate"] for answer in answers) == [False, True, True, True, True]
    settled = await sender.settled(answers[0].json()["signal_id"])
    assert settled["state"] == "acted"
    assert dict(sender.api.broker.placements) == {settled["client_order_id"]: 1}


async def test_the_order_carries_strategy_source_and_the_signals_id(sender: Sender) -> None:
    answer = await sender.post(action="sell", quantity="1.5", price="101")
    settled = await sender.settled(answer.json()["signal_id"])

    page = await sender.api.http.get("/orders/status", params={"client_order_id": settled["client_order_id"]})
    (order,) = page.json()["orders"]
    assert settled["client_order_id"] == answer.json()["signal_id"] == order["client_order_id"]
    assert (order["source"], order["strategy_id"]) == ("signal", STRATEGY_ID)
    assert (order["side"], order["order_type"], order["quantity"], order["price"]) == ("sell", "limit", "1.5", "101")


async def test_the_strategys_own_quantity_and_instrument_are_used_when_none_is_sent(sender: Sender) -> None:
    answer = await sender.post(action="buy")
    await sender.settled(answer.json()["signal_id"])
    terms = sender.api.broker.order(answer.json()["signal_id"]).terms
    assert (terms.instrument_id, terms.quantity, terms.order_type) == (LINEAR_ID, Decimal("0.5"), "market")


async def test_text_plain_is_taken_as_json(sender: Sender) -> None:
    assert (await sender.post(action="buy", media_type="text/plain; charset=utf-8")).status_code == 202


async def test_a_json_number_is_read_digit_by_digit(sender: Sender) -> None:
    body = f'{{"secret":"{sender.secret}","action":"buy","quantity":1.100000000000000003}}'
    answer = await sender.post_raw(body.encode())
    assert answer.status_code == 202, answer.text
    listed = (await sender.api.http.get(f"/strategies/{STRATEGY_ID}/signals")).json()["signals"]
    assert listed[0]["quantity"] == "1.100000000000000003"


@pytest.mark.parametrize("strategy_id", [STRATEGY_ID, "nobody"])
async def test_a_wrong_secret_and_an_unknown_strategy_are_told_the_same(sender: Sender, strategy_id: str) -> None:
    wrong = await sender.post(strategy_id, secret="whsec_wrong", action="buy")
    assert_problem(wrong, 401, "unauthorized")
    reference = await sender.post("somebody-else", action="buy")
    assert wrong.text == reference.text
    missing = await sender.post_raw(b'{"action":"buy"}', strategy_id)
    assert missing.text == wrong.text
    assert sender.api.broker.placements == {}


async def test_the_same_message_some_time_later_is_a_new_signal(sender: Sender) -> None:
    first = await sender.post(action="buy")
    sender.api.broker.clock.advance(SAME_BODY_S - 1)
    resent = await sender.post(action="buy")
    sender.api.broker.clock.advance(2)
    later = await sender.post(action="buy")

    assert resent.json() == {"signal_id": first.json()["signal_id"], "duplicate": True}
    assert later.json()["duplicate"] is False


async def test_another_price_within_the_window_is_a_new_signal(sender: Sender) -> None:
    first = await sender.post(action="buy", price="100")
    second = await sender.post(action="buy", price="99")
    assert [first.json()["duplicate"], second.json()["duplicate"]] == [False, False]


async def test_an_id_names_a_signal_for_ever_and_only_one(sender: Sender) -> None:
    first = await sender.post(action="buy", id="A")
    sender.api.broker.clock.advance(86_400)
    assert (await sender.post(action="buy", id="A")).json() == {
        "signal_id": first.json()["signal_id"],
        "duplicate": True,
    }
    assert_problem(await sender.post(action="sell", id="A"), 422, "idempotency_conflict")


async def test_a_standard_webhook_signature_takes_the_secrets_place(sender: Sender) -> None:
    answer = await sender.post_signed({"action": "buy"})
    assert answer.status_code == 202, answer.text
    assert (await sender.settled(answer.json()["signal_id"]))["state"] == "acted"


async def test_a_replayed_signature_places_nothing(sender: Sender) -> None:
    first = await sender.post_signed({"action": "buy"})
    await sender.settled(first.json()["signal_id"])
    sender.api.broker.clock.advance(200)
    replayed = await sender.post_signed({"action": "buy"}, age_s=200)
    assert replayed.json() == {"signal_id": first.json()["signal_id"], "duplicate": True}
    assert_problem(await sender.post_signed({"action": "buy"}, age_s=301), 401, "unauthorized")
    assert sum(sender.api.broker.placements.values()) == 1


async def test_a_changed_secret_ends_the_old_one_unless_it_is_kept_for_a_while(sender: Sender) -> None:
    path = f"/strategies/{STRATEGY_ID}/signal-secret"
    renewed = (await sender.api.http.post(path, json={"keep_old_s": 60})).json()
    assert renewed["secret"] != sender.secret
    assert renewed["path"] == f"/signals/{STRATEGY_ID}"
    assert (await sender.post(action="buy", id="old")).status_code == 202
    assert (await sender.post(secret=renewed["secret"], action="buy", id="new")).status_code == 202
    sender.api.broker.clock.advance(61)
    assert (await sender.post(action="buy", id="older")).status_code == 401
    await sender.api.http.post(path)
    assert (await sender.post(secret=renewed["secret"], action="buy", id="newer")).status_code == 401


async def test_close_sells_what_the_strategy_bought_and_no_more(sender: Sender) -> None:
    broker = sender.api.broker
    bought = (await sender.post(action="buy", quantity="1")).json()["signal_id"]
    await sender.settled(bought)
    by_hand = (await sender.api.trade(quantity="3", client_order_id="BY-HAND")).json()["order"]
    broker.fill(bought, "1", "100")
    broker.fill(by_hand["client_order_id"], "3", "100")
    await until(lambda: _position_is(sender.api, "4"), timeout_s=5, what="both fills are booked")

    closing = (await sender.post(action="close")).json()["signal_id"]
    settled = await sender.settled(closing)
    assert settled["state"] == "acted", settled
    terms = broker.order(closing).terms
    assert (terms.side, terms.quantity, terms.order_type, terms.reduce_only) == ("sell", Decimal(1), "market", True)


async def test_close_cancels_the_strategys_working_orders_first(sender: Sender) -> None:
    working = (await sender.post(action="buy", price="90")).json()["signal_id"]
    await sender.settled(working)
    closing = (await sender.post(action="close")).json()["signal_id"]
    settled = await sender.settled(closing)
    assert settled["state"] == "acted"
    assert settled["client_order_id"] is None
    assert "no position" in settled["reason"]
    assert sender.api.broker.order(working).status == "canceled"


async def test_close_after_a_close_by_hand_turns_nothing_round(sender: Sender) -> None:
    bought = (await sender.post(action="buy", quantity="1")).json()["signal_id"]
    await sender.settled(bought)
    sender.api.broker.fill(bought, "1", "100")
    await until(lambda: _position_is(sender.api, "1"), timeout_s=5, what="the fill is booked")
    await sender.api.trade(side="sell", client_order_id="BY-HAND")
    sender.api.broker.fill("BY-HAND", "1", "100")
    await until(lambda: _is_flat(sender.api), timeout_s=5, what="the position is closed by hand")

    settled = await sender.settled((await sender.post(action="close")).json()["signal_id"])
    assert (settled["state"], settled["client_order_id"]) == ("acted", None)


async def _position_is(api: Api, quantity: str) -> bool:
    positions = (await api.http.get("/positions")).json()["positions"]
    return bool([position["quantity"] for position in positions] == [quantity])


async def _is_flat(api: Api) -> bool:
    return not (await api.http.get("/positions")).json()["positions"]


async def test_a_refusal_by_the_broker_is_kept_with_the_signal_and_alerted(sender: Sender) -> None:
    sender.api.broker.script("place", Reject(code="110007", text="not enough balance"))
    settled = await sender.settled((await sender.post(action="buy")).json()["signal_id"])
    assert settled["state"] == "refused"
    assert "not enough balance" in settled["reason"]
    assert [alert.code for alert in sender.api.services.alerts.recent()] == ["signal_refused"]


async def test_an_order_that_does_not_fit_the_instrument_is_refused_with_the_reason(sender: Sender) -> None:
    settled = await sender.settled((await sender.post(action="buy", price="100.123456")).json()["signal_id"])
    assert settled["state"] == "refused"
    assert "price" in settled["reason"]
    assert sender.api.broker.placements == {}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"action": "hold"}, "action"),
        ({"action": None}, "action"),
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "2.5"}, "quantity"),
        ({"instrument_id": "ETHUSDT-LINEAR.BYBIT"}, "instrument_id"),
        ({"leverage": "100"}, "leverage"),
        ({"id": ""}, "id"),
        ({"action": "close", "quantity": "1"}, "quantity"),
        ({"action": "close", "price": "1"}, "price"),
    ],
)
async def test_a_wrong_field_is_named(sender: Sender, wrong: Json, field: str) -> None:
    problem = assert_problem(await sender.post(**{"action": "buy", **wrong}), 422, "validation_error")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert sender.secret not in str(problem)


@pytest.mark.parametrize("body", [b"", b"buy BTC", b'["buy"]', b'{"action":"buy","action":"sell"}', b"\xff"])
async def test_what_is_no_json_object_is_refused(sender: Sender, body: bytes) -> None:
    assert_problem(await sender.post_raw(body), 422, "validation_error")


async def test_a_long_message_is_refused(sender: Sender) -> None:
    assert_problem(await sender.post(action="buy", id="x" * 20_000), 413, "payload_too_large")


async def test_a_strategy_that_does_not_run_takes_no_signals(sender: Sender) -> None:
    sender.api.services.signal_strategies[STRATEGY_ID] = signal_strategy(run_state=RunState.PAUSED)
    problem = assert_problem(await sender.post(action="buy"), 409, "conflict")
    assert "paused" in problem["detail"]


async def test_who_guesses_secrets_is_slowed_down_and_the_owner_is_not(sender: Sender) -> None:
    answers = [await sender.post(secret="guess", action="buy") for _ in range(FAILURE_BURST + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {401}
    assert_problem(answers[-1], 429, "rate_limited")
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert (await sender.post(action="buy")).status_code == 202


async def test_a_flood_for_one_strategy_is_slowed_down(sender: Sender) -> None:
    answers = [await sender.post(action="buy", id="again") for _ in range(STRATEGY_BURST + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {202}
    assert_problem(answers[-1], 429, "rate_limited")
    sender.api.broker.clock.advance(1)
    assert (await sender.post(action="buy", id="later")).status_code == 202


async def test_too_many_waiting_signals_are_refused_so_that_they_are_sent_again(sender: Sender) -> None:
    gate = sender.api.broker.hold("place")
    await sender.post(action="buy", id="first")
    await gate.reached()
    for number in range(LANE_LIMIT - 1):
        assert (await sender.post(action="buy", id=str(number))).status_code == 202
    assert_problem(await sender.post(action="buy", id="last"), 503, "overloaded")
    gate.release()


async def test_a_signal_waits_for_its_connection_and_expires_with_an_alert(sender: Sender) -> None:
    sender.api.broker.link_down()
    await until(lambda: _is_down(sender.api), timeout_s=5, what="the link is down")
    signal_id = (await sender.post(action="buy")).json()["signal_id"]
    sender.api.broker.clock.advance(MAXIMUM_AGE_S + 1)
    settled = await sender.settled(signal_id)
    assert settled["state"] == "expired"
    assert "signal_expired" in [alert.code for alert in sender.api.services.alerts.recent()]
    assert sender.api.broker.placements == {}


async def _is_down(api: Api) -> bool:
    return api.services.connections.view(CONNECTION_ID).status == "disconnected"


async def test_a_signal_accepted_before_a_crash_is_acted_on_once_after_it(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        await api.connect()
        sender = await make_sender(api)
        gate = api.broker.hold("place")
        placing = (await sender.post(action="buy", id="1")).json()["signal_id"]
        await gate.reached()
        waiting = (await sender.post(action="buy", id="2")).json()["signal_id"]
        await api.services.signals.stop()
        gate.release()
        await until(lambda: _has_order(api, placing), timeout_s=5, what="the first order is at the broker")
        broker = api.broker

    async with running_api(tmp_path, broker=broker, signal_strategies={STRATEGY_ID: signal_strategy()}) as api:
        after = Sender(api, sender.secret)
        assert (await after.settled(placing))["state"] == "acted"
        assert (await after.settled(waiting))["state"] == "acted"
        assert (await after.post(action="buy", id="2")).json() == {"signal_id": waiting, "duplicate": True}
        assert dict(broker.placements) == {placing: 1, waiting: 1}


async def _has_order(api: Api, client_order_id: str) -> bool:
    return any(order.client_order_id == client_order_id for order in api.broker.orders.values())


async def test_the_client_sends_and_lists_signals(sender: Sender) -> None:
    transport = httpx.ASGITransport(sender.api.app)
    async with EdgerunnerClient("http://127.0.0.1", API_KEY, transport=transport) as client:
        renewed = await client.signals.new_secret(STRATEGY_ID)
        accepted = await client.signals.send(
            STRATEGY_ID, renewed["secret"], "buy", quantity=Decimal("1E-1"), signal_id="A"
        )
        await sender.settled(accepted["signal_id"])
        (listed,) = (await client.signals.list(STRATEGY_ID))["signals"]
    assert (listed["signal_id"], listed["quantity"], listed["state"]) == (accepted["signal_id"], "0.1", "acted")


async def test_only_a_signal_strategy_gets_a_secret(trading: Api) -> None:
    trading.services.signal_strategies["sma"] = signal_strategy(strategy_id="sma", class_name="SmaCross")
    assert_problem(await trading.http.post("/strategies/sma/signal-secret"), 404, "not_found")
    assert_problem(await trading.http.post("/strategies/none/signal-secret"), 404, "not_found")


async def test_no_secret_stands_in_the_database(sender: Sender, tmp_path: Path) -> None:
    await sender.post(action="buy")
    assert sender.secret.encode() not in _database_bytes(tmp_path)


def _database_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("edgerunner.db*"))
