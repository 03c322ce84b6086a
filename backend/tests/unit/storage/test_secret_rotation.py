"""A new master key for everything stored, wherever the change is interrupted."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, update

from edgerunner.storage.database import Database
from edgerunner.storage.master_keys import GivenKeys, KeyFile, MasterKeyUnusable, new_key
from edgerunner.storage.secret_rotation import RotationStep, encrypted_columns, rotate, status_of
from edgerunner.storage.secrets import Vault
from edgerunner.storage.signals import SignalSecrets, SignalSecretStore
from edgerunner.storage.store import ConnectionStore, StoredConnection
from edgerunner.storage.tables import connections, metadata

SECRETS = {"api_key": "canary-key", "api_secret": "canary-secret"}
SCRIPT = Path(__file__).with_name("rotation_killed_everywhere.py")


def stored(connection_id: str) -> StoredConnection:
    return StoredConnection(
        connection_id=connection_id,
        broker="bybit",
        environment="demo",
        execution="broker",
        credentials=SECRETS,
        created_at_ns=1,
    )


async def fill(database: Database, vault: Vault) -> None:
    store = ConnectionStore(database, vault)
    await store.save(stored("one"))
    await store.save(stored("two"))
    await SignalSecretStore(database, vault).save("sma", SignalSecrets(current="webhook"), 1)


async def assert_readable(database: Database, vault: Vault) -> None:
    assert [found.credentials for found in await ConnectionStore(database, vault).list()] == [SECRETS, SECRETS]
    assert (await SignalSecretStore(database, vault).all())["sma"].current == "webhook"


async def test_everything_stored_is_under_the_new_key_alone(database: Database, tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "master.key")
    before = Vault(keys)
    await fill(database, before)
    steps: list[RotationStep] = []

    assert rotate(database, keys, on_step=steps.append) == 3

    assert steps == list(RotationStep)
    assert len(keys.read()) == 1
    await assert_readable(database, Vault(keys))
    with pytest.raises(MasterKeyUnusable):
        await assert_readable(database, before)
    found = status_of(database, keys)
    assert (found.stored, found.under_first_key, found.unreadable) == (3, 3, ())


async def test_the_old_ciphertext_is_not_left_in_the_files(database: Database, tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "master.key")
    await fill(database, Vault(keys))
    with database.engine.connect() as connection:
        old = connection.execute(connections.select()).first()
    assert old is not None
    rotate(database, keys, on_step=lambda _: None)
    database.close()
    assert not files_with(old.credentials, tmp_path)


def files_with(content: bytes, folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir() if content in file.read_bytes()]


async def test_a_secret_that_no_key_opens_stops_the_rotation_and_loses_no_key(
    database: Database, tmp_path: Path
) -> None:
    keys = KeyFile(tmp_path / "master.key")
    await fill(database, Vault(keys))
    foreign = Vault(GivenKeys(new_key(), name="another")).encrypt(SECRETS)
    with database.engine.begin() as connection:
        connection.execute(update(connections).where(connections.c.connection_id == "two").values(credentials=foreign))

    with pytest.raises(MasterKeyUnusable, match="encrypted with another key"):
        rotate(database, keys, on_step=lambda _: None)

    found = status_of(database, keys)
    assert (found.keys, found.stored, found.under_first_key) == (2, 3, 0)
    assert found.unreadable == ("connections.credentials",)


async def test_keys_of_a_setting_are_changed_by_hand_and_the_secrets_by_us(database: Database) -> None:
    old, new = new_key(), new_key()
    alone = GivenKeys(old, name="EDGERUNNER_MASTER_KEY")
    await fill(database, Vault(alone))
    with pytest.raises(MasterKeyUnusable, match="put a new one before it"):
        rotate(database, alone, on_step=lambda _: None)
    rotate(database, GivenKeys(f"{new},{old}", name="EDGERUNNER_MASTER_KEY"), on_step=lambda _: None)
    await assert_readable(database, Vault(GivenKeys(new, name="EDGERUNNER_MASTER_KEY")))


@pytest.mark.skipif(os.name != "posix", reason="the killed process is a fork")
async def test_no_secret_is_lost_wherever_a_rotation_is_killed(tmp_path: Path) -> None:
    folder, copies = tmp_path / "data", tmp_path / "copies"
    copies.mkdir()
    database = Database.open(folder)
    await fill(database, Vault(KeyFile(folder / "master.key")))
    database.close()

    last, ending = await asyncio.to_thread(rotate_and_kill, folder, copies)
    assert ending == 0
    assert last > 15, "the process was hardly ever killed"

    kept = set()
    for copy in sorted(copies.iterdir()):
        keys = KeyFile(copy / "master.key")
        survivor = Database.open(copy)
        await assert_readable(survivor, Vault(keys))
        kept.add(len(keys.read()))
        rotate(survivor, keys, on_step=lambda _: None)
        assert status_of(survivor, keys).under_first_key == 3
        await assert_readable(survivor, Vault(keys))
        survivor.close()
        assert not list(copy.glob(".master.key.*"))
    assert kept == {1, 2}, "no run was killed between the new key and the end of the old one"


def rotate_and_kill(folder: Path, copies: Path) -> tuple[int, int]:
    """Return the event at which a rotation was whole, and how it ended."""
    ran = subprocess.run([sys.executable, SCRIPT, folder, copies], capture_output=True, text=True, check=True)
    last, ending = map(int, ran.stdout.split())
    return last, ending


def test_every_column_of_bytes_says_whether_it_is_encrypted() -> None:
    encrypted = {f"{table.name}.{column.name}" for table, column in encrypted_columns()}
    binary = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert {"connections.credentials", "signal_secrets.secrets"} <= encrypted
    assert binary - encrypted <= {"events.raw"}
