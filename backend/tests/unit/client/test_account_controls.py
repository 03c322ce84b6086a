"""Settings through the client: what goes over the wire."""

import json
from decimal import Decimal

import httpx
import pytest

from edgerunner.client import ApiError, EdgerunnerClient


class Recorder:
    """Answers everything with the same body and keeps what was asked."""

    def __init__(self, status: int = 200, **body: object) -> None:
        self.requests: list[httpx.Request] = []
        self._status, self._body = status, body

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self._status, json=self._body)

    @property
    def call(self) -> tuple[str, str]:
        return self.requests[-1].method, self.requests[-1].url.path

    @property
    def sent(self) -> dict[str, object]:
        return dict(json.loads(self.requests[-1].content))


def client_over(server: Recorder) -> EdgerunnerClient:
    return EdgerunnerClient("http://api.test", "the-key", transport=httpx.MockTransport(server))


async def test_modes_are_read_and_changed() -> None:
    server = Recorder(connection_id="c", account_id="1", position_mode="hedging", margin_mode=None)
    async with client_over(server) as client:
        assert (await client.accounts.settings("c"))["position_mode"] == "hedging"
        assert server.call == ("GET", "/account/settings")
        await client.accounts.change_settings("c", margin_mode="isolated")
    assert server.call == ("POST", "/account/settings")
    assert server.sent == {"connection_id": "c", "margin_mode": "isolated"}


async def test_leverage_and_offsets_are_plain_decimals() -> None:
    server = Recorder()
    async with client_over(server) as client:
        await client.accounts.set_leverage("c", "BTCUSDT-LINEAR.BYBIT", Decimal("1E+1"))
        assert (server.call, server.sent["leverage"]) == (("POST", "/positions/leverage"), "10")
        await client.accounts.set_trailing_stop("c", "BTCUSDT-LINEAR.BYBIT", 500, trigger_price="70000.5")
        assert server.call == ("POST", "/positions/trailing-stop")
    sent = server.sent
    assert (sent["trailing_offset"], sent["trigger_price"]) == ("500", "70000.5")
    assert "position_id" not in sent


async def test_removal_names_the_position_in_the_query() -> None:
    server = Recorder()
    async with client_over(server) as client:
        await client.accounts.remove_trailing_stop("c", "EUR/USD #1.IBKR", position_id="long")
    assert server.call == ("DELETE", "/positions/trailing-stop")
    wanted = {"connection_id": "c", "instrument_id": "EUR/USD #1.IBKR", "position_id": "long"}
    assert dict(server.requests[-1].url.params) == wanted


async def test_refusal_is_an_error_with_its_code() -> None:
    server = Recorder(409, code="broker_rejected", detail="you have an existing position (110024)")
    async with client_over(server) as client:
        with pytest.raises(ApiError) as caught:
            await client.accounts.change_settings("c", position_mode="hedging")
    assert caught.value.code == "broker_rejected"
