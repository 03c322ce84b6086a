"""Helpers of the identity tests: people with one password, and clients that carry their tokens."""

import httpx

from edgerunner.domain.access import Role
from tests.api.harness import BASE_URL, Api, Json

PASSWORD = "quiet-otters-row-home"


def client(api: Api, token: str | None = None, *, address: str = "127.0.0.1") -> httpx.AsyncClient:
    """A client that comes from ``address`` with ``token``, or with none."""
    transport = httpx.ASGITransport(api.app, raise_app_exceptions=False, client=(address, 5_000))
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=headers)


async def post(
    api: Api, path: str, *, token: str | None = None, address: str = "127.0.0.1", **body: object
) -> httpx.Response:
    async with client(api, token, address=address) as http:
        return await http.post(path, json=body)


async def get(api: Api, path: str, *, token: str | None = None, address: str = "127.0.0.1") -> httpx.Response:
    async with client(api, token, address=address) as http:
        return await http.get(path)


async def person(api: Api, name: str = "anna", role: Role = Role.TRADER) -> Json:
    """Make a user, sign in, and return the answer."""
    await api.services.identity.people.add(name, PASSWORD, role)
    return await signed_in(api, name)


async def signed_in(api: Api, name: str = "anna") -> Json:
    response = await post(api, "/auth/login", user=name, password=PASSWORD)
    assert response.status_code == 200, response.text
    return dict(response.json())


async def audited(api: Api) -> list[Json]:
    """The audit log, newest first, as the installation's own key reads it."""
    return list((await api.http.get("/audit")).json()["entries"])
