"""The gate of every request and stream: from a token to a principal, and word of credentials that ended."""

import asyncio
import hashlib
from collections import OrderedDict

import structlog

from edgerunner.domain.access import Principal
from edgerunner.domain.errors import EdgerunnerError
from edgerunner.services.clock import Clock
from edgerunner.services.ending import end_task
from edgerunner.services.identity import tokens
from edgerunner.services.identity.directory import Directory
from edgerunner.services.identity.secret_words import TICKET_PREFIX, hash_of, parse_key
from edgerunner.storage.identity import IdentityStore
from edgerunner.storage.identity_keys import KeyStore
from edgerunner.storage.identity_sessions import SessionStore

LOOK_S = 0.5
"""How often the data folder is asked whether another process changed identities, and watches are looked at."""

USE_NOTED_S = 60.0
"""How often the last uses of API keys are written."""

READ_TOKENS = 4096
"""Most access tokens whose signature is remembered; the oldest is forgotten first."""

LONGEST_TOKEN = 4096

_log = structlog.get_logger(__name__)


class Watch:
    """One open stream's credential, None until it is proven; ``ended`` is set when it expires or is revoked."""

    def __init__(self) -> None:
        self.principal: Principal | None = None
        self.ended = asyncio.Event()


class CredentialGate:
    """Recognises credentials on a snapshot that follows every change, in this process and others."""

    def __init__(self, *, store: IdentityStore, sessions: SessionStore, keys: KeyStore, clock: Clock) -> None:
        self._store = store
        self._sessions = sessions
        self._keys = keys
        self._clock = clock
        self._directory: Directory | None = None
        self._loading = asyncio.Lock()
        self._read: OrderedDict[bytes, tokens.Claims] = OrderedDict()
        self._used: dict[str, int] = {}
        self._watches: set[Watch] = set()
        self._follower: asyncio.Task[None] | None = None

    @property
    def directory(self) -> Directory:
        """Who is known now; before ``start`` nobody is."""
        if self._directory is None:
            raise RuntimeError("the gate was not started")
        return self._directory

    async def start(self) -> None:
        """Load the snapshot, make the keys of access tokens on the first start, and follow changes."""
        await self.refresh()
        if self.directory.signing is None:
            await self._store.keep_signing_keys(tokens.new_signing_keys(), replaces=None)
            await self.refresh()
        self._follower = asyncio.create_task(self._follow(), name="identity-changes")

    async def stop(self) -> None:
        """Stop to follow, and write what was noted."""
        if self._follower is not None:
            await end_task(self._follower)
        await self._write_uses()

    async def refresh(self) -> None:
        """Take in what changed, at once, and tell the watches; costs one look-up when nothing did."""
        async with self._loading:
            if self._directory is None or await self._store.revision() != self._directory.revision:
                self._directory = Directory(await self._store.snapshot())
                self._read.clear()
        self.sweep()

    async def recognise(self, token: str, address: str) -> Principal | None:
        """Return who an API key or an access token is; None = nobody.

        A genuine-looking one that is not known yet is looked for in the data folder once more: another
        process may have made it a moment ago.
        """
        if len(token) > LONGEST_TOKEN:
            return None
        principal = self._recognise(token, address)
        if principal is None and self._may_be_new(token):
            await self.refresh()
            principal = self._recognise(token, address)
        return principal

    async def recognise_ticket(self, token: str) -> Principal | None:
        """Return who made a stream ticket, which is used up by this; None = no such ticket."""
        if not token.startswith(TICKET_PREFIX) or len(token) > LONGEST_TOKEN:
            return None
        now_ns = self._clock.now_ns()
        ticket = await self._sessions.take_ticket(hash_of(token), now_ns)
        if ticket is None:
            return None
        await self.refresh()
        return self.directory.of_credential(ticket.credential, ticket.credential_id, ticket.credential_ends_ns, now_ns)

    def watch(self) -> Watch:
        """Begin to watch a credential; whoever does ends it with ``unwatch``."""
        watch = Watch()
        self._watches.add(watch)
        return watch

    def unwatch(self, watch: Watch) -> None:
        """End a watch."""
        self._watches.discard(watch)

    def sweep(self) -> None:
        """Tell the watches whose credential has expired or was revoked."""
        now_ns = self._clock.now_ns()
        for watch in self._watches:
            if watch.principal is not None and not self.directory.still_stands(watch.principal, now_ns):
                watch.ended.set()

    def _recognise(self, token: str, address: str) -> Principal | None:
        now_ns = self._clock.now_ns()
        key = parse_key(token)
        if key is not None:
            principal = self.directory.of_key(key.key_id, key.secret_hash, address, now_ns)
            if principal is not None:
                self._used[key.key_id] = now_ns
            return principal
        claims = self._claims(token)
        if claims is None:
            return None
        return self.directory.of_session(claims.session_id, claims.user_name, claims.expires_at_ns, now_ns)

    def _claims(self, token: str) -> tokens.Claims | None:
        place = hashlib.sha256(token.encode()).digest()
        known = self._read.get(place)
        if known is not None:
            return known
        signing = self.directory.signing
        claims = None if signing is None else tokens.read(signing, token)
        if claims is not None:
            self._read[place] = claims
            if len(self._read) > READ_TOKENS:
                self._read.popitem(last=False)
        return claims

    def _may_be_new(self, token: str) -> bool:
        key = parse_key(token)
        if key is not None:
            return key.key_id not in self.directory.stored_keys
        claims = self._claims(token)
        return claims is not None and not self.directory.knows_session(claims.session_id)

    async def _follow(self) -> None:
        noted = self._clock.monotonic_ns()
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.refresh()
                if self._clock.monotonic_ns() - noted >= USE_NOTED_S * 1e9:
                    noted = self._clock.monotonic_ns()
                    await self._write_uses()
            except EdgerunnerError as error:
                _log.warning("identity_changes_unknown", reason=error.detail)
                self.sweep()

    async def _write_uses(self) -> None:
        used, self._used = self._used, {}
        if used:
            await self._keys.note_use(used)
