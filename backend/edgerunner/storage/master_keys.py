"""Where the master keys lie: a file, the environment, or the keyring of the operating system.

Every place may hold several Fernet keys (https://github.com/fernet/spec): the first encrypts, all
decrypt, so that a key can be changed while old secrets are still there.
"""

import contextlib
import os
import secrets
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final, Literal, Protocol

from cryptography.fernet import Fernet

from edgerunner.domain.errors import EdgerunnerError

KEY_FILE_NAME: Final = "master.key"
KEYRING_SERVICE: Final = "edgerunner"

KeyPlace = Literal["file", "keyring"]


class MasterKeyUnusable(EdgerunnerError):
    """The master key cannot be used, or is not the one that encrypted; ``detail`` names its place."""

    code = "master_key_unusable"


class MasterKeys(Protocol):
    """A place of master keys; ``str()`` names the place and shows no key."""

    def read(self) -> list[str]:
        """Return the keys, the encrypting one first; a key is made where none is and one can be kept.

        Raises ``MasterKeyUnusable``.
        """
        ...

    def write(self, keys: Sequence[str]) -> None:
        """Keep these keys in place of the old ones, in one durable step. Raises ``MasterKeyUnusable``."""
        ...


class KeyFile:
    """One key per line, in a file that its owner alone can read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def read(self) -> list[str]:
        """Return the file's keys; see ``MasterKeys``. Refused when others may read it (POSIX)."""
        try:
            if not self._path.exists():
                self._make()
            self._require_private()
            return self._path.read_text(encoding="ascii").split()
        except OSError as error:
            raise MasterKeyUnusable(f"the key file {self._path} cannot be used: {error.strerror}") from error
        except UnicodeDecodeError:
            return []

    def write(self, keys: Sequence[str]) -> None:
        """Replace the file in one step; see ``MasterKeys``."""
        try:
            for left_behind in self._path.parent.glob(f".{self._path.name}.*"):  # by a process that was killed
                left_behind.unlink()
            draft = self._draft(keys)
            try:
                draft.replace(self._path)
                _make_durable(self._path.parent)
            finally:
                draft.unlink(missing_ok=True)
        except OSError as error:
            raise MasterKeyUnusable(f"the key file {self._path} cannot be written: {error.strerror}") from error

    def _make(self) -> None:
        """Write a new key under the final name in one step; of two processes one wins, both read it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._draft([new_key()])
        try:
            _publish(draft, self._path)
        finally:
            draft.unlink(missing_ok=True)

    def _draft(self, keys: Sequence[str]) -> Path:
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii", newline="\n") as file:
            file.writelines(f"{key}\n" for key in keys)
            file.flush()
            os.fsync(file.fileno())
        return draft

    def _require_private(self) -> None:
        if os.name == "posix" and self._path.stat().st_mode & 0o077:
            raise MasterKeyUnusable(f"{self._path} can be read by other users: run chmod 600 on it")


class GivenKeys:
    """Keys that a setting holds; only who sets it can change them."""

    def __init__(self, keys: str, *, name: str) -> None:
        self._keys = keys
        self._name = name

    def __str__(self) -> str:
        return self._name

    def read(self) -> list[str]:
        """Return the keys, which stand apart by a comma or a space."""
        return self._keys.replace(",", " ").split()

    def write(self, keys: Sequence[str]) -> None:
        """Accept what the setting says already; else ``MasterKeyUnusable`` with what to do."""
        if list(keys) != self.read():
            raise MasterKeyUnusable(f"this program cannot change {self._name}: set it by hand")


class KeyringKeys:
    """Keys in the operating system's keyring, under the data folder's path; needs the extra ``keyring``."""

    def __init__(self, data_dir: Path) -> None:
        self._account = str(data_dir)

    def __str__(self) -> str:
        return f"the system's keyring (service {KEYRING_SERVICE}, account {self._account})"

    def read(self) -> list[str]:
        """Return the keyring's keys; see ``MasterKeys``."""
        kept = self._get()
        if kept is None:
            self.write([new_key()])
            kept = self._get()
        return (kept or "").split()

    def write(self, keys: Sequence[str]) -> None:
        """Keep the keys and read them back: a back end that keeps nothing says nothing about it."""
        keyring = _keyring()
        wanted = " ".join(keys)
        try:
            keyring.set_password(KEYRING_SERVICE, self._account, wanted)
        except keyring.errors.KeyringError as error:
            raise _unusable(self, error) from error
        if self._get() != wanted:
            raise MasterKeyUnusable(f"{self} did not keep the key: choose another back end of keyring, or a key file")

    def _get(self) -> str | None:
        keyring = _keyring()
        try:
            kept: str | None = keyring.get_password(KEYRING_SERVICE, self._account)
        except keyring.errors.KeyringError as error:
            raise _unusable(self, error) from error
        return kept


def master_keys(
    data_dir: Path, *, file: Path | None = None, given: str | None = None, place: KeyPlace = "file"
) -> MasterKeys:
    """Return where the settings say that the keys lie; without any of them ``master.key`` in the data folder.

    Raises ``MasterKeyUnusable`` when they name more than one place.
    """
    named = [
        name
        for name, is_named in (
            ("MASTER_KEY", given is not None),
            ("MASTER_KEY_FILE", file is not None),
            ("MASTER_KEY_SOURCE=keyring", place == "keyring"),
        )
        if is_named
    ]
    if len(named) > 1:
        raise MasterKeyUnusable(f"{' and '.join(named)} name different places of the master key: keep one of them")
    if given is not None:
        return GivenKeys(given, name="EDGERUNNER_MASTER_KEY")
    if place == "keyring":
        return KeyringKeys(data_dir)
    return KeyFile(file or data_dir / KEY_FILE_NAME)


def new_key() -> str:
    """Return a new random Fernet key."""
    return Fernet.generate_key().decode("ascii")


def _keyring() -> ModuleType:
    try:
        return import_module("keyring")
    except ImportError:
        raise MasterKeyUnusable(
            "MASTER_KEY_SOURCE is keyring, but the package keyring is not installed: "
            "install edgerunner[keyring], or use a key file"
        ) from None


def _unusable(place: KeyringKeys, error: Exception) -> MasterKeyUnusable:
    return MasterKeyUnusable(
        f"{place} cannot be used ({type(error).__name__}): this machine has no keyring service that is running and "
        "unlocked; start one, or use a key file"
    )


def _publish(draft: Path, key_file: Path) -> None:
    try:
        os.link(draft, key_file)  # unlike a rename it never replaces another's key
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        draft.rename(key_file)


def _make_durable(folder: Path) -> None:
    """Bring a rename to the disk; Windows cannot open folders and does it by itself."""
    with contextlib.suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
