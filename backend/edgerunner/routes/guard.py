"""Pure ASGI middleware that proves who calls and leaves the principal in the request's scope."""

import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from edgerunner.domain.access import OWNER, Principal
from edgerunner.routes.context import Access
from edgerunner.routes.middleware import refuse
from edgerunner.routes.rights import PRINCIPAL, is_public


class Guard:
    """Lets HTTP requests pass with a credential alone; the stream asks by itself."""

    def __init__(self, app: ASGIApp, *, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or is_public(scope["path"]):
            await self._app(scope, receive, send)
            return
        scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        principal = principal_of_token(token.strip(), self._access) if scheme.lower() == "bearer" else None
        if principal is not None:
            scope[PRINCIPAL] = principal
            await self._app(scope, receive, send)
            return
        detail = "Send the header Authorization: Bearer with the API key of this installation."
        await refuse(
            scope, receive, send, status=401, code="unauthorized", detail=detail, headers={"WWW-Authenticate": "Bearer"}
        )


def principal_of_token(token: str, access: Access) -> Principal | None:
    """Return who a token belongs to; compared in time that does not depend on where the two differ."""
    return OWNER if hmac.compare_digest(token.encode(), access.api_key.encode()) else None
