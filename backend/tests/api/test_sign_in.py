"""Signing in and out, tokens and their refresh, passwords, and what the audit log keeps of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import jwt
import pytest

from edgerunner.domain.access import Role
from tests.api.harness import Api, running_api
from tests.api.identity_desk import PASSWORD, audited, get, person, post, signed_in
from tests.api.test_errors import assert_problem


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """Without the brake on calls, so that these tests may sign in as often as they like."""
    async with running_api(tmp_path, rate_limit_factor=0) as running:
        yield running


async def test_a_person_signs_in_and_is_who_the_token_says(api: Api) -> None:
    tokens = await person(api, "anna", Role.TRADER)
    assert tokens["token_type"] == "bearer"
    assert tokens["user"]["user"] == "anna"
    me = (await get(api, "/auth/me", token=tokens["access_token"])).json()
    assert me["actor"] == "user:anna"
    assert me["role"] == "trader"
    assert me["rights"] == ["read", "research", "strategies", "trade"]
    assert me["credential"] == "token"
    assert me["expires_at"] == tokens["expires_at"]


async def test_the_installations_own_key_is_its_admin(api: Api) -> None:
    me = (await api.http.get("/auth/me")).json()
    assert (me["actor"], me["user"], me["role"], me["credential"]) == ("api-key", None, "admin", "owner")


async def test_an_access_token_says_what_rfc_7519_asks_for_and_ends_after_15_minutes(api: Api) -> None:
    token = (await person(api))["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert {"iss", "aud", "exp", "iat", "jti", "sub", "sid"} == set(claims)
    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    assert claims["exp"] - claims["iat"] == 900
    api.broker.clock.advance(899)
    assert (await get(api, "/positions", token=token)).status_code == 200
    api.broker.clock.advance(1)
    assert_problem(await get(api, "/positions", token=token), 401, "unauthorized")


@pytest.mark.parametrize(
    ("name", "password"), [("anna", "wrong-wrong-wrong"), ("nobody", PASSWORD), ("", ""), ("ANNA", PASSWORD)]
)
async def test_wrong_names_and_wrong_passwords_are_refused_in_the_same_words(
    api: Api, name: str, password: str
) -> None:
    await person(api)
    response = await post(api, "/auth/login", user=name, password=password)
    assert_problem(response, 401, "unauthorized")
    assert response.json()["detail"] == "The name, the password or the code is wrong."


async def test_a_disabled_user_cannot_sign_in_and_its_tokens_end_at_once(api: Api) -> None:
    tokens = await person(api)
    assert (await api.http.patch("/users/anna", json={"disabled": True})).json()["disabled"] is True
    assert (await get(api, "/positions", token=tokens["access_token"])).status_code == 401
    assert (await post(api, "/auth/refresh", refresh_token=tokens["refresh_token"])).status_code == 401
    assert (await post(api, "/auth/login", user="anna", password=PASSWORD)).status_code == 401
    await api.http.patch("/users/anna", json={"disabled": False})
    await signed_in(api)


async def test_a_refresh_token_is_good_once_and_brings_new_tokens(api: Api) -> None:
    first = await person(api)
    api.broker.clock.advance(60)
    second = (await post(api, "/auth/refresh", refresh_token=first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["expires_at"] > first["expires_at"]
    assert (await get(api, "/positions", token=second["access_token"])).status_code == 200


async def test_a_refresh_token_used_twice_ends_the_whole_session_with_an_alert(api: Api) -> None:
    first = await person(api)
    second = (await post(api, "/auth/refresh", refresh_token=first["refresh_token"])).json()
    other = await signed_in(api)
    stolen = await post(api, "/auth/refresh", refresh_token=first["refresh_token"], address="192.0.2.66")
    assert_problem(stolen, 401, "unauthorized")
    assert (await get(api, "/positions", token=second["access_token"])).status_code == 401
    assert (await post(api, "/auth/refresh", refresh_token=second["refresh_token"])).status_code == 401
    assert (await get(api, "/positions", token=other["access_token"])).status_code == 200, "another session stands"
    alert = api.services.alerts.recent()[0]
    assert (alert.code, alert.level) == ("refresh_token_reused", "critical")
    entry = next(entry for entry in await audited(api) if entry["action"] == "refresh_token_reused")
    assert (entry["target"], entry["address"]) == ("anna", "192.0.2.66")


async def test_a_made_up_refresh_token_ends_nobodys_session(api: Api) -> None:
    tokens = await person(api)
    assert (await post(api, "/auth/refresh", refresh_token="errefresh_" + "A" * 43)).status_code == 401
    assert (await get(api, "/positions", token=tokens["access_token"])).status_code == 200


async def test_a_session_ends_after_two_weeks_however_often_it_was_refreshed(api: Api) -> None:
    tokens = await person(api)
    for _ in range(14):
        api.broker.clock.advance(23 * 3600)
        response = await post(api, "/auth/refresh", refresh_token=tokens["refresh_token"])
        assert response.status_code == 200, response.text
        tokens = response.json()
    api.broker.clock.advance(14 * 3600)
    assert (await post(api, "/auth/refresh", refresh_token=tokens["refresh_token"])).status_code == 401


async def test_signing_out_ends_access_and_refresh_of_this_session_alone(api: Api) -> None:
    here, there = await person(api), await signed_in(api)
    assert (await post(api, "/auth/logout", token=here["access_token"])).json() == {"ended": "session"}
    assert (await get(api, "/auth/me", token=here["access_token"])).status_code == 401
    assert (await post(api, "/auth/refresh", refresh_token=here["refresh_token"])).status_code == 401
    assert (await get(api, "/auth/me", token=there["access_token"])).status_code == 200


async def test_a_new_password_ends_every_session(api: Api) -> None:
    here, there = await person(api), await signed_in(api)
    wrong = await post(api, "/auth/password", token=here["access_token"], current="no", new="even-quieter-otters")
    assert wrong.status_code == 401
    body = {"current": PASSWORD, "new": "even-quieter-otters"}
    assert (await post(api, "/auth/password", token=here["access_token"], **body)).status_code == 200
    for tokens in (here, there):
        assert (await get(api, "/auth/me", token=tokens["access_token"])).status_code == 401
    assert (await post(api, "/auth/login", user="anna", password=PASSWORD)).status_code == 401
    assert (await post(api, "/auth/login", user="anna", password="even-quieter-otters")).status_code == 200


async def test_another_role_ends_every_session(api: Api) -> None:
    tokens = await person(api, "anna", Role.ADMIN)
    await api.http.patch("/users/anna", json={"role": "viewer"})
    assert (await get(api, "/users", token=tokens["access_token"])).status_code == 401
    assert (await get(api, "/users", token=(await signed_in(api))["access_token"])).status_code == 403


async def test_the_holder_of_the_own_key_has_no_password_to_change(api: Api) -> None:
    response = await api.http.post("/auth/password", json={"current": "x", "new": "even-quieter-otters"})
    assert_problem(response, 403, "forbidden")


async def test_too_many_wrong_passwords_are_throttled_while_keys_and_tokens_pass(api: Api) -> None:
    tokens = await person(api)
    codes = [(await post(api, "/auth/login", user="anna", password="wrong-wrong-wrong")).status_code for _ in range(11)]
    assert codes == [401] * 10 + [429]
    refused = await post(api, "/auth/login", user="anna", password=PASSWORD)
    assert_problem(refused, 429, "rate_limited")
    assert 1 <= int(refused.headers["Retry-After"]) <= 300
    assert (await get(api, "/positions", token=tokens["access_token"])).status_code == 200
    assert (await api.http.get("/positions")).status_code == 200
    assert (await post(api, "/auth/refresh", refresh_token=tokens["refresh_token"])).status_code == 200


async def test_an_address_that_tries_many_names_is_throttled_and_others_are_not(api: Api) -> None:
    await person(api)
    codes = [
        (await post(api, "/auth/login", user=f"n{n}", password="x", address="192.0.2.9")).status_code for n in range(31)
    ]
    assert codes == [401] * 30 + [429]
    assert (await post(api, "/auth/login", user="anna", password=PASSWORD, address="192.0.2.9")).status_code == 429
    await signed_in(api)


async def test_right_passwords_are_not_counted(api: Api) -> None:
    await person(api)
    for _ in range(12):
        await signed_in(api)


async def test_sign_ins_and_failures_stand_in_the_audit_log_without_a_secret(api: Api) -> None:
    tokens = await person(api)
    await post(api, "/auth/login", user="anna", password="hunter2hunter2", address="192.0.2.7")
    await post(api, "/auth/login", user="my-password-by-mistake", password="x")
    entries = await audited(api)
    assert [(entry["actor"], entry["action"], entry["target"], entry["result"]) for entry in entries] == [
        ("nobody", "sign_in", "an unknown user", "unauthorized"),
        ("nobody", "sign_in", "anna", "unauthorized"),
        ("user:anna", "sign_in", "anna", "ok"),
    ]
    assert entries[1]["address"] == "192.0.2.7"
    text = str(entries)
    for secret in (PASSWORD, "hunter2", "by-mistake", tokens["access_token"], tokens["refresh_token"]):
        assert secret not in text


async def test_a_new_signing_key_keeps_the_tokens_of_the_one_before_and_no_older_ones(api: Api) -> None:
    oldest = (await person(api))["access_token"]
    await api.services.identity.renew_signing_key()
    older = (await signed_in(api))["access_token"]
    assert jwt.get_unverified_header(oldest)["kid"] != jwt.get_unverified_header(older)["kid"]
    assert (await get(api, "/auth/me", token=oldest)).status_code == 200
    await api.services.identity.renew_signing_key()
    assert (await get(api, "/auth/me", token=oldest)).status_code == 401
    assert (await get(api, "/auth/me", token=older)).status_code == 200
