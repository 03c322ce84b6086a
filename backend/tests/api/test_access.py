"""Who may call, and from where."""

from pathlib import Path

import httpx
import pytest

from tests.api.harness import API_KEY, BASE_URL, Api, running_api
from tests.api.test_errors import assert_problem

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROTECTED = [
    "/broker/connections",
    "/orders/status",
    "/positions",
    "/account/summary",
    "/journal",
    "/metrics",
    "/nowhere",
    "//healthz",
    "/healthz/",
    "/docs/x",
]
PUBLIC = ["/", "/app", "/app/", "/app/any/where", "/config.json", "/healthz", "/readyz", "/docs", "/openapi.json"]


def stranger(api: Api) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(api.app), base_url=BASE_URL)


@pytest.mark.parametrize("path", PROTECTED)
async def test_nothing_but_the_public_paths_is_served_without_the_key(shared_api: Api, path: str) -> None:
    async with stranger(shared_api) as http:
        response = await http.get(BASE_URL + path)
    assert_problem(response, 401, "unauthorized")
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", PUBLIC)
async def test_public_paths_need_no_key(shared_api: Api, path: str) -> None:
    async with stranger(shared_api) as http:
        assert (await http.get(path)).status_code == 200


async def test_signals_need_no_key_but_the_strategys_own_secret(shared_api: Api) -> None:
    async with stranger(shared_api) as http:
        assert_problem(await http.post("/signals/one", json={}), 401, "unauthorized")


WRONG = ["", API_KEY, "Basic " + API_KEY, "Bearer", "Bearer ", "Bearer wrong", f"Bearer {API_KEY}x", "Bearer \xe9"]


@pytest.mark.parametrize("header", WRONG)
async def test_a_wrong_key_is_refused(shared_api: Api, header: str) -> None:
    async with stranger(shared_api) as http:
        response = await http.get("/positions", headers=[(b"Authorization", header.encode("latin-1"))])
    assert_problem(response, 401, "unauthorized")


async def test_the_scheme_may_be_written_in_any_case(shared_api: Api) -> None:
    response = await shared_api.http.get("/positions", headers={"Authorization": f"bearer {API_KEY}"})
    assert response.status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "evil.example:8000", "[::2]:80"])
async def test_a_foreign_host_name_is_refused(shared_api: Api, host: str) -> None:
    assert_problem(await shared_api.http.get("/healthz", headers={"Host": host}), 403, "forbidden")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8000", "LOCALHOST", "[::1]:8000"])
async def test_loopback_names_are_allowed(shared_api: Api, host: str) -> None:
    assert (await shared_api.http.get("/healthz", headers={"Host": host})).status_code == 200


async def test_the_settings_add_host_names_and_origins(tmp_path: Path) -> None:
    origin = "https://desk.example"
    async with running_api(tmp_path, allowed_hosts=("edge.example",), cors_origins=(origin,)) as api:
        response = await api.http.get("/positions", headers={"Host": "edge.example", "Origin": origin})
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == origin
        preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        allowed = await api.http.options(
            "/trade", headers={**preflight, "Access-Control-Request-Headers": "authorization, idempotency-key"}
        )
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == origin
        refused = await api.http.options("/trade", headers={**preflight, "Origin": "https://other.example"})
        assert_problem(refused, 403, "forbidden")
        assert "access-control-allow-origin" not in refused.headers


async def test_a_foreign_page_gets_no_permission_to_read(shared_api: Api) -> None:
    response = await shared_api.http.get("/positions", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in response.headers
