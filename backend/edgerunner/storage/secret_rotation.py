"""A new master key for everything stored: first the key, then the secrets, then the old key goes.

Whenever it is interrupted, the keys that are kept open every secret that is stored: a new key stands
before the old ones first, all secrets change in one transaction, and old keys go only after it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Column, Connection, LargeBinary, RowMapping, Table, and_, select, update

from edgerunner.storage.database import IMMEDIATE, Database
from edgerunner.storage.master_keys import GivenKeys, MasterKeys, MasterKeyUnusable, new_key
from edgerunner.storage.secrets import Vault
from edgerunner.storage.tables import ENCRYPTED, metadata


class RotationStep(StrEnum):
    """What a rotation has done, in this order."""

    KEY_ADDED = "key_added"
    SECRETS_RENEWED = "secrets_renewed"
    OLD_KEYS_DROPPED = "old_keys_dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretsStatus:
    """What stands under which key.

    Attributes:
        place: Where the keys lie.
        keys: How many there are.
        stored: Stored secrets.
        under_first_key: Those that the encrypting key opens.
        unreadable: Those that no key opens, as ``table.column``, one name per secret.
    """

    place: str
    keys: int
    stored: int
    under_first_key: int
    unreadable: tuple[str, ...]


def status_of(database: Database, keys: MasterKeys) -> SecretsStatus:
    """Return which of the stored secrets the keys open. Raises ``MasterKeyUnusable``."""
    vault = Vault(keys)
    with database.engine.connect() as connection:
        found = [
            (f"{table.name}.{column.name}", vault.key_of(token))
            for table, column in encrypted_columns()
            for _, token in _tokens(connection, table, column)
        ]
    return SecretsStatus(
        place=str(keys),
        keys=len(keys.read()),
        stored=len(found),
        under_first_key=sum(1 for _, key in found if key == 0),
        unreadable=tuple(name for name, key in found if key is None),
    )


def rotate(database: Database, keys: MasterKeys, *, on_step: Callable[[RotationStep], None]) -> int:
    """Put every stored secret under a new key, drop the old keys, and return how many secrets there are.

    Keys that a setting holds cannot be changed here: with two or more of them, all secrets are put under
    the first. Raises ``MasterKeyUnusable`` when a secret cannot be opened (nothing is changed then but
    the added key), or when the keys cannot be written.
    """
    before = keys.read()
    if not isinstance(keys, GivenKeys):
        Vault(keys)  # a place that holds no key gets no further one
        keys.write([new_key(), *before])
    elif len(before) < 2:
        raise MasterKeyUnusable(
            f"{keys} holds one key: put a new one before it (`edgerunner secrets new-key` makes one), rotate again, "
            "then take the old one out"
        )
    on_step(RotationStep.KEY_ADDED)
    renewed = _renew(database, Vault(keys))
    on_step(RotationStep.SECRETS_RENEWED)
    if not isinstance(keys, GivenKeys):
        keys.write(keys.read()[:1])
    on_step(RotationStep.OLD_KEYS_DROPPED)
    return renewed


def encrypted_columns() -> Iterator[tuple[Table, Column[bytes]]]:
    """Yield every column that holds a vault's tokens."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if column.info == ENCRYPTED and isinstance(column.type, LargeBinary):
                yield table, column


def _renew(database: Database, vault: Vault) -> int:
    renewed = 0
    with database.engine.connect().execution_options(**{IMMEDIATE: True}) as connection, connection.begin():
        connection.exec_driver_sql("PRAGMA secure_delete=ON")  # what an old key opens is not left in free pages
        for table, column in encrypted_columns():
            for row, token in _tokens(connection, table, column):
                where = and_(*(key == row[key.name] for key in table.primary_key.columns))
                connection.execute(update(table).where(where).values({column.name: vault.renewed(token)}))
                renewed += 1
    _empty_the_log(database)
    return renewed


def _tokens(connection: Connection, table: Table, column: Column[bytes]) -> list[tuple[RowMapping, bytes]]:
    query = select(*table.primary_key.columns, column).where(column.is_not(None))
    return [(row, row[column.name]) for row in connection.execute(query).mappings()]


def _empty_the_log(database: Database) -> None:
    """Move the write-ahead log into the file: it still holds the old pages."""
    connection = database.connect()
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
