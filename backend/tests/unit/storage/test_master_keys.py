"""Where master keys lie: a file, a setting, the system's keyring."""

import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backends.fail
import keyring.backends.null
import pytest
from keyring.backend import KeyringBackend

from edgerunner.storage.master_keys import GivenKeys, KeyringKeys, MasterKeyUnusable, master_keys, new_key
from edgerunner.storage.secrets import Vault


class MemoryKeyring(KeyringBackend):
    """A keyring of this process."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture(autouse=True)
def own_keyring() -> Iterator[None]:
    """Give the process its keyring back."""
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def test_a_key_of_the_environment_needs_no_file(tmp_path: Path) -> None:
    given = new_key()
    token = Vault(master_keys(tmp_path, given=given)).encrypt({"a": "b"})
    assert Vault(master_keys(tmp_path, given=f"{new_key()}, {given}")).decrypt(token) == {"a": "b"}
    assert list(tmp_path.iterdir()) == []


def test_a_given_key_is_changed_by_its_giver_alone() -> None:
    with pytest.raises(MasterKeyUnusable, match="cannot change EDGERUNNER_MASTER_KEY"):
        GivenKeys(new_key(), name="EDGERUNNER_MASTER_KEY").write([new_key()])


def test_text_that_is_no_key_is_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyUnusable, match="EDGERUNNER_MASTER_KEY holds no Fernet key") as caught:
        Vault(master_keys(tmp_path, given="hunter2-hunter2"))
    assert "hunter2" not in str(caught.value)


def test_two_places_at_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyUnusable, match="MASTER_KEY and MASTER_KEY_SOURCE=keyring name different places"):
        master_keys(tmp_path, given=new_key(), place="keyring")


def test_the_keyring_keeps_a_key_per_data_folder(tmp_path: Path) -> None:
    memory = MemoryKeyring()
    keyring.set_keyring(memory)
    token = Vault(master_keys(tmp_path / "one", place="keyring")).encrypt({"a": "b"})
    assert Vault(master_keys(tmp_path / "one", place="keyring")).decrypt(token) == {"a": "b"}
    with pytest.raises(MasterKeyUnusable, match="another key than the one in the system's keyring"):
        Vault(master_keys(tmp_path / "two", place="keyring")).decrypt(token)
    assert {service for service, _ in memory.kept} == {"edgerunner"}


def test_a_keyring_that_keeps_nothing_is_refused(tmp_path: Path) -> None:
    keyring.set_keyring(keyring.backends.null.Keyring())  # type: ignore[no-untyped-call]
    with pytest.raises(MasterKeyUnusable, match="did not keep the key"):
        KeyringKeys(tmp_path).read()


def test_a_machine_without_a_keyring_is_told_so(tmp_path: Path) -> None:
    keyring.set_keyring(keyring.backends.fail.Keyring())  # type: ignore[no-untyped-call]
    with pytest.raises(MasterKeyUnusable, match=r"NoKeyringError.*or use a key file"):
        KeyringKeys(tmp_path).read()


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(MasterKeyUnusable, match=r"install edgerunner\[keyring\]"):
        KeyringKeys(tmp_path).read()
