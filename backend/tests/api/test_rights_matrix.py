"""Who may call what: every route of the OpenAPI document and every channel, with every kind of credential.

``PYTHONPATH=backend .venv/bin/python backend/tests/api/test_rights_matrix.py`` prints the matrix as a table.
"""

import asyncio
import base64
import json
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio
from fastapi import APIRouter

from edgerunner.domain.access import RIGHTS_OF_ROLE, Credential, Principal, Right, Role
from edgerunner.domain.errors import Forbidden
from edgerunner.routes.rights import (
    CHANNEL_RIGHTS,
    PUBLIC_CALLS,
    RIGHTS,
    Demand,
    Own,
    require_channel_right,
    require_rights,
)
from edgerunner.routes.strict import StrictRoute
from edgerunner.services.identity.people import KeyWish
from tests.api.harness import API_KEY, BASE_URL, Api, Json, running_api
from tests.fakes.broker import FakeBroker

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSWORD = "quiet-otters-row-home"
SCOPES = [frozenset({right}) for right in Right]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A credential and what its holder may do."""

    name: str
    token: str
    rights: frozenset[Right]
    is_key: bool

    def may(self, demand: Demand | None) -> bool:
        match demand:
            case Right():
                return demand in self.rights
            case Own.ANY:
                return True
            case Own.PERSON:
                return not self.is_key
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """A running application with one caller of each kind."""

    api: Api
    callers: tuple[Caller, ...]
    document: Json


async def sign_in(api: Api, name: str, password: str = PASSWORD) -> Json:
    async with stranger(api) as http:
        response = await http.post("/auth/login", json={"user": name, "password": password})
    assert response.status_code == 200, response.text
    return dict(response.json())


def stranger(api: Api) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(api.app, raise_app_exceptions=False), base_url=BASE_URL)


async def callers_of(api: Api) -> tuple[Caller, ...]:
    """One caller per role, one API key per scope, and the installation's own key."""
    found = [Caller(name="own key", token=API_KEY, rights=frozenset(Right), is_key=False)]
    for role in Role:
        await api.services.identity.people.add(f"the-{role}", PASSWORD, role)
        token = (await sign_in(api, f"the-{role}"))["access_token"]
        found.append(Caller(name=role.value, token=token, rights=RIGHTS_OF_ROLE[role], is_key=False))
    admin = await api.services.identity.gate.recognise(found[-1].token, "127.0.0.1")
    assert admin is not None
    for scopes in SCOPES:
        made = await api.services.identity.keys.create(KeyWish(name="one", scopes=scopes), principal=admin)
        found.append(Caller(name=f"key:{''.join(scopes)}", token=made.text, rights=scopes, is_key=True))
    return tuple(found)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def matrix(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Matrix]:
    async with running_api(tmp_path_factory.mktemp("matrix"), rate_limit_factor=0) as api:
        document = (await api.http.get("/openapi.json")).json()
        yield Matrix(api=api, callers=await callers_of(api), document=document)


def calls(document: Json) -> Iterator[tuple[str, str]]:
    for path, operations in document["paths"].items():
        for method in operations:
            yield method.upper(), path


async def ask(http: httpx.AsyncClient, method: str, path: str, token: str | None) -> httpx.Response:
    """Call with ids of nothing and a body that no call takes: whoever may call is told so by another error."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    filled = re.sub(r"\{[^}]+\}", "zzz-none", path)
    body: dict[str, Any] = {"json": {"no such field": 1}} if method in {"POST", "PUT", "PATCH"} else {}
    return await http.request(method, f"{filled}?no_such_parameter=1", headers=headers, **body)


async def test_every_call_is_allowed_to_those_who_hold_its_right_and_to_nobody_else(matrix: Matrix) -> None:
    wrong, asked = [], 0
    async with stranger(matrix.api) as http:
        for method, path in calls(matrix.document):
            if (method, path) in PUBLIC_CALLS:
                continue
            for caller in matrix.callers:
                response = await ask(http, method, path, caller.token)
                expected = caller.may(RIGHTS[method, path])
                asked += 1
                if (response.status_code != 403) is not expected or response.status_code in {200, 201, 202, 401, 500}:
                    wrong.append((method, path, caller.name, response.status_code, response.text[:80]))
    assert wrong == []
    assert asked > 70 * 9


async def test_nobody_passes_without_a_credential_that_stands(matrix: Matrix) -> None:
    bad = await bad_tokens(matrix.api)
    wrong, asked = [], 0
    async with stranger(matrix.api) as http:
        for method, path in calls(matrix.document):
            if (method, path) in PUBLIC_CALLS:
                continue
            for name, token in bad.items():
                response = await ask(http, method, path, token)
                asked += 1
                if response.status_code != 401 or response.headers["www-authenticate"] != "Bearer":
                    wrong.append((method, path, name, response.status_code))
    assert wrong == []
    assert asked > 70 * len(bad)


async def bad_tokens(api: Api) -> dict[str, str | None]:
    """Return credentials that prove nothing, by what is wrong with them."""
    identity = api.services.identity
    signing = identity.gate.directory.signing
    assert signing is not None
    secret, head = signing.secrets[signing.current], {"kid": signing.current}
    good = (await sign_in(api, "the-admin"))["access_token"]
    claims = jwt.decode(good, options={"verify_signature": False})
    parts = good.split(".")
    none_head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT", **head}).encode()).rstrip(b"=")
    revoked = await identity.keys.create(
        KeyWish(name="gone", scopes=frozenset({Right.READ})), principal=principal_of_own_key()
    )
    await identity.keys.revoke(revoked.stored.key_id, principal=principal_of_own_key())
    ended = (await sign_in(api, "the-viewer"))["access_token"]
    session_id = jwt.decode(ended, options={"verify_signature": False})["sid"]
    who = await identity.gate.recognise(ended, "127.0.0.1")
    assert who is not None
    assert who.credential_id == session_id
    await identity.sign_in.logout(who)
    elsewhere = await identity.keys.create(
        KeyWish(name="far", scopes=frozenset(Right), allowed_ips=("192.0.2.0/24",)), principal=principal_of_own_key()
    )
    return {
        "none": None,
        "nonsense": "nonsense",
        "empty": "",
        "expired": jwt.encode({**claims, "exp": claims["iat"] - 1}, secret, algorithm="HS256", headers=head),
        "foreign": jwt.encode(claims, b"x" * 32, algorithm="HS256", headers=head),
        "unknown kid": jwt.encode(claims, secret, algorithm="HS256", headers={"kid": "ffffffff"}),
        "other algorithm": jwt.encode(claims, secret, algorithm="HS384", headers=head),
        "alg none": f"{none_head.decode()}.{parts[1]}.",
        "cut signature": f"{parts[0]}.{parts[1]}.",
        "wrong audience": jwt.encode({**claims, "aud": "another"}, secret, algorithm="HS256", headers=head),
        "wrong issuer": jwt.encode({**claims, "iss": "another"}, secret, algorithm="HS256", headers=head),
        "no session": jwt.encode({**claims, "sid": "0" * 24}, secret, algorithm="HS256", headers=head),
        "another's session": jwt.encode({**claims, "sub": "the-viewer"}, secret, algorithm="HS256", headers=head),
        "no expiry": jwt.encode(
            {k: v for k, v in claims.items() if k != "exp"}, secret, algorithm="HS256", headers=head
        ),
        "signed out": ended,
        "revoked key": revoked.text,
        "key from elsewhere": elsewhere.text,
        "another secret": revoked.text[:16] + "A" * 43,
    }


def principal_of_own_key() -> Principal:
    return Principal(actor="api-key", user=None, role=Role.ADMIN, rights=frozenset(Right), credential=Credential.OWNER)


async def test_every_call_of_the_document_says_what_it_asks_for(matrix: Matrix) -> None:
    for method, path in calls(matrix.document):
        operation = matrix.document["paths"][path][method.lower()]
        if (method, path) in PUBLIC_CALLS:
            assert operation["security"] == []
            assert "x-required-right" not in operation
        else:
            assert operation["x-required-right"] == RIGHTS[method, path].value


async def test_the_table_has_no_line_without_a_call(matrix: Matrix) -> None:
    hidden = {("GET", "/datasets/download"), ("DELETE", "/datasets/download")}
    assert set(RIGHTS) - set(calls(matrix.document)) == hidden


@pytest.mark.parametrize("channel", sorted(CHANNEL_RIGHTS))
async def test_every_channel_is_read_by_those_who_hold_its_right_alone(channel: str) -> None:
    for right in Right:
        reader = Principal(
            actor="key:one", user=None, role=Role.ADMIN, rights=frozenset({right}), credential=Credential.KEY
        )
        if right is CHANNEL_RIGHTS[channel]:
            require_channel_right(reader, f"{channel}:anything")
        else:
            with pytest.raises(Forbidden):
                require_channel_right(reader, channel)
    with pytest.raises(Forbidden):
        require_channel_right(None, channel)


async def test_a_route_that_stands_in_no_table_is_refused() -> None:
    router = APIRouter(route_class=StrictRoute)

    @router.get("/forgotten")
    async def forgotten() -> None: ...

    with pytest.raises(LookupError, match="GET /forgotten: add a line to RIGHTS"):
        require_rights(router.routes)


async def test_a_route_that_would_not_ask_for_its_right_is_refused() -> None:
    router = APIRouter()

    @router.get("/positions")
    async def positions() -> None: ...

    with pytest.raises(LookupError, match="GET /positions"):
        require_rights(router.routes)


async def printed_matrix(folder: Path) -> list[str]:
    """Ask every call with every caller, and return what happened as a Markdown table."""
    async with running_api(folder, broker=FakeBroker(), rate_limit_factor=0) as api:
        document = (await api.http.get("/openapi.json")).json()
        callers = await callers_of(api)
        lines = [
            "| call | asks for | " + " | ".join(caller.name for caller in callers) + " | nobody |",
            "|---" * (len(callers) + 3) + "|",
        ]
        async with stranger(api) as http:
            for method, path in calls(document):
                is_public = (method, path) in PUBLIC_CALLS
                demand = "everybody" if is_public else RIGHTS[method, path].value
                codes = [(await ask(http, method, path, caller.token)).status_code for caller in callers]
                codes.append((await ask(http, method, path, None)).status_code)
                marks = ["yes" if is_public or code not in {401, 403} else str(code) for code in codes]
                lines.append(f"| `{method} {path}` | {demand} | " + " | ".join(marks) + " |")
        for channel, right in CHANNEL_RIGHTS.items():
            marks = ["yes" if right in caller.rights else "forbidden" for caller in callers]
            lines.append(f"| stream `{channel}` | {right.value} | " + " | ".join(marks) + " | 4401 |")
        return lines


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        print(*asyncio.run(printed_matrix(Path(name))), sep="\n")  # noqa: T201 - its whole purpose
