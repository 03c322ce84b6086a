"""Users, and the revision that tells every process of this data folder that identities changed."""

import base64
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from edgerunner.domain.access import Right, Role
from edgerunner.domain.errors import Conflict, NotFound
from edgerunner.storage.database import Database
from edgerunner.storage.identity_values import IdentitySnapshot, SigningKeys, StoredKey, StoredSession, StoredUser
from edgerunner.storage.secrets import Vault
from edgerunner.storage.store import transact
from edgerunner.storage.tables import api_keys, identity_state, refresh_tokens, user_sessions, users

Result = TypeVar("Result")


async def change(database: Database, work: Callable[[Connection], Result]) -> Result:
    """Run ``work`` in a transaction that writes at once, and count the change; ``JournalUnavailable``."""

    def counted(connection: Connection) -> Result:
        result = work(connection)
        count_change(connection)
        return result

    return await transact(database, counted, immediate=True)


def count_change(connection: Connection) -> None:
    """Tell every process of this data folder that identities changed."""
    first = upsert(identity_state).values(id=1, revision=1)
    connection.execute(first.on_conflict_do_update(["id"], set_={"revision": identity_state.c.revision + 1}))


def end_sessions(connection: Connection, user_name: str) -> int:
    """Forget every session of a user with its refresh tokens; returns how many there were."""
    owned = select(user_sessions.c.session_id).where(user_sessions.c.user_name == user_name)
    connection.execute(delete(refresh_tokens).where(refresh_tokens.c.session_id.in_(owned)))
    return connection.execute(delete(user_sessions).where(user_sessions.c.user_name == user_name)).rowcount


class IdentityStore:
    """The snapshot that decides who a credential is, and the users in it."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def revision(self) -> int:
        """Return the number of changes so far; the same number = the same identities."""
        query = select(identity_state.c.revision)
        return await transact(self._database, lambda connection: connection.execute(query).scalar() or 0)

    async def snapshot(self) -> IdentitySnapshot:
        """Return users, sessions and keys as of one moment; ``MasterKeyUnusable``."""

        def work(connection: Connection) -> IdentitySnapshot:
            state = connection.execute(select(identity_state)).first()
            sealed = None if state is None else state.signing_keys
            return IdentitySnapshot(
                revision=0 if state is None else state.revision,
                users=tuple(_to_user(row) for row in connection.execute(select(users).order_by(users.c.name))),
                sessions=tuple(_to_session(row) for row in connection.execute(select(user_sessions))),
                keys=tuple(to_key(row) for row in connection.execute(select(api_keys))),
                signing=None if sealed is None else self._opened(sealed),
            )

        return await transact(self._database, work)

    async def keep_signing_keys(self, keys: SigningKeys, *, replaces: str | None) -> None:
        """Store the keys of access tokens, unless another process changed ``replaces`` (a ``kid``) first."""
        clear = {f"kid:{kid}": base64.b64encode(secret).decode() for kid, secret in keys.secrets.items()}
        sealed = self._vault.encrypt({"current": keys.current, **clear})

        def work(connection: Connection) -> None:
            stored = connection.execute(select(identity_state.c.signing_keys)).scalar()
            if (None if stored is None else self._opened(stored).current) == replaces:
                first = upsert(identity_state).values(id=1, revision=0, signing_keys=sealed)
                connection.execute(first.on_conflict_do_update(["id"], set_={"signing_keys": sealed}))

        await change(self._database, work)

    async def add_user(self, user: StoredUser) -> None:
        """Store a new user; ``Conflict`` when the name is taken."""

        def work(connection: Connection) -> None:
            if connection.execute(select(users.c.name).where(users.c.name == user.name)).first() is not None:
                raise Conflict(f"there is a user {user.name!r} already")
            connection.execute(insert(users).values(_to_values(user)))

        await change(self._database, work)

    async def change_user(
        self,
        name: str,
        *,
        role: Role | None = None,
        disabled: bool | None = None,
        password_hash: str | None = None,
        forgets_second_factor: bool = False,
        keeps_an_admin: bool = True,
    ) -> StoredUser:
        """Change what is given and end every session of the user.

        Raises ``NotFound``, and with ``keeps_an_admin`` ``Conflict`` when no admin who may sign in would be left.
        """
        values: dict[str, object] = {}
        if role is not None:
            values["role"] = role.value
        if disabled is not None:
            values["disabled"] = int(disabled)
        if password_hash is not None:
            values["password_hash"] = password_hash
        if forgets_second_factor:
            values |= {"totp_secret": None, "totp_confirmed": 0, "totp_last_step": None, "recovery_codes": "[]"}

        def work(connection: Connection) -> StoredUser:
            before = _require(connection, name)
            if values:
                connection.execute(update(users).where(users.c.name == name).values(values))
            if keeps_an_admin and _is_acting_admin(before):
                _require_admin(connection)
            end_sessions(connection, name)
            return _require(connection, name)

        return await change(self._database, work)

    async def remove_user(self, name: str, *, keeps_an_admin: bool = True) -> StoredUser:
        """Forget a user with sessions and API keys; raises as ``change_user``."""

        def work(connection: Connection) -> StoredUser:
            removed = _require(connection, name)
            connection.execute(delete(users).where(users.c.name == name))
            if keeps_an_admin and _is_acting_admin(removed):
                _require_admin(connection)
            end_sessions(connection, name)
            connection.execute(delete(api_keys).where(api_keys.c.user_name == name))
            return removed

        return await change(self._database, work)

    def _opened(self, sealed: bytes) -> SigningKeys:
        clear = self._vault.decrypt(sealed)
        secrets = {name.removeprefix("kid:"): value for name, value in clear.items() if name.startswith("kid:")}
        return SigningKeys(
            current=clear["current"], secrets={kid: base64.b64decode(value) for kid, value in secrets.items()}
        )


def _require(connection: Connection, name: str) -> StoredUser:
    row = connection.execute(select(users).where(users.c.name == name)).first()
    if row is None:
        raise NotFound(f"there is no user {name!r}")
    return _to_user(row)


def _is_acting_admin(user: StoredUser) -> bool:
    return user.role is Role.ADMIN and not user.disabled


def _require_admin(connection: Connection) -> None:
    acting = select(users.c.name).where(users.c.role == Role.ADMIN.value, users.c.disabled == 0).limit(1)
    if connection.execute(acting).first() is None:
        raise Conflict(
            "this would leave no admin who may sign in: make another one first, "
            "or use the installation's own key or `edgerunner user`"
        )


def _to_values(user: StoredUser) -> dict[str, object]:
    return {
        "name": user.name,
        "role": user.role.value,
        "disabled": int(user.disabled),
        "password_hash": user.password_hash,
        "totp_confirmed": int(user.totp_confirmed),
        "totp_last_step": user.totp_last_step,
        "recovery_codes": msgspec.json.encode(user.recovery_codes).decode(),
        "created_at_ns": user.created_at_ns,
    }


def _to_user(row: Row[Any]) -> StoredUser:
    return StoredUser(
        name=row.name,
        role=Role(row.role),
        disabled=bool(row.disabled),
        password_hash=row.password_hash,
        totp_confirmed=bool(row.totp_confirmed),
        totp_last_step=row.totp_last_step,
        recovery_codes=msgspec.json.decode(row.recovery_codes, type=tuple[str, ...]),
        created_at_ns=row.created_at_ns,
    )


def _to_session(row: Row[Any]) -> StoredSession:
    return StoredSession(
        session_id=row.session_id,
        user_name=row.user_name,
        address=row.address,
        created_at_ns=row.created_at_ns,
        expires_at_ns=row.expires_at_ns,
    )


def to_key(row: Row[Any]) -> StoredKey:
    """Return the API key of a row."""
    return StoredKey(
        key_id=row.key_id,
        user_name=row.user_name,
        name=row.name,
        secret_hash=row.secret_hash,
        scopes=frozenset(Right(word) for word in msgspec.json.decode(row.scopes, type=list[str])),
        allowed_ips=msgspec.json.decode(row.allowed_ips, type=tuple[str, ...]),
        created_at_ns=row.created_at_ns,
        expires_at_ns=row.expires_at_ns,
        last_used_at_ns=row.last_used_at_ns,
    )
