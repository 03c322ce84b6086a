"""API keys: within their owner's rights, until a day, from some addresses, until they are revoked."""

import pytest

from edgerunner.domain.access import Role
from edgerunner.schemas.scalars import format_time
from tests.api.harness import Api, order_body, running_api
from tests.api.identity_desk import client, get, person
from tests.api.test_errors import assert_problem


async def made(api: Api, token: str | None = None, **changes: object) -> dict[str, str]:
    body = {"name": "bot", "scopes": ["read"], **changes}
    if token is None:
        response = await api.http.post("/api-keys", json=body)
    else:
        async with client(api, token) as http:
            response = await http.post("/api-keys", json=body)
    assert response.status_code == 201, response.text
    return dict(response.json())


async def test_a_key_is_shown_once_and_acts_within_its_scopes(api: Api) -> None:
    key = await made(api)
    assert key["key"].startswith(key["prefix"] + "_")
    assert len(key["key"]) == 16 + 43
    me = (await get(api, "/auth/me", token=key["key"])).json()
    assert (me["actor"], me["rights"], me["credential"]) == (f"key:{key['key_id']}", ["read"], "key")
    refused = await get(api, "/journal", token=key["key"])
    assert_problem(refused, 403, "forbidden")
    listed = (await api.http.get("/api-keys")).json()["api_keys"]
    assert [one["key_id"] for one in listed] == [key["key_id"]]
    assert key["key"] not in str(listed)


async def test_a_trader_makes_keys_within_his_rights_alone(api: Api) -> None:
    token = (await person(api, "tom", Role.TRADER))["access_token"]
    await made(api, token, scopes=["read", "trade"])
    async with client(api, token) as http:
        beyond = await http.post("/api-keys", json={"name": "x", "scopes": ["read", "admin"]})
        assert_problem(beyond, 403, "forbidden")
        others = await http.post("/api-keys", json={"name": "x", "scopes": ["read"], "user": "anna"})
        assert_problem(others, 403, "forbidden")


async def test_an_admin_makes_keys_for_others_within_their_rights(api: Api) -> None:
    await person(api, "vera", Role.VIEWER)
    admin = (await person(api, "anna", Role.ADMIN))["access_token"]
    key = await made(api, admin, user="vera")
    assert (await get(api, "/auth/me", token=key["key"])).json()["user"] == "vera"
    async with client(api, admin) as http:
        beyond = await http.post("/api-keys", json={"name": "x", "scopes": ["trade"], "user": "vera"})
        assert_problem(beyond, 403, "forbidden")
        assert_problem(
            await http.post("/api-keys", json={"name": "x", "scopes": ["read"], "user": "none"}), 404, "not_found"
        )


async def test_a_demoted_owners_key_loses_what_he_lost(api: Api) -> None:
    token = (await person(api, "tom", Role.TRADER))["access_token"]
    key = (await made(api, token, scopes=["read", "trade"]))["key"]
    await api.http.patch("/users/tom", json={"role": "viewer"})
    assert (await get(api, "/auth/me", token=key)).json()["rights"] == ["read"]
    await api.http.patch("/users/tom", json={"disabled": True})
    assert (await get(api, "/auth/me", token=key)).status_code == 401


async def test_people_see_and_revoke_their_own_keys_and_admins_all(api: Api) -> None:
    tom = (await person(api, "tom", Role.TRADER))["access_token"]
    tina = (await person(api, "tina", Role.TRADER))["access_token"]
    key = await made(api, tom)
    async with client(api, tina) as http:
        assert (await http.get("/api-keys")).json() == {"api_keys": []}
        assert_problem(await http.delete(f"/api-keys/{key['key_id']}"), 404, "not_found")
    assert len((await api.http.get("/api-keys")).json()["api_keys"]) == 1
    async with client(api, tom) as http:
        assert (await http.delete(f"/api-keys/{key['key_id']}")).status_code == 200
    assert (await get(api, "/positions", token=key["key"])).status_code == 401


async def test_a_key_makes_no_keys(api: Api) -> None:
    key = (await made(api, scopes=["admin", "read"]))["key"]
    async with client(api, key) as http:
        assert_problem(await http.post("/api-keys", json={"name": "x", "scopes": ["read"]}), 403, "forbidden")


async def test_a_key_ends_at_its_time(api: Api) -> None:
    ends = api.broker.clock.now_ns() + 3600 * 10**9
    key = (await made(api, expires_at=format_time(ends)))["key"]
    assert (await get(api, "/positions", token=key)).status_code == 200
    api.broker.clock.advance(3600)
    assert (await get(api, "/positions", token=key)).status_code == 401
    past = await api.http.post(
        "/api-keys", json={"name": "x", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}
    )
    assert_problem(past, 422, "validation_error")


@pytest.mark.parametrize(
    ("allowed", "address", "is_allowed"),
    [
        (["192.0.2.7"], "192.0.2.7", True),
        (["192.0.2.7"], "192.0.2.8", False),
        (["192.0.2.0/24", "2001:db8::/32"], "2001:db8::1", True),
        (["192.0.2.0/24"], "::ffff:192.0.2.9", True),
        (["2001:db8::/32"], "192.0.2.1", False),
        (["192.0.2.0/24"], "unix-socket", False),
    ],
)
async def test_a_key_is_taken_from_its_addresses_alone(
    api: Api, allowed: list[str], address: str, is_allowed: bool
) -> None:
    key = (await made(api, allowed_ips=allowed))["key"]
    response = await get(api, "/positions", token=key, address=address)
    assert response.status_code == (200 if is_allowed else 401)


@pytest.mark.parametrize("text", ["192.0.2.0/33", "example.org", "192.0.2.7/24", ""])
async def test_what_is_no_network_is_refused(shared_api: Api, text: str) -> None:
    response = await shared_api.http.post("/api-keys", json={"name": "x", "scopes": ["read"], "allowed_ips": [text]})
    assert_problem(response, 422, "validation_error")


async def test_a_forwarded_address_is_believed_from_a_trusted_proxy_alone(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    forwarded = {"X-Forwarded-For": "192.0.2.7, 198.51.100.1"}
    spoofed = {"X-Forwarded-For": "192.0.2.7"}
    async with running_api(tmp_path_factory.mktemp("proxied"), trusted_proxies=("10.0.0.0/8", "198.51.100.1")) as api:
        key = (await made(api, allowed_ips=["192.0.2.7"]))["key"]
        async with client(api, key, address="10.0.0.2") as http:
            assert (await http.get("/positions", headers=forwarded)).status_code == 200
            assert (
                await http.get("/positions", headers={"X-Forwarded-For": "192.0.2.7, 203.0.113.9"})
            ).status_code == 401
        async with client(api, key, address="203.0.113.9") as http:
            assert (await http.get("/positions", headers=spoofed)).status_code == 401
    async with running_api(tmp_path_factory.mktemp("direct")) as api:
        key = (await made(api, allowed_ips=["192.0.2.7"]))["key"]
        async with client(api, key, address="127.0.0.1") as http:
            assert (await http.get("/positions", headers=spoofed)).status_code == 401


async def test_two_keys_may_use_the_same_idempotency_key_for_two_orders(trading: Api) -> None:
    one, two = (await made(trading, scopes=["trade"]))["key"], (await made(trading, scopes=["trade"]))["key"]
    orders = []
    for key in (one, two, one):
        async with client(trading, key) as http:
            response = await http.post("/trade", json=order_body(), headers={"Idempotency-Key": "same"})
        assert response.status_code == 201, response.text
        orders.append(response.json()["order"]["client_order_id"])
    assert orders[0] == orders[2] != orders[1]
    events = (await trading.http.get(f"/orders/{orders[0]}/events")).json()["events"]
    assert events[0]["actor"].startswith("key:")


async def test_the_last_use_of_a_key_is_written_when_the_gate_stops(api: Api) -> None:
    key = await made(api)
    await get(api, "/positions", token=key["key"])
    assert (await api.http.get("/api-keys")).json()["api_keys"][0]["last_used_at"] is None, "not with every request"
    await api.services.identity.gate.stop()
    stored = await api.services.identity._store.snapshot()
    assert stored.keys[0].last_used_at_ns == api.broker.clock.now_ns()
