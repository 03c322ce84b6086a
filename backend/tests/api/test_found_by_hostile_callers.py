"""Defects that hostile callers found in the running product, each kept from coming back."""

import pytest

from tests.api.harness import CONNECTION_ID, Api
from tests.api.test_errors import assert_problem

UNREADABLE = ("http://127.0.0.1:99999", "http://127.0.0.1:abc", "http://127.0.0.1:0", "http://[::1")


@pytest.mark.parametrize("option", ["base_url", "control_url", "rest_url"])
@pytest.mark.parametrize("address", UNREADABLE)
async def test_an_address_that_cannot_be_read_is_refused_by_its_option(api: Api, option: str, address: str) -> None:
    body = {"broker": "bybit", "environment": "simulated", "options": {option: address}}
    response = await api.http.post("/broker/connect", json=body)
    assert_problem(response, 422, "validation_error", f"options.{option}")
    assert (await api.http.get("/broker/connections")).json() == {"connections": []}


async def test_an_address_that_is_turned_off_is_no_error(api: Api) -> None:
    await api.connect(options={"trade_url": None})


@pytest.mark.parametrize(("field", "value"), [("instrument_id", "BTCUSTD-LINEAR.BYBIT"), ("account_id", "nobody")])
async def test_closing_positions_of_nothing_that_exists_is_refused(trading: Api, field: str, value: str) -> None:
    response = await trading.http.post("/positions/close", json={"connection_id": CONNECTION_ID, field: value})
    assert_problem(response, 422, "validation_error", field)
