"""Sessions with their refresh tokens, stream tickets, and what a second factor has used up."""

from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, delete, insert, or_, select, update

from edgerunner.domain.access import Credential
from edgerunner.storage.database import Database
from edgerunner.storage.identity import change, count_change, end_sessions
from edgerunner.storage.identity_values import StoredSession, StoredTicket
from edgerunner.storage.secrets import Vault
from edgerunner.storage.store import transact
from edgerunner.storage.tables import refresh_tokens, stream_tickets, user_sessions, users

SESSIONS_PER_USER = 50
"""Most sessions of one user; one more ends the oldest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """A refresh token was good and is used up."""

    session_id: str
    user_name: str
    expires_at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reused:
    """A refresh token was used before: two hold the family, which has ended."""

    session_id: str
    user_name: str


class SessionStore:
    """What comes and goes with sign-ins; tokens and tickets are known by their hashes."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def begin(self, session: StoredSession, refresh_hash: str) -> None:
        """Store a session with its first refresh token; expired ones and the oldest of too many go."""

        def work(connection: Connection) -> None:
            _forget(connection, _expired(connection, session.created_at_ns))
            connection.execute(
                insert(user_sessions).values(
                    session_id=session.session_id,
                    user_name=session.user_name,
                    address=session.address,
                    created_at_ns=session.created_at_ns,
                    expires_at_ns=session.expires_at_ns,
                )
            )
            connection.execute(insert(refresh_tokens).values(token_hash=refresh_hash, session_id=session.session_id))
            newest = select(user_sessions.c.session_id).where(user_sessions.c.user_name == session.user_name)
            newest = newest.order_by(user_sessions.c.created_at_ns.desc(), user_sessions.c.session_id)
            _forget(connection, [row.session_id for row in connection.execute(newest.offset(SESSIONS_PER_USER))])

        await change(self._database, work)

    async def rotate(self, used_hash: str, new_hash: str, now_ns: int) -> Rotated | Reused | None:
        """Put a new refresh token in the place of one that was never used; None = no such token.

        One that was used before ends its whole family in the same transaction.
        """

        def work(connection: Connection) -> Rotated | Reused | None:
            query = select(refresh_tokens.c.used_at_ns, user_sessions).join(
                user_sessions, user_sessions.c.session_id == refresh_tokens.c.session_id
            )
            row = connection.execute(query.where(refresh_tokens.c.token_hash == used_hash)).first()
            if row is None or row.expires_at_ns <= now_ns:
                return None
            if row.used_at_ns is not None:
                _forget(connection, [row.session_id])
                count_change(connection)
                return Reused(session_id=row.session_id, user_name=row.user_name)
            used = update(refresh_tokens).where(refresh_tokens.c.token_hash == used_hash)
            connection.execute(used.values(used_at_ns=now_ns))
            connection.execute(insert(refresh_tokens).values(token_hash=new_hash, session_id=row.session_id))
            return Rotated(session_id=row.session_id, user_name=row.user_name, expires_at_ns=row.expires_at_ns)

        return await transact(self._database, work, immediate=True)

    async def end(self, session_id: str) -> None:
        """Forget a session; an unknown one is no error."""
        await change(self._database, lambda connection: _forget(connection, [session_id]))

    async def end_all(self, user_name: str) -> int:
        """Forget every session of a user; returns how many there were."""
        return await change(self._database, lambda connection: end_sessions(connection, user_name))

    async def add_ticket(self, ticket_hash: str, ticket: StoredTicket, now_ns: int) -> None:
        """Store a ticket; those that nobody took in time go."""

        def work(connection: Connection) -> None:
            connection.execute(delete(stream_tickets).where(stream_tickets.c.expires_at_ns <= now_ns))
            connection.execute(
                insert(stream_tickets).values(
                    ticket_hash=ticket_hash,
                    credential=ticket.credential.value,
                    credential_id=ticket.credential_id,
                    credential_ends_ns=ticket.credential_ends_ns,
                    expires_at_ns=ticket.expires_at_ns,
                )
            )

        await transact(self._database, work, immediate=True)

    async def take_ticket(self, ticket_hash: str, now_ns: int) -> StoredTicket | None:
        """Return what a ticket stands for and forget it; None = unknown, taken before, or too late."""

        def work(connection: Connection) -> StoredTicket | None:
            where = stream_tickets.c.ticket_hash == ticket_hash
            row = connection.execute(select(stream_tickets).where(where)).first()
            connection.execute(delete(stream_tickets).where(where))
            if row is None or row.expires_at_ns <= now_ns:
                return None
            return StoredTicket(
                credential=Credential(row.credential),
                credential_id=row.credential_id,
                credential_ends_ns=row.credential_ends_ns,
                expires_at_ns=row.expires_at_ns,
            )

        return await transact(self._database, work, immediate=True)

    async def totp_secret(self, user_name: str) -> str | None:
        """Return a user's authenticator secret, confirmed or not; ``MasterKeyUnusable``."""
        query = select(users.c.totp_secret).where(users.c.name == user_name)
        sealed = await transact(self._database, lambda connection: connection.execute(query).scalar())
        return None if sealed is None else self._vault.decrypt(sealed)["secret"]

    async def begin_totp(self, user_name: str, secret: str) -> None:
        """Store an authenticator secret that does not count until it is confirmed."""
        values = {"totp_secret": self._vault.encrypt({"secret": secret}), "totp_last_step": None}
        statement = update(users).where(users.c.name == user_name, users.c.totp_confirmed == 0).values(values)
        await change(self._database, lambda connection: connection.execute(statement))

    async def confirm_totp(self, user_name: str, step: int, recovery_hashes: tuple[str, ...]) -> None:
        """Make the stored authenticator secret count from now on."""
        codes = msgspec.json.encode(recovery_hashes).decode()
        values = {"totp_confirmed": 1, "totp_last_step": step, "recovery_codes": codes}
        statement = update(users).where(users.c.name == user_name).values(values)
        await change(self._database, lambda connection: connection.execute(statement))

    async def use_step(self, user_name: str, step: int) -> bool:
        """Use the code of a time step up; False when it, or a later one, was used before."""
        unused = or_(users.c.totp_last_step.is_(None), users.c.totp_last_step < step)
        statement = update(users).where(users.c.name == user_name, unused).values(totp_last_step=step)
        used = await transact(self._database, lambda connection: connection.execute(statement).rowcount, immediate=True)
        return used == 1

    async def use_recovery_code(self, user_name: str, code_hash: str) -> bool:
        """Use a recovery code up; False when there is no such code, or it was used before."""

        def work(connection: Connection) -> bool:
            where = users.c.name == user_name
            stored = connection.execute(select(users.c.recovery_codes).where(where)).scalar()
            left = msgspec.json.decode(stored or "[]", type=list[str])
            if code_hash not in left:
                return False
            left.remove(code_hash)
            values = {"recovery_codes": msgspec.json.encode(left).decode()}
            connection.execute(update(users).where(where).values(values))
            return True

        return await change(self._database, work)


def _expired(connection: Connection, now_ns: int) -> list[str]:
    query = select(user_sessions.c.session_id).where(user_sessions.c.expires_at_ns <= now_ns)
    return [row.session_id for row in connection.execute(query)]


def _forget(connection: Connection, session_ids: list[str]) -> None:
    if session_ids:
        connection.execute(delete(refresh_tokens).where(refresh_tokens.c.session_id.in_(session_ids)))
        connection.execute(delete(user_sessions).where(user_sessions.c.session_id.in_(session_ids)))
