"""Signing in, users, API keys and the audit log through the API."""

from collections.abc import Sequence
from typing import cast

from edgerunner.client.identity_types import ApiKey, AuditPage, Enrolment, MadeApiKey, Me, Ticket, Tokens, User
from edgerunner.client.transport import ApiTransport


class IdentityApi:
    """Who may call; ``login`` and ``refresh`` need no credential, so a client made with any key will do."""

    def __init__(self, transport: ApiTransport) -> None:
        self._transport = transport

    async def login(self, user: str, password: str, *, code: str | None = None) -> Tokens:
        """Sign in; ``ApiError`` with the code ``second_factor_required`` when a ``code`` is needed."""
        body = {"user": user, "password": password, "code": code}
        return cast("Tokens", await self._transport.command("POST", "/auth/login", body))

    async def refresh(self, refresh_token: str) -> Tokens:
        """Return new tokens; the refresh token is used up, and using it again ends the session."""
        return cast("Tokens", await self._transport.command("POST", "/auth/refresh", {"refresh_token": refresh_token}))

    async def logout(self) -> None:
        """End the session of this client's access token."""
        await self._transport.command("POST", "/auth/logout")

    async def me(self) -> Me:
        """Return who this client is."""
        return cast("Me", await self._transport.get("/auth/me"))

    async def change_password(self, current: str, new: str) -> None:
        """Give oneself a new password; ends every session, this one included."""
        await self._transport.command("POST", "/auth/password", {"current": current, "new": new})

    async def begin_totp(self) -> Enrolment:
        """Begin a second factor; it counts when ``confirm_totp`` took a code of it."""
        return cast("Enrolment", await self._transport.command("POST", "/auth/totp"))

    async def confirm_totp(self, code: str) -> list[str]:
        """Make the second factor count; returns recovery codes, each good once."""
        answer = await self._transport.command("POST", "/auth/totp/confirm", {"code": code})
        return cast("list[str]", answer["recovery_codes"])

    async def remove_totp(self, password: str) -> None:
        """Take one's second factor away; ends every session, this one included."""
        await self._transport.command("POST", "/auth/totp/remove", {"password": password})

    async def stream_ticket(self) -> Ticket:
        """Return a ticket that opens one stream within 30 seconds."""
        return cast("Ticket", await self._transport.command("POST", "/auth/stream-ticket"))

    async def users(self) -> list[User]:
        """Return all users; for admins, as all that follows."""
        return cast("list[User]", (await self._transport.get("/users"))["users"])

    async def add_user(self, user: str, password: str, *, role: str) -> User:
        """Make a user: ``viewer``, ``trader`` or ``admin``."""
        body = {"user": user, "password": password, "role": role}
        return cast("User", await self._transport.command("POST", "/users", body))

    async def change_user(
        self,
        user: str,
        *,
        role: str | None = None,
        disabled: bool | None = None,
        password: str | None = None,
        reset_totp: bool = False,
    ) -> User:
        """Change what is given; ends all sessions of the user."""
        body = {"role": role, "disabled": disabled, "password": password, "reset_totp": reset_totp}
        return cast("User", await self._transport.command("PATCH", f"/users/{user}", body))

    async def remove_user(self, user: str) -> User:
        """Remove a user with sessions and API keys."""
        return cast("User", await self._transport.command("DELETE", f"/users/{user}"))

    async def audit(self, *, limit: int = 100, cursor: str | None = None) -> AuditPage:
        """Return a page of the audit log, newest first."""
        return cast("AuditPage", await self._transport.get("/audit", limit=limit, cursor=cursor))

    async def api_keys(self) -> list[ApiKey]:
        """Return one's own API keys, and an admin everybody's."""
        return cast("list[ApiKey]", (await self._transport.get("/api-keys"))["api_keys"])

    async def create_api_key(
        self,
        name: str,
        *,
        scopes: Sequence[str],
        user: str | None = None,
        expires_at: str | None = None,
        allowed_ips: Sequence[str] = (),
    ) -> MadeApiKey:
        """Make an API key within one's rights; ``key`` of the answer is shown this once."""
        body = {
            "name": name,
            "scopes": list(scopes),
            "user": user,
            "expires_at": expires_at,
            "allowed_ips": list(allowed_ips),
        }
        return cast("MadeApiKey", await self._transport.command("POST", "/api-keys", body))

    async def revoke_api_key(self, key_id: str) -> ApiKey:
        """End an API key and its streams at once."""
        return cast("ApiKey", await self._transport.command("DELETE", f"/api-keys/{key_id}"))
