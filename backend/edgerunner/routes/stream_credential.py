"""The credential behind one stream: proven by its first frame, renewed on the way, watched to its end."""

import asyncio

from starlette.types import Scope

from edgerunner.domain.errors import Forbidden, Unauthorized
from edgerunner.routes.guard import Callers
from edgerunner.routes.rights import require_channel_right


class StreamCredential:
    """Who reads a stream, and until when; ``release`` ends the watching."""

    def __init__(self, callers: Callers, scope: Scope) -> None:
        self._callers = callers
        self._address = callers.address_of(scope)
        self._watch = callers.gate.watch()

    @property
    def ended(self) -> asyncio.Event:
        """Set when the credential expires or is revoked."""
        return self._watch.ended

    async def prove(self, token: str) -> None:
        """Take a token, a key or a ticket; a later one of the same caller takes the place of the first.

        Raises ``Unauthorized``, ``Forbidden`` when another caller's comes.
        """
        principal = await self._callers.recognise_stream(token, self._address)
        if principal is None:
            raise Unauthorized("the credential is wrong, expired or revoked")
        before = self._watch.principal
        if before is not None and (before.actor, before.rights) != (principal.actor, principal.rights):
            raise Forbidden(f"this stream belongs to {before.actor}: open another one")
        self._watch.principal = principal

    def require_channel(self, channel: str) -> None:
        """Pass a channel that the reader may read. Raises ``Forbidden``."""
        require_channel_right(self._watch.principal, channel)

    def release(self) -> None:
        """End the watching."""
        self._callers.gate.unwatch(self._watch)
