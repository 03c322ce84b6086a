"""Users: made, changed and removed by admins; nobody can lock the installation."""

import pytest

from edgerunner.domain.access import Role
from tests.api.harness import Api
from tests.api.identity_desk import PASSWORD, audited, client, get, person, signed_in
from tests.api.test_errors import assert_problem

NEW = {"user": "bo", "password": PASSWORD, "role": "trader"}


async def test_the_holder_of_the_own_key_makes_the_first_user(api: Api) -> None:
    response = await api.http.post("/users", json={"user": "anna", "password": PASSWORD, "role": "admin"})
    assert response.status_code == 201
    assert {k: response.json()[k] for k in ("user", "role", "disabled", "totp_enabled")} == {
        "user": "anna", "role": "admin", "disabled": False, "totp_enabled": False,
    }  # fmt: skip
    token = (await signed_in(api))["access_token"]
    async with client(api, token) as http:
        assert (await http.post("/users", json=NEW)).status_code == 201
        assert [user["user"] for user in (await http.get("/users")).json()["users"]] == ["anna", "bo"]


@pytest.mark.parametrize(
    "password",
    [
        *("short", "elevenchars", "aaaaaaaaaaaa", "abcabcabcabc", "123456789012", "qwertyuiopas", "Password1234!"),
        *("p4ssw0rd2026!!", "administrator", "changeme-2026", "bo-bo-bo-bo-bo", "bo1234567890", "Edgerunner2026"),
    ],
)
async def test_weak_passwords_are_refused_and_never_echoed(shared_api: Api, password: str) -> None:
    response = await shared_api.http.post("/users", json={**NEW, "password": password})
    assert_problem(response, 422, "validation_error")
    assert response.json()["errors"][0]["field"] == "password"
    assert password not in response.text


@pytest.mark.parametrize("name", ["", "Bo", "bo!", "-bo", "b" * 33, "bo anna", "bö"])
async def test_wrong_names_are_refused(shared_api: Api, name: str) -> None:
    assert_problem(await shared_api.http.post("/users", json={**NEW, "user": name}), 422, "validation_error")


async def test_a_name_is_given_once(api: Api) -> None:
    assert (await api.http.post("/users", json=NEW)).status_code == 201
    assert_problem(await api.http.post("/users", json=NEW), 409, "conflict")


async def test_an_unknown_user_cannot_be_changed_or_removed(api: Api) -> None:
    assert_problem(await api.http.patch("/users/none", json={"role": "viewer"}), 404, "not_found")
    assert_problem(await api.http.delete("/users/none"), 404, "not_found")


@pytest.mark.parametrize("change", [{"role": "trader"}, {"disabled": True}, None])
async def test_the_last_admin_stays_one_unless_the_own_key_asks(api: Api, change: dict[str, object] | None) -> None:
    token = (await person(api, "anna", Role.ADMIN))["access_token"]
    async with client(api, token) as http:
        asked = await (http.delete("/users/anna") if change is None else http.patch("/users/anna", json=change))
        assert_problem(asked, 409, "conflict")
        assert (await http.get("/users")).json()["users"][0]["role"] == "admin", "the session stands, too"
    by_owner = await (api.http.delete("/users/anna") if change is None else api.http.patch("/users/anna", json=change))
    assert by_owner.status_code == 200
    assert (await api.http.get("/users")).status_code == 200, "the own key is always an admin"


async def test_one_of_two_admins_may_go(api: Api) -> None:
    await person(api, "anna", Role.ADMIN)
    token = (await person(api, "bo", Role.ADMIN))["access_token"]
    async with client(api, token) as http:
        assert (await http.delete("/users/anna")).status_code == 200
        assert_problem(await http.delete("/users/bo"), 409, "conflict")


async def test_a_removed_users_tokens_and_keys_end_at_once(api: Api) -> None:
    token = (await person(api))["access_token"]
    async with client(api, token) as http:
        key = (await http.post("/api-keys", json={"name": "one", "scopes": ["read"]})).json()["key"]
    assert (await get(api, "/positions", token=key)).status_code == 200
    assert (await api.http.delete("/users/anna")).status_code == 200
    assert (await get(api, "/positions", token=key)).status_code == 401
    assert (await get(api, "/positions", token=token)).status_code == 401


async def test_what_admins_do_stands_in_the_audit_log_with_who_and_from_where(api: Api) -> None:
    token = (await person(api, "anna", Role.ADMIN))["access_token"]
    async with client(api, token, address="192.0.2.5") as http:
        await http.post("/users", json=NEW)
        await http.patch("/users/bo", json={"role": "viewer", "password": "even-quieter-otters"})
        await http.post("/risk/halt", json={"scope": "all", "reason": "lunch"})
        await http.post("/risk/resume", json={"scope": "all"})
        await http.put("/risk/limits", json={"scope": "all", "limits": {"max_open_orders": 5}})
        await http.post("/broker/connect", json={
            "broker": "bybit", "environment": "demo", "connection_id": "mine",
            "credentials": {"api_key": "k-secret-k", "api_secret": "wrong"},
        })  # fmt: skip
        await http.get("/journal?format=csv")
        await http.delete("/broker/connections/none")
        await http.delete("/users/bo")
    found = [entry for entry in await audited(api) if entry["actor"] == "user:anna" and entry["action"] != "sign_in"]
    assert [(entry["action"], entry["target"], entry["result"]) for entry in reversed(found)] == [
        ("POST /users", "", "ok"),
        ("PATCH /users/{user}", "bo", "ok"),
        ("POST /risk/halt", "", "ok"),
        ("POST /risk/resume", "", "ok"),
        ("PUT /risk/limits", "", "ok"),
        ("POST /broker/connect", "", "broker_auth_failed"),
        ("GET /journal", "", "ok"),
        ("DELETE /broker/connections/{connection_id}", "none", "not_found"),
        ("DELETE /users/{user}", "bo", "ok"),
    ]
    assert {entry["address"] for entry in found} == {"192.0.2.5"}
    assert found[-1]["detail"] == {"user": "bo", "role": "trader"}
    assert found[4]["detail"] == {"scope": "all", "limits": {"max_open_orders": "5"}}
    assert found[3]["detail"] == {"broker": "bybit", "environment": "demo", "connection_id": "mine"}
    for secret in (PASSWORD, "even-quieter", "k-secret-k"):
        assert secret not in str(found)


async def test_a_refused_try_stands_in_the_audit_log(api: Api) -> None:
    token = (await person(api, "vera", Role.VIEWER))["access_token"]
    async with client(api, token) as http:
        response = await http.post("/risk/resume", json={"scope": "all"})
    assert_problem(response, 403, "forbidden")
    assert "'admin'" in response.json()["detail"]
    newest = (await audited(api))[0]
    assert (newest["actor"], newest["action"], newest["result"]) == ("user:vera", "POST /risk/resume", "forbidden")


async def test_the_audit_log_comes_in_pages(api: Api) -> None:
    for n in range(5):
        await api.http.delete(f"/users/n{n}")
    first = (await api.http.get("/audit?limit=3")).json()
    second = (await api.http.get(f"/audit?limit=3&cursor={first['next_cursor']}")).json()
    assert [entry["target"] for entry in first["entries"] + second["entries"]] == ["n4", "n3", "n2", "n1", "n0"]
    assert second["next_cursor"] is None
