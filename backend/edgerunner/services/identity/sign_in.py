"""Signing in and out: passwords and codes in, short tokens with a rotating refresh out."""

from dataclasses import dataclass, field
from typing import Final

from edgerunner.domain.access import Principal
from edgerunner.domain.errors import Forbidden, SecondFactorRequired, Unauthorized
from edgerunner.metrics import SIGN_IN_FAILURES
from edgerunner.services.alert_service import AlertLevel, AlertService
from edgerunner.services.clock import Clock
from edgerunner.services.identity import tokens
from edgerunner.services.identity.audit import AuditLog
from edgerunner.services.identity.gate import CredentialGate
from edgerunner.services.identity.passwords import PasswordHasher
from edgerunner.services.identity.second_factor import SecondFactor
from edgerunner.services.identity.secret_words import REFRESH_PREFIX, TICKET_PREFIX, hash_of, new_id, new_word
from edgerunner.services.identity.throttle import SignInThrottle
from edgerunner.storage.identity_sessions import Reused, SessionStore
from edgerunner.storage.identity_values import StoredSession, StoredTicket, StoredUser

SESSION_S: Final = 14 * 24 * 3600
"""A person signs in anew after two weeks, however often tokens were refreshed."""

TICKET_S: Final = 30
REFUSAL: Final = "The name, the password or the code is wrong."
REFRESH_REFUSAL: Final = "The session has ended: sign in again."
_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Tokens, shown this once; ``expires_at_ns`` is the access token's."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at_ns: int
    user: StoredUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A stream ticket, shown this once."""

    text: str = field(repr=False)
    expires_at_ns: int


class SignIn:
    """Sessions of people. Every refusal has the same words and takes the same time."""

    def __init__(
        self,
        *,
        gate: CredentialGate,
        sessions: SessionStore,
        hasher: PasswordHasher,
        second_factor: SecondFactor,
        throttle: SignInThrottle,
        audit: AuditLog,
        alerts: AlertService,
        clock: Clock,
    ) -> None:
        self._gate = gate
        self._sessions = sessions
        self._hasher = hasher
        self._second_factor = second_factor
        self._throttle = throttle
        self._audit = audit
        self._alerts = alerts
        self._clock = clock

    async def login(self, name: str, password: str, code: str | None, *, address: str) -> SignedIn:
        """Begin a session.

        Raises ``Unauthorized``, ``SecondFactorRequired`` when the password is right and a code is missing,
        ``RateLimited``, ``Overloaded``.
        """
        await self._gate.refresh()
        user = self._gate.directory.acting_user(name)
        if not await self._fits(name, password, user, address) or user is None:
            raise await self._refused(name, address, "wrong_password")
        if user.totp_confirmed:
            if code is None:
                raise SecondFactorRequired("Send the code of your authenticator, or a recovery code, as `code`.")
            if not await self._second_factor.accepts(user, code):
                raise await self._refused(name, address, "wrong_code")
        signed_in = await self._begin(user, address)
        await self._audit.record(actor=f"user:{user.name}", address=address, action="sign_in", target=user.name)
        return signed_in

    async def refresh(self, refresh_token: str, *, address: str) -> SignedIn:
        """Return new tokens for a refresh token, which is used up by this.

        Raises ``Unauthorized``. One that was used before is in two hands: its whole session ends.
        """
        now_ns = self._clock.now_ns()
        new = new_word(REFRESH_PREFIX)
        found = await self._sessions.rotate(hash_of(refresh_token), hash_of(new), now_ns)
        match found:
            case None:
                raise Unauthorized(REFRESH_REFUSAL)
            case Reused():
                await self._report_reuse(found, address)
                raise Unauthorized(REFRESH_REFUSAL)
        await self._gate.refresh()
        user = self._gate.directory.acting_user(found.user_name)
        if user is None:
            raise Unauthorized(REFRESH_REFUSAL)
        return self._signed_in(user, found.session_id, new, found.expires_at_ns)

    async def logout(self, principal: Principal) -> None:
        """End the session of an access token with all its tokens and streams; a key has none and stays."""
        if principal.credential_id is None or principal.user is None:
            raise Forbidden("only a person who signed in can sign out")
        await self._sessions.end(principal.credential_id)
        await self._gate.refresh()

    async def require_password(self, principal: Principal, password: str, *, address: str) -> StoredUser:
        """Pass a signed-in person who knows the password. Raises ``Forbidden``, ``Unauthorized``, ``RateLimited``."""
        user = self.person_of(principal)
        if not await self._fits(user.name, password, user, address):
            raise await self._refused(user.name, address, "wrong_password")
        return user

    def person_of(self, principal: Principal) -> StoredUser:
        """Return the user behind an access token. Raises ``Forbidden`` for the installation's own key."""
        user = None if principal.user is None else self._gate.directory.acting_user(principal.user)
        if user is None:
            raise Forbidden("this belongs to a person: sign in as a user")
        return user

    async def stream_ticket(self, principal: Principal) -> Ticket:
        """Return a ticket that opens one stream with the rights of this credential, within 30 s."""
        now_ns = self._clock.now_ns()
        text, expires_at_ns = new_word(TICKET_PREFIX), now_ns + TICKET_S * _NS
        ticket = StoredTicket(
            credential=principal.credential,
            credential_id=principal.credential_id,
            credential_ends_ns=principal.expires_at_ns,
            expires_at_ns=expires_at_ns,
        )
        await self._sessions.add_ticket(hash_of(text), ticket, now_ns)
        return Ticket(text=text, expires_at_ns=expires_at_ns)

    async def _fits(self, name: str, password: str, user: StoredUser | None, address: str) -> bool:
        def on_turn() -> None:
            self._throttle.require_free(name, address)

        return await self._hasher.verify(password, None if user is None else user.password_hash, on_turn=on_turn)

    async def _begin(self, user: StoredUser, address: str) -> SignedIn:
        now_ns = self._clock.now_ns()
        session = StoredSession(
            session_id=new_id(),
            user_name=user.name,
            address=address,
            created_at_ns=now_ns,
            expires_at_ns=now_ns + SESSION_S * _NS,
        )
        refresh_token = new_word(REFRESH_PREFIX)
        await self._sessions.begin(session, hash_of(refresh_token))
        await self._gate.refresh()
        return self._signed_in(user, session.session_id, refresh_token, session.expires_at_ns)

    def _signed_in(self, user: StoredUser, session_id: str, refresh_token: str, ends_at_ns: int) -> SignedIn:
        signing = self._gate.directory.signing
        if signing is None:
            raise RuntimeError("the gate makes the signing keys when it starts")
        token, expires_at_ns = tokens.sign(
            signing, user_name=user.name, session_id=session_id, now_ns=self._clock.now_ns(), ends_at_ns=ends_at_ns
        )
        return SignedIn(access_token=token, refresh_token=refresh_token, expires_at_ns=expires_at_ns, user=user)

    async def _refused(self, name: str, address: str, reason: str) -> Unauthorized:
        self._throttle.failed(name, address)
        SIGN_IN_FAILURES.labels(reason).inc()
        is_known = name in self._gate.directory.users
        await self._audit.record(
            actor="nobody",
            address=address,
            action="sign_in",
            target=name if is_known else "an unknown user",  # people type passwords into the wrong field
            result="unauthorized",
            detail={"reason": reason},
        )
        return Unauthorized(REFUSAL)

    async def _report_reuse(self, found: Reused, address: str) -> None:
        SIGN_IN_FAILURES.labels("token_reused").inc()
        await self._gate.refresh()
        await self._audit.record(
            actor="nobody",
            address=address,
            action="refresh_token_reused",
            target=found.user_name,
            result="unauthorized",
            detail={"session_id": found.session_id},
        )
        self._alerts.raise_alert(
            AlertLevel.CRITICAL,
            "refresh_token_reused",
            f"a refresh token of {found.user_name} was used twice, the second time from {address}: somebody else may "
            "hold it; the session was ended",
        )
