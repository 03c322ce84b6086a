"""What an order would meet, without placing it."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner.domain.errors import BrokerRejected
from edgerunner.domain.order_preview import OrderEstimate
from edgerunner.domain.orders import Money, OrderTerms
from tests.api.harness import CONNECTION_ID, LINEAR_ID, Api, running_api
from tests.fakes.broker import FakeBroker

ORDER = {
    "connection_id": CONNECTION_ID,
    "instrument_id": LINEAR_ID,
    "side": "buy",
    "order_type": "limit",
    "quantity": "0.5",
    "price": "99",
}


class EstimatingBroker(FakeBroker):
    """A broker that estimates, or refuses to."""

    refusal: BrokerRejected | None = None

    async def preview_order(self, account_id: str, terms: OrderTerms) -> OrderEstimate:
        await self._query("preview")
        if self.refusal is not None:
            raise self.refusal
        return OrderEstimate(
            currency="USDT",
            margin_initial=Decimal(1000),
            margin_initial_change=terms.quantity * 10,
            fee=Money(currency="USDT", amount=Decimal("0.35")),
        )


@pytest.fixture
async def estimating(tmp_path: Path) -> AsyncIterator[tuple[Api, EstimatingBroker]]:
    broker = EstimatingBroker()
    async with running_api(tmp_path, broker=broker) as api:
        await api.connect()
        yield api, broker


async def test_a_preview_tells_worth_and_estimate_and_places_nothing(
    estimating: tuple[Api, EstimatingBroker],
) -> None:
    api, _ = estimating
    found = await api.http.post("/trade/preview", json=ORDER)
    body = found.json()
    assert (found.status_code, body["account_id"], body["denied"], body["refused"]) == (200, "1", None, None)
    assert body["notional"] == {"currency": "USDT", "amount": "49.5"}
    assert body["estimate"]["margin_initial_change"] == "5"
    assert body["estimate"]["fee"] == {"currency": "USDT", "amount": "0.35"}
    assert body["estimate"]["equity"] is None
    assert (await api.http.get("/orders/status", params={"connection_id": CONNECTION_ID})).json()["orders"] == []


async def test_what_the_broker_would_refuse_is_told(estimating: tuple[Api, EstimatingBroker]) -> None:
    api, broker = estimating
    broker.refusal = BrokerRejected("201", "no margin")
    body = (await api.http.post("/trade/preview", json=ORDER)).json()
    assert (body["estimate"], body["refused"]) == (None, {"status": None, "code": "201", "text": "no margin"})


async def test_what_the_risk_checks_would_refuse_is_told(estimating: tuple[Api, EstimatingBroker]) -> None:
    api, _ = estimating
    body = (await api.http.post("/trade/preview", json={**ORDER, "price": "150"})).json()
    assert body["denied"]["code"] == "price_collar"


async def test_a_broker_without_estimates_says_so(trading: Api) -> None:
    body = (await trading.http.post("/trade/preview", json=ORDER)).json()
    assert body["estimate"] is None
    assert body["unsupported"] == "this broker estimates no orders before they are placed"


async def test_a_wrong_field_is_refused_as_by_a_placement(trading: Api) -> None:
    response = await trading.http.post("/trade/preview", json={**ORDER, "price": "99.123456"})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "price")
