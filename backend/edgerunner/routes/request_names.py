"""Every request has a name: the caller's own or one we make, in the answer, and in each log line it causes."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgerunner.request_context import REQUEST_ID_HEADER, RequestContext, current, request_id_of


class RequestNames:
    """Binds the context of a request or a stream for all that is inside of it; the outermost middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or stream."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request = RequestContext(request_id=request_id_of(Headers(scope=scope).get(REQUEST_ID_HEADER)))

        async def naming_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request.request_id
            await send(message)

        token = current.set(request)
        try:
            await self._app(scope, receive, naming_send)
        finally:
            request.is_over = True
            current.reset(token)
