"""Pure ASGI middleware that proves who calls, and leaves principal and address in the request's scope."""

import hmac
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from edgerunner.domain.access import OWNER, Principal
from edgerunner.domain.errors import JournalUnavailable
from edgerunner.metrics import SIGN_IN_FAILURES
from edgerunner.routes.addresses import ADDRESS, address_of
from edgerunner.routes.context import Access
from edgerunner.routes.middleware import refuse
from edgerunner.routes.rights import PRINCIPAL, is_public
from edgerunner.services.identity.directory import Network
from edgerunner.services.identity.gate import CredentialGate

REFUSAL = (
    "Send the header Authorization: Bearer with the installation's key, an API key or an access token; "
    "it may have expired or been revoked."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """Knows callers by their credentials, and where they come from."""

    access: Access
    gate: CredentialGate
    trusted_proxies: tuple[Network, ...] = ()

    def address_of(self, scope: Scope) -> str:
        """Return the caller's address, a trusted proxy's word for it included."""
        return address_of(scope, self.trusted_proxies)

    async def recognise(self, token: str, address: str) -> Principal | None:
        """Return who a credential is; the installation's own key is compared in constant time, and first."""
        if hmac.compare_digest(token.encode(), self.access.api_key.encode()):
            return OWNER
        return await self.gate.recognise(token, address)

    async def recognise_stream(self, token: str, address: str) -> Principal | None:
        """Return who may open a stream: as ``recognise``, or by a ticket, which is used up."""
        return await self.recognise(token, address) or await self.gate.recognise_ticket(token)


class Guard:
    """Lets HTTP requests pass with a credential alone; the stream asks by itself."""

    def __init__(self, app: ASGIApp, *, callers: Callers) -> None:
        self._app = app
        self._callers = callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope[ADDRESS] = self._callers.address_of(scope)
        if is_public(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            scope[PRINCIPAL] = await self._principal_of(scope)
        except JournalUnavailable as error:
            await refuse(scope, receive, send, status=503, code=error.code, detail=error.detail)
            return
        if scope[PRINCIPAL] is not None:
            await self._app(scope, receive, send)
            return
        SIGN_IN_FAILURES.labels("credential").inc()
        headers = {"WWW-Authenticate": "Bearer"}
        await refuse(scope, receive, send, status=401, code="unauthorized", detail=REFUSAL, headers=headers)

    async def _principal_of(self, scope: Scope) -> Principal | None:
        scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return await self._callers.recognise(token.strip(), scope[ADDRESS])
