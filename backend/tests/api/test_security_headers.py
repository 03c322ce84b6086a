"""Headers that keep browsers from being turned against their user, on every answer."""

from pathlib import Path

import httpx
import pytest
from starlette.datastructures import Headers

from edgerunner.routes.screen import content_policy
from edgerunner.routes.security_headers import DEFAULTS
from edgerunner.routes.stream import is_allowed_origin
from edgerunner.settings import SettingsError, load_settings
from tests.api.harness import BASE_URL, Api, running_api

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANSWERS = [
    ("GET", "/healthz", 200),
    ("GET", "/positions", 200),
    ("GET", "/nowhere", 404),
    ("PATCH", "/positions", 405),
    ("POST", "/trade", 422),
    ("GET", "/", 200),
    ("GET", "/docs", 200),
    ("GET", "/app/", 200),
    ("GET", "/app/assets/../../etc/passwd", 404),
    ("GET", "/metrics", 200),
]


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
async def test_every_answer_has_every_header(shared_api: Api, method: str, path: str, status: int) -> None:
    answer = await shared_api.http.request(method, path)
    assert answer.status_code == status
    assert set(DEFAULTS) <= {name.title() for name in answer.headers} | {"Content-Security-Policy"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    scripts = [part for part in answer.headers["content-security-policy"].split(";") if "script-src" in part]
    assert not any("unsafe" in part for part in scripts)
    if not path.startswith("/app"):
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Authorization": "Bearer wrong"}])
async def test_refusals_have_them_too(shared_api: Api, headers: dict[str, str]) -> None:
    answer = await shared_api.http.get("/positions", headers=headers)
    assert answer.status_code in {401, 403}
    assert {name.lower() for name in DEFAULTS} <= set(answer.headers)


async def test_transport_security_is_said_behind_tls_alone(shared_api: Api) -> None:
    plain = await shared_api.http.get("/healthz")
    assert "strict-transport-security" not in plain.headers
    proxied = await shared_api.http.get("/healthz", headers={"X-Forwarded-Proto": "https"})
    assert "max-age=31536000" in proxied.headers["strict-transport-security"]
    transport = httpx.ASGITransport(shared_api.app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL.replace("http", "https")) as encrypted:
        assert "strict-transport-security" in (await encrypted.get("/healthz")).headers


async def test_the_screen_may_call_its_own_server_and_those_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").write_text("<!doctype html>")
    calls = ("wss://api.example",)
    async with running_api(tmp_path / "data", screen_dir=tmp_path / "dist", screen_connect=calls) as api:
        policy = (await api.http.get("/app/", headers={"Host": "localhost:8000"})).headers["content-security-policy"]
    assert "connect-src 'self' ws://localhost:8000 wss://localhost:8000 wss://api.example;" in policy


@pytest.mark.parametrize("host", ["", "a b", "x;script-src *", "127.0.0.1:80:80", "evil'", "[::1]x"])
async def test_a_host_that_is_none_does_not_reach_the_policy(host: str) -> None:
    assert "connect-src 'self';" in content_policy(host, ())


@pytest.mark.parametrize("host", ["[::1]evil.example", "127.0.0.1:80@evil.example", "localhost.", "127.0.0.1:x", "*"])
async def test_a_host_that_only_begins_like_ours_is_refused(shared_api: Api, host: str) -> None:
    assert (await shared_api.http.get("/healthz", headers={"Host": host})).status_code == 403


async def test_any_allowed_host_still_has_to_be_one(tmp_path: Path) -> None:
    async with running_api(tmp_path, allowed_hosts=("*",)) as api:
        assert (await api.http.get("/healthz", headers={"Host": "desk.example:80"})).status_code == 200
        assert (await api.http.get("/healthz", headers={"Host": "a@b"})).status_code == 403


FOREIGN = [
    "null",
    "https://evil.example",
    "https://desk.example.evil.example",
    "https://evil-desk.example",
    "http://desk.example",
    "https://desk.example:444",
    "https://desk.example.",
    "https://DESK.example",
    "https://user@desk.example",
    "https://desk.example/",
    "http://127.0.0.1.evil.example",
    "file://",
    "",
]


@pytest.mark.parametrize("origin", FOREIGN)
async def test_an_origin_that_only_resembles_an_allowed_one_opens_nothing(origin: str) -> None:
    headers = Headers({"origin": origin, "host": "127.0.0.1:8000"})
    assert not is_allowed_origin(headers, ("https://desk.example",))


@pytest.mark.parametrize("origin", FOREIGN)
async def test_nor_may_its_page_read_an_answer(tmp_path: Path, origin: str) -> None:
    async with running_api(tmp_path, cors_origins=("https://desk.example",)) as api:
        answer = await api.http.get("/positions", headers={"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers
        asked = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
        assert "access-control-allow-origin" not in (await api.http.options("/risk/limits", headers=asked)).headers


async def test_a_listed_page_may_use_every_method_and_read_when_to_come_back(tmp_path: Path) -> None:
    asked = {"Origin": "https://desk.example", "Access-Control-Request-Method": "PUT"}
    async with running_api(tmp_path, cors_origins=("https://desk.example",)) as api:
        assert (await api.http.options("/risk/limits", headers=asked)).status_code == 200
        answer = await api.http.get("/positions", headers={"Origin": "https://desk.example"})
        assert answer.headers["access-control-expose-headers"].startswith("Retry-After")


@pytest.mark.parametrize(
    "origin", ["*", "null", "https://desk.example/", "desk.example", "https://DESK.example", "a://b"]
)
async def test_a_setting_that_lets_anybody_in_is_refused(origin: str) -> None:
    with pytest.raises(SettingsError, match="CORS_ORIGINS"):
        load_settings(cors_origins=origin)
