"""Credentials at rest: encrypted, with a key that only its owner can read, and shown nowhere."""

import logging
import os
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from edgerunner.storage.database import Database
from edgerunner.storage.journal import Journal
from edgerunner.storage.secrets import MasterKeyUnusable, Vault
from edgerunner.storage.store import ConnectionStore, StoredConnection
from tests.fakes.clock import FakeClock
from tests.unit.storage.journal_events import bought

CANARY = "canary-51c0ffee"
posix_only = pytest.mark.skipif(os.name != "posix", reason="Windows has no permission bits")


def connection(**changes: object) -> StoredConnection:
    values = {
        "connection_id": "bybit-main",
        "broker": "bybit",
        "environment": "demo",
        "execution": "broker",
        "options": {"recv_window": 5000, "nested": {"list": [1, None, "x"]}},
        "credentials": {"api_key": f"{CANARY}-key", "api_secret": f"{CANARY}-secret"},
        "created_at_ns": 7,
        "desired": "connected",
    }
    return StoredConnection(**(values | changes))  # type: ignore[arg-type]


def test_credentials_come_back_after_a_restart(tmp_path: Path) -> None:
    token = Vault.open(tmp_path).encrypt({"secret": CANARY})
    assert Vault.open(tmp_path).decrypt(token) == {"secret": CANARY}


@posix_only
def test_the_key_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    Vault.open(tmp_path / "new folder")
    assert (tmp_path / "new folder" / "master.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "new folder").iterdir()] == ["master.key"]


@posix_only
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    Vault.open(tmp_path)
    (tmp_path / "master.key").chmod(mode)
    with pytest.raises(MasterKeyUnusable, match=r"master\.key can be read by other users: run chmod 600"):
        Vault.open(tmp_path)


def test_many_first_starts_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        vaults = list(pool.map(lambda _: Vault.open(tmp_path), range(16)))
    token = vaults[0].encrypt({"a": "b"})
    assert all(vault.decrypt(token) == {"a": "b"} for vault in vaults)


def test_a_key_file_of_ones_own_is_used(tmp_path: Path) -> None:
    own = tmp_path / "elsewhere" / "my.key"
    token = Vault.open(tmp_path, own).encrypt({"a": "b"})
    assert not (tmp_path / "master.key").exists()
    assert Vault.open(tmp_path, own).decrypt(token) == {"a": "b"}


def test_a_wrong_key_is_named_by_its_file(tmp_path: Path) -> None:
    token = Vault.open(tmp_path / "one").encrypt({"a": "b"})
    other = Vault.open(tmp_path / "two")
    with pytest.raises(MasterKeyUnusable, match=r"another key than the one in .*two.master\.key"):
        other.decrypt(token)


def test_an_old_key_on_a_further_line_still_decrypts(tmp_path: Path) -> None:
    old = Vault.open(tmp_path)
    key_file = tmp_path / "master.key"
    key_file.write_text(f"{Fernet.generate_key().decode()}\n{key_file.read_text()}")
    changed = Vault.open(tmp_path)

    assert changed.decrypt(old.encrypt({"a": "b"})) == {"a": "b"}
    with pytest.raises(MasterKeyUnusable):
        old.decrypt(changed.encrypt({"a": "b"}))


@pytest.mark.parametrize("content", [b"", b"not a key", b"\xff\xfe"])
def test_a_file_without_a_key_is_named(tmp_path: Path, content: bytes) -> None:
    Vault.open(tmp_path)
    (tmp_path / "master.key").write_bytes(content)
    with pytest.raises(MasterKeyUnusable, match=r"master\.key holds no Fernet key"):
        Vault.open(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MasterKeyUnusable, match=r"master\.key cannot be used"):
        Vault.open(tmp_path / "file")


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


async def test_no_secret_appears_in_files_logs_or_printed_values(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    vault = Vault.open(tmp_path)
    store = ConnectionStore(database, vault)
    journal = await Journal.open(database, clock_ns=FakeClock().now_ns)
    await store.save(connection())
    await journal.append(*bought())
    stored = await store.get("bybit-main")
    assert stored is not None
    assert stored.credentials["api_secret"] == f"{CANARY}-secret"

    bytes_on_disk = files_in(tmp_path)
    assert "edgerunner.db-wal" in bytes_on_disk
    await journal.close()
    database.close()
    bytes_on_disk |= files_in(tmp_path)
    master_key = bytes_on_disk.pop("master.key").strip()

    printed = capfd.readouterr()
    shown = f"{vault!r} {stored!r} {vars(store)!r} {caplog.text} {printed.out} {printed.err}"
    assert CANARY not in shown
    assert master_key.decode() not in shown
    for name, content in bytes_on_disk.items():
        assert CANARY.encode() not in content, name
        assert master_key not in content, name


def test_the_error_of_a_wrong_key_shows_no_secret(tmp_path: Path) -> None:
    token = Vault.open(tmp_path / "one").encrypt({"secret": CANARY})
    with pytest.raises(MasterKeyUnusable) as caught:
        Vault.open(tmp_path / "two").decrypt(token)
    shown = "".join(traceback.format_exception(caught.value))
    assert CANARY not in shown
    assert (tmp_path / "two" / "master.key").read_text().strip() not in shown
