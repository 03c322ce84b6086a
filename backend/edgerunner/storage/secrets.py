"""Broker credentials at rest: encrypted with a key that lies beside the database, not in it.

Fernet (AES-128-CBC with HMAC-SHA256, https://github.com/fernet/spec). A key file may hold several
keys, one per line: the first encrypts, all decrypt, so that a key can be changed.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from edgerunner.domain.errors import EdgerunnerError

KEY_FILE_NAME = "master.key"


class MasterKeyUnusable(EdgerunnerError):
    """The key file cannot be used, or is not the one that encrypted; ``detail`` names it."""

    code = "master_key_unusable"


class Vault:
    """Encrypts and decrypts credentials; shows neither keys nor secrets when printed."""

    def __init__(self, key_file: Path, fernet: MultiFernet) -> None:
        self._key_file = key_file
        self._fernet = fernet

    @classmethod
    def open(cls, data_dir: Path, master_key_file: Path | None = None) -> "Vault":
        """Return the vault of ``master_key_file``, or of the data folder's own key file.

        The file is made, readable by its owner only, when it is missing. Raises
        ``MasterKeyUnusable`` when it cannot be made or read, when others may read it (POSIX), or
        when it holds no Fernet key.
        """
        key_file = master_key_file or data_dir / KEY_FILE_NAME
        try:
            if not key_file.exists():
                _make(key_file)
            _require_private(key_file)
            lines = key_file.read_text(encoding="ascii").split()
        except OSError as error:
            raise MasterKeyUnusable(f"the key file {key_file} cannot be used: {error.strerror}") from error
        except UnicodeDecodeError:
            lines = []
        try:
            fernets = [Fernet(line) for line in lines]
        except ValueError:
            fernets = []
        if not fernets:
            raise MasterKeyUnusable(f"{key_file} holds no Fernet key: restore it from a backup")
        return cls(key_file, MultiFernet(fernets))

    def encrypt(self, credentials: Mapping[str, str]) -> bytes:
        """Return the credentials as a token that only this vault's keys open."""
        return self._fernet.encrypt(msgspec.json.encode(dict(credentials)))

    def decrypt(self, token: bytes) -> dict[str, str]:
        """Return the credentials of a token; ``MasterKeyUnusable`` when another key made it."""
        try:
            return msgspec.json.decode(self._fernet.decrypt(token), type=dict[str, str])
        except InvalidToken:
            raise MasterKeyUnusable(
                f"the stored credentials were encrypted with another key than the one in {self._key_file}: "
                "restore that file, or delete the connection and connect again"
            ) from None

    def __repr__(self) -> str:
        return f"Vault({str(self._key_file)!r})"


def _make(key_file: Path) -> None:
    """Write a new key under the final name in one step; of two processes one wins, both read it."""
    key_file.parent.mkdir(parents=True, exist_ok=True)
    temporary = key_file.with_name(f".{key_file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        _publish(temporary, key_file)
    finally:
        temporary.unlink(missing_ok=True)


def _publish(temporary: Path, key_file: Path) -> None:
    try:
        os.link(temporary, key_file)  # unlike a rename it never replaces another's key
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        temporary.rename(key_file)


def _require_private(key_file: Path) -> None:
    if os.name == "posix" and key_file.stat().st_mode & 0o077:
        raise MasterKeyUnusable(f"{key_file} can be read by other users: run chmod 600 on it")
