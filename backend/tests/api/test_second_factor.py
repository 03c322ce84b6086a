"""The second factor: confirmed before it counts, each code good once, recovery codes for a lost phone."""

import pyotp
import pytest

from edgerunner.domain.access import Role
from tests.api.harness import Api, Json
from tests.api.identity_desk import PASSWORD, audited, client, get, person, post, signed_in
from tests.api.test_errors import assert_problem


def code_of(api: Api, secret: str, *, steps: int = 0) -> str:
    """The authenticator's code now, or some half minutes away."""
    return pyotp.TOTP(secret).at(api.broker.clock.now_ns() // 10**9 + steps * 30)


async def enrolled(api: Api) -> tuple[str, list[str]]:
    """Give anna a second factor; return its secret and the recovery codes."""
    token = (await person(api))["access_token"]
    begun = (await post(api, "/auth/totp", token=token)).json()
    confirmed = await post(api, "/auth/totp/confirm", token=token, code=code_of(api, begun["secret"]))
    assert confirmed.status_code == 200, confirmed.text
    api.broker.clock.advance(30)
    return begun["secret"], confirmed.json()["recovery_codes"]


async def login(api: Api, code: str | None = None) -> Json:
    response = await post(api, "/auth/login", user="anna", password=PASSWORD, code=code)
    return {"status": response.status_code, **response.json()}


async def test_a_second_factor_counts_when_it_is_confirmed_and_not_before(api: Api) -> None:
    token = (await person(api))["access_token"]
    begun = (await post(api, "/auth/totp", token=token)).json()
    assert begun["uri"].startswith("otpauth://totp/Edgerunner:anna?secret=")
    assert begun["qr_svg"].startswith("<svg")
    await signed_in(api)
    wrong = await post(api, "/auth/totp/confirm", token=token, code="000000")
    assert_problem(wrong, 422, "validation_error")
    assert (await get(api, "/auth/me", token=token)).json()["totp_enabled"] is False
    codes = (await post(api, "/auth/totp/confirm", token=token, code=code_of(api, begun["secret"]))).json()
    assert len(set(codes["recovery_codes"])) == 10
    assert (await get(api, "/auth/me", token=token)).json()["totp_enabled"] is True
    assert (await login(api))["code"] == "second_factor_required"
    assert_problem(await post(api, "/auth/totp", token=token), 409, "conflict")


async def test_a_code_is_good_once(api: Api) -> None:
    secret, _ = await enrolled(api)
    code = code_of(api, secret)
    assert (await login(api, code))["status"] == 200
    assert (await login(api, code))["status"] == 401
    api.broker.clock.advance(30)
    assert (await login(api, code))["status"] == 401, "within the drift of clocks, too"
    assert (await login(api, code_of(api, secret)))["status"] == 200


async def test_the_code_that_confirmed_cannot_sign_in(api: Api) -> None:
    secret, _ = await enrolled(api)
    assert (await login(api, code_of(api, secret, steps=-1)))["status"] == 401


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (0, 200), (1, 200), (2, 401)])
async def test_a_phones_clock_may_be_off_by_half_a_minute(api: Api, steps: int, status: int) -> None:
    secret, _ = await enrolled(api)
    api.broker.clock.advance(90)
    assert (await login(api, code_of(api, secret, steps=steps)))["status"] == status


async def test_a_wrong_password_is_never_told_about_the_second_factor(api: Api) -> None:
    await enrolled(api)
    assert_problem(await post(api, "/auth/login", user="anna", password="wrong-wrong"), 401, "unauthorized")


async def test_each_recovery_code_is_good_once(api: Api) -> None:
    _, codes = await enrolled(api)
    assert (await login(api, codes[0]))["status"] == 200
    assert (await login(api, codes[0]))["status"] == 401
    assert (await login(api, codes[1].upper().replace("-", " ")))["status"] == 200, "however it is typed"


async def test_the_second_factor_goes_with_the_password_and_ends_every_session(api: Api) -> None:
    secret, _ = await enrolled(api)
    token = (await login(api, code_of(api, secret)))["access_token"]
    assert (await post(api, "/auth/totp/remove", token=token, password="wrong")).status_code == 401
    assert (await post(api, "/auth/totp/remove", token=token, password=PASSWORD)).status_code == 200
    assert (await get(api, "/auth/me", token=token)).status_code == 401
    assert (await login(api))["status"] == 200


async def test_an_admin_takes_a_lost_second_factor_away(api: Api) -> None:
    await enrolled(api)
    admin = (await person(api, "ada", Role.ADMIN))["access_token"]
    async with client(api, admin) as http:
        changed = await http.patch("/users/anna", json={"reset_totp": True})
    assert changed.json()["totp_enabled"] is False
    assert (await login(api))["status"] == 200


async def test_neither_codes_nor_secrets_stand_in_the_audit_log(api: Api) -> None:
    secret, codes = await enrolled(api)
    await login(api, codes[0])
    await login(api, "123456")
    text = str(await audited(api))
    assert "POST /auth/totp/confirm" in text
    for hidden in (secret, codes[0], "123456", PASSWORD):
        assert hidden not in text
