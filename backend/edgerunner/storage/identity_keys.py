"""API keys by their hashes."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, delete, insert, update

from edgerunner.domain.errors import NotFound
from edgerunner.storage.database import Database
from edgerunner.storage.identity import change
from edgerunner.storage.identity_values import StoredKey
from edgerunner.storage.store import transact
from edgerunner.storage.tables import api_keys


class KeyStore:
    """The table of API keys; a revoked one is forgotten, what it did stands in journal and audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, key: StoredKey) -> None:
        """Store a new key."""
        values = {
            "key_id": key.key_id,
            "user_name": key.user_name,
            "name": key.name,
            "secret_hash": key.secret_hash,
            "scopes": msgspec.json.encode(sorted(key.scopes)).decode(),
            "allowed_ips": msgspec.json.encode(key.allowed_ips).decode(),
            "created_at_ns": key.created_at_ns,
            "expires_at_ns": key.expires_at_ns,
        }
        await change(self._database, lambda connection: connection.execute(insert(api_keys).values(values)))

    async def revoke(self, key_id: str) -> None:
        """Forget a key; ``NotFound``."""

        def work(connection: Connection) -> None:
            if connection.execute(delete(api_keys).where(api_keys.c.key_id == key_id)).rowcount == 0:
                raise NotFound(f"there is no API key {key_id!r}")

        await change(self._database, work)

    async def note_use(self, used_at_ns: Mapping[str, int]) -> None:
        """Note when keys were last used; does not count as a change of identities."""

        def work(connection: Connection) -> None:
            for key_id, ts_ns in used_at_ns.items():
                connection.execute(update(api_keys).where(api_keys.c.key_id == key_id).values(last_used_at_ns=ts_ns))

        await transact(self._database, work, immediate=True)
