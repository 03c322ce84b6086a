"""The client library signs in, manages users and keys, and reads the audit log."""

import httpx
import pyotp
import pytest

from edgerunner.client import EdgerunnerClient
from edgerunner.client.errors import ApiError
from tests.api.harness import API_KEY, BASE_URL, Api
from tests.api.identity_desk import PASSWORD


def client(api: Api, token: str) -> EdgerunnerClient:
    return EdgerunnerClient(BASE_URL, token, transport=httpx.ASGITransport(api.app))


async def test_a_whole_life_through_the_client(api: Api) -> None:
    async with client(api, API_KEY) as owner:
        assert (await owner.identity.add_user("anna", PASSWORD, role="trader"))["role"] == "trader"
        tokens = await owner.identity.login("anna", PASSWORD)
        tokens = await owner.identity.refresh(tokens["refresh_token"])
    async with client(api, tokens["access_token"]) as anna:
        assert (await anna.identity.me())["actor"] == "user:anna"
        key = await anna.identity.create_api_key("bot", scopes=["read"], allowed_ips=["127.0.0.0/8"])
        assert [each["key_id"] for each in await anna.identity.api_keys()] == [key["key_id"]]
        assert (await anna.identity.stream_ticket())["ticket"].startswith("erticket_")
        begun = await anna.identity.begin_totp()
        code = pyotp.TOTP(begun["secret"]).at(api.broker.clock.now_ns() // 10**9)
        codes = await anna.identity.confirm_totp(code)
        with pytest.raises(ApiError) as asked:
            await anna.identity.login("anna", PASSWORD)
        assert asked.value.code == "second_factor_required"
        await anna.identity.login("anna", PASSWORD, code=codes[0])
        await anna.identity.revoke_api_key(key["key_id"])
        with pytest.raises(ApiError, match="roles admin"):
            await anna.identity.audit()
        await anna.identity.logout()
    async with client(api, API_KEY) as owner:
        changed = await owner.identity.change_user("anna", role="viewer", reset_totp=True)
        assert (changed["role"], changed["totp_enabled"]) == ("viewer", False)
        assert [user["user"] for user in await owner.identity.users()] == ["anna"]
        await owner.identity.remove_user("anna")
        page = await owner.identity.audit(limit=2)
        assert [entry["action"] for entry in page["entries"]] == ["DELETE /users/{user}", "PATCH /users/{user}"]
